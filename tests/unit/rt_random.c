// Random bytes: the cipher is ChaCha20, nothing is given out twice or kept once it was given out.
#define _GNU_SOURCE  // memmem
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rt/random.c"

uint64_t rt_clock_real(void) { return 0; }

// RFC 8439, 2.3.2.
static void a_block_is_that_of_the_rfc(void **state)
{
	static const uint8_t wanted[64] = {
		0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3, 0x20, 0x71, 0xc4,
		0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22, 0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e,
		0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa, 0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2,
		0xb5, 0x12, 0x9c, 0xd1, 0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e};
	const uint64_t nonce[2] = {0x0900000000000001ull, 0x4a000000ull};
	uint8_t bytes[32], out[64];
	uint32_t key[8];

	(void)state;
	for (uint8_t i = 0; i < 32; i++)
		bytes[i] = i;
	memcpy(key, bytes, sizeof(key));
	chacha_block(key, nonce, out);
	assert_memory_equal(out, wanted, sizeof(out));
}

static void no_eight_bytes_are_given_out_twice(void **state)
{
	static uint64_t words[4000];
	size_t done = 0;

	(void)state;
	for (size_t size = 8; done + size <= sizeof(words); done += size, size = (size + 24) % 1000 / 8 * 8 + 8)
		rt_random((uint8_t *)words + done, size);
	for (size_t i = 0; i < done / 8; i++)
		for (size_t j = 0; j < i; j++)
			assert_true(words[i] != words[j]);
}

static void what_was_given_out_is_not_kept(void **state)
{
	uint8_t bytes[16];

	(void)state;
	for (int i = 0; i < 100; i++) {
		rt_random(bytes, sizeof(bytes));
		assert_null(memmem(&pool, sizeof(pool), bytes, sizeof(bytes)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_is_that_of_the_rfc),
		cmocka_unit_test(no_eight_bytes_are_given_out_twice),
		cmocka_unit_test(what_was_given_out_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
