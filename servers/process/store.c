// Memory for pages, slots, Untypeds.
#include "servers/process/store.h"

#include <stdlib.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "protocol/linux.h"

#define SLOT_BLOCKS_MAX 1024
#define UNITS_MAX 4096

struct region {
	uint8_t *address;
	uint32_t first, count;
	cap_t frame;
};

struct slot_block {
	uint64_t free;
	uint32_t next;  // number + 1
};

static struct region regions[COMPONENT_REGIONS_MAX];
static uint32_t region_count;
static uint64_t charged, charge_max;

static cap_t slot_first;
static struct slot_block blocks[SLOT_BLOCKS_MAX];
static uint32_t block_count, block_free, block_left;

static cap_t untyped_first;
static uint32_t untyped_count;
static uint64_t untyped_bytes, unit_bytes;  // of all Untypeds; of the units in use
static cap_t units[UNIT_KINDS][UNITS_MAX];
static uint32_t unit_free[UNIT_KINDS], unit_total;
static const unsigned unit_bits[UNIT_KINDS] = {16, 14, LINUX_CNODE_BITS_LARGE + 6, 13};

cap_t store_cnode;
struct page_pool store_pages;

static void fail(const char *what)
{
	rt_log("cannot start: %s", what);
	exit(1);
}

static void regions_make(void)
{
	const struct component_info *info = component_get();
	uint32_t count = 0;

	for (uint32_t i = 0; i < info->region_count; i++) {
		const struct component_region *r = &info->regions[i];

		if (strcmp(r->name, "memory") != 0 || !r->frame)
			continue;
		regions[region_count++] = (struct region){(uint8_t *)r->address, count,
							  (uint32_t)(r->size / PAGE_SIZE), r->frame};
		count += (uint32_t)((r->size / PAGE_SIZE + 63) / 64 * 64);
	}
	if (!region_count || !page_pool_make(&store_pages, count))
		fail("no memory");
	for (uint32_t i = 0; i < region_count; i++)
		page_pool_add(&store_pages, regions[i].first, regions[i].count);
	charge_max = store_pages.free_count * 2ull;
}

static void slots_make(void)
{
	uint32_t count = SLOT_BLOCKS_MAX;

	while (count && !(slot_first = slot_alloc_run(count * 64)))
		count = count * 3 / 4;
	// Some of them are left for the units and the bodies.
	uint32_t rest = count / 4;

	for (uint32_t i = (count - rest) * 64; i < count * 64; i++)
		slot_free(slot_first + i);
	block_count = count - rest;
	if (block_count < 8)
		fail("too few slots");
	for (uint32_t i = 0; i < block_count; i++)
		blocks[i].next = i + 1 < block_count ? i + 2 : 0;
	block_free = 1;
	block_left = block_count;
}

void store_make(void)
{
	store_cnode = component_get_cap("cnode");
	untyped_first = component_find_cap("untyped", &untyped_count);
	if (!untyped_first)
		fail("no untyped memory");
	for (uint32_t i = 0; i < untyped_count; i++) {
		uint64_t base, bits, used;

		if (untyped_info(untyped_first + i, &base, &bits, &used) == OK)
			untyped_bytes += 1ull << bits;
	}
	regions_make();
	slots_make();
}

bool store_charge(uint64_t pages)
{
	if (pages > charge_max || charged > charge_max - pages)
		return false;
	charged += pages;
	return true;
}

void store_uncharge(uint64_t pages) { charged -= pages; }

static const struct region *region_of(uint32_t page)
{
	uint32_t i = 0;

	while (i + 1 < region_count && page >= regions[i + 1].first)
		i++;
	return &regions[i];
}

uint8_t *store_at(uint32_t page)
{
	const struct region *r = region_of(page);

	return r->address + (uint64_t)(page - r->first) * PAGE_SIZE;
}

cap_t store_frame(uint32_t page, uint32_t *first)
{
	const struct region *r = region_of(page);

	*first = page - r->first;
	return r->frame;
}

uint32_t store_run(uint32_t count)
{
	uint32_t page = page_take(&store_pages, count);

	if (page != PAGE_NONE)
		memset(store_at(page), 0, (size_t)count * PAGE_SIZE);
	return page;
}

uint32_t store_page(void) { return store_run(1); }

uint32_t store_slot_blocks(void) { return block_left; }

// A block for a set; its number, 0: none.
static uint32_t block_take(struct slot_set *set, uint64_t free)
{
	uint32_t taken = block_free;

	if (!taken)
		return 0;
	block_free = blocks[taken - 1].next;
	block_left--;
	blocks[taken - 1] = (struct slot_block){free, set->head};
	set->head = taken;
	set->count++;
	return taken;
}

cap_t slot_set_take(struct slot_set *set)
{
	// Full blocks go behind the head, so that the head is nearly always the one with room.
	if ((!set->head || !blocks[set->head - 1].free) && !block_take(set, ~0ull))
		return 0;

	struct slot_block *block = &blocks[set->head - 1];
	uint32_t bit = (uint32_t)__builtin_ctzll(block->free);

	block->free &= block->free - 1;
	return slot_first + (set->head - 1) * 64 + bit;
}

static void slot_forget(struct slot_set *set, cap_t slot)
{
	uint32_t i = slot - slot_first;
	bool was_full = !blocks[i / 64].free;

	blocks[i / 64].free |= 1ull << i % 64;
	if (!was_full || set->head == i / 64 + 1)
		return;
	// A block with room again becomes the head.
	for (uint32_t *link = &set->head; *link; link = &blocks[*link - 1].next) {
		if (*link != i / 64 + 1)
			continue;
		*link = blocks[i / 64].next;
		blocks[i / 64].next = set->head;
		set->head = i / 64 + 1;
		return;
	}
}

void slot_set_drop(struct slot_set *set, cap_t slot)
{
	(void)cnode_delete(store_cnode, slot, 1);
	slot_forget(set, slot);
}

void slot_drops_flush(struct slot_drops *drops)
{
	if (drops->count)
		(void)cnode_delete(store_cnode, drops->first, drops->count);
	for (uint32_t i = 0; i < drops->count; i++)
		slot_forget(drops->set, drops->first + i);
	drops->count = 0;
}

void slot_drops_add(struct slot_drops *drops, cap_t slot)
{
	if (drops->count && slot == drops->first + drops->count) {
		drops->count++;
		return;
	}
	slot_drops_flush(drops);
	drops->first = slot;
	drops->count = 1;
}

void slot_set_clear(struct slot_set *set)
{
	while (set->head) {
		uint32_t number = set->head;

		uint64_t used = ~blocks[number - 1].free;

		if (used) {
			uint32_t low = (uint32_t)__builtin_ctzll(used), high = 63 - (uint32_t)__builtin_clzll(used);

			(void)cnode_delete(store_cnode, slot_first + (number - 1) * 64 + low, high - low + 1);
		}
		set->head = blocks[number - 1].next;
		blocks[number - 1].next = block_free;
		block_free = number;
		block_left++;
	}
	set->count = 0;
}

static uint64_t clone_keep[SLOT_BLOCKS_MAX], clone_skip[SLOT_BLOCKS_MAX];
static uint32_t clone_block[SLOT_BLOCKS_MAX];

void slot_clone_begin(const struct slot_set *from)
{
	for (uint32_t at = from->head; at; at = blocks[at - 1].next)
		clone_keep[at - 1] = clone_skip[at - 1] = clone_block[at - 1] = 0;
}

void slot_clone_mark(cap_t slot, bool is_kept)
{
	uint32_t i = slot - slot_first;

	(is_kept ? clone_keep : clone_skip)[i / 64] |= 1ull << i % 64;
}

cap_t slot_clone_of(cap_t slot)
{
	uint32_t i = slot - slot_first;

	return slot_first + clone_block[i / 64] * 64 + i % 64;
}

static bool block_clone(uint32_t from, uint32_t to, cap_t vspace, bool (*supply)(void *), void *data)
{
	uint64_t bits = ~blocks[from].free & ~clone_skip[from];

	while (bits) {
		struct msg m = {.tag = TAG(METHOD_VSPACE_CLONE, 6),
				.words = {store_cnode, slot_first + from * 64, bits, store_cnode,
					  slot_first + to * 64, clone_keep[from]}};
		err_t err = sys_call(vspace, &m);

		if (!err)
			return true;
		bits = m.words[2];
		if (err != ERR_NO_MEMORY || !supply(data))
			return false;
	}
	return true;
}

bool slot_clone(struct slot_set *to, const struct slot_set *from, cap_t vspace, bool (*supply)(void *),
		void *data)
{
	for (uint32_t at = from->head; at; at = blocks[at - 1].next) {
		uint32_t made = block_take(to, blocks[at - 1].free | clone_skip[at - 1]);

		if (!made)
			return false;
		clone_block[at - 1] = made - 1;
		if (!block_clone(at - 1, made - 1, vspace, supply, data))
			return false;
	}
	return true;
}

bool unit_make(cap_t unit, unsigned type, unsigned bits, cap_t slot)
{
	return untyped_retype(unit, type, bits, 1, store_cnode, slot, NULL) == OK;
}

uint64_t store_bytes(void) { return store_pages.count * (uint64_t)PAGE_SIZE + untyped_bytes; }

uint64_t store_free_bytes(void)
{
	return store_pages.free_count * (uint64_t)PAGE_SIZE + untyped_bytes - unit_bytes;
}

cap_t unit_take(unsigned kind)
{
	if (unit_free[kind]) {
		unit_bytes += 1ull << unit_bits[kind];
		return units[kind][--unit_free[kind]];
	}
	if (unit_total == UNITS_MAX)
		return 0;

	cap_t slot = slot_alloc();

	for (uint32_t i = 0; slot && i < untyped_count; i++) {
		if (unit_make(untyped_first + i, TYPE_UNTYPED, unit_bits[kind], slot)) {
			unit_total++;
			unit_bytes += 1ull << unit_bits[kind];
			return slot;
		}
	}
	if (slot)
		slot_free(slot);
	return 0;
}

bool unit_is_there(unsigned kind)
{
	cap_t unit = unit_take(kind);

	if (unit)
		unit_give(kind, unit);
	return unit;
}

uint32_t unit_max(unsigned kind) { return (uint32_t)(untyped_bytes >> unit_bits[kind]); }

void unit_give(unsigned kind, cap_t unit)
{
	(void)cnode_revoke(store_cnode, unit);
	if (untyped_reset(unit)) {
		rt_log("an untyped could not be reset: 64 KiB are lost");
		return;
	}
	units[kind][unit_free[kind]++] = unit;
	unit_bytes -= 1ull << unit_bits[kind];
}
