// A broken invariant of the server's own, never reachable by a message: stop where it shows.
#ifndef PROCESS_CHECK_H
#define PROCESS_CHECK_H

#include <stdlib.h>

#define CHECK(condition) \
	do { \
		if (!(condition)) \
			abort(); \
	} while (0)

#endif
