// Numbers of clocks (clock_gettime(2), clock_getcpuclockid(3)).
#ifndef ENV_LINUX_CLOCKID_H
#define ENV_LINUX_CLOCKID_H

#include <stdbool.h>
#include <stdint.h>

enum {
	CLOCK_REALTIME,
	CLOCK_MONOTONIC,
	CLOCK_PROCESS_CPUTIME,
	CLOCK_THREAD_CPUTIME,
	CLOCK_MONOTONIC_RAW,
	CLOCK_REALTIME_COARSE,
	CLOCK_MONOTONIC_COARSE,
	CLOCK_BOOTTIME,
	CLOCK_REALTIME_ALARM,
	CLOCK_BOOTTIME_ALARM,
	CLOCK_TAI = 11,
};

// Is it the processor time of a process or a thread by its number (0: of the caller)? Such a clock is ~number << 3,
// and in the lowest bits what is counted (PROF, VIRT, SCHED: all the same here) and whether it is a thread's.
static inline bool clockid_names(uint32_t clock, uint32_t *id, bool *is_thread)
{
	const uint32_t of_thread = 4, counted = 3, of_descriptor = 3;

	*id = ~(uint32_t)((int32_t)clock >> 3);
	*is_thread = clock & of_thread;
	return (int32_t)clock < 0 && (clock & counted) != of_descriptor;
}

// Does it follow the calendar, which may be set?
static inline bool clockid_is_calendar(uint64_t clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

#endif
