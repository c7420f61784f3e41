// The machine and the process as a whole: names, random bytes, the break, times, and calls for root alone.
// abi: uname: whole
// abi: setdomainname: whole
// abi: getrandom GRND_NONBLOCK GRND_RANDOM GRND_INSECURE: whole
// abi: brk: whole
// abi: arch_prctl ARCH_SET_FS ARCH_GET_FS ARCH_SET_GS ARCH_GET_GS: whole
// abi: times: whole
// abi: getrusage RUSAGE_SELF RUSAGE_CHILDREN RUSAGE_THREAD: partial: the kernel's time counts as the program's
// abi: reboot: partial: LINUX_REBOOT_CMD_CAD_ON is refused (EINVAL)
// abi: acct: refused ENOSYS
// abi: sched_yield: whole
// abi: mlock2 MLOCK_ONFAULT: whole
// abi: getxattr: refused EOPNOTSUPP
// abi: lgetxattr: refused EOPNOTSUPP
// abi: fgetxattr: refused EOPNOTSUPP
// abi: lsetxattr: refused EOPNOTSUPP
// abi: fsetxattr: refused EOPNOTSUPP
// abi: removexattr: refused EOPNOTSUPP
// abi: lremovexattr: refused EOPNOTSUPP
// abi: fremovexattr: refused EOPNOTSUPP
// abi: listxattr: whole
// abi: llistxattr: whole
// abi: flistxattr: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define C(name, ...) syscall(SYS_##name, ##__VA_ARGS__)

static bool is_linux;  // the host, where some of it is not to be touched

static void names(void)
{
	struct utsname u;

	check(C(uname, &u) == 0 && !strcmp(u.sysname, "Linux") && !strcmp(u.machine, "x86_64") && u.release[0], "uname");
	check(FAILS(C(uname, 8), EFAULT), "uname: errors");
	if (!is_linux)
		check(C(setdomainname, "example", 7) == 0 && C(uname, &u) == 0 && !strcmp(u.domainname, "example") &&
			      FAILS(C(setdomainname, "x", 65), EINVAL) && FAILS(C(setdomainname, "x", -1), EINVAL) &&
			      FAILS(C(setdomainname, 8, 3), EFAULT) && C(setdomainname, "(none)", 6) == 0,
		      "setdomainname");
}

static void randoms(void)
{
	uint8_t a[300] = {0}, b[300] = {0};
	unsigned seen = 0;

	check(C(getrandom, a, 300, 0) == 300 && C(getrandom, b, 300, 1) == 300 && memcmp(a, b, 300), "getrandom");
	for (int i = 0; i < 300; i++)
		seen += a[i] != 0;
	check(seen > 250, "all of it");
	check(C(getrandom, a, 0, 0) == 0 && C(getrandom, a, 16, 2) == 16 && C(getrandom, a, 16, 4) == 16 &&
		      FAILS(C(getrandom, a, 1, 8), EINVAL) && FAILS(C(getrandom, a, 1, 6), EINVAL) &&
		      FAILS(C(getrandom, 8, 1, 0), EFAULT),
	      "its flags");
}

static void breaks(void)
{
	uint64_t now = (uint64_t)C(brk, 0);
	volatile char *p = (char *)now;

	check(C(brk, now + 10000) == (long)(now + 10000) && p[9999] == 0, "more");
	p[0] = p[9999] = 1;
	check(C(brk, now + 5) == (long)(now + 5) && C(brk, now + 10000) == (long)(now + 10000) && p[0] == 1 && p[9999] == 0,
	      "less, and more again: zeroes");
	check(C(brk, 4096) == (long)(now + 10000) && C(brk, ~0ul) == (long)(now + 10000), "what cannot be changes nothing");
	void *wall = mmap((void *)((now + 0x200000) & ~4095ul), 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	check(C(brk, now + 0x400000) == (long)(now + 10000), "nor what another mapping is in");
	munmap(wall, 4096);
	check(C(brk, now) == (long)now, "as it was");
}

static void bases(void)
{
	uint64_t fs = 0, gs = 1;

	check(C(arch_prctl, 0x1003, &fs) == 0 && fs != 0 && C(arch_prctl, 0x1002, fs) == 0, "FS");
	check(C(arch_prctl, 0x1001, 0x123000) == 0 && C(arch_prctl, 0x1004, &gs) == 0 && gs == 0x123000 &&
		      C(arch_prctl, 0x1001, 0) == 0,
	      "GS");
	check(FAILS(C(arch_prctl, 0x1002, 1ul << 63), EPERM) && FAILS(C(arch_prctl, 0x1001, 1ul << 63), EPERM) &&
		      FAILS(C(arch_prctl, 0x1003, 8), EFAULT) && FAILS(C(arch_prctl, 77, 0), EINVAL),
	      "arch_prctl: errors");
}

static void usage(void)
{
	struct tms a, b;
	struct rusage u, c;
	struct timespec start, now;
	int status;
	clock_t first = times(&a);
	pid_t child = fork();

	if (child == 0) {
		clock_gettime(CLOCK_MONOTONIC, &start);
		do
			clock_gettime(CLOCK_MONOTONIC, &now);
		while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < 150);
		_exit(0);
	}
	check(getrusage(RUSAGE_CHILDREN, &c) == 0 && waitpid(child, &status, 0) == child && getrusage(RUSAGE_CHILDREN, &u) == 0 &&
		      u.ru_utime.tv_sec * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_sec * 1000000 + u.ru_stime.tv_usec >
			      c.ru_utime.tv_sec * 1000000 + c.ru_utime.tv_usec,
	      "RUSAGE_CHILDREN");
	check(times(&b) >= first && b.tms_cutime + b.tms_cstime >= a.tms_cutime + a.tms_cstime && C(times, NULL) != -1 &&
		      FAILS(C(times, 8), EFAULT),
	      "times");
	check(getrusage(RUSAGE_SELF, &u) == 0 && u.ru_maxrss > 0 && getrusage(1, &u) == 0 && FAILS(getrusage(2, &u), EINVAL) &&
		      FAILS(getrusage(-2, &u), EINVAL) && FAILS(C(getrusage, 0, 8), EFAULT),
	      "getrusage");
	check(C(sched_yield) == 0, "sched_yield");
}

static void for_root(void)
{
	if (setresuid(1000, 1000, 1000))
		exit(1);
	check(FAILS(C(reboot, 0xfee1dead, 672274793, 0x1234567, 0), EPERM) && FAILS(C(setdomainname, "x", 1), EPERM) &&
		      FAILS(C(sethostname, "x", 1), EPERM),
	      "a user may not");
}

static void extended(void)
{
	const char *path = "/tmp/machine";
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	char b[64];

	check(C(mlock2, b, 1, 0) == 0 && FAILS(C(mlock2, b, 1, 2), EINVAL) && C(munlock, b, 1) == 0, "mlock2");
	if (is_linux)
		return;
	check(FAILS(C(getxattr, path, "user.a", b, 64), EOPNOTSUPP) && FAILS(C(lgetxattr, path, "user.a", b, 64), EOPNOTSUPP) &&
		      FAILS(C(fgetxattr, fd, "user.a", b, 64), EOPNOTSUPP) &&
		      FAILS(C(lsetxattr, path, "user.a", b, 1, 0), EOPNOTSUPP) &&
		      FAILS(C(fsetxattr, fd, "user.a", b, 1, 0), EOPNOTSUPP) &&
		      FAILS(C(removexattr, path, "user.a"), EOPNOTSUPP) && FAILS(C(lremovexattr, path, "user.a"), EOPNOTSUPP) &&
		      FAILS(C(fremovexattr, fd, "user.a"), EOPNOTSUPP),
	      "no extended attributes");
	check(C(listxattr, path, b, 64) == 0 && C(llistxattr, path, NULL, 0) == 0 && C(flistxattr, fd, b, 64) == 0 &&
		      FAILS(C(listxattr, "/none", b, 64), ENOENT) && FAILS(C(flistxattr, 99, b, 64), EBADF),
	      "of which there is a list");
	check(FAILS(C(getxattr, "/none", "user.a", b, 64), ENOENT) && FAILS(C(fgetxattr, 99, "user.a", b, 64), EBADF), "errors");
	check(FAILS(C(acct, NULL), ENOSYS), "acct");
	check(FAILS(C(reboot, 1, 672274793, 0, 0), EINVAL) && FAILS(C(reboot, 0xfee1dead, 1, 0, 0), EINVAL) &&
		      FAILS(C(reboot, 0xfee1dead, 672274793, 7, 0), EINVAL) && C(reboot, 0xfee1dead, 672274793, 0, 0) == 0,
	      "reboot: errors");
	close(fd);
	unlink(path);
}

int main(void)
{
	int status;
	pid_t child;

	is_linux = access("/tests", F_OK) != 0;
	names();
	randoms();
	breaks();
	bases();
	usage();
	extended();
	child = fork();
	if (child == 0) {
		for_root();
		_exit(tap_end());
	}
	check(waitpid(child, &status, 0) == child && status == 0, "the user's tests");
	return tap_end();
}
