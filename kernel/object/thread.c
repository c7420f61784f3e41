// Thread: its slots, registers, life, redirection and upcalls.
#include "cap/cspace.h"
#include "cap/delete.h"
#include "cap/derive.h"
#include "cap/slot.h"
#include "object/invocation.h"
#include "object/message.h"
#include "object/notification.h"
#include "object/ops.h"
#include "sched/sched.h"

static struct thread *thread_of(const struct invocation *call)
{
	struct thread *thread = slot_object(call->slot);

	thread_capture(thread);
	return thread;
}

// Put a child of `source` (null: nothing) into one of the thread's slots. The old one is deleted.
static bool slot_replace(struct core *core, struct slot *slot, const struct derivation *with, unsigned *budget)
{
	if (!slot_is_empty(slot) && !slot_delete(core, slot, budget))
		return false;
	if (with->source)
		derive_commit(with, slot);
	return true;
}

err_t thread_set_space(struct invocation *call)
{
	struct thread *thread = thread_of(call);
	struct derivation cspace, vspace, fault = {0};
	unsigned budget = DELETE_BUDGET;

	if (thread == call->core->loaded && thread != call->caller) {
		arch_thread_save(call->core, thread);
		arch_thread_forget(call->core, thread);
	}
	if (thread == call->caller)
		return invocation_fail(call, ERR_STATE, 0, 0);
	if (derive_check_whole(call->cap[0], &cspace) || derive_check_whole(call->cap[1], &vspace))
		return invocation_fail(call, ERR_CAP_TYPE, 1, 0);
	if (call->arg[2]) {
		struct slot *slot = cspace_find(call->caller, call->arg[2]);

		if (!slot || slot->type != TYPE_ENDPOINT)
			return invocation_fail(call, ERR_CAP_TYPE, 3, TYPE_ENDPOINT);
		if (!(slot->rights & ENDPOINT_SEND) || !(slot->rights & ENDPOINT_GRANT))
			return invocation_fail(call, ERR_CAP_RIGHTS, 3, ENDPOINT_SEND | ENDPOINT_GRANT);
		if (derive_check_whole(slot, &fault))
			return invocation_fail(call, ERR_CAP_TYPE, 3, TYPE_ENDPOINT);
	}
	if (!slot_replace(call->core, &thread->cspace, &cspace, &budget) ||
	    !slot_replace(call->core, &thread->vspace, &vspace, &budget) ||
	    !slot_replace(call->core, &thread->fault, &fault, &budget))
		return RESTART;
	thread->vspace.flags |= SLOT_THREAD;
	return reap(call->core, &budget) ? OK : RESTART;
}

err_t thread_set_block(struct invocation *call)
{
	struct thread *thread = thread_of(call);
	struct slot *frame = call->cap[0];
	struct derivation derivation;
	unsigned budget = DELETE_BUDGET;

	if (frame->flags & SLOT_DEVICE)
		return invocation_fail(call, ERR_ARGUMENT, 1, 0);
	if (derive_check_whole(frame, &derivation))
		return invocation_fail(call, ERR_CAP_TYPE, 1, TYPE_FRAME);
	thread->block = NULL;
	if (!slot_replace(call->core, &thread->block_frame, &derivation, &budget))
		return RESTART;
	thread->block_frame.flags |= SLOT_THREAD;
	thread->block = arch_phys_to_virt(frame->object * PAGE_SIZE);
	thread->block_address = call->arg[1];
	return OK;
}

COLD err_t thread_bind(struct invocation *call)
{
	struct thread *thread = thread_of(call);
	struct slot *slot = call->arg[0] ? cspace_find(call->caller, call->arg[0]) : NULL;

	if (call->arg[0] && (!slot || slot->type != TYPE_NOTIFICATION))
		return invocation_fail(call, ERR_CAP_TYPE, 1, TYPE_NOTIFICATION);
	if (slot && !(slot->rights & NOTIFICATION_WAIT))
		return invocation_fail(call, ERR_CAP_RIGHTS, 1, NOTIFICATION_WAIT);
	if (slot && ((struct notification *)slot_object(slot))->bound)
		return invocation_fail(call, ERR_BUSY, 1, 0);
	notification_unbind(thread);
	if (slot) {
		thread->bound = slot_object(slot);
		thread->bound->bound = thread;
		notification_set_home(thread->bound, thread->head.home);
		notification_signal(call->core, thread->bound, 0);  // what it holds already
	}
	return OK;
}

err_t thread_read(struct invocation *call)
{
	struct thread *thread = thread_of(call);
	uint64_t value[REGISTER_COUNT];

	if (thread->state == THREAD_READY)
		return invocation_fail(call, ERR_STATE, 0, 0);
	if (!call->caller->block)
		return invocation_fail(call, ERR_BLOCK, 0, 0);
	arch_thread_save(call->core, thread);
	for (unsigned i = 0; i < REGISTER_COUNT; i++)
		value[i] = arch_register_get(&thread->regs, i);
	for (unsigned i = 0; i < MSG_WORDS_REGISTERS; i++)
		call->out[i] = value[i];
	for (unsigned i = MSG_WORDS_REGISTERS; i < REGISTER_COUNT; i++)
		call->caller->block->words[i - MSG_WORDS_REGISTERS] = value[i];
	call->out_count = REGISTER_COUNT;
	return OK;
}

err_t thread_write(struct invocation *call)
{
	struct thread *thread = thread_of(call);
	struct arch_registers regs = {0};
	const struct abi_block *block = call->caller->block;
	uint64_t mask = call->arg[0] & (BIT(REGISTER_COUNT) - 1);

	if (thread->state == THREAD_READY)
		return invocation_fail(call, ERR_STATE, 0, 0);
	if (call->words < 1 + REGISTER_COUNT)
		return invocation_fail(call, ERR_TAG, 2, 1 + REGISTER_COUNT);
	if (!block)
		return invocation_fail(call, ERR_BLOCK, 0, 0);
	arch_thread_save(call->core, thread);
	if (call->arg[0] & THREAD_WRITE_FRESH)
		arch_registers_init(&regs);
	else
		regs = thread->regs;
	for (; mask; mask &= mask - 1) {
		unsigned i = lowest_bit(mask);
		uint64_t value = i + 1 < MSG_WORDS_REGISTERS ? call->arg[i + 1]
							     : block->words[i + 1 - MSG_WORDS_REGISTERS];

		if (!arch_register_set(&regs, i, value))
			return invocation_fail(call, ERR_RANGE, 2, USER_END);
	}
	if (call->core->loaded == thread)
		arch_thread_forget(call->core, thread);
	if (call->arg[0] & THREAD_WRITE_FRESH) {
		thread->fpu = (struct arch_fpu){0};
		arch_fpu_init(&thread->fpu);
		thread->flags &= ~THREAD_STICKY;
		thread_set_fast_tags(thread);
	}
	thread->regs = regs;
	thread->flags |= THREAD_FULL;
	thread_make_slow(thread);
	return OK;
}

err_t thread_suspend(struct invocation *call)
{
	struct thread *thread = thread_of(call);

	thread_unready(thread);
	if (thread->state != THREAD_READY) {
		message_break_off(thread, ERR_CANCELLED);
		return OK;
	}
	thread->state = THREAD_STOPPED;
	if (thread == call->caller)  // this very call is what is under way
		message_deliver(thread, ERR_CANCELLED, 0, 0);
	return OK;
}

err_t thread_resume(struct invocation *call)
{
	struct thread *thread = thread_of(call);

	if (thread->state != THREAD_STOPPED)
		return OK;
	if (slot_is_empty(&thread->vspace))
		return invocation_fail(call, ERR_STATE, 0, 0);
	thread_wake(call->core, thread);
	return OK;
}

static bool is_user(uint64_t address)
{
	return address < USER_END;
}

COLD err_t thread_set_redirect(struct invocation *call)
{
	struct thread *thread = thread_of(call);

	for (unsigned i = 0; i < 6; i++)
		if (call->arg[i] > USER_END)
			return invocation_fail(call, ERR_RANGE, i + 1, USER_END);
	if (!is_user(call->arg[0]) || !is_user(call->arg[5]))
		return invocation_fail(call, ERR_RANGE, is_user(call->arg[0]) ? 6 : 1, USER_END);
	if (call->arg[0] && !thread->block)
		return invocation_fail(call, ERR_BLOCK, 0, 0);
	thread->redirect = call->arg[0];
	thread->library_start = call->arg[1];
	thread->library_end = call->arg[2];
	thread->exit_start = call->arg[3];
	thread->exit_end = call->arg[4];
	thread->slow_exit = call->arg[5];
	return OK;
}

err_t thread_upcall(struct invocation *call)
{
	struct thread *thread = thread_of(call);
	uint64_t ip = arch_register_get(&thread->regs, REGISTER_IP);

	if (!is_user(call->arg[0]))
		return invocation_fail(call, ERR_RANGE, 1, USER_END);
	if (!thread->block)
		return invocation_fail(call, ERR_BLOCK, 0, 0);
	call->out_count = 1;
	if (ip >= thread->exit_start && ip < thread->exit_end) {
		arch_register_set(&thread->regs, REGISTER_IP, thread->slow_exit);
		return OK;
	}
	if (ip >= thread->library_start && ip < thread->library_end)
		return OK;
	thread->block->redirect_ip = ip;
	thread->block->redirect_flags = arch_register_get(&thread->regs, REGISTER_FLAGS);
	arch_register_set(&thread->regs, REGISTER_IP, call->arg[0]);
	arch_register_set(&thread->regs, REGISTER_FLAGS, 0);
	call->out[0] = 1;
	return OK;
}

COLD err_t thread_set_timeout(struct invocation *call)
{
	struct thread *thread = thread_of(call);

	if (call->arg[0] > 1)
		return invocation_fail(call, ERR_RANGE, 1, 1);
	thread->flags = (thread->flags & ~THREAD_TIMEOUT) | (call->arg[0] ? THREAD_TIMEOUT : 0);
	return OK;
}

err_t thread_cancel(struct invocation *call)
{
	struct thread *thread = thread_of(call);
	bool in_call = thread->state != THREAD_READY && thread->state != THREAD_STOPPED &&
		       !(thread->flags & THREAD_FAULTED);

	call->out_count = 1;
	if (!in_call || !(*regs_tag(&thread->regs) & TAG_INTERRUPTIBLE)) {
		thread->flags |= THREAD_STICKY;
		thread_set_fast_tags(thread);
		return OK;
	}
	message_break_off(thread, ERR_CANCELLED);
	thread_wake(call->core, thread);
	call->out[0] = 1;
	return OK;
}

// A dying thread leaves everything that it waits for and every link; its slots are deleted.
bool thread_empty(struct core *core, struct object *object, unsigned *budget)
{
	struct thread *thread = (struct thread *)(void *)object;
	struct slot *slots[] = {&thread->cspace, &thread->vspace, &thread->fault, &thread->block_frame};

	thread_capture(thread);
	thread_unready(thread);
	message_break_off(thread, ERR_DEAD);
	arch_thread_forget(core, thread);
	if (thread->own) {
		thread->own->thread = NULL;
		thread->own = NULL;
	}
	if (thread->running)
		context_lend(thread->running, NULL);
	if (core->current == thread)
		core->current = NULL;
	notification_unbind(thread);
	thread->block = NULL;
	for (unsigned i = 0; i < ARRAY_LENGTH(slots); i++) {
		if (slot_is_empty(slots[i]))
			continue;
		if (*budget == 0 || !slot_delete(core, slots[i], budget))
			return false;
	}
	return true;
}
