// Address spaces: operations on ranges, fork, and copying in and out.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "servers/process/check.h"
#include "servers/process/space.h"

static void entry_release(struct space *space, struct chunk *chunk, uint32_t i)
{
	chunk_unmap(space, chunk, i);
	if (chunk->entries[i].page == PAGE_NONE)
		return;
	page_release(&store_pages, chunk->entries[i].page);
	chunk->entries[i].page = PAGE_NONE;
	space->resident--;
}

static void chunk_apply(struct space *space, struct chunk *chunk, uint64_t start, uint64_t end,
			void (*apply)(struct space *, struct chunk *, uint32_t))
{
	for (uint32_t i = 0; i < CHUNK_PAGES; i++) {
		uint64_t address = chunk->number * CHUNK_SIZE + i * (uint64_t)PAGE_SIZE;

		if (address >= start && address < end)
			apply(space, chunk, i);
	}
}

// For every chunk that touches the range: by number when the range is small, else through the table.
static void range_apply(struct space *space, uint64_t start, uint64_t end,
			void (*apply)(struct space *, struct chunk *, uint32_t))
{
	uint64_t first = start / CHUNK_SIZE, last = (end + CHUNK_SIZE - 1) / CHUNK_SIZE;

	if (last - first <= space->chunk_count) {
		for (uint64_t n = first; n < last; n++) {
			struct chunk *chunk = chunk_find(space, n * CHUNK_SIZE, false);

			if (chunk)
				chunk_apply(space, chunk, start, end, apply);
		}
		return;
	}
	for (uint32_t b = 0; b < space->bucket_count; b++)
		for (struct chunk *c = space->buckets[b]; c; c = c->next)
			if (c->number >= first && c->number < last)
				chunk_apply(space, c, start, end, apply);
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
		free(chunk);
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
	range_apply(space, start, end, chunk_unmap);
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

// From now on a write to a private page of this chunk is a fault.
static void chunk_lock(struct chunk *chunk, uint32_t i)
{
	cap_t slot = chunk->entries[i].slot;

	if (!(chunk->writable & 1u << i))
		return;
	(void)frame_protect(slot, FRAME_READ);
	for (uint32_t j = 0; j < CHUNK_PAGES; j++)
		if (chunk->entries[j].slot == slot)
			chunk->writable &= ~(1u << j);
}

static bool entry_fork(struct space *to, struct space *from, struct chunk *source, struct chunk *dest,
		       uint32_t i)
{
	uint64_t address = source->number * CHUNK_SIZE + i * (uint64_t)PAGE_SIZE;
	const struct vma *vma = vma_find(&from->vmas, address);

	if (!vma)
		return true;
	if (!page_share(&store_pages, source->entries[i].page))
		return false;
	dest->entries[i].page = source->entries[i].page;
	to->resident++;
	if (vma->flags & VMA_SHARED)
		return true;
	if (vma->prot & VMA_EXECUTE && source->writable & 1u << i)
		chunk_unmap(from, source, i);
	else
		chunk_lock(source, i);
	return true;
}

static bool chunk_fork(struct space *to, struct space *from, struct chunk *source)
{
	struct chunk *dest = NULL;

	for (uint32_t i = 0; i < CHUNK_PAGES; i++) {
		if (source->entries[i].page == PAGE_NONE)
			continue;
		if (!dest && !(dest = chunk_find(to, source->number * CHUNK_SIZE, true)))
			return false;
		if (!entry_fork(to, from, source, dest, i))
			return false;
	}
	return true;
}

bool space_fork(struct space *to, struct space *from)
{
	if (!space_charge(to, from->vmas.charged) || !vma_copy(&to->vmas, &from->vmas, PROGRAM_END))
		return false;
	space_charge_settle(to);
	to->brk_start = from->brk_start;
	to->brk = from->brk;
	to->mmap_top = from->mmap_top;
	for (uint32_t b = 0; b < from->bucket_count; b++)
		for (struct chunk *c = from->buckets[b]; c; c = c->next)
			if (c->number < PROGRAM_END / CHUNK_SIZE && !chunk_fork(to, from, c))
				return false;
	to->peak = to->resident;
	return true;
}

uint64_t space_read(struct space *space, uint64_t address, void *to, uint64_t length)
{
	uint64_t done = 0;

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

	while (done < length) {
		uint64_t at = address + done, offset = at % PAGE_SIZE;
		uint64_t part = PAGE_SIZE - offset < length - done ? PAGE_SIZE - offset : length - done;
		const struct vma *vma = vma_find(&space->vmas, at);
		uint32_t page;

		if (!vma || !(vma->prot & VMA_WRITE) || space_populate(space, at, true, &page) != OUTCOME_OK)
			return done;
		memcpy(store_at(page) + offset, (const uint8_t *)from + done, part);
		done += part;
	}
	return done;
}
