// Scheduling, capabilities, other users for files, and memory of other processes.
// abi: sched_setscheduler SCHED_OTHER SCHED_BATCH SCHED_IDLE SCHED_RESET_ON_FORK: whole
// abi: sched_setscheduler SCHED_FIFO SCHED_RR: partial: the policy is kept and gives the time slice of nice -20; it does not preempt
// abi: sched_setscheduler SCHED_DEADLINE: refused EINVAL
// abi: sched_getscheduler: whole
// abi: sched_setparam: whole
// abi: sched_getparam: whole
// abi: sched_setattr: partial: no SCHED_DEADLINE (EINVAL), no utilisation clamps
// abi: sched_getattr: whole
// abi: sched_get_priority_max: whole
// abi: sched_get_priority_min: whole
// abi: sched_rr_get_interval: whole
// abi: sched_setaffinity: whole
// abi: sched_getaffinity: whole
// abi: getpriority PRIO_PROCESS PRIO_PGRP PRIO_USER: whole
// abi: setpriority PRIO_PROCESS PRIO_PGRP PRIO_USER: whole
// abi: capget: whole
// abi: capset: partial: nothing can be given up (EPERM)
// abi: personality: partial: only PER_LINUX; else EINVAL
// abi: setfsuid: whole
// abi: setfsgid: whole
// abi: process_vm_readv: whole
// abi: process_vm_writev: whole
// abi: unshare: partial: CLONE_FS, CLONE_FILES, CLONE_SYSVSEM of a process with one thread; else EINVAL
// abi: syslog: refused EPERM
// abi: clock_settime: refused EPERM
// abi: settimeofday: refused EPERM
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap_child.h"

#define C(name, ...) syscall(SYS_##name, ##__VA_ARGS__)
#define RESET 0x40000000
#ifndef SYS_sched_setattr
#define SYS_sched_setattr 314
#define SYS_sched_getattr 315
#endif

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

static bool is_linux;
static int none, ten = 10, hundred = 100, minus = -1;

static void become(unsigned user)
{
	if (setresgid(user, user, user) || setresuid(user, user, user))
		_exit(99);
}

static void policies(void)
{
	int status, got = -1;
	struct timespec slice;
	pid_t child;

	check(C(sched_getscheduler, 0) == 0 && C(sched_getscheduler, getpid()) == 0, "SCHED_OTHER at first");
	check(C(sched_get_priority_max, 1) == 99 && C(sched_get_priority_min, 2) == 1 && C(sched_get_priority_max, 0) == 0 &&
		      C(sched_get_priority_min, 5) == 0 && FAILS(C(sched_get_priority_max, 4), EINVAL) &&
		      FAILS(C(sched_get_priority_min, -1), EINVAL),
	      "the range of priorities");
	check(C(sched_setscheduler, 0, 3, &none) == 0 && C(sched_getscheduler, 0) == 3 && C(sched_setscheduler, 0, 5, &none) == 0 &&
		      C(sched_getscheduler, 0) == 5 && C(sched_setscheduler, 0, 0, &none) == 0,
	      "SCHED_BATCH, SCHED_IDLE");
	check(FAILS(C(sched_setscheduler, 0, 0, &ten), EINVAL) && FAILS(C(sched_setscheduler, 0, 1, &none), EINVAL) &&
		      FAILS(C(sched_setscheduler, 0, 1, &hundred), EINVAL) && FAILS(C(sched_setscheduler, 0, 1, &minus), EINVAL) &&
		      FAILS(C(sched_setscheduler, 0, 4, &none), EINVAL) && FAILS(C(sched_setscheduler, 0, 0, NULL), EINVAL) &&
		      FAILS(C(sched_setscheduler, 0, 0, 8), EFAULT) && FAILS(C(sched_setscheduler, 99999, 0, &none), ESRCH) &&
		      FAILS(C(sched_setscheduler, -1, 0, &none), EINVAL) && FAILS(C(sched_setscheduler, 0, 6, &none), EINVAL),
	      "sched_setscheduler: errors");
	check(FAILS(C(sched_getscheduler, -1), EINVAL) && FAILS(C(sched_getscheduler, 99999), ESRCH) &&
		      FAILS(C(sched_getparam, 0, NULL), EINVAL) && FAILS(C(sched_getparam, 0, 8), EFAULT) &&
		      FAILS(C(sched_getparam, 99999, &got), ESRCH) && FAILS(C(sched_setparam, 0, NULL), EINVAL) &&
		      FAILS(C(sched_setparam, 0, &ten), EINVAL) && C(sched_setparam, 0, &none) == 0,
	      "the others: errors");
	check(C(sched_rr_get_interval, 0, &slice) == 0 && slice.tv_sec == 0 &&
		      FAILS(C(sched_rr_get_interval, -1, &slice), EINVAL) && FAILS(C(sched_rr_get_interval, 0, 8), EFAULT),
	      "sched_rr_get_interval");
	if (C(sched_setscheduler, 0, 2, &ten)) {
		check(is_linux, "SCHED_RR");
		return;
	}
	check(C(sched_getscheduler, 0) == 2 && C(sched_getparam, 0, &got) == 0 && got == 10, "SCHED_RR");
	check(C(sched_rr_get_interval, 0, &slice) == 0 && slice.tv_nsec == 100000000, "has 100 ms");
	got = 11;
	check(C(sched_setparam, 0, &got) == 0 && C(sched_setscheduler, 0, 1, &ten) == 0 && C(sched_getscheduler, 0) == 1, "SCHED_FIFO");
	child = fork();
	if (child == 0)
		_exit(C(sched_getscheduler, 0) != 1);
	check(waitpid(child, &status, 0) == child && status == 0, "a child inherits it");
	check(C(sched_setscheduler, 0, 1 | RESET, &ten) == 0 && C(sched_getscheduler, 0) == (1 | RESET), "SCHED_RESET_ON_FORK");
	child = fork();
	if (child == 0)
		_exit(C(sched_getscheduler, 0) != 0);
	check(waitpid(child, &status, 0) == child && status == 0, "then not");
	C(sched_setscheduler, 0, 0, &none);
}

static void attributes(void)
{
	struct attr a = {.size = sizeof a}, b;

	check(C(sched_getattr, 0, &b, sizeof b, 0) == 0 && b.size >= 48 && b.policy == 0 && b.nice == getpriority(PRIO_PROCESS, 0), "sched_getattr");
	a.policy = 3;
	a.nice = 7;
	check(C(sched_setattr, 0, &a, 0) == 0 && getpriority(PRIO_PROCESS, 0) == 7 && C(sched_getscheduler, 0) == 3 &&
		      C(sched_getattr, 0, &b, sizeof b, 0) == 0 && b.policy == 3 && b.nice == 7,
	      "sched_setattr");
	check(FAILS(C(sched_setattr, 0, NULL, 0), EINVAL) && FAILS(C(sched_setattr, 0, &a, 1), EINVAL) &&
		      FAILS(C(sched_getattr, 0, &b, 4, 0), EINVAL) && FAILS(C(sched_getattr, 0, NULL, 48, 0), EINVAL) &&
		      FAILS(C(sched_getattr, 99999, &b, 48, 0), ESRCH) && FAILS(C(sched_setattr, 0, 8, 0), EFAULT),
	      "errors");
	a.size = 8;
	check(FAILS(C(sched_setattr, 0, &a, 0), E2BIG) && a.size >= 48, "a small structure");
	a.flags = 1ull << 40;
	check(FAILS(C(sched_setattr, 0, &a, 0), EINVAL), "unknown flags");
}

static void affinity(void)
{
	uint64_t mask[16] = {0}, nothing[16] = {0};
	long n = C(sched_getaffinity, 0, sizeof mask, mask);

	check(n >= 8 && n % 8 == 0 && mask[0], "sched_getaffinity");
	check(C(sched_setaffinity, 0, sizeof mask, mask) == 0 && C(sched_setaffinity, getpid(), 8, mask) == 0, "sched_setaffinity");
	check(FAILS(C(sched_setaffinity, 0, sizeof nothing, nothing), EINVAL) && FAILS(C(sched_setaffinity, 0, 8, 8), EFAULT) &&
		      FAILS(C(sched_setaffinity, 99999, 8, mask), ESRCH) && FAILS(C(sched_getaffinity, 0, 1, mask), EINVAL) &&
		      FAILS(C(sched_getaffinity, 99999, 128, mask), ESRCH) && FAILS(C(sched_getaffinity, 0, 128, 8), EFAULT),
	      "errors");
}

static void priorities(void)
{
	setpgid(0, 0);
	check(setpriority(PRIO_PGRP, 0, 3) == 0 && getpriority(PRIO_PROCESS, 0) == 3 && getpriority(PRIO_PGRP, 0) == 3 &&
		      getpriority(PRIO_PGRP, getpid()) == 3,
	      "of a group");
	become(4321);
	check(setpriority(PRIO_USER, 0, 5) == 0 && getpriority(PRIO_USER, 4321) == 5 && getpriority(PRIO_USER, 0) == 5, "of a user");
	check(FAILS(setpriority(PRIO_PROCESS, 0, 4), EACCES) && FAILS(setpriority(PRIO_PROCESS, getppid(), 4), EPERM) &&
		      FAILS(setpriority(9, 0, 4), EINVAL) && FAILS(getpriority(9, 0), EINVAL) &&
		      FAILS(setpriority(PRIO_PROCESS, 99999, 4), ESRCH) && FAILS(getpriority(PRIO_USER, 777), ESRCH),
	      "errors");
	check(setpriority(PRIO_PROCESS, 0, 100) == 0 && getpriority(PRIO_PROCESS, 0) == 19, "19 at most");
}

static void limited(void)
{
	struct rlimit nice = {30, 30}, realtime = {5, 5};

	if (setrlimit(RLIMIT_NICE, &nice) || setrlimit(RLIMIT_RTPRIO, &realtime)) {
		check(is_linux, "setrlimit");
		return;
	}
	become(4321);
	check(setpriority(PRIO_PROCESS, 0, 5) == 0 && setpriority(PRIO_PROCESS, 0, -10) == 0 &&
		      FAILS(setpriority(PRIO_PROCESS, 0, -11), EACCES),
	      "RLIMIT_NICE");
	if (!is_linux)
		check(C(sched_setscheduler, 0, 1, ((int[1]){5})) == 0 && FAILS(C(sched_setscheduler, 0, 1, ((int[1]){6})), EPERM),
		      "RLIMIT_RTPRIO");
}

static void unprivileged(void)
{
	become(4321);
	check(FAILS(C(sched_setscheduler, 0, 1, &ten), EPERM) && FAILS(C(sched_setscheduler, getppid(), 3, &none), EPERM), "not a user");
	check(C(sched_setscheduler, 0, 0 | RESET, &none) == 0 && FAILS(C(sched_setscheduler, 0, 0, &none), EPERM), "nor back from resetting");
	check(FAILS(C(clock_settime, CLOCK_REALTIME, ((struct timespec[1]){{1, 1}})), EPERM) &&
		      FAILS(C(settimeofday, ((struct timeval[1]){{1, 1}}), NULL), EPERM) &&
		      FAILS(C(clock_settime, CLOCK_MONOTONIC, ((struct timespec[1]){{1, 1}})), EINVAL),
	      "nor the clock");
	char text[8];
	check(is_linux || (FAILS(C(syslog, 99, text, 8), EINVAL) && FAILS(C(syslog, 3, text, 8), EPERM)), "syslog");
}

struct header {
	uint32_t version;
	int pid;
};

static void capabilities(void)
{
	struct header h = {0x20080522, 0};
	uint32_t data[6], none_[6] = {0};

	check(C(capget, &h, data) == 0 && data[1] != 0 && C(capget, &h, NULL) == 0, "capget");
	check(C(capset, &h, data) == 0, "capset, of what is");
	h.version = 5;
	check(FAILS(C(capget, &h, data), EINVAL) && h.version == 0x20080522, "the version");
	h.version = 5;
	check(C(capget, &h, NULL) == 0 && h.version == 0x20080522, "asked for");
	h.pid = -1;
	check(FAILS(C(capget, &h, data), EINVAL), "a bad pid");
	h.pid = 99999;
	check(FAILS(C(capget, &h, data), ESRCH) && FAILS(C(capset, &h, data), EPERM), "no such process");
	h.pid = 0;
	check(FAILS(C(capget, 8, data), EFAULT) && FAILS(C(capget, &h, 8), EFAULT) && FAILS(C(capset, &h, 8), EFAULT), "bad pointers");
	become(4321);
	check(C(capget, &h, data) == 0 && !memcmp(data, none_, 8) && C(capset, &h, none_) == 0, "a user has none");
	data[0] = data[1] = 1;
	check(FAILS(C(capset, &h, data), EPERM), "and gets none");
}

static void files(void)
{
	int fd = open("/tmp/schedule", O_CREAT | O_RDWR, 0600);

	close(fd);
	chmod("/tmp/schedule", 0600);
	check(C(setfsuid, 4321) == 0 && C(setfsuid, -1) == 4321 && geteuid() == 0, "setfsuid");
	check(FAILS(open("/tmp/schedule", O_RDONLY), EACCES), "names are checked for that user");
	check(C(setfsgid, 4322) == 0 && C(setfsgid, -1) == 4322, "setfsgid");
	check(C(setfsuid, 0) == 4321 && C(setfsgid, 0) == 4322 && open("/tmp/schedule", O_RDONLY) >= 0, "back");
	C(setfsuid, 4321);
	check(seteuid(0) == 0 && C(setfsuid, -1) == 0, "it follows the effective user");
	become(4321);
	check(C(setfsuid, 5) == 4321 && C(setfsuid, -1) == 4321, "a user cannot be another");
	check(FAILS(open("/tmp/schedule", O_RDONLY), EACCES), "as before");
}

static char there[9000];

static void memory(void)
{
	char here[9000] = "", a[3], b[9];
	struct iovec local[2] = {{here, 9000}, {0}}, remote[2] = {{there, 9000}, {0}}, two[2] = {{a, 2}, {b, 8}};
	struct iovec bad[1] = {{(void *)8, 10}};
	int ready[2], go[2], status;
	pid_t child;

	if (pipe(ready) || pipe(go))
		exit(1);
	child = fork();
	if (child == 0) {
		char c = 1;

		memset(there, 'c', sizeof there);
		memcpy(there, "0123456789", 10);
		(void)!write(ready[1], &c, 1);
		(void)!read(go[0], &c, 1);
		_exit(memcmp(there + 4000, "WRITTEN", 7) != 0);
	}
	(void)!read(ready[0], a, 1);
	check(C(process_vm_readv, child, local, 1, remote, 1, 0) == 9000 && !memcmp(here, "0123456789c", 11) && here[8999] == 'c',
	      "process_vm_readv");
	check(C(process_vm_readv, child, two, 2, remote, 1, 0) == 10 && !memcmp(a, "01", 2) && !memcmp(b, "23456789", 8), "in two pieces");
	local[0] = (struct iovec){"WRITTEN", 7};
	remote[0] = (struct iovec){there + 4000, 100};
	check(C(process_vm_writev, child, local, 1, remote, 1, 0) == 7, "process_vm_writev");
	local[0] = (struct iovec){here, 100};
	check(FAILS(C(process_vm_readv, child, local, 1, bad, 1, 0), EFAULT) && FAILS(C(process_vm_readv, child, bad, 1, remote, 1, 0), EFAULT) &&
		      FAILS(C(process_vm_readv, 99999, local, 1, remote, 1, 0), ESRCH) &&
		      FAILS(C(process_vm_readv, child, local, 1, remote, 1, 1), EINVAL) &&
		      FAILS(C(process_vm_readv, child, local, 1025, remote, 1, 0), EINVAL) &&
		      FAILS(C(process_vm_readv, child, 8, 1, remote, 1, 0), EFAULT) && C(process_vm_readv, child, local, 0, remote, 1, 0) == 0,
	      "errors");
	remote[1] = bad[0];
	check(C(process_vm_readv, child, local, 1, remote, 2, 0) == 100, "as far as it goes");
	(void)!write(go[1], a, 1);
	check(waitpid(child, &status, 0) == child && status == 0, "the child has what was written");
	child = getppid();
	become(4321);
	check(FAILS(C(process_vm_readv, child, local, 1, remote, 1, 0), EPERM), "another user's");
}

int main(void)
{
	is_linux = access("/tests", F_OK) != 0;
	in_child(policies);
	in_child(attributes);
	in_child(affinity);
	in_child(priorities);
	in_child(limited);
	in_child(unprivileged);
	in_child(capabilities);
	in_child(files);
	in_child(memory);
	check(C(personality, 0xffffffff) == 0 && C(personality, 0) == 0, "personality");
	check(C(unshare, 0x600) == 0 && C(unshare, 0) == 0 && FAILS(C(unshare, 0x1), EINVAL), "unshare");
	unlink("/tmp/schedule");
	return tap_end();
}
