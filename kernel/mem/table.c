// Page tables.
//
// A VSpace is 64 KiB: a header page, the top table, and 14 tables. Further batches of 64 KiB (a header
// and 15 tables) are made of Untypeds that its owner supplies. A batch is naturally aligned, so that a
// table's bookkeeping is found from its address.
//
// Invariants:
//  1. batch.parent[i] is the one entry that points to table i, or null when i is free or cut off.
//  2. A present entry of a table that is not at level 0 and is no large page points to a table in a
//     batch of the same VSpace.
//  3. Every page entry belongs to the window of a mapped Frame slot of the VSpace's list: of the last
//     one that was mapped there with that page. A slot's mapping may have holes, where another was laid
//     over it, or where its table was taken.
//  4. batch.used[i] is the number of present entries of table i, the kernel's own part not counted.
//  5. A batch that is closing is still in its VSpace's list, but no table is taken from it; those of its
//     tables that were cut off count as free, whatever is in them.
#include "mem/table.h"

#include "base/print.h"
#include "mem/mailbox.h"

#define PIECE_PAGES 128  // entries changed before interrupts are let in
#define PIECE_BATCHES 8  // batches looked through before interrupts are let in
#define CUT_STEPS 24     // of DELETE_BUDGET, for a table whose entries are to be looked through
#define FLUSH_PAGES 8    // more than that: all translations go
#define LARGE_PAGES (1u << TABLE_INDEX_BITS)
#define LARGE_SIZE ((uint64_t)LARGE_PAGES * PAGE_SIZE)

static struct batch *batch_of(const uint64_t *table)
{
	return (struct batch *)align_down((uintptr_t)table, BATCH_SIZE);
}

static unsigned batch_index(const uint64_t *table)
{
	return (unsigned)(((uintptr_t)table / PAGE_SIZE) % BATCH_TABLES);
}

static uint64_t *batch_table(struct batch *batch, unsigned index)
{
	return (uint64_t *)((uintptr_t)batch + (uintptr_t)index * PAGE_SIZE);
}

struct vspace *vspace_make(void *memory)
{
	struct vspace_page *page = memory;
	struct vspace *vspace = &page->vspace;

	page->batch.vspace = vspace;
	page->batch.free = 0xfffc;
	vspace->head.type = TYPE_VSPACE;
	vspace->batches = &page->batch;
	vspace->top = batch_table(&page->batch, 1);
	vspace->top_physical = arch_virt_to_phys(vspace->top);
	page->batch.level[1] = TABLE_LEVELS - 1;
	vspace->mappings.list_prev = vspace->mappings.list_next = slot_link(&vspace->mappings);
	arch_table_init_top(vspace->top);
	return vspace;
}

void vspace_add_batch(struct vspace *vspace, void *memory, struct slot *source)
{
	struct batch *batch = memory;

	(void)source;
	batch->vspace = vspace;
	batch->free = 0xfffe;
	batch->next = vspace->batches;
	vspace->batches = batch;
}

// Entries from this one on have become present, or have gone.
static void entries_add(const uint64_t *entry, unsigned count)
{
	struct batch *batch = batch_of(entry);

	batch->used[batch_index(entry)] = (uint16_t)(batch->used[batch_index(entry)] + count);
}

static void entries_remove(const uint64_t *entry, unsigned count)
{
	struct batch *batch = batch_of(entry);

	batch->used[batch_index(entry)] = (uint16_t)(batch->used[batch_index(entry)] - count);
}

static uint64_t *table_alloc(struct vspace *vspace, uint64_t *parent, unsigned level)
{
	for (struct batch *batch = vspace->batches; batch; batch = batch->next) {
		if (!batch->free || batch->is_closing)
			continue;
		unsigned index = lowest_bit(batch->free);
		uint64_t *table = batch_table(batch, index);

		batch->free &= ~(uint32_t)BIT(index);
		batch->parent[index] = parent;
		batch->level[index] = (uint8_t)level;
		*parent = arch_entry_table(arch_virt_to_phys(table));
		entries_add(parent, 1);
		return table;
	}
	return NULL;
}

static void table_cut(struct batch *batch, unsigned index)
{
	uint64_t *table = batch_table(batch, index);
	unsigned level = batch->level[index];

	if (batch->parent[index]) {
		*batch->parent[index] = 0;
		entries_remove(batch->parent[index], 1);
	}
	for (unsigned i = 0; level > 0 && i < LARGE_PAGES; i++) {
		if (!arch_entry_is_present(table[i]) || !arch_entry_is_table(table[i], level))
			continue;
		uint64_t *child = arch_phys_to_virt(arch_entry_physical(table[i]));

		batch_of(child)->parent[batch_index(child)] = NULL;
	}
}

// Cut off tables until the budget is used up; true when none is left. One that was cut counts as free.
static bool batch_cut(struct batch *batch, unsigned *budget)
{
	for (unsigned i = 1; i < BATCH_TABLES; i++) {
		unsigned steps = batch->level[i] ? CUT_STEPS : 1;

		if (batch->free & BIT(i))
			continue;
		if (*budget == 0)
			return false;
		table_cut(batch, i);
		batch->free |= (uint32_t)BIT(i);
		*budget -= *budget < steps ? *budget : steps;
	}
	return true;
}

bool batch_detach(struct batch *batch, unsigned *budget)
{
	struct vspace *vspace = batch->vspace;
	struct batch **at = &vspace->batches;
	bool is_done;

	batch->is_closing = true;
	is_done = batch_cut(batch, budget);
	space_flush(vspace->top_physical, 0, 0);
	if (!is_done)
		return false;
	while (*at != batch) {
		ASSERT(*at);
		at = &(*at)->next;
	}
	*at = batch->next;
	return true;
}

// Give a table without entries back, and those above it that had only this one.
static void table_release(struct batch *batch, unsigned index)
{
	while (!batch->used[index] && batch->level[index] < TABLE_LEVELS - 1) {
		uint64_t *parent = batch->parent[index];

		batch->parent[index] = NULL;
		batch->free |= (uint32_t)BIT(index);
		if (!parent)  // it was cut off
			return;
		*parent = 0;
		entries_remove(parent, 1);
		batch = batch_of(parent);
		index = batch_index(parent);
	}
}

bool vspace_trim(struct vspace *vspace, uint64_t *done)
{
	struct batch *batch = vspace->batches;

	for (uint64_t skip = *done; batch && skip; skip--)
		batch = batch->next;
	for (unsigned n = 0; batch && n < PIECE_BATCHES; n++, batch = batch->next, ++*done)
		for (unsigned i = 1; i < BATCH_TABLES; i++)
			if (!(batch->free & BIT(i)))
				table_release(batch, i);
	space_flush(vspace->top_physical, 0, 0);
	return !batch;
}

static void pages_flush(const struct vspace *vspace, uint64_t address, unsigned count)
{
	space_flush(vspace->top_physical, address, count > FLUSH_PAGES ? 0 : count);
}

static unsigned table_index(uint64_t address, unsigned level)
{
	return (unsigned)(address >> (PAGE_BITS + level * TABLE_INDEX_BITS)) & (LARGE_PAGES - 1);
}

// The entry for an address at `level`, or null when a table is missing: then *at says from which
// level on. A large page in the way is returned with its own level in *at.
static uint64_t *walk(struct vspace *vspace, uint64_t address, unsigned level, unsigned *at)
{
	uint64_t *table = vspace->top;

	for (unsigned l = TABLE_LEVELS - 1;; l--) {
		uint64_t *entry = &table[table_index(address, l)];

		*at = l;
		if (l == level || (arch_entry_is_present(*entry) && !arch_entry_is_table(*entry, l)))
			return entry;
		if (!arch_entry_is_present(*entry))
			return NULL;
		table = arch_phys_to_virt(arch_entry_physical(*entry));
	}
}

// As walk, but missing tables are made. Null: the pool is empty.
static uint64_t *walk_make(struct vspace *vspace, uint64_t address, unsigned level, unsigned *at)
{
	uint64_t *table = vspace->top;

	for (unsigned l = TABLE_LEVELS - 1;; l--) {
		uint64_t *entry = &table[table_index(address, l)];

		*at = l;
		if (l == level || (arch_entry_is_present(*entry) && !arch_entry_is_table(*entry, l)))
			return entry;
		if (arch_entry_is_present(*entry))
			table = arch_phys_to_virt(arch_entry_physical(*entry));
		else if (!(table = table_alloc(vspace, entry, l - 1)))
			return NULL;
	}
}

struct vspace *vspace_of_slot(const struct slot *slot)
{
	struct vspace_page *page = arch_phys_to_virt((uint64_t)slot->vspace * 64);

	return &page->vspace;
}

void mapping_attach(struct slot *slot, struct vspace *vspace, uint64_t address)
{
	struct slot *head = &vspace->mappings;
	link_t self = slot_link(slot);

	slot->address = address;
	slot->vspace = (uint32_t)(arch_virt_to_phys((void *)align_down((uintptr_t)vspace, PAGE_SIZE)) / 64);
	slot->map_pages = 0;
	slot->flags |= SLOT_MAPPED;
	slot->list_prev = head->list_prev;
	slot->list_next = slot_link(head);
	slot_at(head->list_prev)->list_next = self;
	head->list_prev = self;
	vspace->mapping_count++;
}

void mapping_drop(struct slot *slot)
{
	vspace_of_slot(slot)->mapping_count--;
	slot_at(slot->list_prev)->list_next = slot->list_next;
	slot_at(slot->list_next)->list_prev = slot->list_prev;
	slot->list_prev = slot->list_next = 0;
	slot->flags &= (uint8_t)~SLOT_MAPPED;
	slot->address = 0;
	slot->vspace = slot->map_pages = 0;
}

// 1 when page `page` of the window could start a large page, given where it is mapped; else 0. Whether
// it does, the entry tells: small pages are used where a table is in the way.
static unsigned page_level(const struct slot *slot, uint32_t page)
{
	uint64_t physical = (slot->object + page) * PAGE_SIZE;
	uint64_t address = slot->address + (uint64_t)page * PAGE_SIZE;

	return is_aligned(physical | address, LARGE_SIZE) && slot->count - page >= LARGE_PAGES;
}

static uint64_t page_address(const struct slot *slot, uint32_t page)
{
	return slot->address + (uint64_t)page * PAGE_SIZE;
}

static uint64_t page_entry(const struct slot *slot, uint32_t page, unsigned level, unsigned rights)
{
	return arch_entry_page((slot->object + page) * PAGE_SIZE, level, rights, slot->flags & SLOT_DEVICE);
}

// How many pages from `page` on have their entries in one table, `limit` at most.
static unsigned table_run(const struct slot *slot, uint32_t page, uint32_t end, unsigned limit)
{
	uint64_t run = LARGE_PAGES - table_index(page_address(slot, page), 0);

	return (unsigned)min_u64(min_u64(run, end - page), limit);
}

// A large page at slot->map_pages, where there can be one: false when small ones must do.
static bool extend_large(struct slot *slot, unsigned rights, err_t *err)
{
	uint32_t page = slot->map_pages;
	unsigned at;
	uint64_t *entry;

	*err = OK;
	if (!page_level(slot, page))
		return false;
	entry = walk_make(vspace_of_slot(slot), page_address(slot, page), 1, &at);
	if (entry && at == 1 && arch_entry_is_present(*entry) && arch_entry_is_table(*entry, 1))
		return false;
	if (!entry || at != 1 || arch_entry_is_present(*entry)) {
		*err = entry ? ERR_MAPPED : ERR_NO_MEMORY;
		return true;
	}
	*entry = page_entry(slot, page, 1, rights);
	entries_add(entry, 1);
	slot->map_pages += LARGE_PAGES;
	return true;
}

// Small pages from slot->map_pages on, as far as one table goes. `over`: in the place of others.
static err_t extend_small(struct slot *slot, unsigned rights, bool over, unsigned limit)
{
	struct vspace *vspace = vspace_of_slot(slot);
	uint32_t page = slot->map_pages;
	unsigned at, added = 0, i, run = table_run(slot, page, slot->count, limit);
	uint64_t *entry = walk_make(vspace, page_address(slot, page), 0, &at);
	uint64_t next = page_entry(slot, page, 0, rights);

	if (!entry)
		return ERR_NO_MEMORY;
	if (at)
		return ERR_MAPPED;
	for (i = 0; i < run; i++, next = arch_entry_next(next)) {
		bool was_present = arch_entry_is_present(entry[i]);

		if (was_present && !over)
			break;
		entry[i] = next;
		added += !was_present;
	}
	slot->map_pages += i;
	entries_add(entry, added);
	if (added < i)
		pages_flush(vspace, page_address(slot, page), i);
	return i < run ? ERR_MAPPED : OK;
}

err_t mapping_extend(struct slot *slot, unsigned rights, bool over)
{
	err_t err = OK;

	for (unsigned left = PIECE_PAGES; !err && left && slot->map_pages < slot->count;) {
		uint32_t before = slot->map_pages;

		if (extend_large(slot, rights, &err)) {
			left--;
			continue;
		}
		err = extend_small(slot, rights, over, left);
		left -= slot->map_pages - before;
	}
	return err;
}

static uint64_t page_physical(const struct slot *slot, uint32_t page)
{
	return (slot->object + page) * PAGE_SIZE;
}

static bool is_own(const struct slot *slot, uint32_t page, uint64_t entry)
{
	return arch_entry_is_of(entry, page_physical(slot, page));
}

// The large page that this slot put at a page of its window; null when it put none there, or it is gone.
static uint64_t *own_large(const struct slot *slot, uint32_t page)
{
	unsigned at;
	uint64_t *entry;

	if (!page_level(slot, page))
		return NULL;
	entry = walk(vspace_of_slot(slot), page_address(slot, page), 1, &at);
	if (!entry || at != 1 || arch_entry_is_table(*entry, 1) || !is_own(slot, page, *entry))
		return NULL;
	return entry;
}

// The table's entry for a small page of the window; null when there is no table. Whose it is, is_own tells.
static uint64_t *small_entries(const struct slot *slot, uint32_t page)
{
	unsigned at;
	uint64_t *entry = walk(vspace_of_slot(slot), page_address(slot, page), 0, &at);

	return at == 0 ? entry : NULL;
}

static bool shrink_large(struct slot *slot)
{
	uint32_t page = slot->map_pages - LARGE_PAGES;
	uint64_t *entry = slot->map_pages >= LARGE_PAGES ? own_large(slot, page) : NULL;

	if (!entry)
		return false;
	*entry = 0;
	entries_remove(entry, 1);
	slot->map_pages = page;
	space_flush(vspace_of_slot(slot)->top_physical, page_address(slot, page), 1);
	return true;
}

// The last small pages, as far as one table goes. How many were looked at.
static unsigned shrink_small(struct slot *slot, unsigned limit)
{
	unsigned index = table_index(page_address(slot, slot->map_pages - 1), 0), removed = 0;
	unsigned run = (unsigned)min_u64(min_u64(index + 1, slot->map_pages), limit);
	uint32_t page = slot->map_pages - run;
	uint64_t *entry = small_entries(slot, page), physical = page_physical(slot, page);

	slot->map_pages = page;
	for (unsigned i = 0; entry && i < run; i++, physical += PAGE_SIZE) {
		if (!arch_entry_is_of(entry[i], physical))
			continue;
		entry[i] = 0;
		removed++;
	}
	if (removed) {
		entries_remove(entry, removed);
		pages_flush(vspace_of_slot(slot), page_address(slot, page), run);
	}
	return run;
}

bool mapping_shrink(struct slot *slot)
{
	for (unsigned left = PIECE_PAGES; left && slot->map_pages;)
		left -= shrink_large(slot) ? 1 : shrink_small(slot, left);
	return slot->map_pages == 0;
}

static unsigned protect_small(const struct slot *slot, uint32_t page, unsigned rights, unsigned limit)
{
	unsigned run = table_run(slot, page, slot->map_pages, limit);
	uint64_t *entry = small_entries(slot, page);

	for (unsigned i = 0; entry && i < run; i++)
		if (is_own(slot, page + i, entry[i]))
			entry[i] = page_entry(slot, page + i, 0, rights);
	if (entry)
		pages_flush(vspace_of_slot(slot), page_address(slot, page), run);
	return run;
}

bool mapping_protect(struct slot *slot, unsigned rights, uint64_t *done)
{
	for (unsigned left = PIECE_PAGES; left && *done < slot->map_pages;) {
		uint32_t page = (uint32_t)*done;
		uint64_t *large = own_large(slot, page);
		unsigned run = large ? 1 : protect_small(slot, page, rights, left);

		if (large) {
			*large = page_entry(slot, page, 1, rights);
			space_flush(vspace_of_slot(slot)->top_physical, page_address(slot, page), 1);
		}
		*done += large ? LARGE_PAGES : run;
		left -= run;
	}
	return *done >= slot->map_pages;
}

// As far as one table goes, or one large page, or where there is no table: how many entries were looked at.
static unsigned restrict_run(struct vspace *vspace, uint64_t *at, uint64_t end, unsigned rights, unsigned limit)
{
	unsigned level, run = (unsigned)min_u64(LARGE_PAGES - table_index(*at, 0), (end - *at) / PAGE_SIZE);
	uint64_t *entry = walk(vspace, *at, 0, &level);
	uint64_t size = (uint64_t)PAGE_SIZE << level * TABLE_INDEX_BITS;

	if (level) {
		if (entry && (!is_aligned(*at, size) || end - *at < size))
			return 0;
		if (entry) {
			*entry = arch_entry_restrict(*entry, rights);
			space_flush(vspace->top_physical, *at, 1);
		}
		*at = min_u64(align_down(*at, size) + size, end);
		return 1;
	}
	run = (unsigned)min_u64(run, limit);
	for (unsigned i = 0; i < run; i++)
		if (arch_entry_is_present(entry[i]))
			entry[i] = arch_entry_restrict(entry[i], rights);
	pages_flush(vspace, *at, run);
	*at += (uint64_t)run * PAGE_SIZE;
	return run;
}

err_t range_restrict(struct vspace *vspace, uint64_t *at, uint64_t end, unsigned rights)
{
	for (unsigned left = PIECE_PAGES; left && *at < end;) {
		unsigned run = restrict_run(vspace, at, end, rights, left);

		if (!run)
			return ERR_MAPPED;
		left -= run;
	}
	return OK;
}

// Entries for a clone: the same pages, and without `keep` neither may be written any more.
static bool entries_clone(uint64_t *to, uint64_t *from, bool keep)
{
	bool lost = !keep && arch_entry_read_only(*from) != *from;

	if (lost)
		*from = arch_entry_read_only(*from);
	*to = *from;
	return lost;
}

static bool clone_large(struct slot *to, struct slot *from, bool keep, err_t *err)
{
	uint64_t *source = own_large(from, to->map_pages), *dest;
	unsigned at;

	if (!source)
		return false;
	dest = walk_make(vspace_of_slot(to), page_address(to, to->map_pages), 1, &at);
	if (!dest || at != 1 || arch_entry_is_present(*dest)) {
		*err = dest ? ERR_MAPPED : ERR_NO_MEMORY;
		return true;
	}
	if (entries_clone(dest, source, keep))
		space_flush(vspace_of_slot(from)->top_physical, 0, 0);
	entries_add(dest, 1);
	to->map_pages += LARGE_PAGES;
	return true;
}

static err_t clone_small(struct slot *to, struct slot *from, bool keep, unsigned limit)
{
	uint32_t page = to->map_pages;
	unsigned at, i, added = 0, run = table_run(from, page, from->map_pages, limit);
	uint64_t *source = small_entries(from, page);
	uint64_t *dest = source ? walk_make(vspace_of_slot(to), page_address(to, page), 0, &at) : NULL;
	uint64_t physical = page_physical(from, page);
	bool lost = false;

	if (source && (!dest || at))
		return dest ? ERR_MAPPED : ERR_NO_MEMORY;
	for (i = 0; source && i < run; i++, physical += PAGE_SIZE) {
		if (!arch_entry_is_of(source[i], physical))
			continue;
		if (arch_entry_is_present(dest[i]))
			break;
		lost |= entries_clone(&dest[i], &source[i], keep);
		added++;
	}
	to->map_pages += source ? i : run;
	if (added)
		entries_add(dest, added);
	if (lost)
		space_flush(vspace_of_slot(from)->top_physical, 0, 0);
	return source && i < run ? ERR_MAPPED : OK;
}

err_t mapping_clone(struct slot *to, struct slot *from, bool keep, unsigned *left)
{
	err_t err = OK;

	while (!err && *left && to->map_pages < from->map_pages) {
		uint32_t before = to->map_pages;

		if (clone_large(to, from, keep, &err)) {
			--*left;
			continue;
		}
		err = clone_small(to, from, keep, *left);
		*left -= to->map_pages - before;
	}
	return err;
}
