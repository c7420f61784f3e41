#include "object/message.h"

#include "cap/delete.h"
#include "cap/watch.h"
#include "object/endpoint.h"
#include "object/notification.h"
#include "sched/sched.h"

void message_stop_receiving(struct thread *thread) { stop_receiving(thread); }

void thread_make_slow(struct thread *thread)
{
	if (thread->state == THREAD_ANSWER)
		thread->reply->is_slow = true;
	if (thread->state != THREAD_RECEIVING)
		return;
	struct endpoint_core *at = &thread->endpoint->core[thread->head.home];

	if (at->fast != (uintptr_t)thread)
		return;
	at->fast = ENDPOINT_SLOW;
	list_append(&at->receivers, &thread->queue);
}

void thread_move(struct thread *thread, unsigned number)
{
	struct endpoint *endpoint = thread->endpoint;
	struct reply *reply = thread->reply;

	if (thread->head.home == number)
		return;
	thread_detach(thread);
	thread_unready(thread);
	if (thread->state == THREAD_RECEIVING)
		message_stop_receiving(thread);
	thread->head.home = (uint8_t)number;
	if (thread->state == THREAD_RECEIVING)
		endpoint_wait_receive(&kernel.core[number], endpoint, thread, reply);
	if (thread->state == THREAD_ANSWER)
		reply->is_slow = true;
	if (thread->waiting)
		thread->waiting->head.home = HOME_NONE;
	if (thread->bound)
		notification_set_home(thread->bound, number);
}

void reply_lend(struct reply *reply, struct sched_context *context, struct thread *to)
{
	if (context->lend_count == LENDS_MAX)
		return;
	reply->lent = context;
	reply->lend_next = context->lends;
	context->lends = reply;
	context->lend_count++;
	context_lend(context, to);
	reply->is_lent = true;
	reply->is_slow = false;
}

// The context comes back to where it was before `reply` (null: before all): the Replies to which it was
// lent on since have nothing to give back any more.
static void lends_cut(struct sched_context *context, const struct reply *reply)
{
	struct reply *last = NULL;

	while (context->lends && (!reply || last != reply)) {
		last = context->lends;
		context->lends = last->lend_next;
		context->lend_count--;
		last->is_lent = false;
		last->is_slow = true;  // its caller has no time
	}
}

void context_recall(struct sched_context *context) { lends_cut(context, NULL); }

void context_withdraw(struct sched_context *context)
{
	struct thread *owner = context->thread;

	context_recall(context);
	context_lend(context, owner && !owner->running ? owner : NULL);
}

void reply_cut(struct reply *reply, enum reply_state state)
{
	struct thread *caller = reply->thread;
	struct sched_context *lent = reply->is_lent ? reply->lent : NULL;

	if (lent) {
		lends_cut(lent, reply);
		context_lend(lent, caller->running ? NULL : caller);
	}
	reply_set(reply, state, NULL);
	if (caller)
		caller->reply = NULL;
}

void message_break_off(struct thread *thread, err_t err)
{
	bool was_fault = thread->flags & THREAD_FAULTED;

	switch (thread->state) {
	case THREAD_SENDING:
		list_remove(&thread->queue);
		watch_refresh(thread->endpoint);
		thread->endpoint = NULL;
		break;
	case THREAD_ANSWER:
		reply_cut(thread->reply, REPLY_CANCELLED);
		break;
	case THREAD_RECEIVING:
		message_stop_receiving(thread);
		break;
	case THREAD_WAITING:
		list_remove(&thread->queue);
		thread->waiting = NULL;
		break;
	default:
		thread->state = THREAD_STOPPED;
		return;
	}
	thread->state = THREAD_STOPPED;
	thread->flags &= ~(THREAD_FAULTED | THREAD_CALL);
	if (!was_fault)
		message_deliver(thread, err, 0, 0);
}
