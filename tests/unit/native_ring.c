// sources: lib/ring/ring.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/ring/ring.h"

#define SIZE 64u

static struct ring shared;
static uint8_t bytes[SIZE];
static struct ring_end producer, consumer;

static int setup(void **state)
{
	(void)state;
	ring_init(&shared);
	ring_open(&producer, &shared, bytes, SIZE, true);
	ring_open(&consumer, &shared, bytes, SIZE, false);
	return 0;
}

static void bytes_arrive_in_order_across_the_wrap(void **state)
{
	uint8_t in = 0, out = 0;

	(void)state;
	for (unsigned round = 0; round < 1000; round++) {
		uint8_t piece[SIZE], got[SIZE];
		uint32_t count = round * 7 % (ring_room(&producer) + 1);

		for (uint32_t i = 0; i < count; i++)
			piece[i] = in++;
		ring_store(&producer, 0, piece, count);
		ring_advance(&producer, count);
		count = round * 5 % (ring_room(&consumer) + 1);
		ring_load(&consumer, 0, got, count);
		ring_advance(&consumer, count);
		for (uint32_t i = 0; i < count; i++)
			assert_int_equal(got[i], out++);
	}
}

static void stored_bytes_are_not_there_before_they_are_published(void **state)
{
	(void)state;
	ring_store(&producer, 0, "abc", 3);
	assert_int_equal(ring_room(&consumer), 0);
	ring_advance(&producer, 3);
	assert_int_equal(ring_room(&consumer), 3);
}

static void full_ring_has_no_room(void **state)
{
	(void)state;
	ring_advance(&producer, SIZE);
	assert_int_equal(ring_room(&producer), 0);
	assert_int_equal(ring_room(&consumer), SIZE);
	assert_false(ring_is_empty(&producer));
}

static void piece_ends_at_the_wrap(void **state)
{
	uint32_t length = 20;

	(void)state;
	ring_advance(&producer, 60);
	ring_advance(&consumer, 60);
	assert_ptr_equal(ring_piece(&producer, 0, &length), bytes + 60);
	assert_int_equal(length, 4);
	length = 20;
	assert_ptr_equal(ring_piece(&producer, 4, &length), bytes);
	assert_int_equal(length, 20);
}

static void lying_peer_cannot_reach_beyond_the_ring(void **state)
{
	(void)state;
	atomic_store(&shared.head, 0xfffffff0u);
	assert_int_equal(ring_room(&consumer), SIZE);
	atomic_store(&shared.tail, 0x12345678u);
	assert_int_equal(ring_room(&producer), 0);
	ring_advance(&producer, 1);
	assert_int_equal(atomic_load(&shared.head), 1);  // the own index was not what memory said
}

static void sleeper_is_woken_once(void **state)
{
	(void)state;
	assert_false(ring_wake(&producer));
	assert_true(ring_sleep(&consumer, 1));
	ring_advance(&producer, 1);
	assert_true(ring_wake(&producer));
	assert_false(ring_wake(&producer));
}

static void sleep_is_refused_when_there_is_something(void **state)
{
	(void)state;
	ring_advance(&producer, 5);
	assert_false(ring_sleep(&consumer, 5));
	assert_true(ring_sleep(&consumer, 6));
	assert_true(ring_sleep_drain(&producer));
	ring_advance(&consumer, 5);
	assert_true(ring_wake(&consumer));
	assert_false(ring_sleep_drain(&producer));
}

static void no_more_than_the_limit_is_taken(void **state)
{
	uint8_t zeros[SIZE] = {0};
	uint32_t room = ring_room(&producer), there = ring_room(&consumer);

	(void)state;
	ring_store(&producer, 0, zeros, room);
	ring_advance(&producer, room);
	assert_int_equal(ring_room_max(&consumer, 1), 1);
	assert_int_equal(ring_room_max(&consumer, ~0u), there + room);
	ring_advance(&consumer, there + room);
	assert_int_equal(ring_room_max(&consumer, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(bytes_arrive_in_order_across_the_wrap, setup),
		cmocka_unit_test_setup(no_more_than_the_limit_is_taken, setup),
		cmocka_unit_test_setup(stored_bytes_are_not_there_before_they_are_published, setup),
		cmocka_unit_test_setup(full_ring_has_no_room, setup),
		cmocka_unit_test_setup(piece_ends_at_the_wrap, setup),
		cmocka_unit_test_setup(lying_peer_cannot_reach_beyond_the_ring, setup),
		cmocka_unit_test_setup(sleeper_is_woken_once, setup),
		cmocka_unit_test_setup(sleep_is_refused_when_there_is_something, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
