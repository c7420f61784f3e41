// The stack and other areas that grow, and memory that is locked.
// abi: mmap MAP_GROWSDOWN: whole
// abi: mmap MAP_LOCKED: whole
// abi: mprotect PROT_GROWSDOWN: whole
// abi: setrlimit RLIMIT_STACK RLIMIT_MEMLOCK: whole
// abi: mlock: whole
// abi: munlock: whole
// abi: mlockall MCL_CURRENT MCL_FUTURE MCL_ONFAULT: whole
// abi: munlockall: whole
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap_child.h"

#define PAGE 4096ul
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#ifndef PROT_GROWSDOWN
#define PROT_GROWSDOWN 0x01000000
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif

static sigjmp_buf back;
static siginfo_t last;
static char other[65536];

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)context;
	last = *info;
	siglongjmp(back, signal);
}

static int touch(volatile char *p)
{
	int signal = sigsetjmp(back, 1);

	if (signal)
		return signal;
	*p = 1;
	return 0;
}

// Use so many bytes of stack.
static int __attribute__((noinline)) deep(long bytes)
{
	volatile char here[4096];

	here[0] = here[4095] = 1;
	return bytes > 0 ? deep(bytes - 4096) + here[0] : 0;
}

static int deep_signal(long bytes)
{
	int signal = sigsetjmp(back, 1);

	if (signal)
		return signal;
	return deep(bytes) < 0;
}

static void stacks(void)
{
	struct rlimit limit = {1 << 20, RLIM_INFINITY};

	check(deep_signal(4 << 20) == 0, "4 MiB of stack");
	setrlimit(RLIMIT_STACK, &limit);
	check(deep_signal(3 << 20) == 0, "what it has it keeps");
}

static void limited(void)
{
	struct rlimit limit = {1 << 20, RLIM_INFINITY};
	char *top = (char *)__builtin_frame_address(0);

	setrlimit(RLIMIT_STACK, &limit);
	check(deep_signal(512 << 10) == 0 && deep_signal(2 << 20) == SIGSEGV && last.si_code == SEGV_MAPERR, "1 MiB of stack");
	check((char *)last.si_addr < top && (char *)last.si_addr > top - (2 << 20), "where it ends");
}

static void large(void)
{
	struct rlimit limit = {64 << 20, RLIM_INFINITY};
	int status;
	pid_t child;

	if (setrlimit(RLIMIT_STACK, &limit))
		exit(1);
	child = fork();
	if (child == 0) {
		execl("/proc/self/exe", "growth", "deep", NULL);
		_exit(9);
	}
	check(waitpid(child, &status, 0) == child && status == 0, "48 MiB of 64");
}

static void arguments(void)
{
	char **v = calloc(302, sizeof(char *)), *text = malloc(1001);
	int status;
	pid_t child = fork();

	if (child == 0) {
		memset(text, 'x', 1000);
		text[1000] = 0;
		v[0] = "growth";
		v[1] = "many";
		for (int i = 2; i < 300; i++)
			v[i] = text;
		execv("/proc/self/exe", v);
		_exit(9);
	}
	check(waitpid(child, &status, 0) == child && status == 0, "300 KiB of arguments");
}

static void grows_down(void)
{
	char *base = mmap(NULL, 4096 * PAGE, PROT_NONE, ANON, -1, 0), *p;

	munmap(base, 4096 * PAGE);
	p = mmap(base + 4000 * PAGE, PAGE, RW, ANON | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	check(p == base + 4000 * PAGE && touch(p) == 0, "MAP_GROWSDOWN");
	check(touch(p - PAGE) == 0 && touch(p - 40 * PAGE) == 0 && p[-39 * (long)PAGE] == 0, "grows down");
	mmap(base + 3000 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	check(touch(base + 3300 * PAGE) == 0 && touch(base + 3100 * PAGE) == SIGSEGV && last.si_code == SEGV_MAPERR &&
		      touch(base + 3001 * PAGE) == SIGSEGV,
	      "but not to what lies below");
	check(touch(base + 3000 * PAGE) == 0, "which is as it was");
	check(mprotect(p, PAGE, PROT_READ | PROT_GROWSDOWN) == 0 && touch(p - PAGE) == SIGSEGV && last.si_code == SEGV_ACCERR,
	      "PROT_GROWSDOWN");
	check(FAILS(mprotect(base + 3000 * PAGE, PAGE, PROT_READ | PROT_GROWSDOWN), EINVAL), "of another");
	check(FAILS((long)mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0), EINVAL), "nor shared");
	munmap(base, 4096 * PAGE);
	check(touch(p - 80 * PAGE) == SIGSEGV, "gone");
}

static void locks_of_root(void)
{
	char *p = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);
	unsigned char in[4];

	check(mlock(p, 2 * PAGE) == 0 && mincore(p, 4 * PAGE, in) == 0 && (in[0] & 1) && (in[1] & 1) && !(in[3] & 1), "mlock");
	check(mlock(p + 2 * PAGE + 5, 1) == 0 && mincore(p, 4 * PAGE, in) == 0 && (in[2] & 1), "a part of a page");
	check(FAILS(madvise(p, PAGE, MADV_DONTNEED), EINVAL) && FAILS(msync(p, PAGE, MS_INVALIDATE), EBUSY), "it is locked");
	check(munlock(p, PAGE) == 0 && madvise(p, PAGE, MADV_DONTNEED) == 0 && FAILS(madvise(p + PAGE, PAGE, MADV_DONTNEED), EINVAL),
	      "munlock");
	munmap(p + 3 * PAGE, PAGE);
	check(FAILS(mlock(p, 4 * PAGE), ENOMEM) && FAILS(munlock(p + 3 * PAGE, PAGE), ENOMEM) && mlock(p, 0) == 0, "a hole");
	check(FAILS(mlockall(0), EINVAL) && FAILS(mlockall(8), EINVAL) && FAILS(mlockall(MCL_ONFAULT), EINVAL), "mlockall: errors");
	check(mlockall(MCL_FUTURE) == 0 && (p = mmap(NULL, 2 * PAGE, RW, ANON, -1, 0)) != MAP_FAILED && mincore(p, 2 * PAGE, in) == 0 &&
		      (in[1] & 1) && FAILS(madvise(p, PAGE, MADV_DONTNEED), EINVAL),
	      "MCL_FUTURE");
	check(munlockall() == 0 && madvise(p, PAGE, MADV_DONTNEED) == 0, "munlockall");
	check(mlockall(MCL_CURRENT | MCL_ONFAULT) == 0 && FAILS(madvise(p, PAGE, MADV_DONTNEED), EINVAL), "MCL_CURRENT");
	munlockall();
}

static void locks_of_user(void)
{
	struct rlimit limit = {8 * PAGE, 8 * PAGE};
	char *p = mmap(NULL, 32 * PAGE, RW, ANON, -1, 0);
	int status;
	pid_t child;

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		_exit(99);
	check(mlock(p, 6 * PAGE) == 0 && mlock(p + 2 * PAGE, 4 * PAGE) == 0 && FAILS(mlock(p + 10 * PAGE, 3 * PAGE), ENOMEM) &&
		      mlock(p + 6 * PAGE, 2 * PAGE) == 0 && FAILS(mlock(p + 8 * PAGE, 1), ENOMEM),
	      "RLIMIT_MEMLOCK counts all");
	child = fork();
	if (child == 0)
		_exit(mlock(p + 8 * PAGE, 8 * PAGE) != 0);
	check(waitpid(child, &status, 0) == child && status == 0, "locks are not inherited");
	check(munlock(p, 4 * PAGE) == 0 && mlock(p + 20 * PAGE, 4 * PAGE) == 0, "munlock gives it back");
	check(FAILS((long)mmap(NULL, PAGE, RW, ANON | MAP_LOCKED, -1, 0), EAGAIN), "MAP_LOCKED");
	check(FAILS(mlockall(MCL_CURRENT), ENOMEM), "mlockall");
	munlockall();
	limit.rlim_cur = limit.rlim_max = 0;
	setrlimit(RLIMIT_MEMLOCK, &limit);
	check(FAILS(mlock(p, 1), EPERM) && FAILS(mlockall(MCL_CURRENT), EPERM) && munlock(p, 1) == 0, "no limit at all is EPERM");
}

int main(int argc, char **argv)
{
	struct sigaction sa = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	stack_t stack = {.ss_sp = other, .ss_size = sizeof other};

	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	if (argc == 2 && !strcmp(argv[1], "deep"))
		return deep_signal(48 << 20);
	if (argc > 2)
		return !(argc == 300 && strlen(argv[299]) == 1000 && deep_signal(1 << 20) == 0);
	in_child(limited);
	in_child(stacks);
	in_child(large);
	in_child(arguments);
	grows_down();
	in_child(locks_of_root);
	in_child(locks_of_user);
	return tap_end();
}
