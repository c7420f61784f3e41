// Lines of test results: `ok name` or `not ok name`; the exit status is 0 only when all were ok.
#ifndef TESTS_LINUX_TAP_H
#define TESTS_LINUX_TAP_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

static int tap_failures;

static inline void check(bool is_ok, const char *name)
{
	printf("%s %s\n", is_ok ? "ok" : "not ok", name);
	fflush(stdout);
	tap_failures += !is_ok;
}

// The call failed with that error number.
#define FAILS(call, number) (errno = 0, (long)(call) == -1 && errno == (number))

static inline int tap_end(void) { return tap_failures != 0; }

#endif
