// Ways into the kernel and out of it.
//
// Interrupts are off in the kernel, and it has one stack for each core: what must survive lies in the
// thread. Every way in stores the user's registers in struct thread of the current thread and calls C
// on the core's stack; every way out is kernel_exit, which loads the registers of whoever is current.
#include "abi/arch/x86_64.h"
#include "offset.h"

// --- system calls: one stub for each core, so that no register is needed to find the core's state.
// The message stays in the registers; rcx and r11 (return address, flags) are free to use once saved.
//
// Here is that of core 0, in a page of its own; smp.c makes the others of it. They lie as far apart as the
// cores' states, so that what is addressed relative to the instruction pointer is another core's there. All
// else goes through pointers in the page, or is listed as a site.

	.macro	SITE_ENDPOINT back
	.pushsection .rodata.endpoint, "a"
	.word	.Lsite_\@ - \back - stub_start
	.popsection
.Lsite_\@:
	.endm
	.macro	SITE_HOME
	.pushsection .rodata.home, "a"
	.word	.Lsite_\@ - 4 - stub_start
	.popsection
.Lsite_\@:
	.endm

	.macro	RDFS to
	rdfsbase \to
	.endm
	.macro	RDGS to
	rdgsbase \to
	.endm
	.macro	WRFS from
	wrfsbase \from
	.endm
	.macro	WRGS from
	wrgsbase \from
	.endm
	.macro	READ_TIME			// into rax; rdx is lost
	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	.endm
	.macro	LOAD_TOP from
	mov	\from, %cr3
	.endm
	.macro	FPU_OFF spoils
	mov	%cr0, \spoils
	or	$CR0_TASK_SWITCHED, \spoils
	mov	\spoils, %cr0
	.endm
	.macro	LEAVE
	sysretq
	.endm

	.macro	SYSCALL_STUB core
	cmp	$SYSCALL_BASE + SYSCALL_CALL, %rax
	je	call_fast\core
	jb	syscall_foreign\core
	cmp	$SYSCALL_BASE + SYSCALL_REPLY_RECV, %rax
	je	reply_fast\core
	cmp	$SYSCALL_BASE + SYSCALL_WINDOW, %rax
	jae	syscall_foreign\core
	// A native call begins: its registers go to the thread. It loses rbp.
syscall_fresh\core:
	mov	kernel + \core * CORE_SIZE + CORE_CURRENT(%rip), %rbp
	mov	%rcx, T_IP(%rbp)
	mov	%rsp, T_SP(%rbp)
	mov	%r11, T_FLAGS(%rbp)
	mov	kernel + \core * CORE_SIZE + CORE_STACK(%rip), %rsp
	jmp	*to_native(%rip)

	// The fast path has given up: the same, but for the three that are stored.
syscall_saved\core:
	mov	kernel + \core * CORE_SIZE + CORE_STACK(%rip), %rsp
	jmp	*to_slow(%rip)

	FAST_PATHS \core

	// A foreign call with a redirect entry goes there in the same address space: the block gets the
	// return address and the flags, no other register changes. Who has an entry has a block.
	.align	16
syscall_foreign\core:
	mov	%rsp, kernel + \core * CORE_SIZE + CORE_SCRATCH(%rip)
	mov	kernel + \core * CORE_SIZE + CORE_CURRENT(%rip), %rsp
	cmpq	$0, T_REDIRECT(%rsp)
	je	1f
	mov	T_BLOCK(%rsp), %rsp
	mov	%r11, BLOCK_REDIRECT_FLAGS(%rsp)
	mov	%rcx, BLOCK_REDIRECT_IP(%rsp)
	mov	kernel + \core * CORE_SIZE + CORE_CURRENT(%rip), %rcx
	mov	T_REDIRECT(%rcx), %rcx
	mov	$RFLAGS_USER, %r11d
	mov	kernel + \core * CORE_SIZE + CORE_SCRATCH(%rip), %rsp
	sysretq
1:	jmp	*to_no_redirect(%rip)
	.endm

	.macro	SAVE_REST thread base=%rbp		// but ip, sp and flags
	mov	%rax, T_RAX(\thread)
	mov	%rbx, T_RBX(\thread)
	mov	%rdx, T_RDX(\thread)
	mov	%rsi, T_RSI(\thread)
	mov	%rdi, T_RDI(\thread)
	movq	\base, T_RBP(\thread)
	mov	%r8, T_R8(\thread)
	mov	%r9, T_R9(\thread)
	mov	%r10, T_R10(\thread)
	mov	%r12, T_R12(\thread)
	mov	%r13, T_R13(\thread)
	mov	%r14, T_R14(\thread)
	mov	%r15, T_R15(\thread)
	.endm

	.globl	stub_start, stub_endpoints, stub_homes
	.section .rodata.endpoint, "a"
stub_endpoints:
	.section .rodata.home, "a"
stub_homes:
#include "fast.h"
	.section .stub, "ax"
	.balign	64
stub_start:
	SYSCALL_STUB 0
	.balign	8
to_native:
	.quad	syscall_native
to_slow:
	.quad	syscall_slow
to_no_redirect:
	.quad	syscall_no_redirect

	.section .rodata.endpoint
	.word	0
	.section .rodata.home
	.word	0

	.text
	// The thread goes on, with OK and a message without words, whose badge and tag are there.
	.macro	LEAVE_WORDLESS thread
	mov	T_IP(\thread), %rcx
	mov	T_FLAGS(\thread), %r11
	mov	T_SP(\thread), %rsp
	xor	%eax, %eax
	xor	%ebx, %ebx
	xor	%edx, %edx
	xor	%ebp, %ebp
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r12d, %r12d
	xor	%r13d, %r13d
	xor	%r14d, %r14d
	xor	%r15d, %r15d
	sysretq
	.endm

	// rbp: the thread, rsp: the core's stack, with the core in the word above it. What the fast path has
	// looked at has no short way.
syscall_slow:
	SAVE_REST %rbp $0	// a native call loses rbp
	xor	%ebp, %ebp
	mov	(%rsp), %rdi
	sub	$16, %rsp
	call	kernel_syscall_slow
	jmp	kernel_exit

syscall_native:
	SAVE_REST %rbp $0	// a native call loses rbp
	mov	%rbp, %rbx
	xor	%ebp, %ebp
	mov	(%rsp), %rdi
	sub	$16, %rsp
	call	kernel_syscall
	cmp	$EXIT_PLAIN, %eax
	jne	1f
	xor	%esi, %esi
	xor	%edi, %edi
	LEAVE_WORDLESS %rbx
1:	jb	kernel_exit
	mov	T_RSI(%rbx), %rsi
	mov	T_RDI(%rbx), %rdi
	LEAVE_WORDLESS %rbx

	// rsp: the thread, the user's is in its core's scratch word.
syscall_no_redirect:
	mov	%rcx, T_IP(%rsp)
	mov	%r11, T_FLAGS(%rsp)
	movzbl	T_HOME(%rsp), %ecx
	shl	$12, %ecx			// CORE_SIZE
	mov	kernel + CORE_SCRATCH(%rcx), %r11
	mov	%r11, T_SP(%rsp)
	mov	kernel + CORE_STACK(%rcx), %rcx
	SAVE_REST %rsp
	mov	%rcx, %rsp
	mov	(%rsp), %rdi
	sub	$16, %rsp
	call	kernel_foreign
	jmp	kernel_exit

// --- out, with 16 bytes of the core's stack in use; the word above the stack is the core

	.globl	kernel_exit
kernel_exit:
	mov	16(%rsp), %rdi		// core
	mov	CORE_CURRENT(%rdi), %rax
	test	%rax, %rax
	jz	idle
	testb	$T_FULL_BIT, T_STATE_FLAGS(%rax)
	jnz	exit_full
	mov	%rax, %rsp
	mov	T_IP(%rsp), %rcx
	mov	T_FLAGS(%rsp), %r11
	mov	T_RAX(%rsp), %rax
	mov	T_RBX(%rsp), %rbx
	mov	T_RDX(%rsp), %rdx
	mov	T_RSI(%rsp), %rsi
	mov	T_RDI(%rsp), %rdi
	mov	T_RBP(%rsp), %rbp
	mov	T_R8(%rsp), %r8
	mov	T_R9(%rsp), %r9
	mov	T_R10(%rsp), %r10
	mov	T_R12(%rsp), %r12
	mov	T_R13(%rsp), %r13
	mov	T_R14(%rsp), %r14
	mov	T_R15(%rsp), %r15
	mov	T_SP(%rsp), %rsp
	sysretq

exit_full:
	push	$SEL_USER_DATA
	push	T_SP(%rax)
	push	T_FLAGS(%rax)
	push	$SEL_USER_CODE
	push	T_IP(%rax)
	mov	T_RBX(%rax), %rbx
	mov	T_RCX(%rax), %rcx
	mov	T_RDX(%rax), %rdx
	mov	T_RSI(%rax), %rsi
	mov	T_RDI(%rax), %rdi
	mov	T_RBP(%rax), %rbp
	mov	T_R8(%rax), %r8
	mov	T_R9(%rax), %r9
	mov	T_R10(%rax), %r10
	mov	T_R11(%rax), %r11
	mov	T_R12(%rax), %r12
	mov	T_R13(%rax), %r13
	mov	T_R14(%rax), %r14
	mov	T_R15(%rax), %r15
	mov	T_RAX(%rax), %rax
	.globl	exit_iret
exit_iret:
	iretq

	// Nobody to run: wait for an interrupt. It starts over on a fresh stack.
idle:
	sti
	hlt
	cli
	jmp	kernel_exit

// --- exceptions and interrupts: the processor has pushed ss, rsp, rflags, cs, rip (and the error code)
// on the core's stack.

// A number is pushed as one byte with its sign, and the jumps are short ones: the tables are most of what
// the ways in take.

	.macro	EXCEPTIONS to
	.rept	16			// 8 bytes each
	.balign	8
	.if	!((i == 8) || (i >= 10 && i <= 14) || (i == 17) || (i == 21) || (i == 29) || (i == 30))
	push	$0			// those have an error code
	.endif
	push	$i
	jmp	\to
	.set	i, i + 1
	.endr
	.endm

	.globl	trap_table, trap_table_high, interrupt_table
	.balign	128
	// 128 bytes for 30 vectors, 4 bytes each. They have no error code: the number takes its place, too.
interrupt_table:
	.set	i, 32
	.rept	8
	.balign	128
	.rept	30
	.if	i < 256
	push	$i - (i & 128) * 2
	jmp	1f
	.endif
	.set	i, i + 1
	.endr
1:	push	(%rsp)
	jmp	trap
	.endr

trap_table_high:
	.set	i, 16
	EXCEPTIONS 2f
2:	jmp	trap

	.balign	8
trap_table:
	.set	i, 0
	EXCEPTIONS trap

	// Stack: vector, error, rip, cs, rflags, rsp, ss, the core.
trap:
	testb	$3, 24(%rsp)
	jz	trap_kernel
	push	%rax
	mov	64(%rsp), %rax		// core
	mov	CORE_CURRENT(%rax), %rax
	pop	T_RAX(%rax)
	mov	%rbx, T_RBX(%rax)
	mov	%rcx, T_RCX(%rax)
	mov	%rdx, T_RDX(%rax)
	mov	%rsi, T_RSI(%rax)
	mov	%rdi, T_RDI(%rax)
	mov	%rbp, T_RBP(%rax)
	mov	%r8, T_R8(%rax)
	mov	%r9, T_R9(%rax)
	mov	%r10, T_R10(%rax)
	mov	%r11, T_R11(%rax)
	mov	%r12, T_R12(%rax)
	mov	%r13, T_R13(%rax)
	mov	%r14, T_R14(%rax)
	mov	%r15, T_R15(%rax)
	orl	$T_FULL_BIT, T_STATE_FLAGS(%rax)
	pop	%rsi			// vector, its lowest byte
	pop	%rdx			// error
	pop	T_IP(%rax)
	pop	%rcx			// cs
	pop	T_FLAGS(%rax)
	pop	T_SP(%rax)
	pop	%rcx			// ss
	mov	(%rsp), %rdi		// core
	sub	$16, %rsp
	cld
	xor	%ebp, %ebp
	call	trap_user
	jmp	kernel_exit

	// In the kernel: an interrupt that ended idling, or a bug.
trap_kernel:
	cld
	push	%rax
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%rbp
	push	%rbx
	mov	%rsp, %rdi		// struct trap_frame
	mov	%rsp, %rbx
	and	$-16, %rsp
	call	trap_in_kernel
	mov	%rbx, %rsp
	pop	%rbx
	pop	%rbp
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	iretq

// Give core %rdi its first thread, on its own stack.
	.globl	core_start
core_start:
	mov	CORE_STACK(%rdi), %rsp
	sub	$16, %rsp
	jmp	kernel_exit

	.section .note.GNU-stack, "", @progbits
