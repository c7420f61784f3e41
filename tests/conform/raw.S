// Instructions that C does not write: whole system calls, faults, FPU, FS and GS.
#include "abi/arch/x86_64.h"

	.text
	.macro	FUNCTION name
	.globl	\name
	.type	\name, @function
\name:
	.endm

	// All registers of struct raw in, `syscall`, all out. The stack pointer must come back.
	FUNCTION raw_call
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	mov	%rsp, saved_sp(%rip)
	mov	%rdi, %rcx
	push	104(%rcx)
	popf
	mov	0(%rcx), %rax
	mov	8(%rcx), %rdi
	mov	16(%rcx), %rsi
	mov	24(%rcx), %rdx
	mov	32(%rcx), %r8
	mov	40(%rcx), %r9
	mov	48(%rcx), %r10
	mov	56(%rcx), %rbx
	mov	64(%rcx), %r12
	mov	72(%rcx), %r13
	mov	80(%rcx), %r14
	mov	88(%rcx), %r15
	mov	96(%rcx), %rbp
	syscall
	pop	%rcx
	pushf
	pop	104(%rcx)
	cld
	mov	%rax, 0(%rcx)
	mov	%rdi, 8(%rcx)
	mov	%rsi, 16(%rcx)
	mov	%rdx, 24(%rcx)
	mov	%r8, 32(%rcx)
	mov	%r9, 40(%rcx)
	mov	%r10, 48(%rcx)
	mov	%rbx, 56(%rcx)
	mov	%r12, 64(%rcx)
	mov	%r13, 72(%rcx)
	mov	%r14, 80(%rcx)
	mov	%r15, 88(%rcx)
	mov	%rbp, 96(%rcx)
	lea	-8(%rsp), %rax
	sub	saved_sp(%rip), %rax
	mov	%rax, 112(%rcx)
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret

	// rdi: number, rsi: argument. Returns rax + argument as they are at the redirect entry, or after a
	// fault's answer that goes on at raw_foreign_entry.
	FUNCTION raw_foreign
	mov	%rdi, %rax
	syscall
	ret
	FUNCTION raw_foreign_entry
	add	%rsi, %rax
	ret

	FUNCTION raw_load
	mov	(%rdi), %rax
	FUNCTION raw_load_end
	ret

	FUNCTION raw_store
	mov	%rsi, (%rdi)
	ret

	FUNCTION raw_jump
	call	*%rdi
	ret

	FUNCTION raw_divide
	xor	%ecx, %ecx
	mov	$1, %eax
	cltd
	div	%ecx
	ret

	FUNCTION raw_illegal
	ud2
	FUNCTION raw_illegal_end
	ret

	FUNCTION raw_breakpoint
	int3
	ret

	FUNCTION raw_privileged
	hlt
	ret

	FUNCTION raw_port
	mov	%edi, %edx
	in	%dx, %al
	ret

	FUNCTION raw_code
	mov	$7, %eax
	ret
	FUNCTION raw_code_end

	FUNCTION fpu_set
	movq	%rdi, %xmm3
	ret

	FUNCTION fpu_get
	movq	%xmm3, %rax
	ret

	.macro	EACH_XMM do
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	\do	\n
	.endr
	.endm
	.macro	XMM_LOAD n
	movups	16 * \n(%rdi), %xmm\n
	.endm
	.macro	XMM_STORE n
	movups	%xmm\n, 16 * \n(%rdi)
	.endm

	FUNCTION fpu_set_all
	EACH_XMM XMM_LOAD
	ret

	FUNCTION fpu_get_all
	EACH_XMM XMM_STORE
	ret

	FUNCTION x87_set
	push	%rdi
	fninit
	fildq	(%rsp)
	pop	%rdi
	ret

	FUNCTION x87_get
	push	$0
	fistpq	(%rsp)
	pop	%rax
	ret

	FUNCTION mxcsr_set
	push	%rdi
	ldmxcsr	(%rsp)
	pop	%rdi
	ret

	FUNCTION mxcsr_get
	push	$0
	stmxcsr	(%rsp)
	pop	%rax
	ret

	FUNCTION fs_set
	wrfsbase %rdi
	ret

	FUNCTION fs_get
	rdfsbase %rax
	ret

	FUNCTION gs_set
	wrgsbase %rdi
	ret

	FUNCTION gs_get
	rdgsbase %rax
	ret

	FUNCTION flags_get
	pushf
	pop	%rax
	ret

	FUNCTION spin
	incq	(%rdi)
	jmp	spin

	.bss
	.align	8
saved_sp:
	.quad	0

	.section .note.GNU-stack, "", @progbits
