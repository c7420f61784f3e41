#include "servers/file/clock.h"

#include <x86intrin.h>

#define NS_PER_SECOND 1000000000ull

static struct {
	uint64_t epoch, start;
	uint64_t ns_per_tick, ticks_per_ns;  // fixed point, 32 bits behind it
} clock_state;

void clock_set(uint64_t epoch, uint64_t start, uint64_t rate)
{
	clock_state.epoch = epoch;
	clock_state.start = start;
	clock_state.ns_per_tick = (NS_PER_SECOND << 32) / rate;
	clock_state.ticks_per_ns =
		(uint64_t)(((unsigned __int128)rate << 32) / NS_PER_SECOND);
}

static uint64_t scale(uint64_t value, uint64_t factor)
{
	return (uint64_t)((unsigned __int128)value * factor >> 32);
}

int64_t clock_at(uint64_t counter)
{
	uint64_t ticks = counter > clock_state.start ? counter - clock_state.start : 0;

	return (int64_t)(clock_state.epoch + scale(ticks, clock_state.ns_per_tick));
}

int64_t clock_now(void) { return clock_at(__rdtsc()); }

uint64_t clock_counter_at(int64_t ns)
{
	uint64_t since = ns > 0 && (uint64_t)ns > clock_state.epoch ? (uint64_t)ns - clock_state.epoch : 0;

	return clock_state.start + scale(since, clock_state.ticks_per_ns);
}
