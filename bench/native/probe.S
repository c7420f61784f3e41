// Measured instructions: each function reads the time-stamp counter, does one thing, and reads it again.
//
// All have the same instructions between the two readings but for the thing itself, so a reading less
// that of probe_empty is what the thing took. A message that ends in another thread is read there: from
// `start` of the one probe to `end` of the other.
#include "abi/arch/x86_64.h"

#define START 0
#define END 8
#define NUMBER 16
#define CAP 24
#define REPLY 32
#define MSG_TAG 40
#define WORDS 48
#define ERROR 112
#define BADGE 120

	.text

	// rbp and the word at the stack pointer: the probe. Loads the message.
	.macro	BEGIN name
	.globl	\name
	.type	\name, @function
\name:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	mov	%rdi, %rbp
	mov	CAP(%rbp), %rdi
	mov	MSG_TAG(%rbp), %rsi
	mov	WORDS(%rbp), %r8
	mov	WORDS + 8(%rbp), %r9
	mov	WORDS + 16(%rbp), %r10
	mov	WORDS + 24(%rbp), %rbx
	mov	WORDS + 32(%rbp), %r12
	mov	WORDS + 40(%rbp), %r13
	mov	WORDS + 48(%rbp), %r14
	mov	WORDS + 56(%rbp), %r15
	rdtsc
	mov	%eax, START(%rbp)
	mov	%edx, START + 4(%rbp)
	mov	REPLY(%rbp), %rdx
	mov	NUMBER(%rbp), %rax
	.endm

	.macro	FINISH
	mov	%rax, %rcx
	rdtsc
	jmp	probe_finish
	.endm

	BEGIN	probe_empty
	FINISH

	BEGIN	probe_call
	syscall
	FINISH

	BEGIN	probe_nops
	.rept	1000
	nop
	.endr
	FINISH

	// A system call that is none of the kernel's; the thread's redirect entry is probe_redirected.
	BEGIN	probe_foreign
	syscall
	ud2
	.globl	probe_redirected
probe_redirected:
	FINISH

	// An instruction that is none; the handler answers "go on at probe_fault_end".
	BEGIN	probe_fault
	ud2
	.globl	probe_fault_end
probe_fault_end:
	FINISH

	// Reads the address in rdx. The load is counted: the empty pair has none.
	BEGIN	probe_touch
	mov	(%rdx), %rdx
	FINISH

	// The first FPU instruction since another thread may have used it.
	BEGIN	probe_fpu
	movq	%rax, %xmm0
	FINISH

probe_finish:
	pop	%rbp
	mov	%eax, END(%rbp)
	mov	%edx, END + 4(%rbp)
	mov	%rcx, ERROR(%rbp)
	mov	%rdi, BADGE(%rbp)
	mov	%rsi, MSG_TAG(%rbp)
	mov	%r8, WORDS(%rbp)
	mov	%r9, WORDS + 8(%rbp)
	mov	%r10, WORDS + 16(%rbp)
	mov	%rbx, WORDS + 24(%rbp)
	mov	%r12, WORDS + 32(%rbp)
	mov	%r13, WORDS + 40(%rbp)
	mov	%r14, WORDS + 48(%rbp)
	mov	%r15, WORDS + 56(%rbp)
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret

	// Store the counter at rdi for ever: whoever interrupts this finds the last reading there.
	.globl	probe_spin
	.type	probe_spin, @function
probe_spin:
	rdtsc
	mov	%eax, (%rdi)
	mov	%edx, 4(%rdi)
	jmp	probe_spin

	.globl	fpu_use
	.type	fpu_use, @function
fpu_use:
	movq	%rdi, %xmm0
	ret

	.section .note.GNU-stack, "", @progbits
