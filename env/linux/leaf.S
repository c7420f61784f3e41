// System calls that are a few loads and stores: they lose nothing but rax, rcx and r11, which the program
// expects to lose. Called from the table in the trampoline; whatever is not as they want it goes on in C.
#include "abi/arch/x86_64.h"
#include "env/linux/offset.h"

#define R(offset) (AREA_THREAD + (offset) - (AREA_TOP - 16))(%rsp)

	.text
	.macro	IDENTITY name, offset
	.globl	leaf_\name
leaf_\name:
	mov	R(OFFSET_PROCESS), %rcx
	mov	\offset(%rcx), %eax
	ret
	.endm

	IDENTITY getpid, PROCESS_PID
	IDENTITY getppid, PROCESS_PPID
	IDENTITY getpgrp, PROCESS_PGID
	IDENTITY getuid, PROCESS_UID
	IDENTITY geteuid, PROCESS_EUID
	IDENTITY getgid, PROCESS_GID
	IDENTITY getegid, PROCESS_EGID

	.globl	leaf_gettid
leaf_gettid:
	mov	R(OFFSET_TID), %eax
	ret

// lseek(fd, offset, SEEK_SET) in a file with a view (cview.c), while there is one thread: the offset is a
// word in memory. A closed descriptor's handle is 0, and the byte before io is no view.
	.globl	leaf_lseek
leaf_lseek:
	mov	R(OFFSET_PROCESS), %rcx
	cmp	$FD_MAX, %edi
	jae	1f
	mov	%edi, %eax
	movzwl	PROCESS_FDS(%rcx, %rax, 4), %eax	// index of the handle + 1
	movzbl	PROCESS_IO - 1(%rcx, %rax), %r11d
	sub	$VIEW_FIRST, %r11d
	cmp	$VIEW_COUNT, %r11d
	jae	1f
	cmpl	$1, PROCESS_THREADS(%rcx)
	jne	1f
	test	%edx, %edx
	jne	1f
	mov	%rsi, %rax
	test	%rax, %rax
	js	1f
	imul	$VIEW_STRIDE, %r11, %r11
	mov	$VIEW_BASE, %rcx
	mov	%rax, (%rcx, %r11)
	ret
1:	jmp	stub_call_lseek

// A native call loses all registers.
	.globl	leaf_sched_yield
leaf_sched_yield:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	push	%rsi
	push	%rdx
	push	%r8
	push	%r9
	push	%r10
	mov	$SYSCALL_BASE + SYSCALL_YIELD, %eax
	xor	%edi, %edi
	xor	%esi, %esi
	xor	%edx, %edx
	syscall
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdx
	pop	%rsi
	pop	%rdi
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	xor	%eax, %eax
	ret

// err_t native_short(unsigned number, cap_t cap, tag_t tag): a native call on a notification, which takes
// and brings no words.
	.globl	native_short
native_short:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	lea	SYSCALL_BASE(%rdi), %eax
	mov	%esi, %edi
	mov	%rdx, %rsi
	xor	%edx, %edx
	xor	%ebp, %ebp
	syscall
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret

	.section .note.GNU-stack, "", @progbits
