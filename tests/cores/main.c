// What goes on between cores: messages, signals, memory that is taken away in use, threads that move.
// The first task runs on core 0 and is the one that does things to the others.
#include <string.h>

#include "tests/cores/cores.h"

#define ROUNDS 200
#define MOVES 60
#define TAKES 20

// --- what threads do

static void serve(struct worker *w)
{
	struct msg m = {0};

	must(sys_recv(w->endpoint, w->reply, &m), "serve");
	for (;;) {
		w->count++;
		m.words[0] = m.words[0] * 3 + 1;
		if (sys_reply_recv(w->endpoint, w->reply, &m))
			must(sys_recv(w->endpoint, w->reply, &m), "serve");
	}
}

static void call_on(struct worker *w)
{
	while (!w->stop) {
		struct msg m = {.tag = TAG(1, 1), .words = {w->count}};

		if (sys_call(w->peer->endpoint, &m) || m.words[0] != w->count * 3 + 1)
			w->wrong++;
		w->count++;
	}
	w->wrong += w->stop != true;
	worker_rest(w);
}

static void echo_signals(struct worker *w)
{
	for (;;) {
		uint64_t bits;

		if (sys_wait(w->notification, &bits) || bits != 1)
			w->wrong++;
		w->count++;
		if (sys_signal((cap_t)w->memory[0]))
			w->wrong++;
	}
}

static void count_up(struct worker *w)
{
	while (!w->stop)
		w->count++;
	worker_rest(w);
}

static void write_on(struct worker *w)
{
	for (uint64_t n = 1; !w->stop; n++) {
		*w->memory = n;
		w->count++;
	}
	worker_rest(w);
}

// What the FPU holds is the thread's, wherever it goes.
static void keep_fpu(struct worker *w)
{
	uint64_t mine = 0x1234567 + w->number, seen;

	__asm__ volatile("movq %0, %%xmm3" ::"r"(mine));
	while (!w->stop) {
		__asm__ volatile("movq %%xmm3, %0" : "=r"(seen));
		w->wrong += seen != mine;
		w->count++;
	}
	worker_rest(w);
}

static void wait_once(struct worker *w)
{
	uint64_t bits = 0;
	err_t err;

	for (;;) {
		struct msg m = {.tag = TAG(0, 0) | TAG_INTERRUPTIBLE};

		err = sys_invoke(SYSCALL_RECV, w->notification, 0, &m);
		bits = m.badge;
		w->wrong += err != ERR_CANCELLED;
		w->wrong += bits != 0;
		w->count++;
	}
}

static uint64_t moment(void) { return __builtin_ia32_rdtsc(); }

static void pass(uint64_t microseconds)
{
	uint64_t end = moment() + microseconds * (rt_boot_info->ticks_per_second / 1000000);

	while (moment() < end)
		__asm__ volatile("pause");
}

// Wait, so that the threads of this core run.
static void doze(uint64_t microseconds)
{
	static cap_t bell;
	uint64_t bits;

	if (!bell) {
		bell = make(TYPE_NOTIFICATION, 0);
		must(schedcontext_bind_notification(BOOT_SLOT_CONTEXT, badge(bell, 1)), "bell");
	}
	must(schedcontext_set_deadline(BOOT_SLOT_CONTEXT,
				       moment() + microseconds * (rt_boot_info->ticks_per_second / 1000000), NULL),
	     "doze");
	must(sys_wait(bell, &bits), "doze");
}

// --- tests

static void calls_go_to_another_core(unsigned core)
{
	struct worker *w = worker_make(serve, core, BOOT_SLOT_VSPACE, 0);

	worker_start(w);
	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct msg m = {.tag = TAG(1, 1), .words = {i}};
		err_t err = sys_call(w->endpoint, &m);

		check(!err && m.words[0] == i * 3 + 1, "calls_go_to_another_core", "a wrong answer");
	}
	check(w->count == ROUNDS, "calls_go_to_another_core", "not all were served");
	worker_destroy(w);
	test_end("calls_go_to_another_core");
}

static void signals_go_to_another_core(unsigned core)
{
	struct worker *w = worker_make(echo_signals, core, BOOT_SLOT_VSPACE, 0);
	cap_t back = make(TYPE_NOTIFICATION, 0), there = badge(w->notification, 1);
	uint64_t bell = badge(back, 2), bits;

	w->memory = &bell;
	worker_start(w);
	for (unsigned i = 0; i < ROUNDS; i++) {
		must(sys_signal(there), "signal");
		must(sys_wait(back, &bits), "wait");
		check(bits == 2, "signals_go_to_another_core", "wrong bits");
	}
	check(w->count == ROUNDS && !w->wrong, "signals_go_to_another_core", "some were lost");
	worker_destroy(w);
	test_end("signals_go_to_another_core");
}

// Once a page is unmapped or a right is taken nobody uses it, whichever core he runs on.
static void taken_memory_is_not_used(unsigned core)
{
	cap_t faults = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	cap_t frame = make(TYPE_FRAME, PAGE_BITS), view = slot_alloc();
	uint64_t own = address_take(), theirs = address_take();
	struct worker *w = worker_make(write_on, core, BOOT_SLOT_VSPACE, faults);
	volatile uint64_t *memory = (volatile uint64_t *)own;

	must(cnode_derive(BOOT_SLOT_CNODE, view, BOOT_SLOT_CNODE, frame, FRAME_RIGHTS, 0, 0), "derive");
	must(frame_map(frame, BOOT_SLOT_VSPACE, own, FRAME_READ | FRAME_WRITE), "map");
	must(frame_map(view, BOOT_SLOT_VSPACE, theirs, FRAME_READ | FRAME_WRITE), "map");
	w->memory = (volatile uint64_t *)theirs;
	worker_start(w);
	for (unsigned i = 0; i < TAKES; i++) {
		struct msg m = {0};
		uint64_t seen;

		worker_await(w, 100);
		if (i % 2)
			must(frame_unmap(view), "unmap");
		else
			must(frame_protect(view, FRAME_READ), "protect");
		seen = *memory;
		pass(20);
		check(*memory == seen, "taken_memory_is_not_used", "it was written");
		must(sys_recv(faults, reply, &m), "fault");
		check(tag_kind(m.tag) == KIND_FAULT && m.words[1] == theirs, "taken_memory_is_not_used",
		      "no page fault");
		if (i % 2)
			must(frame_map(view, BOOT_SLOT_VSPACE, theirs, FRAME_READ | FRAME_WRITE), "map");
		else
			must(frame_protect(view, FRAME_READ | FRAME_WRITE), "protect");
		m = (struct msg){0};
		must(sys_send(reply, &m), "answer");
	}
	worker_destroy(w);
	test_end("taken_memory_is_not_used");
}

// Its last capability goes while a thread runs in it: it stops at once, the memory can be used again.
static void an_address_space_dies_in_use(unsigned core)
{
	for (unsigned i = 0; i < 10; i++) {
		cap_t space = space_make();
		struct worker *w = worker_make(count_up, core, space, 0);
		uint64_t seen;

		worker_start(w);
		worker_await(w, 1000);
		must(cnode_revoke(BOOT_SLOT_CNODE, space), "revoke");
		seen = w->count;
		pass(20);
		check(w->count == seen, "an_address_space_dies_in_use", "its thread ran on");
		drop(space);
		worker_destroy(w);
	}
	test_end("an_address_space_dies_in_use");
}

static void threads_die_in_use(unsigned core)
{
	for (unsigned i = 0; i < 30; i++) {
		struct worker *w = worker_make(i % 2 ? keep_fpu : count_up, core, BOOT_SLOT_VSPACE, 0);
		uint64_t seen;

		worker_start(w);
		worker_await(w, 1000);
		if (i % 3)
			worker_destroy(w);
		else
			drop(w->context);
		seen = w->count;
		pass(20);
		check(w->count == seen, "threads_die_in_use", "it ran on");
		if (i % 3 == 0)
			drop(w->thread);
		w->thread = 0;
	}
	test_end("threads_die_in_use");
}

static void a_thread_stops_and_goes_on(unsigned core)
{
	struct worker *w = worker_make(count_up, core, BOOT_SLOT_VSPACE, 0);
	uint64_t values[REGISTER_COUNT];

	worker_start(w);
	for (unsigned i = 0; i < TAKES; i++) {
		uint64_t seen;

		worker_await(w, 100);
		must(thread_suspend(w->thread), "suspend");
		seen = w->count;
		must(thread_read(w->thread, values), "read");
		check(values[REGISTER_GS] == (uint64_t)(uintptr_t)w->block, "a_thread_stops_and_goes_on", "GS");
		check(values[REGISTER_SP] - (uint64_t)(uintptr_t)w->stack <= sizeof(w->stack),
		      "a_thread_stops_and_goes_on", "stack pointer");
		check(w->count == seen, "a_thread_stops_and_goes_on", "it ran on");
		must(thread_resume(w->thread), "resume");
	}
	worker_await(w, 100);
	worker_destroy(w);
	test_end("a_thread_stops_and_goes_on");
}

static void threads_move(unsigned cores)
{
	struct worker *server = worker_make(serve, 0, BOOT_SLOT_VSPACE, 0);
	struct worker *caller = worker_make(call_on, 1 % cores, BOOT_SLOT_VSPACE, 0);
	struct worker *fpu[] = {worker_make(keep_fpu, 0, BOOT_SLOT_VSPACE, 0),
				worker_make(keep_fpu, 0, BOOT_SLOT_VSPACE, 0)};

	caller->peer = server;
	worker_start(server);
	worker_start(caller);
	worker_start(fpu[0]);
	worker_start(fpu[1]);
	for (unsigned i = 0; i < MOVES; i++) {
		worker_move(server, i % cores);
		worker_move(caller, i / 2 % cores);
		worker_move(fpu[0], i % cores);
		worker_move(fpu[1], i / 3 % cores);
		pass(50);
	}
	for (unsigned i = 0; i < 2; i++)
		worker_move(fpu[i], 1);
	worker_move(server, 1);
	worker_move(caller, 1);
	worker_await(caller, 100);
	worker_await(fpu[0], 100);
	worker_await(fpu[1], 100);
	check(!caller->wrong && !fpu[0]->wrong && !fpu[1]->wrong, "threads_move", "something was lost");
	worker_destroy(caller);
	worker_destroy(server);
	worker_destroy(fpu[0]);
	worker_destroy(fpu[1]);
	test_end("threads_move");
}

static void a_cancel_reaches_another_core(unsigned core)
{
	struct worker *w = worker_make(wait_once, core, BOOT_SLOT_VSPACE, 0);

	worker_start(w);
	for (unsigned i = 0; i < ROUNDS / 4; i++) {
		uint64_t from = w->count, cancelled;

		must(thread_cancel(w->thread, &cancelled), "cancel");
		while (w->count == from)
			__asm__ volatile("pause");
	}
	check(w->count == ROUNDS / 4 && !w->wrong, "a_cancel_reaches_another_core", "not one for one");
	worker_destroy(w);
	test_end("a_cancel_reaches_another_core");
}

// A server without time waits for some of its own when the caller is elsewhere, and takes the lent time of
// a caller beside it.
static void no_time_is_lent_across(unsigned core)
{
	struct worker *server = worker_make(serve, core, BOOT_SLOT_VSPACE, 0);
	struct worker *caller = worker_make(call_on, core, BOOT_SLOT_VSPACE, 0);
	struct msg m = {.tag = TAG(1, 1)};

	caller->peer = server;
	worker_start(server);
	worker_start(caller);
	worker_await(caller, 10);
	must(thread_suspend(caller->thread), "suspend");
	must(sys_call(server->endpoint, &m), "call");  // answered: the server waits again
	must(schedcontext_bind(server->context, 0), "unbind");
	must(thread_resume(caller->thread), "resume");
	worker_await(caller, 10);
	must(thread_suspend(caller->thread), "suspend");
	doze(1000);
	worker_move(caller, 0);
	must(thread_resume(caller->thread), "resume");
	doze(1000);
	uint64_t seen = caller->count;

	doze(2000);
	check(caller->count == seen, "no_time_is_lent_across", "it was");
	caller->wrong = 0;  // the calls that were broken off
	must(schedcontext_bind(server->context, server->thread), "bind");
	while (caller->count - seen < 10)
		doze(1000);
	check(!caller->wrong, "no_time_is_lent_across", "it does not go on");
	worker_destroy(caller);
	worker_destroy(server);
	test_end("no_time_is_lent_across");
}

static void deadlines_are_kept_elsewhere(unsigned core)
{
	cap_t notification = make(TYPE_NOTIFICATION, 0);
	struct worker *w = worker_make(count_up, core, BOOT_SLOT_VSPACE, 0);
	uint64_t bits;

	must(schedcontext_bind_notification(w->context, badge(notification, 4)), "bind");
	for (unsigned i = 0; i < 20; i++) {
		must(schedcontext_set_deadline(w->context, moment() + rt_boot_info->ticks_per_second / 2000, NULL),
		     "deadline");
		must(sys_wait(notification, &bits), "wait");
		check(bits == 4, "deadlines_are_kept_elsewhere", "wrong bits");
	}
	worker_destroy(w);
	test_end("deadlines_are_kept_elsewhere");
}

// Pairs on every core and across, while mappings come and go under them.
static void everything_at_once(unsigned cores)
{
	struct worker *pair[8][2];
	unsigned pairs = cores > 4 ? 5 : cores + 1;
	cap_t frame = make(TYPE_FRAME, PAGE_BITS);
	uint64_t at = address_take();

	for (unsigned i = 0; i < pairs; i++) {
		pair[i][0] = worker_make(serve, i % cores, BOOT_SLOT_VSPACE, 0);
		pair[i][1] = worker_make(call_on, (i + i / 2) % cores, BOOT_SLOT_VSPACE, 0);
		pair[i][1]->peer = pair[i][0];
		worker_start(pair[i][0]);
		worker_start(pair[i][1]);
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		must(frame_map(frame, BOOT_SLOT_VSPACE, at, FRAME_READ | FRAME_WRITE), "map");
		*(volatile uint64_t *)at = i;
		must(frame_unmap(frame), "unmap");
		if (i % 10 == 9)  // the first task stands above all on its core
			doze(1000);
	}
	for (unsigned i = 0; i < pairs; i++)
		if (!pair[i][1]->count || pair[i][1]->wrong)
			say("# pair %u: %lu calls, %lu wrong", i, pair[i][1]->count, pair[i][1]->wrong);
	for (unsigned i = 0; i < pairs; i++)
		check(pair[i][1]->count > 0 && !pair[i][1]->wrong, "everything_at_once", "a pair stands still, or errs");
	for (unsigned i = 0; i < pairs; i++) {
		worker_destroy(pair[i][1]);
		worker_destroy(pair[i][0]);
	}
	test_end("everything_at_once");
}

// Messages between two threads of one core cost the others nothing, nor them.
static void work_on_one_core_stays_there(unsigned core)
{
	struct worker *server = worker_make(serve, core, BOOT_SLOT_VSPACE, 0);
	struct worker *caller = worker_make(call_on, core, BOOT_SLOT_VSPACE, 0);
	uint64_t before[3], after[3];

	caller->peer = server;
	worker_start(server);
	worker_start(caller);
	worker_await(caller, 100);
	must(schedcontrol_counters(BOOT_SLOT_SCHEDCONTROL + core, &before[0], &before[1], &before[2]), "counters");
	worker_await(caller, 5000);
	must(schedcontrol_counters(BOOT_SLOT_SCHEDCONTROL + core, &after[0], &after[1], &after[2]), "counters");
	// To ask is itself an operation of all cores: it may find the lock taken, or make the other one wait.
	check(after[0] - before[0] <= 2, "work_on_one_core_stays_there", "waited for a lock");
	check(after[1] == before[1], "work_on_one_core_stays_there", "was asked for something");
	check(after[2] == before[2], "work_on_one_core_stays_there", "was sent a thread");
	worker_destroy(caller);
	worker_destroy(server);
	test_end("work_on_one_core_stays_there");
}

int main(void)
{
	world_init();
	unsigned cores = world_cores();

	say("cores\t%u", cores);
	if (cores > 1) {
		unsigned last = cores - 1;

		calls_go_to_another_core(last);
		signals_go_to_another_core(last);
		taken_memory_is_not_used(last);
		an_address_space_dies_in_use(last);
		threads_die_in_use(1);
		a_thread_stops_and_goes_on(1);
		threads_move(cores);
		a_cancel_reaches_another_core(1);
		no_time_is_lent_across(1);
		deadlines_are_kept_elsewhere(last);
		everything_at_once(cores);
		work_on_one_core_stays_there(last);
	}
	say("end");
	for (;;)
		thread_suspend(BOOT_SLOT_THREAD);
}
