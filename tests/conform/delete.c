// Deleting and revoking slots, and what info and compare tell of them.
#define CATEGORY "capability operations"
#include "tests/conform/conform.h"

static cap_t filled(void) { return make(TYPE_ENDPOINT, 0); }

static bool same(cap_t a, cap_t b)
{
	uint64_t is = 0;

	WORKS(cnode_compare(CNODE, a, CNODE, b, &is));
	return is;
}

static uint64_t data_of(cap_t cap)
{
	uint64_t data = 0;

	WORKS(cnode_info(CNODE, cap, NULL, NULL, &data, NULL));
	return data;
}

CASE(delete_of_an_empty_slot_works) { WORKS(delete(slots_new(1))); }
CASE(delete_of_nothing_works) { WORKS(cnode_delete(CNODE, ~0ull, 0)); }
CASE(delete_beyond_the_window_fails) { REFUSED(ERR_RANGE, 1, CNODE, METHOD_CNODE_DELETE, 4096, 1); }
CASE(delete_of_slot_0_fails) { REFUSED(ERR_RANGE, 1, CNODE, METHOD_CNODE_DELETE, 0, 1); }
CASE(delete_that_runs_out_of_the_window_deletes_to_its_end)
{
	cap_t cnode = make(TYPE_CNODE, 2);

	WORKS(cnode_derive(cnode, 3, CNODE, filled(), ALL, 0, 0));
	EQ(cnode_delete(cnode, 2, 5), ERR_RANGE);
	EQ(method(cnode, METHOD_CNODE_INFO, 1, WORDS(3)).words[0], TYPE_NONE);
}
CASE(what_was_derived_from_a_deleted_slot_goes_one_up)
{
	cap_t e = filled(), child = derive(e, ALL, 0, 0), grandchild = derive(child, ALL, 0, 0);

	WORKS(delete(child));
	TRUE(is_there(grandchild));
	WORKS(revoke(e));
	TRUE(!is_there(grandchild));
}
CASE(revoke_deletes_all_descendants_and_nothing_else)
{
	cap_t e = filled(), a = derive(e, ALL, 0, 0), b = derive(a, ALL, 0, 0), other = derive(e, ALL, 0, 0);

	WORKS(revoke(a));
	TRUE(!is_there(b) && is_there(a) && is_there(other) && is_there(e));
}
CASE(revoke_of_an_empty_slot_fails)
{
	REFUSED(ERR_CAP_INVALID, 1, CNODE, METHOD_CNODE_REVOKE, slots_new(1));
}
CASE(revoke_beyond_the_window_fails) { REFUSED(ERR_RANGE, 1, CNODE, METHOD_CNODE_REVOKE, 4096); }
CASE(revoke_of_what_has_no_children_works) { WORKS(revoke(filled())); }
CASE(revoke_run_takes_empty_slots)
{
	cap_t run = slots_new(3), e = filled(), child;

	WORKS(cnode_derive(CNODE, run + 1, CNODE, e, ALL, 0, 0));
	child = derive(run + 1, ALL, 0, 0);
	WORKS(cnode_revoke_run(CNODE, run, 3));
	TRUE(is_there(run + 1) && !is_there(child));
}
CASE(revoke_run_beyond_the_window_fails)
{
	REFUSED(ERR_RANGE, 1, CNODE, METHOD_CNODE_REVOKE_RUN, 4095, 2);
}
CASE(an_object_lives_as_long_as_a_capability_does)
{
	cap_t n = make(TYPE_NOTIFICATION, 0), child = derive(n, ALL, 1, 0);
	struct msg m;

	WORKS(delete(n));
	WORKS(sys_signal(child));
	WORKS(take(child, 0, &m));
	EQ(m.badge, 1);
}
CASE(a_deleted_cnodes_capabilities_die_with_it)
{
	cap_t cnode = make(TYPE_CNODE, 3), e = filled(), grandchild;

	WORKS(cnode_derive(cnode, 1, CNODE, e, ALL, 0, 0));
	WORKS(cnode_derive(CNODE, grandchild = slots_new(1), cnode, 1, ALL, 0, 0));
	WORKS(delete(cnode));
	TRUE(is_there(grandchild));
	WORKS(revoke(e));
	TRUE(!is_there(grandchild));
}
CASE(cnodes_that_hold_each_other_die)
{
	cap_t block = block_new(14), a = slots_new(2), b = a + 1;

	WORKS(untyped_retype(block, TYPE_CNODE, 2, 2, CNODE, a, NULL));
	WORKS(cnode_derive(a, 1, CNODE, b, ALL, 0, 0));
	WORKS(cnode_derive(b, 1, CNODE, a, ALL, 0, 0));
	WORKS(cnode_move(a, 2, CNODE, b, 1, NULL));
	WORKS(cnode_move(a, 3, CNODE, a, 1, NULL));
	EQ(untyped_reset(block), ERR_HAS_CHILDREN);
	WORKS(revoke(block));
	WORKS(untyped_reset(block));
}

// --- info and compare

CASE(info_of_an_empty_slot_is_all_zero)
{
	struct answer a = method(CNODE, METHOD_CNODE_INFO, 1, WORDS(slots_new(1)));

	EQ(a.err, OK);
	EQ(a.words[0] | a.words[1] | a.words[2] | a.words[3], 0);
}
CASE(info_beyond_the_window_fails) { REFUSED(ERR_RANGE, 1, CNODE, METHOD_CNODE_INFO, 4096); }
CASE(info_tells_what_a_slot_holds)
{
	EQ(data_of(make(TYPE_CNODE, 5)), 32);
	EQ(data_of(make(TYPE_FRAME, 15)), 8);
	EQ(data_of(block_new(13)), 13);
	EQ(data_of(derive(filled(), ALL, 99, 0)), 99);
}
CASE(compare_knows_the_same_object)
{
	cap_t e = filled();

	TRUE(same(e, derive(e, ENDPOINT_SEND, 7, 0)));
	TRUE(!same(e, filled()));
	TRUE(!same(e, make(TYPE_NOTIFICATION, 0)));
}
CASE(compare_knows_overlapping_windows)
{
	cap_t frame = make(TYPE_FRAME, 14);

	TRUE(same(derive(frame, ALL, 0, 2), derive(frame, ALL, 1, 2)));
	TRUE(!same(derive(frame, ALL, 0, 2), derive(frame, ALL, 2, 2)));
}
CASE(compare_of_an_empty_slot_fails)
{
	cap_t empty = slots_new(1);

	REFUSED(ERR_CAP_INVALID, 1, CNODE, METHOD_CNODE_COMPARE, empty, CNODE, CNODE);
	REFUSED(ERR_CAP_INVALID, 3, CNODE, METHOD_CNODE_COMPARE, CNODE, CNODE, empty);
}
CASE(compare_beyond_the_window_fails)
{
	REFUSED(ERR_RANGE, 1, CNODE, METHOD_CNODE_COMPARE, 4096, CNODE, CNODE);
	REFUSED(ERR_RANGE, 3, CNODE, METHOD_CNODE_COMPARE, CNODE, CNODE, 4096);
}
