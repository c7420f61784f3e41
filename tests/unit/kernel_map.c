// Mappings: what addresses mean after map, unmap, protect, revocation, and when tables are short.
#include "kernel_machine.h"

#define LARGE 0x200000ull
#define RW (FRAME_READ | FRAME_WRITE)
#define NOTHING (~0ull)

static cap_t vspace;

static uint64_t meaning(cap_t space, uint64_t address, unsigned *rights)
{
	unsigned r;
	uint64_t physical = host_translate(object_of(space), address, rights ? rights : &r);

	return physical;
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

static void supply(cap_t space, unsigned batches)
{
	for (unsigned i = 0; i < batches; i++) {
		cap_t u = make(TYPE_UNTYPED, 16);

		assert_int_equal(method(task, space, METHOD_VSPACE_SUPPLY, 1, WORDS(u)).err, OK);
		assert_true(slot_is_empty(slot_of(u)));
	}
}

static void setup_space(unsigned batches)
{
	vspace = make(TYPE_VSPACE, 0);
	supply(vspace, batches);
}

static void map_unmap_and_rights(void **state)
{
	cap_t f = make(TYPE_FRAME, 14);
	static const unsigned rights[] = {FRAME_READ, RW, FRAME_READ | FRAME_EXECUTE, RW | FRAME_EXECUTE};

	(void)state;
	setup_space(0);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(map(f, vspace, 0x400000, rights[i]), OK);
		expect_mapped(vspace, 0x400000, f, 4, rights[i]);
		expect_nothing(vspace, 0x3ff000, 1);
		expect_nothing(vspace, 0x404000, 1);
		for (unsigned k = 0; k < 4; k++) {
			assert_int_equal(protect(f, rights[k]), OK);
			expect_mapped(vspace, 0x400000, f, 4, rights[k]);
		}
		assert_int_equal(unmap(f), OK);
		expect_nothing(vspace, 0x400000, 4);
		assert_int_equal(unmap(f), ERR_NOT_MAPPED);
		assert_int_equal(protect(f, FRAME_READ), ERR_NOT_MAPPED);
	}
	// What the capability lacks is not given, by map or protect; READ must be there.
	cap_t r = derive(f, FRAME_READ, 0, 0), w = derive(f, FRAME_WRITE, 0, 0);

	assert_int_equal(map(r, vspace, 0x400000, RW | FRAME_EXECUTE), OK);
	expect_mapped(vspace, 0x400000, r, 4, FRAME_READ);
	assert_int_equal(protect(r, RW), OK);
	expect_mapped(vspace, 0x400000, r, 4, FRAME_READ);
	assert_int_equal(map(w, vspace, 0x800000, RW), ERR_CAP_RIGHTS);
	assert_int_equal(protect(r, FRAME_WRITE), ERR_CAP_RIGHTS);
}

static void addresses_are_checked(void **state)
{
	cap_t f = make(TYPE_FRAME, 13);

	(void)state;
	setup_space(1);
	assert_int_equal(map(f, vspace, 0, RW), ERR_RANGE);
	assert_int_equal(map(f, vspace, 0x1001, RW), ERR_ALIGN);
	assert_int_equal(map(f, vspace, USER_END, RW), ERR_RANGE);
	assert_int_equal(map(f, vspace, USER_END - PAGE_SIZE, RW), ERR_RANGE);
	assert_int_equal(map(f, vspace, ~0xfffull, RW), ERR_RANGE);
	assert_int_equal(map(f, vspace, 0xffff800000000000ull, RW), ERR_RANGE);
	assert_int_equal(map(f, vspace, USER_END - 2 * PAGE_SIZE, RW), OK);
	assert_int_equal(unmap(f), OK);
	assert_int_equal(map(f, vspace, PAGE_SIZE, RW), OK);
	assert_int_equal(map(f, vspace, PAGE_SIZE, RW), ERR_MAPPED);
	assert_int_equal(map(f, vspace, 0x800000, RW), ERR_MAPPED);
}

static void large_pages_where_alignment_allows(void **state)
{
	cap_t f = make(TYPE_FRAME, 23);

	(void)state;
	setup_space(1);
	assert_int_equal(map(f, vspace, 0x40000000, RW), OK);
	assert_true(last_entries <= 2);
	expect_mapped(vspace, 0x40000000, f, 2048, RW);
	assert_int_equal(protect(f, FRAME_READ), OK);
	expect_mapped(vspace, 0x40000000, f, 2048, FRAME_READ);
	assert_int_equal(unmap(f), OK);
	expect_nothing(vspace, 0x40000000, 2048);
	// Not aligned alike: small pages.
	assert_int_equal(map(f, vspace, 0x40001000, RW), OK);
	assert_true(last_entries >= 16);
	expect_mapped(vspace, 0x40001000, f, 2048, RW);
	assert_int_equal(protect(f, FRAME_READ), OK);
	expect_mapped(vspace, 0x40001000, f, 2048, FRAME_READ);
	assert_int_equal(unmap(f), OK);
	expect_nothing(vspace, 0x40000000, 2060);
}

static err_t restrict_range(cap_t space, uint64_t start, uint64_t end, uint64_t rights)
{
	return method(task, space, METHOD_VSPACE_RESTRICT, 3, WORDS(start, end, rights)).err;
}

// The rights that are in force are those given last and asked for, never more.
static void restrictions_stay_within_what_was_given(void **state)
{
	cap_t f = make(TYPE_FRAME, 14), r = make(TYPE_FRAME, 14);
	static const unsigned rights[] = {FRAME_READ, RW, FRAME_READ | FRAME_EXECUTE, RW | FRAME_EXECUTE};

	(void)state;
	setup_space(1);
	assert_int_equal(map(r, vspace, 0x404000, FRAME_READ), OK);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(map(f, vspace, 0x400000, rights[i]), OK);
		for (unsigned k = 0; k < 4; k++) {
			assert_int_equal(restrict_range(vspace, 0x401000, 0x500000, rights[k]), OK);
			expect_mapped(vspace, 0x400000, f, 1, rights[i]);
			for (unsigned page = 1; page < 4; page++) {
				unsigned now;

				assert_true(meaning(vspace, 0x400000 + page * PAGE_SIZE, &now) == physical_of(f) + page * PAGE_SIZE);
				assert_int_equal(now, rights[i] & rights[k]);
			}
			expect_mapped(vspace, 0x404000, r, 4, FRAME_READ);
			assert_int_equal(restrict_range(vspace, 0x400000, 0x404000, FRAME_WRITE | FRAME_EXECUTE), OK);
			expect_nothing(vspace, 0x400000, 4);
			assert_int_equal(restrict_range(vspace, 0x400000, 0x404000, rights[3]), OK);
		}
		expect_mapped(vspace, 0x400000, f, 4, rights[i]);
		assert_int_equal(protect(f, FRAME_READ), OK);
		assert_int_equal(restrict_range(vspace, 0x400000, 0x404000, rights[3]), OK);
		expect_mapped(vspace, 0x400000, f, 4, FRAME_READ);
		assert_int_equal(unmap(f), OK);
	}
}

// A clone takes the right to write from both for good; what is hidden stays so.
static void restrictions_do_not_undo_copy_on_write(void **state)
{
	cap_t f = make(TYPE_FRAME, 14), child, to = slots_new(1);

	(void)state;
	setup_space(1);
	child = make(TYPE_VSPACE, 0);
	supply(child, 1);
	assert_int_equal(map(f, vspace, 0x400000, RW), OK);
	assert_int_equal(restrict_range(vspace, 0x401000, 0x402000, 0), OK);
	assert_int_equal(method(task, child, METHOD_VSPACE_CLONE, 6, WORDS(CNODE, f, 1, CNODE, to, 0)).err, OK);
	expect_mapped(child, 0x400000, f, 1, FRAME_READ);
	expect_nothing(child, 0x401000, 1);
	assert_int_equal(restrict_range(child, 0x400000, 0x404000, RW), OK);
	assert_int_equal(restrict_range(vspace, 0x400000, 0x404000, RW), OK);
	expect_mapped(child, 0x400000, f, 4, FRAME_READ);
	expect_mapped(vspace, 0x400000, f, 4, FRAME_READ);
}

static void restrictions_of_large_pages(void **state)
{
	cap_t f = make(TYPE_FRAME, 22);

	(void)state;
	setup_space(1);
	assert_int_equal(map(f, vspace, 0x40000000, RW), OK);
	assert_int_equal(restrict_range(vspace, 0x40000000, 0x40001000, FRAME_READ), ERR_MAPPED);
	assert_int_equal(restrict_range(vspace, 0x40001000, 0x40200000, FRAME_READ), ERR_MAPPED);
	expect_mapped(vspace, 0x40000000, f, 1024, RW);
	assert_int_equal(restrict_range(vspace, 0x3f000000, 0x40200000, FRAME_READ), OK);
	expect_mapped(vspace, 0x40000000, f, 512, FRAME_READ);
	assert_int_equal(restrict_range(vspace, 0, USER_END, 0), OK);
	expect_nothing(vspace, 0x40000000, 1024);
	assert_int_equal(restrict_range(vspace, 0, USER_END, RW), OK);
	expect_mapped(vspace, 0x40000000, f, 1024, RW);
}

static void restrictions_are_checked(void **state)
{
	cap_t weak, f = make(TYPE_FRAME, 12);

	(void)state;
	setup_space(0);
	assert_int_equal(restrict_range(vspace, 0x400800, 0x402000, RW), ERR_ALIGN);
	assert_int_equal(restrict_range(vspace, 0x400000, 0x402001, RW), ERR_ALIGN);
	assert_int_equal(restrict_range(vspace, 0x402000, 0x400000, RW), ERR_RANGE);
	assert_int_equal(restrict_range(vspace, 0x400000, USER_END + PAGE_SIZE, RW), ERR_RANGE);
	assert_int_equal(restrict_range(vspace, 0x400000, 0x400000, RW), OK);
	weak = derive(vspace, VSPACE_RESTRICT, 0, 0);
	assert_int_equal(restrict_range(weak, 0x400000, 0x402000, RW), OK);
	assert_int_equal(map(f, weak, 0x400000, RW), ERR_CAP_RIGHTS);
	assert_int_equal(method(task, weak, METHOD_VSPACE_UNMAP_RANGE, 3, WORDS(0x400000, 0x401000, 0)).err, ERR_CAP_RIGHTS);
	weak = derive(vspace, VSPACE_MAP, 0, 0);
	assert_int_equal(restrict_range(weak, 0x400000, 0x402000, RW), ERR_CAP_RIGHTS);
}

// A window that begins and ends in the middle of large pages: small, large, small.
static void windows_mix_page_sizes(void **state)
{
	cap_t f = make(TYPE_FRAME, 23), w = derive(f, ALL, 500, 1100);
	uint64_t at = 0x40000000 + 500 * PAGE_SIZE;

	(void)state;
	setup_space(1);
	for (unsigned round = 0; round < 3; round++) {
		assert_int_equal(map(w, vspace, at, RW), OK);
		expect_mapped(vspace, at, w, 1100, RW);
		expect_nothing(vspace, 0x40000000, 500);
		expect_nothing(vspace, at + 1100 * PAGE_SIZE, 400);
		assert_int_equal(protect(w, FRAME_READ | FRAME_EXECUTE), OK);
		expect_mapped(vspace, at, w, 1100, FRAME_READ | FRAME_EXECUTE);
		if (round == 0)
			assert_int_equal(unmap(w), OK);
		else if (round == 1)
			assert_int_equal(revoke(f), OK);
		expect_nothing(vspace, 0x40000000, round < 2 ? 2048 : 0);
		if (round == 1)
			assert_int_equal(derive_to(CNODE, w, f, ALL, 500, 1100), OK);
	}
}

// A large page in the way of small ones, a table in the way of a large page.
static void sizes_meet(void **state)
{
	cap_t big = make(TYPE_FRAME, 21), small = make(TYPE_FRAME, 12);

	(void)state;
	setup_space(1);
	assert_int_equal(map(big, vspace, 0x40000000, RW), OK);
	assert_int_equal(map(small, vspace, 0x40005000, RW), ERR_MAPPED);
	expect_mapped(vspace, 0x40000000, big, 512, RW);
	assert_int_equal(unmap(big), OK);
	assert_int_equal(map(small, vspace, 0x40005000, RW), OK);
	struct result r = method(task, big, METHOD_FRAME_MAP, 3, WORDS(vspace, 0x40000000, RW));

	assert_int_equal(r.err, ERR_MAPPED);
	assert_int_equal(r.word[1], 0x40005000);
	expect_mapped(vspace, 0x40005000, small, 1, RW);
	assert_int_equal(unmap(big), OK);
	expect_mapped(vspace, 0x40005000, small, 1, RW);
	expect_nothing(vspace, 0x40000000, 5);
	// The table is there: big goes in by small pages once the way is free.
	assert_int_equal(unmap(small), OK);
	assert_int_equal(map(big, vspace, 0x40000000, RW), OK);
	expect_mapped(vspace, 0x40000000, big, 512, RW);
	assert_int_equal(protect(big, FRAME_READ), OK);
	expect_mapped(vspace, 0x40000000, big, 512, FRAME_READ);
	assert_int_equal(delete(big), OK);
	expect_nothing(vspace, 0x40000000, 512);
}

static void revocation_removes_exactly_its_entries(void **state)
{
	cap_t f = make(TYPE_FRAME, 15), w[4], other = make(TYPE_FRAME, 12);

	(void)state;
	setup_space(0);
	for (unsigned i = 0; i < 4; i++) {
		w[i] = derive(f, ALL, i * 2, 2);
		assert_int_equal(map(w[i], vspace, 0x400000 + i * 0x3000, RW), OK);
	}
	assert_int_equal(map(other, vspace, 0x402000, RW), OK);
	cap_t deep = derive(w[1], FRAME_READ, 1, 1);

	assert_int_equal(map(deep, vspace, 0x500000, RW), OK);
	assert_int_equal(revoke(w[1]), OK);
	expect_nothing(vspace, 0x500000, 1);
	expect_mapped(vspace, 0x403000, w[1], 2, RW);
	assert_int_equal(delete(w[1]), OK);
	expect_nothing(vspace, 0x403000, 2);
	assert_int_equal(revoke(f), OK);
	for (unsigned i = 0; i < 4; i++)
		expect_nothing(vspace, 0x400000 + i * 0x3000, 2);
	expect_mapped(vspace, 0x402000, other, 1, RW);
}

static void a_mapped_slot_may_be_moved(void **state)
{
	cap_t f = make(TYPE_FRAME, 13), to = slots_new(1), side = slots_new(1);

	(void)state;
	setup_space(0);
	assert_int_equal(map(f, vspace, 0x400000, RW), OK);
	assert_int_equal(move(to, f), OK);
	expect_mapped(vspace, 0x400000, to, 2, RW);
	assert_int_equal(copy(side, to), OK);
	assert_int_equal(unmap(side), ERR_NOT_MAPPED);  // a copy is not mapped
	assert_int_equal(delete(to), OK);
	expect_nothing(vspace, 0x400000, 2);
}

static void tables_run_out_and_more_come(void **state)
{
	cap_t f = make(TYPE_FRAME, 12), w[40];
	unsigned n;
	struct result r;

	(void)state;
	setup_space(0);
	for (n = 0; n < 40; n++) {
		w[n] = derive(f, RW, 0, 0);
		r = method(task, w[n], METHOD_FRAME_MAP, 3, WORDS(vspace, 0x8000000000ull * (n + 1), RW));
		if (r.err)
			break;
	}
	assert_int_equal(r.err, ERR_NO_MEMORY);
	assert_int_equal(n, 4);  // 14 tables, 3 for each
	assert_false(slot_of(w[n])->flags & SLOT_MAPPED);
	supply(vspace, 1);
	assert_int_equal(map(w[n], vspace, 0x8000000000ull * (n + 1), RW), OK);
	for (unsigned i = 0; i <= n; i++)
		expect_mapped(vspace, 0x8000000000ull * (i + 1), f, 1, RW);
}

// A long map that stops in the middle goes on from there once there are tables.
static void a_map_goes_on_after_no_memory(void **state)
{
	cap_t f = make(TYPE_FRAME, 24);
	struct result r;

	(void)state;
	setup_space(0);
	cap_t fill[3];

	for (unsigned i = 0; i < 3; i++) {
		fill[i] = make(TYPE_FRAME, 12);
		assert_int_equal(map(fill[i], vspace, 0x8000000000ull * (i + 2), RW), OK);
	}
	r = method(task, f, METHOD_FRAME_MAP, 3, WORDS(vspace, 0x40001000, RW));
	assert_int_equal(r.err, ERR_NO_MEMORY);
	assert_true(slot_of(f)->flags & SLOT_MAPPED);
	uint64_t so_far = slot_of(f)->map_pages;

	assert_true(so_far > 0 && so_far < 4096);
	assert_int_equal(r.word[1], 0x40001000 + so_far * PAGE_SIZE);
	expect_mapped(vspace, 0x40001000, f, so_far, RW);
	assert_int_equal(map(f, vspace, 0x50001000, RW), ERR_MAPPED);  // elsewhere: no
	supply(vspace, 1);
	assert_int_equal(map(f, vspace, 0x40001000, RW), OK);
	expect_mapped(vspace, 0x40001000, f, 4096, RW);
	assert_int_equal(delete(f), OK);
	expect_nothing(vspace, 0x40000000, 4200);
	for (unsigned i = 0; i < 3; i++)
		expect_mapped(vspace, 0x8000000000ull * (i + 2), fill[i], 1, RW);
}

static void supply_is_checked(void **state)
{
	cap_t small = make(TYPE_UNTYPED, 15), used = make(TYPE_UNTYPED, 16), e = slots_new(1);

	(void)state;
	setup_space(0);
	assert_int_equal(method(task, vspace, METHOD_VSPACE_SUPPLY, 1, WORDS(small)).err, ERR_RANGE);
	assert_int_equal(retype_in(used, TYPE_ENDPOINT, 0, 1, CNODE, e), OK);
	assert_int_equal(method(task, vspace, METHOD_VSPACE_SUPPLY, 1, WORDS(used)).err, ERR_HAS_CHILDREN);
	assert_int_equal(delete(e), OK);
	assert_int_equal(method(task, vspace, METHOD_VSPACE_SUPPLY, 1, WORDS(used)).err, OK);
	assert_int_equal(method(task, vspace, METHOD_VSPACE_SUPPLY, 1, WORDS(vspace)).err, ERR_CAP_TYPE);
}

// What a table holds is zero although its memory was somebody's before.
static void supplied_memory_is_zeroed(void **state)
{
	cap_t block = make(TYPE_UNTYPED, 17), f = slots_new(1), u = slots_new(1);

	(void)state;
	setup_space(0);
	assert_int_equal(retype_in(block, TYPE_FRAME, 16, 1, CNODE, f), OK);
	memset(arch_phys_to_virt(physical_of(f)), 0xff, 0x10000);
	assert_int_equal(delete(f), OK);
	assert_int_equal(method(task, block, METHOD_UNTYPED_RESET, 0, NO_WORDS).err, OK);
	assert_int_equal(retype_in(block, TYPE_UNTYPED, 16, 1, CNODE, u), OK);
	assert_int_equal(method(task, vspace, METHOD_VSPACE_SUPPLY, 1, WORDS(u)).err, OK);
	cap_t g = make(TYPE_FRAME, 12);

	assert_int_equal(map(g, vspace, 0x8000000000ull, RW), OK);
	assert_int_equal(revoke(block), OK);
}

// The Untyped behind a batch is revoked: what went through its tables is gone, the rest stays.
static void a_revoked_batch_takes_its_tables(void **state)
{
	cap_t parent = make(TYPE_UNTYPED, 16), u = slots_new(1), f[8];
	uint64_t at[8];

	(void)state;
	setup_space(0);
	assert_int_equal(retype_in(parent, TYPE_UNTYPED, 16, 1, CNODE, u), OK);
	assert_int_equal(method(task, vspace, METHOD_VSPACE_SUPPLY, 1, WORDS(u)).err, OK);
	for (unsigned i = 0; i < 8; i++) {
		f[i] = make(TYPE_FRAME, 12);
		at[i] = 0x8000000000ull * (i / 2 + 1) + 0x40000000ull * (i % 2);
		assert_int_equal(map(f[i], vspace, at[i], RW), OK);
	}
	assert_int_equal(revoke(parent), OK);
	unsigned left = 0;

	for (unsigned i = 0; i < 8; i++)
		left += meaning(vspace, at[i], NULL) != NOTHING;
	assert_true(left < 8);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(protect(f[i], FRAME_READ), OK);
		assert_int_equal(unmap(f[i]), OK);
		expect_nothing(vspace, at[i], 1);
	}
	assert_int_equal(method(task, parent, METHOD_UNTYPED_RESET, 0, NO_WORDS).err, OK);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(map(f[i], vspace, at[i], RW), OK);
}

// The same with a table of the revoked batch above tables that stay: these must not point to it.
static void batches_in_every_order(void **state)
{
	cap_t parent[3], u, f[30];

	(void)state;
	for (unsigned first = 0; first < 3; first++) {
		machine_setup(state);
		setup_space(0);
		for (unsigned i = 0; i < 3; i++) {
			parent[i] = make(TYPE_UNTYPED, 16);
			u = slots_new(1);
			assert_int_equal(retype_in(parent[i], TYPE_UNTYPED, 16, 1, CNODE, u), OK);
			assert_int_equal(method(task, vspace, METHOD_VSPACE_SUPPLY, 1, WORDS(u)).err, OK);
			for (unsigned k = 0; k < 10; k++) {
				f[i * 10 + k] = make(TYPE_FRAME, 12);
				assert_int_equal(map(f[i * 10 + k], vspace,
						     0x8000000000ull * (k % 5 + 1) + 0x200000ull * (i * 2 + k / 5), RW), OK);
			}
		}
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(revoke(parent[(first + i) % 3]), OK);
		for (unsigned i = 0; i < 30; i++)
			assert_int_equal(delete(f[i]), OK);
		assert_int_equal(delete(vspace), OK);
	}
}

static void the_space_dies_with_its_batches(void **state)
{
	cap_t parent = make(TYPE_UNTYPED, 18), u = slots_new(2), f = make(TYPE_FRAME, 20);

	(void)state;
	setup_space(0);
	assert_int_equal(retype_in(parent, TYPE_UNTYPED, 16, 2, CNODE, u), OK);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(method(task, vspace, METHOD_VSPACE_SUPPLY, 1, WORDS(u + i)).err, OK);
	assert_int_equal(map(f, vspace, 0x40001000, RW), OK);
	assert_int_equal(method(task, parent, METHOD_UNTYPED_RESET, 0, NO_WORDS).err, ERR_HAS_CHILDREN);
	assert_int_equal(delete(vspace), OK);
	assert_false(slot_of(f)->flags & SLOT_MAPPED);
	assert_int_equal(method(task, parent, METHOD_UNTYPED_RESET, 0, NO_WORDS).err, OK);
	setup_space(1);
	assert_int_equal(map(f, vspace, 0x40001000, RW), OK);
}

// Translations that the processor keeps are forgotten with the entries.
static void no_stale_translations(void **state)
{
	cap_t f = make(TYPE_FRAME, 21), s = make(TYPE_FRAME, 14);
	unsigned rights;

	(void)state;
	assert_int_equal(map(f, VSPACE, 0x40000000, RW), OK);
	assert_int_equal(map(s, VSPACE, 0x50000000, RW), OK);
	for (unsigned i = 0; i < 4; i++) {
		host_touch(0x40000000 + i * 0x10000, &rights);
		host_touch(0x50000000 + i * 0x1000, &rights);
		assert_int_equal(rights, RW);
	}
	assert_int_equal(protect(f, FRAME_READ), OK);  // the checks after each call look at the buffer
	assert_int_equal(protect(s, FRAME_READ), OK);
	host_touch(0x50002000, &rights);
	assert_int_equal(rights, FRAME_READ);
	host_touch(0x40003000, &rights);
	assert_int_equal(unmap(s), OK);
	assert_int_equal(delete(f), OK);
	assert_true(host_touch(0x40003000, &rights) == NOTHING);
}

static void random_mappings(void **state)
{
	uint64_t seed = 5;
	cap_t big = make(TYPE_FRAME, 23), w[24];
	uint64_t at[24];

	(void)state;
	check_off = true;
	setup_space(3);
	memset(w, 0, sizeof w);
	for (unsigned n = 0; n < 1500; n++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		unsigned i = (unsigned)(seed >> 40) % 24, first = (unsigned)(seed >> 20) % 2048;
		unsigned count = 1 + (unsigned)(seed >> 50) % (2048 - first);

		if (first % 3 == 0)
			count = count % 64 + 1 > 2048 - first ? 1 : count % 64 + 1;
		if (!w[i]) {
			w[i] = slots_new(1);
			assert_int_equal(derive_to(CNODE, w[i], big, RW, first, count), OK);
			// Apart by address; aligned with the frame half of the time.
			at[i] = 0x40000000ull * (i + 1) + (i % 2 ? 0x1000 : 0) + ((uint64_t)first * PAGE_SIZE);
			err_t err = map(w[i], vspace, at[i], RW);

			assert_true(err == OK || err == ERR_NO_MEMORY);
		} else if (seed >> 62 == 0) {
			assert_int_equal(delete(w[i]), OK);
			expect_nothing(vspace, at[i], 1);
			w[i] = 0;
		} else if (seed >> 62 == 1 && (slot_of(w[i])->flags & SLOT_MAPPED)) {
			assert_int_equal(protect(w[i], FRAME_READ), OK);
			expect_mapped(vspace, at[i], w[i], slot_of(w[i])->map_pages, FRAME_READ);
		} else if (n % 50 == 0) {
			assert_int_equal(revoke(big), OK);
			memset(w, 0, sizeof w);
		}
		if (n % 5 == 0)
			check_now();
	}
}

// --- map items

static cap_t endpoint, reply;
static struct player a, b;

static void setup_pair(void)
{
	setup_space(1);
	endpoint = make(TYPE_ENDPOINT, 0);
	reply = make(TYPE_REPLY, 0);
	a = player_in(CNODE, vspace, 0, PRIORITY_MAX);
	b = player();
}

static void call_begin(void)
{
	native(b.thread, SYSCALL_RECV, endpoint, reply, 0, NO_WORDS);
	native(a.thread, SYSCALL_CALL, endpoint, 0, TAG(1, 0), NO_WORDS);
}

static struct result answer(unsigned items) { return native_now(b.thread, SYSCALL_SEND, reply, 0, TAG_ITEMS(items), NO_WORDS); }

static void map_items_derive_and_map(void **state)
{
	cap_t f = make(TYPE_FRAME, 16), dest = slots_new(4);

	(void)state;
	setup_pair();
	a.page->window_base = 0x40000000;
	a.page->window_pages = 16;
	call_begin();
	for (unsigned i = 0; i < 4; i++)
		b.page->items[i] = (struct abi_map_item){f, dest + i, 0x40000000 + i * 0x4000ull, i * 4, 4, RW, 0};
	assert_int_equal(answer(4).err, OK);
	expect_mapped(vspace, 0x40000000, f, 16, RW);
	assert_true(slot_find_parent(slot_of(dest)) == slot_of(f) || slot_find_parent(slot_of(dest + 3)) == slot_of(f));
	assert_int_equal(result_of(a.thread).err, OK);
	assert_int_equal(delete(dest + 1), OK);
	expect_nothing(vspace, 0x40004000, 4);
	expect_mapped(vspace, 0x40000000, f, 4, RW);
}

static void map_items_stay_in_the_window(void **state)
{
	cap_t f = make(TYPE_FRAME, 16), dest = slots_new(2);
	static const struct {
		uint64_t address;
		uint32_t count;
	} bad[] = {
		{0x3ffff000, 1}, {0x40004000, 1}, {0x40003000, 2}, {0x40000000, 5}, {0x40000800, 1},
		{0, 1}, {~0ull, 1}, {0xfffffffffffff000ull, 1}, {0x40000000, 0}, {0x40001000, 0xffffffff},
	};

	(void)state;
	setup_pair();
	a.page->window_base = 0x40000000;
	a.page->window_pages = 4;
	call_begin();
	for (unsigned i = 0; i < ARRAY_LENGTH(bad); i++) {
		b.page->items[0] = (struct abi_map_item){f, dest, 0x40000000, 0, 1, RW, 0};
		b.page->items[1] = (struct abi_map_item){f, dest + 1, bad[i].address, 0, bad[i].count, RW, 0};
		struct result r = answer(2);

		assert_int_equal(r.err, ERR_RANGE);
		assert_int_equal(r.word[2], 1);  // one was mapped
		assert_int_equal(a.thread->state, THREAD_ANSWER);
		assert_true(slot_is_empty(slot_of(dest + 1)));
		assert_int_equal(delete(dest), OK);
	}
	// A caller without a window, or one that lies.
	a.page->window_pages = 0;
	b.page->items[0] = (struct abi_map_item){f, dest, 0x40000000, 0, 1, RW, 0};
	assert_int_equal(answer(1).err, ERR_RANGE);
	a.page->window_base = 0xfffffffffffff000ull;
	a.page->window_pages = ~0ull;
	b.page->items[0].address = 0xfffffffffffff000ull;
	assert_int_equal(answer(1).err, ERR_RANGE);
	b.page->items[0].address = USER_END;
	a.page->window_base = 0;
	assert_int_equal(answer(1).err, ERR_RANGE);
	assert_int_equal(answer(0).err, OK);
}

static void a_failing_item_leaves_the_reply_pending(void **state)
{
	cap_t f = make(TYPE_FRAME, 20), dest = slots_new(4), r = derive(f, FRAME_READ, 0, 0), w = derive(f, FRAME_WRITE, 0, 0);
	const struct {
		struct abi_map_item item;
		err_t err;
	} bad[] = {
		{{0, dest, 0x40000000, 0, 1, RW, 0}, ERR_CAP_TYPE},
		{{4000000, dest, 0x40000000, 0, 1, RW, 0}, ERR_CAP_TYPE},
		{{CNODE, dest, 0x40000000, 0, 1, RW, 0}, ERR_CAP_TYPE},
		{{f, 0, 0x40000000, 0, 1, RW, 0}, ERR_CAP_TYPE},
		{{f, r, 0x40000000, 0, 1, RW, 0}, ERR_SLOT_USED},
		{{f, dest, 0x40000000, 256, 1, RW, 0}, ERR_RANGE},
		{{f, dest, 0x40000000, 255, 2, RW, 0}, ERR_RANGE},
		{{w, dest, 0x40000000, 0, 1, RW, 0}, ERR_CAP_RIGHTS},
		{{f, dest, 0x40001000, 0, 129, RW, 0}, ERR_RANGE},  // too many entries for one message
		{{f, dest, 0x40000000, 0, 1, 0, 0}, ERR_CAP_RIGHTS},
	};

	(void)state;
	setup_pair();
	a.page->window_base = 0x40000000;
	a.page->window_pages = 1000;
	call_begin();
	for (unsigned i = 0; i < ARRAY_LENGTH(bad); i++) {
		b.page->items[0] = bad[i].item;
		assert_int_equal(answer(1).err, bad[i].err);
		assert_int_equal(a.thread->state, THREAD_ANSWER);
		assert_true(slot_is_empty(slot_of(dest)));
		expect_nothing(vspace, 0x40000000, 200);
	}
	// Once it is right, the answer goes.
	b.page->items[0] = (struct abi_map_item){r, dest, 0x40000000, 0, 1, RW, 0};
	assert_int_equal(answer(1).err, OK);
	expect_mapped(vspace, 0x40000000, r, 1, FRAME_READ);
	// Something is mapped there now.
	call_begin();
	b.page->items[0] = (struct abi_map_item){f, dest + 1, 0x40000000, 0, 1, RW, 0};
	assert_int_equal(answer(1).err, ERR_MAPPED);
	assert_int_equal(answer(5).err, ERR_TAG);
	assert_int_equal(answer(0).err, OK);
}

static void an_item_may_map_its_source_whole(void **state)
{
	cap_t f = make(TYPE_FRAME, 14);

	(void)state;
	setup_pair();
	a.page->window_base = 0x40000000;
	a.page->window_pages = 4;
	call_begin();
	b.page->items[0] = (struct abi_map_item){f, f, 0x40000000, 0, 3, RW, 0};
	assert_int_equal(answer(1).err, ERR_RANGE);
	b.page->items[0] = (struct abi_map_item){f, f, 0x40000000, 0, 4, RW, 0};
	assert_int_equal(answer(1).err, OK);
	expect_mapped(vspace, 0x40000000, f, 4, RW);
	call_begin();
	assert_int_equal(answer(1).err, ERR_MAPPED);
}

static void a_fault_is_answered_with_a_page(void **state)
{
	cap_t f = make(TYPE_FRAME, 16), dest = slots_new(2), fault;

	(void)state;
	setup_pair();
	fault = derive(endpoint, ENDPOINT_SEND | ENDPOINT_GRANT, 3, 0);
	struct player p = player_in(CNODE, vspace, fault, PRIORITY_MAX);

	native(b.thread, SYSCALL_RECV, endpoint, reply, 0, NO_WORDS);
	as(p.thread);
	host_fault(0x7000123, FAULT_ACCESS_WRITE);
	b.page->items[0] = (struct abi_map_item){f, dest, 0x7000000, 2, 1, RW, 0};
	assert_int_equal(answer(1).err, OK);
	assert_true(meaning(vspace, 0x7000000, NULL) == physical_of(f) + 2 * PAGE_SIZE);
	assert_int_equal(p.thread->state, THREAD_READY);
	// The same page again, while it is there.
	native(b.thread, SYSCALL_RECV, endpoint, reply, 0, NO_WORDS);
	as(p.thread);
	host_fault(0x7000123, FAULT_ACCESS_WRITE);
	b.page->items[0] = (struct abi_map_item){f, dest + 1, 0x7000000, 2, 1, RW, 0};
	assert_int_equal(answer(1).err, ERR_MAPPED);
	assert_int_equal(p.thread->state, THREAD_ANSWER);
}

static void items_without_tables_fail_and_leave_nothing(void **state)
{
	cap_t f = make(TYPE_FRAME, 12), dest = slots_new(30);
	unsigned i;

	(void)state;
	setup_pair();
	for (i = 0; i < 30; i++) {
		a.page->window_base = 0x8000000000ull * (i + 1);
		a.page->window_pages = 1;
		call_begin();
		b.page->items[0] = (struct abi_map_item){f, dest + i, a.page->window_base, 0, 1, RW, 0};
		struct result r = answer(1);

		if (r.err) {
			assert_int_equal(r.err, ERR_NO_MEMORY);
			break;
		}
	}
	assert_true(i < 30 && slot_is_empty(slot_of(dest + i)));
	supply(vspace, 1);
	assert_int_equal(answer(1).err, OK);
	expect_mapped(vspace, 0x8000000000ull * (i + 1), f, 1, RW);
}

static void frame_info_tells(void **state)
{
	cap_t f = make(TYPE_FRAME, 14), w = derive(f, RW, 1, 2);
	struct result r;

	(void)state;
	setup_space(0);
	r = method(task, f, METHOD_FRAME_INFO, 0, NO_WORDS);
	assert_int_equal(r.word[0], 4);
	assert_int_equal(r.word[1], 0);
	assert_true(r.word[2] == physical_of(f));
	assert_int_equal(map(w, vspace, 0x400000, RW), OK);
	r = method(task, w, METHOD_FRAME_INFO, 0, NO_WORDS);
	assert_int_equal(r.word[0], 2);
	assert_int_equal(r.word[1], 0x400000);
	assert_int_equal(r.word[2], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(map_unmap_and_rights),
		TEST(addresses_are_checked),
		TEST(large_pages_where_alignment_allows),
		TEST(restrictions_stay_within_what_was_given),
		TEST(restrictions_do_not_undo_copy_on_write),
		TEST(restrictions_of_large_pages),
		TEST(restrictions_are_checked),
		TEST(windows_mix_page_sizes),
		TEST(sizes_meet),
		TEST(revocation_removes_exactly_its_entries),
		TEST(a_mapped_slot_may_be_moved),
		TEST(tables_run_out_and_more_come),
		TEST(a_map_goes_on_after_no_memory),
		TEST(supply_is_checked),
		TEST(supplied_memory_is_zeroed),
		TEST(a_revoked_batch_takes_its_tables),
		TEST(batches_in_every_order),
		TEST(the_space_dies_with_its_batches),
		TEST(no_stale_translations),
		TEST(random_mappings),
		TEST(map_items_derive_and_map),
		TEST(map_items_stay_in_the_window),
		TEST(a_failing_item_leaves_the_reply_pending),
		TEST(an_item_may_map_its_source_whole),
		TEST(a_fault_is_answered_with_a_page),
		TEST(items_without_tables_fail_and_leave_nothing),
		TEST(frame_info_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
