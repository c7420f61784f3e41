// Traps: what the processor does on the way into the kernel.
#include "base/print.h"
#include "host.h"

bool host_syscall_once(unsigned number)
{
	struct core *core = arch_core();
	struct thread *thread = core->current;
	uint64_t ip = thread->regs.ip;

	*regs_error(&thread->regs) = SYSCALL_BASE + number;
	thread->regs.ip = ip + SYSCALL_LENGTH;
	kernel_syscall(core);
	if (core->current != thread)
		return false;
	return thread->regs.ip == ip && *regs_error(&thread->regs) == SYSCALL_BASE + number;
}

unsigned host_syscall(unsigned number)
{
	unsigned entries = 1;

	while (host_syscall_once(number))
		entries++;
	return entries;
}

void host_foreign(uint64_t number)
{
	struct core *core = arch_core();
	struct thread *thread = core->current;

	*regs_error(&thread->regs) = number;
	thread->regs.ip += SYSCALL_LENGTH;
	if (!thread->redirect) {
		kernel_foreign(core);
		return;
	}
	thread->block->redirect_ip = thread->regs.ip;
	thread->block->redirect_flags = thread->regs.flags;
	thread->regs.ip = thread->redirect;
}

static struct thread *trapped(void)
{
	struct thread *thread = arch_core()->current;

	ASSERT(thread != NULL);
	thread->flags |= THREAD_FULL;
	return thread;
}

void host_fault(uint64_t address, unsigned access)
{
	trapped();
	kernel_page_fault(arch_core(), address, access);
}

void host_exception(unsigned vector, uint64_t error)
{
	trapped();
	kernel_exception(arch_core(), vector, error);
}
