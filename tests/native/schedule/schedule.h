// Schedulers in user mode, as ordinary tasks: earliest deadline first, and stride. Each is a thread above its
// clients that says by a directed yield who runs, and hears by a watched context that one blocks. The first task
// of an image of its own (tests/system/schedule.py) lets both run beside what the kernel does alone.
#ifndef TESTS_NATIVE_SCHEDULE_H
#define TESTS_NATIVE_SCHEDULE_H

#include "bench/native/native.h"

#define PRIORITY_SCHEDULER 40
#define SLICE 100000ull  // of clients that the kernel schedules alone, in ticks
#define BIT_TIMER 32     // of the scheduler's notification; those below are its clients'

static inline uint64_t now(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

// The context signals this bit of the scheduler's notification: its deadline, and what it is watched for.
void hear(const struct worker *scheduler, const struct worker *from, unsigned bit);

// The scheduler waits until `time` or until one of its clients blocks. Returns the bits.
uint64_t wait_until(const struct worker *scheduler, uint64_t time);

void edf_rows(void);
void stride_rows(void);

#endif
