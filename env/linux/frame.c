// What a signal frame says: pure, from a thread's registers and back.
#include "env/linux/frame.h"

#include "env/linux/constant.h"

#define UC_SIGCONTEXT_SS 2u
#define UC_STRICT_RESTORE_SS 4u
#define USER_CS 0x33
#define USER_SS 0x2b
#define FLAGS_FREE 0x00050dd5u  // what a program sets itself: AC, RF, OF, DF, TF, SF, ZF, AF, PF, CF

bool frame_is_on_stack(const struct linux_thread *thread, uint64_t sp)
{
	return !(thread->altstack_flags & SS_AUTODISARM) && sp > thread->altstack_sp &&
	       sp - thread->altstack_sp <= thread->altstack_size;
}

static bool is_fault(int signo)
{
	return signo == SIGILL || signo == SIGTRAP || signo == SIGBUS || signo == SIGFPE || signo == SIGSEGV;
}

void frame_info(struct signal_info *out, const struct linux_siginfo *info, int signo)
{
	*out = (struct signal_info){signo, info->errno_, info->code, 0, {0}};
	if (is_fault(signo) && info->code > 0 && info->code != SI_KERNEL) {
		out->rest[0] = info->value;
		return;
	}
	out->rest[0] = (uint32_t)info->pid | (uint64_t)info->uid << 32;
	out->rest[1] = info->value;
}

uint64_t frame_place(const struct linux_thread *thread, const struct linux_sigaction *action, uint64_t fp_size,
		     uint64_t *fp)
{
	uint64_t sp = thread->regs[REGISTER_SP] - 128;

	if ((action->flags & SA_ONSTACK) && thread->altstack_size &&
	    !frame_is_on_stack(thread, thread->regs[REGISTER_SP]))
		sp = thread->altstack_sp + thread->altstack_size;
	*fp = (sp - fp_size) & ~63ull;
	return ((*fp - sizeof(struct signal_frame)) & ~15ull) - 8;
}

static void context_fill(struct signal_context *c, const uint64_t *r)
{
	*c = (struct signal_context){
		.r8 = r[REGISTER_R8], .r9 = r[REGISTER_R9], .r10 = r[REGISTER_R10], .r11 = r[REGISTER_R11],
		.r12 = r[REGISTER_R12], .r13 = r[REGISTER_R13], .r14 = r[REGISTER_R14],
		.r15 = r[REGISTER_R15], .rdi = r[REGISTER_RDI], .rsi = r[REGISTER_RSI],
		.rbp = r[REGISTER_RBP], .rbx = r[REGISTER_RBX], .rdx = r[REGISTER_RDX],
		.rax = r[REGISTER_RAX], .rcx = r[REGISTER_RCX], .rsp = r[REGISTER_SP],
		.rip = r[REGISTER_IP], .flags = r[REGISTER_FLAGS], .cs = USER_CS, .ss = USER_SS};
}

void frame_fill(struct signal_frame *frame, const struct linux_thread *thread, int signo,
		const struct linux_siginfo *info, const struct linux_sigaction *action)
{
	*frame = (struct signal_frame){.restorer = action->restorer,
				       .uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS};
	frame->stack_sp = thread->altstack_sp;
	frame->stack_size = thread->altstack_size;
	frame->stack_flags = thread->altstack_size == 0 ? SS_DISABLE : thread->altstack_flags;
	if (frame_is_on_stack(thread, thread->regs[REGISTER_SP]))
		frame->stack_flags |= SS_ONSTACK;
	context_fill(&frame->context, thread->regs);
	frame->mask = thread->work & WORK_RESTORE_MASK ? thread->saved_mask : thread->sigmask;
	frame->context.oldmask = frame->mask;
	frame_info(&frame->info, info, signo);
	if (is_fault(signo) && info->code > 0 && info->code != SI_KERNEL) {
		frame->context.cr2 = info->value;
		frame->context.trapno = signo == SIGSEGV || signo == SIGBUS ? 14 : 0;
		frame->context.err = (uint32_t)info->pad;
	}
}

void frame_take(const struct signal_frame *frame, struct linux_thread *thread)
{
	const struct signal_context *c = &frame->context;
	const uint64_t values[18] = {
		[REGISTER_IP] = c->rip, [REGISTER_SP] = c->rsp,
		[REGISTER_FLAGS] = (c->flags & FLAGS_FREE) | 0x202,
		[REGISTER_RAX] = c->rax, [REGISTER_RBX] = c->rbx, [REGISTER_RCX] = c->rcx,
		[REGISTER_RDX] = c->rdx, [REGISTER_RSI] = c->rsi, [REGISTER_RDI] = c->rdi,
		[REGISTER_RBP] = c->rbp, [REGISTER_R8] = c->r8, [REGISTER_R9] = c->r9,
		[REGISTER_R10] = c->r10, [REGISTER_R11] = c->r11, [REGISTER_R12] = c->r12,
		[REGISTER_R13] = c->r13, [REGISTER_R14] = c->r14, [REGISTER_R15] = c->r15};

	// On the stack that is set now, as Linux has it, another cannot be.
	bool is_on = frame_is_on_stack(thread, thread->regs[REGISTER_SP]);

	for (int i = 0; i < 18; i++)
		thread->regs[i] = values[i];
	thread->orig_rax = UINT64_MAX;
	thread->sigmask = frame->mask & ~SIGNAL_UNBLOCKABLE;
	if (!is_on && !(frame->stack_flags & SS_DISABLE) && frame->stack_size >= SIGNAL_STACK_MIN) {
		thread->altstack_sp = frame->stack_sp;
		thread->altstack_size = frame->stack_size;
		thread->altstack_flags = (uint32_t)frame->stack_flags & SS_AUTODISARM;
	}
}
