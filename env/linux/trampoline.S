// The page below each thread's block. The kernel enters it with the program's registers, and the way
// back to the program ends in it: it is the one piece of code that finds the block without a register.
//
// Nothing here writes to the program's stack. regs in the block holds, from the entry until the jump
// back, every register that C may lose; rbx, rbp and r12 to r15 live on in C's frames, and are stored
// only where somebody wants all of them (entry.S).
#include "env/linux/offset.h"

#define T(offset) (trampoline + 0x1000 + OFFSET_THREAD + (offset))(%rip)
#define BLOCK(offset) (trampoline + 0x1000 + (offset))(%rip)

	.section .trampoline, "ax", @progbits
	.balign	4096
	.globl	trampoline, trampoline_exit, trampoline_exit_end, trampoline_slow_exit

// TRAMPOLINE_SYSCALL. rcx and r11 are free.
trampoline:
	mov	%rsp, T(OFFSET_SP)
	lea	trampoline(%rip), %rsp		// the page lies on top of the library's stack
	mov	%rdi, T(OFFSET_RDI)
	mov	%rsi, T(OFFSET_RSI)
	mov	%rdx, T(OFFSET_RDX)
	mov	%r10, T(OFFSET_R10)
	mov	%r8, T(OFFSET_R8)
	mov	%r9, T(OFFSET_R9)
	jmp	call_enter

	.org	trampoline + 0x40
// TRAMPOLINE_SIGNAL. Every register is the program's, the flags may be too.
	mov	%rsp, T(OFFSET_SP)
	lea	trampoline(%rip), %rsp
	pushq	$0x202
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
	movq	$-1, T(OFFSET_ORIG_RAX)		// no system call to restart
	jmp	*boundary_pointer(%rip)

	.balign	16
call_enter:
	mov	%rax, T(OFFSET_ORIG_RAX)
	mov	%eax, %eax			// as Linux: the number is 32 bits wide
	mov	%r10, %rcx
	cmp	$TABLE_COUNT, %eax
	jae	call_unknown
	mov	table_pointer(%rip), %r11
	call	*(%r11, %rax, 8)
call_leave:
	mov	%rax, T(OFFSET_RAX)
	mov	BLOCK(0), %rcx			// redirect_ip and redirect_flags, as `syscall` leaves them
	mov	%rcx, T(OFFSET_RCX)
	mov	BLOCK(8), %r11
	mov	%r11, T(OFFSET_R11)

// The exit range: an upcall that finds a thread in it sends it to the slow exit. Until then all that
// is lost here is in the block, and rbx, rbp, r12 to r15 are the program's.
trampoline_exit:
	cmpl	$0, T(OFFSET_WORK)
	jne	trampoline_slow_exit
	mov	T(OFFSET_RDI), %rdi
	mov	T(OFFSET_RSI), %rsi
	mov	T(OFFSET_RDX), %rdx
	mov	T(OFFSET_R10), %r10
	mov	T(OFFSET_R8), %r8
	mov	T(OFFSET_R9), %r9
	mov	T(OFFSET_RAX), %rax
	mov	T(OFFSET_RCX), %rcx
	mov	T(OFFSET_R11), %r11
	pushq	BLOCK(8)
	popfq
	mov	T(OFFSET_SP), %rsp
	jmp	*BLOCK(0)
trampoline_exit_end:

trampoline_slow_exit:
	lea	trampoline(%rip), %rsp
	pushq	$0x202				// the program's direction flag may be back already
	popfq
	jmp	*boundary_pointer(%rip)

call_unknown:
	call	*unknown_pointer(%rip)
	jmp	call_leave

	.balign	8
table_pointer:
	.quad	table
unknown_pointer:
	.quad	call_missing
boundary_pointer:
	.quad	entry_boundary

// For entry_leave, at an offset that does not move.
	.org	trampoline + TRAMPOLINE_LEAVE
	jmp	trampoline_exit

	.org	trampoline + 0x1000, 0xcc

	.section .note.GNU-stack, "", @progbits
