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
//  3. Every page entry belongs to the window of exactly one mapped Frame slot of the VSpace's list.
#include "mem/table.h"

#include "base/print.h"

#define PIECE_PAGES 128  // entries changed before interrupts are let in
#define LARGE_PAGES (1u << TABLE_INDEX_BITS)

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

static uint64_t *table_alloc(struct vspace *vspace, uint64_t *parent, unsigned level)
{
	for (struct batch *batch = vspace->batches; batch; batch = batch->next) {
		if (!batch->free)
			continue;
		unsigned index = lowest_bit(batch->free);
		uint64_t *table = batch_table(batch, index);

		batch->free &= ~(uint32_t)BIT(index);
		batch->parent[index] = parent;
		batch->level[index] = (uint8_t)level;
		*parent = arch_entry_table(arch_virt_to_phys(table));
		return table;
	}
	return NULL;
}

static void table_cut(struct batch *batch, unsigned index)
{
	uint64_t *table = batch_table(batch, index);
	unsigned level = batch->level[index];

	if (batch->parent[index])
		*batch->parent[index] = 0;
	for (unsigned i = 0; level > 0 && i < LARGE_PAGES; i++) {
		if (!arch_entry_is_present(table[i]) || !arch_entry_is_table(table[i], level))
			continue;
		uint64_t *child = arch_phys_to_virt(arch_entry_physical(table[i]));

		batch_of(child)->parent[batch_index(child)] = NULL;
	}
}

void batch_detach(struct batch *batch)
{
	struct vspace *vspace = batch->vspace;

	for (unsigned i = 1; i < BATCH_TABLES; i++)
		if (!(batch->free & BIT(i)))
			table_cut(batch, i);
	for (struct batch **at = &vspace->batches; *at; at = &(*at)->next) {
		if (*at == batch) {
			*at = batch->next;
			break;
		}
	}
	arch_flush_space(vspace->top_physical);
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
}

void mapping_drop(struct slot *slot)
{
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
	uint64_t large = (uint64_t)LARGE_PAGES * PAGE_SIZE;

	return is_aligned(physical | address, large) && slot->count - page >= LARGE_PAGES;
}

err_t mapping_extend(struct slot *slot, unsigned rights)
{
	struct vspace *vspace = vspace_of_slot(slot);
	unsigned at;

	for (unsigned n = 0; n < PIECE_PAGES && slot->map_pages < slot->count; n++) {
		uint32_t page = slot->map_pages;
		unsigned level = page_level(slot, page);
		uint64_t *entry = walk_make(vspace, slot->address + (uint64_t)page * PAGE_SIZE, level, &at);

		if (!entry)
			return ERR_NO_MEMORY;
		if (level && arch_entry_is_present(*entry) && arch_entry_is_table(*entry, level)) {
			level = 0;
			entry = walk_make(vspace, slot->address + (uint64_t)page * PAGE_SIZE, 0, &at);
			if (!entry)
				return ERR_NO_MEMORY;
		}
		if (at != level || arch_entry_is_present(*entry))
			return ERR_MAPPED;
		*entry = arch_entry_page((slot->object + page) * PAGE_SIZE, level, rights,
					 slot->flags & SLOT_DEVICE);
		slot->map_pages += level ? LARGE_PAGES : 1;
	}
	return OK;
}

// The entry that this slot put at a page of its window; null when it is gone (its table was taken).
static uint64_t *own_entry(const struct slot *slot, uint32_t page, unsigned level)
{
	unsigned at;
	uint64_t *entry = walk(vspace_of_slot(slot), slot->address + (uint64_t)page * PAGE_SIZE, level, &at);

	if (!entry || at != level || !arch_entry_is_present(*entry))
		return NULL;
	if (level && arch_entry_is_table(*entry, level))
		return NULL;
	if (arch_entry_physical(*entry) != (slot->object + page) * PAGE_SIZE)
		return NULL;
	return entry;
}

bool mapping_shrink(struct slot *slot)
{
	struct vspace *vspace = vspace_of_slot(slot);
	unsigned n;

	for (n = 0; n < PIECE_PAGES && slot->map_pages; n++) {
		uint32_t page = slot->map_pages - 1;
		uint64_t *entry = NULL;

		if (slot->map_pages >= LARGE_PAGES && page_level(slot, slot->map_pages - LARGE_PAGES))
			entry = own_entry(slot, slot->map_pages - LARGE_PAGES, 1);
		if (entry)
			page = slot->map_pages - LARGE_PAGES;
		else
			entry = own_entry(slot, page, 0);
		slot->map_pages = page;
		if (!entry)
			continue;
		*entry = 0;
		arch_flush_page(vspace->top_physical, slot->address + (uint64_t)page * PAGE_SIZE);
	}
	return slot->map_pages == 0;
}

bool mapping_protect(struct slot *slot, unsigned rights, uint64_t *done)
{
	struct vspace *vspace = vspace_of_slot(slot);

	for (unsigned n = 0; n < PIECE_PAGES && *done < slot->map_pages; n++) {
		uint32_t page = (uint32_t)*done;
		unsigned level = page_level(slot, page);
		uint64_t *entry = level ? own_entry(slot, page, level) : NULL;

		if (!entry)
			entry = own_entry(slot, page, level = 0);
		*done += level ? LARGE_PAGES : 1;
		if (!entry)
			continue;
		*entry = arch_entry_page((slot->object + page) * PAGE_SIZE, level, rights,
					 slot->flags & SLOT_DEVICE);
		arch_flush_page(vspace->top_physical, slot->address + (uint64_t)page * PAGE_SIZE);
	}
	return *done >= slot->map_pages;
}
