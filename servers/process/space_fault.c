// Address spaces: seeing that a page is in memory, and mapping it.
#include "servers/process/space.h"

#include <errno.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "servers/process/check.h"

#define AHEAD_FREE_PART 16  // less of all pages is free: none is made that was not touched

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

// Consecutive pages: *count of them, or one when there is no such run.
static uint32_t pages_take(uint32_t (*take)(uint32_t count), uint32_t *count)
{
	uint32_t page = take(*count);

	if (page == PAGE_NONE && *count > 1)
		page = take(*count = 1);
	return page;
}

// A page of the process's own: zeroes, with the file's bytes before valid_end. Of more than one, none has any.
static enum outcome populate_private(struct space *space, const struct vma *vma, uint64_t address,
				     struct entry *entry, uint32_t *count)
{
	uint32_t page = pages_take(store_run, count);
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
	for (uint32_t j = 0; j < *count; j++)
		entry_set(space, &entry[j], page + j);
	return OUTCOME_OK;
}

static uint32_t run_take(uint32_t count) { return page_take(&store_pages, count); }

// Copy-on-write: pages of their own for *count entries. What is mapped there is the old ones, still.
static enum outcome pages_split(struct entry *entry, uint32_t *count)
{
	uint32_t page = pages_take(run_take, count);

	if (page == PAGE_NONE)
		return OUTCOME_MEMORY;
	for (uint32_t j = 0; j < *count; j++) {
		memcpy(store_at(page + j), store_at(entry[j].page), PAGE_SIZE);
		page_release(&store_pages, entry[j].page);  // not the last user
		entry[j].page = page + j;
	}
	return OUTCOME_OK;
}

static bool is_file_page(const struct vma *vma, uint64_t address)
{
	return vma->flags & VMA_FILE && address < vma->valid_end && vma->valid_end - address >= PAGE_SIZE;
}

// Linux, too, says SIGBUS where a file system is full, but not where memory is.
static enum outcome cover_outcome(int64_t error)
{
	return !error ? OUTCOME_OK : error == -ENOMEM ? OUTCOME_MEMORY : OUTCOME_BEYOND;
}

static uint64_t entry_address(const struct chunk *chunk, uint32_t i)
{
	return chunk->number * CHUNK_SIZE + i * (uint64_t)PAGE_SIZE;
}

// Has the entry no page, and would it get one of zeroes?
static bool is_fresh(const struct vma *vma, const struct chunk *chunk, uint32_t i)
{
	const struct entry *entry = &chunk->entries[i];

	return entry->page == PAGE_NONE && !entry->slot && !(vma->flags & VMA_SHARED) &&
	       (!(vma->flags & VMA_FILE) || entry_address(chunk, i) >= vma->valid_end);
}

// Would a write to the entry's page make a copy of it?
static bool is_copied(const struct vma *vma, const struct chunk *chunk, uint32_t i)
{
	const struct entry *entry = &chunk->entries[i];

	return entry->page != PAGE_NONE && !(vma->flags & VMA_SHARED) && page_is_shared(&store_pages, entry->page);
}

typedef bool is_kind(const struct vma *vma, const struct chunk *chunk, uint32_t i);

// As many entries from i on as the sequence asks for, of a kind, in the area and the chunk.
static uint32_t ahead_count(struct ahead *ahead, const struct vma *vma, const struct chunk *chunk, uint32_t i,
			    is_kind *is_it)
{
	uint64_t page = entry_address(chunk, i) / PAGE_SIZE;
	uint32_t wanted = ahead_get(ahead, page), count = 1;

	if (store_pages.free_count < store_pages.count / AHEAD_FREE_PART)
		wanted = 1;
	while (count < wanted && i + count < CHUNK_PAGES && entry_address(chunk, i + count) < vma->end &&
	       is_it(vma, chunk, i + count))
		count++;
	ahead_note(ahead, page, count);
	return count;
}

// How many entries from i on a fault concerns. Stacks grow the other way, and a fork copies from them.
static uint32_t fault_count(struct space *space, const struct vma *vma, const struct chunk *chunk, uint32_t i,
			    const struct fault *fault)
{
	if (fault->sp >= vma->start && fault->sp < vma->end)
		return 1;
	if (is_fresh(vma, chunk, i))
		return ahead_count(&space->fresh, vma, chunk, i, is_fresh);
	if (fault->access & FAULT_ACCESS_WRITE && is_copied(vma, chunk, i))
		return ahead_count(&space->copies, vma, chunk, i, is_copied);
	return 1;
}

// *count: entries from i on that are wanted (all of one kind, see fault_count), and that were dealt with.
// *is_stale: a mapping that is there shows another page than the entry's now.
static enum outcome entries_populate(struct space *space, const struct vma *vma, struct chunk *chunk, uint32_t i,
				     bool is_write, uint32_t *count, bool *is_stale)
{
	struct entry *entry = &chunk->entries[i];
	uint64_t address = entry_address(chunk, i);

	*is_stale = false;
	if (entry->page != PAGE_NONE) {
		if (!is_write || !is_copied(vma, chunk, i))
			return OUTCOME_OK;
		*is_stale = entry->slot;
		return pages_split(entry, count);
	}
	if (vma->flags & VMA_SHARED && !(vma->flags & VMA_FILE))
		return populate_shared(space, vma, address, entry);
	if (is_file_page(vma, address) && (!is_write || vma->flags & VMA_SHARED)) {
		uint64_t page = (vma->offset + (address - vma->start)) / PAGE_SIZE;

		return cover_outcome(file_cover((struct file *)vma->backing, page));
	}
	*is_stale = entry->slot;
	return populate_private(space, vma, address, entry, count);
}

enum outcome space_populate(struct space *space, uint64_t address, bool is_write, uint32_t *page)
{
	const struct vma *vma = vma_find(&space->vmas, address);
	uint32_t i = (uint32_t)(address / PAGE_SIZE % CHUNK_PAGES), count = 1;
	bool is_stale;

	if (!vma)
		return OUTCOME_NO_AREA;

	struct chunk *chunk = chunk_find(space, address, true);

	if (!chunk)
		return OUTCOME_MEMORY;

	enum outcome outcome = entries_populate(space, vma, chunk, i, is_write, &count, &is_stale);

	if (is_stale)
		chunk_unmap(space, chunk, i);
	*page = chunk->entries[i].page;
	return outcome;
}

// The run of entries around i that one mapping can cover: same source, consecutive, same rights.
struct run {
	uint32_t low, high;  // entries [low, high)
	bool is_writable;
};

static uint64_t higher(uint64_t a, uint64_t b) { return a > b ? a : b; }
static uint64_t lower(uint64_t a, uint64_t b) { return a < b ? a : b; }

// The addresses around entry i that one mapping could cover: of the area and the chunk, and where the pages are
// a file's, as far as they are whole and its Frame has them.
static void run_limits(const struct vma *vma, const struct chunk *chunk, uint32_t i, uint64_t *low, uint64_t *high)
{
	const struct file *file = (const struct file *)vma->backing;
	uint64_t start = entry_address(chunk, 0), first, end;

	*low = higher(vma->start, start);
	*high = lower(vma->end, start + CHUNK_SIZE);
	if (chunk->entries[i].page != PAGE_NONE || !(vma->flags & VMA_FILE))
		return;
	first = file->first * PAGE_SIZE;
	end = first + file->count * PAGE_SIZE;
	if (first > vma->offset)
		*low = higher(*low, vma->start + (first - vma->offset));
	*high = lower(lower(*high, vma->valid_end & ~(PAGE_SIZE - 1ull)),
		      vma->start + (end > vma->offset ? end - vma->offset : 0));
}

// Does entry j go on what entry i begins?
static bool run_takes(const struct vma *vma, const struct chunk *chunk, uint32_t i, uint32_t j, bool is_writable)
{
	const struct entry *a = &chunk->entries[i], *b = &chunk->entries[j];

	if (b->slot || a->page == PAGE_NONE || b->page == PAGE_NONE)
		return !b->slot && a->page == b->page;
	return b->page == a->page + j - i && page_is_writable(vma, b->page) == is_writable;
}

// What lies behind a run that begins at entry `low`.
static struct window run_window(const struct vma *vma, const struct chunk *chunk, const struct run *run)
{
	struct window window = {.count = run->high - run->low};
	uint32_t page = chunk->entries[run->low].page;

	if (page != PAGE_NONE) {
		window.frame = store_frame(page, &window.first);
	} else {
		const struct file *file = (const struct file *)vma->backing;
		uint64_t address = chunk->number * CHUNK_SIZE + run->low * (uint64_t)PAGE_SIZE;

		window.frame = file->frame;
		window.first = (uint32_t)((vma->offset + (address - vma->start)) / PAGE_SIZE - file->first);
	}
	return window;
}

static struct run run_find(const struct vma *vma, const struct chunk *chunk, uint32_t i)
{
	struct run run = {i, i + 1, page_is_writable(vma, chunk->entries[i].page)};
	uint64_t low, high;

	run_limits(vma, chunk, i, &low, &high);
	while (entry_address(chunk, run.low) > low && run_takes(vma, chunk, i, run.low - 1, run.is_writable))
		run.low--;
	while (entry_address(chunk, run.high) < high && run_takes(vma, chunk, i, run.high, run.is_writable))
		run.high++;
	return run;
}

static void run_set(struct chunk *chunk, const struct run *run, cap_t slot)
{
	uint32_t mask = ((1u << (run->high - run->low)) - 1) << run->low;

	for (uint32_t j = run->low; j < run->high; j++)
		chunk->entries[j].slot = slot;
	chunk->writable = (uint16_t)(run->is_writable ? chunk->writable | mask : chunk->writable & ~mask);
}

static uint32_t run_rights(const struct vma *vma, bool is_writable)
{
	return FRAME_READ | (is_writable ? FRAME_WRITE : 0) | (vma->prot & VMA_EXECUTE ? FRAME_EXECUTE : 0);
}

static bool has_table(const struct space *space, uint64_t address)
{
	uint64_t table = address / TABLE_SIZE;

	return space->tables[table % 64] == table + 1;
}

// All mappings of the chunk but one: then it has no holes.
static void chunk_clear(struct space *space, struct chunk *chunk, cap_t kept)
{
	for (uint32_t j = 0; j < CHUNK_PAGES; j++)
		if (chunk->entries[j].slot != kept)
			chunk_unmap(space, chunk, j);
	chunk->holed = 0;
}

// A page comes to an entry that lies in the hole of a longer mapping. Should it be the very page that this
// mapping has there, the kernel would take it for part of it: then the longer one goes. Which one has the
// hole is not known, so all do: of two mappings that took each other for it, each fault would drop the other's.
static void hole_settle(struct space *space, struct chunk *chunk, uint32_t i)
{
	uint32_t page = chunk->entries[i].page;

	if (!(chunk->holed & 1u << i) || page == PAGE_NONE)
		return;
	for (uint32_t j = 0; j < CHUNK_PAGES; j++)
		if (j != i && chunk->entries[j].page != PAGE_NONE && chunk->entries[j].page + i == page + j &&
		    chunk->entries[j].slot != chunk->entries[i].slot) {
			chunk_clear(space, chunk, chunk->entries[i].slot);
			return;
		}
}

// The same of a file's pages, whose Frame may have been taken back: the file has other pages now, or is shorter.
static enum outcome file_run_map(struct space *space, const struct vma *vma, struct chunk *chunk, uint32_t i)
{
	struct file *file = (struct file *)vma->backing;
	uint64_t address = chunk->number * CHUNK_SIZE + i * (uint64_t)PAGE_SIZE;
	cap_t slot = 0;

	for (int tries = 0; !slot && tries < 2; tries++) {
		int64_t error;

		// Else it is slots or tables that are short: every mapping there is goes.
		if (!file_uncover(file) || tries)
			space_unmap_all(space);
		error = file_cover(file, (vma->offset + (address - vma->start)) / PAGE_SIZE);
		if (error)
			return cover_outcome(error);

		struct run run = run_find(vma, chunk, i);
		struct window window = run_window(vma, chunk, &run);

		slot = space_map_pages(space, &window, chunk->number * CHUNK_SIZE + run.low * (uint64_t)PAGE_SIZE,
				       run_rights(vma, run.is_writable));
		if (slot)
			run_set(chunk, &run, slot);
	}
	return slot ? OUTCOME_OK : OUTCOME_MEMORY;
}

// Add an item for a run. False: no slot, or no room.
static bool run_add(struct space *space, const struct vma *vma, struct chunk *chunk, const struct run *run,
		    struct map_items *items)
{
	struct window window = run_window(vma, chunk, run);
	cap_t slot = items->count < MSG_ITEMS_MAX ? slot_set_take(&space->pages) : 0;

	if (!slot)
		return false;
	items->items[items->count++] = (struct abi_map_item){window.frame, slot, entry_address(chunk, run->low),
							     window.first, window.count,
							     run_rights(vma, run->is_writable), 0};
	run_set(chunk, run, slot);
	return true;
}

// Programs have several small areas of one file beside each other. A fault on a page of the file maps what is
// in memory of those in the chunk, too, read-only.
static void neighbours_add(struct space *space, const struct vma *vma, struct chunk *chunk,
			   struct map_items *items)
{
	const struct vma *first = space->vmas.items, *end = first + space->vmas.count, *from = vma;
	const struct file *file = (const struct file *)vma->backing;
	uint64_t start = entry_address(chunk, 0);

	while (from > first && from[-1].end > start)
		from--;
	for (const struct vma *v = from; v < end && v->start < start + CHUNK_SIZE; v++) {
		uint64_t address = v->start > start ? v->start : start;
		uint64_t page = (v->offset + (address - v->start)) / PAGE_SIZE;
		uint32_t i = (uint32_t)(address / PAGE_SIZE % CHUNK_PAGES);
		struct run run;

		if (v == vma || v->backing != vma->backing || !(v->prot & VMA_READ) || v->flags & VMA_SHARED ||
		    !is_file_page(v, address) || page < file->first || page - file->first >= file->count)
			continue;
		if (chunk->entries[i].page != PAGE_NONE || chunk->entries[i].slot)
			continue;
		run = run_find(v, chunk, i);
		(void)run_add(space, v, chunk, &run, items);
	}
}

// Make the mapping around entry i, where there is none: by the items, when the tables are there or will be made.
static enum outcome run_map(struct space *space, const struct vma *vma, struct chunk *chunk, uint32_t i,
			    bool by_items, struct map_items *items)
{
	struct run run = run_find(vma, chunk, i);
	uint64_t address = entry_address(chunk, run.low);
	uint32_t rights = run_rights(vma, run.is_writable);
	struct window window;
	cap_t slot;

	for (uint32_t j = run.low; chunk->holed && j < run.high; j++)
		hole_settle(space, chunk, j);
	if (by_items && (items->makes_tables || has_table(space, address)) &&
	    run_add(space, vma, chunk, &run, items)) {
		if (chunk->entries[i].page == PAGE_NONE && !chunk->holed)
			neighbours_add(space, vma, chunk, items);
		return OUTCOME_OK;
	}
	window = run_window(vma, chunk, &run);
	slot = space_map_pages(space, &window, address, rights);
	if (!slot && chunk->entries[i].page == PAGE_NONE)
		return file_run_map(space, vma, chunk, i);
	if (!slot) {
		// Out of slots or tables: let go of every mapping there is but the library's, and try again.
		space_unmap_all(space);
		slot = space_map_pages(space, &window, address, rights);
	}
	if (!slot)
		return OUTCOME_MEMORY;
	run_set(chunk, &run, slot);
	return OUTCOME_OK;
}

// Does the mapping of entry i cover others than [low, high), in which i lies? Without holes those are next to it.
static bool has_others(const struct chunk *chunk, uint32_t i, uint32_t low, uint32_t high)
{
	cap_t slot = chunk->entries[i].slot;

	if (!chunk->holed)
		return (low > 0 && chunk->entries[low - 1].slot == slot) ||
		       (high < CHUNK_PAGES && chunk->entries[high].slot == slot);
	for (uint32_t j = 0; j < CHUNK_PAGES; j++)
		if ((j < low || j >= high) && chunk->entries[j].slot == slot)
			return true;
	return false;
}

// Of the mappings in [low, high) those that cover others stay, with holes there. The rest goes, but for one
// slot, which is returned: the mapping made of it takes their place. 0: there is none.
static cap_t run_clear(struct space *space, struct chunk *chunk, uint32_t low, uint32_t high)
{
	cap_t found = 0, slot, kept = 0;

	for (uint32_t j = low; j < high; j++) {
		slot = chunk->entries[j].slot;
		if (slot && slot != found && slot != kept && has_others(chunk, j, low, high))
			kept = slot;
		if (slot && slot == kept)
			chunk->holed = (uint16_t)(chunk->holed | 1u << j);
		else if (slot && !found)
			found = slot;
		else if (slot && slot != found)
			chunk_unmap(space, chunk, j);
	}
	return found;
}

// Lay the pages of `count` entries over what is mapped there. False: no slot.
static bool pages_lay_over(struct space *space, const struct vma *vma, struct chunk *chunk, uint32_t i,
			   uint32_t count, struct map_items *items)
{
	struct run run = {i, i + count, page_is_writable(vma, chunk->entries[i].page)};
	struct window window = run_window(vma, chunk, &run);
	cap_t slot = run_clear(space, chunk, run.low, run.high);

	if (!slot)
		slot = slot_set_take(&space->pages);
	if (!slot)
		return false;
	run_set(chunk, &run, slot);
	for (uint32_t j = run.low; j < run.high; j++)
		hole_settle(space, chunk, j);
	items->items[items->count++] = (struct abi_map_item){window.frame, slot, entry_address(chunk, i), window.first,
							     window.count, run_rights(vma, run.is_writable),
							     MAP_ITEM_OVER};
	return true;
}

// A mapping that is only short of the right to write, over pages of this space alone: give it.
static bool run_unlock(const struct vma *vma, struct chunk *chunk, uint32_t i)
{
	cap_t slot = chunk->entries[i].slot;
	uint32_t mask = 0;

	for (uint32_t j = 0; j < CHUNK_PAGES; j++) {
		uint64_t address = entry_address(chunk, j);

		if (chunk->entries[j].slot != slot)
			continue;
		if (address < vma->start || address >= vma->end || !page_is_writable(vma, chunk->entries[j].page))
			return false;
		mask |= 1u << j;
	}
	if (frame_protect(slot, run_rights(vma, true)))
		return false;
	chunk->writable = (uint16_t)(chunk->writable | mask);
	return true;
}

static bool is_allowed(const struct vma *vma, uint64_t access)
{
	return vma->prot && (!(access & FAULT_ACCESS_WRITE) || vma->prot & VMA_WRITE) &&
	       (!(access & FAULT_ACCESS_EXECUTE) || vma->prot & VMA_EXECUTE);
}

// Drop the mappings of entries [i, i + count).
static void run_unmap(struct space *space, struct chunk *chunk, uint32_t i, uint32_t count)
{
	for (uint32_t j = i; j < i + count; j++)
		chunk_unmap(space, chunk, j);
}

enum outcome space_fault(struct space *space, const struct fault *fault, struct map_items *items)
{
	const struct vma *vma = vma_find(&space->vmas, fault->address);
	bool is_write = fault->access & FAULT_ACCESS_WRITE, is_stale;
	uint32_t i = (uint32_t)(fault->address / PAGE_SIZE % CHUNK_PAGES);

	if (!vma)
		return OUTCOME_NO_AREA;
	if (!is_allowed(vma, fault->access))
		return OUTCOME_ACCESS;

	struct chunk *chunk = chunk_find(space, fault->address, true);

	if (!chunk)
		return OUTCOME_MEMORY;

	uint32_t count = fault_count(space, vma, chunk, i, fault);
	enum outcome outcome = entries_populate(space, vma, chunk, i, is_write, &count, &is_stale);
	bool was_mapped = chunk->entries[i].slot;

	if (is_stale && (outcome != OUTCOME_OK || !pages_lay_over(space, vma, chunk, i, count, items)))
		run_unmap(space, chunk, i, count);
	else if (is_stale)
		return OUTCOME_OK;
	if (outcome != OUTCOME_OK)
		return outcome;
	if (is_write && vma_is_shared_file(vma))
		file_dirty((struct file *)vma->backing);
	else if (was_mapped && is_write && !(chunk->writable & 1u << i) &&
	    (run_unlock(vma, chunk, i) || pages_lay_over(space, vma, chunk, i, 1, items)))
		return OUTCOME_OK;
	// A mapping that should have done: it is made anew, and not by the reply, which may have failed.
	run_unmap(space, chunk, i, count);
	return run_map(space, vma, chunk, i, !was_mapped, items);
}

void space_touch(struct space *space, uint64_t address, uint64_t access, struct map_items *items)
{
	const struct fault fault = {address, access, 0};

	if (items->count < MSG_ITEMS_MAX)
		(void)space_fault(space, &fault, items);
}

