// The vDSO: the C library finds it, its clocks are those of the system calls, and it is private.
// abi: clock_gettime: whole
// abi: clock_getres: whole
// abi: gettimeofday: whole
// abi: time: whole
// abi: getcpu: whole
#define _GNU_SOURCE
#include <elf.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

static int64_t ns(struct timespec t) { return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec; }

static int64_t ask(clockid_t clock)
{
	struct timespec t = {0, 0};

	return syscall(SYS_clock_gettime, clock, &t) ? -1 : ns(t);
}

static bool clock_agrees(clockid_t clock)
{
	struct timespec t = {0, 0};

	for (int i = 0; i < 1000; i++) {
		int64_t before = ask(clock), got = clock_gettime(clock, &t) ? -1 : ns(t), after = ask(clock);

		if (got < before || got > after || t.tv_nsec < 0 || t.tv_nsec >= 1000000000)
			return false;
	}
	return true;
}

// Coarse clocks may stand a little behind; Linux's do.
static bool coarse_agrees(clockid_t coarse, clockid_t fine)
{
	struct timespec t;
	int64_t now = ask(fine);

	return clock_gettime(coarse, &t) == 0 && ns(t) > now - 50000000 && ns(t) < now + 1000000000;
}

static void clocks(void)
{
	struct timespec t;
	struct timeval v;
	time_t seconds, given;
	unsigned cpu = 99, node = 99;
	int64_t before;

	check(clock_agrees(CLOCK_REALTIME), "CLOCK_REALTIME lies between two system calls");
	check(clock_agrees(CLOCK_MONOTONIC), "CLOCK_MONOTONIC does");
	check(clock_agrees(CLOCK_BOOTTIME), "CLOCK_BOOTTIME does");
	check(clock_agrees(CLOCK_MONOTONIC_RAW), "CLOCK_MONOTONIC_RAW does");
	check(coarse_agrees(CLOCK_REALTIME_COARSE, CLOCK_REALTIME), "CLOCK_REALTIME_COARSE is near");
	check(coarse_agrees(CLOCK_MONOTONIC_COARSE, CLOCK_MONOTONIC), "CLOCK_MONOTONIC_COARSE is near");
	check(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0 && clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0,
	      "clocks that are system calls");
	check(FAILS(clock_gettime(77, &t), EINVAL) && FAILS(clock_getres(77, &t), EINVAL), "a clock that is none");
	check(clock_getres(CLOCK_MONOTONIC, &t) == 0 && t.tv_sec == 0 && t.tv_nsec == 1 &&
	      clock_getres(CLOCK_REALTIME, NULL) == 0, "clock_getres");
	before = ask(CLOCK_REALTIME);
	check(gettimeofday(&v, NULL) == 0 && (int64_t)v.tv_sec * 1000000 + v.tv_usec >= before / 1000 &&
	      (int64_t)v.tv_sec * 1000000 + v.tv_usec <= ask(CLOCK_REALTIME) / 1000, "gettimeofday");
	seconds = time(&given);
	check(seconds == given && seconds >= before / 1000000000 - 1 && seconds <= ask(CLOCK_REALTIME) / 1000000000,
	      "time");
	check(syscall(SYS_getcpu, &cpu, &node, NULL) == 0 && cpu < 4096 && node < 4096 && sched_getcpu() >= 0, "getcpu");
}

static bool dies(void (*harm)(uint8_t *image), int (*then)(void))
{
	uint8_t *image = (uint8_t *)getauxval(AT_SYSINFO_EHDR);
	int status;

	if (fork() == 0) {
		harm(image);
		_exit(then());
	}
	wait(&status);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static void hide(uint8_t *image) { mprotect(image, 4096, PROT_NONE); }
static void leave(uint8_t *image) { (void)image; }
static void scribble(uint8_t *image) { image[0x20] = 1; }

static int clock_once(void)
{
	struct timespec t;

	return clock_gettime(CLOCK_MONOTONIC, &t);
}

static void image(void)
{
	uint8_t *at = (uint8_t *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *header = (const void *)at;
	uint8_t saved;
	int status;

	check(at && memcmp(at, ELFMAG, SELFMAG) == 0 && header->e_type == ET_DYN, "AT_SYSINFO_EHDR is an ELF image");
	// Some hosts seal it.
	if (!at || mprotect(at, 4096, PROT_READ | PROT_WRITE) || mprotect(at, 4096, PROT_READ | PROT_EXEC))
		return;
	check(dies(hide, clock_once) && !dies(leave, clock_once), "the C library's clock_gettime is its code");
	check(dies(scribble, clock_once), "it cannot be written");
	saved = at[8];
	if (fork() == 0) {
		if (mprotect(at, 4096, PROT_READ | PROT_WRITE) != 0)
			_exit(1);
		at[8] = 77;
		_exit(at[8] == 77 ? 0 : 2);
	}
	wait(&status);
	check(status == 0 && at[8] == saved, "what a child writes there is the child's");
}

int main(void)
{
	clocks();
	image();
	return tap_end();
}
