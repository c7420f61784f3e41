// Between the trampoline and C: where all registers are wanted, and the library's other entries.
#include "env/linux/offset.h"

	.text
	.globl	entry_boundary, entry_start, entry_child, entry_thread, entry_leave
	.globl	entry_fork, entry_vfork, entry_clone, entry_sigreturn

// The address of struct linux_thread, from the stack pointer.
	.macro	THREAD reg
	mov	%rsp, \reg
	and	$~AREA_MASK, \reg
	add	$AREA_THREAD, \reg
	.endm

// Store what C keeps for its caller, and where the program goes on. Loses rcx.
	.macro	SAVE reg
	mov	%rbx, OFFSET_RBX(\reg)
	mov	%rbp, OFFSET_RBP(\reg)
	mov	%r12, OFFSET_R12(\reg)
	mov	%r13, OFFSET_R13(\reg)
	mov	%r14, OFFSET_R14(\reg)
	mov	%r15, OFFSET_R15(\reg)
	mov	-OFFSET_THREAD(\reg), %rcx
	mov	%rcx, OFFSET_IP(\reg)
	mov	8-OFFSET_THREAD(\reg), %rcx
	mov	%rcx, OFFSET_FLAGS(\reg)
	.endm

// From the trampoline, with the stack empty: there is work, or an upcall.
entry_boundary:
	THREAD	%rax
	SAVE	%rax
	call	signal_boundary

// Go to the program with the registers in regs. The stack pointer is anywhere in the library's stack.
entry_leave:
	mov	%rsp, %rdx
	and	$~AREA_MASK, %rdx
	lea	AREA_TOP(%rdx), %rsp
	lea	AREA_THREAD(%rdx), %rax
	mov	OFFSET_IP(%rax), %rcx
	mov	%rcx, -OFFSET_THREAD(%rax)
	mov	OFFSET_FLAGS(%rax), %rcx
	mov	%rcx, 8-OFFSET_THREAD(%rax)
	mov	OFFSET_RBX(%rax), %rbx
	mov	OFFSET_RBP(%rax), %rbp
	mov	OFFSET_R12(%rax), %r12
	mov	OFFSET_R13(%rax), %r13
	mov	OFFSET_R14(%rax), %r14
	mov	OFFSET_R15(%rax), %r15
	lea	TRAMPOLINE_LEAVE(%rsp), %rax
	jmp	*%rax

entry_start:
	call	start_program
	jmp	entry_leave

entry_child:
	call	start_child
	jmp	entry_leave

entry_thread:
	call	start_thread
	jmp	entry_leave

// Table entries of calls that need all registers in regs. They return as all others do.
	.macro	FULL name, target
\name:
	lea	\target(%rip), %r11
	jmp	full
	.endm

	FULL	entry_fork, call_fork
	FULL	entry_vfork, call_vfork
	FULL	entry_clone, call_clone

full:
	mov	%rcx, %r10
	THREAD	%rax
	SAVE	%rax
	mov	%r10, %rcx
	jmp	*%r11

// All registers come from the frame.
entry_sigreturn:
	sub	$8, %rsp
	call	signal_return
	jmp	entry_leave

	.section .note.GNU-stack, "", @progbits
