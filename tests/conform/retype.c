// Making objects from memory.
#define CATEGORY "retype"
#include "tests/conform/conform.h"

#define R METHOD_UNTYPED_RETYPE

static uint64_t used(cap_t block)
{
	uint64_t bytes = 0;

	WORKS(untyped_info(block, NULL, NULL, &bytes));
	return bytes;
}

CASE(every_object_takes_what_the_abi_says)
{
	static const struct {
		uint64_t type, bits, bytes;
	} kinds[] = {
		{TYPE_UNTYPED, 9, 512},
		{TYPE_FRAME, 12, 4096},
		{TYPE_CNODE, 3, 512},
		{TYPE_VSPACE, 0, 1u << SIZE_BITS_VSPACE},
		{TYPE_THREAD, 0, 1u << SIZE_BITS_THREAD},
		{TYPE_SCHEDCONTEXT, 0, 1u << SIZE_BITS_SCHEDCONTEXT},
		{TYPE_ENDPOINT, 0, 1u << SIZE_BITS_ENDPOINT},
		{TYPE_REPLY, 0, 1u << SIZE_BITS_REPLY},
		{TYPE_NOTIFICATION, 0, 1u << SIZE_BITS_NOTIFICATION},
	};
	cap_t block = block_new(16), to = slots_new(1);

	for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		WORKS(untyped_reset(block));
		WORKS(untyped_retype(block, kinds[i].type, kinds[i].bits, 1, CNODE, to, NULL));
		EQ(used(block), kinds[i].bytes);
		WORKS(delete(to));
	}
}
CASE(type_0_is_refused) { REFUSED(ERR_ARGUMENT, 1, case_untyped(), R, 0, 0, 1, CNODE, slots_new(1)); }
CASE(types_that_are_not_made_of_memory_are_refused)
{
	static const unsigned types[] = {TYPE_SCHEDCONTROL, TYPE_INTERRUPT, TYPE_IRQCONTROL, TYPE_IOPORT, TYPE_COUNT};

	for (unsigned i = 0; i < sizeof types / sizeof types[0]; i++)
		REFUSED(ERR_ARGUMENT, 1, case_untyped(), R, types[i], 0, 1, CNODE, slots_new(1));
	REFUSED(ERR_ARGUMENT, 1, case_untyped(), R, 1ull << 32 | TYPE_REPLY, 0, 1, CNODE, slots_new(1));
}
CASE(an_object_of_fixed_size_takes_no_size)
{
	REFUSED(ERR_RANGE, 2, case_untyped(), R, TYPE_ENDPOINT, 9, 1, CNODE, slots_new(1));
	REFUSED(ERR_RANGE, 2, case_untyped(), R, TYPE_THREAD, 12, 1, CNODE, slots_new(1));
	REFUSED(ERR_RANGE, 2, case_untyped(), R, TYPE_VSPACE, 16, 1, CNODE, slots_new(1));
}
CASE(an_untyped_is_64_bytes_at_least)
{
	REFUSED(ERR_RANGE, 2, case_untyped(), R, TYPE_UNTYPED, 5, 1, CNODE, slots_new(1));
	WORKS(untyped_retype(case_untyped(), TYPE_UNTYPED, 6, 1, CNODE, slots_new(1), NULL));
}
CASE(a_frame_is_a_page_at_least)
{
	REFUSED(ERR_RANGE, 2, case_untyped(), R, TYPE_FRAME, 11, 1, CNODE, slots_new(1));
}
CASE(a_frames_size_has_a_limit)
{
	REFUSED(ERR_RANGE, 2, case_untyped(), R, TYPE_FRAME, 43, 1, CNODE, slots_new(1));
	REFUSED(ERR_RANGE, 2, case_untyped(), R, TYPE_FRAME, 255, 1, CNODE, slots_new(1));
	REFUSED(ERR_RANGE, 2, case_untyped(), R, TYPE_FRAME, ~0ull & ~(uint64_t)RETYPE_RAW, 1, CNODE, slots_new(1));
}
CASE(an_untypeds_size_has_a_limit)
{
	REFUSED(ERR_RANGE, 2, case_untyped(), R, TYPE_UNTYPED, 48, 1, CNODE, slots_new(1));
	REFUSED(ERR_RANGE, 2, case_untyped(), R, TYPE_UNTYPED, 64, 1, CNODE, slots_new(1));
	REFUSED(ERR_RANGE, 2, case_untyped(), R, TYPE_UNTYPED, ~0ull, 1, CNODE, slots_new(1));
}
CASE(a_cnode_has_2_to_2_to_the_20_slots)
{
	REFUSED(ERR_RANGE, 2, case_untyped(), R, TYPE_CNODE, CNODE_BITS_MIN - 1, 1, CNODE, slots_new(1));
	REFUSED(ERR_RANGE, 2, case_untyped(), R, TYPE_CNODE, CNODE_BITS_MAX + 1, 1, CNODE, slots_new(1));
}
CASE(none_at_all_is_refused) { REFUSED(ERR_RANGE, 3, case_untyped(), R, TYPE_REPLY, 0, 0, CNODE, slots_new(1)); }
CASE(retype_into_a_used_slot_fails)
{
	REFUSED(ERR_SLOT_USED, 5, case_untyped(), R, TYPE_REPLY, 0, 1, CNODE, CNODE);
}
CASE(retype_beyond_the_window_fails)
{
	REFUSED(ERR_RANGE, 5, case_untyped(), R, TYPE_REPLY, 0, 1, CNODE, 4096);
	REFUSED(ERR_RANGE, 5, case_untyped(), R, TYPE_REPLY, 0, 1, CNODE, 0);
}
CASE(retype_into_a_narrowed_cnode_counts_from_its_window)
{
	cap_t cnode = make(TYPE_CNODE, 3), part = derive(cnode, ALL, 2, 2);

	WORKS(untyped_retype(case_untyped(), TYPE_REPLY, 0, 2, part, 0, NULL));
	EQ(method(cnode, METHOD_CNODE_INFO, 1, WORDS(3)).words[0], TYPE_REPLY);
	EQ(untyped_retype(case_untyped(), TYPE_REPLY, 0, 1, part, 2, NULL), ERR_RANGE);
}
CASE(many_objects_fill_consecutive_slots)
{
	cap_t first = slots_new(50);
	uint64_t next = 0;

	WORKS(untyped_retype(case_untyped(), TYPE_NOTIFICATION, 0, 50, CNODE, first, &next));
	EQ(next, first + 50);
	TRUE(is_there(first) && is_there(first + 49));
}
CASE(retype_that_meets_a_used_slot_says_how_far_it_came)
{
	cap_t first = slots_new(3);
	struct answer a;

	WORKS(cnode_derive(CNODE, first + 2, CNODE, make(TYPE_ENDPOINT, 0), ALL, 0, 0));
	a = method(case_untyped(), R, 5, WORDS(TYPE_REPLY, 0, 5, CNODE, first));
	EQ(a.err, ERR_SLOT_USED);
	EQ(a.words[2], first + 2);
	TRUE(is_there(first) && is_there(first + 1));
}
CASE(a_used_up_block_makes_no_more)
{
	cap_t block = block_new(12), first = slots_new(9);
	struct answer a = method(block, R, 5, WORDS(TYPE_ENDPOINT, 0, 9, CNODE, first));

	EQ(a.err, ERR_NO_MEMORY);
	EQ(a.words[2], first + 8);
	EQ(used(block), 4096);
	REFUSED(ERR_NO_MEMORY, 0, block, R, TYPE_REPLY, 0, 1, CNODE, first + 8);
}
CASE(an_object_larger_than_its_block_is_not_made)
{
	REFUSED(ERR_NO_MEMORY, 0, block_new(12), R, TYPE_FRAME, 13, 1, CNODE, slots_new(1));
	REFUSED(ERR_NO_MEMORY, 0, block_new(12), R, TYPE_FRAME, 42, 1, CNODE, slots_new(1));
}
CASE(objects_are_naturally_aligned)
{
	cap_t block = block_new(16), to = slots_new(2);
	uint64_t base, block_base;

	WORKS(untyped_retype(block, TYPE_REPLY, 0, 1, CNODE, to, NULL));
	WORKS(untyped_retype(block, TYPE_FRAME, 13, 1, CNODE, to + 1, NULL));
	WORKS(frame_info(to + 1, NULL, NULL, &base));
	WORKS(untyped_info(block, &block_base, NULL, NULL));
	EQ(base, block_base + 8192);
	EQ(used(block), 16384);
}
CASE(objects_do_not_overlap)
{
	cap_t block = block_new(16), to = make(TYPE_CNODE, 5);
	uint64_t base[8];

	WORKS(untyped_retype(block, TYPE_UNTYPED, 12, 8, to, 1, NULL));
	for (unsigned i = 0; i < 8; i++) {
		cap_t slot = slots_new(1);

		WORKS(cnode_move(CNODE, slot, to, 1 + i, 1, NULL));
		WORKS(untyped_info(slot, &base[i], NULL, NULL));
		for (unsigned j = 0; j < i; j++)
			TRUE(base[i] != base[j]);
	}
}
CASE(a_new_frame_is_zero_whatever_the_memory_held)
{
	cap_t block = block_new(14), frame = slots_new(1);

	for (unsigned n = 0; n < 3; n++) {
		WORKS(untyped_retype(block, TYPE_FRAME, 13, 1, CNODE, frame, NULL));
		WORKS(frame_map(frame, VSPACE, FREE_AT, FRAME_READ | FRAME_WRITE));
		for (uint64_t at = 0; at < 8192; at += 8)
			if (raw_load(FREE_AT + at))
				EQ(raw_load(FREE_AT + at), 0);
		for (uint64_t at = 0; at < 8192; at += 8)
			raw_store(FREE_AT + at, ~0ull);
		WORKS(delete(frame));
		WORKS(untyped_reset(block));
	}
}
CASE(a_raw_frame_keeps_what_the_memory_held)
{
	cap_t block = block_new(14), frame = slots_new(1);

	WORKS(untyped_retype(block, TYPE_FRAME, 13, 1, CNODE, frame, NULL));
	WORKS(frame_map(frame, VSPACE, FREE_AT, FRAME_READ | FRAME_WRITE));
	raw_store(FREE_AT, 0x1234);
	WORKS(delete(frame));
	WORKS(untyped_reset(block));
	WORKS(untyped_retype(block, TYPE_FRAME, 13 | RETYPE_RAW, 1, CNODE, frame, NULL));
	WORKS(frame_map(frame, VSPACE, FREE_AT, FRAME_READ));
	EQ(raw_load(FREE_AT), 0x1234);
}
CASE(a_new_cnode_is_empty_whatever_the_memory_held)
{
	cap_t block = block_new(14), cnode = slots_new(1);

	WORKS(untyped_retype(block, TYPE_FRAME, 13 | RETYPE_RAW, 1, CNODE, cnode, NULL));
	WORKS(frame_map(cnode, VSPACE, FREE_AT, FRAME_READ | FRAME_WRITE));
	for (uint64_t at = 0; at < 8192; at += 8)
		raw_store(FREE_AT + at, 0x0202020202020202ull);
	WORKS(delete(cnode));
	WORKS(untyped_reset(block));
	WORKS(untyped_retype(block, TYPE_CNODE, 7, 1, CNODE, cnode, NULL));
	for (unsigned i = 1; i < 128; i++)
		EQ(method(cnode, METHOD_CNODE_INFO, 1, WORDS(i)).words[0], TYPE_NONE);
}
CASE(reset_of_a_block_with_children_fails)
{
	cap_t block = block_new(14);

	WORKS(untyped_retype(block, TYPE_REPLY, 0, 1, CNODE, slots_new(1), NULL));
	EQ(untyped_reset(block), ERR_HAS_CHILDREN);
	WORKS(revoke(block));
	WORKS(untyped_reset(block));
	EQ(used(block), 0);
}
CASE(a_block_without_children_is_not_free_before_its_reset)
{
	cap_t block = block_new(12), e = slots_new(1);

	WORKS(untyped_retype(block, TYPE_FRAME, 12, 1, CNODE, e, NULL));
	WORKS(delete(e));
	EQ(untyped_retype(block, TYPE_REPLY, 0, 1, CNODE, e, NULL), ERR_NO_MEMORY);
}
CASE(a_frame_that_survives_as_a_grandchild_holds_the_block)
{
	cap_t block = block_new(14), frame = slots_new(1), part;

	WORKS(untyped_retype(block, TYPE_FRAME, 13, 1, CNODE, frame, NULL));
	part = derive(frame, ALL, 0, 1);
	WORKS(delete(frame));
	EQ(untyped_reset(block), ERR_HAS_CHILDREN);
	TRUE(is_there(part));
}
CASE(blocks_nest)
{
	cap_t a = block_new(16), b = slots_new(3);

	WORKS(untyped_retype(a, TYPE_UNTYPED, 14, 1, CNODE, b, NULL));
	WORKS(untyped_retype(b, TYPE_UNTYPED, 12, 1, CNODE, b + 1, NULL));
	WORKS(untyped_retype(b + 1, TYPE_REPLY, 0, 1, CNODE, b + 2, NULL));
	WORKS(revoke(a));
	TRUE(!is_there(b) && !is_there(b + 1) && !is_there(b + 2));
}
CASE(info_tells_base_and_size)
{
	cap_t block = block_new(14);
	uint64_t base, bits;

	WORKS(untyped_info(block, &base, &bits, NULL));
	EQ(bits, 14);
	EQ(base & 0x3fff, 0);
}
