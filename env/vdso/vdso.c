// The vDSO: a shared object that the process server maps into every program (AT_SYSINFO_EHDR), as Linux
// does. C libraries find the functions by name and version, and call them in place of system calls.
//
// This is the program's code, on the program's stack: it reads the page before it (struct linux_vvar)
// and makes a system call for all that it does not know.
#include <stddef.h>
#include <stdint.h>

#include "protocol/linux.h"

extern const struct linux_vvar vvar __attribute__((visibility("hidden")));

#define NS_PER_SECOND 1000000000u
#define CALL_GETTIMEOFDAY 96
#define CALL_CLOCK_GETTIME 228
#define CALL_CLOCK_GETRES 229
#define EXPORT __attribute__((visibility("default")))

struct vdso_time {
	int64_t seconds, fraction;
};

// REALTIME, MONOTONIC, MONOTONIC_RAW, REALTIME_COARSE, MONOTONIC_COARSE, BOOTTIME
#define CLOCKS_REAL (1u << 0 | 1u << 5)
#define CLOCKS_MONOTONIC (1u << 1 | 1u << 4 | 1u << 6 | 1u << 7)

static uint64_t ns_since_boot(void)
{
	uint32_t low, high;
	uint64_t ticks;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	ticks = ((uint64_t)high << 32 | low) - vvar.ticks_at_boot;
	return (uint64_t)((unsigned __int128)ticks * vvar.multiplier >> VVAR_SHIFT);
}

static long system_call(long number, uint64_t a, void *b)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(number), "D"(a), "S"(b)
			 : "rcx", "r11", "memory");
	return result;
}

static bool is_in(uint32_t clock, uint32_t clocks) { return clock < 32 && (clocks >> clock & 1); }

EXPORT int __vdso_clock_gettime(int32_t clock, struct vdso_time *out);
int __vdso_clock_gettime(int32_t clock, struct vdso_time *out)
{
	uint64_t ns = 0;

	if (is_in((uint32_t)clock, CLOCKS_REAL))
		ns = vvar.epoch_ns;
	else if (!is_in((uint32_t)clock, CLOCKS_MONOTONIC))
		return (int)system_call(CALL_CLOCK_GETTIME, (uint64_t)clock, out);
	ns += ns_since_boot();
	out->seconds = (int64_t)(ns / NS_PER_SECOND);
	out->fraction = (int64_t)(ns % NS_PER_SECOND);
	return 0;
}

EXPORT int __vdso_clock_getres(int32_t clock, struct vdso_time *out);
int __vdso_clock_getres(int32_t clock, struct vdso_time *out)
{
	if (!is_in((uint32_t)clock, CLOCKS_REAL | CLOCKS_MONOTONIC))
		return (int)system_call(CALL_CLOCK_GETRES, (uint64_t)clock, out);
	if (out)
		*out = (struct vdso_time){0, 1};
	return 0;
}

EXPORT int __vdso_gettimeofday(struct vdso_time *out, void *zone);
int __vdso_gettimeofday(struct vdso_time *out, void *zone)
{
	uint64_t ns = vvar.epoch_ns + ns_since_boot();

	if (zone)
		return (int)system_call(CALL_GETTIMEOFDAY, (uint64_t)out, zone);
	if (out)
		*out = (struct vdso_time){(int64_t)(ns / NS_PER_SECOND), (int64_t)(ns % NS_PER_SECOND / 1000)};
	return 0;
}

EXPORT int64_t __vdso_time(int64_t *out);
int64_t __vdso_time(int64_t *out)
{
	int64_t seconds = (int64_t)((vvar.epoch_ns + ns_since_boot()) / NS_PER_SECOND);

	if (out)
		*out = seconds;
	return seconds;
}

// Programs run on one processor.
EXPORT int __vdso_getcpu(uint32_t *cpu, uint32_t *node, void *unused);
int __vdso_getcpu(uint32_t *cpu, uint32_t *node, void *unused)
{
	(void)unused;
	if (cpu)
		*cpu = 0;
	if (node)
		*node = 0;
	return 0;
}
