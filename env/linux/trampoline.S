// The page below each thread's block. The kernel enters it with the program's registers, and the way
// back to the program ends in it: it is the one piece of code that finds the block without a register.
//
// A system call goes through the table in this page to its function. What a function of the table may
// change is rax, rcx and r11: those in C are called through a stub (entry.S) that keeps in the block
// the other registers which C may lose. So at the end of a call every register is the program's again,
// and the flags, the stack pointer and the return address are in the block.
//
// Nothing here writes to the program's stack.
#include "env/linux/offset.h"

#define T(offset) (trampoline + 0x1000 + OFFSET_THREAD + (offset))(%rip)
#define BLOCK(offset) (trampoline + 0x1000 + (offset))(%rip)

	.section .trampoline, "ax", @progbits
	.balign	4096
	.globl	trampoline, trampoline_exit, trampoline_exit_end, trampoline_slow_exit

// TRAMPOLINE_SYSCALL. rcx and r11 are free. The page lies on top of the library's stack.
trampoline:
	mov	%rsp, T(OFFSET_SP)
	lea	trampoline - 8(%rip), %rsp	// so that the stack is aligned behind the second call
	mov	%rax, T(OFFSET_ORIG_RAX)
	cmp	$TABLE_NEAR, %rax
	jae	call_far
	call	*(table_near - trampoline + 8)(%rsp, %rax, 8)

// The exit range: an upcall that finds a thread in it sends it to the slow exit.
trampoline_exit:
	cmpl	$0, T(OFFSET_WORK)
	jne	trampoline_slow_exit
	mov	BLOCK(0), %rcx			// redirect_ip and redirect_flags, as `syscall` leaves them
	mov	BLOCK(8), %r11
	push	%r11
	popfq
	mov	T(OFFSET_SP), %rsp
	jmp	*%rcx
// For entry_leave: rcx and r11 are the program's, too.
full_exit:
	cmpl	$0, T(OFFSET_WORK)
	jne	trampoline_slow_exit
	pushq	BLOCK(8)
	popfq
	mov	T(OFFSET_SP), %rsp
	jmp	*BLOCK(0)
trampoline_exit_end:

	.org	trampoline + TRAMPOLINE_UPCALL
// TRAMPOLINE_SIGNAL. Every register is the program's, the flags may be too.
	mov	%rsp, T(OFFSET_SP)
	lea	trampoline(%rip), %rsp
	movq	$-1, T(OFFSET_ORIG_RAX)		// no system call to restart
	jmp	save

// From the exit range. There all registers are the program's, but rcx and r11 at the end of a system
// call, where they are not loaded yet.
trampoline_slow_exit:
	lea	trampoline(%rip), %rsp
	cmpq	$-1, T(OFFSET_ORIG_RAX)
	je	save
	mov	BLOCK(0), %rcx
	mov	BLOCK(8), %r11
save:
	pushq	$0x202				// the program's direction flag may be back already
	popfq
	mov	%rax, T(OFFSET_RAX)
	mov	%rcx, T(OFFSET_RCX)
	mov	%rdx, T(OFFSET_RDX)
	mov	%rsi, T(OFFSET_RSI)
	mov	%rdi, T(OFFSET_RDI)
	mov	%r8, T(OFFSET_R8)
	mov	%r9, T(OFFSET_R9)
	mov	%r10, T(OFFSET_R10)
	mov	%r11, T(OFFSET_R11)
	jmp	*boundary_pointer(%rip)

// As Linux: the number is 32 bits wide. -1 would say that there is none.
call_far:
	mov	%eax, %eax
	mov	%rax, T(OFFSET_ORIG_RAX)
	cmp	$TABLE_NEAR, %eax
	jb	1f
	cmp	$TABLE_COUNT, %eax
	jae	2f
	mov	far_pointer(%rip), %r11
	call	*-TABLE_NEAR * 8(%r11, %rax, 8)
	jmp	trampoline_exit
1:	call	*(table_near - trampoline + 8)(%rsp, %rax, 8)
	jmp	trampoline_exit
2:	call	*unknown_pointer(%rip)
	jmp	trampoline_exit

// For entry_leave, at an offset that does not move.
	.org	trampoline + TRAMPOLINE_LEAVE
	mov	T(OFFSET_RAX), %rax
	mov	T(OFFSET_RCX), %rcx
	mov	T(OFFSET_RDX), %rdx
	mov	T(OFFSET_RSI), %rsi
	mov	T(OFFSET_RDI), %rdi
	mov	T(OFFSET_R8), %r8
	mov	T(OFFSET_R9), %r9
	mov	T(OFFSET_R10), %r10
	mov	T(OFFSET_R11), %r11
	jmp	full_exit

	.balign	8
far_pointer:
	.quad	table_far
unknown_pointer:
	.quad	entry_missing
boundary_pointer:
	.quad	entry_boundary

	.balign	64
table_near:
#define IS_NEAR 1
#include "env/linux/table.S"

	.org	trampoline + 0x1000, 0xcc

	.section .note.GNU-stack, "", @progbits
