// The kernel's entry points: what ports call for each way into the kernel. Each takes the locks it
// needs, does its work on the current thread's saved registers, and decides who runs next.
#include "base/print.h"
#include "cap/cspace.h"
#include "cap/delete.h"
#include "object/interrupt.h"
#include "object/message.h"
#include "object/notification.h"
#include "sched/lock.h"
#include "sched/sched.h"
#include "syscall/invoke.h"
#include "syscall/ipc.h"

#define EXPIRIES_MAX 8

static void call(struct core *core, struct thread *thread, struct slot *slot)
{
	if (!slot)
		message_deliver(thread, ERR_CAP_INVALID, 0, 0);
	else if (slot->type == TYPE_ENDPOINT)
		ipc_call(core, thread, slot);
	else
		invoke(core, thread, slot);
}

static void dispatch(struct core *core, struct thread *thread, struct slot *slot, unsigned number)
{
	switch (number) {
	case SYSCALL_CALL:
		call(core, thread, slot);
		break;
	case SYSCALL_REPLY_RECV:
		ipc_reply_receive(core, thread, slot);
		break;
	case SYSCALL_SEND:
	case SYSCALL_NB_SEND:
		ipc_send(core, thread, slot, number == SYSCALL_SEND);
		break;
	case SYSCALL_RECV:
	case SYSCALL_NB_RECV:
		ipc_receive(core, thread, slot, number == SYSCALL_RECV);
		break;
	case SYSCALL_YIELD:
		message_deliver(thread, OK, 0, 0);
		sched_yield(core);
		break;
	default:
		message_deliver(thread, ERR_SYSCALL, 0, 0);
	}
}

void kernel_syscall(struct core *core)
{
	struct thread *thread = core->current;
	unsigned number = (unsigned)(*regs_error(&thread->regs) - SYSCALL_BASE);

	lock_local(core);
	sched_enter(core);
	thread->flags &= ~THREAD_FULL;
	struct slot *slot = cspace_find_used(thread, *regs_cap(&thread->regs));

	if (ipc_needs_all(core, thread, slot, number)) {
		lock_release(core);
		lock_all(core);
		slot = cspace_find_used(thread, *regs_cap(&thread->regs));
	}
	if (core->current == thread && thread->state == THREAD_READY)
		dispatch(core, thread, slot, number);
	sched_finish(core);
	lock_release(core);
}

void kernel_foreign(struct core *core)
{
	struct thread *thread = core->current;
	uint64_t words[MSG_WORDS_REGISTERS];

	regs_foreign(&thread->regs, words);
	lock_all(core);
	sched_enter(core);
	ipc_fault(core, thread, FAULT_SYSCALL, words, 8);
	sched_finish(core);
	lock_release(core);
}

void kernel_interrupt(struct core *core, unsigned vector)
{
	lock_all(core);
	sched_enter(core);
	interrupt_deliver(core, vector);
	sched_finish(core);
	lock_release(core);
}

void kernel_timer(struct core *core)
{
	uint64_t now = arch_time();
	struct sched_context *context;
	unsigned budget = DELETE_BUDGET;
	bool tells;

	if (kernel.dying_first || (core->current && core->current->flags & THREAD_TIMEOUT))
		lock_all(core);
	else
		lock_local(core);
	sched_enter(core);
	if (kernel.dying_first)
		(void)reap(core, &budget);
	if ((context = sched_timer(core, now)))
		ipc_used_up(core, context);
	for (unsigned i = 0; i < EXPIRIES_MAX && (context = context_take_due(core, now, &tells)); i++)
		if (tells && context->notification)
			notification_signal(core, context->notification, context->badge);
	sched_finish(core);
	lock_release(core);
}

void kernel_page_fault(struct core *core, uint64_t address, unsigned access)
{
	struct thread *thread = core->current;
	uint64_t words[4] = {thread->regs.ip, address, access,
			     thread->regs.sp};

	lock_all(core);
	sched_enter(core);
	ipc_fault(core, thread, FAULT_PAGE, words, 4);
	sched_finish(core);
	lock_release(core);
}

void kernel_exception(struct core *core, unsigned vector, uint64_t error)
{
	struct thread *thread = core->current;
	uint64_t words[4] = {thread->regs.ip, vector, error,
			     thread->regs.sp};

	lock_all(core);
	sched_enter(core);
	ipc_fault(core, thread, FAULT_EXCEPTION, words, 4);
	sched_finish(core);
	lock_release(core);
}
