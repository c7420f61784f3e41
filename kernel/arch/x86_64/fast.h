// The fast path of call and reply_recv: a message that travels in registers alone, to a receiver that
// waits on this core and may run at once. Everything else goes the slow way (kernel/syscall/ipc.c),
// which does the same on every input that is taken here; each check names what it stands for there.
//
// On entry: rsp is the current thread, rcx and r11 are free but for the flags in r11, T_IP is stored.
// Free besides: rax (the number is known), rbp (an IPC loses it), and in a call rdx. A failed check goes
// to syscall_slow with rdi, rsi, rdx, r11 and the message as they came and rax restored.
#include "abi/arch/x86_64.h"
#include "offset.h"

#define CORE(core, field) kernel + core * CORE_SIZE + field(%rip)

	// The slot at `index` of the CSpace of the thread at rsp: its address in \to. The index 0 is the
	// CNode's header, whose type field is TYPE_NONE: it fails the type check.
	.macro	FIND_SLOT index to slow
	cmp	T_CSPACE + S_DATA(%rsp), \index		// cnode_find: within the window (none: 0 slots)
	jae	\slow
	mov	T_CSPACE + S_FIRST(%rsp), %e\to
	add	\index, %r\to
	shl	$6, %r\to
	add	T_CSPACE + S_OBJECT(%rsp), %r\to
	.endm

	// The thread in \thread can run, and nothing that is ready stands above it (sched.c, choose).
	// Spoils r11.
	.macro	CHECK_RUNS thread core slow
	mov	T_RUNNING(\thread), %r11		// it has a context
	test	%r11, %r11
	jz	\slow
	mov	C_ABOVE(%r11), %r11
	test	%r11, CORE(\core, CORE_READY)
	jnz	\slow
	cmpb	$0, T_VSPACE + S_TYPE(\thread)		// and an address space
	je	\slow
	cmpb	$0, CORE(\core, CORE_FPU_ON)		// fpu_switch has nothing to do
	jne	\slow
	.endm

	.macro	FAST_PATHS core
	.align	64
call_fast\core:
	mov	%rsi, %rcx
	shr	$32, %rcx
	cmp	$MSG_WORDS_FAST, %ecx			// transfer_check: no kind, caps, items; words
	ja	call_slow\core
	testb	$T_STICKY_BIT, T_STATE_FLAGS(%rsp)	// take_cancel
	jnz	call_slow\core
	FIND_SLOT %rdi cx call_slow\core
	movzwl	S_TYPE(%rcx), %eax
	and	$0x1ff, %eax
	cmp	$0x108, %eax				// an endpoint, with SEND
	jne	call_slow\core
	mov	S_OBJECT(%rcx), %rdx
	lea	E_RECEIVERS + \core * 16(%rdx), %rax
	mov	8(%rax), %rbp				// endpoint_receiver
	cmp	%rax, %rbp
	je	call_slow\core
	sub	$T_QUEUE, %rbp				// rbp: the receiver
	mov	T_REPLY(%rbp), %rdx			// it offers a Reply
	test	%rdx, %rdx
	jz	call_slow\core
	mov	%r11, T_FLAGS(%rsp)
	CHECK_RUNS %rbp \core call_slow_flags\core

	// From here on nothing fails. message_stop_receiving: the first of the list leaves it.
	mov	S_DATA(%rcx), %rdi			// badge
	mov	T_QUEUE + 8(%rbp), %rcx
	mov	%rcx, 8(%rax)
	mov	%rax, (%rcx)
	lea	T_QUEUE(%rbp), %rcx
	mov	%rcx, (%rcx)
	mov	%rcx, 8(%rcx)
	xor	%eax, %eax
	mov	%rax, T_ENDPOINT(%rbp)
	mov	%rax, T_REPLY(%rbp)
	movl	$STATE_READY, T_STATE(%rbp)
	andb	$~(T_FULL_BIT | T_CALL_BIT), T_STATE_FLAGS(%rbp)
	// hand_over: the Reply is pending on the caller, which waits for the answer.
	mov	%rsp, R_CALLER(%rdx)
	mov	%rax, R_RECEIVER(%rdx)
	movq	$REPLY_IS_PENDING, R_STATE(%rdx)
	mov	%rdx, T_REPLY(%rsp)
	movl	$STATE_ANSWER, T_STATE(%rsp)
	movb	$T_CALL_BIT, T_STATE_FLAGS(%rsp)
	mov	%rsi, T_RSI(%rsp)			// thread_cancel looks at the tag
	jmp	fast_switch\core

call_slow_flags\core:
	mov	T_FLAGS(%rsp), %r11
call_slow\core:
	mov	$SYSCALL_BASE + SYSCALL_CALL, %eax
	jmp	syscall_slow\core

	.align	64
reply_fast\core:
	mov	%rsi, %rcx
	shr	$32, %rcx
	cmp	$MSG_WORDS_FAST, %ecx
	ja	reply_slow\core
	FIND_SLOT %rdi cx reply_slow\core
	movzwl	S_TYPE(%rcx), %eax
	and	$0x2ff, %eax
	cmp	$0x208, %eax				// receive_check: an endpoint, with RECV
	jne	reply_slow\core
	mov	S_OBJECT(%rcx), %rbp
	FIND_SLOT %rdx cx reply_slow\core
	movzwl	S_TYPE(%rcx), %eax
	and	$0x1ff, %eax
	cmp	$0x109, %eax				// find_reply: a Reply, with REPLY
	jne	reply_slow\core
	mov	S_OBJECT(%rcx), %rcx
	cmpq	$REPLY_IS_PENDING, R_STATE(%rcx)	// answer: pending, and no fault
	jne	reply_slow\core
	cmpq	$0, R_LENT(%rcx)
	jne	reply_slow\core
	cmpl	$0, E_DEAD(%rbp)			// receive_endpoint: nothing is there to take
	jne	reply_slow\core
	lea	E_SENDERS(%rbp), %rax
	cmp	%rax, 8(%rax)
	jne	reply_slow\core
	mov	T_BOUND(%rsp), %rax
	test	%rax, %rax
	jz	1f
	cmpq	$0, N_BITS(%rax)
	jne	reply_slow\core
1:	mov	R_CALLER(%rcx), %rax			// rax: who waits for the answer
	mov	%r11, T_FLAGS(%rsp)
	CHECK_RUNS %rax \core reply_slow_flags\core

	// From here on nothing fails. endpoint_wait_receive: the server waits, and offers the Reply again.
	movl	$STATE_RECEIVING, T_STATE(%rsp)
	andb	$~(T_FULL_BIT | T_CALL_BIT), T_STATE_FLAGS(%rsp)
	mov	%rbp, T_ENDPOINT(%rsp)
	mov	%rcx, T_REPLY(%rsp)
	mov	%rsi, T_RSI(%rsp)
	movq	$REPLY_IS_OFFERED, R_STATE(%rcx)
	mov	%rsp, R_RECEIVER(%rcx)
	movq	$0, R_CALLER(%rcx)
	lea	E_RECEIVERS + \core * 16(%rbp), %rbp
	lea	T_QUEUE(%rsp), %r11
	mov	(%rbp), %rcx				// list_append
	mov	%rcx, (%r11)
	mov	%rbp, 8(%r11)
	mov	%r11, 8(%rcx)
	mov	%r11, (%rbp)
	// reply_cut and thread_wake: the caller runs.
	xor	%edi, %edi
	mov	%rdi, T_REPLY(%rax)
	movl	$STATE_READY, T_STATE(%rax)
	andb	$~(T_FULL_BIT | T_CALL_BIT), T_STATE_FLAGS(%rax)
	mov	%rax, %rbp
	jmp	fast_switch\core

reply_slow_flags\core:
	mov	T_FLAGS(%rsp), %r11
reply_slow\core:
	mov	$SYSCALL_BASE + SYSCALL_REPLY_RECV, %eax
	jmp	syscall_slow\core

	// From the thread in rsp, whose flags are stored, to the thread in rbp, which stopped at a
	// `syscall`: account, arch_thread_switch, kernel_exit. rdi, rsi and the words are the message.
	.align	16
fast_switch\core:
	mov	CORE(\core, CORE_SCRATCH), %rcx
	mov	%rcx, T_SP(%rsp)
	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, %rcx
	sub	CORE(\core, CORE_SWITCHED), %rcx
	mov	%rax, CORE(\core, CORE_SWITCHED)
	mov	T_RUNNING(%rsp), %rdx
	add	%rcx, C_CONSUMED(%rdx)
	rdfsbase %rax
	mov	%rax, T_FS(%rsp)
	rdgsbase %rax
	mov	%rax, T_GS(%rsp)
	mov	T_FS(%rbp), %rax
	wrfsbase %rax
	mov	T_GS(%rbp), %rax
	wrgsbase %rax
	mov	%rbp, CORE(\core, CORE_CURRENT)
	mov	%rbp, CORE(\core, CORE_LOADED)
	mov	T_VSPACE + S_OBJECT(%rbp), %rax
	mov	V_TOP(%rax), %rax
	cmp	%rax, CORE(\core, CORE_TOP)
	je	1f
	mov	%rax, CORE(\core, CORE_TOP)
	mov	%rax, %cr3
1:	mov	T_IP(%rbp), %rcx
	mov	T_FLAGS(%rbp), %r11
	mov	T_SP(%rbp), %rsp
	xor	%eax, %eax
	xor	%edx, %edx
	xor	%ebp, %ebp
	sysretq
	.endm
