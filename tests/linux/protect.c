// mprotect, over and over: what is forbidden faults, what is allowed does not, in every thread and child.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define PAGE 4096
#define PAGES 24
#define RW (PROT_READ | PROT_WRITE)

static char *area;
static sigjmp_buf back;
static volatile siginfo_t seen;
static volatile int fixes;

static void on_fault(int signo, siginfo_t *info, void *context)
{
	(void)signo, (void)context;
	memcpy((void *)&seen, info, sizeof seen);
	siglongjmp(back, 1);
}

static void on_fault_fix(int signo, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr & ~(uintptr_t)(PAGE - 1);

	(void)signo, (void)context;
	fixes++;
	if (mprotect((void *)at, PAGE, RW))
		_exit(3);
}

static void handler_set(void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	sigaction(SIGSEGV, &action, NULL);
}

static bool can_read(const char *at)
{
	volatile char c;

	if (sigsetjmp(back, 1))
		return false;
	c = *(const volatile char *)at;
	(void)c;
	return true;
}

static bool can_write(char *at)
{
	if (sigsetjmp(back, 1))
		return false;
	*(volatile char *)at = *(volatile char *)at;
	return true;
}

static bool is_protected(char *at, int prot)
{
	return can_read(at) == (prot != PROT_NONE) && can_write(at) == ((prot & PROT_WRITE) != 0);
}

static char *map(size_t pages)
{
	return mmap(NULL, pages * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void one_page(void)
{
	static const int prots[] = {PROT_READ, RW, PROT_NONE, PROT_READ, PROT_NONE, RW};
	bool is_good = true;

	area[0] = 'x';
	for (int i = 0; i < 60; i++) {
		is_good = is_good && mprotect(area, PAGE, prots[i % 6]) == 0 && is_protected(area, prots[i % 6]);
		is_good = is_good && is_protected(area + PAGE, RW);
	}
	check(is_good && area[0] == 'x', "a page");
	mprotect(area, PAGE, PROT_READ);
	check(!can_write(area + 5) && seen.si_addr == area + 5 && seen.si_code == SEGV_ACCERR && seen.si_signo == SIGSEGV,
	      "si_addr, SEGV_ACCERR");
	check(FAILS(read(open("/dev/zero", O_RDONLY), area, 10), EFAULT), "EFAULT for a buffer that must not be written");
	mprotect(area, PAGE, RW);
	check(read(open("/dev/zero", O_RDONLY), area, 10) == 10, "and none when it may");
}

static void at_random(void)
{
	static const int prots[] = {PROT_NONE, PROT_READ, RW, RW};
	unsigned char model[PAGES];
	unsigned seed = 77;
	bool is_good = true;

	memset(model, RW, sizeof model);
	mprotect(area, PAGES * PAGE, RW);
	for (int step = 0; step < 1500 && is_good; step++) {
		seed = seed * 1664525u + 1013904223u;
		unsigned from = (seed >> 8) % PAGES, count = 1 + (seed >> 16) % 4, how = seed >> 28 & 3, at;

		if (count > PAGES - from)
			count = PAGES - from;
		is_good = mprotect(area + from * PAGE, count * PAGE, prots[how]) == 0;
		memset(model + from, prots[how], count);
		at = (seed >> 20) % PAGES;
		is_good = is_good && is_protected(area + at * PAGE, model[at]) &&
			  is_protected(area + from * PAGE, model[from]);
	}
	for (unsigned i = 0; i < PAGES; i++)
		is_good = is_good && is_protected(area + i * PAGE, model[i]);
	check(is_good, "pages at random");
	mprotect(area, PAGES * PAGE, RW);
}

static void holes(void)
{
	char *at = map(6);

	memset(at, 1, 6 * PAGE);
	for (int i = 0; i < 4; i++)
		mprotect(at + 2 * PAGE, PAGE, i & 1 ? RW : PROT_READ);
	munmap(at + 3 * PAGE, PAGE);
	check(FAILS(mprotect(at + 2 * PAGE, 2 * PAGE, PROT_READ), ENOMEM), "ENOMEM across a hole");
	check(FAILS(mprotect(at + 3 * PAGE, PAGE, PROT_READ), ENOMEM), "ENOMEM in it");
	check(!can_read(at + 3 * PAGE) && seen.si_code == SEGV_MAPERR, "SEGV_MAPERR");
	mprotect(at + PAGE, PAGE, PROT_NONE);
	char *new = mmap(at + PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	check(new == at + PAGE && is_protected(new, RW) && new[0] == 0, "a new mapping has its own protection");
	munmap(at, 6 * PAGE);
}

static bool child_is_good(bool (*run)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(run() ? 0 : 1);
	return waitpid(child, &status, 0) == child && status == 0;
}

static bool child_writes(void)
{
	bool is_good = is_protected(area, PROT_READ) && is_protected(area + PAGE, RW);

	for (int i = 0; i < 6; i++)
		is_good = is_good && mprotect(area, PAGE, i & 1 ? RW : PROT_READ) == 0;
	area[0] = 'c';
	for (int i = 0; i < 6; i++)
		is_good = is_good && mprotect(area + PAGE, PAGE, i & 1 ? RW : PROT_NONE) == 0;
	area[PAGE] = 'd';
	return is_good && area[0] == 'c' && area[PAGE] == 'd';
}

static void forks(void)
{
	bool is_good = true;

	for (int i = 0; i < 5; i++) {
		mprotect(area, PAGE, RW);
		area[0] = 'p';
		area[PAGE] = 'q';
		mprotect(area, PAGE, PROT_READ);
		is_good = is_good && child_is_good(child_writes) && is_protected(area, PROT_READ);
		mprotect(area, PAGE, RW);
		is_good = is_good && area[0] == 'p' && area[PAGE] == 'q' && is_protected(area, RW);
	}
	check(is_good, "a child has the same protections, and what it may write is its own");
}

static void fixing(void)
{
	handler_set(on_fault_fix);
	fixes = 0;
	for (int i = 0; i < 50; i++) {
		mprotect(area + i % 3 * PAGE, PAGE, i & 1 ? PROT_READ : PROT_NONE);
		area[i % 3 * PAGE + i] = (char)i;
	}
	check(fixes == 50 && area[49 % 3 * PAGE + 49] == 49, "a handler gives the right, and the write is done");
	handler_set(on_fault);
}

static bool maps_say(const char *at, const char *prot)
{
	char line[512], want[64];
	FILE *f = fopen("/proc/self/maps", "r");
	bool is_found = false;

	snprintf(want, sizeof want, "%lx-%lx %s", (unsigned long)at, (unsigned long)at + PAGE, prot);
	while (f && fgets(line, sizeof line, f))
		is_found = is_found || !strncmp(line, want, strlen(want));
	if (f)
		fclose(f);
	return is_found;
}

static void shown(void)
{
	char *at = map(3);

	memset(at, 1, 3 * PAGE);
	mprotect(at + PAGE, PAGE, PROT_READ);
	mprotect(at + PAGE, PAGE, RW);
	mprotect(at + PAGE, PAGE, PROT_NONE);
	check(maps_say(at + PAGE, "---p"), "/proc/self/maps");
	mprotect(at + PAGE, PAGE, PROT_READ | PROT_EXEC);
	check(maps_say(at + PAGE, "r-xp"), "and again");
	munmap(at, 3 * PAGE);
}

static void code(void)
{
	unsigned char *at = (unsigned char *)map(1);
	int (*volatile function)(void) = (int (*)(void))(uintptr_t)at;
	bool is_good = true;

	for (int i = 0; i < 10; i++) {
		unsigned char text[] = {0xb8, (unsigned char)(i + 40), 0, 0, 0, 0xc3};

		is_good = is_good && mprotect(at, PAGE, RW) == 0;
		memcpy(at, text, sizeof text);
		is_good = is_good && mprotect(at, PAGE, PROT_READ | PROT_EXEC) == 0 && function() == i + 40 &&
			  !can_write((char *)at);
	}
	check(is_good, "code that is written anew");
	mprotect(at, PAGE, RW);
	if (!sigsetjmp(back, 1))
		check(function() < 0, "what must not be executed is");
	else
		check(seen.si_addr == at, "what must not be executed is not");
	munmap(at, PAGE);
}

static void *toggle(void *data)
{
	for (int i = 0; i < 400; i++)
		mprotect(data, 2 * PAGE, i & 1 ? RW : PROT_READ);
	return NULL;
}

// Two threads on one page, and one on pages that overlap it.
static void threads(void)
{
	pthread_t thread[3];
	bool is_good = true;

	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < 3; i++)
			pthread_create(&thread[i], NULL, toggle, area + i / 2 * PAGE);
		for (int i = 0; i < 3; i++)
			pthread_join(thread[i], NULL);
		is_good = is_good && is_protected(area, RW) && is_protected(area + 2 * PAGE, RW);
		mprotect(area + PAGE, PAGE, PROT_READ);
		is_good = is_good && is_protected(area + PAGE, PROT_READ) && is_protected(area, RW);
		mprotect(area + PAGE, PAGE, RW);
		is_good = is_good && is_protected(area + PAGE, RW);
	}
	check(is_good, "threads");
}

static _Noreturn void descend(volatile char *at)
{
	for (;; at -= PAGE / 2)
		*at = 1;
}

static void guard(void)
{
	static char alternate[32768];
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
	char *at = map(16);
	bool is_good = true;

	sigaltstack(&stack, NULL);
	for (int i = 0; i < 4; i++) {
		mprotect(at + 2 * PAGE, PAGE, PROT_NONE);
		if (!sigsetjmp(back, 1))
			descend(at + 15 * PAGE);
		is_good = is_good && (char *)seen.si_addr >= at + 2 * PAGE && (char *)seen.si_addr < at + 3 * PAGE;
		mprotect(at + 2 * PAGE, PAGE, RW);
		is_good = is_good && can_write(at + 2 * PAGE);
	}
	check(is_good, "a guard page, its handler on another stack");
	munmap(at, 16 * PAGE);
}

int main(void)
{
	bool is_good = true;
	int fd;

	handler_set(on_fault);
	area = map(PAGES);
	memset(area, 1, PAGES * PAGE);
	one_page();
	at_random();
	holes();
	forks();
	fixing();
	shown();
	code();
	threads();
	guard();
	fd = open("/proc/self/exe", O_RDONLY);
	char *file = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	for (int i = 0; i < 3; i++)
		is_good = is_good && mprotect(file, PAGE, i & 1 ? PROT_NONE : PROT_READ) == 0;
	check(is_good && FAILS(mprotect(file, PAGE, RW), EACCES), "EACCES for a file that may not be written");
	file = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	for (int i = 0; i < 6; i++)
		is_good = is_good && mprotect(file, PAGE, i & 1 ? RW : PROT_READ) == 0 &&
			  is_protected(file, i & 1 ? RW : PROT_READ) && !memcmp(file, "\177ELF", 4);
	check(is_good, "a private mapping of a file");
	return tap_end();
}
