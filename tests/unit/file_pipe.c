// sources: servers/file/pipe.c servers/file/store.c servers/file/heap.c
#include "servers/file/heap.h"
#include "servers/file/pipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define PAGES 64u
#define WAITS 6

static struct store store;
static struct pipe pipe_;
static uint8_t *memory;
static struct pipe_wait waits[WAITS];
static uint8_t data[WAITS][16384];
static int64_t results[WAITS];
static int order[64], orders;
static uint32_t cancelled;  // reply number that fails

static bool answer(struct pipe_wait *wait, int64_t result)
{
	order[orders++ % 64] = (int)wait->reply;
	results[wait->reply] = result;
	return wait->reply != cancelled;
}

static int setup(void **state)
{
	(void)state;
	heap_init(1 << 20);
	memory = aligned_alloc(PAGE, PAGES * PAGE);
	store_init(&store);
	assert_true(store_add(&store, memory, PAGES * PAGE, 1));
	assert_true(store_start(&store));
	pipe_ = (struct pipe){.readers = 1, .writers = 1, .answer = answer};
	assert_true(pipe_init(&pipe_, &store));
	orders = 0;
	cancelled = UINT32_MAX;
	memset(results, 0x55, sizeof results);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pipe_clear(&pipe_);
	assert_int_equal(store.free, PAGES);
	heap_put(store.used, (store.end / 64 + 1) * sizeof store.used[0]);
	free(memory);
	return 0;
}

static struct pipe_wait *wait_of(uint32_t i, uint32_t length)
{
	waits[i] = (struct pipe_wait){.data = data[i], .length = length, .reply = i,
				      .owner = &data[i]};
	return &waits[i];
}

static void bytes_come_out_as_they_went_in(void **state)
{
	uint8_t next_in = 0, next_out = 0;

	(void)state;
	srand(3);
	for (int round = 0; round < 5000; round++) {
		uint32_t n = (uint32_t)rand() % 16384 + 1;

		if (rand() % 2) {
			for (uint32_t i = 0; i < n; i++)
				data[0][i] = (uint8_t)(next_in + i);
			pipe_write(&pipe_, wait_of(0, n), false);
			if (results[0] > 0)
				next_in = (uint8_t)(next_in + results[0]);
			else
				assert_int_equal(results[0], -EAGAIN);
		} else {
			pipe_read(&pipe_, wait_of(1, n), false);
			for (int64_t i = 0; i < results[1]; i++)
				assert_int_equal(data[1][i], next_out++);
		}
	}
}

static void small_writes_are_whole(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		pipe_write(&pipe_, wait_of(0, 16384), false);
		assert_int_equal(results[0], 16384);
	}
	pipe_write(&pipe_, wait_of(0, 16000), false);
	pipe_write(&pipe_, wait_of(0, 4096), false);
	assert_int_equal(results[0], -EAGAIN);
	pipe_write(&pipe_, wait_of(0, 4097), false);
	assert_int_equal(results[0], 384);
	pipe_write(&pipe_, wait_of(0, 1), false);
	assert_int_equal(results[0], -EAGAIN);
}

static void readers_wake_in_order(void **state)
{
	(void)state;
	pipe_read(&pipe_, wait_of(0, 3), true);
	pipe_read(&pipe_, wait_of(1, 3), true);
	pipe_read(&pipe_, wait_of(2, 3), true);
	assert_int_equal(orders, 0);
	memcpy(data[5], "abcdef", 6);
	pipe_write(&pipe_, wait_of(5, 6), true);
	assert_int_equal(orders, 3);
	assert_int_equal(order[1], 0);
	assert_int_equal(order[2], 1);
	assert_memory_equal(data[1], "def", 3);
	pipe_.writers = 0;
	pipe_wake(&pipe_);
	assert_int_equal(order[3], 2);
	assert_int_equal(results[2], 0);
}

static void cancelled_reader_loses_nothing(void **state)
{
	(void)state;
	cancelled = 0;
	pipe_read(&pipe_, wait_of(0, 4), true);
	pipe_read(&pipe_, wait_of(1, 4), true);
	memcpy(data[5], "wxyz", 4);
	pipe_write(&pipe_, wait_of(5, 4), true);
	assert_int_equal(results[1], 4);
	assert_memory_equal(data[1], "wxyz", 4);
	assert_int_equal(pipe_fill(&pipe_), 0);
}

static void cancelled_writer_writes_nothing(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		pipe_write(&pipe_, wait_of(i, 16384), true);
	cancelled = 4;
	pipe_write(&pipe_, wait_of(4, 100), true);
	pipe_write(&pipe_, wait_of(5, 200), true);
	pipe_read(&pipe_, wait_of(0, 16384), true);
	assert_int_equal(results[5], 200);
	assert_int_equal(pipe_fill(&pipe_), 3 * 16384 + 200);
}

static void ends_that_close_are_noticed(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		pipe_write(&pipe_, wait_of(i, 16384), true);
	pipe_write(&pipe_, wait_of(4, 1), true);
	pipe_answer_owner(&pipe_, &data[4], -EBADF);
	assert_int_equal(results[4], -EBADF);
	pipe_write(&pipe_, wait_of(4, 1), true);
	pipe_.readers = 0;
	pipe_wake(&pipe_);
	assert_int_equal(results[4], -EPIPE);
	pipe_write(&pipe_, wait_of(4, 1), false);
	assert_int_equal(results[4], -EPIPE);
}

static void forgotten_wait_is_not_served(void **state)
{
	(void)state;
	pipe_read(&pipe_, wait_of(0, 4), true);
	pipe_read(&pipe_, wait_of(1, 4), true);
	pipe_forget(&waits[0]);
	pipe_write(&pipe_, wait_of(5, 4), true);
	assert_int_equal(order[0], 5);
	assert_int_equal(order[1], 1);
}

static void other_size_keeps_the_bytes(void **state)
{
	(void)state;
	for (int i = 0; i < 9000; i++)
		data[0][i] = (uint8_t)(i * 7);
	pipe_write(&pipe_, wait_of(0, 9000), false);
	assert_int_equal(pipe_resize(&pipe_, 8192), -EBUSY);
	assert_int_equal(pipe_resize(&pipe_, 16384), 0);
	assert_int_equal(pipe_fill(&pipe_), 9000);
	pipe_write(&pipe_, wait_of(1, 7384), false);
	assert_int_equal(results[1], 7384);
	pipe_write(&pipe_, wait_of(2, 1), false);
	assert_int_equal(results[2], -EAGAIN);
	pipe_read(&pipe_, wait_of(3, 9000), false);
	assert_memory_equal(data[3], data[0], 9000);
	assert_int_equal(pipe_resize(&pipe_, PIPE_SIZE_MAX), 0);
	pipe_read(&pipe_, wait_of(3, 9000), false);
	assert_int_equal(results[3], 7384);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(bytes_come_out_as_they_went_in), TEST(small_writes_are_whole),
		TEST(readers_wake_in_order),	      TEST(cancelled_reader_loses_nothing),
		TEST(cancelled_writer_writes_nothing), TEST(ends_that_close_are_noticed),
		TEST(forgotten_wait_is_not_served),   TEST(other_size_keeps_the_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
