// The derivation tree: random derivations, copies, moves, deletions and revocations against a model that
// knows only parents; all invariants after each.
#include "kernel_machine.h"

#define NODES 96
#define STEPS 6000
#define NONE (-1)
#define ROOT (-2)  // the Untyped

struct node {
	int parent;  // node, or ROOT
	unsigned object, type, rights;
	bool used;
};

static struct node model[NODES];
static cap_t base;
static uint64_t seed;
static unsigned objects;

static unsigned any(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 33) % n;
}

static int find_used(bool used)
{
	for (unsigned n = 0, i = any(NODES); n < NODES; n++, i = (i + 1) % NODES)
		if (model[i].used == used)
			return (int)i;
	return NONE;
}

static bool is_below(int node, int above)
{
	for (; node >= 0; node = model[node].parent)
		if (model[node].parent == above)
			return true;
	return false;
}

static struct slot *real_parent(const struct slot *slot)
{
	while (!(slot->flags & SLOT_FIRST))
		slot = slot_at(slot->prev);
	return slot->prev ? slot_at(slot->prev) : NULL;
}

static void compare(void)
{
	for (int i = 0; i < NODES; i++) {
		const struct slot *slot = slot_of(base + (cap_t)i);

		assert_int_equal(!slot_is_empty(slot), model[i].used);
		if (!model[i].used)
			continue;
		const struct slot *want = slot_of(model[i].parent == ROOT ? main_untyped
									   : base + (cap_t)model[i].parent);

		assert_ptr_equal(real_parent(slot), want);
		assert_int_equal(slot->type, model[i].type);
		assert_int_equal(slot->rights, model[i].rights);
	}
}

static void model_delete(int i)
{
	for (int k = 0; k < NODES; k++)
		if (model[k].used && model[k].parent == i)
			model[k].parent = model[i].parent;
	model[i].used = false;
}

static void do_make(int to)
{
	static const unsigned types[] = {TYPE_ENDPOINT, TYPE_NOTIFICATION, TYPE_FRAME, TYPE_SCHEDCONTEXT};
	static const unsigned rights[] = {ENDPOINT_RIGHTS, NOTIFICATION_RIGHTS, FRAME_RIGHTS, SCHEDCONTEXT_RIGHTS};
	unsigned t = any(4);

	if (to < 0)
		return;
	err_t err = retype_in(main_untyped, types[t], types[t] == TYPE_FRAME ? 14 : 0, 1, CNODE, base + (cap_t)to);

	assert_int_equal(err, OK);
	model[to] = (struct node){ROOT, objects++, types[t], rights[t], true};
}

static void do_derive(int from, int to)
{
	unsigned rights = any(16);

	if (from < 0 || to < 0)
		return;
	assert_int_equal(derive_to(CNODE, base + (cap_t)to, base + (cap_t)from, rights, 0, 0), OK);
	model[to] = model[from];
	model[to].parent = from;
	model[to].rights &= rights;
}

static void do_copy(int from, int to)
{
	if (from < 0 || to < 0)
		return;
	assert_int_equal(copy(base + (cap_t)to, base + (cap_t)from), OK);
	model[to] = model[from];
}

static void do_move(int from, int to)
{
	if (from < 0 || to < 0)
		return;
	assert_int_equal(move(base + (cap_t)to, base + (cap_t)from), OK);
	model[to] = model[from];
	model[from].used = false;
	for (int k = 0; k < NODES; k++)
		if (model[k].used && model[k].parent == from)
			model[k].parent = to;
}

static void do_delete(int at)
{
	if (at < 0)
		return;
	assert_int_equal(delete(base + (cap_t)at), OK);
	model_delete(at);
}

static void do_revoke(int at)
{
	if (at < 0)
		return;
	assert_int_equal(revoke(base + (cap_t)at), OK);
	for (int k = 0; k < NODES; k++)
		if (model[k].used && is_below(k, at))
			model[k].object = ~0u;
	for (int k = 0; k < NODES; k++)
		if (model[k].used && model[k].object == ~0u)
			model[k].used = false;
}

static void run_random(uint64_t start, unsigned steps)
{
	seed = start;
	base = slots_new(NODES);
	memset(model, 0, sizeof model);
	for (unsigned n = 0; n < steps; n++) {
		unsigned what = any(20);

		if (what < 2)
			do_make(find_used(false));
		else if (what < 10)
			do_derive(find_used(true), find_used(false));
		else if (what < 13)
			do_copy(find_used(true), find_used(false));
		else if (what < 16)
			do_move(find_used(true), find_used(false));
		else if (what < 19)
			do_delete(find_used(true));
		else
			do_revoke(find_used(true));
		compare();
	}
}

static void random_operations_match_the_model(void **state)
{
	for (uint64_t s = 1; s <= 8; s++) {
		machine_setup(state);
		run_random(s, STEPS / 8);
		check_now();
	}
}

static void revoke_of_the_untyped_leaves_nothing(void **state)
{
	(void)state;
	check_off = true;
	run_random(77, 500);
	assert_int_equal(revoke(main_untyped), OK);
	for (int i = 0; i < NODES; i++)
		assert_true(slot_is_empty(slot_of(base + (cap_t)i)));
	check_now();
	assert_int_equal(method(task, main_untyped, METHOD_UNTYPED_RESET, 0, NO_WORDS).err, OK);
}

static void rights_only_shrink(void **state)
{
	cap_t e = make(TYPE_ENDPOINT, 0), a = derive(e, ENDPOINT_SEND, 0, 0), b = derive(a, ALL, 0, 0);

	(void)state;
	assert_int_equal(slot_of(a)->rights, ENDPOINT_SEND);
	assert_int_equal(slot_of(b)->rights, ENDPOINT_SEND);
}

static void badge_is_set_once(void **state)
{
	cap_t e = make(TYPE_ENDPOINT, 0), a = derive(e, ALL, 7, 0), b = derive(a, ALL, 0, 0);
	struct result r;

	(void)state;
	assert_int_equal(slot_of(b)->data, 7);
	r = method(task, CNODE, METHOD_CNODE_DERIVE, 6, WORDS(slots_new(1), CNODE, a, ALL, 8, 0));
	assert_int_equal(r.err, ERR_ARGUMENT);
	assert_int_equal(r.word[0], 5);
	assert_int_equal(r.word[1], 7);
}

static void windows_narrow(void **state)
{
	cap_t f = make(TYPE_FRAME, 16), w = derive(f, ALL, 4, 8);  // pages 4 to 11 of 16
	cap_t bad = slots_new(1), rest;

	(void)state;
	assert_int_equal(derive_to(CNODE, bad, w, ALL, 8, 1), ERR_RANGE);
	assert_int_equal(derive_to(CNODE, bad, w, ALL, 7, 2), ERR_RANGE);
	assert_int_equal(derive_to(CNODE, bad, w, ALL, ~0ull, 1), ERR_RANGE);
	assert_int_equal(derive_to(CNODE, bad, w, ALL, 1, ~0ull), ERR_RANGE);
	rest = derive(w, ALL, 6, 0);
	assert_int_equal(slot_of(rest)->count, 2);
	assert_int_equal(slot_of(rest)->object, slot_of(f)->object + 10);
	// A window of slots: what is outside it cannot be named.
	cap_t c = make(TYPE_CNODE, 6), part = derive(c, ALL, 10, 4);

	assert_int_equal(derive_to(part, 3, f, ALL, 0, 1), OK);
	assert_int_equal(derive_to(part, 4, f, ALL, 0, 1), ERR_RANGE);
	assert_false(slot_is_empty(cnode_find(slot_of(c), 13)));
	assert_int_equal(derive_to(c, 0, f, ALL, 0, 1), ERR_RANGE);  // the header's slot
}

static void untyped_and_reply_cannot_be_derived(void **state)
{
	cap_t reply = make(TYPE_REPLY, 0), dest = slots_new(1);

	(void)state;
	assert_int_equal(derive_to(CNODE, dest, main_untyped, ALL, 0, 0), ERR_CAP_TYPE);
	assert_int_equal(derive_to(CNODE, dest, reply, ALL, 0, 0), ERR_CAP_TYPE);
	assert_int_equal(copy(dest, main_untyped), ERR_CAP_TYPE);
	assert_int_equal(copy(dest, reply), ERR_CAP_TYPE);
}

static void copy_follows_its_bitmap(void **state)
{
	cap_t e = make_many(TYPE_ENDPOINT, 0, 4), to = slots_new(64);
	struct result r = method(task, CNODE, METHOD_CNODE_COPY, 4, WORDS(to, CNODE, e, 0xb));

	(void)state;
	assert_int_equal(r.err, OK);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(!slot_is_empty(slot_of(to + i)), 0xb >> i & 1);
	// It stops at the first that cannot be, and says what is left.
	r = method(task, CNODE, METHOD_CNODE_COPY, 4, WORDS(to + 1, CNODE, e, 0xf));
	assert_int_equal(r.err, ERR_SLOT_USED);
	assert_int_equal(r.word[2], 0xf);
	assert_int_equal(delete(to + 1), OK);
	r = method(task, CNODE, METHOD_CNODE_COPY, 4, WORDS(to + 1, CNODE, e, 0xf));
	assert_int_equal(r.err, ERR_SLOT_USED);
	assert_int_equal(r.word[2], 0xc);
}

static void move_skips_empty_slots(void **state)
{
	cap_t from = slots_new(100), to = slots_new(100);
	struct result r;

	(void)state;
	for (unsigned i = 0; i < 100; i += 3)
		assert_int_equal(retype_in(main_untyped, TYPE_ENDPOINT, 0, 1, CNODE, from + i), OK);
	r = method(task, CNODE, METHOD_CNODE_MOVE, 4, WORDS(to, CNODE, from, 100));
	assert_int_equal(r.err, OK);
	assert_int_equal(r.word[0], 0);
	assert_true(last_entries > 1);
	for (unsigned i = 0; i < 100; i++) {
		assert_true(slot_is_empty(slot_of(from + i)));
		assert_int_equal(!slot_is_empty(slot_of(to + i)), i % 3 == 0);
	}
	r = method(task, CNODE, METHOD_CNODE_MOVE, 4, WORDS(to, CNODE, to, 1));  // onto itself
	assert_int_equal(r.err, ERR_SLOT_USED);
}

static void compare_knows_objects_and_windows(void **state)
{
	cap_t e = make(TYPE_ENDPOINT, 0), f = make(TYPE_ENDPOINT, 0), d = derive(e, ENDPOINT_SEND, 3, 0);
	cap_t frame = make(TYPE_FRAME, 14), low = derive(frame, ALL, 0, 2), high = derive(frame, ALL, 2, 2);
	const struct {
		cap_t a, b;
		uint64_t same;
	} pairs[] = {{e, d, 1}, {e, f, 0}, {e, frame, 0}, {frame, low, 1}, {low, high, 0}, {high, frame, 1}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(pairs); i++) {
		struct result r = method(task, CNODE, METHOD_CNODE_COMPARE, 3, WORDS(pairs[i].a, CNODE, pairs[i].b));

		assert_int_equal(r.err, OK);
		assert_int_equal(r.word[0], pairs[i].same);
	}
}

static void info_tells_what_a_slot_holds(void **state)
{
	cap_t e = make(TYPE_ENDPOINT, 0), d = derive(e, ENDPOINT_SEND, 9, 0);
	struct result r = method(task, CNODE, METHOD_CNODE_INFO, 1, WORDS(d));

	(void)state;
	assert_int_equal(r.word[0], TYPE_ENDPOINT);
	assert_int_equal(r.word[1], ENDPOINT_SEND);
	assert_int_equal(r.word[2], 9);
	assert_int_equal(r.word[3], 0);
	assert_int_equal(method(task, CNODE, METHOD_CNODE_INFO, 1, WORDS(e)).word[3], 1);
	derive(d, ENDPOINT_SEND, 0, 0);
	assert_int_equal(method(task, CNODE, METHOD_CNODE_INFO, 1, WORDS(e)).word[3], 2);
	assert_int_equal(method(task, CNODE, METHOD_CNODE_INFO, 1, WORDS(d)).word[3], 1);
	assert_int_equal(method(task, CNODE, METHOD_CNODE_INFO, 1, WORDS(slots_new(1))).word[0], TYPE_NONE);
	r = method(task, CNODE, METHOD_CNODE_INFO, 1, WORDS(main_untyped));
	assert_int_equal(r.word[2], slot_of(main_untyped)->size_bits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_operations_match_the_model),
		TEST(revoke_of_the_untyped_leaves_nothing),
		TEST(rights_only_shrink),
		TEST(badge_is_set_once),
		TEST(windows_narrow),
		TEST(untyped_and_reply_cannot_be_derived),
		TEST(copy_follows_its_bitmap),
		TEST(move_skips_empty_slots),
		TEST(compare_knows_objects_and_windows),
		TEST(info_tells_what_a_slot_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
