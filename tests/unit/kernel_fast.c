// The fast path and the short ways do what the slow path does. Random threads call and answer one another while another
// one changes everything that they take for granted. Each call that one of them takes is made
// a second time, from the same snapshot, the slow way, and the whole machine is compared.
#include "kernel_machine.h"

#define SEEDS 12
#define STEPS 3000
#define PLAYERS 6
#define SERVERS 3       // of the players: they receive most of the time
#define USED_MAX 0x400000u

// Slots of the CSpace that all players share.
enum { AT_CALL = 1, AT_SERVE = 4, AT_REPLY = 8, AT_BELL = 12, AT_NARROW = 16, SLOTS = 32 };

struct snapshot {
	struct kernel kernel;
	struct host host;
	size_t size;
	char ram[USED_MAX];
};

static uint64_t seed;
static struct player players[PLAYERS];
static cap_t space, vspaces[2], vspace_caps[2], bells[SERVERS], doorbell, interrupt;
static struct snapshot before, fast, slow;
static unsigned taken[2][2];  // call or reply_recv; own time or lent
static unsigned taken_beside; // with somebody ready
static unsigned taken_long;   // with words in the block
static unsigned taken_limited;// to somebody with a budget
static unsigned taken_short[SYSCALL_YIELD + 1][2];  // of a call; another thread goes on

static uint64_t any(uint64_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % n;
}

// --- the machine as far as it is used: what lies below the untyped memory, and what was made of that

#define USED_FROM 0x100000u

static void each_range(struct snapshot *s, void (*visit)(struct snapshot *, uint64_t, size_t))
{
	uint64_t first = ~0ull;

	s->size = 0;
	for (cap_t i = BOOT_SLOT_UNTYPED; cspace_find(task, i)->type == TYPE_UNTYPED; i++)
		first = min_u64(first, cspace_find(task, i)->object);
	visit(s, USED_FROM, first - USED_FROM);
	for (cap_t i = BOOT_SLOT_UNTYPED; cspace_find(task, i)->type == TYPE_UNTYPED; i++)
		visit(s, cspace_find(task, i)->object, cspace_find(task, i)->data);
}

static void range_save(struct snapshot *s, uint64_t from, size_t size)
{
	assert_true(s->size + size <= USED_MAX);
	memcpy(s->ram + s->size, arch_phys_to_virt(from), size);
	s->size += size;
}

static void range_restore(struct snapshot *s, uint64_t from, size_t size)
{
	memcpy(arch_phys_to_virt(from), s->ram + s->size, size);
	s->size += size;
}

static void save(struct snapshot *s)
{
	s->kernel = kernel;
	s->host = host;
	each_range(s, range_save);
}

static void restore(struct snapshot *s)
{
	kernel = s->kernel;
	host = s->host;
	each_range(s, range_restore);
}

// What may differ: the way out of a thread that does not block is decided when it enters again; and while
// somebody waits for a turn, or has a budget, the slow path may set the timer anew, where the fast path leaves
// it armed. And the slow path may take all locks where one is enough.
static void forgive(void)
{
	kernel.turn_next = kernel.turn_now = 0;
	for (unsigned i = 0; i < PLAYERS; i++)
		players[i].thread->flags &= ~THREAD_FULL;
	if (kernel.core[0].ready_bits || kernel.core[0].limited_end != ~0ull)
		kernel.core[0].slice_end = kernel.core[0].timer = kernel.core[0].limited_end = host.core[0].timer = 0;
}

static void compare(void)
{
	assert_memory_equal(&fast.kernel, &slow.kernel, sizeof fast.kernel);
	assert_memory_equal(&fast.host, &slow.host, sizeof fast.host);
	assert_int_equal(fast.size, slow.size);
	assert_memory_equal(fast.ram, slow.ram, fast.size);
}

static void count(const struct thread *thread, unsigned number)
{
	const struct core *core = &kernel.core[0];

	if (host_short_count) {
		taken_short[number][core->current != thread]++;
		return;
	}
	taken[number][!thread->running]++;
	taken_long += tag_words(*regs_tag(&core->current->regs)) > MSG_WORDS_REGISTERS;
	taken_limited += core->current->running->budget != 0;
	taken_beside += core->ready_bits != 0;
}

static void both_ways(unsigned number)
{
	struct thread *thread = kernel.core[0].current;

	save(&before);
	host_fast_count = host_short_count = 0;
	(void)host_syscall_once(number);
	if (!host_fast_count && !host_short_count)
		return;
	count(thread, number);
	check_now();
	forgive();
	save(&fast);
	restore(&before);
	host_slow_only = true;
	(void)host_syscall_once(number);
	host_slow_only = false;
	forgive();
	save(&slow);
	compare();
	// On from what the kernel would have done by itself.
	restore(&before);
	(void)host_syscall_once(number);
}

// --- what players do

static void call_of(struct thread *thread, unsigned number, cap_t cap, cap_t reply, tag_t tag)
{
	struct arch_registers *r = &thread->regs;

	r->ip = USER_CODE + 16 * any(8);
	r->sp = 0x1000 * any(8);
	*regs_cap(r) = cap;
	*regs_reply(r) = reply;
	*regs_tag(r) = tag;
	for (unsigned i = 0; i < MSG_WORDS_REGISTERS; i++)
		*regs_word(r, i) = any(1000);
	for (unsigned i = 0; thread->block && i < ARRAY_LENGTH(thread->block->words); i++)
		thread->block->words[i] = any(1000);
	both_ways(number);
}

static tag_t any_tag(void)
{
	tag_t tag = TAG(any(100), any(8) ? any(9) : any(70));

	if (any(4) == 0)
		tag |= TAG_INTERRUPTIBLE;
	if (any(40) == 0)
		tag |= TAG_CAPS(any(3)) | TAG_ITEMS(any(2)) | any(4) << TAG_KIND_SHIFT;
	return tag;
}

static cap_t any_slot(cap_t usual, unsigned count)
{
	return (cap_t)(any(30) ? usual + any(count) : any(2) ? any(SLOTS + 4) : any(~0u));
}

static void play(struct thread *thread, unsigned i)
{
	unsigned kind = (unsigned)any(24);
	cap_t own = AT_SERVE + i % SERVERS, reply = AT_REPLY + i % SERVERS;
	bool serves = i < SERVERS ? any(20) : !any(20);

	if (kind == 0)
		host_fault(0x40000000 + (any(8) << 12), (unsigned)any(4));
	else if (kind == 1)
		call_of(thread, SYSCALL_YIELD, 0, 0, 0);
	else if (kind == 2)
		call_of(thread, any(2) ? SYSCALL_SEND : SYSCALL_NB_SEND, any_slot(AT_BELL, SERVERS), 0, any(8) ? 0 : any_tag());
	else if (kind == 3)
		call_of(thread, any(4) ? SYSCALL_SEND : SYSCALL_NB_SEND, any_slot(AT_CALL, SERVERS), 0, any_tag());
	else if (kind == 4)
		call_of(thread, any(2) ? SYSCALL_RECV : SYSCALL_NB_RECV, any_slot(AT_BELL, SERVERS), 0, any(4) ? 0 : any_tag());
	else if (!serves)
		call_of(thread, SYSCALL_CALL, any_slot(any(20) ? AT_CALL : AT_NARROW, SERVERS), 0, any_tag());
	else if (any(3) == 0)
		call_of(thread, SYSCALL_RECV, any(4) ? own : any_slot(AT_SERVE, SERVERS), any(4) ? reply : any_slot(AT_REPLY, 4), 0);
	else
		call_of(thread, SYSCALL_REPLY_RECV, any(20) ? own : any_slot(AT_SERVE, SERVERS),
			any(20) ? reply : any_slot(AT_REPLY, 4), any_tag());
}

// --- what the first task does between: whatever the fast path relies on

static void thread_change(const struct player *p)
{
	static const uint64_t slices[] = {0, 0, 50, 5000};
	uint64_t words[MSG_WORDS_REGISTERS] = {BIT(REGISTER_RBX), 1, 2, 3, 4, 5, 6, 7};

	switch (any(18)) {
	case 12:
	case 13:
	case 14:
		(void)method(task, BOOT_SLOT_SCHEDCONTROL, METHOD_SCHEDCONTROL_SET_BUDGET, 4,
			     WORDS(p->context, any(2) ? BUDGET_MIN + any(1000) : 0, 3000, 0));
		break;
	case 15:
		(void)method(task, p->context, METHOD_SCHEDCONTEXT_WATCH, 1, WORDS(any(3) ? 0 : any(8)));
		break;
	case 16:
		(void)method(task, p->context, METHOD_SCHEDCONTEXT_YIELD_TO, 0, NO_WORDS);
		break;
	case 0:
		if (any(4) == 0)
			(void)context_bind(p->context, 0);
		break;
	case 1:
	case 2:
		(void)context_bind(p->context, p->cap);
		break;
	case 3:
	case 4:
		(void)configure(p->context, 10 + any(3), slices[any(4)]);
		break;
	case 5:
		(void)method(task, p->cap, METHOD_THREAD_CANCEL, 0, NO_WORDS);
		break;
	case 6:
		(void)method(task, p->cap, METHOD_THREAD_WRITE, 1 + REGISTER_COUNT, words);
		break;
	case 7:
		(void)method(task, p->cap, METHOD_THREAD_UPCALL, 1, WORDS(USER_CODE));
		break;
	case 8:
		(void)suspend(p->cap);
		break;
	case 9:
		(void)method(task, p->cap, METHOD_THREAD_BIND, 1, WORDS(any(2) ? bells[any(SERVERS)] : 0));
		break;
	case 10:
		(void)method(task, p->cap, METHOD_THREAD_SET_SPACE, 3, WORDS(space, vspace_caps[any(2)], 0));
		break;
	default:
		(void)resume(p->cap);
	}
}

static void vspace_lose(unsigned i)
{
	assert_int_equal(revoke(vspaces[i]), OK);
	assert_int_equal(derive_to(CNODE, vspace_caps[i], vspaces[i], ALL, 0, 0), OK);
	for (unsigned p = 0; p < PLAYERS; p++)
		if (slot_is_empty(&players[p].thread->vspace))
			(void)method(task, players[p].cap, METHOD_THREAD_SET_SPACE, 3, WORDS(space, vspace_caps[i], 0));
	for (unsigned p = 0; p < PLAYERS; p++)
		(void)resume(players[p].cap);
}

static void change(void)
{
	assert_int_equal(method(task, interrupt, METHOD_INTERRUPT_ACK, 0, NO_WORDS).err, OK);
	for (uint64_t n = 1 + any(3); n; n--) {
		if (any(12) == 0)
			vspace_lose((unsigned)any(2));
		else
			thread_change(&players[any(PLAYERS)]);
	}
	// Now and then everybody can go on.
	for (unsigned i = any(2) ? 0 : PLAYERS; i < PLAYERS; i++) {
		(void)resume(players[i].cap);
		// The first server is passive when it waits.
		bool waits = players[i].thread->state == THREAD_RECEIVING;

		if (i == 0 && waits)
			(void)context_bind(players[i].context, 0);
		else if (i == 1 && any(2) && context_bind(players[i].context, 0) == OK)
			(void)method(task, players[i].context, METHOD_SCHEDCONTEXT_BIND_RESERVE, 1, WORDS(players[i].cap));
		else if (!players[i].thread->own)
			(void)context_bind(players[i].context, players[i].cap);
	}
	native(task, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
}

static void step(unsigned vector)
{
	struct thread *current = kernel.core[0].current;

	if (current == task) {
		change();
		return;
	}
	for (unsigned i = 0; i < PLAYERS; i++)
		if (current == players[i].thread && any(20)) {
			play(current, i);
			return;
		}
	host_advance(any(80));
	if (!current || any(4) == 0) {
		host.vector_masked[vector] = false;
		assert_true(host_raise(vector));
	}
}

// --- the world

static unsigned alarm_make(void)
{
	interrupt = slots_new(1);
	cap_t bell = derive(doorbell, ALL, 1, 0);
	unsigned vector;

	assert_int_equal(method(task, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_LINE, 4, WORDS(5, 0, CNODE, interrupt)).err,
			 OK);
	assert_int_equal(method(task, interrupt, METHOD_INTERRUPT_BIND, 1, WORDS(bell)).err, OK);
	vector = (unsigned)((struct interrupt *)object_of(interrupt) - kernel.interrupt);
	return vector;
}

static void give(cap_t slot, cap_t what, unsigned rights, uint64_t badge)
{
	assert_int_equal(derive_to(space, slot, what, rights, badge, 0), OK);
}

static unsigned world_make(void)
{
	space = make(TYPE_CNODE, 5);
	doorbell = make(TYPE_NOTIFICATION, 0);
	for (unsigned i = 0; i < 2; i++) {
		vspaces[i] = make(TYPE_VSPACE, 0);
		vspace_caps[i] = derive(vspaces[i], ALL, 0, 0);
	}
	for (unsigned i = 0; i < SERVERS; i++) {
		cap_t endpoint = make(TYPE_ENDPOINT, 0);

		bells[i] = make(TYPE_NOTIFICATION, 0);
		give(AT_SERVE + i, endpoint, ALL, 0);
		give(AT_CALL + i, endpoint, ENDPOINT_SEND | ENDPOINT_GRANT, 100 + i);
		give(AT_NARROW + i, endpoint, i ? ENDPOINT_GRANT : ENDPOINT_RECV, 0);
		give(AT_BELL + i, bells[i], ALL, 1);
	}
	assert_int_equal(retype_in(main_untyped, TYPE_REPLY, 0, 4, space, AT_REPLY), OK);
	for (unsigned i = 0; i < PLAYERS; i++)
		players[i] = player_in(space, vspace_caps[i % 2], 0, 10 + i % 3);
	return alarm_make();
}

static void the_fast_path_is_the_slow_path(void **state)
{
	for (uint64_t s = 1; s <= SEEDS; s++) {
		machine_setup(state);
		check_off = true;
		unsigned vector = world_make();

		seed = s * 104729;
		native(task, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
		for (unsigned n = 0; n < STEPS; n++)
			step(vector);
		check_now();
	}
	// It was the fast path that was compared, in each of its forms.
	for (unsigned i = 0; i < 2; i++)
		for (unsigned lent = 0; lent < 2; lent++)
			assert_true(taken[i][lent] > 20);
	assert_true(taken_beside > 100 && taken_long > 50 && taken_limited > 50);
	for (unsigned i = SYSCALL_SEND; i <= SYSCALL_YIELD; i++)
		assert_true(taken_short[i][0] > 50);
	assert_true(taken_short[SYSCALL_SEND][1] > 4 && taken_short[SYSCALL_RECV][1] > 4 && taken_short[SYSCALL_YIELD][1] > 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_fast_path_is_the_slow_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
