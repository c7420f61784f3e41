// Address spaces: making them, finding and mapping pages.
#include "servers/process/space.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "servers/process/check.h"

#define BUCKETS_FIRST 32
#define TABLE_SIZE 0x200000ull

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

static void chunks_free(struct space *space)
{
	for (uint32_t b = 0; b < space->bucket_count; b++) {
		for (struct chunk *c = space->buckets[b], *next; c; c = next) {
			next = c->next;
			for (uint32_t i = 0; i < CHUNK_PAGES; i++)
				if (c->entries[i].page != PAGE_NONE)
					page_release(&store_pages, c->entries[i].page);
			free(c);
		}
	}
	free(space->buckets);
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
	chunks_free(space);
	for (uint32_t i = 0; i < SPACE_BLOCK_PAGES; i++)
		if (space->block_pages[i] != PAGE_NONE)
			page_release(&store_pages, space->block_pages[i]);
	vma_clear(&space->vmas);
	store_uncharge(space->charged);
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

// 64 KiB more for page tables.
static bool space_supply(struct space *space)
{
	cap_t unit, child;

	if (space->supply_count == SPACE_SUPPLIES_MAX || !(child = slot_alloc()))
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

// Derive a window into a slot of the space's and map it, with tables as they are needed.
cap_t space_map(struct space *space, cap_t frame, uint32_t first, uint32_t count, uint64_t address,
			uint64_t rights)
{
	cap_t slot = slot_set_take(&space->slots);

	if (!slot)
		return 0;

	err_t err = cnode_derive(store_cnode, slot, store_cnode, frame, FRAME_READ | FRAME_WRITE | FRAME_EXECUTE,
				 first, count);

	while (!err) {
		err = frame_map(slot, space->vspace, address, rights);
		if (!err) {
			uint64_t table = address / TABLE_SIZE;

			space->tables[table % 64] = table + 1;
			return slot;
		}
		if (err == ERR_NO_MEMORY && space_supply(space))
			err = OK;
	}
	slot_set_drop(&space->slots, slot);
	return 0;
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
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->number = number;
	c->next = space->buckets[number % space->bucket_count];
	space->buckets[number % space->bucket_count] = c;
	space->chunk_count++;
	for (uint32_t i = 0; i < CHUNK_PAGES; i++)
		c->entries[i].page = PAGE_NONE;
	return c;
}

// Drop the mapping that covers entry i, from all entries that it covers.
void chunk_unmap(struct space *space, struct chunk *chunk, uint32_t i)
{
	cap_t slot = chunk->entries[i].slot;

	if (!slot)
		return;
	for (uint32_t j = 0; j < CHUNK_PAGES; j++) {
		if (chunk->entries[j].slot != slot)
			continue;
		chunk->entries[j].slot = 0;
		chunk->writable &= ~(1u << j);
	}
	slot_set_drop(&space->slots, slot);
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

static void entry_set(struct space *space, struct entry *entry, uint32_t page)
{
	entry->page = page;
	if (++space->resident > space->peak)
		space->peak = space->resident;
}

static enum outcome populate_shared(struct space *space, const struct vma *vma, uint64_t address,
				    struct entry *entry)
{
	struct shared *shared = (struct shared *)vma->backing;
	uint64_t i = (vma->offset + (address - vma->start)) / PAGE_SIZE;

	if (i >= shared->count)
		return OUTCOME_BEYOND;
	if (shared->pages[i] == PAGE_NONE && (shared->pages[i] = store_page()) == PAGE_NONE)
		return OUTCOME_MEMORY;
	if (!page_share(&store_pages, shared->pages[i]))
		return OUTCOME_MEMORY;
	entry_set(space, entry, shared->pages[i]);
	return OUTCOME_OK;
}

// A page of the process's own: zeroes, with the file's bytes before valid_end.
static enum outcome populate_private(struct space *space, const struct vma *vma, uint64_t address,
				     struct entry *entry)
{
	uint32_t page = store_page();
	int64_t got = 1;

	if (page == PAGE_NONE)
		return OUTCOME_MEMORY;
	if (vma->flags & VMA_FILE && address < vma->valid_end) {
		uint64_t length = vma->valid_end - address;

		got = file_fetch((struct file *)vma->backing, vma->offset + (address - vma->start),
				 store_at(page), length < PAGE_SIZE ? length : PAGE_SIZE);
	}
	if (got <= 0) {
		page_release(&store_pages, page);
		return OUTCOME_BEYOND;
	}
	entry_set(space, entry, page);
	return OUTCOME_OK;
}

// Copy-on-write: a page of its own for this entry.
static enum outcome page_split(struct space *space, struct chunk *chunk, uint32_t i)
{
	struct entry *entry = &chunk->entries[i];
	uint32_t page = page_take(&store_pages, 1);

	if (page == PAGE_NONE)
		return OUTCOME_MEMORY;
	memcpy(store_at(page), store_at(entry->page), PAGE_SIZE);
	chunk_unmap(space, chunk, i);
	page_release(&store_pages, entry->page);
	entry->page = page;
	return OUTCOME_OK;
}

static bool is_file_page(const struct vma *vma, uint64_t address)
{
	return vma->flags & VMA_FILE && address < vma->valid_end && vma->valid_end - address >= PAGE_SIZE;
}

static enum outcome entry_populate(struct space *space, const struct vma *vma, struct chunk *chunk,
				   uint64_t address, bool is_write)
{
	uint32_t i = (uint32_t)(address / PAGE_SIZE % CHUNK_PAGES);
	struct entry *entry = &chunk->entries[i];

	if (entry->page != PAGE_NONE) {
		if (is_write && !(vma->flags & VMA_SHARED) && page_is_shared(&store_pages, entry->page))
			return page_split(space, chunk, i);
		return OUTCOME_OK;
	}
	if (vma->flags & VMA_SHARED && !(vma->flags & VMA_FILE))
		return populate_shared(space, vma, address, entry);
	if (is_file_page(vma, address) && !is_write) {
		uint64_t page = (vma->offset + (address - vma->start)) / PAGE_SIZE;

		return file_cover((struct file *)vma->backing, page) ? OUTCOME_BEYOND : OUTCOME_OK;
	}
	chunk_unmap(space, chunk, i);
	return populate_private(space, vma, address, entry);
}

enum outcome space_populate(struct space *space, uint64_t address, bool is_write, uint32_t *page)
{
	const struct vma *vma = vma_find(&space->vmas, address);

	if (!vma)
		return OUTCOME_NO_AREA;
	if (is_write && vma->flags & VMA_SHARED && vma->flags & VMA_FILE)
		return OUTCOME_ACCESS;

	struct chunk *chunk = chunk_find(space, address, true);
	uint64_t start = address & ~(PAGE_SIZE - 1ull);

	if (!chunk)
		return OUTCOME_MEMORY;

	enum outcome outcome = entry_populate(space, vma, chunk, start, is_write);

	*page = chunk->entries[address / PAGE_SIZE % CHUNK_PAGES].page;
	return outcome;
}

static bool page_is_writable(const struct vma *vma, uint32_t page)
{
	return vma->prot & VMA_WRITE && page != PAGE_NONE &&
	       (vma->flags & VMA_SHARED || !page_is_shared(&store_pages, page));
}

// The run of entries around i that one mapping can cover: same source, consecutive, same rights.
struct run {
	uint32_t low, high;  // entries [low, high)
	cap_t frame;
	uint32_t first;      // of the source: page of entry low
	bool is_writable;
};

static bool run_takes(const struct vma *vma, const struct chunk *chunk, uint32_t i, uint32_t j,
		      bool is_writable)
{
	const struct entry *a = &chunk->entries[i], *b = &chunk->entries[j];
	uint64_t address = chunk->number * CHUNK_SIZE + j * (uint64_t)PAGE_SIZE;

	if (address < vma->start || address >= vma->end || b->slot)
		return false;
	// PAGE_NONE comes before page 0 in this arithmetic, and is none.
	if (a->page != PAGE_NONE)
		return b->page != PAGE_NONE && b->page == a->page + j - i &&
		       page_is_writable(vma, b->page) == is_writable;

	const struct file *file = (const struct file *)vma->backing;
	uint64_t page = (vma->offset + (address - vma->start)) / PAGE_SIZE;

	return b->page == PAGE_NONE && is_file_page(vma, address) && page >= file->first &&
	       page - file->first < file->count;
}

static struct run run_find(const struct vma *vma, const struct chunk *chunk, uint32_t i)
{
	uint32_t page = chunk->entries[i].page;
	struct run run = {i, i + 1, 0, 0, page_is_writable(vma, page)};

	while (run.low > 0 && run_takes(vma, chunk, i, run.low - 1, run.is_writable))
		run.low--;
	while (run.high < CHUNK_PAGES && run_takes(vma, chunk, i, run.high, run.is_writable))
		run.high++;
	if (page != PAGE_NONE) {
		run.frame = store_frame(page - (i - run.low), &run.first);
	} else {
		const struct file *file = (const struct file *)vma->backing;
		uint64_t address = chunk->number * CHUNK_SIZE + run.low * (uint64_t)PAGE_SIZE;

		run.frame = file->frame;
		run.first = (uint32_t)((vma->offset + (address - vma->start)) / PAGE_SIZE - file->first);
	}
	return run;
}

static void run_set(struct chunk *chunk, const struct run *run, cap_t slot)
{
	for (uint32_t j = run->low; j < run->high; j++) {
		chunk->entries[j].slot = slot;
		if (run->is_writable)
			chunk->writable |= 1u << j;
	}
}

// Make the mapping around entry i: by the reply when the tables are there and it was not tried before.
static enum outcome run_map(struct space *space, const struct vma *vma, struct chunk *chunk, uint32_t i,
			    bool by_reply, struct abi_map_item *item)
{
	struct run run = run_find(vma, chunk, i);
	uint64_t address = chunk->number * CHUNK_SIZE + run.low * (uint64_t)PAGE_SIZE;
	uint64_t table = address / TABLE_SIZE;
	uint32_t rights = FRAME_READ | (run.is_writable ? FRAME_WRITE : 0) |
			  (vma->prot & VMA_EXECUTE ? FRAME_EXECUTE : 0);
	cap_t slot;

	if (by_reply && space->tables[table % 64] == table + 1 && (slot = slot_set_take(&space->slots))) {
		*item = (struct abi_map_item){run.frame, slot, address, run.first, run.high - run.low,
					      rights, 0};
		run_set(chunk, &run, slot);
		return OUTCOME_OK;
	}
	slot = space_map(space, run.frame, run.first, run.high - run.low, address, rights);
	if (!slot) {
		// Out of slots or tables: let go of every mapping there is but the library's, and try again.
		space_unmap(space, 0, PROGRAM_END);
		slot = space_map(space, run.frame, run.first, run.high - run.low, address, rights);
	}
	if (!slot)
		return OUTCOME_MEMORY;
	run_set(chunk, &run, slot);
	return OUTCOME_OK;
}

// A mapping that is only short of the right to write, over pages of this space alone: give it.
static bool run_unlock(const struct vma *vma, struct chunk *chunk, uint32_t i)
{
	cap_t slot = chunk->entries[i].slot;
	uint32_t mask = 0;

	for (uint32_t j = 0; j < CHUNK_PAGES; j++) {
		if (chunk->entries[j].slot != slot)
			continue;
		if (!page_is_writable(vma, chunk->entries[j].page))
			return false;
		mask |= 1u << j;
	}

	uint64_t rights = FRAME_READ | FRAME_WRITE | (vma->prot & VMA_EXECUTE ? FRAME_EXECUTE : 0);

	if (frame_protect(slot, rights))
		return false;
	chunk->writable |= mask;
	return true;
}

enum outcome space_fault(struct space *space, uint64_t address, uint64_t access, struct abi_map_item *item)
{
	const struct vma *vma = vma_find(&space->vmas, address);
	bool is_write = access & FAULT_ACCESS_WRITE;
	uint32_t i = (uint32_t)(address / PAGE_SIZE % CHUNK_PAGES), page;

	item->count = 0;
	if (!vma)
		return OUTCOME_NO_AREA;
	if (!vma->prot || (is_write && !(vma->prot & VMA_WRITE)) ||
	    (access & FAULT_ACCESS_EXECUTE && !(vma->prot & VMA_EXECUTE)))
		return OUTCOME_ACCESS;

	enum outcome outcome = space_populate(space, address, is_write, &page);

	if (outcome != OUTCOME_OK)
		return outcome;

	struct chunk *chunk = chunk_find(space, address, false);
	bool was_mapped = chunk->entries[i].slot;

	if (was_mapped && is_write && !(chunk->writable & 1u << i) && run_unlock(vma, chunk, i))
		return OUTCOME_OK;
	chunk_unmap(space, chunk, i);
	return run_map(space, vma, chunk, i, !was_mapped, item);
}
