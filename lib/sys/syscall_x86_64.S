// err_t sys_invoke(unsigned number, cap_t cap, cap_t reply, struct msg *m)
//
// Register conventions: abi/arch/x86_64.h. The message words use callee-saved registers too, so
// they are saved here; nothing but the stack pointer survives a message.
	.text
	.globl	sys_invoke
	.type	sys_invoke, @function
sys_invoke:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rcx			// m
	lea	0x50490000(%rdi), %eax
	mov	%esi, %edi
	mov	0(%rcx), %rsi
	mov	16(%rcx), %r8
	mov	24(%rcx), %r9
	mov	32(%rcx), %r10
	mov	40(%rcx), %rbx
	mov	48(%rcx), %r12
	mov	56(%rcx), %r13
	mov	64(%rcx), %r14
	mov	72(%rcx), %r15
	xor	%ebp, %ebp
	syscall
	pop	%rcx
	mov	%rsi, 0(%rcx)
	mov	%rdi, 8(%rcx)
	mov	%r8, 16(%rcx)
	mov	%r9, 24(%rcx)
	mov	%r10, 32(%rcx)
	mov	%rbx, 40(%rcx)
	mov	%r12, 48(%rcx)
	mov	%r13, 56(%rcx)
	mov	%r14, 64(%rcx)
	mov	%r15, 72(%rcx)
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret
	.size	sys_invoke, . - sys_invoke

	.section .note.GNU-stack, "", @progbits
