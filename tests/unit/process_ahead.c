// Faults that follow one another get more pages each time; others get one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "servers/process/ahead.h"

static uint32_t fault(struct ahead *ahead, uint64_t page, uint32_t room)
{
	uint32_t wanted = ahead_get(ahead, page), made = wanted < room ? wanted : room;

	ahead_note(ahead, page, made);
	return made;
}

static void what_is_made_ahead_is_a_quarter_of_what_was_touched(void **state)
{
	struct ahead ahead = {0};
	uint64_t first = 100, page = first;

	(void)state;
	while (page < first + 1000) {
		uint64_t before = page - first;
		uint32_t made = fault(&ahead, page, 64);

		assert_int_equal(made - 1, before / AHEAD_PART < AHEAD_MAX - 1 ? before / AHEAD_PART : AHEAD_MAX - 1);
		page += made;
	}
	assert_int_equal(fault(&ahead, page, 64), AHEAD_MAX);
}

static void it_goes_on_after_a_border(void **state)
{
	struct ahead ahead = {0};

	(void)state;
	for (uint64_t page = 7; page < 15; page++)
		assert_int_equal(fault(&ahead, page, 1), 1);
	assert_int_equal(fault(&ahead, 15, 16), 3);
	assert_int_equal(fault(&ahead, 18, 2), 2);
	assert_int_equal(fault(&ahead, 20, 16), 4);
}

static void a_jump_begins_anew(void **state)
{
	struct ahead ahead = {0};

	(void)state;
	for (uint64_t page = 7; page < 11; page++)
		assert_int_equal(fault(&ahead, page, 16), 1);
	assert_int_equal(fault(&ahead, 11, 16), 2);
	assert_int_equal(fault(&ahead, 14, 16), 1);
	assert_int_equal(fault(&ahead, 13, 16), 1);
	assert_int_equal(fault(&ahead, 14, 16), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_made_ahead_is_a_quarter_of_what_was_touched),
		cmocka_unit_test(it_goes_on_after_a_border),
		cmocka_unit_test(a_jump_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
