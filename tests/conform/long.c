// Operations as long as they get. tests/system/longest.py counts what each piece of them takes with interrupts off.
#define CATEGORY "long operations"
#include "tests/conform/conform.h"

#define CHILDREN 10000u
#define CHILDREN_BITS 14
#define TREE_FROM 2          // of each child with this number on, the parent is the one before
#define CHAIN 40u
#define WINDOW_BITS 22       // 1,024 pages
#define WINDOW_PAGES 1024u
#define WINDOWS 98u          // 100,352 pages
#define BATCHES 15u          // 225 tables for them
#define SPARSE 22u           // and for windows that lie apart
#define FAR_AT 0x100000000ull
#define SOON 12000ull         // in the middle of a revoke
#define HALF_BITS 25         // of the 64 MiB of a case

// A CNode of its own, full of children of `root`; each is derived from the one before when it is a chain.
static cap_t children_make(cap_t root, bool is_chain)
{
	cap_t table = make(TYPE_CNODE, CHILDREN_BITS);
	err_t err = OK;

	for (unsigned i = 1; !err && i <= CHILDREN; i++)
		err = is_chain && i >= TREE_FROM ? cnode_derive(table, i, table, i - 1, ALL, 0, 0)
						 : cnode_derive(table, i, CNODE, root, ALL, 0, 0);
	EQ(err, OK);
	return table;
}

// The call begins when this thread waits.
static void start_later(struct worker *w, cap_t cap, unsigned label, uint64_t word)
{
	w->number = SYSCALL_CALL;
	w->cap = cap;
	w->m = (struct msg){.tag = TAG(label, 1), .words = {word}};
	w->done = false;
	WORKS(sys_signal(w->ring));
}

static uint64_t children_of(cap_t cap)
{
	uint64_t children = ~0ull;

	WORKS(cnode_info(CNODE, cap, NULL, NULL, NULL, &children));
	return children;
}

CASE(ten_thousand_children_are_revoked)
{
	cap_t root = make(TYPE_ENDPOINT, 0);

	children_make(root, false);
	WORKS(revoke(root));
	EQ(children_of(root), 0);
}
CASE(ten_thousand_generations_are_revoked)
{
	cap_t root = make(TYPE_NOTIFICATION, 0);

	children_make(root, true);
	WORKS(revoke(root));
	EQ(children_of(root), 0);
}
CASE(a_full_cnode_of_others_objects_dies)
{
	cap_t table = make(TYPE_CNODE, 12), block = block_new(20);

	// The only capabilities of 4,000 notifications.
	WORKS(untyped_retype(block, TYPE_NOTIFICATION, 0, 4000, table, 1, NULL));
	WORKS(delete(table));
	WORKS(untyped_reset(block));
}
CASE(cnodes_in_one_another_die)
{
	cap_t block = block_new(22), first = slots_new(1), in = 0;

	for (unsigned i = 0; i < CHAIN; i++) {
		WORKS(untyped_retype(block, TYPE_CNODE, 8, 1, CNODE, first, NULL));
		if (in)
			WORKS(cnode_move(first, 1, CNODE, in, 1, NULL));
		in = first;
		first = slots_new(1);
	}
	WORKS(delete(in));
	WORKS(untyped_reset(block));
}
CASE(cnodes_that_hold_themselves_go_with_their_memory)
{
	cap_t block = block_new(22), a = slots_new(2), b = a + 1;

	WORKS(untyped_retype(block, TYPE_CNODE, 12, 1, CNODE, a, NULL));
	WORKS(untyped_retype(block, TYPE_CNODE, 12, 1, CNODE, b, NULL));
	for (unsigned i = 1; i < 2000; i++) {
		WORKS(cnode_derive(a, i, CNODE, i % 2 ? a : b, ALL, 0, 0));
		WORKS(cnode_derive(b, i, CNODE, i % 2 ? b : a, ALL, 0, 0));
	}
	WORKS(cnode_move(b, 4000, CNODE, a, 1, NULL));
	WORKS(cnode_move(b, 4001, CNODE, b, 1, NULL));
	EQ(untyped_reset(block), ERR_HAS_CHILDREN);
	WORKS(revoke(block));
	WORKS(untyped_reset(block));
}
static cap_t space_with_windows(cap_t *frame)
{
	cap_t space = make(TYPE_VSPACE, 0);

	*frame = make(TYPE_FRAME, WINDOW_BITS);
	for (unsigned i = 0; i < BATCHES; i++)
		WORKS(vspace_supply(space, block_new(SIZE_BITS_VSPACE)));
	for (unsigned i = 0; i < WINDOWS; i++)
		// Not where a large page would do.
		WORKS(frame_map(derive(*frame, ALL, 0, WINDOW_PAGES), space,
				FAR_AT + 0x1000 + (uint64_t)i * WINDOW_PAGES * 0x1000, FRAME_READ | FRAME_WRITE));
	return space;
}

CASE(a_space_of_a_hundred_thousand_pages_dies)
{
	cap_t frame, space = space_with_windows(&frame);

	WORKS(delete(space));
	WORKS(revoke(frame));
	EQ(children_of(frame), 0);
}
CASE(a_hundred_thousand_pages_are_unmapped)
{
	cap_t frame, space = space_with_windows(&frame);

	WORKS(vspace_unmap_range(space, FAR_AT, FAR_AT + 0x40000000ull, 0));
	WORKS(frame_map(frame, space, FAR_AT, FRAME_READ));
}
// A space with windows that lie apart, and the Untyped that its tables are made of.
static cap_t space_sparse(cap_t *frame, cap_t *pool)
{
	cap_t space = make(TYPE_VSPACE, 0), batches = slots_new(SPARSE);

	*pool = block_new(22);
	*frame = make(TYPE_FRAME, WINDOW_BITS);
	WORKS(untyped_retype(*pool, TYPE_UNTYPED, SIZE_BITS_VSPACE, SPARSE, CNODE, batches, NULL));
	for (unsigned i = 0; i < SPARSE; i++)
		WORKS(vspace_supply(space, batches + i));
	for (unsigned i = 0; i < WINDOWS; i++)
		WORKS(frame_map(derive(*frame, ALL, 0, WINDOW_PAGES), space,
				FAR_AT + (uint64_t)i * 2 * WINDOW_PAGES * 0x1000 + 0x1000, FRAME_READ));
	return space;
}

CASE(the_tables_of_a_hundred_thousand_pages_are_taken)
{
	cap_t frame, pool;

	space_sparse(&frame, &pool);
	WORKS(revoke(pool));
	WORKS(untyped_reset(pool));
	WORKS(revoke(frame));
}
// Who takes the tables dies at any moment; the space can be used in between, and the next one ends it.
CASE(tables_that_are_half_taken_are_taken_by_the_next)
{
	cap_t frame, pool, context = make(TYPE_SCHEDCONTEXT, 0), bell = make(TYPE_NOTIFICATION, 0);
	cap_t space = space_sparse(&frame, &pool), page = make(TYPE_FRAME, 12);
	unsigned broken = 0;
	uint64_t bits;

	WORKS(schedcontext_bind_notification(context, derive(bell, ALL, 1, 0)));
	for (unsigned i = 0; i < 5; i++) {
		struct worker *w = worker_new(HERE, LOW);

		start_later(w, CNODE, METHOD_CNODE_REVOKE, pool);
		WORKS(schedcontext_set_deadline(context, now() + SOON + 1000 * i, NULL));
		WORKS(sys_wait(bell, &bits));
		broken += !w->done;
		WORKS(delete(w->thread));
		err_t err = frame_map(page, space, FAR_AT + (uint64_t)i * 0x40000000ull, FRAME_READ);

		TRUE(err == OK || err == ERR_NO_MEMORY);
		if (!err)
			WORKS(frame_unmap(page));
	}
	TRUE(broken > 1);
	WORKS(revoke(pool));
	WORKS(delete(space));
	WORKS(untyped_reset(pool));
	WORKS(revoke(frame));
}
CASE(memory_of_64_mib_is_made_and_reset)
{
	cap_t block = block_new(HALF_BITS);

	for (unsigned i = 0; i < 2; i++) {
		WORKS(untyped_retype(block, TYPE_FRAME, HALF_BITS, 1, CNODE, slots_new(1), NULL));
		WORKS(revoke(block));
		WORKS(untyped_reset(block));
	}
}
CASE(what_is_copied_while_a_revoke_goes_on_is_revoked)
{
	cap_t root = make(TYPE_ENDPOINT, 0), table = children_make(root, false), copies = make(TYPE_CNODE, 12);
	cap_t context = make(TYPE_SCHEDCONTEXT, 0), bell = make(TYPE_NOTIFICATION, 0);
	struct worker *w = worker_new(HERE, LOW);
	unsigned turns = 0;
	uint64_t bits;

	WORKS(schedcontext_bind_notification(context, derive(bell, ALL, 1, 0)));
	start_later(w, CNODE, METHOD_CNODE_REVOKE, root);
	// Children are taken from the first on, or from the last: copies of both ends.
	for (; !w->done && turns < 1000; turns++) {
		WORKS(schedcontext_set_deadline(context, now() + 60000, NULL));
		WORKS(sys_wait(bell, &bits));
		(void)cnode_derive(copies, 2 * turns + 1, table, CHILDREN - turns, ALL, 0, 0);
		(void)cnode_derive(copies, 2 * turns + 2, table, turns + 1, ALL, 0, 0);
	}
	rest();
	RETURNED(w, OK);
	TRUE(turns > 10);
	EQ(children_of(root), 0);
}
