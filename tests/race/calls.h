// What the threads of tests/race do, one call a step. Choices are the core's own, from its seed; what
// happens depends on the other cores.
#ifndef TESTS_RACE_CALLS_H
#define TESTS_RACE_CALLS_H

#include "world.h"

#define LABELS_MAX 12
#define IPC_TYPE 0  // of the counts: the label is the number of the system call

static _Thread_local uint64_t seed;
static unsigned long done[TYPE_COUNT][LABELS_MAX];  // calls that succeeded, by type and label
static unsigned long calls, broken, touched;

static inline void count(unsigned long *what) { __atomic_fetch_add(what, 1, __ATOMIC_RELAXED); }

static inline uint64_t any(uint64_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % n;
}

static inline uint64_t free_slot(void) { return AT_FREE + any(AT_END - AT_FREE); }
static inline uint64_t any_page(void) { return MAP_FROM + (any(MAP_PAGES) << PAGE_BITS); }

// Each kind of call is made at an address of its own, by which its result is known when it has come.
static inline uint64_t address_of(unsigned type, unsigned label) { return USER_CODE + 16 * (type * LABELS_MAX + label); }

// A call was broken off in its middle: by a restart, or since the thread lost its core.
static inline bool is_in_call(struct thread *thread)
{
	return thread->regs.ip % 16 == 0 && *regs_error(&thread->regs) - SYSCALL_BASE < SYSCALL_COUNT;
}

// The result of the current thread's call, if it has one.
static inline void note_result(struct thread *thread)
{
	uint64_t kind = (thread->regs.ip - USER_CODE) / 16;
	err_t err = (err_t)*regs_error(&thread->regs);

	if (thread->regs.ip % 16 != SYSCALL_LENGTH || kind >= TYPE_COUNT * LABELS_MAX)
		return;
	if (!err)
		count(&done[kind / LABELS_MAX][kind % LABELS_MAX]);
	else if (err == ERR_CANCELLED || err == ERR_DEAD)
		count(&broken);
	thread->regs.ip = USER_CODE + 8;
}

// The call at the current thread's instruction pointer: as often as the kernel sends it back there. The other
// cores have their turn in between.
static inline void execute(unsigned number)
{
	struct core *core = arch_core();
	struct thread *thread = core->current;
	bool again = true;

	while (core->current == thread && again) {
		again = host_syscall_once(number);
		host_poll();
		if (host_in_turns && any(2))
			break;
	}
	if (core->current == thread)
		note_result(thread);
}

// The current thread of this core makes a call; it may block, or lose the core.
static inline void make_call(unsigned number, uint64_t cap, uint64_t reply, tag_t tag, unsigned type,
			     const uint64_t words[MSG_WORDS_REGISTERS])
{
	struct arch_registers *r = &arch_core()->current->regs;

	r->ip = address_of(type, type == IPC_TYPE ? number : tag_label(tag));
	*regs_cap(r) = cap;
	*regs_tag(r) = tag;
	*regs_reply(r) = reply;
	for (unsigned i = 0; i < MSG_WORDS_REGISTERS; i++)
		*regs_word(r, i) = words[i];
	count(&calls);
	execute(number);
}

static inline void call_method(uint64_t cap, unsigned type, unsigned label, const uint64_t words[MSG_WORDS_REGISTERS])
{
	make_call(SYSCALL_CALL, cap, 0, TAG(label, label == METHOD_THREAD_WRITE && type == TYPE_THREAD ? 21 : 6), type, words);
}

#define METHOD(cap, type, label, ...) call_method(cap, TYPE_##type, METHOD_##type##_##label, WORDS(__VA_ARGS__))

// --- the players

static inline unsigned player_number(const struct thread *thread)
{
	for (unsigned i = 0; i < PLAYERS; i++)
		if (world.player[i].thread == thread)
			return i;
	return (unsigned)any(PLAYERS);
}

// Odd ones serve, with a Reply of their own mostly; the others are clients, mostly.
static inline void do_message(void)
{
	static const unsigned numbers[2][8] = {
		{SYSCALL_CALL, SYSCALL_CALL, SYSCALL_CALL, SYSCALL_CALL, SYSCALL_CALL, SYSCALL_SEND, SYSCALL_NB_SEND, SYSCALL_RECV},
		{SYSCALL_REPLY_RECV, SYSCALL_REPLY_RECV, SYSCALL_REPLY_RECV, SYSCALL_RECV, SYSCALL_RECV, SYSCALL_NB_RECV,
		 SYSCALL_SEND, SYSCALL_CALL}};
	const struct thread *thread = arch_core()->current;
	unsigned self = player_number(thread);
	unsigned number = numbers[self % 2][any(8)];
	uint64_t endpoint = any(4) ? AT_ENDPOINT + any(4) : AT_WATCHED + any(2);
	uint64_t reply = AT_REPLY + (any(8) ? self % REPLIES : any(REPLIES));
	tag_t tag = TAG(any(4) ? 0 : 1, any(9)) | (any(8) ? (tag_t)TAG_INTERRUPTIBLE : 0);
	bool sends = number != SYSCALL_RECV && number != SYSCALL_NB_RECV;

	if (thread->block && sends && any(6) == 0) {
		thread->block->caps[0] = (uint32_t)any(AT_END);
		tag = TAG(0, 8 + any(20)) | TAG_CAPS(any(2));
	}
	if (thread->block && !sends) {
		thread->block->recv_first = AT_FREE;
		thread->block->recv_count = AT_END - AT_FREE;
	}
	make_call(number, number == SYSCALL_SEND && any(3) == 0 ? reply : endpoint, any(8) ? reply : 0, tag, IPC_TYPE,
		  WORDS(USER_CODE, 2, 3));
}

static inline void do_notification(void)
{
	static const unsigned numbers[] = {SYSCALL_SEND, SYSCALL_NB_SEND, SYSCALL_NB_RECV, SYSCALL_RECV};

	make_call(numbers[any(ARRAY_LENGTH(numbers))], AT_NOTIFICATION + any(3), 0, TAG_INTERRUPTIBLE, IPC_TYPE, NO_WORDS);
}

static inline void do_thread(void)
{
	uint64_t thread = any(4) ? AT_THREAD + any(PLAYERS) : free_slot();

	switch (any(11)) {
	case 0:
		METHOD(thread, THREAD, CANCEL, 0);
		break;
	case 1:
		METHOD(thread, THREAD, SUSPEND, 0);
		break;
	case 2:
	case 3:
		METHOD(thread, THREAD, RESUME, 0);
		break;
	case 4:
		METHOD(thread, THREAD, READ, 0);
		break;
	case 5:
		METHOD(thread, THREAD, WRITE, 1ull << any(20), USER_CODE, USER_CODE);
		break;
	case 6:
		METHOD(thread, THREAD, UPCALL, USER_CODE + any(100));
		break;
	case 7:
		METHOD(thread, THREAD, SET_SPACE, AT_SPACE, AT_VSPACE + any(2), any(2) ? AT_ENDPOINT + any(4) : 0);
		break;
	case 8:
		METHOD(thread, THREAD, BIND, any(3) ? AT_NOTIFICATION + any(3) : 0);
		break;
	case 9:
		METHOD(thread, THREAD, SET_REDIRECT, 0, 0, 0, 0, 0, 0);
		break;
	default:
		METHOD(thread, THREAD, SET_TIMEOUT, any(2));
	}
}

static inline void do_context(void)
{
	uint64_t context = any(4) ? AT_CONTEXT + any(PLAYERS) : free_slot();
	uint64_t control = AT_CONTROL + any(kernel.cores), now = arch_time();

	switch (any(12)) {
	case 0:
	case 1:
	case 2:
	case 3:
		METHOD(control, SCHEDCONTROL, CONFIGURE, context, 5 + any(10), any(2) * 500);
		break;
	case 4:
		METHOD(control, SCHEDCONTROL, SET_BUDGET, context, any(3) * BUDGET_MIN, 2 * BUDGET_MIN);
		break;
	case 5:
		METHOD(control, SCHEDCONTROL, COUNTERS, 0);
		break;
	case 6:
		METHOD(context, SCHEDCONTEXT, BIND, any(5) ? any(2) ? AT_THREAD + any(PLAYERS) : free_slot() : 0);
		break;
	case 7:
		METHOD(context, SCHEDCONTEXT, BIND_NOTIFICATION, any(4) ? AT_NOTIFICATION + any(3) : 0);
		break;
	case 8:
		METHOD(context, SCHEDCONTEXT, SET_DEADLINE, any(3) ? now + any(500) : 0);
		break;
	case 9:
		METHOD(context, SCHEDCONTEXT, CONSUMED, 0);
		break;
	case 10:
		METHOD(context, SCHEDCONTEXT, WATCH, any(8));
		break;
	default:
		if (any(2))
			METHOD(context, SCHEDCONTEXT, YIELD_TO, 0);
		else
			METHOD(context, SCHEDCONTEXT, BIND_RESERVE, any(3) ? AT_THREAD + any(PLAYERS) : 0);
	}
}

static inline void do_slot(void)
{
	uint64_t from = any(3) ? AT_ENDPOINT + any(AT_UNTYPED - AT_ENDPOINT) : any(2) ? free_slot() : AT_WATCHED + any(2);
	uint64_t to = free_slot();

	switch (any(10)) {
	case 0:
	case 1:
		METHOD(AT_SPACE, CNODE, DERIVE, to, AT_SPACE, from, ALL, any(2), 0);
		break;
	case 2:
		METHOD(AT_SPACE, CNODE, COPY, to, AT_SPACE, any(2) ? AT_FRAME : from, any(16));
		break;
	case 3:
		METHOD(AT_SPACE, CNODE, MOVE, to, AT_SPACE, free_slot(), 1 + any(3));
		break;
	case 4:
	case 5:
		METHOD(AT_SPACE, CNODE, DELETE, to, 1 + any(4));
		break;
	case 6:
		METHOD(AT_SPACE, CNODE, DELETE, AT_FRAME + any(AT_FREE - AT_FRAME), 1);
		break;
	case 7:
		METHOD(AT_SPACE, CNODE, REVOKE, from);
		break;
	case 8:
		METHOD(AT_SPACE, CNODE, INFO, from);
		break;
	default:
		if (any(2))
			METHOD(AT_SPACE, CNODE, COMPARE, from, AT_SPACE, to);
		else
			METHOD(AT_SPACE, CNODE, REVOKE_RUN, to, 4);
	}
}

static inline void do_untyped(void)
{
	static const uint8_t types[] = {TYPE_ENDPOINT, TYPE_REPLY, TYPE_NOTIFICATION, TYPE_FRAME, TYPE_THREAD, TYPE_THREAD,
					TYPE_SCHEDCONTEXT, TYPE_SCHEDCONTEXT, TYPE_CNODE, TYPE_VSPACE, TYPE_UNTYPED};
	uint64_t untyped = AT_UNTYPED + any(UNTYPEDS), type = types[any(ARRAY_LENGTH(types))];

	switch (any(6)) {
	case 0:
		METHOD(AT_SPACE, CNODE, REVOKE, untyped);
		break;
	case 1:
		METHOD(untyped, UNTYPED, RESET, 0);
		break;
	case 2:
		METHOD(untyped, UNTYPED, INFO, 0);
		break;
	default:
		METHOD(untyped, UNTYPED, RETYPE, type, type == TYPE_FRAME ? PAGE_BITS : type == TYPE_CNODE ? 2
		       : type == TYPE_UNTYPED ? 16 : 0, 1 + any(2), AT_SPACE, free_slot());
	}
}

static inline void do_memory(void)
{
	uint64_t frame = any(3) ? AT_FRAME + any(FRAMES) : free_slot(), vspace = AT_VSPACE + any(2);

	switch (any(14)) {
	case 0:
	case 1:
		METHOD(frame, FRAME, UNMAP, 0);
		break;
	case 2:
		METHOD(frame, FRAME, PROTECT, 1 + any(7));
		break;
	case 3:
		METHOD(frame, FRAME, INFO, 0);
		break;
	case 4:
		METHOD(vspace, VSPACE, UNMAP_RANGE, MAP_FROM, any_page() + PAGE_SIZE);
		break;
	case 5:
		METHOD(vspace, VSPACE, RESTRICT, MAP_FROM, any_page() + PAGE_SIZE, any(8));
		break;
	case 6:
		METHOD(vspace, VSPACE, CLONE, AT_SPACE, AT_FRAME, any(16), AT_SPACE, free_slot(), 0);
		break;
	case 7:
		METHOD(AT_UNTYPED + any(UNTYPEDS), UNTYPED, RETYPE, TYPE_UNTYPED, 16, 1, AT_SPACE, AT_POOL);
		break;
	case 8:
		METHOD(vspace, VSPACE, SUPPLY, AT_POOL);
		break;
	default:
		METHOD(frame, FRAME, MAP, vspace, any_page(), (1 + any(7)) | (any(2) ? FRAME_MAP_OVER : 0));
	}
}

// User mode reads or writes its memory: what a translation says that is no longer true is another's memory by now,
// and ThreadSanitizer sees both.
static inline void do_touch(void)
{
	unsigned rights;
	uint64_t physical = host_touch(any_page() + 8 * any(PAGE_SIZE / 8), &rights);

	if (physical >= HOST_RAM_SIZE)
		return;
	count(&touched);
	if (rights & FRAME_WRITE)
		__atomic_store_n((uint64_t *)arch_phys_to_virt(physical), 1, __ATOMIC_RELAXED);
	else
		(void)__atomic_load_n((uint64_t *)arch_phys_to_virt(physical), __ATOMIC_RELAXED);
}

static inline void do_trap(void)
{
	switch (any(4)) {
	case 0:
		host_fault(any_page(), (unsigned)any(4));
		break;
	case 1:
		host_exception((unsigned)any(20), 0);
		break;
	case 2:
		host_foreign(any(300));
		break;
	default:
		if (any(2))
			METHOD(AT_INTERRUPT, INTERRUPT, ACK, 0);
		else
			METHOD(AT_INTERRUPT, INTERRUPT, BIND, AT_NOTIFICATION + any(3));
	}
}

static inline void player_step(void)
{
	static void (*const what[])(void) = {do_message, do_message, do_message, do_message, do_message, do_notification,
					     do_notification, do_thread, do_context, do_slot, do_untyped, do_memory,
					     do_memory, do_touch, do_touch, do_touch, do_trap};

	struct thread *thread = arch_core()->current;

	note_result(thread);
	if (is_in_call(thread))
		execute((unsigned)(*regs_error(&thread->regs) - SYSCALL_BASE));
	else if (any(16) == 0)
		make_call(SYSCALL_YIELD, 0, 0, 0, IPC_TYPE, NO_WORDS);
	else
		what[any(ARRAY_LENGTH(what))]();
}

// --- the keepers

#define KEEPER_CALLS 6

static inline void put_back_slot(unsigned place)
{
	if (world.source[place])
		METHOD(world.space, CNODE, DERIVE, place, CNODE, world.source[place], ALL, 0, 0);
	else if (place >= AT_WATCHED && place < AT_WATCHED + 2)
		METHOD(world.block, UNTYPED, RETYPE, TYPE_ENDPOINT, 0, 1, world.space, place);
	else if (place >= AT_REPLY && place < AT_REPLY + REPLIES)
		METHOD(world.block, UNTYPED, RETYPE, TYPE_REPLY, 0, 1, world.space, place);
}

// One thing is put back as it was.
static inline void put_back(void)
{
	unsigned i = (unsigned)any(PLAYERS);
	const struct player *p = &world.player[i];

	switch (any(16)) {
	case 0:
		METHOD(p->cap, THREAD, SUSPEND, 0);
		break;
	case 1:
		METHOD(p->cap, THREAD, SET_SPACE, world.space, world.vspace[i % 2], world.source[AT_ENDPOINT + 2 + i % 2]);
		break;
	case 2:
		METHOD(p->cap, THREAD, SET_BLOCK, p->block, 0x1000);
		break;
	case 3:
		METHOD(p->context, SCHEDCONTEXT, BIND, p->cap);
		break;
	case 4:
	case 5:
	case 6:
	case 7:
		METHOD(p->cap, THREAD, CANCEL, 0);
		break;
	case 8:
	case 9:
	case 10:
	case 11:
		METHOD(p->cap, THREAD, RESUME, 0);
		break;
	default:
		put_back_slot(1 + (unsigned)any(AT_FREE - 1));
	}
}

static inline void keeper_step(struct keeper *keeper)
{
	if (keeper->turn == 0)
		METHOD(keeper->alarm, SCHEDCONTEXT, SET_DEADLINE, arch_time() + 200 + any(1000));
	else if (keeper->turn <= KEEPER_CALLS)
		put_back();
	else
		make_call(SYSCALL_RECV, keeper->doorbell, 0, 0, IPC_TYPE, NO_WORDS);
	keeper->turn = keeper->turn <= KEEPER_CALLS ? keeper->turn + 1 : 0;
}

// What the core that this is does next: take an interrupt, or what its thread does.
static inline void core_step(void)
{
	struct core *core = arch_core();

	host_poll();
	if (!core->current || any(8) == 0) {
		host_advance(any(50));
		if (any(16) == 0)
			host_raise(HOST_VECTOR_FIRST + (unsigned)any(2));
	} else if (core->current == world.keeper[host_core].player.thread) {
		keeper_step(&world.keeper[host_core]);
	} else if (core->current != task) {
		player_step();
	}
}

// --- what was tried

static const struct kind {
	unsigned type, last;  // label
} kinds[] = {
	{IPC_TYPE, SYSCALL_YIELD},
	{TYPE_UNTYPED, METHOD_UNTYPED_INFO},
	{TYPE_CNODE, METHOD_CNODE_REVOKE_RUN},
	{TYPE_FRAME, METHOD_FRAME_INFO},
	{TYPE_VSPACE, METHOD_VSPACE_RESTRICT},
	{TYPE_THREAD, METHOD_THREAD_SET_TIMEOUT},
	{TYPE_SCHEDCONTEXT, METHOD_SCHEDCONTEXT_YIELD_TO},
	{TYPE_SCHEDCONTROL, METHOD_SCHEDCONTROL_COUNTERS},
	{TYPE_INTERRUPT, METHOD_INTERRUPT_ACK},
};

static inline bool all_kinds_succeeded(void)
{
	bool all = true;

	for (unsigned k = 0; k < ARRAY_LENGTH(kinds); k++) {
		for (unsigned i = kinds[k].type == IPC_TYPE ? 0 : 1; i <= kinds[k].last; i++) {
			unsigned long times = __atomic_load_n(&done[kinds[k].type][i], __ATOMIC_RELAXED);

			all = all && times > 0;
			if (!times)
				printf("no call of type %u, label %u has succeeded\n", kinds[k].type, i);
		}
	}
	return all;
}

#endif
