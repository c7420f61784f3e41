// Who runs.
//
// Invariants:
//  1. A context is in its core's ready queue exactly if its user is READY, is not `current` and is not
//     `woken`.
//  2. `woken` is at most one thread, set and resolved within one entry to the kernel.
//  3. A thread without a context to run on is in no queue, whatever its state.
#include "sched/sched.h"

#include "base/print.h"

#define REAPS_PER_SECOND 2000

static void ready_add(struct core *core, struct sched_context *context, bool first)
{
	struct list *queue = &core->ready[context->priority];

	if (first)
		list_prepend(queue, &context->ready);
	else
		list_append(queue, &context->ready);
	core->ready_bits |= BIT(context->priority);
	core_set_stops(core);
}

static void ready_remove(struct core *core, struct sched_context *context)
{
	list_remove(&context->ready);
	if (list_is_empty(&core->ready[context->priority]))
		core->ready_bits &= ~BIT(context->priority);
	core_set_stops(core);
}

static struct sched_context *ready_first(const struct core *core)
{
	if (!core->ready_bits)
		return NULL;
	return LIST_ENTRY(core->ready[highest_bit(core->ready_bits)].next, struct sched_context, ready);
}

void thread_wake(struct core *core, struct thread *thread)
{
	thread->state = THREAD_READY;
	if (!thread->running || thread == core->current || thread == core->woken)
		return;
	if (core->woken)
		ready_add(core, core->woken->running, false);
	core->woken = thread;
}

void thread_unready(struct core *core, struct thread *thread)
{
	if (thread->running && !list_is_empty(&thread->running->ready))
		ready_remove(core, thread->running);
	if (core->woken == thread)
		core->woken = NULL;
}

static bool can_run(const struct thread *thread)
{
	return thread && thread->state == THREAD_READY && thread->running;
}

// Time is charged to the context of `current`: while it is, `consumed` lacks the time when that began.
static bool is_charged(const struct core *core, const struct sched_context *context)
{
	return core->current && core->current->running == context;
}

static void charge_begin(struct core *core)
{
	if (core->current && core->current->running)
		core->current->running->consumed -= arch_time();
}

static void charge_end(struct core *core)
{
	if (core->current && core->current->running)
		core->current->running->consumed += arch_time();
}

uint64_t context_consumed(const struct core *core, const struct sched_context *context)
{
	return context->consumed + (is_charged(core, context) ? arch_time() : 0);
}

// Who calls servers all the time is woken all the time: its turn ends all the same.
static bool is_turn_over(const struct sched_context *context, const struct sched_context *ready)
{
	return context->slice && context->consumed - context->turn >= context->slice && ready &&
	       ready->priority == context->priority;
}

// The ordinary cases, in which nobody else is to be looked at: the current thread goes on, or it blocks and
// has woken one that nothing ready stands above or beside.
static struct thread *choose_quickly(struct core *core)
{
	struct thread *current = core->current, *woken = core->woken;

	if (!woken && can_run(current) && !(core->ready_bits & current->running->higher))
		return current;
	if (!can_run(woken) || can_run(current) || (core->ready_bits & woken->running->above))
		return NULL;
	core->woken = NULL;
	return woken;
}

// The best of: current, woken, the first that is ready. The current one stays on a tie.
static struct thread *choose(struct core *core)
{
	struct thread *current = can_run(core->current) ? core->current : NULL;
	struct thread *woken = can_run(core->woken) ? core->woken : NULL;
	struct thread *best = current;
	struct sched_context *ready = ready_first(core);

	if (woken && is_turn_over(woken->running, ready)) {
		woken->running->turn = woken->running->consumed;
		ready_add(core, woken->running, false);
		woken = NULL;
	}
	if (woken && (!best || woken->running->priority > best->running->priority))
		best = woken;
	if (ready && (!best || ready->priority > best->running->priority))
		best = ready->user;
	if (current && current != best)
		ready_add(core, current->running, true);
	if (woken && woken != best)
		ready_add(core, woken->running, false);
	if (best && !list_is_empty(&best->running->ready))
		ready_remove(core, best->running);
	core->woken = NULL;
	return best;
}

static uint64_t slice_left(const struct core *core, const struct sched_context *context)
{
	uint64_t used = context_consumed(core, context) - context->turn;

	return used < context->slice ? context->slice - used : 0;
}

// Who deletes also empties what dies of it, unless it was itself among that. Then the timer goes on.
static uint64_t reap_time(struct core *core)
{
	if (!kernel.dying_first)
		core->reap_time = 0;
	else if (!core->reap_time)
		core->reap_time = arch_time() + arch_ticks_per_second() / REAPS_PER_SECOND;
	return core->reap_time ? core->reap_time : ~0ull;
}

// While anything waits in a queue the timer is armed, in a server too: the fast path comes back from
// there to a program without a look at the timer.
static void set_timer(struct core *core)
{
	const struct thread *current = core->current;
	const struct sched_context *ready = ready_first(core);
	uint64_t time = min_u64(core->deadlines ? core->deadlines->deadline : ~0ull, reap_time(core));

	if (current && ready && ready->slice) {
		bool is_peer = current->running->slice && ready->priority == current->running->priority;

		if (core->slice_end == ~0ull)
			core->slice_end = arch_time() + (is_peer ? slice_left(core, current->running) : ready->slice);
		time = min_u64(time, core->slice_end);
	} else {
		core->slice_end = ~0ull;
	}
	if (time != core->timer) {
		core->timer = time;
		arch_timer_set(time);
	}
}

// As choose, but a thread that has lost its address space stops.
static struct thread *choose_able(struct core *core)
{
	struct thread *next = choose_quickly(core);

	if (next && !slot_is_empty(&next->vspace))
		return next;
	while ((next = choose(core)) && slot_is_empty(&next->vspace))
		next->state = THREAD_STOPPED;
	return next;
}

void sched_finish(struct core *core)
{
	struct thread *next = choose_able(core);

	if (next != core->current) {
		charge_end(core);
		// Into a server and back is one slice.
		if (!core->current || !core->current->running || !next ||
		    next->running->priority <= core->current->running->priority)
			core->slice_end = ~0ull;
		core->current = next;
		charge_begin(core);
	}
	if (next && next != core->loaded) {
		arch_thread_switch(core, core->loaded, next);
		core->loaded = next;
	}
	set_timer(core);
}

void sched_yield(struct core *core)
{
	struct thread *thread = core->current;

	if (!can_run(thread))
		return;
	charge_end(core);
	thread->running->turn = thread->running->consumed;
	core->current = NULL;
	ready_add(core, thread->running, false);
	core->slice_end = ~0ull;
}

struct sched_context *deadline_take_expired(struct core *core, uint64_t now)
{
	struct sched_context *context = core->deadlines;

	if (!context || context->deadline > now)
		return NULL;
	deadline_remove(core, context);
	return context;
}

void sched_timer(struct core *core, uint64_t now)
{
	core->timer = ~0ull;
	core->reap_time = 0;
	if (core->slice_end > now)
		return;
	core->slice_end = ~0ull;
	if (core->current && core->current->running && core->current->running->slice)
		sched_yield(core);
}

void context_configure(struct sched_context *context, unsigned priority, uint64_t slice)
{
	context->priority = (uint8_t)priority;
	context->higher = ~0ull << priority << 1;
	context->above = context->higher | (slice ? BIT(priority) : 0) | 1;
	context->slice = slice;
	context->configured = true;
}

void context_lend(struct sched_context *context, struct thread *to)
{
	struct thread *user = context->user;
	struct core *core = context_core(context);

	if (user) {
		if (user == core->current)
			charge_end(core);
		thread_unready(core, user);
		user->running = NULL;
		if (user->state == THREAD_ANSWER)
			user->reply->is_slow = true;
	}
	context->user = to;
	if (!to)
		return;
	to->running = context;
	if (to->state == THREAD_ANSWER)
		to->reply->is_slow = true;
}
