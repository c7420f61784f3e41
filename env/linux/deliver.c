// Signal frames on the program's stack: there and back.
#include "env/linux/frame.h"
#include "env/linux/library.h"
#include "protocol/gen/process.h"

int64_t frame_push(struct linux_thread *thread, int signo, const struct linux_siginfo *info,
		   const struct linux_sigaction *action)
{
	uint8_t image[FP_SIZE_MAX] __attribute__((aligned(64)));
	struct signal_frame frame;
	size_t fp_size = fp_save(image);
	uint64_t fp;
	uint64_t sp = frame_place(thread, action, fp_size, &fp);

	if (!(action->flags & SA_RESTORER))
		return -EFAULT;  // as x86-64 Linux: nothing to return to
	frame_fill(&frame, thread, signo, info, action);
	frame.context.fpstate = fp;
	frame.uc_flags |= fp_size > 512;
	if (user_put(fp, image, fp_size) || user_put(sp, &frame, sizeof frame))
		return -EFAULT;
	if (thread->altstack_flags & SS_AUTODISARM)
		thread->altstack_sp = thread->altstack_size = thread->altstack_flags = 0;
	thread->regs[REGISTER_IP] = action->handler;
	thread->regs[REGISTER_SP] = sp;
	thread->regs[REGISTER_FLAGS] &= ~0x10500ull;  // DF, TF, RF
	thread->regs[REGISTER_RAX] = 0;
	thread->regs[REGISTER_RDI] = (uint64_t)signo;
	thread->regs[REGISTER_RSI] = sp + offsetof(struct signal_frame, info);
	thread->regs[REGISTER_RDX] = sp + offsetof(struct signal_frame, uc_flags);
	thread->orig_rax = UINT64_MAX;
	return 0;
}

static int64_t fp_return(uint64_t fpstate)
{
	uint8_t image[FP_SIZE_MAX] __attribute__((aligned(64)));
	size_t size = fp_frame_size();

	if (fpstate == 0)
		return 0;
	if (user_get(image, fpstate, 512))
		return -EFAULT;
	// Without the rest the image is one of FXSAVE.
	if (size > 512 && user_get(image + 512, fpstate + 512, size - 512))
		size = 512;
	fp_restore(image, size);
	return 0;
}

// rt_sigreturn: everything comes from the frame, whose first word the handler's return has taken.
void signal_return(void)
{
	struct linux_thread *thread = thread_get();
	struct signal_frame frame;
	uint64_t result;

	if (user_get(&frame, thread->regs[REGISTER_SP] - 8, sizeof frame) || frame.context.rip >= PROGRAM_END ||
	    fp_return(frame.context.fpstate)) {
		thread->regs[REGISTER_IP] = block_get()->redirect_ip;
		thread->regs[REGISTER_FLAGS] = block_get()->redirect_flags;
		thread->orig_rax = UINT64_MAX;
		(void)process_fault_signal(LINUX_SLOT_PROCESS, SIGSEGV, &result);
		return;
	}
	frame_take(&frame, thread);
	signal_recheck();
}
