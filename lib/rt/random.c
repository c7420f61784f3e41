#include <stdint.h>
#include <string.h>

#include "lib/rt/random.h"
#include "lib/rt/rt.h"

#define BLOCK_BYTES 64
#define POOL_BYTES (4 * BLOCK_BYTES)

// The last `left` bytes of `bytes` have not been given out.
static struct {
	bool seeded, has_rdrand;
	uint32_t key[8];
	uint64_t counter;
	size_t left;
	uint8_t bytes[POOL_BYTES];
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

static inline __attribute__((always_inline)) void quarter(uint32_t *x, int a, int b, int c, int d)
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

static void chacha_rounds(uint32_t x[16])
{
	for (int i = 0; i < 10; i++) {
		quarter(x, 0, 4, 8, 12);
		quarter(x, 1, 5, 9, 13);
		quarter(x, 2, 6, 10, 14);
		quarter(x, 3, 7, 11, 15);
		quarter(x, 0, 5, 10, 15);
		quarter(x, 1, 6, 11, 12);
		quarter(x, 2, 7, 8, 13);
		quarter(x, 3, 4, 9, 14);
	}
}

// ChaCha20 (RFC 8439): one block of the key stream.
static void chacha_block(const uint32_t *key, const uint64_t *nonce, uint8_t *out)
{
	uint32_t in[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}, x[16];

	memcpy(in + 4, key, 32);
	memcpy(in + 12, nonce, 16);
	memcpy(x, in, BLOCK_BYTES);
	chacha_rounds(x);
	for (int i = 0; i < 16; i++)
		x[i] += in[i];
	memcpy(out, x, BLOCK_BYTES);
}

// The first bytes become the next key, so that what was given out cannot be found from what is kept.
static void pool_fill(void)
{
	uint64_t nonce[2] = {0, counter_read()};
	uint64_t hardware;

	if (pool.has_rdrand && rdrand_read(&hardware)) {
		pool.key[0] ^= (uint32_t)hardware;
		pool.key[1] ^= (uint32_t)(hardware >> 32);
	}
	for (size_t i = 0; i < POOL_BYTES; i += BLOCK_BYTES) {
		nonce[0] = pool.counter++;
		chacha_block(pool.key, nonce, pool.bytes + i);
	}
	memcpy(pool.key, pool.bytes, sizeof(pool.key));
	memset(pool.bytes, 0, sizeof(pool.key));
	pool.left = POOL_BYTES - sizeof(pool.key);
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

	if (!pool.seeded)
		pool_seed();
	while (bytes) {
		if (!pool.left)
			pool_fill();

		size_t piece = bytes < pool.left ? bytes : pool.left;
		uint8_t *from = pool.bytes + POOL_BYTES - pool.left;

		memcpy(to, from, piece);
		memset(from, 0, piece);
		pool.left -= piece;
		to += piece;
		bytes -= piece;
	}
}
