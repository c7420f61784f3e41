// Address spaces: making them, finding and mapping pages.
#include "servers/process/space.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "servers/process/check.h"

#define BUCKETS_FIRST 32
#define CHUNK_POOL_MAX 512
// One program's mappings have page tables from this part of all Untypeds, or from a few units.
#define SUPPLY_SHARE 8
#define SUPPLIES_LEAST 4
#define FRAME_ALL (FRAME_READ | FRAME_WRITE | FRAME_EXECUTE)

struct space *space_make(void)
{
	struct space *space = calloc(1, sizeof(*space));
	cap_t vspace = slot_alloc();

	if (space && vspace)
		space->buckets = calloc(BUCKETS_FIRST, sizeof(*space->buckets));
	if (!space || !vspace || !space->buckets || !(space->unit = unit_take(UNIT_SPACE)))
		goto fail;
	space->bucket_count = BUCKETS_FIRST;
	space->references = 1;
	space->vspace = vspace;
	memset(space->block_pages, 0xff, sizeof(space->block_pages));  // PAGE_NONE
	if (unit_make(space->unit, TYPE_VSPACE, 0, vspace))
		return space;
	unit_give(UNIT_SPACE, space->unit);
fail:
	if (vspace)
		slot_free(vspace);
	if (space)
		free(space->buckets);
	free(space);
	return NULL;
}

// Chunks that are not used, for the next.
static struct chunk *chunk_pool;
static uint32_t chunk_pool_count;

static struct chunk *chunk_take(void)
{
	struct chunk *chunk = chunk_pool;

	if (!chunk)
		return malloc(sizeof(*chunk));
	chunk_pool = chunk->next;
	chunk_pool_count--;
	return chunk;
}

void chunk_put(struct chunk *chunk)
{
	if (chunk_pool_count == CHUNK_POOL_MAX) {
		free(chunk);
		return;
	}
	chunk->next = chunk_pool;
	chunk_pool = chunk;
	chunk_pool_count++;
}

static void chunks_free(struct space *space)
{
	for (uint32_t b = 0; b < space->bucket_count; b++) {
		for (struct chunk *c = space->buckets[b], *next; c; c = next) {
			next = c->next;
			for (uint32_t i = 0; i < CHUNK_PAGES; i++)
				if (c->entries[i].page != PAGE_NONE)
					page_release(&store_pages, c->entries[i].page);
			chunk_put(c);
		}
		space->buckets[b] = NULL;
	}
	space->chunk_count = 0;
}

static void program_forget(struct space *space)
{
	if (space->program.file)
		backing_put(&space->program.file->base);
	space->program = (struct program){0};
}

void space_empty(struct space *space)
{
	program_forget(space);
	slot_set_clear(&space->pages);
	chunks_free(space);
	// No area crosses these borders, so no room is needed.
	vma_remove(&space->vmas, 0, PROGRAM_END);
	vma_remove(&space->vmas, ENV_EXEC, ENV_END);
	space->vmas.has_shared = false;
	space_charge_settle(space);
	memset(space->tables, 0, sizeof(space->tables));
	memset(space->runs, 0, sizeof(space->runs));
	space->run_count = space->protects = 0;
	space->brk_start = space->brk = space->mmap_top = space->vdso = 0;
	space->resident = space->peak = 0;
	space->locks_future = space->locks_on_fault = false;
	space->shares = 0;
}

void space_put(struct space *space)
{
	if (--space->references)
		return;
	unit_give(UNIT_SPACE, space->unit);
	slot_free(space->vspace);
	for (uint32_t i = 0; i < space->supply_count; i++)
		unit_give(UNIT_SPACE, space->supplies[i]);
	slot_set_clear(&space->slots);
	slot_set_clear(&space->pages);
	chunks_free(space);
	free(space->buckets);
	for (uint32_t i = 0; i < SPACE_BLOCK_PAGES; i++)
		if (space->block_pages[i] != PAGE_NONE)
			page_release(&store_pages, space->block_pages[i]);
	vma_clear(&space->vmas);
	store_uncharge(space->charged);
	program_forget(space);
	free(space);
}

bool space_charge(struct space *space, uint64_t pages)
{
	if (!store_charge(pages))
		return false;
	space->charged += pages;
	return true;
}

void space_charge_settle(struct space *space)
{
	CHECK(space->charged >= space->vmas.charged);
	store_uncharge(space->charged - space->vmas.charged);
	space->charged = space->vmas.charged;
}

static bool supply_add(struct space *space, uint32_t most)
{
	cap_t unit, child;

	if (space->supply_count >= most || !(child = slot_alloc()))
		return false;
	unit = unit_take(UNIT_SPACE);
	if (!unit) {
		slot_free(child);
		return false;
	}

	bool is_given = unit_make(unit, TYPE_UNTYPED, SIZE_BITS_VSPACE, child) &&
			vspace_supply(space->vspace, child) == OK;

	if (is_given)
		space->supplies[space->supply_count++] = unit;
	else
		unit_give(UNIT_SPACE, unit);
	slot_free(child);
	return is_given;
}

bool space_supply(struct space *space)
{
	uint32_t share = unit_max(UNIT_SPACE) / SUPPLY_SHARE;

	return supply_add(space, share < SUPPLIES_LEAST ? SUPPLIES_LEAST
				 : share > SPACE_SUPPLIES_MAX ? SPACE_SUPPLIES_MAX
							      : share);
}

static void table_note(struct space *space, uint64_t address)
{
	uint64_t table = address / TABLE_SIZE;

	space->tables[table % 64] = table + 1;
}

// Make the mappings, with tables as they are needed: how many were made. The environment's own are few, and
// have no limit of their own.
static uint32_t items_map(struct space *space, const struct abi_map_item *items, uint32_t count, bool is_own)
{
	uint32_t done = 0;

	while (done < count) {
		struct msg m = {.tag = TAG(METHOD_VSPACE_MAP, 1), .words = {count - done}};

		memcpy(sys_block()->items, items + done, (count - done) * sizeof(*items));

		err_t err = sys_call(space->vspace, &m);
		uint32_t made = err ? (uint32_t)m.words[2] : count - done;

		for (; made && done < count; made--)
			table_note(space, items[done++].address);
		if (err && (err != ERR_NO_MEMORY || !(is_own ? supply_add(space, SPACE_SUPPLIES_MAX) : space_supply(space))))
			break;
	}
	return done;
}

void space_items_map(struct space *space, const struct map_items *items)
{
	if (items_map(space, items->items, items->count, false) < items->count)
		space_unmap_all(space);
}

// Map a window by a slot of the set.
static cap_t set_map(struct space *space, struct slot_set *set, const struct window *window, uint64_t address,
		     uint64_t rights)
{
	struct abi_map_item item = {window->frame, slot_set_take(set), address, window->first, window->count,
				    (uint32_t)rights & FRAME_ALL, rights & FRAME_MAP_OVER ? MAP_ITEM_OVER : 0};

	if (item.dest && items_map(space, &item, 1, set == &space->slots))
		return item.dest;
	if (item.dest)
		slot_set_drop(set, item.dest);
	return 0;
}

cap_t space_map(struct space *space, cap_t frame, uint32_t first, uint32_t count, uint64_t address,
		uint64_t rights)
{
	return set_map(space, &space->slots, &(struct window){frame, first, count}, address, rights);
}

cap_t space_map_pages(struct space *space, const struct window *window, uint64_t address, uint64_t rights)
{
	return set_map(space, &space->pages, window, address, rights);
}

static bool buckets_grow(struct space *space)
{
	uint32_t count = space->bucket_count * 4;
	struct chunk **buckets = calloc(count, sizeof(*buckets));

	if (!buckets)
		return false;
	for (uint32_t b = 0; b < space->bucket_count; b++) {
		for (struct chunk *c = space->buckets[b], *next; c; c = next) {
			next = c->next;
			c->next = buckets[c->number % count];
			buckets[c->number % count] = c;
		}
	}
	free(space->buckets);
	space->buckets = buckets;
	space->bucket_count = count;
	return true;
}

struct chunk *chunk_find(struct space *space, uint64_t address, bool is_make)
{
	uint64_t number = address / CHUNK_SIZE;
	struct chunk *c = space->buckets[number % space->bucket_count];

	while (c && c->number != number)
		c = c->next;
	if (c || !is_make)
		return c;
	if (space->chunk_count > 2 * space->bucket_count)
		(void)buckets_grow(space);
	c = chunk_take();
	if (!c)
		return NULL;
	c->number = number;
	c->writable = c->holed = 0;
	c->next = space->buckets[number % space->bucket_count];
	space->buckets[number % space->bucket_count] = c;
	space->chunk_count++;
	for (uint32_t i = 0; i < CHUNK_PAGES; i++)
		c->entries[i] = (struct entry){PAGE_NONE, 0};
	return c;
}

cap_t chunk_forget(struct chunk *chunk, uint32_t i)
{
	cap_t slot = chunk->entries[i].slot;

	for (uint32_t j = 0; slot && j < CHUNK_PAGES; j++) {
		if (chunk->entries[j].slot != slot)
			continue;
		chunk->entries[j].slot = 0;
		chunk->writable &= (uint16_t) ~(1u << j);
	}
	return slot;
}

void chunk_unmap(struct space *space, struct chunk *chunk, uint32_t i)
{
	cap_t slot = chunk_forget(chunk, i);

	if (slot)
		slot_set_drop(&space->pages, slot);
}

void space_unmap_all(struct space *space)
{
	slot_set_clear(&space->pages);
	for (uint32_t b = 0; b < space->bucket_count; b++) {
		for (struct chunk *c = space->buckets[b]; c; c = c->next) {
			c->writable = c->holed = 0;
			for (uint32_t i = 0; i < CHUNK_PAGES; i++)
				c->entries[i].slot = 0;
		}
	}
	memset(space->tables, 0, sizeof(space->tables));
}

static void shared_destroy(struct backing *backing)
{
	struct shared *shared = (struct shared *)backing;

	for (uint64_t i = 0; i < shared->count; i++)
		if (shared->pages[i] != PAGE_NONE)
			page_release(&store_pages, shared->pages[i]);
	free(shared->pages);
	free(shared);
}

struct shared *shared_make(uint64_t count)
{
	struct shared *shared = calloc(1, sizeof(*shared));

	if (!shared)
		return NULL;
	shared->base = (struct backing){1, shared_destroy};
	shared->count = count;
	shared->pages = malloc(count * sizeof(*shared->pages));
	if (!shared->pages) {
		free(shared);
		return NULL;
	}
	memset(shared->pages, 0xff, count * sizeof(*shared->pages));
	return shared;
}

void shared_forget(struct shared *shared, uint64_t first, uint64_t count)
{
	for (uint64_t i = first; i < shared->count && i - first < count; i++) {
		if (shared->pages[i] != PAGE_NONE)
			page_release(&store_pages, shared->pages[i]);
		shared->pages[i] = PAGE_NONE;
	}
}
