// Who runs.
//
// Invariants:
//  1. A context is in its core's ready queue exactly if its user is READY, is not `current` and is not
//     `woken`, and it is not used up.
//  2. `woken` is at most one thread, set and resolved within one entry to the kernel.
//  3. `running` and `own` are contexts of the thread's home. Only its own core makes a thread `current`.
//  4. A thread without a context to run on is in no queue, whatever its state.
//  5. While a thread runs on a context with a budget, or the fast path may go back to one (`limited`), the
//     timer comes before that is used up. Only the timer finds a context used up.
#include "sched/sched.h"

#include "base/print.h"
#include "mem/mailbox.h"

#define REAPS_PER_SECOND 2000

static inline void ready_note(struct core *core, const struct sched_context *context)
{
	core->ready_bits |= BIT(context->priority);
	core->timer_old = true;
	core_set_stops(core);
}

static inline void ready_append(struct core *core, struct sched_context *context)
{
	list_append(&core->ready[context->priority], &context->ready);
	ready_note(core, context);
}

static __attribute__((noinline)) void ready_prepend(struct core *core, struct sched_context *context)
{
	list_prepend(&core->ready[context->priority], &context->ready);
	ready_note(core, context);
}

// Out of line: for all but the short way.
static __attribute__((noinline)) void ready_add(struct core *core, struct sched_context *context)
{
	ready_append(core, context);
}

static void ready_remove(struct core *core, struct sched_context *context)
{
	list_remove(&context->ready);
	if (list_is_empty(&core->ready[context->priority]))
		core->ready_bits &= ~BIT(context->priority);
	core->timer_old = true;
	core_set_stops(core);
}

static struct sched_context *ready_first(const struct core *core)
{
	if (!core->ready_bits)
		return NULL;
	return LIST_ENTRY(core->ready[highest_bit(core->ready_bits)].next, struct sched_context, ready);
}

// Into the queue of another core, which chooses anew.
static void wake_far(struct core *home, struct thread *thread)
{
	if (thread == home->current || !list_is_empty(&thread->running->ready))
		return;
	ready_add(home, thread->running);
	home->counters.crossings++;
	arch_core_signal(home);
}

void thread_set_fast_tags(struct thread *thread)
{
	// (Its own core may be setting THREAD_FULL, on the way into the kernel.)
	uint32_t flags = __atomic_load_n(&thread->flags, __ATOMIC_RELAXED);
	bool is_slow = flags & THREAD_STICKY || (thread->bound && thread->bound->bits) ||
		       (thread->running && thread->running->is_slow);

	thread->fast_tags = is_slow ? 0 : FAST_TAGS;
}

static inline void wake_ready(struct core *core, struct thread *thread)
{
	struct thread *before = core->woken;

	if (thread == core->current || thread == before)
		return;
	if (thread->head.home != core->number) {
		wake_far(thread_home(thread), thread);
		return;
	}
	core->woken = thread;
	if (before)
		ready_add(core, before->running);
}

// Who has no lent time runs on its own, if nobody else does. A context may be watched, or used up.
static __attribute__((noinline)) void wake_closely(struct core *core, struct thread *thread)
{
	bool was_ready = thread->state == THREAD_READY;
	struct core *home = thread_home(thread);

	thread->state = THREAD_READY;
	if (!thread->running && thread->own && !thread->own->user)
		context_lend(thread->own, thread);
	if (!thread->running)
		return;
	if (!was_ready)
		context_happens(home, thread->running, CONTEXT_UNBLOCKED);
	if (!thread->running->is_used_up)
		wake_ready(core, thread);
	if (home != core)  // its timer has something new
		arch_core_signal(home);
}

void thread_wake(struct core *core, struct thread *thread)
{
	if (!thread->running || thread->running->is_limited) {
		wake_closely(core, thread);
		return;
	}
	thread->state = THREAD_READY;
	wake_ready(core, thread);
}

void thread_unready(struct thread *thread)
{
	struct core *home = thread_home(thread);

	if (home->current == thread)
		thread_capture(thread);
	if (thread->running && !list_is_empty(&thread->running->ready))
		ready_remove(home, thread->running);
	if (home->woken == thread)
		home->woken = NULL;
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

static void charge_end(struct core *core)
{
	if (core->current && core->current->running)
		core->current->running->consumed += arch_time();
}

static void charge_begin(struct core *core)
{
	if (core->current && core->current->running)
		core->current->running->consumed -= arch_time();
}

static void charge_switch(struct core *core, struct thread *next)
{
	uint64_t now = arch_time();

	if (core->current && core->current->running)
		core->current->running->consumed += now;
	if (next)
		next->running->consumed -= now;
}

void thread_detach(struct thread *thread)
{
	struct core *home = thread_home(thread);
	struct thread *current = home->current;
	bool is_loaded = current ? current == thread : home->loaded == thread;

	if (!is_loaded && home->fpu_owner != thread)
		return;
	core_leave(home);
	if (!current)
		return;
	charge_end(home);
	home->current = NULL;
	if (can_run(current) && !current->running->is_used_up)
		ready_prepend(home, current->running);
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
		ready_add(core, woken->running);
		woken = NULL;
	}
	if (woken && (!best || woken->running->priority > best->running->priority))
		best = woken;
	if (ready && (!best || ready->priority > best->running->priority))
		best = ready->user;
	if (current && current != best)
		ready_prepend(core, current->running);
	if (woken && woken != best)
		ready_add(core, woken->running);
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

// When the context that runs is used up. After one that has no budget, it stays when the one before would
// have been: so the fast path may go back to that.
static uint64_t limited_end(struct core *core)
{
	struct sched_context *context = core->current ? core->current->running : NULL;

	if (context && context->is_limited && context->budget) {
		core->limited = context->is_slow ? NULL : context;
		core->limited_end = context->limit - context->consumed;
	}
	return core->limited_end;
}

// While anything waits in a queue the timer is armed, in a server too: the fast path comes back from
// there to a program without a look at the timer.
static void set_timer(struct core *core)
{
	const struct thread *current = core->current;
	const struct sched_context *ready = ready_first(core);
	uint64_t time = min_u64(core->deadlines ? core->deadlines->event : ~0ull, reap_time(core));

	if (current && ready && ready->slice) {
		bool is_peer = current->running->slice && ready->priority == current->running->priority;

		if (core->slice_end == ~0ull)
			core->slice_end = arch_time() + (is_peer ? slice_left(core, current->running) : ready->slice);
		time = min_u64(time, core->slice_end);
	} else {
		core->slice_end = ~0ull;
	}
	time = min_u64(time, limited_end(core));
	core->timer_old = false;
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

static void tell_blocked(struct core *core)
{
	const struct thread *thread = core->current;

	if (thread && thread->running && thread->running->events && thread->state != THREAD_READY)
		context_happens(core, thread->running, CONTEXT_BLOCKED);
}

static inline __attribute__((always_inline)) void switch_to(struct core *core, struct thread *next)
{
	const struct thread *current = core->current;

	charge_switch(core, next);
	// Into a server and back is one slice.
	if (!current || !current->running || !next || next->running->priority <= current->running->priority)
		core->slice_end = ~0ull;
	core->current = next;
}

static inline __attribute__((always_inline)) void load(struct core *core, struct thread *thread)
{
	arch_thread_switch(core, core->loaded, thread);
	core->loaded = thread;
}

void sched_choose(struct core *core)
{
	struct thread *next = choose_able(core);

	if (next != core->current) {
		tell_blocked(core);
		switch_to(core, next);
	}
	if (next && next != core->loaded)
		load(core, next);
	set_timer(core);
}

// --- the short way

static __attribute__((noinline)) void go_on_with(struct core *core, struct thread *next)
{
	sched_enter(core);
	switch_to(core, next);
	load(core, next);
}

// Nothing but slices changed what the timer depends on; mostly nobody who is ready has one.
static void set_timer_of_slices(struct core *core, bool had_slice)
{
	const struct sched_context *ready = ready_first(core);

	core->timer_old = false;
	if (had_slice || (ready && ready->slice))
		set_timer(core);
}

// Its turn is not over, and no budget to be looked at.
static bool is_plain(const struct core *core, const struct sched_context *context)
{
	return !context->is_limited && !(context->slice && core->ready_bits & BIT(context->priority));
}

bool sched_may_resume(const struct core *core, const struct thread *to)
{
	return to->running && is_plain(core, to->running) && !slot_is_empty(&to->vspace);
}

// One more is ready. If there was no slice to end, nobody ready had one.
static void set_timer_of_one(struct core *core, const struct sched_context *ready)
{
	core->timer_old = false;
	if (core->slice_end != ~0ull || ready->slice)
		set_timer(core);
}

bool sched_resume(struct core *core, struct thread *to)
{
	struct sched_context *current = core->current->running;

	to->state = THREAD_READY;
	if (to->running->priority <= current->priority) {
		ready_append(core, to->running);
		set_timer_of_one(core, to->running);
		return false;
	}
	ready_prepend(core, current);
	go_on_with(core, to);
	set_timer_of_one(core, current);
	return true;
}

struct thread *sched_successor(const struct core *core)
{
	const struct sched_context *ready = ready_first(core);

	return ready && !ready->is_limited && !slot_is_empty(&ready->user->vspace) ? ready->user : NULL;
}

static void leave(struct core *core, struct thread *successor, bool had_slice)
{
	ready_remove(core, successor->running);
	go_on_with(core, successor);
	set_timer_of_slices(core, had_slice);
}

void sched_leave(struct core *core, struct thread *successor)
{
	leave(core, successor, core->slice_end != ~0ull);
}

bool sched_yield_alone(struct core *core)
{
	struct sched_context *context = core->current->running;
	bool had_slice = core->slice_end != ~0ull;

	if (context->is_limited || core->ready_bits & (context->higher | BIT(context->priority)))
		return false;
	context->turn = context_consumed(core, context);
	core->slice_end = ~0ull;
	set_timer_of_slices(core, had_slice);
	return true;
}

void sched_yield_to(struct core *core, struct thread *successor)
{
	struct sched_context *context = core->current->running;
	bool had_slice = core->slice_end != ~0ull;

	context->turn = context_consumed(core, context);
	core->slice_end = ~0ull;
	ready_add(core, context);
	leave(core, successor, had_slice);
}

void sched_yield(struct core *core)
{
	struct thread *thread = core->current;

	if (!can_run(thread))
		return;
	charge_end(core);
	thread->running->turn = thread->running->consumed;
	core->current = NULL;
	ready_add(core, thread->running);
	core->slice_end = ~0ull;
}

struct sched_context *context_take_due(struct core *core, uint64_t now, bool *tells)
{
	struct sched_context *context = core->deadlines;

	if (!context || context->event > now)
		return NULL;
	*tells = context->has_news || context->deadline <= now;
	context->has_news = false;
	if (context->deadline <= now)
		context->deadline = ~0ull;
	if (context->is_used_up && context->refill <= now)
		context_refill(core, context, context->refill);
	else
		context_plan(core, context);
	return context;
}

void context_refill(struct core *core, struct sched_context *context, uint64_t start)
{
	bool was_used_up = context->is_used_up;

	context->limit = context_consumed(core, context) + context->budget;
	context->refill = start + context->period;
	context->is_used_up = false;
	context_plan(core, context);
	if (was_used_up && context->user && context->user->state == THREAD_READY)
		thread_wake(arch_core(), context->user);
}

// The current thread's context is used up: it runs no more, unless the period has passed.
static __attribute__((noinline)) struct sched_context *use_up(struct core *core, struct sched_context *context,
							      uint64_t now)
{
	if (!context->budget || context_consumed(core, context) < context->limit)
		return NULL;
	if (context->refill <= now) {
		context_refill(core, context, now);
		return NULL;
	}
	charge_end(core);
	core->current = NULL;
	context->is_used_up = true;
	context_happens(core, context, CONTEXT_USED_UP);
	context_plan(core, context);
	return context;
}

struct sched_context *sched_timer(struct core *core, uint64_t now)
{
	struct sched_context *used_up = NULL;
	struct thread *current = core->current;

	core->timer = ~0ull;
	core->timer_old = true;
	core->reap_time = 0;
	if (core->limited_end <= now) {
		core->limited = NULL;
		core->limited_end = ~0ull;
	}
	if (current && current->running && current->running->is_limited)
		used_up = use_up(core, current->running, now);
	if (core->slice_end > now)
		return used_up;
	core->slice_end = ~0ull;
	if (can_run(core->current) && core->current->running->slice)
		sched_yield(core);
	return used_up;
}

void context_happens(struct core *core, struct sched_context *context, unsigned event)
{
	if (!(context->events & event))
		return;
	context->happened |= (uint8_t)event;
	context->has_news = true;
	context_plan(core, context);
}

bool context_put_first(struct core *core, struct sched_context *context)
{
	if (!list_is_empty(&context->ready)) {
		ready_remove(core, context);
		ready_prepend(core, context);
	}
	return can_run(context->user) && !context->is_used_up;
}

void context_refresh(struct sched_context *context)
{
	context->is_slow = context->is_reserve || context->events;
	context->is_limited = context->is_slow || context->budget;
	context->above = context->higher | (context->slice ? BIT(context->priority) : 0) | 1 |
			 (context->is_limited ? STOP_LIMITED : 0);
	if (context_core(context)->limited == context)
		context_core(context)->limited = NULL;
	if (context->user)
		thread_set_fast_tags(context->user);
}

void context_configure(struct sched_context *context, unsigned priority, uint64_t slice)
{
	context->priority = (uint8_t)priority;
	context->higher = ~0ull << priority << 1;
	context->slice = slice;
	context->configured = true;
	context_refresh(context);
}

void context_lend(struct sched_context *context, struct thread *to)
{
	struct thread *user = context->user;
	struct core *core = context_core(context);

	if (user) {
		thread_unready(user);
		if (user == core->current)
			charge_end(core);
		user->running = NULL;
		thread_set_fast_tags(user);
		if (user->state == THREAD_ANSWER)
			user->reply->is_slow = true;
	}
	context->user = to;
	if (to) {
		to->running = context;
		thread_set_fast_tags(to);
		if (to == core->current)
			charge_begin(core);
		if (to->state == THREAD_ANSWER)
			to->reply->is_slow = true;
	}
	if (user && user != to && user->state == THREAD_READY)
		thread_wake(arch_core(), user);
}
