// Who a process is: users, groups, process groups, sessions, and what changes them.
// abi: getuid: whole
// abi: geteuid: whole
// abi: getgid: whole
// abi: getegid: whole
// abi: getresuid: whole
// abi: getresgid: whole
// abi: setuid: whole
// abi: setgid: whole
// abi: setreuid: whole
// abi: setregid: whole
// abi: setresuid: whole
// abi: setresgid: whole
// abi: getpid: whole
// abi: getppid: whole
// abi: getpgid: whole
// abi: getpgrp: whole
// abi: getsid: whole
// abi: setpgid: whole
// abi: setsid: whole
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap_child.h"

#define C(name, ...) syscall(SYS_##name, ##__VA_ARGS__)

static bool are_users(unsigned r, unsigned e, unsigned s)
{
	unsigned a, b, c;

	return C(getresuid, &a, &b, &c) == 0 && a == r && b == e && c == s && getuid() == r && geteuid() == e;
}

static bool are_groups(unsigned r, unsigned e, unsigned s)
{
	unsigned a, b, c;

	return C(getresgid, &a, &b, &c) == 0 && a == r && b == e && c == s && getgid() == r && getegid() == e;
}

static void root_user(void)
{
	check(are_users(0, 0, 0) && are_groups(0, 0, 0), "root at the start");
	check(C(setuid, 1000) == 0 && are_users(1000, 1000, 1000), "setuid of root sets all three");
	check(FAILS(C(setuid, 0), EPERM) && FAILS(C(setuid, 1001), EPERM) && C(setuid, 1000) == 0, "and for good");
	check(FAILS(C(setgid, 5), EPERM) && C(setgid, 0) == 0, "groups of a user");
}

static void effective_user(void)
{
	check(C(setresuid, 1, 2, 3) == 0 && are_users(1, 2, 3), "setresuid of root");
	check(FAILS(C(setresuid, 4, -1, -1), EPERM) && FAILS(C(setresuid, -1, 4, -1), EPERM) &&
		      FAILS(C(setresuid, -1, -1, 4), EPERM) && are_users(1, 2, 3),
	      "only what it has");
	check(C(setresuid, -1, -1, -1) == 0 && are_users(1, 2, 3), "-1 keeps");
	check(C(setresuid, 3, 1, 2) == 0 && are_users(3, 1, 2), "any of the three for any");
	check(C(setuid, 2) == 0 && are_users(3, 2, 2), "setuid of a user sets the effective one");
	check(C(setuid, 3) == 0 && are_users(3, 3, 2) && C(setuid, 2) == 0, "to the real or the saved one");
	check(FAILS(C(setuid, 1), EPERM), "and no other");
}

static void swapped(void)
{
	check(C(setreuid, 10, 20) == 0 && are_users(10, 20, 20), "setreuid: the saved one follows");
	check(C(setreuid, 20, 10) == 0 && are_users(20, 10, 10), "swap");
	check(C(setreuid, -1, 20) == 0 && are_users(20, 20, 10), "the effective one to the real one: the saved stays");
	check(C(setreuid, -1, 10) == 0 && are_users(20, 10, 10), "to another than the real: it follows");
	check(FAILS(C(setreuid, 30, -1), EPERM) && FAILS(C(setreuid, -1, 30), EPERM), "setreuid: EPERM");
	check(C(setreuid, -1, -1) == 0 && are_users(20, 10, 10), "setreuid: -1");
}

static void groups(void)
{
	check(C(setresgid, 1, 2, 3) == 0 && are_groups(1, 2, 3), "setresgid");
	check(C(setregid, 10, 20) == 0 && are_groups(10, 20, 20), "setregid");
	check(C(setgid, 7) == 0 && are_groups(7, 7, 7), "setgid of root");
	check(C(setresgid, 1, 2, 3) == 0 && C(setresuid, 9, 9, 9) == 0, "to a user");
	check(FAILS(C(setresgid, 4, -1, -1), EPERM) && FAILS(C(setregid, 4, -1), EPERM) && FAILS(C(setgid, 4), EPERM),
	      "groups: EPERM");
	check(C(setgid, 3) == 0 && are_groups(1, 3, 3) && C(setregid, 3, 1) == 0 && are_groups(3, 1, 1), "what it has");
}

static void saved(void)
{
	check(C(setresuid, 5, 5, 0) == 0 && are_users(5, 5, 0), "root, saved");
	check(C(setresuid, -1, 0, -1) == 0 && are_users(5, 0, 0), "and back");
	check(C(setuid, 8) == 0 && are_users(8, 8, 8), "effective root: setuid sets all three");
}

static void bad(void)
{
	unsigned a;

	check(FAILS(C(setuid, -1), EINVAL) && FAILS(C(setgid, -1), EINVAL), "-1 is nobody");
	check(FAILS(C(getresuid, &a, &a, 8), EFAULT) && FAILS(C(getresgid, 8, &a, &a), EFAULT), "bad pointers");
}

static void sessions(void)
{
	pid_t self = getpid(), parent = getppid();
	int status, ends[2];
	pid_t child, other;

	check(C(getpid) == C(gettid) && C(getpgid, 0) == C(getpgrp) && C(getpgid, self) == C(getpgrp) &&
		      C(getsid, 0) == C(getsid, self),
	      "0 is oneself");
	check(C(getpgid, parent) > 0 && FAILS(C(getpgid, 99999), ESRCH) && FAILS(C(getsid, 99999), ESRCH) &&
		      FAILS(C(getpgid, -1), ESRCH) && FAILS(C(getsid, -1), ESRCH),
	      "others");
	check(C(setpgid, 0, 0) == 0 && C(getpgrp) == self, "a group of its own");
	check(FAILS(C(setsid), EPERM), "a group's leader cannot begin a session");
	check(FAILS(C(setpgid, 0, -1), EINVAL) && FAILS(C(setpgid, 99999, 0), ESRCH) && FAILS(C(setpgid, -1, 0), EINVAL) &&
		      FAILS(C(setpgid, parent, 0), ESRCH) && FAILS(C(setpgid, 0, 99999), EPERM),
	      "setpgid: errors");
	if (pipe(ends))
		exit(1);
	child = fork();
	if (child == 0) {
		char c;

		close(ends[1]);
		_exit(read(ends[0], &c, 1) != 0);
	}
	check(C(getpgid, child) == self && C(setpgid, child, child) == 0 && C(getpgid, child) == child, "a child's group");
	other = fork();
	if (other == 0) {
		bool good = C(setpgid, 0, child) == 0 && C(getpgrp) == child && C(setsid) == getpid() &&
			    C(getsid, 0) == getpid() && C(getpgrp) == getpid() && FAILS(C(setsid), EPERM) &&
			    FAILS(C(setpgid, 0, child), EPERM) && FAILS(C(setpgid, 0, 0), EPERM);

		close(ends[0]), close(ends[1]);
		_exit(!good);
	}
	check(waitpid(other, &status, 0) == other && status == 0, "join a group, begin a session, leave neither");
	close(ends[0]), close(ends[1]);
	check(waitpid(child, &status, 0) == child && status == 0, "the end");
	if (pipe(ends))
		exit(1);
	child = fork();
	if (child == 0) {
		close(ends[0]);
		execl("/proc/self/exe", "ids", "wait", NULL);
		_exit(9);
	}
	close(ends[1]);
	char c;
	check(read(ends[0], &c, 1) == 1 && FAILS(C(setpgid, child, child), EACCES), "not after its exec");
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		for (int fd = 3; fd < 10; fd++)
			(void)!write(fd, "x", 1);
		for (;;)
			pause();
	}
	in_child(root_user);
	in_child(effective_user);
	in_child(swapped);
	in_child(groups);
	in_child(saved);
	bad();
	in_child(sessions);
	return tap_end();
}
