// FPU: every thread has its own, a new one finds none of another's.
#define CATEGORY "FPU"
#include "tests/conform/conform.h"

#define CLEAN_MXCSR 0x1f80

static void look(struct worker *w)
{
	w->seen[0] = fpu_get();
	w->seen[1] = mxcsr_get();
	worker_finish(w);
}

static void change(struct worker *w)
{
	for (unsigned i = 1; i <= 3; i++) {
		fpu_set(1000 * i + w->index);
		sys_yield();
		w->seen[0] += fpu_get() == 1000 * i + w->index;
	}
	worker_finish(w);
}

static uint64_t all[3][32];

static void change_all(struct worker *w)
{
	uint64_t *mine = all[w->index], after[32];

	for (unsigned i = 0; i < 32; i++)
		mine[i] = 0x100 * i + w->index + 1;
	fpu_set_all(mine);
	sys_yield();
	fpu_get_all(after);
	for (unsigned i = 0; i < 32; i++)
		w->seen[0] += after[i] == mine[i];
	worker_finish(w);
}

static void change_x87(struct worker *w)
{
	x87_set(77 + w->index);
	sys_yield();
	w->seen[0] = x87_get();
	worker_finish(w);
}

static void change_mxcsr(struct worker *w)
{
	uint32_t mine = CLEAN_MXCSR | (w->index ? 0x2000 : 0x4000);  // rounding

	mxcsr_set(mine);
	sys_yield();
	w->seen[0] = mxcsr_get() == mine;
	mxcsr_set(CLEAN_MXCSR);
	worker_finish(w);
}

// Two threads of one priority, started together.
static void pair(enum where where, void (*run)(struct worker *), struct worker *w[2])
{
	for (unsigned i = 0; i < 2; i++) {
		w[i] = worker_new(i ? where : HERE, LOW);
		worker_prepare(w[i], run);
	}
	WORKS(thread_resume(w[0]->thread));
	WORKS(thread_resume(w[1]->thread));
	rest();
	TRUE(w[0]->done && w[1]->done);
}

CASE_EACH(two_threads_do_not_see_each_others_registers)
{
	struct worker *w[2];

	pair(where, change, w);
	EQ(w[0]->seen[0], 3);
	EQ(w[1]->seen[0], 3);
}
CASE_EACH(all_sixteen_registers_are_kept)
{
	struct worker *w[2];

	pair(where, change_all, w);
	EQ(w[0]->seen[0], 32);
	EQ(w[1]->seen[0], 32);
}
CASE_EACH(the_x87_stack_is_kept)
{
	struct worker *w[2];

	pair(where, change_x87, w);
	EQ(w[0]->seen[0], 77);
	EQ(w[1]->seen[0], 78);
}
CASE_EACH(the_control_word_is_kept)
{
	struct worker *w[2];

	pair(where, change_mxcsr, w);
	EQ(w[0]->seen[0], 1);
	EQ(w[1]->seen[0], 1);
}
CASE_EACH(a_new_thread_finds_nothing_in_the_fpu)
{
	struct worker *w = worker_new(where, MIDDLE);

	fpu_set(0xdeadbeef);
	worker_run(w, look);
	EQ(w->seen[0], 0);
	EQ(w->seen[1], CLEAN_MXCSR);
}
CASE(the_fpu_survives_a_system_call)
{
	fpu_set(0x1234);
	WORKS(cnode_info(CNODE, CNODE, NULL, NULL, NULL, NULL));
	EQ(fpu_get(), 0x1234);
}
CASE(the_fpu_survives_a_rest)
{
	fpu_set(0x1234);
	rest();
	EQ(fpu_get(), 0x1234);
}

static void serve(struct worker *w)
{
	struct msg m = {0};

	WORKS(sys_recv(w->cap, w->reply, &m));
	fpu_set(0xbad);
	m = (struct msg){0};
	(void)sys_reply_recv(w->cap, w->reply, &m);
}

CASE_EACH(the_fpu_survives_a_call_to_a_server_that_uses_it)
{
	struct worker *s = worker_new(where, HIGH), *c = worker_new(HERE, MIDDLE);

	s->cap = make(TYPE_ENDPOINT, 0);
	worker_run(s, serve);
	fpu_set(0x77);
	start_call(c, s->cap, 0, 0);
	RETURNED(c, OK);
	EQ(fpu_get(), 0x77);
}

static void set_and_stop(struct worker *w)
{
	fpu_set(0x5555);
	worker_finish(w);
}

CASE(write_fresh_clears_the_fpu)
{
	struct worker *w = worker_new(HERE, MIDDLE);
	uint64_t values[REGISTER_COUNT] = {0};

	worker_run(w, set_and_stop);
	WORKS(thread_write(w->thread, THREAD_WRITE_FRESH, values));
	worker_run(w, look);
	EQ(w->seen[0], 0);
}
CASE(write_fresh_clears_the_registers_that_it_does_not_write)
{
	cap_t thread = make(TYPE_THREAD, 0);
	uint64_t values[REGISTER_COUNT], seen[REGISTER_COUNT];

	for (unsigned i = 0; i < REGISTER_COUNT; i++)
		values[i] = 0x1000 + i;
	WORKS(thread_write(thread, (1ull << REGISTER_COUNT) - 1, values));
	WORKS(thread_write(thread, THREAD_WRITE_FRESH | 1ull << REGISTER_SP, values));
	WORKS(thread_read(thread, seen));
	for (unsigned i = 0; i < REGISTER_COUNT; i++)
		if (i != REGISTER_FLAGS)
			EQ(seen[i], i == REGISTER_SP ? values[i] : 0);
}
CASE(without_fresh_a_restarted_thread_keeps_its_fpu)
{
	struct worker *w = worker_new(HERE, MIDDLE);

	worker_run(w, set_and_stop);
	fpu_set(1);
	worker_run(w, look);
	EQ(w->seen[0], 0x5555);
}
CASE(a_dead_threads_fpu_is_nobodys)
{
	struct worker *w = worker_new(HERE, MIDDLE), *next;

	worker_run(w, set_and_stop);
	WORKS(delete(w->thread));
	next = worker_new(HERE, MIDDLE);
	worker_run(next, look);
	EQ(next->seen[0], 0);
}

static void fault_and_look(struct worker *w)
{
	fpu_set(0x31);
	raw_load(FREE_AT);
	w->seen[0] = fpu_get();
	worker_finish(w);
}

CASE(the_fpu_survives_a_fault)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *w = worker_with_fault(HERE, MIDDLE, e);
	struct msg m;

	worker_run(w, fault_and_look);
	WORKS(take(e, reply, &m));
	fpu_set(0x99);
	WORKS(answer(reply, TAG(FAULT_REPLY_JUMP, 1), (uintptr_t)raw_load_end));
	rest();
	EQ(w->seen[0], 0x31);
}
