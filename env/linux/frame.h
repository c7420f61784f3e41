// The frame of a signal handler on the program's stack, as Linux x86-64 lays it out.
#ifndef ENV_LINUX_FRAME_H
#define ENV_LINUX_FRAME_H

#include "protocol/linux.h"

struct signal_info {
	int32_t signo, errno_, code, pad;
	uint64_t rest[14];
};
_Static_assert(sizeof(struct signal_info) == 128, "siginfo_t");

// struct sigcontext
struct signal_context {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, flags;
	uint16_t cs, gs, fs, ss;
	uint64_t err, trapno, oldmask, cr2, fpstate, reserved[8];
};
_Static_assert(sizeof(struct signal_context) == 256, "struct sigcontext");

struct signal_frame {
	uint64_t restorer;
	uint64_t uc_flags, uc_link;
	uint64_t stack_sp, stack_flags, stack_size;
	struct signal_context context;
	uint64_t mask;
	struct signal_info info;
};
_Static_assert(sizeof(struct signal_frame) == 440, "struct rt_sigframe");

bool frame_is_on_stack(const struct linux_thread *thread, uint64_t sp);
void frame_info(struct signal_info *out, const struct linux_siginfo *info, int signo);
// Where the frame goes, and the image of the floating-point registers above it.
uint64_t frame_place(const struct linux_thread *thread, const struct linux_sigaction *action, uint64_t fp_size,
		     uint64_t *fp);
void frame_fill(struct signal_frame *frame, const struct linux_thread *thread, int signo,
		const struct linux_siginfo *info, const struct linux_sigaction *action);
// The program's registers from a frame.
void frame_take(const struct signal_frame *frame, struct linux_thread *thread);

// Build the frame on the program's stack and send regs to the handler: 0, or -EFAULT.
int64_t frame_push(struct linux_thread *thread, int signo, const struct linux_siginfo *info,
		   const struct linux_sigaction *action);

#endif
