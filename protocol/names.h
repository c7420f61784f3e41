// Region "names", which the supervisor writes and the log driver reads: the components' names, by the
// badge of their log capabilities less NAMES_BADGE. An empty name is nobody's. Badges below are those that the
// manifest gives for other uses of the same component.
#ifndef PROTOCOL_NAMES_H
#define PROTOCOL_NAMES_H

#define NAMES_BADGE 16
#define NAMES_LENGTH 24
#define NAMES_MAX 64

struct names {
	char name[NAMES_MAX][NAMES_LENGTH];  // the last byte is zero
};

#endif
