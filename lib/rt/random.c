#include <stdint.h>
#include <string.h>

#include "lib/rt/random.h"
#include "lib/rt/rt.h"

static struct {
	bool seeded, has_rdrand;
	uint32_t key[8];
	uint64_t counter;
} pool;

static uint64_t counter_read(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static bool rdrand_present(void)
{
	uint32_t a = 1, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return c >> 30 & 1;
}

static bool rdrand_read(uint64_t *value)
{
	bool good = false;

	for (int i = 0; i < 10 && !good; i++)
		__asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(good));
	return good;
}

static uint32_t rotate(uint32_t x, unsigned n) { return x << n | x >> (32 - n); }

static void quarter(uint32_t *x, int a, int b, int c, int d)
{
	x[a] += x[b];
	x[d] = rotate(x[d] ^ x[a], 16);
	x[c] += x[d];
	x[b] = rotate(x[b] ^ x[c], 12);
	x[a] += x[b];
	x[d] = rotate(x[d] ^ x[a], 8);
	x[c] += x[d];
	x[b] = rotate(x[b] ^ x[c], 7);
}

// ChaCha20 (RFC 8439): one block of the key stream.
static void chacha_block(const uint32_t *key, const uint64_t *nonce, uint32_t *out)
{
	uint32_t in[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};

	memcpy(in + 4, key, 32);
	memcpy(in + 12, nonce, 16);
	memcpy(out, in, 64);
	for (int i = 0; i < 10; i++) {
		for (int j = 0; j < 4; j++)
			quarter(out, j, 4 + j, 8 + j, 12 + j);
		for (int j = 0; j < 4; j++)
			quarter(out, j, 4 + (j + 1) % 4, 8 + (j + 2) % 4, 12 + (j + 3) % 4);
	}
	for (int i = 0; i < 16; i++)
		out[i] += in[i];
}

// The first half of each block becomes the next key, so that what was given out cannot be found
// from what is kept.
static void pool_block(uint32_t out[8])
{
	uint64_t nonce[2] = {pool.counter++, counter_read()};
	uint64_t hardware;
	uint32_t block[16];

	if (pool.has_rdrand && rdrand_read(&hardware)) {
		pool.key[0] ^= (uint32_t)hardware;
		pool.key[1] ^= (uint32_t)(hardware >> 32);
	}
	chacha_block(pool.key, nonce, block);
	memcpy(pool.key, block, 32);
	memcpy(out, block + 8, 32);
}

static void pool_seed(void)
{
	uint64_t values[4] = {counter_read(), rt_clock_real(), (uint64_t)(uintptr_t)&values, 0};

	pool.has_rdrand = rdrand_present();
	for (int i = 0; pool.has_rdrand && i < 4; i++) {
		uint64_t hardware;

		if (rdrand_read(&hardware))
			values[i] ^= hardware;
	}
	memcpy(pool.key, values, 32);
	pool.seeded = true;
}

void rt_random(void *buffer, size_t bytes)
{
	uint8_t *to = buffer;
	uint32_t block[8];

	if (!pool.seeded)
		pool_seed();
	while (bytes) {
		size_t piece = bytes < sizeof(block) ? bytes : sizeof(block);

		pool_block(block);
		memcpy(to, block, piece);
		to += piece;
		bytes -= piece;
	}
}
