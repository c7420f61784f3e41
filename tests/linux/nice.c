// Nice values.
// abi: setpriority: whole
// abi: getpriority: whole
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static int value(int which, id_t who)
{
	errno = 0;
	return getpriority(which, who);
}

static int in_child(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(value(PRIO_PROCESS, 0));
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

static void without_root(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		if (setresuid(1000, 1000, 1000))
			_exit(9);
		if (!FAILS(setpriority(PRIO_PROCESS, 0, 1), EACCES))
			_exit(1);
		if (!FAILS(setpriority(PRIO_PROCESS, (id_t)getppid(), 19), EPERM))
			_exit(2);
		_exit(setpriority(PRIO_PROCESS, 0, 12) || value(PRIO_PROCESS, 0) != 12 ? 3 : 0);
	}
	waitpid(child, &status, 0);
	status = WEXITSTATUS(status);
	check(status == 0 || status == 9, "without root: only upwards, EACCES, EPERM");
}

int main(void)
{
	check(value(PRIO_PROCESS, 0) == 0 && errno == 0, "0 at first");
	check(setpriority(PRIO_PROCESS, 0, 5) == 0 && value(PRIO_PROCESS, 0) == 5, "set");
	check(value(PRIO_PROCESS, (id_t)getpid()) == 5 && value(PRIO_PGRP, 0) <= 5, "by pid, by group");
	check(in_child() == 5, "a child has its parent's");
	check(setpriority(PRIO_PROCESS, 0, 100) == 0 && value(PRIO_PROCESS, 0) == 19, "19 at most");
	check(FAILS(setpriority(PRIO_PROCESS, 99999, 0), ESRCH) && FAILS(getpriority(PRIO_PROCESS, 99999), ESRCH),
	      "ESRCH");
	check(FAILS(setpriority(3, 0, 0), EINVAL) &&
	      FAILS(getpriority(-1, 0), EINVAL), "EINVAL");
	if (geteuid() == 0) {
		check(setpriority(PRIO_PROCESS, 0, -30) == 0 && value(PRIO_PROCESS, 0) == -20, "-20 at least");
		setpriority(PRIO_PROCESS, 0, 10);
		without_root();
	}
	return tap_end();
}
