// Benno scheduling: the ready queues hold contexts whose thread could run and neither runs nor was
// just woken; blocked threads are in none.
#ifndef KERNEL_SCHED_SCHED_H
#define KERNEL_SCHED_SCHED_H

#include "kernel.h"

// The thread can run: it runs at once if it may, when the kernel is left. Its state becomes READY.
void thread_wake(struct core *core, struct thread *thread);

// The thread cannot run: out of its queue, off the processor.
void thread_unready(struct core *core, struct thread *thread);

// Decide who runs when the kernel is left, switch the processor to it, set the timer.
void sched_finish(struct core *core);

// To the end of the queue of its priority.
void sched_yield(struct core *core);

// The timer came: the end of a slice. It is set anew when the kernel is left.
void sched_timer(struct core *core, uint64_t now);

// Priority and time slice, in ticks; the context is on its core and in no queue.
void context_configure(struct sched_context *context, unsigned priority, uint64_t slice);

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

// Give the context to a thread to run on, or take it away.
void context_lend(struct sched_context *context, struct thread *to);

// Deadlines: see deadline.c.
void deadline_add(struct core *core, struct sched_context *context, uint64_t time);
void deadline_remove(struct core *core, struct sched_context *context);
// The earliest context whose deadline has passed, taken out; null when there is none.
struct sched_context *deadline_take_expired(struct core *core, uint64_t now);

static inline struct core *context_core(const struct sched_context *context)
{
	return &kernel.core[context->core];
}

#endif
