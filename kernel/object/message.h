// What endpoints, replies and notifications share: the registers of a blocked thread as the place where
// its system call's result arrives, and how a thread is taken out of what it waits for.
#ifndef KERNEL_OBJECT_MESSAGE_H
#define KERNEL_OBJECT_MESSAGE_H

#include "kernel.h"

// The thread's receive (or call) ends with this result; the eight words come after.
static inline void message_deliver_head(struct thread *thread, err_t err, uint64_t badge, tag_t tag)
{
	struct arch_registers *r = &thread->regs;

	*regs_error(r) = err;
	*regs_cap(r) = badge;
	*regs_tag(r) = tag;
	*regs_reply(r) = 0;
	thread->flags &= ~(THREAD_FULL | THREAD_CALL);
}

// The same, without words.
static inline void message_deliver(struct thread *thread, err_t err, uint64_t badge, tag_t tag)
{
	message_deliver_head(thread, err, badge, tag);
	regs_clear_words(&thread->regs);
}

// Words of a message for the thread, after message_deliver; the rest of the registers are zero.
static inline void message_set_words(struct thread *thread, const uint64_t *words, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		*regs_word(&thread->regs, i) = words[i];
}

// A Reply's new state, and the thread that it is of (offered: receiver, pending: caller); nothing else
// is known of it.
static inline void reply_set(struct reply *reply, enum reply_state state, struct thread *thread)
{
	reply->state = (uint8_t)state;
	reply->thread = thread;
	reply->is_fault = reply->is_lent = reply->is_slow = false;
}

// The thread leaves the endpoint's receive queue; its Reply is idle again. (And the same in line, for the short way.)
void message_stop_receiving(struct thread *thread);

static inline void stop_receiving(struct thread *thread)
{
	struct endpoint_core *at = &thread->endpoint->core[thread->head.home];

	if (at->fast == (uintptr_t)thread) {
		at->fast = ENDPOINT_IDLE;
	} else {
		list_remove(&thread->queue);
		at->fast = list_is_empty(&at->receivers) ? ENDPOINT_IDLE : ENDPOINT_SLOW;  // nothing else waits
	}
	thread->endpoint = NULL;
	if (thread->reply) {
		reply_set(thread->reply, REPLY_IDLE, NULL);
		thread->reply = NULL;
	}
}

// All locks are held. The thread, with whatever it waits for, is at home on another core from now on; it is
// in no ready queue. Its context (if it has one) has to follow.
void thread_move(struct thread *thread, unsigned number);

// Break off whatever the thread waits for. A native call ends with `err`; a fault is dropped, and its
// instruction will run again. Afterwards the thread is STOPPED.
void message_break_off(struct thread *thread, err_t err);

// The caller's context goes to the server, which has none, until the Reply is cut. A context is lent
// on LENDS_MAX times at most; a server beyond that waits for time of its own.
void reply_lend(struct reply *reply, struct sched_context *context, struct thread *to);

// The context is not to be given back by any Reply: it is bound anew, or dies.
void context_recall(struct sched_context *context);

// And who runs on it loses it: it goes back to its thread, unless that runs on another.
void context_withdraw(struct sched_context *context);

// A caller's Reply goes idle (or cancelled): cut the links and give the lent context back.
void reply_cut(struct reply *reply, enum reply_state state);

#endif
