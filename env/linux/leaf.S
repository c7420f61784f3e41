// System calls that are a few loads and stores: they lose nothing but rax, rcx and r11, which the program
// expects to lose. Called from the table in the trampoline; whatever is not as they want it goes on in C.
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

	.section .note.GNU-stack, "", @progbits
