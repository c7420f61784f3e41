// The first instructions of a component, and the entry of its redirected system calls.
#include "abi/arch/x86_64.h"

	.text

// rdi: struct component_info, or struct abi_boot_info for the first task. The stack pointer is the
// stack that the supervisor made, or 0: then the component brings one (rt_own_stack_end).
	.globl	rt_start
	.type	rt_start, @function
	.weak	rt_own_stack_end
rt_start:
	mov	$rt_own_stack_end, %eax
	test	%eax, %eax
	cmovnz	%rax, %rsp
	xor	%ebp, %ebp
	and	$-16, %rsp
	sub	$1024, %rsp			// argc, argv, envp, auxv for the C library
	mov	%rsp, %rsi
	call	rt_prepare
	xor	%edx, %edx			// no function to call at exit
	xor	%ebp, %ebp
	jmp	_start
	.size	rt_start, . - rt_start

// A foreign system call: rax is its number, rsp the program's, everything else as it was. The
// program's flags and return address are in the block at %gs:0. The handler makes native calls only,
// which leave them alone. Below the stack pointer may be the caller's red zone.
	.globl	rt_redirect
	.type	rt_redirect, @function
rt_redirect:
	lea	-128(%rsp), %rsp
	push	%rbp
	push	%rdi
	push	%rsi
	push	%rdx
	push	%r8
	push	%r9
	push	%r10
	mov	%rsp, %rbp
	push	%r9				// struct rt_call, from its end
	push	%r8
	push	%r10
	push	%rdx
	push	%rsi
	push	%rdi
	push	%rax
	mov	%rsp, %rdi
	and	$-16, %rsp
	cld
	call	rt_call
	mov	%rbp, %rsp
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdx
	pop	%rsi
	pop	%rdi
	pop	%rbp
	push	%gs:BLOCK_REDIRECT_FLAGS
	popf
	lea	128(%rsp), %rsp
	jmp	*%gs:BLOCK_REDIRECT_IP
	.globl	rt_redirect_end
rt_redirect_end:
	.size	rt_redirect, . - rt_redirect

	.section .note.GNU-stack, "", @progbits
