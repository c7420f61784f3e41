// Notification.
//
// Invariants: while a thread waits, no bit is set; bits are set only while nobody waits and the bound
// thread is not receiving. `home` is the home of all who wait and of the bound thread, or HOME_NONE.
#include "object/notification.h"

#include "object/message.h"
#include "object/ops.h"
#include "sched/sched.h"

uint64_t notification_take(struct notification *notification)
{
	uint64_t bits = notification->bits;

	notification->bits = 0;
	if (notification->bound)
		thread_set_fast_tags(notification->bound);
	return bits;
}

static void waiter_wake(struct core *core, struct thread *thread, err_t err, uint64_t bits)
{
	list_remove(&thread->queue);
	thread->waiting = NULL;
	message_deliver(thread, err, bits, (tag_t)KIND_NOTIFICATION << TAG_KIND_SHIFT);
	thread_wake(core, thread);
}

void notification_signal(struct core *core, struct notification *notification, uint64_t bits)
{
	struct thread *bound = notification->bound;

	notification->bits |= bits;
	if (!notification->bits)
		return;
	if (!list_is_empty(&notification->waiters)) {
		struct thread *thread = LIST_ENTRY(notification->waiters.next, struct thread, queue);

		waiter_wake(core, thread, OK, notification_take(notification));
	} else if (bound && bound->state == THREAD_RECEIVING) {
		message_stop_receiving(bound);
		message_deliver(bound, OK, notification_take(notification),
				(tag_t)KIND_NOTIFICATION << TAG_KIND_SHIFT);
		thread_wake(core, bound);
	} else if (bound) {
		thread_set_fast_tags(bound);
	}
}

void notification_set_home(struct notification *notification, unsigned number)
{
	const struct thread *bound = notification->bound;
	bool is_one = list_is_empty(&notification->waiters) && (!bound || bound->head.home == number);

	notification->head.home = is_one ? (uint8_t)number : HOME_NONE;
}

void notification_wait(struct core *core, struct notification *notification, struct thread *thread)
{
	if (notification->head.home != core->number)
		notification_set_home(notification, core->number);
	thread->state = THREAD_WAITING;
	thread->waiting = notification;
	list_append(&notification->waiters, &thread->queue);
}

void notification_unbind(struct thread *thread)
{
	if (thread->bound)
		thread->bound->bound = NULL;
	thread->bound = NULL;
	thread_set_fast_tags(thread);
}

// Sources begin with their list node's owner: contexts and interrupts both keep `binding` and
// `notification`; which one it is, the node's address tells.
static void source_cut(struct list *node)
{
	for (unsigned v = 0; v < VECTOR_COUNT; v++) {
		if (node == &kernel.interrupt[v].binding) {
			kernel.interrupt[v].notification = NULL;
			return;
		}
	}
	LIST_ENTRY(node, struct sched_context, binding)->notification = NULL;
}

bool notification_empty(struct core *core, struct object *object, unsigned *budget)
{
	struct notification *notification = (struct notification *)(void *)object;

	while (!list_is_empty(&notification->waiters) || !list_is_empty(&notification->sources)) {
		if (*budget == 0)
			return false;
		--*budget;
		if (!list_is_empty(&notification->waiters)) {
			waiter_wake(core, LIST_ENTRY(notification->waiters.next, struct thread, queue),
				    ERR_DEAD, 0);
			continue;
		}
		source_cut(notification->sources.next);
		list_remove(notification->sources.next);
	}
	if (notification->bound)
		notification_unbind(notification->bound);
	return true;
}
