// Untyped: what is handed out, that it is zero, and that long operations end.
#include "kernel_machine.h"

static uint64_t seed = 9;

static unsigned any(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 33) % n;
}

static uint8_t *memory_of(cap_t frame) { return arch_phys_to_virt(slot_of(frame)->object * PAGE_SIZE); }
static uint64_t bytes_of(cap_t frame) { return (uint64_t)slot_of(frame)->count * PAGE_SIZE; }

static bool is_zero(const uint8_t *bytes, uint64_t count)
{
	for (uint64_t i = 0; i < count; i += 8)
		if (*(const uint64_t *)(const void *)(bytes + i))
			return false;
	return true;
}

static err_t reset(cap_t untyped) { return method(task, untyped, METHOD_UNTYPED_RESET, 0, NO_WORDS).err; }

static void memory_is_zero_when_handed_out(void **state)
{
	cap_t block = make(TYPE_UNTYPED, 18), slots = slots_new(16);

	(void)state;
	check_off = true;
	for (unsigned round = 0; round < 60; round++) {
		unsigned n = 0;

		while (n < 16) {
			bool raw = any(4) == 0;
			err_t err = retype_in(block, TYPE_FRAME, (12 + any(5)) | (raw ? RETYPE_RAW : 0), 1, CNODE, slots + n);

			if (err == ERR_NO_MEMORY)
				break;
			assert_int_equal(err, OK);
			assert_true(raw || is_zero(memory_of(slots + n), bytes_of(slots + n)));
			memset(memory_of(slots + n), 0xee, bytes_of(slots + n));  // its owner writes
			n++;
		}
		check_now();
		assert_int_equal(revoke(block), OK);
		assert_int_equal(reset(block), OK);
	}
}

// Blocks within blocks: what an inner one dirtied is not taken for clean by the outer one.
static void inner_blocks_dirty_outer_ones(void **state)
{
	cap_t outer = make(TYPE_UNTYPED, 18), inner = slots_new(1), frame = slots_new(4);

	(void)state;
	for (unsigned round = 0; round < 4; round++) {
		assert_int_equal(retype_in(outer, TYPE_UNTYPED, 16, 1, CNODE, inner), OK);
		for (unsigned i = 0; i < 3; i++) {
			assert_int_equal(retype_in(inner, TYPE_FRAME, 13, 1, CNODE, frame), OK);
			assert_true(is_zero(memory_of(frame), bytes_of(frame)));
			memset(memory_of(frame), 0xdd, bytes_of(frame));
			assert_int_equal(delete(frame), OK);
			if (i == 1)
				assert_int_equal(reset(inner), OK);
		}
		assert_int_equal(delete(inner), OK);
		assert_int_equal(reset(outer), OK);
		assert_int_equal(retype_in(outer, TYPE_FRAME, 17, 1, CNODE, frame), OK);
		assert_true(is_zero(memory_of(frame), bytes_of(frame)));
		memset(memory_of(frame), 0xcc, bytes_of(frame));
		assert_int_equal(delete(frame), OK);
		assert_int_equal(reset(outer), OK);
	}
}

static void alignment_gaps_stay_known(void **state)
{
	cap_t block = make(TYPE_UNTYPED, 16), slots = slots_new(40);

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		assert_int_equal(retype_in(block, TYPE_REPLY, 0, 3, CNODE, slots), OK);
		assert_int_equal(retype_in(block, TYPE_FRAME, 12, 1, CNODE, slots + 3), OK);
		assert_true(is_zero(memory_of(slots + 3), PAGE_SIZE));
		memset(memory_of(slots + 3), 0xbb, PAGE_SIZE);
		assert_int_equal(retype_in(block, TYPE_FRAME, 15, 1, CNODE, slots + 4), OK);
		assert_true(is_zero(memory_of(slots + 4), 0x8000));
		memset(memory_of(slots + 4), 0xbb, 0x8000);
		assert_int_equal(retype_in(block, TYPE_FRAME, 12, 1, CNODE, slots + 5), ERR_NO_MEMORY);
		assert_int_equal(revoke(block), OK);
		assert_int_equal(reset(block), OK);
	}
}

// The memory for a VSpace is zeroed in pieces. Who makes it is stopped after the first, and something small is
// made instead: of memory before those pieces, which was passed over and is not zero.
static void a_large_object_that_is_given_up_leaves_no_gap(void **state)
{
	cap_t block = make(TYPE_UNTYPED, 18), slots = slots_new(3);
	struct arch_registers *r = &task->regs;

	(void)state;
	assert_int_equal(retype_in(block, TYPE_REPLY, 0, 1, CNODE, slots), OK);
	as(task);
	*regs_cap(r) = block;
	*regs_tag(r) = TAG(METHOD_UNTYPED_RETYPE, 5);
	regs_set_words(r, WORDS(TYPE_VSPACE, 0, 1, CNODE, slots + 1));
	r->ip = USER_CODE;
	assert_true(host_syscall_once(SYSCALL_CALL));  // it is to be made again
	check_now();
	assert_int_equal(retype_in(block, TYPE_FRAME, 12, 1, CNODE, slots + 2), OK);
	assert_true(is_zero(memory_of(slots + 2), PAGE_SIZE));
	assert_int_equal(retype_in(block, TYPE_VSPACE, 0, 1, CNODE, slots + 1), OK);
}

static void raw_needs_its_right(void **state)
{
	cap_t slot = slots_new(1);

	(void)state;
	slot_of(main_untyped)->rights = UNTYPED_RETYPE;
	assert_int_equal(retype_in(main_untyped, TYPE_FRAME, 12 | RETYPE_RAW, 1, CNODE, slot), ERR_CAP_RIGHTS);
	cap_t inner = make(TYPE_UNTYPED, 14);

	assert_int_equal(retype_in(inner, TYPE_FRAME, 12 | RETYPE_RAW, 1, CNODE, slot), ERR_CAP_RIGHTS);
}

static void reset_needs_no_children(void **state)
{
	cap_t block = make(TYPE_UNTYPED, 16), slot = slots_new(1);

	(void)state;
	assert_int_equal(retype_in(block, TYPE_ENDPOINT, 0, 1, CNODE, slot), OK);
	assert_int_equal(reset(block), ERR_HAS_CHILDREN);
	assert_int_equal(delete(slot), OK);
	assert_int_equal(reset(block), OK);
	assert_int_equal(method(task, block, METHOD_UNTYPED_INFO, 0, NO_WORDS).word[2], 0);
}

static void many_objects_come_in_pieces(void **state)
{
	cap_t first = slots_new(100);
	struct result r = method(task, main_untyped, METHOD_UNTYPED_RETYPE, 5,
				 WORDS(TYPE_ENDPOINT, 0, 100, CNODE, first));

	(void)state;
	assert_int_equal(r.err, OK);
	assert_int_equal(r.word[0], first + 100);
	assert_true(last_entries > 4);
	// Large memory is zeroed in pieces: so many entries, each a bounded one.
	r = method(task, main_untyped, METHOD_UNTYPED_RETYPE, 5, WORDS(TYPE_FRAME, 21, 2, CNODE, slots_new(2)));
	assert_int_equal(r.err, OK);
	assert_in_range(last_entries, 2 * (1u << 21) / 0x8000 - 2, 2 * (1u << 21) / 0x8000 + 8);
}

static void a_failed_retype_says_how_far_it_came(void **state)
{
	cap_t first = slots_new(40);
	struct result r;

	(void)state;
	assert_int_equal(retype_in(main_untyped, TYPE_REPLY, 0, 1, CNODE, first + 30), OK);
	r = method(task, main_untyped, METHOD_UNTYPED_RETYPE, 5, WORDS(TYPE_REPLY, 0, 40, CNODE, first));
	assert_int_equal(r.err, ERR_SLOT_USED);
	assert_int_equal(r.word[0], 5);
	assert_int_equal(r.word[2], first + 30);
	cap_t small = make(TYPE_UNTYPED, 12);

	r = method(task, small, METHOD_UNTYPED_RETYPE, 5, WORDS(TYPE_ENDPOINT, 0, 9, CNODE, first + 31));
	assert_int_equal(r.err, ERR_NO_MEMORY);
	assert_int_equal(r.word[2], first + 39);
	r = method(task, main_untyped, METHOD_UNTYPED_RETYPE, 5, WORDS(TYPE_REPLY, 0, 2, CNODE, 4095));
	assert_int_equal(r.err, ERR_RANGE);
	assert_int_equal(r.word[2], 4096);
}

static void sizes_and_types_are_checked(void **state)
{
	static const struct {
		uint64_t type, size, count;
		err_t err;
		unsigned wrong;
	} bad[] = {
		{0, 0, 1, ERR_ARGUMENT, 1},	       {TYPE_SCHEDCONTROL, 0, 1, ERR_ARGUMENT, 1},
		{TYPE_INTERRUPT, 0, 1, ERR_ARGUMENT, 1}, {TYPE_IOPORT, 0, 1, ERR_ARGUMENT, 1},
		{TYPE_COUNT, 0, 1, ERR_ARGUMENT, 1},   {~0ull, 0, 1, ERR_ARGUMENT, 1},
		{1ull << 32 | TYPE_FRAME, 12, 1, ERR_ARGUMENT, 1},
		{TYPE_UNTYPED, 5, 1, ERR_RANGE, 2},    {TYPE_UNTYPED, 48, 1, ERR_RANGE, 2},
		{TYPE_UNTYPED, ~0ull, 1, ERR_RANGE, 2}, {TYPE_FRAME, 11, 1, ERR_RANGE, 2},
		{TYPE_FRAME, 64, 1, ERR_RANGE, 2},     {TYPE_FRAME, 0x20c, 1, ERR_RANGE, 2},
		{TYPE_CNODE, 0, 1, ERR_RANGE, 2},      {TYPE_CNODE, 21, 1, ERR_RANGE, 2},
		{TYPE_CNODE, 1ull << 32 | 4, 1, ERR_RANGE, 2},
		{TYPE_ENDPOINT, 9, 1, ERR_RANGE, 2},   {TYPE_THREAD, 1, 1, ERR_RANGE, 2},
		{TYPE_ENDPOINT, 0, 0, ERR_RANGE, 3},   {TYPE_FRAME, 40, 1, ERR_NO_MEMORY, 0},
		{TYPE_UNTYPED, 47, 1, ERR_NO_MEMORY, 0},
	};
	cap_t slot = slots_new(1);

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(bad); i++) {
		struct result r = method(task, main_untyped, METHOD_UNTYPED_RETYPE, 5,
					 WORDS(bad[i].type, bad[i].size, bad[i].count, CNODE, slot));

		assert_int_equal(r.err, bad[i].err);
		assert_int_equal(r.word[0], bad[i].wrong);
		assert_true(slot_is_empty(slot_of(slot)));
	}
}

static void objects_are_aligned_and_apart(void **state)
{
	static const unsigned types[] = {TYPE_REPLY, TYPE_THREAD, TYPE_NOTIFICATION, TYPE_ENDPOINT,
					 TYPE_SCHEDCONTEXT, TYPE_VSPACE, TYPE_REPLY, TYPE_THREAD};
	static const unsigned bits[] = {6, 12, 7, 9, 8, 16, 6, 12};
	uint64_t end = 0;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(types); i++) {
		cap_t cap = make(types[i], 0);
		uint64_t at = arch_virt_to_phys(object_of(cap));

		if (types[i] == TYPE_VSPACE)
			at &= ~0xfffull;
		assert_true(is_aligned(at, 1ull << bits[i]));
		assert_true(at >= end);
		end = at + (1ull << bits[i]);
	}
}

// A dying object's memory is not used again while it is being emptied.
static void nothing_is_made_while_something_dies(void **state)
{
	cap_t block = make(TYPE_UNTYPED, 20), c = slots_new(1), e = slots_new(1);

	(void)state;
	assert_int_equal(retype_in(block, TYPE_CNODE, 12, 1, CNODE, c), OK);
	for (unsigned i = 1; i < 4096; i += 16)
		assert_int_equal(derive_to(c, i, VSPACE, ALL, 0, 0), OK);
	as(task);
	*regs_cap(&task->regs) = CNODE;
	*regs_tag(&task->regs) = TAG(METHOD_CNODE_DELETE, 2);
	*regs_word(&task->regs, 0) = c;
	*regs_word(&task->regs, 1) = 1;
	assert_true(host_syscall_once(SYSCALL_CALL));  // it is not finished
	check_now();
	assert_true(kernel.dying_first != 0);
	assert_int_equal(reset(block), OK);  // another does the rest first
	assert_true(kernel.dying_first == 0);
	assert_int_equal(retype_in(block, TYPE_ENDPOINT, 0, 1, CNODE, e), OK);
}

static void device_memory_makes_frames_only(void **state)
{
	cap_t slot = slots_new(1);

	(void)state;
	slot_of(main_untyped)->flags |= SLOT_DEVICE;
	assert_int_equal(retype_in(main_untyped, TYPE_THREAD, 0, 1, CNODE, slot), ERR_ARGUMENT);
	assert_int_equal(retype_in(main_untyped, TYPE_CNODE, 4, 1, CNODE, slot), ERR_ARGUMENT);
	assert_int_equal(retype_in(main_untyped, TYPE_FRAME, 12, 1, CNODE, slot), OK);
	assert_true(slot_of(slot)->flags & SLOT_DEVICE);
	slot_of(main_untyped)->flags &= (uint8_t)~SLOT_DEVICE;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(memory_is_zero_when_handed_out),
		TEST(inner_blocks_dirty_outer_ones),
		TEST(alignment_gaps_stay_known),
		TEST(a_large_object_that_is_given_up_leaves_no_gap),
		TEST(raw_needs_its_right),
		TEST(reset_needs_no_children),
		TEST(many_objects_come_in_pieces),
		TEST(a_failed_retype_says_how_far_it_came),
		TEST(sizes_and_types_are_checked),
		TEST(objects_are_aligned_and_apart),
		TEST(nothing_is_made_while_something_dies),
		TEST(device_memory_makes_frames_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
