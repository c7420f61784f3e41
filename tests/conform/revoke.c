// Long operations that others interrupt: what is seen in the middle, and what the end is all the same.
// The suite runs above the thread that revokes, and a deadline wakes it in the middle.
#define CATEGORY "preempted revoke"
#include "tests/conform/conform.h"

#define MANY 4000u
#define BITS 12
#define SOON 150000ull

static cap_t table, root, context, bell;
static uint64_t soon;  // when the suite is woken

static uint64_t type_in(unsigned slot)
{
	uint64_t type = 0;

	WORKS(cnode_info(table, slot, &type, NULL, NULL, NULL));
	return type;
}

static unsigned left(void)
{
	unsigned n = 0;

	for (unsigned i = 1; i <= MANY; i++)
		n += type_in(i) != TYPE_NONE;
	return n;
}

// MANY children of one capability, in a table of their own.
static void children_make(void)
{
	table = make(TYPE_CNODE, BITS);
	root = make(TYPE_ENDPOINT, 0);
	for (unsigned i = 1; i <= MANY; i++)
		if (cnode_derive(table, i, CNODE, root, ALL, i, 0))
			EQ(i, 0);
	soon = SOON;
	context = make(TYPE_SCHEDCONTEXT, 0);
	bell = make(TYPE_NOTIFICATION, 0);
	WORKS(schedcontext_bind_notification(context, derive(bell, ALL, 1, 0)));
}

// A thread begins the call; the suite is back in its middle.
static struct worker *begin(cap_t cap, unsigned label, unsigned words, uint64_t a, uint64_t b)
{
	struct worker *w = worker_new(HERE, LOW);
	uint64_t bits;

	w->number = SYSCALL_CALL;
	w->cap = cap;
	w->m = (struct msg){.tag = TAG(label, words), .words = {a, b}};
	w->done = false;
	WORKS(sys_signal(w->ring));
	WORKS(schedcontext_set_deadline(context, now() + soon, NULL));
	WORKS(sys_wait(bell, &bits));
	EQ(w->done, false);
	return w;
}

static struct worker *begin_revoke(void)
{
	return begin(CNODE, METHOD_CNODE_REVOKE, 1, root, 0);
}

CASE(a_revoke_of_4000_lets_a_higher_thread_in_and_ends)
{
	children_make();

	struct worker *w = begin_revoke();
	unsigned half = left();

	TRUE(half > 0 && half < MANY);
	rest();
	RETURNED(w, OK);
	EQ(left(), 0);
}
CASE(what_is_derived_in_the_middle_is_revoked_too)
{
	children_make();

	struct worker *w = begin_revoke();
	cap_t late = derive(root, ALL, 7, 0);

	rest();
	RETURNED(w, OK);
	TRUE(!is_there(late));
}
CASE(two_revokes_of_one_slot_both_end)
{
	children_make();

	struct worker *w = begin_revoke();

	WORKS(revoke(root));
	EQ(left(), 0);
	rest();
	RETURNED(w, OK);
}
CASE(a_slot_that_goes_in_the_middle_ends_the_revoke)
{
	children_make();

	struct worker *w = begin_revoke();

	WORKS(delete(root));
	rest();
	RETURNED(w, ERR_CAP_INVALID);
	TRUE(left() > 0);
}
CASE(a_slot_that_is_moved_in_the_middle_ends_the_revoke)
{
	children_make();

	struct worker *w = begin_revoke();
	cap_t to = slots_new(1);

	WORKS(cnode_move(CNODE, to, CNODE, root, 1, NULL));
	rest();
	RETURNED(w, ERR_CAP_INVALID);
	WORKS(revoke(to));
	EQ(left(), 0);
}
CASE(a_suspended_revoke_goes_on_when_its_thread_does)
{
	children_make();

	struct worker *w = begin_revoke();

	WORKS(thread_suspend(w->thread));
	unsigned half = left();

	rest();
	EQ(left(), half);
	WORKS(thread_resume(w->thread));
	rest();
	RETURNED(w, OK);
	EQ(left(), 0);
}
CASE(a_revoke_whose_thread_dies_leaves_a_whole_tree)
{
	children_make();

	struct worker *w = begin_revoke();

	WORKS(delete(w->thread));
	unsigned half = left();

	TRUE(half > 0);
	for (unsigned i = 1; i <= MANY; i++)
		if (type_in(i) != TYPE_NONE && i % 500 == 0)
			WORKS(cnode_delete(table, i, 1));
	WORKS(revoke(root));
	EQ(left(), 0);
}
CASE(a_delete_of_a_full_cnode_is_preempted_and_ends)
{
	children_make();

	struct worker *w = begin(CNODE, METHOD_CNODE_DELETE, 2, table, 1);

	rest();
	RETURNED(w, OK);
	TRUE(!is_there(table));
	uint64_t children = 9;

	WORKS(cnode_info(CNODE, root, NULL, NULL, NULL, &children));
	EQ(children, 0);
}
CASE(a_dying_cnode_is_not_looked_into)
{
	children_make();

	cap_t twin = derive(table, ALL, 0, 0);

	WORKS(delete(twin));

	struct worker *w = begin(CNODE, METHOD_CNODE_DELETE, 2, table, 1);

	EQ(method(table, METHOD_CNODE_INFO, 1, WORDS(1)).err, ERR_CAP_INVALID);
	rest();
	RETURNED(w, OK);
}
CASE(a_delete_of_a_range_is_preempted_and_ends)
{
	children_make();

	struct worker *w = begin(table, METHOD_CNODE_DELETE, 2, 1, MANY);

	rest();
	RETURNED(w, OK);
	EQ(left(), 0);
	TRUE(is_there(root));
}
CASE(memory_of_what_is_dying_is_not_used_again)
{
	children_make();

	cap_t block = block_new(19), cnode = slots_new(2);

	WORKS(untyped_retype(block, TYPE_CNODE, BITS, 1, CNODE, cnode, NULL));
	for (unsigned i = 1; i <= MANY; i++)
		WORKS(cnode_derive(cnode, i, CNODE, root, ALL, i, 0));

	struct worker *w = begin(CNODE, METHOD_CNODE_DELETE, 2, cnode, 1);

	WORKS(untyped_reset(block));  // ends what the other began
	WORKS(untyped_retype(block, TYPE_CNODE, BITS, 1, CNODE, cnode + 1, NULL));
	for (unsigned i = 1; i <= MANY; i += 100)
		EQ(method(cnode + 1, METHOD_CNODE_INFO, 1, WORDS(i)).words[0], TYPE_NONE);
	rest();
	RETURNED(w, OK);
}
CASE(a_move_of_a_range_is_preempted_and_ends)
{
	children_make();

	cap_t other = make(TYPE_CNODE, BITS);
	struct worker *w = worker_new(HERE, LOW);
	uint64_t bits;

	w->number = SYSCALL_CALL;
	w->cap = other;
	w->m = (struct msg){.tag = TAG(METHOD_CNODE_MOVE, 4), .words = {1, table, 1, MANY}};
	w->done = false;
	WORKS(sys_signal(w->ring));
	WORKS(schedcontext_set_deadline(context, now() + soon, NULL));
	WORKS(sys_wait(bell, &bits));
	rest();
	RETURNED(w, OK);
	EQ(left(), 0);
	EQ(method(other, METHOD_CNODE_INFO, 1, WORDS(MANY)).words[0], TYPE_ENDPOINT);
}
CASE(an_unmap_of_a_large_window_is_preempted_and_ends)
{
	children_make();

	cap_t frame = make(TYPE_FRAME, 22);

	WORKS(frame_map(frame, VSPACE, FREE_AT + 0x1000, FRAME_READ));

	soon = SOON / 32;

	struct worker *w = begin(frame, METHOD_FRAME_UNMAP, 0, 0, 0);

	rest();
	RETURNED(w, OK);
	EQ(frame_unmap(frame), ERR_NOT_MAPPED);
	WORKS(frame_map(frame, VSPACE, FREE_AT + 0x1000, FRAME_READ));
}
CASE(a_frame_that_is_unmapped_in_the_middle_of_its_map_is_mapped_whole_or_not)
{
	children_make();

	cap_t frame = make(TYPE_FRAME, 22);
	struct worker *w = worker_new(HERE, LOW);
	uint64_t bits, at = 1;

	w->number = SYSCALL_CALL;
	w->cap = frame;
	w->m = (struct msg){.tag = TAG(METHOD_FRAME_MAP, 3), .words = {VSPACE, FREE_AT + 0x1000, FRAME_READ}};
	w->done = false;
	WORKS(sys_signal(w->ring));
	WORKS(schedcontext_set_deadline(context, now() + SOON / 16, NULL));
	WORKS(sys_wait(bell, &bits));
	EQ(frame_unmap(frame), OK);
	rest();
	RETURNED(w, OK);
	WORKS(frame_info(frame, NULL, &at, NULL));
	TRUE(at == 0 || at == FREE_AT + 0x1000);
	for (uint64_t page = 0; at && page < 1024; page += 64)
		EQ(raw_load(FREE_AT + 0x1000 + page * PAGE_SIZE), 0);
	EQ(frame_map(frame, VSPACE, FREE_AT + 0x1000, FRAME_READ), at ? ERR_MAPPED : OK);
}
