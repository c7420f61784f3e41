#include "servers/file/store.h"

#include "servers/file/heap.h"

void store_init(struct store *store)
{
	*store = (struct store){.end = 1, .hint = 1};
}

bool store_add(struct store *store, void *base, uint64_t size, uint32_t frame)
{
	uint64_t pages = size / PAGE;

	if (store->region_count == STORE_REGIONS_MAX || pages == 0 ||
	    pages >= INT32_MAX - (uint64_t)store->end)
		return false;
	store->regions[store->region_count++] =
		(struct store_region){base, store->end, (uint32_t)pages, frame};
	store->end += (uint32_t)pages + 1;  // a number that is no page ends every run
	store->total += (uint32_t)pages;
	return true;
}

static bool is_used(const struct store *store, uint32_t page)
{
	return store->used[page / 64] >> page % 64 & 1;
}

static void mark(struct store *store, uint32_t page, uint32_t count, bool used)
{
	for (uint32_t i = page; i < page + count; i++)
		if (used)
			store->used[i / 64] |= 1ull << i % 64;
		else
			store->used[i / 64] &= ~(1ull << i % 64);
}

bool store_start(struct store *store)
{
	store->used = heap_get((store->end / 64 + 1) * sizeof store->used[0], HEAP_NORMAL);
	if (!store->used)
		return false;
	mark(store, 0, 1, true);
	for (uint32_t i = 0; i < store->region_count; i++)
		mark(store, store->regions[i].first + store->regions[i].pages, 1, true);
	store->free = store->total;
	store->reserve = store->total / 16 < 256 ? store->total / 16 : 256;
	return true;
}

// The first free run in [from, to), or 0.
static uint32_t run_find(const struct store *store, uint32_t from, uint32_t to, uint32_t count)
{
	uint32_t length = 0;

	for (uint32_t page = from; page < to; page++) {
		if (page % 64 == 0 && length == 0 && page + 64 <= to &&
		    store->used[page / 64] == UINT64_MAX) {
			page += 63;
			continue;
		}
		length = is_used(store, page) ? 0 : length + 1;
		if (length == count)
			return page + 1 - count;
	}
	return 0;
}

uint32_t store_get(struct store *store, uint32_t count)
{
	if (count == 0 || store->free < count)
		return 0;

	uint32_t page = run_find(store, store->hint, store->end, count);

	if (page == 0)
		page = run_find(store, 1, store->end, count);
	if (page == 0)
		return 0;
	mark(store, page, count, true);
	store->free -= count;
	store->hint = page + count;
	return page;
}

uint32_t store_get_data(struct store *store, uint32_t after)
{
	if (store->free <= store->reserve)
		return 0;
	if (after == 0 || is_used(store, after + 1))
		return store_get(store, 1);
	mark(store, after + 1, 1, true);
	store->free--;
	return after + 1;
}

void store_put(struct store *store, uint32_t page, uint32_t count)
{
	mark(store, page, count, false);
	store->free += count;
	if (page < store->hint)
		store->hint = page;
}

const struct store_region *store_region(const struct store *store, uint32_t page)
{
	uint32_t i = 0;

	while (page >= store->regions[i].first + store->regions[i].pages)
		i++;
	return &store->regions[i];
}

uint8_t *store_address(const struct store *store, uint32_t page)
{
	const struct store_region *region = store_region(store, page);

	return region->base + (uint64_t)(page - region->first) * PAGE;
}
