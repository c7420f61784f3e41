// Operations on slots: derive, copy, move (delete.c has the rest).
#define CATEGORY "capability operations"
#include "tests/conform/conform.h"

#define D METHOD_CNODE_DERIVE

static cap_t filled(void) { return make(TYPE_ENDPOINT, 0); }

static uint64_t data_of(cap_t cap)
{
	uint64_t data = 0;

	WORKS(cnode_info(CNODE, cap, NULL, NULL, &data, NULL));
	return data;
}

static bool has_children(cap_t cap)
{
	uint64_t children = 0;

	WORKS(cnode_info(CNODE, cap, NULL, NULL, NULL, &children));
	return children;
}

// --- derive

CASE(derive_into_a_used_slot_fails) { REFUSED(ERR_SLOT_USED, 1, CNODE, D, CNODE, CNODE, filled(), ALL, 0, 0); }
CASE(derive_into_slot_0_fails) { REFUSED(ERR_RANGE, 1, CNODE, D, 0, CNODE, filled(), ALL, 0, 0); }
CASE(derive_beyond_the_window_fails) { REFUSED(ERR_RANGE, 1, CNODE, D, 4096, CNODE, filled(), ALL, 0, 0); }
CASE(derive_far_beyond_the_window_fails) { REFUSED(ERR_RANGE, 1, CNODE, D, ~0ull, CNODE, filled(), ALL, 0, 0); }
CASE(derive_from_an_empty_slot_fails)
{
	cap_t s = slots_new(2);

	REFUSED(ERR_CAP_INVALID, 3, CNODE, D, s, CNODE, s + 1, ALL, 0, 0);
}
CASE(derive_from_beyond_the_window_fails)
{
	REFUSED(ERR_RANGE, 3, CNODE, D, slots_new(1), CNODE, 4096, ALL, 0, 0);
}
CASE(an_untyped_cannot_be_derived)
{
	REFUSED(ERR_CAP_TYPE, 3, CNODE, D, slots_new(1), CNODE, block_new(12), ALL, 0, 0);
}
CASE(a_derived_capability_is_a_child)
{
	cap_t e = filled();

	TRUE(!has_children(e));
	derive(e, ALL, 0, 0);
	TRUE(has_children(e));
}
CASE(a_badge_is_given_once)
{
	cap_t b = derive(filled(), ALL, 5, 0);

	EQ(data_of(b), 5);
	EQ(data_of(derive(b, ALL, 0, 0)), 5);
	REFUSED(ERR_ARGUMENT, 5, CNODE, D, slots_new(1), CNODE, b, ALL, 6, 0);
}
CASE(a_notifications_badge_is_given_once)
{
	cap_t b = derive(make(TYPE_NOTIFICATION, 0), ALL, 4, 0);

	REFUSED(ERR_ARGUMENT, 5, CNODE, D, slots_new(1), CNODE, b, ALL, 8, 0);
}
CASE(a_frames_window_narrows)
{
	cap_t frame = make(TYPE_FRAME, 14), middle = derive(frame, ALL, 1, 2);
	uint64_t whole, part, pages;

	WORKS(frame_info(frame, NULL, NULL, &whole));
	WORKS(frame_info(middle, &pages, NULL, &part));
	EQ(pages, 2);
	EQ(part, whole + PAGE_SIZE);
	WORKS(frame_info(derive(middle, ALL, 1, 0), &pages, NULL, &part));
	EQ(pages, 1);
	EQ(part, whole + 2 * PAGE_SIZE);
}
CASE(a_frames_window_does_not_grow)
{
	cap_t part = derive(make(TYPE_FRAME, 14), ALL, 1, 2);

	REFUSED(ERR_RANGE, 5, CNODE, D, slots_new(1), CNODE, part, ALL, 2, 0);
	REFUSED(ERR_RANGE, 6, CNODE, D, slots_new(1), CNODE, part, ALL, 0, 3);
	REFUSED(ERR_RANGE, 6, CNODE, D, slots_new(1), CNODE, part, ALL, 1, ~0ull);
	REFUSED(ERR_RANGE, 5, CNODE, D, slots_new(1), CNODE, part, ALL, ~0ull, 2);
}
CASE(a_cnodes_window_narrows_and_counts_from_its_first_slot)
{
	cap_t cnode = make(TYPE_CNODE, 4), part = derive(cnode, ALL, 4, 3);
	uint64_t type = 0;

	EQ(data_of(part), 3);
	WORKS(cnode_derive(part, 0, CNODE, filled(), ALL, 0, 0));
	WORKS(cnode_info(cnode, 4, &type, NULL, NULL, NULL));
	EQ(type, TYPE_ENDPOINT);
	REFUSED(ERR_RANGE, 1, part, D, 3, CNODE, filled(), ALL, 0, 0);
}
CASE(a_cnodes_window_does_not_grow)
{
	cap_t part = derive(make(TYPE_CNODE, 4), ALL, 4, 3);

	REFUSED(ERR_RANGE, 6, CNODE, D, slots_new(1), CNODE, part, ALL, 0, 4);
	REFUSED(ERR_RANGE, 5, CNODE, D, slots_new(1), CNODE, part, ALL, 3, 0);
}
CASE(a_port_ranges_window_narrows_and_does_not_grow)
{
	cap_t part = derive(BOOT_SLOT_IOPORT, ALL, 0x80, 2);

	REFUSED(ERR_RANGE, 6, CNODE, D, slots_new(1), CNODE, part, ALL, 0, 3);
	REFUSED(ERR_RANGE, 1, part, METHOD_IOPORT_IN, 2, 1);
	WORKS(ioport_in(part, 1, 1, NULL));
}

// --- copy

CASE(a_copy_is_a_sibling)
{
	cap_t child = derive(filled(), ENDPOINT_SEND, 3, 0), to = slots_new(1);

	WORKS(cnode_copy(CNODE, to, CNODE, child, 1, NULL));
	TRUE(!has_children(child));
	WORKS(revoke(child));
	TRUE(is_there(to));
	EQ(data_of(to), 3);
}
CASE(a_copy_dies_with_the_parent)
{
	cap_t e = filled(), child = derive(e, ALL, 0, 0), to = slots_new(1);

	WORKS(cnode_copy(CNODE, to, CNODE, child, 1, NULL));
	WORKS(revoke(e));
	TRUE(!is_there(to));
}
CASE(copy_follows_its_bitmap)
{
	cap_t from = make_many(TYPE_ENDPOINT, 0, 4), to = slots_new(4);
	uint64_t left = 9;

	WORKS(cnode_copy(CNODE, to, CNODE, from, 0xb, &left));
	EQ(left, 0);
	TRUE(is_there(to) && is_there(to + 1) && !is_there(to + 2) && is_there(to + 3));
}
CASE(copy_stops_at_a_used_slot_and_says_what_is_left)
{
	cap_t from = make_many(TYPE_ENDPOINT, 0, 3), to = slots_new(3);
	struct answer a;

	WORKS(cnode_derive(CNODE, to + 1, CNODE, from, ALL, 0, 0));
	a = method(CNODE, METHOD_CNODE_COPY, 4, WORDS(to, CNODE, from, 7));
	EQ(a.err, ERR_SLOT_USED);
	EQ(a.words[2], 6);
	TRUE(is_there(to) && !is_there(to + 2));
}
CASE(copy_of_an_empty_slot_fails)
{
	cap_t from = slots_new(2);

	REFUSED(ERR_CAP_INVALID, 3, CNODE, METHOD_CNODE_COPY, from + 1, CNODE, from, 1);
}
CASE(copy_beyond_the_window_fails)
{
	REFUSED(ERR_RANGE, 1, CNODE, METHOD_CNODE_COPY, 4095, CNODE, make_many(TYPE_ENDPOINT, 0, 2), 2);
	REFUSED(ERR_RANGE, 3, CNODE, METHOD_CNODE_COPY, slots_new(2), CNODE, 4095, 2);
}
CASE(copy_of_64_capabilities_is_one_call)
{
	cap_t from = make_many(TYPE_ENDPOINT, 0, 64), to = slots_new(64);

	WORKS(cnode_copy(CNODE, to, CNODE, from, ~0ull, NULL));
	for (unsigned i = 0; i < 64; i++)
		TRUE(is_there(to + i));
}
CASE(copy_of_nothing_works) { WORKS(cnode_copy(CNODE, 1, CNODE, 1, 0, NULL)); }
CASE(an_untyped_cannot_be_copied)
{
	REFUSED(ERR_CAP_TYPE, 3, CNODE, METHOD_CNODE_COPY, slots_new(1), CNODE, block_new(12), 1);
}
CASE(a_frames_copy_is_unmapped)
{
	cap_t frame = make(TYPE_FRAME, 12), to = slots_new(1);
	uint64_t at = 1;

	WORKS(frame_map(frame, VSPACE, FREE_AT, FRAME_READ));
	WORKS(cnode_copy(CNODE, to, CNODE, frame, 1, NULL));
	WORKS(frame_info(to, NULL, &at, NULL));
	EQ(at, 0);
}

// --- move

CASE(a_moved_capability_keeps_its_children)
{
	cap_t e = filled(), child = derive(e, ALL, 0, 0), to = slots_new(1);

	WORKS(cnode_move(CNODE, to, CNODE, e, 1, NULL));
	TRUE(!is_there(e));
	TRUE(has_children(to));
	WORKS(revoke(to));
	TRUE(!is_there(child));
}
CASE(a_moved_child_is_still_revoked)
{
	cap_t e = filled(), child = derive(e, ALL, 0, 0), to = slots_new(1);

	WORKS(cnode_move(CNODE, to, CNODE, child, 1, NULL));
	WORKS(revoke(e));
	TRUE(!is_there(to));
}
CASE(a_moved_frame_keeps_its_mapping)
{
	cap_t frame = make(TYPE_FRAME, 12), to = slots_new(1);
	uint64_t at = 0;

	WORKS(frame_map(frame, VSPACE, FREE_AT, FRAME_READ | FRAME_WRITE));
	raw_store(FREE_AT, 3);
	WORKS(cnode_move(CNODE, to, CNODE, frame, 1, NULL));
	EQ(raw_load(FREE_AT), 3);
	WORKS(frame_info(to, NULL, &at, NULL));
	EQ(at, FREE_AT);
	WORKS(frame_unmap(to));
}
CASE(a_moved_untyped_keeps_what_it_handed_out)
{
	cap_t block = block_new(14), e = slots_new(2);
	uint64_t used = 0;

	WORKS(untyped_retype(block, TYPE_ENDPOINT, 0, 1, CNODE, e, NULL));
	WORKS(cnode_move(CNODE, e + 1, CNODE, block, 1, NULL));
	WORKS(untyped_info(e + 1, NULL, NULL, &used));
	EQ(used, 512);
	EQ(untyped_reset(e + 1), ERR_HAS_CHILDREN);
}
CASE(move_into_a_used_slot_fails)
{
	REFUSED(ERR_SLOT_USED, 1, CNODE, METHOD_CNODE_MOVE, CNODE, CNODE, filled(), 1);
}
CASE(move_onto_itself_fails)
{
	cap_t e = filled();

	REFUSED(ERR_SLOT_USED, 1, CNODE, METHOD_CNODE_MOVE, e, CNODE, e, 1);
}
CASE(move_skips_empty_slots)
{
	cap_t from = slots_new(3), to = slots_new(3);

	WORKS(cnode_derive(CNODE, from + 2, CNODE, filled(), ALL, 0, 0));
	WORKS(cnode_move(CNODE, to, CNODE, from, 3, NULL));
	TRUE(!is_there(to) && is_there(to + 2));
}
CASE(move_stops_at_a_used_slot_and_says_what_is_left)
{
	cap_t from = make_many(TYPE_ENDPOINT, 0, 3), to = slots_new(3);
	struct answer a;

	WORKS(cnode_derive(CNODE, to + 1, CNODE, from, ALL, 0, 0));
	a = method(CNODE, METHOD_CNODE_MOVE, 4, WORDS(to, CNODE, from, 3));
	EQ(a.err, ERR_SLOT_USED);
	EQ(a.words[2], 2);
	TRUE(is_there(to) && !is_there(from) && is_there(from + 1));
}
CASE(move_beyond_the_window_fails)
{
	REFUSED(ERR_RANGE, 1, CNODE, METHOD_CNODE_MOVE, 4096, CNODE, filled(), 1);
	REFUSED(ERR_RANGE, 3, CNODE, METHOD_CNODE_MOVE, slots_new(1), CNODE, 4096, 1);
}
CASE(two_hundred_capabilities_move_in_one_call)
{
	cap_t from = make_many(TYPE_ENDPOINT, 0, 200), to = slots_new(200);

	WORKS(cnode_move(CNODE, to, CNODE, from, 200, NULL));
	TRUE(!is_there(from) && !is_there(from + 199) && is_there(to) && is_there(to + 199));
}
CASE(a_cspace_may_be_moved_into_itself)
{
	cap_t cnode = make(TYPE_CNODE, 3);

	WORKS(cnode_move(cnode, 1, CNODE, cnode, 1, NULL));
	TRUE(!is_there(cnode));
}
