// Who runs: priorities, turns, contexts bound, lent and taken away.
#define CATEGORY "scheduling"
#include "tests/conform/conform.h"

static volatile unsigned order[16], count;

static void note(struct worker *w)
{
	order[count++] = w->index;
	worker_finish(w);
}

static void stop(struct worker *w) { WORKS(thread_suspend(w->thread)); }

static void run_all(struct worker *w[], unsigned n)
{
	count = 0;
	for (unsigned i = 0; i < n; i++)
		worker_prepare(w[i], note);
	for (unsigned i = 0; i < n; i++)
		WORKS(thread_resume(w[i]->thread));
	rest();
	EQ(count, n);
}

CASE(the_higher_priority_runs_first)
{
	struct worker *w[] = {worker_new(HERE, LOW), worker_new(ELSEWHERE, HIGH), worker_new(HERE, MIDDLE)};

	run_all(w, 3);
	EQ(order[0], 1);
	EQ(order[1], 2);
	EQ(order[2], 0);
}
CASE(equals_run_in_the_order_in_which_they_became_ready)
{
	struct worker *w[] = {worker_new(HERE, LOW), worker_new(ELSEWHERE, LOW), worker_new(HERE, LOW)};

	run_all(w, 3);
	for (unsigned i = 0; i < 3; i++)
		EQ(order[i], i);
}

static void yield_twice(struct worker *w)
{
	for (unsigned i = 0; i < 2; i++) {
		order[count++] = w->index;
		sys_yield();
	}
	worker_finish(w);
}

CASE(yield_gives_way_to_an_equal)
{
	struct worker *a = worker_new(HERE, LOW), *b = worker_new(HERE, LOW);

	count = 0;
	worker_prepare(a, yield_twice);
	worker_prepare(b, yield_twice);
	WORKS(thread_resume(a->thread));
	WORKS(thread_resume(b->thread));
	rest();
	EQ(order[0], 0);
	EQ(order[1], 1);
	EQ(order[2], 0);
	EQ(order[3], 1);
}
CASE(yield_does_not_give_way_to_a_lower)
{
	struct worker *a = worker_new(HERE, MIDDLE), *b = worker_new(HERE, LOW);

	count = 0;
	worker_prepare(a, yield_twice);
	worker_prepare(b, yield_twice);
	WORKS(thread_resume(b->thread));
	WORKS(thread_resume(a->thread));
	rest();
	EQ(order[0], 0);
	EQ(order[1], 0);
	EQ(order[2], 1);
}
CASE(a_changed_priority_counts_at_once)
{
	struct worker *a = worker_new(HERE, MIDDLE), *b = worker_new(HERE, LOW);

	count = 0;
	worker_prepare(a, note);
	worker_prepare(b, note);
	WORKS(thread_resume(a->thread));
	WORKS(thread_resume(b->thread));
	WORKS(configure(b->context, HIGH, 0));
	rest();
	EQ(order[0], 1);
	EQ(order[1], 0);
}

static void count_on(struct worker *w) { spin(&w->seen[0]); }

static void race(struct worker *a, struct worker *b, uint64_t ticks)
{
	worker_prepare(a, count_on);
	worker_prepare(b, count_on);
	WORKS(thread_resume(a->thread));
	WORKS(thread_resume(b->thread));
	wait_ticks(ticks);
	stop(a);
	stop(b);
}

#define SLICE 200000ull
#define LONG (40 * SLICE)

CASE(equals_with_slices_share_the_time)
{
	struct worker *a = worker_new(HERE, LOW), *b = worker_new(ELSEWHERE, LOW);

	WORKS(configure(a->context, LOW, SLICE));
	WORKS(configure(b->context, LOW, SLICE));
	race(a, b, LONG);
	TRUE(a->seen[0] && b->seen[0]);
}
CASE(without_a_slice_an_equal_waits_until_the_first_blocks)
{
	struct worker *a = worker_new(HERE, LOW), *b = worker_new(HERE, LOW);

	race(a, b, LONG / 4);
	TRUE(a->seen[0]);
	EQ(b->seen[0], 0);
}
CASE(a_lower_priority_waits_whatever_the_slices)
{
	struct worker *a = worker_new(HERE, MIDDLE), *b = worker_new(HERE, LOW);

	WORKS(configure(a->context, MIDDLE, SLICE));
	WORKS(configure(b->context, LOW, SLICE));
	race(a, b, LONG / 4);
	EQ(b->seen[0], 0);
}
CASE(a_preempted_thread_keeps_its_registers)
{
	struct worker *a = worker_new(HERE, LOW), *b = worker_new(ELSEWHERE, LOW);
	uint64_t values[REGISTER_COUNT];

	WORKS(configure(a->context, LOW, SLICE));
	WORKS(configure(b->context, LOW, SLICE));
	race(a, b, LONG);
	WORKS(thread_read(a->thread, values));
	EQ(values[REGISTER_RDI], (uintptr_t)&a->seen[0]);
	WORKS(thread_read(b->thread, values));
	EQ(values[REGISTER_RDI], (uintptr_t)&b->seen[0]);
}
