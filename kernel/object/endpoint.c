// Endpoint: its queues, and the dead list's way to a receiver.
//
// Invariants:
//  1. Receivers wait only while there is neither a sender that could be taken nor a dead slot.
//  2. A receiver is in the queue of its core, or alone and `fast` there, in no queue.
//  3. `fast` is ENDPOINT_IDLE on a core exactly if no receiver waits there, no sender and no dead slot.
#include "object/endpoint.h"

#include "cap/delete.h"
#include "cap/watch.h"
#include "object/message.h"
#include "object/ops.h"
#include "sched/sched.h"

struct thread *endpoint_receiver(struct core *core, struct endpoint *endpoint)
{
	const struct endpoint_core *at = &endpoint->core[core->number];

	if (at->fast > ENDPOINT_SLOW)
		return (struct thread *)at->fast;
	return list_is_empty(&at->receivers) ? NULL : LIST_ENTRY(at->receivers.next, struct thread, queue);
}

struct thread *endpoint_receiver_any(struct core *core, struct endpoint *endpoint)
{
	struct thread *thread = endpoint_receiver(core, endpoint);

	for (unsigned i = 0; !thread && i < kernel.cores; i++)
		thread = endpoint_receiver(&kernel.core[i], endpoint);
	return thread;
}

struct thread *endpoint_sender(struct endpoint *endpoint)
{
	struct list *queue = &endpoint->senders;

	return list_is_empty(queue) ? NULL : LIST_ENTRY(queue->next, struct thread, queue);
}

void endpoint_wait_send(struct endpoint *endpoint, struct thread *thread)
{
	thread->state = THREAD_SENDING;
	thread->endpoint = endpoint;
	list_append(&endpoint->senders, &thread->queue);
	watch_refresh(endpoint);
}

void endpoint_wait_receive(struct core *core, struct endpoint *endpoint, struct thread *thread,
			   struct reply *reply)
{
	struct endpoint_core *at = &endpoint->core[core->number];

	thread->state = THREAD_RECEIVING;
	thread->endpoint = endpoint;
	thread->reply = reply;
	if (thread->own && thread->own->is_reserve && thread->running == thread->own)
		context_lend(thread->own, NULL);
	if (reply) {
		reply_set(reply, REPLY_OFFERED, thread);
		if (reply->home != core->number)  // other cores look whether it is
			reply->home = (uint8_t)core->number;
	}
	if (reply && at->fast == ENDPOINT_IDLE) {
		at->fast = (uintptr_t)thread;
		return;
	}
	if (at->fast > ENDPOINT_SLOW)
		thread_make_slow((struct thread *)at->fast);
	list_append(&at->receivers, &thread->queue);
	watch_refresh_core(endpoint, at);
}

void endpoint_deliver_dead(struct thread *thread, const struct slot *slot)
{
	message_deliver(thread, OK, slot->data, TAG(0, 1) | (tag_t)KIND_NO_SENDERS << TAG_KIND_SHIFT);
	message_set_words(thread, &slot->address, 1);
}

void endpoint_childless(struct core *core, struct slot *slot)
{
	struct thread *receiver = endpoint_receiver_any(core, slot_object(slot));

	if (!receiver) {
		watch_add(slot);
		return;
	}
	message_stop_receiving(receiver);
	endpoint_deliver_dead(receiver, slot);
	thread_wake(core, receiver);
}

static void wake_dead(struct core *core, struct thread *thread)
{
	bool fault = thread->flags & THREAD_FAULTED;

	message_break_off(thread, ERR_DEAD);
	if (!fault)  // nobody will hear a faulted thread: it stays stopped
		thread_wake(core, thread);
}

bool endpoint_empty(struct core *core, struct object *object, unsigned *budget)
{
	struct endpoint *endpoint = (struct endpoint *)(void *)object;
	struct thread *thread;

	while ((thread = endpoint_sender(endpoint)) || (thread = endpoint_receiver_any(core, endpoint))) {
		if (*budget == 0)
			return false;
		--*budget;
		wake_dead(core, thread);
	}
	return true;
}

bool reply_empty(struct core *core, struct object *object, unsigned *budget)
{
	struct reply *reply = (struct reply *)(void *)object;
	struct thread *thread = reply->thread;

	(void)budget;
	if (reply->state == REPLY_OFFERED) {
		message_stop_receiving(thread);
		message_deliver(thread, ERR_DEAD, 0, 0);
		thread_wake(core, thread);
	} else if (thread) {
		wake_dead(core, thread);
	}
	return true;
}
