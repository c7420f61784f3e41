// Region "names", which the supervisor writes and the log driver reads: the components' names, by the
// badge of their log capabilities. An empty name is nobody's.
#ifndef PROTOCOL_NAMES_H
#define PROTOCOL_NAMES_H

#define NAMES_LENGTH 24
#define NAMES_MAX 64

struct names {
	char name[NAMES_MAX][NAMES_LENGTH];  // the last byte is zero
};

#endif
