// Traps: what the processor does on the way into the kernel.
#include "base/print.h"
#include "host.h"

bool host_slow_only, host_no_fast;
_Thread_local unsigned host_fast_count, host_short_count;  // cores may be threads

extern uint64_t host_fs, host_gs, host_time, host_top_loaded;
extern struct arch_registers host_fast_out;
bool host_fast(const struct arch_registers *in);

// What the processor does around the fast path; false: the registers are as they came, but for the lost ones.
static bool go_fast(struct core *core, struct thread *thread)
{
	struct arch_registers in = thread->regs;

	// What memory holds of a thread that runs is old.
	thread->regs.ip = thread->regs.sp = thread->regs.flags = *regs_tag(&thread->regs) = ~0ull;
	host_fs = in.fs;
	host_gs = in.gs;
	host_time = host.time;
	host_top_loaded = 0;
	if (!host_fast(&in)) {
		// The slow path gets the same message.
		for (unsigned i = 0; i < MSG_WORDS_REGISTERS; i++)
			ASSERT(*regs_word(&host_fast_out, i) == *regs_word(&in, i));
		ASSERT(*regs_error(&host_fast_out) == *regs_error(&in) && thread->regs.ip == in.ip);
		ASSERT(*regs_cap(&host_fast_out) == *regs_cap(&in) && *regs_tag(&host_fast_out) == *regs_tag(&in));
		thread->regs = in;
		return false;
	}
	struct arch_registers *to = &core->current->regs;

	ASSERT(host_fast_out.ip == to->ip && host_fast_out.sp == to->sp && host_fast_out.flags == to->flags);
	ASSERT(host_top_loaded == (core->current->vspace.address == thread->vspace.address
					   ? 0 : core->current->vspace.address));
	ASSERT(host_fs == to->fs && host_gs == to->gs);
	*regs_error(to) = *regs_error(&host_fast_out);
	*regs_cap(to) = *regs_cap(&host_fast_out);
	*regs_tag(to) = *regs_tag(&host_fast_out);
	*regs_reply(to) = *regs_reply(&host_fast_out);
	for (unsigned i = 0; i < MSG_WORDS_REGISTERS; i++)
		*regs_word(to, i) = *regs_word(&host_fast_out, i);
	host_fast_count++;
	return true;
}

// What the way out does.
static void leave(struct core *core, enum syscall_way way)
{
	struct thread *thread = core->current;

	if (way == WAY_SLOW)
		return;
	host_short_count++;
	host_switched(core);
	if (way == WAY_SHORT)
		return;
	struct arch_registers *r = &thread->regs;

	*regs_error(r) = OK;
	*regs_reply(r) = 0;
	if (way == WAY_PLAIN)
		*regs_cap(r) = *regs_tag(r) = 0;
	regs_clear_words(r);
}

bool host_syscall_once(unsigned number)
{
	struct core *core = arch_core();
	struct thread *thread = core->current;
	uint64_t ip = thread->regs.ip;

	*regs_error(&thread->regs) = SYSCALL_BASE + number;
	thread->regs.ip = ip + SYSCALL_LENGTH;
	if (!host_slow_only && !host_no_fast && number <= SYSCALL_REPLY_RECV && go_fast(core, thread)) {
		host_switched(core);
		return false;
	}
	if (host_slow_only)
		kernel_syscall_slow(core);
	else
		leave(core, kernel_syscall(core));
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
	__atomic_store_n(&thread->flags, thread->flags | THREAD_FULL, __ATOMIC_RELAXED);
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
