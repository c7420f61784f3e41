// Between the trampoline and C: where all registers are wanted, and the library's other entries.
#include "env/linux/offset.h"

	.text
	.globl	entry_boundary, entry_start, entry_child, entry_thread, entry_leave
	.globl	entry_fork, entry_vfork, entry_clone, entry_sigreturn, entry_missing

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
	add	$AREA_TOP + TRAMPOLINE_LEAVE, %rdx
	jmp	*%rdx

entry_start:
	call	start_program
	jmp	entry_leave

entry_child:
	call	start_child
	jmp	entry_leave

entry_thread:
	call	start_thread
	jmp	entry_leave

// From the table in the trampoline: what the function loses beyond rax, rcx and r11. R: in regs.
#define R(offset) (AREA_THREAD + (offset) - (AREA_TOP - 16))(%rsp)

	.macro	KEEP
	mov	%rdi, R(OFFSET_RDI)
	mov	%rsi, R(OFFSET_RSI)
	mov	%rdx, R(OFFSET_RDX)
	mov	%r10, R(OFFSET_R10)
	mov	%r8, R(OFFSET_R8)
	mov	%r9, R(OFFSET_R9)
	.endm

	.macro	GIVE_BACK
	mov	R(OFFSET_RDI), %rdi
	mov	R(OFFSET_RSI), %rsi
	mov	R(OFFSET_RDX), %rdx
	mov	R(OFFSET_R10), %r10
	mov	R(OFFSET_R8), %r8
	mov	R(OFFSET_R9), %r9
	ret
	.endm

	.macro	HOT number, name
	.globl	stub_\name
stub_\name:
	KEEP
	mov	%r10, %rcx
	callq	\name				// CALL is a macro here
	GIVE_BACK
	.endm

	.macro	CALL number, name
	.ifndef	stub_\name
	.globl	stub_\name
stub_\name:
	lea	\name(%rip), %r11
	jmp	call_any
	.endif
	.endm

#define IS_STUBS 1
#include "env/linux/table.S"
	HOT	8, call_lseek			// what leaf_lseek leaves
	.purgem	CALL

	.text
entry_missing:
	lea	call_missing(%rip), %r11
call_any:
	KEEP
	mov	%r10, %rcx
	call	*%r11
	GIVE_BACK

// Calls that need all registers in regs.
	.macro	FULL name, target
\name:
	lea	\target(%rip), %r11
	jmp	full
	.endm

	FULL	entry_fork, call_fork
	FULL	entry_vfork, call_vfork
	FULL	entry_clone, call_clone

full:
	THREAD	%rax
	SAVE	%rax
	jmp	call_any

// All registers come from the frame.
entry_sigreturn:
	call	signal_return
	jmp	entry_leave

	.section .note.GNU-stack, "", @progbits
