// Pages for the C library: a bitmap at the start of the heap, first fit from the lowest page that
// may be free. Only the component's first thread comes here.
#include <string.h>

#include "lib/rt/rt.h"

static struct {
	uint64_t base;   // address of page 0
	uint64_t count;  // pages
	uint64_t low;    // no page below is free
	uint64_t *used;  // a bit for each page
} pages;

static bool page_is_used(uint64_t i) { return pages.used[i / 64] >> (i % 64) & 1; }

static void page_mark(uint64_t first, uint64_t count, bool used)
{
	for (uint64_t i = first; i < first + count; i++) {
		uint64_t bit = 1ull << (i % 64);

		if (used)
			pages.used[i / 64] |= bit;
		else
			pages.used[i / 64] &= ~bit;
	}
}

void page_init(uint64_t address, uint64_t size)
{
	uint64_t count = size / PAGE_SIZE;
	uint64_t map_bytes = (count + 63) / 64 * 8;
	uint64_t map_pages = (map_bytes + PAGE_SIZE - 1) / PAGE_SIZE;

	if (count <= map_pages)
		return;
	pages.used = (uint64_t *)(uintptr_t)address;
	memset(pages.used, 0, map_bytes);
	pages.base = address + map_pages * PAGE_SIZE;
	pages.count = count - map_pages;
}

static uint64_t page_count(uint64_t bytes)
{
	return bytes / PAGE_SIZE + (bytes % PAGE_SIZE != 0);
}

// The first run of `count` free pages, or pages.count.
static uint64_t run_find(uint64_t count)
{
	uint64_t run = 0;

	for (uint64_t i = pages.low; i < pages.count; i++) {
		run = page_is_used(i) ? 0 : run + 1;
		if (run == count)
			return i + 1 - count;
	}
	return pages.count;
}

uint64_t page_alloc(uint64_t bytes)
{
	uint64_t count = page_count(bytes);
	uint64_t first;

	if (!count || count > pages.count)
		return 0;
	while (pages.low < pages.count && page_is_used(pages.low))
		pages.low++;
	first = run_find(count);
	if (first == pages.count)
		return 0;
	page_mark(first, count, true);

	uint64_t address = pages.base + first * PAGE_SIZE;

	// Raw memory, or used before: the C library counts on zeros.
	memset((void *)(uintptr_t)address, 0, count * PAGE_SIZE);
	return address;
}

bool page_contains(uint64_t address, uint64_t bytes)
{
	uint64_t size = pages.count * PAGE_SIZE;

	return address % PAGE_SIZE == 0 && address >= pages.base && address - pages.base < size &&
	       page_count(bytes) <= (size - (address - pages.base)) / PAGE_SIZE;
}

void page_free(uint64_t address, uint64_t bytes)
{
	uint64_t first = (address - pages.base) / PAGE_SIZE;

	page_mark(first, page_count(bytes), false);
	if (first < pages.low)
		pages.low = first;
}

bool page_grow(uint64_t address, uint64_t old_bytes, uint64_t new_bytes)
{
	uint64_t first = (address - pages.base) / PAGE_SIZE + page_count(old_bytes);
	uint64_t count = page_count(new_bytes) - page_count(old_bytes);

	if (first + count > pages.count)
		return false;
	for (uint64_t i = first; i < first + count; i++)
		if (page_is_used(i))
			return false;
	page_mark(first, count, true);
	memset((void *)(uintptr_t)(pages.base + first * PAGE_SIZE), 0, count * PAGE_SIZE);
	return true;
}
