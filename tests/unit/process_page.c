// sources: servers/process/page.c
// The page pool against a model: no page twice, runs stay inside 64, counts are exact.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "servers/process/page.h"

#define COUNT 5000

static uint16_t model[COUNT + 64];

static void random_operations(void **state)
{
	struct page_pool pool;
	uint32_t seed = 7, used = 0;

	(void)state;
	assert_true(page_pool_make(&pool, COUNT));
	page_pool_add(&pool, 0, 1000);
	page_pool_add(&pool, 1024, COUNT - 1024);
	memset(model, 0, sizeof(model));
	for (int round = 0; round < 200000; round++) {
		seed = seed * 1664525u + 1013904223u;
		uint32_t kind = seed >> 28, at = (seed >> 4) % COUNT, run = 1 + (seed >> 10) % 64;

		if (kind < 6) {
			run = kind < 3 ? 1 : run;
			uint32_t page = page_take(&pool, run);

			if (page == PAGE_NONE) {
				assert_true(run > 1 || pool.free_count == 0);
				continue;
			}
			assert_int_equal(page / 64, (page + run - 1) / 64);
			for (uint32_t i = 0; i < run; i++) {
				assert_int_equal(model[page + i], 0);
				assert_true(page + i < 1000 || page + i >= 1024);
				model[page + i] = 1;
			}
			used += run;
		} else if (model[at] && kind < 8) {
			assert_true(page_share(&pool, at));
			model[at]++;
		} else {
			for (uint32_t i = 0; i < 4; i++, at = (at + 1) % COUNT) {
				if (!model[at])
					continue;
				assert_int_equal(page_is_shared(&pool, at), model[at] > 1);
				page_release(&pool, at);
				used -= --model[at] == 0;
			}
		}
		assert_int_equal(pool.free_count, COUNT - 24 - used);
	}
	page_pool_destroy(&pool);
}

static void count_saturates(void **state)
{
	struct page_pool pool;

	(void)state;
	assert_true(page_pool_make(&pool, 64));
	page_pool_add(&pool, 0, 1);
	assert_int_equal(page_take(&pool, 1), 0);
	assert_int_equal(page_take(&pool, 1), PAGE_NONE);
	for (uint32_t i = 1; i < UINT16_MAX; i++)
		assert_true(page_share(&pool, 0));
	assert_false(page_share(&pool, 0));
	page_pool_destroy(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations),
		cmocka_unit_test(count_saturates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
