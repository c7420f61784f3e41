// The fast path of the x86-64 port, as it is, between a C function and the next: what only a kernel may
// execute is done to the simulated machine.
	.macro	RDFS to
	mov	host_fs(%rip), \to
	.endm
	.macro	RDGS to
	mov	host_gs(%rip), \to
	.endm
	.macro	WRFS from
	mov	\from, host_fs(%rip)
	.endm
	.macro	WRGS from
	mov	\from, host_gs(%rip)
	.endm
	.macro	READ_TIME
	mov	host_time(%rip), %rax
	.endm
	.macro	LOAD_TOP from
	mov	\from, host_top_loaded(%rip)
	.endm
	.macro	FPU_OFF spoils
	ud2					// no FPU is simulated, so none is ever on
	.endm
	.macro	LEAVE
	jmp	host_fast_leave
	.endm

	.macro	SITE_ENDPOINT back		// all cores' paths are made here
	.endm
	.macro	SITE_HOME
	.endm

#include "arch/x86_64/fast.h"

	.hidden	kernel
	.bss
	.balign	8
	.globl	host_fs, host_gs, host_time, host_fast_out, host_top_loaded
	.hidden	host_fs, host_gs, host_time, host_fast_out, host_top_loaded
host_fs:
	.skip	8
host_gs:
	.skip	8
host_time:
	.skip	8
host_top_loaded:
	.skip	8
stack:
	.skip	8
host_fast_out:				// struct arch_registers, but fs and gs
	.skip	160

	.text
	FAST_PATHS 0

	// bool host_fast(const struct arch_registers *in): rax there is the number of the call. False: the
	// slow path has to do it, and host_fast_out is what its registers are.
	.globl	host_fast
	.hidden	host_fast
	.type	host_fast, @function
host_fast:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, stack(%rip)
	mov	%rdi, %rbp
	mov	T_IP - T_IP(%rbp), %rcx
	mov	T_SP - T_IP(%rbp), %rsp
	mov	T_FLAGS - T_IP(%rbp), %r11
	mov	T_RAX - T_IP(%rbp), %rax
	mov	T_RBX - T_IP(%rbp), %rbx
	mov	T_RDX - T_IP(%rbp), %rdx
	mov	T_RSI - T_IP(%rbp), %rsi
	mov	T_RDI - T_IP(%rbp), %rdi
	mov	T_R8 - T_IP(%rbp), %r8
	mov	T_R9 - T_IP(%rbp), %r9
	mov	T_R10 - T_IP(%rbp), %r10
	mov	T_R12 - T_IP(%rbp), %r12
	mov	T_R13 - T_IP(%rbp), %r13
	mov	T_R14 - T_IP(%rbp), %r14
	mov	T_R15 - T_IP(%rbp), %r15
	cmp	$SYSCALL_BASE + SYSCALL_CALL, %rax
	je	call_fast0
	jmp	reply_fast0

	.macro	OUT register offset
	mov	\register, host_fast_out + \offset - T_IP(%rip)
	.endm

	.macro	STORE_OUT
	OUT	%rcx T_IP
	OUT	%rsp T_SP
	OUT	%r11 T_FLAGS
	OUT	%rax T_RAX
	OUT	%rbx T_RBX
	OUT	%rdx T_RDX
	OUT	%rsi T_RSI
	OUT	%rdi T_RDI
	OUT	%rbp T_RBP
	OUT	%r8 T_R8
	OUT	%r9 T_R9
	OUT	%r10 T_R10
	OUT	%r12 T_R12
	OUT	%r13 T_R13
	OUT	%r14 T_R14
	OUT	%r15 T_R15
	.endm

host_fast_leave:
	STORE_OUT
	mov	$1, %eax
	jmp	back

syscall_fresh0:
syscall_saved0:
	STORE_OUT
	xor	%eax, %eax
back:
	cld
	mov	stack(%rip), %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret
	.size	host_fast, . - host_fast

	.section .note.GNU-stack, "", @progbits
