// Benno scheduling: the ready queues hold contexts whose thread could run and neither runs nor was
// just woken; blocked threads are in none.
#ifndef KERNEL_SCHED_SCHED_H
#define KERNEL_SCHED_SCHED_H

#include "kernel.h"

// The thread can run: it runs at once if it may, when the kernel is left. Its state becomes READY.
// `core` is this one; if it is not the thread's, that one hears of it.
void thread_wake(struct core *core, struct thread *thread);

// The thread cannot run: out of its queue, off the processor if that is another one.
void thread_unready(struct thread *thread);

// All locks are held. No processor holds anything of the thread any more; if it ran, it is ready now.
void thread_detach(struct thread *thread);

// Decide who runs when the kernel is left, switch the processor to it, set the timer.
void sched_choose(struct core *core);

// To the end of the queue of its priority.
void sched_yield(struct core *core);

// What the short ways need (syscall/short.c). May a thread that waits on this core become ready beside the current
// one, so that nothing else is to be looked at? Then it does; true: it goes on instead of the current one.
bool sched_may_resume(const struct core *core, const struct thread *to);
bool sched_resume(struct core *core, struct thread *to);
// Who goes on when the current thread, whose context nobody watches, blocks (null: look closely); and it does.
struct thread *sched_successor(const struct core *core);
void sched_leave(struct core *core, struct thread *successor);
// A yield when nobody could go on instead; and to the successor.
bool sched_yield_alone(struct core *core);
void sched_yield_to(struct core *core, struct thread *successor);

// The timer came: the end of a slice, or of a budget. It is set anew when the kernel is left. Returns the
// context that has just been used up, or null.
struct sched_context *sched_timer(struct core *core, uint64_t now);

// Priority and time slice, in ticks; the context is on its core and in no queue.
void context_configure(struct sched_context *context, unsigned priority, uint64_t slice);

// After a change of what makes a context slow or limited: of all that the fast path is told of it.
void context_refresh(struct sched_context *context);

// The budget is full, and a period begins.
void context_refill(struct core *core, struct sched_context *context, uint64_t start);

// An event (CONTEXT_*): news if it is watched for.
void context_happens(struct core *core, struct sched_context *context, unsigned event);

// The first of its priority, if it is ready.
bool context_put_first(struct core *core, struct sched_context *context);

// The time that was run on it, up to now.
uint64_t context_consumed(const struct core *core, const struct sched_context *context);

// On every way into the kernel: the fast path leaves it to others to note whom it switched to.
static inline void sched_enter(struct core *core)
{
	if (!core->current)
		return;
	core->loaded = core->current;
	core->loaded_top = core->current->vspace.address;
}

static inline bool sched_is_settled(const struct core *core)
{
	const struct thread *current = core->current;

	return !core->woken && !core->timer_old && !kernel.dying_first && current &&
	       current->state == THREAD_READY && current->running && !current->running->is_limited &&
	       !(core->ready_bits & current->running->higher) && !slot_is_empty(&current->vspace);
}

// On every way out: mostly the current thread goes on, and the timer has nothing new to look at.
static inline void sched_finish(struct core *core)
{
	if (!sched_is_settled(core))
		sched_choose(core);
}

// Give the context to a thread to run on, or take it away.
void context_lend(struct sched_context *context, struct thread *to);

// What the timer is to look at (deadline.c): after a change of deadline, refill or news; and nothing more; then
// the fast path does not go back to it either.
void context_plan(struct core *core, struct sched_context *context);
void context_unplan(struct core *core, struct sched_context *context);

// The earliest context for which something is due, and that is done; null when there is none. *tells: its
// notification is to be signalled.
struct sched_context *context_take_due(struct core *core, uint64_t now, bool *tells);

// Whether the thread's own calls may go the fast path: not while a cancel is to be taken, nor while its
// bound notification has something for it, nor on a context that is watched or a reserve. After each change of
// these.
#define FAST_TAGS ((uint64_t)(MSG_WORDS_REGISTERS + 1) << TAG_WORDS_SHIFT)
void thread_set_fast_tags(struct thread *thread);

static inline struct core *thread_home(const struct thread *thread)
{
	return &kernel.core[thread->head.home];
}

// The same, but for a thread of this core.
static inline void thread_capture(struct thread *thread)
{
	if (thread_home(thread) != arch_core())
		thread_detach(thread);
}

static inline struct core *context_core(const struct sched_context *context)
{
	return &kernel.core[context->core];
}

#endif
