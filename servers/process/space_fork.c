// Fork of an address space: the child has the same areas, pages and mappings, and neither may write a
// private page any more.
#include <string.h>

#include "abi/gen/stubs.h"
#include "servers/process/space.h"

#define CHUNK_LIMIT (PROGRAM_END / CHUNK_SIZE)

// A page that the child gets a copy of.
struct copy {
	uint64_t address;
	uint32_t page;  // PAGE_NONE: there is none
};

// Which mappings are not to be cloned as they are: the environment's, and shared memory's.
static void chunk_mark(const struct space *from, const struct chunk *chunk)
{
	const struct vma *vma = NULL;

	for (uint32_t i = 0; i < CHUNK_PAGES; i++) {
		uint64_t address = chunk->number * CHUNK_SIZE + i * (uint64_t)PAGE_SIZE;

		if (!chunk->entries[i].slot)
			continue;
		if (!vma || address >= vma->end)
			vma = vma_find(&from->vmas, address);
		if (!vma || chunk->number >= CHUNK_LIMIT || vma->flags & (VMA_NO_FORK | VMA_WIPE))
			slot_clone_mark(chunk->entries[i].slot, false);
		else if (vma->flags & VMA_SHARED)
			slot_clone_mark(chunk->entries[i].slot, true);
	}
}

static bool has_special_area(const struct vma_list *vmas)
{
	for (uint32_t i = 0; i < vmas->count; i++)
		if (vmas->items[i].flags & (VMA_SHARED | VMA_NO_FORK | VMA_WIPE))
			return true;
	return false;
}

static uint32_t page_copy(uint32_t page)
{
	uint32_t made = page_take(&store_pages, 1);

	if (made != PAGE_NONE)
		memcpy(store_at(made), store_at(page), PAGE_SIZE);
	return made;
}

// An entry whose mapping covers others gets a mapping of its own, of another page: the clone of the longer
// one then has a hole there. False: it stays as it is.
static bool entry_part(struct space *space, struct chunk *chunk, uint32_t i)
{
	struct entry *entry = &chunk->entries[i];
	uint64_t address = chunk->number * CHUNK_SIZE + i * (uint64_t)PAGE_SIZE;
	uint32_t page = page_copy(entry->page);
	struct window window = {.count = 1};
	cap_t slot;

	if (page == PAGE_NONE)
		return false;
	window.frame = store_frame(page, &window.first);
	slot = space_map_pages(space, &window, address, FRAME_READ | FRAME_WRITE | FRAME_MAP_OVER);
	if (!slot) {
		page_release(&store_pages, page);
		return false;
	}
	page_release(&store_pages, entry->page);
	*entry = (struct entry){page, slot};
	chunk->holed = (uint16_t)(chunk->holed | 1u << i);
	return true;
}

// Take a page for the child's copy of the parent's page at `sp`, whose mapping keeps its rights. Where that
// is not simple there is no copy.
static void stack_copy(struct space *from, uint64_t sp, struct copy *copy)
{
	const struct vma *vma = vma_find(&from->vmas, sp);
	struct chunk *chunk = vma ? chunk_find(from, sp, false) : NULL;
	uint32_t i = (uint32_t)(sp / PAGE_SIZE % CHUNK_PAGES), span = 0;
	struct entry *entry = chunk ? &chunk->entries[i] : NULL;

	copy->page = PAGE_NONE;
	if (!chunk || sp >= PROGRAM_END || vma->flags & (VMA_SHARED | VMA_NO_FORK | VMA_WIPE) ||
	    vma->prot & VMA_EXECUTE ||
	    !(chunk->writable & 1u << i) || entry->page == PAGE_NONE)
		return;
	copy->address = sp & ~(PAGE_SIZE - 1ull);
	for (uint32_t j = 0; j < CHUNK_PAGES; j++)
		span += chunk->entries[j].slot == entry->slot;
	// The child's page first: it must not be the one that the parent gives up.
	copy->page = page_copy(entry->page);
	if (copy->page == PAGE_NONE)
		return;
	if (span == 1 || entry_part(from, chunk, i)) {
		slot_clone_mark(entry->slot, false);
	} else {
		page_release(&store_pages, copy->page);
		copy->page = PAGE_NONE;
	}
}

static bool entry_fork(struct space *to, struct chunk *source, struct chunk *dest, uint32_t i, struct copy *copy)
{
	const struct entry *from = &source->entries[i];
	struct entry *entry = &dest->entries[i];

	if (copy->page != PAGE_NONE &&
	    source->number * CHUNK_SIZE + i * (uint64_t)PAGE_SIZE == copy->address) {
		struct window window = {.count = 1};

		window.frame = store_frame(copy->page, &window.first);
		entry->page = copy->page;
		copy->page = PAGE_NONE;
		entry->slot = space_map_pages(to, &window, copy->address, FRAME_READ | FRAME_WRITE);
		if (entry->slot)
			dest->writable = (uint16_t)(dest->writable | 1u << i);
	} else {
		if (from->page != PAGE_NONE && !page_share(&store_pages, from->page))
			return false;
		entry->page = from->page;
		entry->slot = from->slot ? slot_clone_of(from->slot) : 0;
	}
	to->resident += entry->page != PAGE_NONE;
	return true;
}

// Is nothing of this entry for the child, whose area is gone or is not there for it?
static bool entry_is_none(const struct entry *entry) { return entry->page == PAGE_NONE && !entry->slot; }

// A chunk of ordinary areas, of which no page is copied.
static bool chunk_share(struct space *to, struct chunk *source, struct chunk *dest)
{
	cap_t slot = 0, clone = 0;

	source->writable = 0;
	for (uint32_t i = 0; i < CHUNK_PAGES; i++) {
		const struct entry *from = &source->entries[i];

		if (from->page != PAGE_NONE) {
			if (!page_share(&store_pages, from->page))
				return false;
			dest->entries[i].page = from->page;
			to->resident++;
		}
		if (from->slot != slot) {
			slot = from->slot;
			clone = slot ? slot_clone_of(slot) : 0;
		}
		dest->entries[i].slot = clone;
	}
	return true;
}

static bool chunk_fork(struct space *to, struct space *from, struct chunk *source, struct copy *copy,
		       bool has_special)
{
	struct chunk *dest = chunk_find(to, source->number * CHUNK_SIZE, true);
	const struct vma *vma = NULL;
	uint16_t stays = 0;

	if (!dest)
		return false;
	dest->holed = source->holed;
	if (!has_special && (copy->page == PAGE_NONE || copy->address / CHUNK_SIZE != source->number))
		return chunk_share(to, source, dest);
	for (uint32_t i = 0; i < CHUNK_PAGES; i++) {
		uint64_t address = source->number * CHUNK_SIZE + i * (uint64_t)PAGE_SIZE;

		if (entry_is_none(&source->entries[i]))
			continue;
		if (!vma || address >= vma->end)
			vma = vma_find(&from->vmas, address);
		if (!vma || vma->flags & (VMA_NO_FORK | VMA_WIPE)) {
			stays = (uint16_t)(stays | 1u << i);
			continue;
		}
		if (vma->flags & VMA_SHARED || (copy->page != PAGE_NONE && copy->address == address))
			stays = (uint16_t)(stays | 1u << i);
		if (!entry_fork(to, source, dest, i, copy))
			return false;
		if (vma->flags & VMA_SHARED)
			dest->writable = (uint16_t)(dest->writable | (source->writable & 1u << i));
	}
	source->writable &= stays;
	return true;
}

static bool supply(void *space) { return space_supply(space); }

static bool pages_fork(struct space *to, struct space *from, struct copy *copy)
{
	bool has_special = has_special_area(&from->vmas);

	for (uint32_t b = 0; b < from->bucket_count; b++)
		for (const struct chunk *c = from->buckets[b]; c; c = c->next)
			if (has_special || c->number >= CHUNK_LIMIT)
				chunk_mark(from, c);
	if (slot_clone(&to->pages, &from->pages, to->vspace, supply, to)) {
		memcpy(to->tables, from->tables, sizeof(to->tables));
	} else {
		// Slots or tables are short: both go on without mappings, and make them as they need them.
		slot_set_clear(&to->pages);
		space_unmap_all(from);
	}
	for (uint32_t b = 0; b < from->bucket_count; b++)
		for (struct chunk *c = from->buckets[b]; c; c = c->next)
			if (c->number < CHUNK_LIMIT && !chunk_fork(to, from, c, copy, has_special))
				return false;
	return true;
}

bool space_fork(struct space *to, struct space *from, uint64_t sp)
{
	struct copy copy = {0};

	if (!space_charge(to, from->vmas.charged) ||
	    !vma_copy(&to->vmas, &from->vmas, PROGRAM_END))
		return false;
	space_charge_settle(to);
	to->brk_start = from->brk_start;
	to->brk = from->brk;
	to->mmap_top = from->mmap_top;
	to->vdso = from->vdso;
	to->program = from->program;
	if (to->program.file)
		backing_get(&to->program.file->base);
	slot_clone_begin(&from->pages);
	stack_copy(from, sp, &copy);

	bool is_done = pages_fork(to, from, &copy);

	if (copy.page != PAGE_NONE)
		page_release(&store_pages, copy.page);
	to->peak = to->resident;
	return is_done;
}
