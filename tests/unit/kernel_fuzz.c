// Random native calls by several tasks at once, hostile words among good ones, all invariants checked. No
// call may break the machine, whatever capabilities the callers have.
#include "kernel_machine.h"

#define SEEDS 24
#define STEPS 2500
#define SLOTS 64
#define PLAYERS 6

static uint64_t seed;
static struct player players[PLAYERS];
static cap_t spaces[3], vspaces[2];

// Choices come from here while it is set (tests/fuzz), else from the seed.
static const uint8_t *bytes, *bytes_end;

static uint64_t any_byte(void) { return bytes < bytes_end ? *bytes++ : 0; }

static uint64_t any(uint64_t n)
{
	if (bytes)
		return (any_byte() | (n > 256 ? any_byte() << 8 : 0)) % n;
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % n;
}

static uint64_t any_word(void)
{
	static const uint64_t odd[] = {~0ull, 1ull << 63, 1ull << 32, USER_END, USER_END - 0x1000, 0xffffffff,
				       0x400000, 0x40000000, 0x40001000, 0x200000, 0x7ffffffff000ull};

	switch (any(8)) {
	case 0:
		return odd[any(ARRAY_LENGTH(odd))];
	case 1:
		return any(16) << 12;
	case 2:
		return any(4096);
	default:
		return any(SLOTS);
	}
}

static tag_t any_tag(void)
{
	static const unsigned words[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 21, 64, 65, 127};
	tag_t tag = TAG(any(12), words[any(ARRAY_LENGTH(words))]);

	if (any(4) == 0)
		tag |= TAG_CAPS(any(8));
	if (any(4) == 0)
		tag |= TAG_ITEMS(any(8));
	if (any(4) == 0)
		tag |= TAG_INTERRUPTIBLE;
	if (any(64) == 0)
		tag |= any(256) << TAG_KIND_SHIFT;
	return tag;
}

// Words that often make sense for a method of the capability, so that the deeper code is reached.
static void fill(uint64_t words[MSG_WORDS_REGISTERS], unsigned type, unsigned *label)
{
	for (unsigned i = 0; i < MSG_WORDS_REGISTERS; i++)
		words[i] = any_word();
	if (any(6) == 0)
		return;
	switch (type) {
	case TYPE_UNTYPED:
		*label = any(4) ? METHOD_UNTYPED_RETYPE : METHOD_UNTYPED_RESET;
		words[0] = 1 + any(TYPE_NOTIFICATION);
		words[1] = words[0] == TYPE_UNTYPED ? 6 + any(11) : words[0] == TYPE_FRAME ? 12 + any(6) : words[0] == TYPE_CNODE ? 1 + any(6) : 0;
		words[2] = 1 + any(3);
		words[3] = 1 + any(3);
		break;
	case TYPE_CNODE:
		*label = 1 + (unsigned)any(7);
		if (*label == METHOD_CNODE_REVOKE && any(3))
			*label = METHOD_CNODE_DERIVE;
		words[1] = *label == METHOD_CNODE_DELETE ? any(4) : 1 + any(3);
		if (any(2))
			words[4] = words[5] = 0;
		break;
	case TYPE_FRAME:
		*label = 1 + (unsigned)any(4);
		words[1] = 0x40000000 + (any(40) << 12);
		words[2] = *label == METHOD_FRAME_MAP ? 1 + any(7) : words[2];
		break;
	case TYPE_THREAD:
		*label = 1 + (unsigned)any(10);
		if (*label == METHOD_THREAD_SET_SPACE) {
			words[0] = 1 + any(3);
			words[1] = 4;
		}
		break;
	default:
		*label = 1 + (unsigned)any(4);
	}
}

static void scribble(struct abi_block *block)
{
	for (unsigned i = 0; i < MSG_CAPS_MAX; i++)
		block->caps[i] = (uint32_t)any_word();
	block->recv_first = (uint32_t)any(SLOTS);
	block->recv_count = (uint32_t)any(SLOTS);
	block->window_base = any(3) ? 0x40000000 : any_word();
	block->window_pages = any(3) ? 64 : any_word();
	for (unsigned i = 0; i < MSG_ITEMS_MAX; i++)
		block->items[i] = (struct abi_map_item){(uint32_t)any_word(), (uint32_t)any_word(),
							0x40000000 + (any(70) << 12), (uint32_t)any(20),
							(uint32_t)any(10), (uint32_t)any(8), 0};
}

static void step_of(struct thread *thread)
{
	struct arch_registers *r = &thread->regs;
	uint64_t words[MSG_WORDS_REGISTERS];
	cap_t cap = (cap_t)any_word();
	const struct slot *slot = cspace_find(thread, cap);
	unsigned number = (unsigned)any(SYSCALL_COUNT + 1), label = 0;
	tag_t tag = any_tag();

	if (thread->block && any(3) == 0)
		scribble(thread->block);
	fill(words, slot ? slot->type : 0, &label);
	if (slot && slot->type != TYPE_ENDPOINT && slot->type != TYPE_NOTIFICATION && any(8)) {
		number = SYSCALL_CALL;
		tag = label ? TAG(label, slot->type == TYPE_THREAD && label == METHOD_THREAD_WRITE ? 21 : 6) : tag;
	}
	r->ip = USER_CODE;
	*regs_cap(r) = cap;
	*regs_tag(r) = tag;
	*regs_reply(r) = any_word();
	for (unsigned i = 0; i < MSG_WORDS_REGISTERS; i++)
		*regs_word(r, i) = words[i];
	for (unsigned n = 0; n < 200 && kernel.core[0].current == thread && host_syscall_once(number); n++)
		;
}

static void step(void)
{
	struct thread *current = kernel.core[0].current;
	unsigned rights;

	if (!current || current == task || any(24) == 0) {
		host_advance(any(2000));
		if (any(3) == 0)
			host_raise(HOST_VECTOR_FIRST + (unsigned)any(4));
		return;
	}
	if (current->vspace.type == TYPE_VSPACE && any(4) == 0)
		host_touch(0x40000000 + (any(64) << 12), &rights);
	switch (any(24)) {
	case 0:
		host_fault(any_word(), (unsigned)any(8));
		break;
	case 1:
		host_exception((unsigned)any(32), any_word());
		break;
	case 2:
		host_foreign(any_word());
		break;
	default:
		step_of(current);
	}
}

static void give(cap_t space, cap_t slot, cap_t what)
{
	assert_int_equal(derive_to(space, slot, what, ALL, 0, 0), OK);
}

// Three CSpaces in which every type lies, Untyped and Reply included.
static void make_world(void)
{
	cap_t block = make(TYPE_UNTYPED, 22), e = make(TYPE_ENDPOINT, 0), n = make(TYPE_NOTIFICATION, 0), watched;

	for (unsigned i = 0; i < 2; i++) {
		vspaces[i] = make(TYPE_VSPACE, 0);
	}
	watched = derive(e, ENDPOINT_RIGHTS, 42, 0);
	for (unsigned s = 0; s < 3; s++) {
		spaces[s] = slots_new(1);
		assert_int_equal(retype_in(block, TYPE_CNODE, 6, 1, CNODE, spaces[s]), OK);
	}
	for (unsigned s = 0; s < 3; s++) {
		cap_t c = spaces[s];

		for (unsigned k = 0; k < 3; k++)
			give(c, 1 + k, spaces[k]);
		give(c, 4, vspaces[s % 2]);
		give(c, 5, e);
		give(c, 6, n);
		give(c, 7, watched);
		give(c, 8, make(TYPE_FRAME, 16));
		give(c, 9, make(TYPE_FRAME, 22));
		give(c, 10, BOOT_SLOT_IRQCONTROL);
		give(c, 11, BOOT_SLOT_IOPORT);
		give(c, 12, BOOT_SLOT_SCHEDCONTROL);
		assert_int_equal(retype_in(block, TYPE_UNTYPED, 18, 2, c, 13), OK);
		assert_int_equal(retype_in(block, TYPE_REPLY, 0, 4, c, 15), OK);
		assert_int_equal(retype_in(block, TYPE_UNTYPED, 16, 2, c, 19), OK);
	}
	for (unsigned i = 0; i < PLAYERS; i++) {
		players[i] = player_in(spaces[i % 3], vspaces[i % 2], i % 2 ? e : 0, 10 + i % 3);
		for (unsigned s = 0; s < 3; s++) {
			give(spaces[s], 24 + i, players[i].cap);
			give(spaces[s], 32 + i, players[i].context);
		}
		assert_int_equal(configure(players[i].context, 10 + i % 3, 500), OK);
	}
}

// The first task waits at the highest priority; an interrupt of its own wakes it.
static cap_t alarm_new(cap_t doorbell)
{
	cap_t context = make(TYPE_SCHEDCONTEXT, 0);

	assert_int_equal(method(task, context, METHOD_SCHEDCONTEXT_BIND_NOTIFICATION, 1,
				WORDS(derive(doorbell, NOTIFICATION_SIGNAL, 1, 0))).err, OK);
	assert_int_equal(method(task, context, METHOD_SCHEDCONTEXT_SET_DEADLINE, 1, WORDS(1ull << 40)).err, OK);
	return context;
}

static void random_calls_break_nothing(void **state)
{
	for (uint64_t s = 1; s <= SEEDS; s++) {
		machine_setup(state);
		check_off = true;
		make_world();
		cap_t doorbell = make(TYPE_NOTIFICATION, 0);

		alarm_new(doorbell);
		seed = s * 7919;
		native(task, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
		for (unsigned n = 0; n < STEPS; n++) {
			step();
			check_now();
		}
		// Whoever is left: the first task ends it all, and every byte comes back.
		host_advance(1ull << 40);
		while (host.core[0].timer <= host.time)
			host_advance(0);
		assert_ptr_equal(kernel.core[0].current, task);
		assert_int_equal(revoke(main_untyped), OK);
		assert_false(slot_has_children(slot_of(main_untyped)));
		check_now();
		assert_int_equal(method(task, main_untyped, METHOD_UNTYPED_RESET, 0, NO_WORDS).err, OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_calls_break_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
