// The kernel's entry points: what ports call for each way into the kernel. Each takes the locks it
// needs, does its work on the current thread's saved registers, and decides who runs next.
#include "base/print.h"
#include "cap/cspace.h"
#include "cap/delete.h"
#include "mem/mailbox.h"
#include "object/interrupt.h"
#include "object/message.h"
#include "object/notification.h"
#include "sched/lock.h"
#include "sched/sched.h"
#include "syscall/invoke.h"
#include "syscall/ipc.h"
#include "syscall/short.h"

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

static void native(struct core *core, struct thread *thread)
{
	unsigned number = (unsigned)(*regs_error(&thread->regs) - SYSCALL_BASE);
	struct slot *slot = cspace_find_used(thread, *regs_cap(&thread->regs));

	thread->flags &= ~THREAD_FULL;
	if (ipc_needs_all(core, thread, slot, number) && lock_widen(core, SYSCALL_LENGTH)) {
		if (core->current != thread)
			return;
		slot = cspace_find_used(thread, *regs_cap(&thread->regs));
	}
	dispatch(core, thread, slot, number);
}

// While it waits for its lock a core may lose its thread, whose call is then not begun.
static __attribute__((noinline)) void syscall_locked(struct core *core, struct thread *thread)
{
	sched_enter(core);
	if (core->current == thread)
		native(core, thread);
	sched_finish(core);
	lock_release(core);
}

// (Out of line: a lock that is free and a short call need none of it.)
__attribute__((noinline)) void kernel_syscall_slow(struct core *core)
{
	struct thread *thread = core->current;

	lock_local(core, SYSCALL_LENGTH);
	syscall_locked(core, thread);
}

enum syscall_way kernel_syscall(struct core *core)
{
	struct thread *thread = core->current;
	enum syscall_way way = WAY_SLOW;

	if (!lock_try(&core->lock))
		kernel_syscall_slow(core);
	else if ((way = short_call(core, thread)))
		lock_drop(&core->lock);
	else
		syscall_locked(core, thread);
	return way;
}

// A fault of the current thread. If it loses the core meanwhile, it will do the same again.
static void fault(struct core *core, unsigned label, const uint64_t *words, unsigned count, unsigned rewind)
{
	struct thread *thread = core->current;

	lock_all(core, rewind);
	sched_enter(core);
	if (core->current == thread)
		ipc_fault(core, thread, label, words, count);
	sched_finish(core);
	lock_release(core);
}

void kernel_foreign(struct core *core)
{
	uint64_t words[MSG_WORDS_REGISTERS];

	regs_foreign(&core->current->regs, words);
	fault(core, FAULT_SYSCALL, words, 8, SYSCALL_LENGTH);
}

void kernel_interrupt(struct core *core, unsigned vector)
{
	lock_all(core, 0);
	sched_enter(core);
	interrupt_deliver(core, vector);
	sched_finish(core);
	lock_release(core);
}

// The next deadline has passed, and what it signals is not at home here.
static bool expiry_is_far(const struct core *core, uint64_t now)
{
	const struct sched_context *context = core->deadlines;

	return context && context->event <= now && context->notification &&
	       context->notification->head.home != core->number;
}

void kernel_timer(struct core *core)
{
	uint64_t now = arch_time();
	struct sched_context *context;
	unsigned budget = DELETE_BUDGET;
	bool tells;

	lock_local(core, 0);
	if (kernel.dying_first || (core->current && core->current->flags & THREAD_TIMEOUT) ||
	    expiry_is_far(core, now)) {
		(void)lock_widen(core, 0);
	}
	sched_enter(core);
	if (lock_is_all(core))
		(void)reap(core, &budget);
	if ((context = sched_timer(core, now)))
		ipc_used_up(core, context);
	for (unsigned i = 0; i < EXPIRIES_MAX && (lock_is_all(core) || !expiry_is_far(core, now)); i++) {
		if (!(context = context_take_due(core, now, &tells)))
			break;
		if (tells && context->notification)
			notification_signal(core, context->notification, context->badge);
	}
	sched_finish(core);
	lock_release(core);
}

void kernel_fpu(struct core *core)
{
	const struct thread *thread = core->current;

	lock_local(core, 0);
	sched_enter(core);
	if (core->current == thread)
		arch_fpu_give(core);
	else
		sched_finish(core);
	lock_release(core);
}

void kernel_signal(struct core *core)
{
	mailbox_serve(core, 0);
	lock_local(core, 0);
	sched_enter(core);
	sched_finish(core);
	lock_release(core);
}

void kernel_page_fault(struct core *core, uint64_t address, unsigned access)
{
	struct thread *thread = core->current;
	uint64_t words[4] = {thread->regs.ip, address, access,
			     thread->regs.sp};

	fault(core, FAULT_PAGE, words, 4, 0);
}

void kernel_exception(struct core *core, unsigned vector, uint64_t error)
{
	struct thread *thread = core->current;
	uint64_t words[4] = {thread->regs.ip, vector, error,
			     thread->regs.sp};

	fault(core, FAULT_EXCEPTION, words, 4, 0);
}
