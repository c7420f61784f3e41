// Runs the cases and tells in TAP on COM1 what came of each.
#include <stdio.h>
#include <string.h>

#include "lib/rt/rt.h"
#include "tests/conform/world.h"
#include "tests/lib/serial.h"

#define TOLD_MAX 8  // failed checks of one case

extern const struct test_case __start_cases[], __stop_cases[];

static const struct test_case *current;
static unsigned failed;

static void print(const char *text)
{
	for (; *text; text++)
		serial_put(*text == '_' ? ' ' : *text);
}

void world_fail(const char *why)
{
	char line[160];

	snprintf(line, sizeof line, "Bail out! %s: %s\n", current ? current->name : "start", why);
	print(line);
	for (;;)
		(void)thread_suspend(BOOT_SLOT_THREAD);
}

void check_equal(uint64_t is, uint64_t want, const char *what, const char *file, int line)
{
	char text[256];

	if (is == want)
		return;
	if (failed++ >= TOLD_MAX)
		return;
	snprintf(text, sizeof text, "# %s:%d: %s is %lu, not %lu\n", file, line, what, is, want);
	print(text);
}

void check_refused(err_t err, unsigned wrong, cap_t cap, unsigned label, unsigned count, const uint64_t *words,
		   const char *file, int line)
{
	struct answer a = method(cap, label, count, words);

	check_equal(a.err, err, "error", file, line);
	check_equal(a.words[0], wrong, "number of the wrong argument", file, line);
}

static void tell(unsigned number)
{
	char line[160];

	snprintf(line, sizeof line, "%sok %u - %s: %s\n", failed ? "not " : "", number, current->category,
		 current->name);
	print(line);
}

// The machine's command line may name the one category that is wanted, after `cases=`, to its end.
static bool is_wanted(const struct test_case *c)
{
	const char *want = strstr(rt_boot_info->command_line, "cases=");

	if (!strcmp(c->category, CATEGORY_CORES) && rt_boot_info->cores == 1)
		return false;
	return !want || !strcmp(want + 6, c->category);
}

int main(void)
{
	unsigned number = 0;
	char line[32];

	world_init();
	for (current = __start_cases; current < __stop_cases; current++) {
		if (!is_wanted(current))
			continue;
		failed = 0;
		current->run();
		world_reset();
		tell(++number);
	}
	snprintf(line, sizeof line, "1..%u\n", number);
	print(line);
	for (;;)
		rest();
}
