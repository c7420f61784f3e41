// Address spaces: operations on ranges, and copying in and out.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "servers/process/check.h"
#include "servers/process/space.h"

#define PROTECT_MAX 0x100000ull

typedef void apply_t(struct space *space, struct chunk *chunk, uint32_t i, struct slot_drops *drops);

static void entry_unmap(struct space *space, struct chunk *chunk, uint32_t i, struct slot_drops *drops)
{
	cap_t slot = chunk_forget(chunk, i);

	(void)space;
	if (slot)
		slot_drops_add(drops, slot);
}

// The page is free when it was the last user: nothing takes it before the drops are flushed.
static void entry_release(struct space *space, struct chunk *chunk, uint32_t i, struct slot_drops *drops)
{
	entry_unmap(space, chunk, i, drops);
	if (chunk->entries[i].page == PAGE_NONE)
		return;
	page_release(&store_pages, chunk->entries[i].page);
	chunk->entries[i].page = PAGE_NONE;
	space->resident--;
}

static void chunk_apply(struct space *space, struct chunk *chunk, uint64_t start, uint64_t end, apply_t *apply,
			struct slot_drops *drops)
{
	uint64_t base = chunk->number * CHUNK_SIZE;
	uint32_t low = start > base ? (uint32_t)((start - base) / PAGE_SIZE) : 0;
	uint32_t high = end - base < CHUNK_SIZE ? (uint32_t)((end - base) / PAGE_SIZE) : CHUNK_PAGES;

	for (uint32_t i = low; i < high; i++)
		apply(space, chunk, i, drops);
}

// For every chunk that touches the range: by number when the range is small, else through the table.
static void range_apply(struct space *space, uint64_t start, uint64_t end, apply_t *apply)
{
	uint64_t first = start / CHUNK_SIZE, last = (end + CHUNK_SIZE - 1) / CHUNK_SIZE;
	struct slot_drops drops = {.set = &space->pages};

	if (last - first <= space->chunk_count) {
		for (uint64_t n = first; n < last; n++) {
			struct chunk *chunk = chunk_find(space, n * CHUNK_SIZE, false);

			if (chunk)
				chunk_apply(space, chunk, start, end, apply, &drops);
		}
	} else {
		for (uint32_t b = 0; b < space->bucket_count; b++)
			for (struct chunk *c = space->buckets[b]; c; c = c->next)
				if (c->number >= first && c->number < last)
					chunk_apply(space, c, start, end, apply, &drops);
	}
	slot_drops_flush(&drops);
}

static bool chunk_is_empty(const struct chunk *chunk)
{
	for (uint32_t i = 0; i < CHUNK_PAGES; i++)
		if (chunk->entries[i].page != PAGE_NONE || chunk->entries[i].slot)
			return false;
	return true;
}

static void bucket_sweep(struct space *space, uint32_t bucket)
{
	for (struct chunk **link = &space->buckets[bucket]; *link;) {
		struct chunk *chunk = *link;

		if (!chunk_is_empty(chunk)) {
			link = &chunk->next;
			continue;
		}
		*link = chunk->next;
		chunk_put(chunk);
		space->chunk_count--;
	}
}

void space_drop(struct space *space, uint64_t start, uint64_t end)
{
	uint64_t first = start / CHUNK_SIZE, last = (end + CHUNK_SIZE - 1) / CHUNK_SIZE;

	range_apply(space, start, end, entry_release);
	for (uint64_t n = 0; n < last - first && n < space->bucket_count; n++)
		bucket_sweep(space, (uint32_t)((first + n) % space->bucket_count));
}

void space_unmap(struct space *space, uint64_t start, uint64_t end)
{
	range_apply(space, start, end, entry_unmap);
}

// Change the mapping that covers entry i, when it has no holes and all of it lies in [start, end); else drop
// it. Writing is allowed where it is for every page.
static void mapping_protect(struct space *space, const struct vma *vma, struct chunk *chunk, uint32_t i,
			    uint64_t start, uint64_t end)
{
	const struct entry *entries = chunk->entries;
	cap_t slot = entries[i].slot;
	uint32_t low = i, high = i + 1;
	uint64_t base = chunk->number * CHUNK_SIZE;
	bool is_writable = page_is_writable(vma, entries[i].page);

	for (; low > 0 && entries[low - 1].slot == slot; low--)
		is_writable = is_writable && page_is_writable(vma, entries[low - 1].page);
	for (; high < CHUNK_PAGES && entries[high].slot == slot; high++)
		is_writable = is_writable && page_is_writable(vma, entries[high].page);
	if (!vma->prot || chunk->holed || base + low * (uint64_t)PAGE_SIZE < start ||
	    base + high * (uint64_t)PAGE_SIZE > end || base + low * (uint64_t)PAGE_SIZE < vma->start ||
	    base + high * (uint64_t)PAGE_SIZE > vma->end ||
	    frame_protect(slot, FRAME_READ | (is_writable ? FRAME_WRITE : 0) |
					(vma->prot & VMA_EXECUTE ? FRAME_EXECUTE : 0))) {
		chunk_unmap(space, chunk, i);
		return;
	}

	uint32_t mask = ((1u << (high - low)) - 1) << low;

	chunk->writable = (uint16_t)(is_writable ? chunk->writable | mask : chunk->writable & ~mask);
}

// Entry by entry where a few are concerned; a large range is mapped again as it is touched.
void space_protect(struct space *space, uint64_t start, uint64_t end)
{
	if (end - start > PROTECT_MAX) {
		space_unmap(space, start, end);
		return;
	}
	for (uint64_t at = start; at < end;) {
		struct chunk *chunk = chunk_find(space, at, false);
		uint32_t i = (uint32_t)(at / PAGE_SIZE % CHUNK_PAGES);
		cap_t slot = chunk ? chunk->entries[i].slot : 0;

		if (slot)
			mapping_protect(space, vma_find(&space->vmas, at), chunk, i, start, end);
		at += chunk ? PAGE_SIZE : CHUNK_SIZE - at % CHUNK_SIZE;
		while (slot && at < end && at % CHUNK_SIZE &&
		       chunk->entries[at / PAGE_SIZE % CHUNK_PAGES].slot == slot)
			at += PAGE_SIZE;
	}
}

bool space_move(struct space *space, uint64_t from, uint64_t to, uint64_t length)
{
	for (uint64_t o = 0; o < length; o += PAGE_SIZE)
		if (chunk_find(space, from + o, false) && !chunk_find(space, to + o, true))
			return false;
	for (uint64_t o = 0; o < length; o += PAGE_SIZE) {
		struct chunk *source = chunk_find(space, from + o, false);
		uint32_t i = (uint32_t)((from + o) / PAGE_SIZE % CHUNK_PAGES);

		if (!source)
			continue;
		chunk_unmap(space, source, i);
		if (source->entries[i].page == PAGE_NONE)
			continue;

		struct chunk *dest = chunk_find(space, to + o, false);
		struct entry *entry = &dest->entries[(to + o) / PAGE_SIZE % CHUNK_PAGES];

		CHECK(entry->page == PAGE_NONE && !entry->slot);
		entry->page = source->entries[i].page;
		source->entries[i].page = PAGE_NONE;
	}
	return true;
}

int64_t space_populate_range(struct space *space, uint64_t start, uint64_t end, uint32_t how)
{
	bool is_strict = how & 2, is_write = how & 1;

	for (uint64_t at = start; at < end; at += PAGE_SIZE) {
		const struct vma *vma = vma_find(&space->vmas, at);
		bool is_allowed = vma && vma->prot && (!is_write || vma->prot & VMA_WRITE);
		uint32_t page;

		if (!vma || (!is_allowed && is_strict))
			return vma ? -EFAULT : -ENOMEM;
		if (!vma->prot) {
			at = vma->end - PAGE_SIZE;
			continue;
		}

		enum outcome outcome = space_populate(space, at, is_write && vma->prot & VMA_WRITE, &page);

		if (outcome != OUTCOME_OK && (is_strict || outcome == OUTCOME_MEMORY))
			return outcome == OUTCOME_MEMORY ? -ENOMEM : -EFAULT;
	}
	return 0;
}

bool space_is_resident(struct space *space, uint64_t address)
{
	const struct vma *vma = vma_find(&space->vmas, address);
	const struct chunk *chunk = chunk_find(space, address, false);
	const struct entry *entry = chunk ? &chunk->entries[address / PAGE_SIZE % CHUNK_PAGES] : NULL;

	// A file's pages are in the cache as long as they are anywhere.
	return (entry && (entry->page != PAGE_NONE || entry->slot)) || (vma && vma->flags & VMA_FILE);
}

uint64_t space_read(struct space *space, uint64_t address, void *to, uint64_t length)
{
	uint64_t done = 0;

	if (!space_settle(space))
		return 0;
	while (done < length) {
		uint64_t at = address + done, offset = at % PAGE_SIZE;
		uint64_t part = PAGE_SIZE - offset < length - done ? PAGE_SIZE - offset : length - done;
		const struct vma *vma = vma_find(&space->vmas, at);
		uint32_t page;

		if (!vma || !vma->prot || space_populate(space, at, false, &page) != OUTCOME_OK)
			return done;
		if (page != PAGE_NONE)
			memcpy((uint8_t *)to + done, store_at(page) + offset, part);
		else if (file_fetch((struct file *)vma->backing, vma->offset + (at - vma->start),
				    (uint8_t *)to + done, part) != (int64_t)part)
			return done;
		done += part;
	}
	return done;
}

uint64_t space_write(struct space *space, uint64_t address, const void *from, uint64_t length)
{
	uint64_t done = 0;

	if (!space_settle(space))
		return 0;
	while (done < length) {
		uint64_t at = address + done, offset = at % PAGE_SIZE;
		uint64_t part = PAGE_SIZE - offset < length - done ? PAGE_SIZE - offset : length - done;
		const struct vma *vma = vma_find(&space->vmas, at);
		uint32_t page;

		if (!vma || !(vma->prot & VMA_WRITE) || space_populate(space, at, true, &page) != OUTCOME_OK)
			return done;
		if (page != PAGE_NONE)
			memcpy(store_at(page) + offset, (const uint8_t *)from + done, part);
		else if (file_store((struct file *)vma->backing, vma->offset + (at - vma->start),
				    (const uint8_t *)from + done, part) != (int64_t)part)
			return done;
		done += part;
	}
	return done;
}
