// Tests that a child of the program makes, because they change what cannot be changed back.
#ifndef TESTS_LINUX_TAP_CHILD_H
#define TESTS_LINUX_TAP_CHILD_H

#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

// Each check in it is one of the program's.
static inline void in_child(void (*tests)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		tests();
		_exit(tap_end());
	}
	check(waitpid(child, &status, 0) == child && status == 0, "the child of these tests");
}

#endif
