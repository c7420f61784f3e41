// The page pool: a bitmap with a summary above it, and a count for each page.
#include "servers/process/page.h"

#include <stdlib.h>

#include "servers/process/check.h"

bool page_pool_make(struct page_pool *pool, uint32_t count)
{
	uint32_t words = (count + 63) / 64;

	*pool = (struct page_pool){.count = words * 64};
	pool->free = calloc(words, sizeof(*pool->free));
	pool->summary = calloc((words + 63) / 64, sizeof(*pool->summary));
	pool->users = calloc(pool->count, sizeof(*pool->users));
	if (pool->free && pool->summary && pool->users)
		return true;
	page_pool_destroy(pool);
	return false;
}

void page_pool_destroy(struct page_pool *pool)
{
	free(pool->free);
	free(pool->summary);
	free(pool->users);
	*pool = (struct page_pool){0};
}

static void bit_free(struct page_pool *pool, uint32_t page)
{
	pool->free[page / 64] |= 1ull << page % 64;
	pool->summary[page / 4096] |= 1ull << page / 64 % 64;
	pool->free_count++;
}

static void bits_take(struct page_pool *pool, uint32_t word, uint64_t mask, uint32_t count)
{
	pool->free[word] &= ~mask;
	if (!pool->free[word])
		pool->summary[word / 64] &= ~(1ull << word % 64);
	pool->free_count -= count;
}

void page_pool_add(struct page_pool *pool, uint32_t first, uint32_t count)
{
	CHECK(first <= pool->count && count <= pool->count - first);
	for (uint32_t i = 0; i < count; i++)
		bit_free(pool, first + i);
}

// Bit i of the result: bits i to i + count - 1 of x are all set.
static uint64_t run_starts(uint64_t x, uint32_t count)
{
	uint32_t have = 1;

	while (have < count) {
		uint32_t step = have < count - have ? have : count - have;

		x &= x >> step;
		have += step;
	}
	return x;
}

// Single pages come from the low end and runs from the high end, so that they disturb each other little.
static uint32_t word_take(struct page_pool *pool, uint32_t word, uint32_t count)
{
	uint64_t starts = run_starts(pool->free[word], count);

	if (!starts)
		return PAGE_NONE;

	uint32_t bit = (uint32_t)__builtin_ctzll(starts);
	uint64_t mask = (count == 64 ? ~0ull : (1ull << count) - 1) << bit;

	bits_take(pool, word, mask, count);
	for (uint32_t i = 0; i < count; i++)
		pool->users[word * 64 + bit + i] = 1;
	return word * 64 + bit;
}

static uint32_t alloc_low(struct page_pool *pool)
{
	uint32_t words = pool->count / 64;

	for (uint32_t s = 0; s < (words + 63) / 64; s++)
		if (pool->summary[s])
			return word_take(pool, s * 64 + (uint32_t)__builtin_ctzll(pool->summary[s]), 1);
	return PAGE_NONE;
}

uint32_t page_take(struct page_pool *pool, uint32_t count)
{
	uint32_t words = pool->count / 64;

	CHECK(count >= 1 && count <= 64);
	if (count == 1)
		return alloc_low(pool);
	for (uint32_t s = (words + 63) / 64; s-- > 0;) {
		for (uint64_t left = pool->summary[s]; left;) {
			uint32_t bit = 63 - (uint32_t)__builtin_clzll(left);
			uint32_t page = word_take(pool, s * 64 + bit, count);

			if (page != PAGE_NONE)
				return page;
			left &= ~(1ull << bit);
		}
	}
	return PAGE_NONE;
}

bool page_share(struct page_pool *pool, uint32_t page)
{
	CHECK(page < pool->count && pool->users[page] > 0);
	if (pool->users[page] == UINT16_MAX)
		return false;
	pool->users[page]++;
	return true;
}

void page_release(struct page_pool *pool, uint32_t page)
{
	CHECK(page < pool->count && pool->users[page] > 0);
	if (--pool->users[page] == 0)
		bit_free(pool, page);
}

void page_release_run(struct page_pool *pool, uint32_t page, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		page_release(pool, page + i);
}
