// When the first program asks for input for the first time, the system is up: say once in the log how
// long that took. `./pith bench` reads the line (boot.prompt).
#include "lib/rt/component.h"
#include "servers/terminal/terminal.h"

static uint64_t counter_read(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

void prompt_note(void)
{
	static bool is_noted;

	if (is_noted)
		return;
	is_noted = true;
	rt_log("input is wanted %llu ticks after the kernel's entry",
	       (unsigned long long)(counter_read() - component_get()->ticks_at_boot));
}
