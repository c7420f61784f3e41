#include "lib/rt/rt.h"

static uint64_t counter_read(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

uint64_t rt_clock_monotonic(void)
{
	const struct component_info *info = component_get();
	uint64_t ticks = counter_read() - info->ticks_at_boot;
	uint64_t rate = info->ticks_per_second ? info->ticks_per_second : 1;

	return ticks / rate * 1000000000 + ticks % rate * 1000000000 / rate;
}

uint64_t rt_clock_real(void)
{
	return component_get()->epoch_ns + rt_clock_monotonic();
}
