// SchedContext and SchedControl.
//
// Invariant: a context has a user exactly while that thread's `running` is it; its bound thread runs on
// it unless it is lent.
#include "cap/cspace.h"
#include "object/invocation.h"
#include "object/message.h"
#include "object/ops.h"
#include "sched/sched.h"

static struct sched_context *context_of(const struct invocation *call)
{
	return slot_object(call->slot);
}

static void context_unbind(struct sched_context *context)
{
	context_recall(context);
	context_lend(context, NULL);
	if (context->thread)
		context->thread->own = NULL;
	context->thread = NULL;
}

// The index of an optional capability argument: null slot for 0.
static err_t optional_cap(struct invocation *call, unsigned type, unsigned rights, struct slot **out)
{
	struct slot *slot = call->arg[0] ? cspace_find(call->caller, call->arg[0]) : NULL;

	*out = slot;
	if (!call->arg[0])
		return OK;
	if (!slot || slot->type != type)
		return invocation_fail(call, ERR_CAP_TYPE, 1, type);
	if ((slot->rights & rights) != rights)
		return invocation_fail(call, ERR_CAP_RIGHTS, 1, rights);
	return OK;
}

err_t schedcontext_bind(struct invocation *call)
{
	struct sched_context *context = context_of(call);
	struct slot *slot;
	err_t err = optional_cap(call, TYPE_THREAD, THREAD_CONTROL, &slot);

	if (err)
		return err;
	struct thread *thread = slot ? slot_object(slot) : NULL;

	if (thread && (!context->configured || thread->own || thread->running))
		return invocation_fail(call, context->configured ? ERR_BUSY : ERR_STATE, 1, 0);
	context_unbind(context);
	if (!thread)
		return OK;
	context->thread = thread;
	thread->own = context;
	context_lend(context, thread);
	if (thread->state == THREAD_READY)
		thread_wake(call->core, thread);
	return OK;
}

err_t schedcontext_bind_notification(struct invocation *call)
{
	struct sched_context *context = context_of(call);
	struct slot *slot;
	err_t err = optional_cap(call, TYPE_NOTIFICATION, NOTIFICATION_SIGNAL, &slot);

	if (err)
		return err;
	list_remove(&context->binding);
	context->notification = NULL;
	if (slot) {
		context->notification = slot_object(slot);
		context->badge = slot->data;
		list_append(&context->notification->sources, &context->binding);
	}
	return OK;
}

err_t schedcontext_set_deadline(struct invocation *call)
{
	struct sched_context *context = context_of(call);
	struct core *core = context_core(context);

	call->out[0] = context->deadline == ~0ull ? 0 : context->deadline;
	call->out_count = 1;
	deadline_remove(core, context);
	if (call->arg[0])
		deadline_add(core, context, min_u64(call->arg[0], ~0ull - 1));
	return OK;
}

err_t schedcontext_consumed(struct invocation *call)
{
	struct sched_context *context = context_of(call);

	call->out[0] = context_consumed(call->core, context);
	call->out_count = 1;
	return OK;
}

err_t schedcontrol_configure(struct invocation *call)
{
	struct sched_context *context = slot_object(call->cap[0]);
	struct core *core = &kernel.core[call->slot->object];
	struct thread *user = context->user;
	uint64_t deadline = context->deadline;

	if (call->arg[1] > call->slot->data)
		return invocation_fail(call, ERR_RANGE, 2, call->slot->data);
	deadline_remove(context_core(context), context);
	if (user)
		thread_unready(context_core(context), user);
	context->core = (uint16_t)core->number;
	context_configure(context, (unsigned)call->arg[1], call->arg[2]);
	if (deadline != ~0ull)
		deadline_add(core, context, deadline);
	if (user && user->state == THREAD_READY)
		thread_wake(core, user);
	return OK;
}

bool schedcontext_empty(struct core *core, struct object *object, unsigned *budget)
{
	struct sched_context *context = (struct sched_context *)(void *)object;

	(void)core, (void)budget;
	deadline_remove(context_core(context), context);
	list_remove(&context->binding);
	context_unbind(context);
	return true;
}
