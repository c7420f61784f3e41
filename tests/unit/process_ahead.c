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

	ahead_note(ahead, page, wanted, made);
	return made;
}

static void a_sequence_grows(void **state)
{
	struct ahead ahead = {0};
	uint64_t page = 100;

	(void)state;
	for (uint32_t want = 1; want < AHEAD_MAX; want *= AHEAD_GROWTH) {
		assert_int_equal(fault(&ahead, page, 64), want);
		page += want;
	}
	assert_int_equal(fault(&ahead, page, 64), AHEAD_MAX);
	assert_int_equal(fault(&ahead, page + AHEAD_MAX, 64), AHEAD_MAX);
}

static void it_goes_on_after_a_border(void **state)
{
	struct ahead ahead = {0};

	(void)state;
	assert_int_equal(fault(&ahead, 7, 16), 1);
	assert_int_equal(fault(&ahead, 8, 1), 1);
	assert_int_equal(fault(&ahead, 9, 16), AHEAD_MAX);
}

static void a_jump_begins_anew(void **state)
{
	struct ahead ahead = {0};

	(void)state;
	assert_int_equal(fault(&ahead, 7, 16), 1);
	assert_int_equal(fault(&ahead, 8, 16), AHEAD_GROWTH);
	assert_int_equal(fault(&ahead, 8 + AHEAD_GROWTH + 1, 16), 1);
	assert_int_equal(fault(&ahead, 8, 16), 1);
	assert_int_equal(fault(&ahead, 7, 16), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sequence_grows),
		cmocka_unit_test(it_goes_on_after_a_border),
		cmocka_unit_test(a_jump_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
