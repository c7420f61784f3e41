// Several cores in turn, in an order that a seed decides, with the calls of tests/race: after each, all invariants
// are checked.
#include "tests/race/calls.h"

#define SEEDS 12
#define STEPS 2000

static void calls_of_several_cores_break_nothing(void **state)
{
	host_in_turns = host_no_fast = true;
	for (uint64_t s = 1; s <= SEEDS; s++) {
		machine_setup(state);
		check_off = true;
		world_make();
		seed = s * 7919;
		for (unsigned n = 0; n < STEPS; n++) {
			host_core = (unsigned)any(kernel.cores);
			core_step();
			check_now();
		}
		host_core = 0;
		world_end();
		check_now();
	}
	assert_true(all_kinds_succeeded());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls_of_several_cores_break_nothing),
	};

	host.cores = 3;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
