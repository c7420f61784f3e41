// Each of these does what ipc.c and sched_finish do for the same call, or declines before it has written
// anything; tests/unit/kernel_fast.c compares the two. What declines: whatever needs all locks, a context that
// is limited, who has no time of its own, a cancel to be taken.
#include "syscall/short.h"

#include "cap/cspace.h"
#include "object/endpoint.h"
#include "object/message.h"
#include "object/notification.h"
#include "sched/sched.h"

#define NEWS ((tag_t)KIND_NOTIFICATION << TAG_KIND_SHIFT)

static void set_bits(struct notification *notification, uint64_t bits)
{
	notification->bits = bits;
	if (notification->bound)
		thread_set_fast_tags(notification->bound);
}

// Who hears of a signal at once: the first that waits, or the bound thread while it receives.
static struct thread *hearer(const struct notification *notification)
{
	struct thread *bound = notification->bound;

	if (!list_is_empty(&notification->waiters))
		return LIST_ENTRY(notification->waiters.next, struct thread, queue);
	return bound && bound->state == THREAD_RECEIVING ? bound : NULL;
}

static void stop_hearing(struct thread *thread)
{
	if (thread->state == THREAD_RECEIVING) {
		message_stop_receiving(thread);
	} else {
		list_remove(&thread->queue);
		thread->waiting = NULL;
	}
}

// The thread, which waits, gets the message: of an endpoint the words of the sender, of a notification its bits.
static void deliver(struct thread *to, const struct thread *from, const struct slot *slot)
{
	if (slot->type == TYPE_NOTIFICATION) {
		stop_hearing(to);
		message_deliver(to, OK, slot->data, NEWS);
	} else {
		stop_receiving(to);
		message_deliver_head(to, OK, slot->data, *regs_tag((struct arch_registers *)&from->regs));
		regs_set_words(&to->regs, from->regs.word);
	}
}

static bool may_signal(const struct core *core, const struct slot *slot)
{
	const struct object *notification = slot_object(slot);

	return slot->rights & NOTIFICATION_SIGNAL && notification->home == core->number && slot->data;
}

static enum syscall_way send(struct core *core, struct thread *thread, const struct slot *slot)
{
	struct thread *to;

	if (!slot || *regs_tag(&thread->regs) >= thread->fast_tags)
		return WAY_SLOW;
	if (slot->type == TYPE_NOTIFICATION && may_signal(core, slot))
		to = hearer(slot_object(slot));
	else if (slot->type != TYPE_ENDPOINT || !(slot->rights & ENDPOINT_SEND) ||
		 !(to = endpoint_receiver(core, slot_object(slot))))
		return WAY_SLOW;
	if (to && !sched_may_resume(core, to))
		return WAY_SLOW;
	thread->flags &= ~(THREAD_FULL | THREAD_CALL);
	if (!to) {
		struct notification *notification = slot_object(slot);

		set_bits(notification, notification->bits | slot->data);
		return WAY_PLAIN;
	}
	deliver(to, thread, slot);
	if (!sched_resume(core, to))
		return WAY_PLAIN;
	message_deliver(thread, OK, 0, 0);
	return WAY_SHORT;
}

static enum syscall_way wait(struct core *core, struct thread *thread, const struct slot *slot, bool may_block)
{
	if (!(slot->rights & NOTIFICATION_WAIT))
		return WAY_SLOW;
	struct notification *notification = slot_object(slot);
	uint64_t bits = notification->bits;
	struct thread *next;

	if (notification->head.home != core->number)
		return WAY_SLOW;
	if (bits) {
		set_bits(notification, 0);
		*regs_cap(&thread->regs) = bits;
		*regs_tag(&thread->regs) = NEWS;
		thread->flags &= ~(THREAD_FULL | THREAD_CALL);
		return WAY_NEWS;
	}
	if (!may_block || !thread->fast_tags || !(next = sched_successor(core)))
		return WAY_SLOW;
	thread->flags &= ~THREAD_FULL;
	notification_wait(core, notification, thread);
	sched_leave(core, next);
	return WAY_SHORT;
}

// The Reply that a receive offers (*reply, null: none): it is free, and at home here.
static bool find_reply(const struct core *core, const struct thread *thread, struct reply **reply)
{
	uint64_t index = *regs_reply((struct arch_registers *)&thread->regs);
	const struct slot *slot = cspace_find_used(thread, index);

	*reply = NULL;
	if (!index)
		return true;
	if (!slot || slot->type != TYPE_REPLY || !(slot->rights & REPLY_REPLY))
		return false;
	*reply = slot_object(slot);
	return (*reply)->state == REPLY_IDLE && (*reply)->home == core->number;
}

// Nothing is there to take: the thread waits.
static enum syscall_way receive(struct core *core, struct thread *thread, const struct slot *slot)
{
	struct endpoint *endpoint = slot_object(slot);
	struct thread *next;
	struct reply *reply;

	if (!(slot->rights & ENDPOINT_RECV) || endpoint->core[core->number].fast != ENDPOINT_IDLE ||
	    !thread->fast_tags || !find_reply(core, thread, &reply) || !(next = sched_successor(core)))
		return WAY_SLOW;
	thread->flags &= ~THREAD_FULL;
	endpoint_wait_receive(core, endpoint, thread, reply);
	sched_leave(core, next);
	return WAY_SHORT;
}

static enum syscall_way yield(struct core *core, struct thread *thread)
{
	struct thread *next;

	if (sched_yield_alone(core)) {
		thread->flags &= ~(THREAD_FULL | THREAD_CALL);
		return WAY_PLAIN;
	}
	if (thread->running->is_limited || !(next = sched_successor(core)))
		return WAY_SLOW;
	message_deliver(thread, OK, 0, 0);
	sched_yield_to(core, next);
	return WAY_SHORT;
}

enum syscall_way short_call(struct core *core, struct thread *thread)
{
	const struct slot *slot = cspace_find_used(thread, *regs_cap(&thread->regs));
	uint64_t number = *regs_error(&thread->regs) - SYSCALL_BASE;

	if (number == SYSCALL_SEND || number == SYSCALL_NB_SEND)
		return send(core, thread, slot);
	if (slot && slot->type == TYPE_NOTIFICATION && (number == SYSCALL_RECV || number == SYSCALL_NB_RECV))
		return wait(core, thread, slot, number == SYSCALL_RECV);
	if (slot && slot->type == TYPE_ENDPOINT && number == SYSCALL_RECV)
		return receive(core, thread, slot);
	return number == SYSCALL_YIELD ? yield(core, thread) : WAY_SLOW;
}
