#include "syscall/ipc.h"

#include "base/print.h"
#include "cap/cspace.h"
#include "cap/watch.h"
#include "object/endpoint.h"
#include "object/message.h"
#include "object/notification.h"
#include "sched/sched.h"
#include "syscall/transfer.h"

static void fail(struct thread *thread, err_t err)
{
	message_deliver(thread, err, 0, 0);
}

static void fail_at(struct thread *thread, err_t err, uint64_t wrong)
{
	message_deliver(thread, err, 0, TAG(0, 2));
	message_set_words(thread, &wrong, 1);
}

// An interruptible call, and a cancel came before it: it takes the cancel.
static bool take_cancel(struct thread *thread)
{
	if (!(*regs_tag(&thread->regs) & TAG_INTERRUPTIBLE) || !(thread->flags & THREAD_STICKY))
		return false;
	thread->flags &= ~THREAD_STICKY;
	thread_set_fast_tags(thread);
	return true;
}

// The Reply, or the caller that waits for it, is not at home here.
static bool is_far(const struct core *core, const struct reply *reply)
{
	return reply->home != core->number ||
	       (reply->state == REPLY_PENDING && reply->thread->head.home != core->number);
}

bool ipc_needs_all(struct core *core, struct thread *thread, const struct slot *slot, unsigned number)
{
	tag_t tag = *regs_tag(&thread->regs);
	bool sends = number != SYSCALL_RECV && number != SYSCALL_NB_RECV;
	bool receives = !sends || number == SYSCALL_REPLY_RECV;

	if (number == SYSCALL_YIELD || !slot)
		return false;
	if (sends && (tag_caps(tag) || tag_items(tag)))
		return true;
	if (slot->type == TYPE_NOTIFICATION)
		return ((const struct object *)slot_object(slot))->home != core->number;
	if (slot->type == TYPE_REPLY)
		return is_far(core, slot_object(slot));
	if (slot->type != TYPE_ENDPOINT)
		return true;
	struct endpoint *endpoint = slot_object(slot);

	if (!receives)
		return !endpoint_receiver(core, endpoint);
	if (thread->bound && thread->bound->head.home != core->number)
		return true;
	if (endpoint->dead_first || endpoint_sender(endpoint))
		return true;
	slot = cspace_find_used(thread, *regs_reply(&thread->regs));
	return slot && slot->type == TYPE_REPLY && is_far(core, slot_object(slot));
}

// --- sending

// The receiver has no Reply, so nobody could ever answer: the call fails, a faulted thread stops.
static void call_unanswerable(struct core *core, struct thread *from)
{
	thread_unready(from);
	from->state = THREAD_STOPPED;
	if (from->flags & THREAD_FAULTED) {
		from->flags &= ~(THREAD_FAULTED | THREAD_CALL);
		return;
	}
	message_deliver(from, ERR_DEAD, 0, 0);
	thread_wake(core, from);
}

// The receiver (in no queue any more, offering `reply`) gets the message of `from`.
static void hand_over(struct core *core, struct thread *from, struct thread *to, struct reply *reply,
		      tag_t tag, uint64_t badge)
{
	bool is_call = from->flags & THREAD_CALL, is_fault = from->flags & THREAD_FAULTED;

	transfer_message(from, to, tag, badge);
	if (!is_call) {
		thread_wake(core, to);
		message_deliver(from, OK, 0, 0);
		thread_wake(core, from);
		return;
	}
	if (!reply) {
		thread_wake(core, to);
		call_unanswerable(core, from);
		return;
	}
	reply_set(reply, REPLY_PENDING, from);
	reply->is_fault = is_fault;
	reply->is_slow = !from->running || slot_is_empty(&from->vspace) || from->head.home != reply->home;
	from->flags &= ~THREAD_CALL;
	from->state = THREAD_ANSWER;
	from->reply = reply;
	if (!to->running && from->running && to->head.home == from->head.home &&
	    !(to->own && from->running->is_used_up)) {
		thread_unready(from);
		reply_lend(reply, from->running, to);
	}
	thread_wake(core, to);
}

static void send_or_wait(struct core *core, struct thread *thread, struct endpoint *endpoint, tag_t tag,
			 uint64_t badge, bool may_block)
{
	struct thread *receiver = endpoint_receiver_any(core, endpoint);

	if (receiver) {
		struct reply *reply = receiver->reply;

		message_stop_receiving(receiver);
		hand_over(core, thread, receiver, reply, tag, badge);
	} else if (may_block) {
		thread->badge = badge;
		endpoint_wait_send(endpoint, thread);
	} else {
		fail(thread, ERR_NOT_READY);
	}
}

static void send_endpoint(struct core *core, struct thread *thread, struct slot *slot, bool may_block)
{
	tag_t tag = *regs_tag(&thread->regs);
	err_t err = slot->rights & ENDPOINT_SEND ? OK : ERR_CAP_RIGHTS;

	if (!err)
		err = transfer_check(thread, tag, slot->rights & ENDPOINT_GRANT, false);
	if (!err && take_cancel(thread))
		err = ERR_CANCELLED;
	if (err)
		fail(thread, err);
	else
		send_or_wait(core, thread, slot_object(slot), tag, slot->data, may_block);
}

// --- answering

static void resume_faulted(struct thread *from, struct thread *caller, tag_t tag)
{
	caller->flags &= ~(THREAD_FAULTED | THREAD_CALL);
	if (tag_label(tag) == FAULT_REPLY_JUMP)
		caller->regs.ip = *regs_word(&from->regs, 0);  // answer() has looked at it
}

// Answer a pending Reply with the message in the thread's registers. On an error nothing was answered.
static err_t answer(struct core *core, struct thread *thread, struct reply *reply, unsigned *done)
{
	tag_t tag = *regs_tag(&thread->regs);
	struct thread *caller = reply->thread;

	*done = 0;
	if (reply->state == REPLY_CANCELLED) {
		reply->state = REPLY_IDLE;
		return ERR_CANCELLED;
	}
	if (reply->state != REPLY_PENDING)
		return ERR_NO_REPLY;
	err_t err = transfer_check(thread, tag, true, true);

	if (!err && reply->is_fault && tag_label(tag) == FAULT_REPLY_JUMP &&
	    *regs_word(&thread->regs, 0) >= USER_END)
		err = ERR_RANGE;
	if (!err)
		err = transfer_items(core, thread, caller, tag, reply->is_fault, done);
	if (err)
		return err;
	if (reply->is_fault)
		resume_faulted(thread, caller, tag);
	else
		transfer_message(thread, caller, tag, 0);
	reply_cut(reply, REPLY_IDLE);
	thread_wake(core, caller);
	return OK;
}

// The Reply that rdx (or rdi) names; *err says why there is none.
static struct reply *find_reply(const struct thread *thread, uint64_t index, err_t *err)
{
	struct slot *slot = cspace_find_used(thread, index);

	*err = !slot ? ERR_CAP_INVALID : slot->type != TYPE_REPLY ? ERR_CAP_TYPE
			 : !(slot->rights & REPLY_REPLY)	  ? ERR_CAP_RIGHTS
								  : OK;
	return *err ? NULL : slot_object(slot);
}

static void fail_answer(struct thread *thread, err_t err, unsigned done)
{
	uint64_t words[3] = {0, 0, done};

	message_deliver(thread, err, 0, TAG(0, 3));
	message_set_words(thread, words, 3);
}

static void send_reply(struct core *core, struct thread *thread, struct slot *slot)
{
	unsigned done = 0;
	err_t err = slot->rights & REPLY_REPLY ? answer(core, thread, slot_object(slot), &done) : ERR_CAP_RIGHTS;

	if (err)
		fail_answer(thread, err, done);
	else
		message_deliver(thread, OK, 0, 0);
}

void ipc_send(struct core *core, struct thread *thread, struct slot *slot, bool may_block)
{
	thread->flags &= ~THREAD_CALL;
	if (!slot) {
		fail(thread, ERR_CAP_INVALID);
	} else if (slot->type == TYPE_ENDPOINT) {
		send_endpoint(core, thread, slot, may_block);
	} else if (slot->type == TYPE_REPLY) {
		send_reply(core, thread, slot);
	} else if (slot->type != TYPE_NOTIFICATION) {
		fail(thread, ERR_CAP_TYPE);
	} else if (!(slot->rights & NOTIFICATION_SIGNAL)) {
		fail(thread, ERR_CAP_RIGHTS);
	} else {
		message_deliver(thread, OK, 0, 0);
		notification_signal(core, slot_object(slot), slot->data);
	}
}

void ipc_call(struct core *core, struct thread *thread, struct slot *slot)
{
	thread->flags |= THREAD_CALL;
	send_endpoint(core, thread, slot, true);
}

// --- receiving

static void take_sender(struct core *core, struct thread *sender, struct thread *thread, struct reply *reply)
{
	list_remove(&sender->queue);
	watch_refresh(sender->endpoint);
	sender->endpoint = NULL;
	hand_over(core, sender, thread, reply, *regs_tag(&sender->regs), sender->badge);
}

static bool take_bound(struct thread *thread)
{
	uint64_t bits = thread->bound ? notification_take(thread->bound) : 0;

	if (bits)
		message_deliver(thread, OK, bits, (tag_t)KIND_NOTIFICATION << TAG_KIND_SHIFT);
	return bits;
}

static void receive_endpoint(struct core *core, struct thread *thread, struct endpoint *endpoint,
			     struct reply *reply, bool may_block)
{
	struct thread *sender;
	struct slot *dead;

	if (take_bound(thread))
		return;
	if ((dead = watch_take(endpoint)))
		endpoint_deliver_dead(thread, dead);
	else if ((sender = endpoint_sender(endpoint)))
		take_sender(core, sender, thread, reply);
	else if (may_block && take_cancel(thread))
		fail(thread, ERR_CANCELLED);
	else if (may_block)
		endpoint_wait_receive(core, endpoint, thread, reply);
	else
		fail(thread, ERR_NOT_READY);
}

static void receive_notification(struct core *core, struct thread *thread, struct slot *slot, bool may_block)
{
	struct notification *notification = slot_object(slot);

	if (!(slot->rights & NOTIFICATION_WAIT)) {
		fail(thread, ERR_CAP_RIGHTS);
		return;
	}
	uint64_t bits = notification_take(notification);

	if (bits)
		message_deliver(thread, OK, bits, (tag_t)KIND_NOTIFICATION << TAG_KIND_SHIFT);
	else if (may_block && take_cancel(thread))
		fail(thread, ERR_CANCELLED);
	else if (may_block)
		notification_wait(core, notification, thread);
	else
		fail(thread, ERR_NOT_READY);
}

// Check what a receive on an endpoint needs: the capability, and a Reply that is free.
static err_t receive_check(const struct thread *thread, const struct slot *slot, struct reply **reply)
{
	uint64_t index = *regs_reply((struct arch_registers *)&thread->regs);
	err_t err = OK;

	*reply = NULL;
	if (slot->type != TYPE_ENDPOINT)
		return ERR_CAP_TYPE;
	if (!(slot->rights & ENDPOINT_RECV))
		return ERR_CAP_RIGHTS;
	if (index)
		*reply = find_reply(thread, index, &err);
	return err;
}

static bool reply_is_free(const struct reply *reply)
{
	return !reply || reply->state == REPLY_IDLE || reply->state == REPLY_CANCELLED;
}

void ipc_receive(struct core *core, struct thread *thread, struct slot *slot, bool may_block)
{
	struct reply *reply;

	if (!slot) {
		fail(thread, ERR_CAP_INVALID);
		return;
	}
	if (slot->type == TYPE_NOTIFICATION) {
		receive_notification(core, thread, slot, may_block);
		return;
	}
	err_t err = receive_check(thread, slot, &reply);

	if (!err && !reply_is_free(reply))
		err = ERR_BUSY;
	if (err)
		fail_at(thread, err, reply ? 2 : 0);
	else
		receive_endpoint(core, thread, slot_object(slot), reply, may_block);
}

void ipc_reply_receive(struct core *core, struct thread *thread, struct slot *slot)
{
	struct reply *reply = NULL;
	unsigned done = 0;
	err_t err = slot ? receive_check(thread, slot, &reply) : ERR_CAP_INVALID;

	if (!err && !reply)
		err = ERR_CAP_INVALID;
	if (!err)
		err = answer(core, thread, reply, &done);
	if (err)
		fail_answer(thread, err, done);
	else
		receive_endpoint(core, thread, slot_object(slot), reply, true);
}

// --- faults

// The first task has nobody above it. Without it nothing is ever mended: that is the end, and is said.
static _Noreturn void first_died(unsigned label, const uint64_t *words)
{
	const char *access = words[2] & FAULT_ACCESS_EXECUTE ? "execute"
			     : words[2] & FAULT_ACCESS_WRITE ? "write" : "read";

	if (label == FAULT_PAGE)
		panic("the first task died: page fault at %lx (%s), ip %lx, sp %lx", words[1], access,
		      words[0], words[3]);
	if (label == FAULT_EXCEPTION)
		panic("the first task died: exception %lu, error code %lx, ip %lx, sp %lx", words[1],
		      words[2], words[0], words[3]);
	panic("the first task died: system call %lu, which is none of the kernel's, ip %lx", words[1],
	      words[0]);
}

void ipc_fault(struct core *core, struct thread *thread, unsigned label, const uint64_t *words, unsigned count)
{
	struct slot *slot = &thread->fault;

	thread->flags |= THREAD_FULL;
	if (slot_is_empty(slot)) {
		if (thread->flags & THREAD_FIRST)
			first_died(label, words);
		thread->state = THREAD_STOPPED;
		return;
	}
	thread->flags |= THREAD_FAULTED | THREAD_CALL;
	thread->fault_label = label;
	thread->fault_words = count;
	for (unsigned i = 0; i < MSG_WORDS_REGISTERS; i++)
		thread->fault_word[i] = i < count ? words[i] : 0;
	thread->badge = slot->data;
	send_or_wait(core, thread, slot_object(slot), 0, slot->data, true);
}

void ipc_used_up(struct core *core, struct sched_context *context)
{
	struct thread *thread = context->user;
	uint64_t words[] = {arch_register_get(&thread->regs, REGISTER_IP), context->data,
			    context_consumed(core, context)};

	if (thread != context->thread && thread->own && !thread->own->is_used_up)
		context_withdraw(context);
	else if (thread->flags & THREAD_TIMEOUT && !slot_is_empty(&thread->fault))
		ipc_fault(core, thread, FAULT_TIMEOUT, words, 3);
}
