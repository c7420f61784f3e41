#include "servers/file/random.h"

#include <cpuid.h>
#include <string.h>
#include <x86intrin.h>

#define RDRAND_BIT (1u << 30)

static uint32_t key[8];
static uint64_t counter;

static uint32_t rotate(uint32_t x, unsigned n) { return x << n | x >> (32 - n); }

static void quarter(uint32_t *x, unsigned a, unsigned b, unsigned c, unsigned d)
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

static void block_make(uint32_t out[16])
{
	uint32_t start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};

	memcpy(start + 4, key, sizeof key);
	start[12] = (uint32_t)counter;
	start[13] = (uint32_t)(counter >> 32);
	counter++;
	memcpy(out, start, sizeof start);
	for (int i = 0; i < 10; i++) {
		for (unsigned c = 0; c < 4; c++)
			quarter(out, c, c + 4, c + 8, c + 12);
		for (unsigned c = 0; c < 4; c++)
			quarter(out, c, (c + 1) % 4 + 4, (c + 2) % 4 + 8, (c + 3) % 4 + 12);
	}
	for (int i = 0; i < 16; i++)
		out[i] += start[i];
}

static uint64_t processor_random(void)
{
	unsigned char ok = 0;
	unsigned long long value = 0;

	for (int i = 0; i < 10 && !ok; i++)
		__asm__ volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(ok) : : "cc");
	return ok ? value : 0;
}

static void mix(uint64_t value)
{
	uint32_t out[16];

	key[0] ^= (uint32_t)value;
	key[1] ^= (uint32_t)(value >> 32);
	block_make(out);
	memcpy(key, out, sizeof key);
}

void random_init(void)
{
	unsigned a, b, c = 0, d;

	if (!__get_cpuid(1, &a, &b, &c, &d))
		c = 0;
	for (int i = 0; i < 4; i++) {
		mix(__rdtsc());
		if (c & RDRAND_BIT)
			mix(processor_random());
	}
}

void random_get(void *to, size_t size)
{
	uint8_t *out = to;
	uint32_t block[16];

	mix(__rdtsc());
	while (size > 0) {
		size_t n = size < sizeof block ? size : sizeof block;

		block_make(block);
		memcpy(out, block, n);
		out += n;
		size -= n;
	}
	block_make(block);
	memcpy(key, block, sizeof key);
	memset(block, 0, sizeof block);
}
