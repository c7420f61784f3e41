// sources: servers/process/queue.c
// Queued signals: order, one of each that is no real-time signal, a pool that ends.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "servers/process/queue.h"

static bool add(struct signal_queue *queue, uint32_t signal, uint64_t value)
{
	return queue_add(queue, &(struct signal_info){.signal = signal, .value = value});
}

static void lowest_number_first_and_each_in_order(void **state)
{
	struct signal_queue queue = {0};
	struct signal_info info;

	(void)state;
	for (uint64_t i = 0; i < 3; i++) {
		assert_true(add(&queue, 40, i));
		assert_true(add(&queue, 35, i));
	}
	assert_int_equal(queue.count, 6);
	assert_true(queue_take(&queue, 1ull << 39, &info));
	assert_int_equal(info.value, 0);
	for (uint64_t i = 0; i < 3; i++) {
		assert_true(queue_take(&queue, ~0ull, &info));
		assert_int_equal(info.signal, 35);
		assert_int_equal(info.value, i);
	}
	assert_int_equal(queue.mask, 1ull << 39);
	for (uint64_t i = 1; i < 3; i++) {
		assert_true(queue_take(&queue, ~0ull, &info));
		assert_int_equal(info.value, i);
	}
	assert_false(queue_take(&queue, ~0ull, &info));
	assert_int_equal(queue.mask | queue.first | queue.last | queue.count, 0);
}

static void others_are_there_once(void **state)
{
	struct signal_queue queue = {0};

	(void)state;
	assert_true(add(&queue, 10, 1));
	assert_true(add(&queue, 10, 2));
	assert_int_equal(queue.count, 1);
	queue_remove(&queue, 1ull << 9);
	assert_int_equal(queue.count, 0);
	assert_true(add(&queue, 12, 3));
	queue_remove(&queue, ~0ull);
}

static void pool_ends_and_comes_back(void **state)
{
	struct signal_queue a = {0}, b = {0};

	(void)state;
	for (int round = 0; round < 3; round++) {
		uint32_t count = 0;

		while (add(count % 2 ? &a : &b, 34, count))
			count++;
		assert_int_equal(count, QUEUE_POOL);
		queue_remove(&a, ~0ull);
		assert_true(add(&b, 64, 1));
		queue_remove(&b, 1ull << 33);
		assert_int_equal(b.count, 1);
		queue_remove(&b, ~0ull);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lowest_number_first_and_each_in_order),
		cmocka_unit_test(others_are_there_once),
		cmocka_unit_test(pool_ends_and_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
