// Operations on ranges: cloning mappings for fork, unmapping ranges, tables given back, items laid over
// mappings, revoking runs of slots, a thread made fresh.
#include "kernel_machine.h"

#define RW (FRAME_READ | FRAME_WRITE)
#define RWX (FRAME_READ | FRAME_WRITE | FRAME_EXECUTE)
#define NOTHING (~0ull)
#define LOW 0x40000000ull

static cap_t parent, child;

static uint64_t meaning(cap_t space, uint64_t address, unsigned *rights)
{
	unsigned r;

	return host_translate(object_of(space), address, rights ? rights : &r);
}

static uint64_t physical_of(cap_t frame) { return slot_of(frame)->object * PAGE_SIZE; }

static void expect_mapped(cap_t space, uint64_t address, cap_t frame, uint64_t pages, unsigned want)
{
	for (uint64_t i = 0; i < pages; i++) {
		unsigned rights;

		assert_true(meaning(space, address + i * PAGE_SIZE, &rights) == physical_of(frame) + i * PAGE_SIZE);
		assert_int_equal(rights, want);
	}
}

static void expect_nothing(cap_t space, uint64_t address, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		assert_true(meaning(space, address + i * PAGE_SIZE, NULL) == NOTHING);
}

static void supply(cap_t space)
{
	cap_t u = make(TYPE_UNTYPED, 16);

	assert_int_equal(method(task, space, METHOD_VSPACE_SUPPLY, 1, WORDS(u)).err, OK);
}

static void setup_spaces(void)
{
	parent = make(TYPE_VSPACE, 0);
	child = make(TYPE_VSPACE, 0);
}

static struct result clone_in(cap_t space, cap_t source, uint64_t bitmap, cap_t dest, uint64_t keep)
{
	return method(task, space, METHOD_VSPACE_CLONE, 6, WORDS(CNODE, source, bitmap, CNODE, dest, keep));
}

static err_t unmap_range(cap_t space, uint64_t start, uint64_t end)
{
	return method(task, space, METHOD_VSPACE_UNMAP_RANGE, 3, WORDS(start, end, 0)).err;
}

// Four windows of one Frame in consecutive slots, two pages each, with holes of a page between.
static cap_t windows_make(cap_t frame)
{
	cap_t w = slots_new(4);

	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(derive_to(CNODE, w + i, frame, ALL, i * 2, 2), OK);
		assert_int_equal(map(w + i, parent, LOW + i * 0x3000ull, i == 2 ? RWX : RW), OK);
	}
	return w;
}

static void a_clone_maps_the_same_and_nobody_may_write(void **state)
{
	cap_t f = make(TYPE_FRAME, 15), w, to = slots_new(4);

	(void)state;
	setup_spaces();
	w = windows_make(f);
	assert_int_equal(clone_in(child, w, 0xd, to, 0x8).err, OK);
	for (unsigned i = 0; i < 4; i++) {
		unsigned kept = i == 1 || i == 3 ? RW : i == 2 ? FRAME_READ | FRAME_EXECUTE : FRAME_READ;

		expect_mapped(parent, LOW + i * 0x3000ull, w + i, 2, kept);
		if (i == 1)
			expect_nothing(child, LOW + 0x3000, 2);
		else
			expect_mapped(child, LOW + i * 0x3000ull, w + i, 2, kept);
	}
	assert_true(slot_is_empty(slot_of(to + 1)));
	// A copy is a sibling: it outlives its source, and goes when what both came from is revoked.
	assert_int_equal(delete(w), OK);
	expect_nothing(parent, LOW, 2);
	expect_mapped(child, LOW, to, 2, FRAME_READ);
	assert_int_equal(protect(to, RW), OK);
	assert_int_equal(revoke(f), OK);
	expect_nothing(child, LOW, 12);
}

static void bad_clones_are_refused(void **state)
{
	cap_t f = make(TYPE_FRAME, 15), w, to = slots_new(4), weak;
	struct result r;

	(void)state;
	setup_spaces();
	w = windows_make(f);
	assert_int_equal(clone_in(child, f, 1, to, 0).err, ERR_NOT_MAPPED);
	assert_int_equal(clone_in(child, parent, 1, to, 0).err, ERR_NOT_MAPPED);
	assert_int_equal(clone_in(parent, w, 1, to, 0).err, ERR_MAPPED);
	assert_int_equal(clone_in(child, 1u << BOOT_CNODE_BITS, 1, to, 0).err, ERR_RANGE);
	assert_int_equal(clone_in(child, w, 1, 1u << BOOT_CNODE_BITS, 0).err, ERR_RANGE);
	assert_int_equal(clone_in(child, w, 1, f, 0).err, ERR_SLOT_USED);
	assert_int_equal(map(f, child, LOW + 0x3000, RW), OK);
	// What is in the way stops it there: the first is done, the rest is named.
	r = clone_in(child, w, 0xf, to, 0);
	assert_int_equal(r.err, ERR_MAPPED);
	assert_int_equal(r.word[2], 0xe);
	assert_true(slot_is_empty(slot_of(to + 1)));
	expect_mapped(child, LOW, w, 2, FRAME_READ);
	expect_mapped(child, LOW + 0x3000, f, 8, RW);
	assert_int_equal(clone_in(child, w, 1, to, 0).err, ERR_SLOT_USED);
	weak = slots_new(1);
	assert_int_equal(derive_to(CNODE, weak, CNODE, CNODE_DERIVE, 0, 0), OK);
	assert_int_equal(method(task, child, METHOD_VSPACE_CLONE, 6, WORDS(weak, w, 1, CNODE, to + 1, 0)).err,
			 ERR_CAP_RIGHTS);
}

static void a_long_clone_is_done_in_pieces_and_goes_on_after_no_memory(void **state)
{
	cap_t f = make(TYPE_FRAME, 23), w = slots_new(2), to = slots_new(2);
	struct result r;

	(void)state;
	setup_spaces();
	supply(parent);
	assert_int_equal(derive_to(CNODE, w, f, ALL, 0, 1800), OK);
	assert_int_equal(derive_to(CNODE, w + 1, f, ALL, 0, 16), OK);
	assert_int_equal(map(w, parent, LOW + 0x1000, RW), OK);
	assert_int_equal(map(w + 1, parent, 0x8000000000ull, RW), OK);
	// Fill the child's tables, so that they run out in the middle.
	cap_t fill[3];

	for (unsigned i = 0; i < 3; i++) {
		fill[i] = make(TYPE_FRAME, 12);
		assert_int_equal(map(fill[i], child, 0x8000000000ull * (i + 2), RW), OK);
	}
	r = clone_in(child, w, 3, to, 0);
	assert_int_equal(r.err, ERR_NO_MEMORY);
	assert_int_equal(r.word[2], 3);
	assert_true(last_entries > 3);
	assert_true(slot_of(to)->map_pages > 0 && slot_of(to)->map_pages < 1800);
	supply(child);
	r = clone_in(child, w, r.word[2], to, 0);
	assert_int_equal(r.err, OK);
	expect_mapped(child, LOW + 0x1000, w, 1800, FRAME_READ);
	expect_mapped(parent, LOW + 0x1000, w, 1800, FRAME_READ);
	expect_mapped(child, 0x8000000000ull, w + 1, 16, FRAME_READ);
}

static void large_pages_are_cloned_large(void **state)
{
	cap_t f = make(TYPE_FRAME, 23), w = derive(f, ALL, 0, 0), to = slots_new(1);

	(void)state;
	setup_spaces();
	assert_int_equal(map(w, parent, LOW, RW), OK);
	assert_int_equal(clone_in(child, w, 1, to, 0).err, OK);
	assert_true(last_entries <= 2);
	expect_mapped(child, LOW, w, 2048, FRAME_READ);
	expect_mapped(parent, LOW, w, 2048, FRAME_READ);
	assert_int_equal(delete(to), OK);
	expect_nothing(child, LOW, 2048);
}

static void unmapping_a_range_takes_every_mapping_and_the_empty_tables(void **state)
{
	cap_t f = make(TYPE_FRAME, 12), w = slots_new(100), keep = derive(f, ALL, 0, 0);
	struct vspace *v;

	(void)state;
	setup_spaces();
	v = object_of(parent);
	assert_int_equal(map(keep, parent, LOW - PAGE_SIZE, RW), OK);
	uint32_t before = v->batches->free;

	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(derive_to(CNODE, w + i, f, ALL, 0, 0), OK);
		assert_int_equal(map(w + i, parent, LOW + i * 0x10000ull, RW), OK);
	}
	assert_true(v->batches->free != before);
	assert_int_equal(unmap_range(parent, LOW, LOW + 50 * 0x10000ull), OK);
	expect_nothing(parent, LOW, 50 * 16);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(unmap(w + i), i < 50 ? ERR_NOT_MAPPED : OK);
	assert_int_equal(map(w, parent, LOW + 0x8000000, RW), OK);
	assert_int_equal(unmap_range(parent, LOW, USER_END), OK);
	assert_int_equal(v->batches->free, before);
	expect_mapped(parent, LOW - PAGE_SIZE, keep, 1, RW);
	// The tables can be used again, and the last mapping's too.
	assert_int_equal(unmap_range(parent, 0, USER_END), OK);
	assert_int_equal(v->batches->free, 0xfffc);
	assert_int_equal(map(keep, parent, LOW, RW), OK);
	expect_mapped(parent, LOW, keep, 1, RW);
}

static void a_mapping_that_reaches_into_the_range_goes_whole(void **state)
{
	cap_t f = make(TYPE_FRAME, 21);

	(void)state;
	setup_spaces();
	assert_int_equal(map(f, parent, LOW, RW), OK);
	assert_int_equal(unmap_range(parent, LOW + 0x1ff000, LOW + 0x200000), OK);
	expect_nothing(parent, LOW, 512);
	assert_int_equal(unmap_range(parent, 0x1001, 0x2000), ERR_ALIGN);
	assert_int_equal(unmap_range(parent, 0x3000, 0x2000), ERR_RANGE);
	assert_int_equal(unmap_range(parent, 0, USER_END + PAGE_SIZE), ERR_RANGE);
	assert_int_equal(unmap_range(parent, 0x2000, 0x2000), OK);
}

static void trimming_looks_through_all_batches(void **state)
{
	cap_t f = make(TYPE_FRAME, 12), w = slots_new(60);
	struct vspace *v;

	(void)state;
	setup_spaces();
	for (unsigned i = 0; i < 20; i++)
		supply(parent);
	v = object_of(parent);
	for (unsigned i = 0; i < 60; i++) {
		assert_int_equal(derive_to(CNODE, w + i, f, ALL, 0, 0), OK);
		assert_int_equal(map(w + i, parent, LOW + i * 0x40000000ull, RW), OK);
	}
	assert_int_equal(delete_many(w, 60), OK);
	assert_int_equal(unmap_range(parent, 0, 0), OK);
	for (const struct batch *b = v->batches; b; b = b->next)
		assert_int_equal(b->free, b->source.type ? 0xfffe : 0xfffc);
}

static void no_stale_translations_after_a_range(void **state)
{
	cap_t f = make(TYPE_FRAME, 15), w = derive(f, ALL, 0, 0), to = slots_new(1);
	unsigned rights;

	(void)state;
	setup_spaces();
	assert_int_equal(map(w, VSPACE, 0x50000000, RW), OK);
	for (unsigned i = 0; i < 8; i++)
		host_touch(0x50000000 + i * 0x1000, &rights);
	assert_int_equal(clone_in(child, w, 1, to, 0).err, OK);  // the checks look at the buffer
	host_touch(0x50000000, &rights);
	assert_int_equal(rights, FRAME_READ);
	assert_int_equal(unmap_range(VSPACE, 0x50000000, 0x50008000), OK);
	assert_true(host_touch(0x50000000, &rights) == NOTHING);
}

// --- items laid over what is there

static cap_t endpoint, reply;
static struct player server, client;

static void setup_pair(void)
{
	setup_spaces();
	endpoint = make(TYPE_ENDPOINT, 0);
	reply = make(TYPE_REPLY, 0);
	server = player();
	client = player_in(CNODE, parent, derive(endpoint, ENDPOINT_SEND | ENDPOINT_GRANT, 3, 0), PRIORITY_MAX);
}

static err_t fault_answer(uint64_t address, struct abi_map_item item)
{
	native(server.thread, SYSCALL_RECV, endpoint, reply, 0, NO_WORDS);
	as(client.thread);
	host_fault(address, FAULT_ACCESS_WRITE);
	server.page->items[0] = item;
	return native_now(server.thread, SYSCALL_SEND, reply, 0, TAG_ITEMS(1), NO_WORDS).err;
}

static void an_item_may_lie_over_a_mapping(void **state)
{
	cap_t f = make(TYPE_FRAME, 16), own = make(TYPE_FRAME, 14), dest = slots_new(2);

	(void)state;
	setup_pair();
	assert_int_equal(map(f, parent, LOW, FRAME_READ), OK);
	assert_int_equal(fault_answer(LOW + 0x3000, (struct abi_map_item){own, dest, LOW + 0x3000, 0, 2, RW,
									  MAP_ITEM_OVER}), OK);
	expect_mapped(parent, LOW, f, 3, FRAME_READ);
	expect_mapped(parent, LOW + 0x3000, dest, 2, RW);
	assert_true(meaning(parent, LOW + 0x5000, NULL) == physical_of(f) + 0x5000);
	// Changing the mapping below leaves the pages above alone, and so does its end.
	assert_int_equal(protect(f, RW), OK);
	expect_mapped(parent, LOW + 0x3000, dest, 2, RW);
	assert_int_equal(delete(f), OK);
	expect_nothing(parent, LOW, 3);
	expect_nothing(parent, LOW + 0x5000, 11);
	expect_mapped(parent, LOW + 0x3000, dest, 2, RW);
}

static void an_item_may_take_the_place_of_a_frame(void **state)
{
	cap_t f = make(TYPE_FRAME, 14), own = make(TYPE_FRAME, 14), dest = slots_new(1), e = make(TYPE_ENDPOINT, 0);

	(void)state;
	setup_pair();
	assert_int_equal(derive_to(CNODE, dest, f, ALL, 1, 2), OK);
	assert_int_equal(map(dest, parent, LOW, FRAME_READ), OK);
	assert_int_equal(fault_answer(LOW, (struct abi_map_item){own, dest, LOW, 3, 1, RW, MAP_ITEM_OVER}), OK);
	expect_mapped(parent, LOW, dest, 1, RW);
	expect_nothing(parent, LOW + 0x1000, 1);
	assert_true(physical_of(dest) == physical_of(own) + 3 * PAGE_SIZE);
	assert_int_equal(fault_answer(LOW, (struct abi_map_item){own, e, LOW, 0, 1, RW, MAP_ITEM_OVER}),
			 ERR_SLOT_USED);
}

static void a_large_page_is_in_the_way_of_an_item(void **state)
{
	cap_t f = make(TYPE_FRAME, 21), own = make(TYPE_FRAME, 12), dest = slots_new(1);

	(void)state;
	setup_pair();
	assert_int_equal(map(f, parent, LOW, RW), OK);
	assert_int_equal(fault_answer(LOW, (struct abi_map_item){own, dest, LOW, 0, 1, RW, MAP_ITEM_OVER}),
			 ERR_MAPPED);
	assert_true(slot_is_empty(slot_of(dest)));
	expect_mapped(parent, LOW, f, 512, RW);
}

// --- revoking runs, fresh threads

static void a_run_of_slots_is_revoked(void **state)
{
	cap_t f = make_many(TYPE_FRAME, 12, 4), d[8];

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		d[i] = derive(f + i % 4, ALL, 0, 0);
	assert_int_equal(delete(f + 2), OK);  // a hole in the run: what came of it goes one generation up
	assert_int_equal(method(task, CNODE, METHOD_CNODE_REVOKE_RUN, 2, WORDS(f, 3)).err, OK);
	for (unsigned i = 0; i < 8; i++)
		assert_true(slot_is_empty(slot_of(d[i])) == (i % 4 < 2));
	assert_false(slot_is_empty(slot_of(f)));
	assert_int_equal(method(task, CNODE, METHOD_CNODE_REVOKE_RUN, 2, WORDS(f, 1u << 30)).err, ERR_RANGE);
}

static void a_thread_is_made_fresh(void **state)
{
	struct player p;
	uint64_t words[MSG_WORDS_REGISTERS] = {THREAD_WRITE_FRESH};

	(void)state;
	p = player();
	assert_int_equal(method(task, p.cap, METHOD_THREAD_SUSPEND, 0, NO_WORDS).err, OK);
	assert_int_equal(method(task, p.cap, METHOD_THREAD_CANCEL, 0, NO_WORDS).err, OK);
	assert_true(p.thread->flags & THREAD_STICKY);
	p.thread->fpu.made = 7;
	assert_int_equal(method(task, p.cap, METHOD_THREAD_WRITE, 1 + REGISTER_COUNT, words).err, OK);
	assert_false(p.thread->flags & THREAD_STICKY);
	assert_int_not_equal(p.thread->fpu.made, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_clone_maps_the_same_and_nobody_may_write),
		TEST(bad_clones_are_refused),
		TEST(a_long_clone_is_done_in_pieces_and_goes_on_after_no_memory),
		TEST(large_pages_are_cloned_large),
		TEST(unmapping_a_range_takes_every_mapping_and_the_empty_tables),
		TEST(a_mapping_that_reaches_into_the_range_goes_whole),
		TEST(trimming_looks_through_all_batches),
		TEST(no_stale_translations_after_a_range),
		TEST(an_item_may_lie_over_a_mapping),
		TEST(an_item_may_take_the_place_of_a_frame),
		TEST(a_large_page_is_in_the_way_of_an_item),
		TEST(a_run_of_slots_is_revoked),
		TEST(a_thread_is_made_fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
