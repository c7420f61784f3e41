// The memory of tables, ranges and clones.
#define CATEGORY "VSpace"
#include "tests/conform/conform.h"
#include "tests/conform/mapping.h"

#define AT FREE_AT
#define RW (FRAME_READ | FRAME_WRITE)

CASE(a_new_space_has_tables_for_a_few_mappings)
{
	cap_t space = make(TYPE_VSPACE, 0);

	WORKS(frame_map(frame_of(12), space, AT, RW));
	WORKS(frame_map(frame_of(12), space, 0x7f0000000000ull, RW));
}
CASE(a_space_whose_tables_are_used_up_says_so)
{
	cap_t space = make(TYPE_VSPACE, 0), frame = 0;
	err_t err = OK;

	for (unsigned i = 1; i < 32 && !err; i++)
		err = frame_map(frame = frame_of(12), space, (uint64_t)i << 39, RW);
	EQ(err, ERR_NO_MEMORY);
	EQ(address_of(frame), 0);
	WORKS(vspace_supply(space, block_new(SIZE_BITS_VSPACE)));
	WORKS(frame_map(frame, space, 0x6f0000000000ull, RW));
}
CASE(tables_come_from_blocks_of_64_kib)
{
	REFUSED(ERR_RANGE, 1, VSPACE, METHOD_VSPACE_SUPPLY, block_new(15));
	REFUSED(ERR_RANGE, 1, VSPACE, METHOD_VSPACE_SUPPLY, block_new(17));
}
CASE(a_block_with_children_is_no_table)
{
	cap_t block = block_new(16);

	WORKS(untyped_retype(block, TYPE_REPLY, 0, 1, CNODE, slots_new(1), NULL));
	REFUSED(ERR_HAS_CHILDREN, 1, VSPACE, METHOD_VSPACE_SUPPLY, block);
}
CASE(a_supplied_block_leaves_its_slot)
{
	cap_t block = block_new(16);

	WORKS(vspace_supply(make(TYPE_VSPACE, 0), block));
	TRUE(!is_there(block));
}
CASE(a_revoked_blocks_tables_are_cut_off)
{
	cap_t parent = block_new(17), block = slots_new(1), space = make(TYPE_VSPACE, 0), frames = make_many(TYPE_FRAME, 12, 32);
	unsigned n = 0;

	WORKS(untyped_retype(parent, TYPE_UNTYPED, 16, 1, CNODE, block, NULL));
	WORKS(vspace_supply(space, block));
	for (n = 0; n < 8; n++)
		WORKS(frame_map(frames + n, space, (uint64_t)(n + 1) << 39, RW));
	WORKS(revoke(parent));
	for (unsigned i = 0; i < n; i++)
		WORKS(frame_unmap(frames + i));
	WORKS(untyped_reset(parent));
}

// --- ranges

CASE(unmap_range_drops_every_mapping_that_reaches_into_it)
{
	cap_t a = mapped(12, AT, RW), b = mapped(14, AT + 0x4000, RW), c = mapped(12, AT + 0x10000, RW);

	WORKS(vspace_unmap_range(VSPACE, AT + 0x7000, AT + 0x10000, 0));
	EQ(address_of(a), AT);
	EQ(address_of(b), 0);
	EQ(address_of(c), AT + 0x10000);
}
CASE(unmap_range_passes_over_mappings_of_a_window_of_slots)
{
	cap_t a = mapped(12, AT, RW), b = mapped(12, AT + 0x1000, RW), keep = slots_new(1);

	WORKS(cnode_derive(CNODE, keep, CNODE, CNODE, CNODE_MOVE, a, 1));
	WORKS(vspace_unmap_range(VSPACE, AT, AT + 0x10000, keep));
	EQ(address_of(a), AT);
	EQ(address_of(b), 0);
	WORKS(vspace_unmap_range(VSPACE, AT, AT + 0x10000, CNODE));
	EQ(address_of(a), AT);
	WORKS(cnode_delete(CNODE, keep, 1));
	WORKS(vspace_unmap_range(VSPACE, AT, AT + 0x10000, 0));
	EQ(address_of(a), 0);
}
CASE(unmap_range_keeps_what_a_cnode_has_and_takes_nothing_else_for_one)
{
	REFUSED(ERR_CAP_TYPE, 3, VSPACE, METHOD_VSPACE_UNMAP_RANGE, AT, AT + 0x1000, VSPACE);
	REFUSED(ERR_CAP_TYPE, 3, VSPACE, METHOD_VSPACE_UNMAP_RANGE, AT, AT + 0x1000, slots_new(1));
}
CASE(unmap_range_of_nothing_works) { WORKS(vspace_unmap_range(VSPACE, AT, AT, 0)); }
CASE(unmap_range_is_page_aligned)
{
	REFUSED(ERR_ALIGN, 1, VSPACE, METHOD_VSPACE_UNMAP_RANGE, AT + 1, AT + 0x1000, 0);
	REFUSED(ERR_ALIGN, 2, VSPACE, METHOD_VSPACE_UNMAP_RANGE, AT, AT + 1, 0);
}
CASE(unmap_range_ends_in_user_space_and_not_before_its_start)
{
	REFUSED(ERR_RANGE, 2, VSPACE, METHOD_VSPACE_UNMAP_RANGE, AT, USER_END + 0x1000, 0);
	REFUSED(ERR_RANGE, 2, VSPACE, METHOD_VSPACE_UNMAP_RANGE, AT + 0x1000, AT, 0);
}
CASE(unmap_range_of_a_whole_space_gives_its_tables_back)
{
	cap_t space = make(TYPE_VSPACE, 0), frames = make_many(TYPE_FRAME, 12, 32);

	for (unsigned round = 0; round < 4; round++) {
		for (unsigned i = 0; i < 4; i++)
			WORKS(frame_map(frames + i, space, (uint64_t)(round * 8 + i + 1) << 39, RW));
		WORKS(vspace_unmap_range(space, 0, USER_END, 0));
	}
}

// --- items

CASE(map_does_what_the_items_say)
{
	cap_t space = make(TYPE_VSPACE, 0), frame = frame_of(14), to = slots_new(2);

	sys_block()->items[0] = (struct abi_map_item){frame, to, AT, 1, 2, RW, 0};
	sys_block()->items[1] = (struct abi_map_item){frame, to + 1, AT + 0x8000, 0, 1, FRAME_READ, 0};
	WORKS(vspace_map(space, 2));
	EQ(address_of(to), AT);
	EQ(address_of(to + 1), AT + 0x8000);
	WORKS(vspace_map(space, 0));
}
CASE(map_that_fails_says_how_many_items_were_done)
{
	cap_t space = make(TYPE_VSPACE, 0), frame = frame_of(14), to = slots_new(2);
	struct answer a;

	sys_block()->items[0] = (struct abi_map_item){frame, to, AT, 0, 2, RW, 0};
	sys_block()->items[1] = (struct abi_map_item){frame, to + 1, AT + 0x1000, 0, 1, RW, 0};
	a = method(space, METHOD_VSPACE_MAP, 1, WORDS(2));
	EQ(a.err, ERR_MAPPED);
	EQ(a.words[2], 1);
	EQ(address_of(to), AT);
	REFUSED(ERR_RANGE, 1, space, METHOD_VSPACE_MAP, MSG_ITEMS_MAX + 1);
}

// --- clone

CASE(a_clone_maps_the_same_memory_and_takes_write_from_both)
{
	cap_t frame = mapped(12, AT, RW), to = slots_new(1);
	uint64_t left = 9;

	raw_store(AT, 5);
	WORKS(vspace_clone(space_other(), CNODE, frame, 1, CNODE, to, 0, &left));
	EQ(left, 0);
	EQ(address_of(to), AT);
	EQ(touch(ELSEWHERE, AT, touch_read), ~0ull);
	EQ(touch(ELSEWHERE, AT, touch_write), FAULT_ACCESS_WRITE | FAULT_ACCESS_PRESENT);
	EQ(touch(HERE, AT, touch_write), FAULT_ACCESS_WRITE | FAULT_ACCESS_PRESENT);
}
CASE(a_clone_that_keeps_shares)
{
	cap_t frame = mapped(12, AT, RW), to = slots_new(1);

	WORKS(vspace_clone(space_other(), CNODE, frame, 1, CNODE, to, 1, NULL));
	EQ(touch(ELSEWHERE, AT, touch_write), ~0ull);
	EQ(raw_load(AT), 1);
}
CASE(a_clone_of_an_unmapped_frame_fails)
{
	cap_t frame = frame_of(12);

	REFUSED(ERR_NOT_MAPPED, 2, space_other(), METHOD_VSPACE_CLONE, CNODE, frame, 1, CNODE, slots_new(1), 0);
}
CASE(a_clone_into_its_own_space_fails)
{
	REFUSED(ERR_MAPPED, 0, VSPACE, METHOD_VSPACE_CLONE, CNODE, mapped(12, AT, RW), 1, CNODE, slots_new(1), 0);
}
CASE(a_clone_into_a_used_slot_fails)
{
	REFUSED(ERR_SLOT_USED, 5, space_other(), METHOD_VSPACE_CLONE, CNODE, mapped(12, AT, RW), 1, CNODE, CNODE, 0);
}
CASE(a_clone_onto_a_mapped_page_fails_and_leaves_nothing)
{
	cap_t frame = mapped(12, AT, RW), other = frame_of(12), to = slots_new(1);

	WORKS(frame_map(other, space_other(), AT, RW));
	EQ(vspace_clone(space_other(), CNODE, frame, 1, CNODE, to, 0, NULL), ERR_MAPPED);
	TRUE(!is_there(to));
}
CASE(a_clone_beyond_a_window_fails)
{
	REFUSED(ERR_RANGE, 2, space_other(), METHOD_VSPACE_CLONE, CNODE, 4096, 1, CNODE, slots_new(1), 0);
	REFUSED(ERR_RANGE, 5, space_other(), METHOD_VSPACE_CLONE, CNODE, mapped(12, AT, RW), 1, CNODE, 4096, 0);
}
CASE(a_clone_that_stops_says_which_are_left)
{
	cap_t frames = slots_new(3), to = slots_new(3);
	struct answer a;

	WORKS(untyped_retype(case_untyped(), TYPE_FRAME, 12, 3, CNODE, frames, NULL));
	WORKS(frame_map(frames, VSPACE, AT, RW));
	WORKS(frame_map(frames + 2, VSPACE, AT + 0x2000, RW));
	a = method(space_other(), METHOD_VSPACE_CLONE, 6, WORDS(CNODE, frames, 7, CNODE, to, 0));
	EQ(a.err, ERR_NOT_MAPPED);
	EQ(a.words[2], 6);
	TRUE(is_there(to) && !is_there(to + 2));
}
