// SchedContext and SchedControl.
//
// Invariant: a context has a user exactly while that thread's `running` is it; its bound thread runs on
// it unless it is lent, or it is its reserve.
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
	if (context->thread)
		context->thread->own = NULL;
	context->thread = NULL;
	context_withdraw(context);
}

// The context's core has something new to set its timer for.
static void timer_look(const struct invocation *call, const struct sched_context *context)
{
	if (context_core(context) != call->core)
		arch_core_signal(context_core(context));
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

static err_t bind(struct invocation *call, bool is_reserve)
{
	struct sched_context *context = context_of(call);
	struct slot *slot;
	err_t err = optional_cap(call, TYPE_THREAD, THREAD_CONTROL, &slot);

	if (err)
		return err;
	struct thread *thread = slot ? slot_object(slot) : NULL;

	if (thread && (!context->configured || thread->own))
		return invocation_fail(call, context->configured ? ERR_BUSY : ERR_STATE, 1, 0);
	context_unbind(context);
	if (!thread)
		return OK;
	if (thread->running && thread->head.home != context->core)  // lent time is the old core's
		context_withdraw(thread->running);
	thread_move(thread, context->core);
	context->thread = thread;
	thread->own = context;
	context->is_reserve = is_reserve;
	context_refresh(context);
	if (thread->running && !is_reserve)
		context_withdraw(thread->running);
	else if (!thread->running && thread->state == THREAD_READY)
		thread_wake(call->core, thread);
	if (!thread->running && !is_reserve)
		context_lend(context, thread);
	return OK;
}

err_t schedcontext_bind(struct invocation *call) { return bind(call, false); }
err_t schedcontext_bind_reserve(struct invocation *call) { return bind(call, true); }

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

	call->out[0] = context->deadline == ~0ull ? 0 : context->deadline;
	call->out_count = 1;
	context->deadline = call->arg[0] ? min_u64(call->arg[0], ~0ull - 1) : ~0ull;
	context_plan(context_core(context), context);
	timer_look(call, context);
	return OK;
}

err_t schedcontext_consumed(struct invocation *call)
{
	struct sched_context *context = context_of(call);

	call->out[0] = context_consumed(context_core(context), context);
	call->out_count = 1;
	return OK;
}

err_t schedcontext_watch(struct invocation *call)
{
	struct sched_context *context = context_of(call);

	if (call->arg[0] > (CONTEXT_BLOCKED | CONTEXT_UNBLOCKED | CONTEXT_USED_UP))
		return invocation_fail(call, ERR_RANGE, 1, CONTEXT_BLOCKED | CONTEXT_UNBLOCKED | CONTEXT_USED_UP);
	call->out[0] = context->happened;
	call->out_count = 1;
	context->happened = 0;
	context->has_news = false;
	context->events = (uint8_t)call->arg[0];
	context_refresh(context);
	context_plan(context_core(context), context);
	timer_look(call, context);
	return OK;
}

err_t schedcontext_yield_to(struct invocation *call)
{
	struct sched_context *context = context_of(call), *own = call->caller->running;
	bool is_ready = context_put_first(context_core(context), context);

	call->out[0] = is_ready;
	call->out_count = 1;
	if (is_ready && own != context && own->core == context->core && own->priority == context->priority)
		sched_yield(call->core);
	return OK;
}

err_t schedcontrol_set_budget(struct invocation *call)
{
	struct sched_context *context = slot_object(call->cap[0]);
	uint64_t budget = call->arg[1], period = call->arg[2];

	if (budget && budget < BUDGET_MIN)
		return invocation_fail(call, ERR_RANGE, 2, BUDGET_MIN);
	if (period < budget || period >> 62)
		return invocation_fail(call, ERR_RANGE, 3, period < budget ? budget : BIT(62));
	context->budget = budget;
	context->period = period;
	context->data = call->arg[3];
	context_refresh(context);
	context_unplan(context_core(context), context);
	context_refill(context_core(context), context, arch_time());
	timer_look(call, context);
	return OK;
}

// To another core. Lent time comes back before: a call to another core never lends.
static void context_move(struct sched_context *context, unsigned number)
{
	struct thread *thread = context->thread;

	if (context->core == number)
		return;
	if (context->user && context->user != thread)
		context_withdraw(context);
	if (thread && thread->running && thread->running != context)
		context_withdraw(thread->running);
	if (thread)
		thread_move(thread, number);
	context->core = (uint16_t)number;
}

err_t schedcontrol_configure(struct invocation *call)
{
	struct sched_context *context = slot_object(call->cap[0]);
	struct core *core = &kernel.core[call->slot->object];
	struct thread *user;

	if (call->arg[1] > call->slot->data)
		return invocation_fail(call, ERR_RANGE, 2, call->slot->data);
	context_unplan(context_core(context), context);
	context_move(context, core->number);
	user = context->user;
	if (user)
		thread_unready(user);
	context_configure(context, (unsigned)call->arg[1], call->arg[2]);
	context_plan(core, context);
	if (user && user->state == THREAD_READY)
		thread_wake(call->core, user);
	timer_look(call, context);
	return OK;
}

err_t schedcontrol_counters(struct invocation *call)
{
	const struct core_counters *counters = &kernel.core[call->slot->object].counters;

	call->out[0] = __atomic_load_n(&counters->waits, __ATOMIC_RELAXED);
	call->out[1] = counters->requests;
	call->out[2] = counters->crossings;
	call->out_count = 3;
	return OK;
}

bool schedcontext_empty(struct core *core, struct object *object, unsigned *budget)
{
	struct sched_context *context = (struct sched_context *)(void *)object;

	(void)core, (void)budget;
	context_unplan(context_core(context), context);
	list_remove(&context->binding);
	context_unbind(context);
	return true;
}
