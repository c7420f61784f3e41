// The fast path of call and reply_recv: a message of words alone (from the ninth on they are copied from
// block to block), to a receiver that waits on this core and may run at once. Everything else goes the slow way (kernel/syscall/ipc.c),
// which does the same on every input that is taken here; each check names what it stands for there.
// docs/bench.md has a table of what each instruction is for.
//
// The includer defines the instructions that only a kernel may execute: RDFS, RDGS, WRFS, WRGS, READ_TIME,
// LOAD_TOP, FPU_OFF, LEAVE (macros). The host port has its own, so that unit tests run this very code.
// SITE_ENDPOINT n: n bytes back lies a distance in an endpoint that is another one on another core;
// SITE_HOME: 4 bytes back lies a byte that is the core's number.
//
// On entry: rcx, r11 and rsp are the user's instruction pointer, flags and stack pointer; rbp is free (an
// IPC loses it). The core's lock is taken first. rbp is the current thread, rsp the one that goes on: there
// is no stack. A failed check goes to syscall_saved, with the lock dropped, T_IP, T_SP and T_FLAGS stored,
// and rdi, rsi, rdx and the words as they came. In a call rdx is no argument.
//
// Nothing is read or written but, of the core: its first line; of the running thread: the lines of ip, of
// rsi (tag), of FS and GS, of flags and fast_tags, its CSpace and VSpace slots, and the line of its links; of
// the other thread the same without the CSpace; one line each of both slots looked up, of the Reply, of
// the endpoint, and of both contexts.
#include "abi/arch/x86_64.h"
#include "offset.h"

#define CORE(core, field) kernel + core * CORE_SIZE + field(%rip)
#define E_FAST(core) E_CORE + core * E_CORE_SIZE

	.macro	FAST_ENTER core busy slow
	lock btsl $0, CORE(\core, CORE_LOCK)
	jc	\busy
	mov	CORE(\core, CORE_CURRENT), %rbp
	mov	%rcx, T_IP(%rbp)
	mov	%rsp, T_SP(%rbp)
	mov	%r11, T_FLAGS(%rbp)
	// transfer_check: no kind, capabilities, items; at most 8 words (else \slow looks again). take_cancel and take_bound: nothing is
	// there to take. fast_tags is 9 << 32, or 0.
	cmp	T_FAST_TAGS(%rbp), %rsi
	jae	\slow
	.endm

	// The slot at `index` of the running thread's CSpace, its address in \to, with a right that only one type
	// has. Index 0 is the CNode's header, whose rights field is 0, as that of an empty slot is.
	.macro	FIND_SLOT index to right slow
	cmp	T_CSPACE + S_DATA(%rbp), \index		// cnode_find: within the window (none: 0 slots)
	jae	\slow
	imul	$64, \index, \to
	add	T_CSPACE + S_ADDRESS(%rbp), \to
	testb	$\right, S_RIGHTS(\to)			// the type, and the right
	jz	\slow
	.endm

	// The context in r11 may run at once: nothing that is ready stands above it (sched.c, choose), or
	// beside it and its turn is over; and fpu_switch has nothing to do.
	.macro	CHECK_RUNS core spoils closely
	mov	C_ABOVE(%r11), \spoils
	test	\spoils, CORE(\core, CORE_STOPS)
	jnz	\closely
	.endm

	// Something stands in the way: the FPU, which is turned off; a budget, unless the timer comes before it is
	// used up; or somebody who is ready (is_turn_over). Goes on with a message in registers, or a longer one.
	.macro	CHECK_CLOSELY core spoils slow short long
	cmpb	$0, CORE(\core, CORE_FPU_ON)
	je	1f
	FPU_OFF	\spoils
	movb	$0, CORE(\core, CORE_FPU_ON)
	mov	CORE(\core, CORE_READY), \spoils
	or	$CORE_STOP_LIMITED, \spoils
	mov	\spoils, CORE(\core, CORE_STOPS)
	test	\spoils, C_ABOVE(%r11)
	jz	3f
1:	cmpb	$0, C_IS_LIMITED(%r11)
	je	2f
	cmp	%r11, CORE(\core, CORE_LIMITED)
	jne	\slow
2:	mov	C_HIGHER(%r11), \spoils
	test	\spoils, CORE(\core, CORE_READY)
	jnz	\slow
	cmpq	$0, C_SLICE(%r11)
	je	3f
	mov	C_CONSUMED(%r11), \spoils
	sub	C_TURN(%r11), \spoils
	cmp	C_SLICE(%r11), \spoils
	jae	\slow
3:	cmp	T_FAST_TAGS(%rbp), %rsi
	jb	\short
	jmp	\long
	.endm

	// message_stop_receiving, hand_over. rax: the endpoint, rcx: the caller's slot. Leaves the Reply in rdx.
	.macro	CALL_COMMIT core
	mov	S_DATA(%rcx), %rdi			// badge
	mov	T_REPLY(%rsp), %rdx
	{disp32} movq $ENDPOINT_IS_IDLE, E_FAST(\core)(%rax)
	SITE_ENDPOINT 8
	movq	$0, T_ENDPOINT(%rsp)
	movq	$0, T_REPLY(%rsp)
	movl	$STATE_READY, T_STATE(%rsp)
	mov	%rbp, R_THREAD(%rdx)
	movl	$REPLY_IS_PENDING + \core, R_WORD(%rdx)
	SITE_HOME
	mov	%rdx, T_REPLY(%rbp)
	movl	$STATE_ANSWER, T_STATE(%rbp)
	mov	%rsi, T_RSI(%rbp)			// thread_cancel looks at the tag
	.endm

	// receive_check and receive_endpoint: a receive may wait here, and nothing is there to take. The endpoint
	// goes to rax.
	.macro	CHECK_RECEIVE core
	FIND_SLOT %rdi %rax RIGHT_RECV reply_slow\core
	mov	S_OBJECT(%rax), %rax
	{disp32} cmpq $ENDPOINT_IS_IDLE, E_FAST(\core)(%rax)
	SITE_ENDPOINT 5
	jne	reply_slow\core
	.endm

	// endpoint_wait_receive, reply_cut, thread_wake. rax: the endpoint, rcx: the Reply.
	.macro	REPLY_COMMIT core
	movl	$STATE_RECEIVING, T_STATE(%rbp)
	{disp32} mov %rbp, E_FAST(\core)(%rax)
	SITE_ENDPOINT 4
	mov	%rax, T_ENDPOINT(%rbp)
	mov	%rcx, T_REPLY(%rbp)
	mov	%rsi, T_RSI(%rbp)
	movl	$REPLY_IS_OFFERED + \core, R_WORD(%rcx)
	SITE_HOME
	mov	%rbp, R_THREAD(%rcx)
	movq	$0, T_REPLY(%rsp)
	movl	$STATE_READY, T_STATE(%rsp)
	xor	%edi, %edi				// badge
	.endm

	// charge_end and charge_begin: from the context of rbp to that in r11.
	.macro	CHARGE
	READ_TIME
	mov	T_RUNNING(%rbp), %rdx
	add	%rax, C_CONSUMED(%rdx)
	sub	%rax, C_CONSUMED(%r11)
	.endm

	// context_lend: the context in r11 goes from rbp to rsp. Its time runs on.
	.macro	LEND
	mov	%rsp, C_USER(%r11)
	movq	$0, T_RUNNING(%rbp)
	mov	%r11, T_RUNNING(%rsp)
	.endm

	// From rbp to rsp, which stopped at a `syscall`: arch_thread_switch, lock_release, kernel_exit. rdi, rsi
	// and the words are the message.
	.macro	SWITCH core
	RDFS	%rax
	mov	%rax, T_FS(%rbp)
	RDGS	%rax
	mov	%rax, T_GS(%rbp)
	mov	T_FS(%rsp), %rax
	WRFS	%rax
	mov	T_GS(%rsp), %rax
	WRGS	%rax
	mov	%rsp, CORE(\core, CORE_CURRENT)
	mov	T_VSPACE + S_ADDRESS(%rsp), %rax
	cmp	%rax, T_VSPACE + S_ADDRESS(%rbp)
	je	1f
	LOAD_TOP %rax
1:	movl	$0, CORE(\core, CORE_LOCK)
	mov	T_IP(%rsp), %rcx
	mov	T_FLAGS(%rsp), %r11
	mov	T_SP(%rsp), %rsp
	xor	%eax, %eax
	xor	%edx, %edx
	xor	%ebp, %ebp
	LEAVE
	.endm

	// More than eight words: those beyond lie in the block of rbp and go to that of rsp.
	.macro	COPY_WORDS
	mov	%rsi, %rax
	mov	%rdi, %rdx
	mov	%rsi, %rcx
	shr	$32, %rcx
	sub	$8, %ecx
	mov	T_BLOCK(%rbp), %rsi
	add	$BLOCK_WORDS, %rsi
	mov	T_BLOCK(%rsp), %rdi
	add	$BLOCK_WORDS, %rdi
	rep movsq
	mov	%rdx, %rdi
	mov	%rax, %rsi
	.endm

	// The tag is not below fast_tags: perhaps only since there are 9 to 64 words, in a block.
	.macro	CHECK_LONG core slow
	cmpq	$0, T_FAST_TAGS(%rbp)
	je	\slow
	cmp	fast_long_tags\core(%rip), %rsi
	jae	\slow
	cmpq	$0, T_BLOCK(%rbp)
	je	\slow
	.endm

	.macro	CHECK_BLOCK_OF_OTHER long slow
	.if	\long
	cmpq	$0, T_BLOCK(%rsp)
	je	\slow
	.endif
	.endm

	.macro	COPY_IF long
	.if	\long
	COPY_WORDS
	.endif
	.endm

	.macro	CALL_REST core long
	FIND_SLOT %rdi %rcx RIGHT_SEND call_slow\core
	mov	S_OBJECT(%rcx), %rax
	{disp32} mov E_FAST(\core)(%rax), %rsp	// endpoint_receiver: it offers a Reply, and has a VSpace
	SITE_ENDPOINT 4
	cmp	$ENDPOINT_IS_SLOW, %rsp
	jbe	call_slow\core
	CHECK_BLOCK_OF_OTHER \long call_slow\core
	mov	T_RUNNING(%rsp), %r11
	test	%r11, %r11
	jz	call\long\()_lend\core
	CHECK_RUNS \core %rdx call_closely\core
call\long\()_go\core:
	CALL_COMMIT \core
	CHARGE
	COPY_IF	\long
	SWITCH	\core

	// The receiver has no time of its own: reply_lend.
call\long\()_lend\core:
	mov	T_RUNNING(%rbp), %r11
	cmpq	$LENDS_LIMIT, C_LEND_COUNT(%r11)
	je	call_slow\core
	CHECK_RUNS \core %rdx call_lend_closely\core
call\long\()_lend_go\core:
	CALL_COMMIT \core
	mov	%r11, R_LENT(%rdx)
	movb	$R_FLAG_LENT, R_FLAGS(%rdx)
	mov	C_LENDS(%r11), %rcx
	mov	%rcx, R_LEND_NEXT(%rdx)
	mov	%rdx, C_LENDS(%r11)
	incq	C_LEND_COUNT(%r11)
	LEND
	COPY_IF	\long
	SWITCH	\core

	.endm

	.macro	FAST_CALL core
	.align	32
call_fast\core:
	FAST_ENTER \core call_busy\core call_long\core
	CALL_REST \core 0
call_long\core:
	CHECK_LONG \core call_slow\core
	CALL_REST \core 1

call_closely\core:
	CHECK_CLOSELY \core %rdx call_slow\core call0_go\core call1_go\core
	// Its time is running: what it has used up is not in `consumed` yet.
call_lend_closely\core:
	cmpq	$0, C_SLICE(%r11)
	jne	call_slow\core
	CHECK_CLOSELY \core %rdx call_slow\core call0_lend_go\core call1_lend_go\core

call_slow\core:
	movl	$0, CORE(\core, CORE_LOCK)
	xor	%edx, %edx
	mov	$SYSCALL_BASE + SYSCALL_CALL, %eax
	jmp	syscall_saved\core
	.endm

	.macro	REPLY_REST core long
	FIND_SLOT %rdx %rcx RIGHT_REPLY reply_slow\core	// find_reply
	mov	S_OBJECT(%rcx), %rcx
	cmpl	$REPLY_IS_PENDING + \core, R_WORD(%rcx)	// answer: no fault; with time and a VSpace; from here
	SITE_HOME
	jne	reply\long\()_lent\core
	mov	R_THREAD(%rcx), %rsp
	CHECK_BLOCK_OF_OTHER \long reply_slow\core
	mov	T_RUNNING(%rsp), %r11
	CHECK_RUNS \core %rax reply_closely\core
reply\long\()_go\core:
	CHECK_RECEIVE \core
	REPLY_COMMIT \core
	CHARGE
	COPY_IF	\long
	SWITCH	\core

	// The server runs on the caller's time, and gives it back: lends_cut, for the latest of its Replies.
reply\long\()_lent\core:
	cmpl	$REPLY_IS_PENDING_LENT + \core, R_WORD(%rcx)
	SITE_HOME
	jne	reply_slow\core
	mov	R_THREAD(%rcx), %rsp
	CHECK_BLOCK_OF_OTHER \long reply_slow\core
	mov	R_LENT(%rcx), %r11
	cmp	%r11, T_RUNNING(%rbp)
	jne	reply_slow\core
	cmp	%rcx, C_LENDS(%r11)
	jne	reply_slow\core
	CHECK_RUNS \core %rax reply_lent_closely\core
reply\long\()_lent_go\core:
	CHECK_RECEIVE \core
	REPLY_COMMIT \core
	mov	R_LEND_NEXT(%rcx), %rdx
	mov	%rdx, C_LENDS(%r11)
	decq	C_LEND_COUNT(%r11)
	LEND
	COPY_IF	\long
	SWITCH	\core

	.endm

	.macro	FAST_REPLY core
	.align	32
reply_fast\core:
	FAST_ENTER \core reply_busy\core reply_long\core
	REPLY_REST \core 0
reply_long\core:
	CHECK_LONG \core reply_slow\core
	REPLY_REST \core 1

reply_closely\core:
	CHECK_CLOSELY \core %rax reply_slow\core reply0_go\core reply1_go\core
reply_lent_closely\core:
	cmpq	$0, C_SLICE(%r11)
	jne	reply_slow\core
	CHECK_CLOSELY \core %rax reply_slow\core reply0_lent_go\core reply1_lent_go\core

reply_slow\core:
	movl	$0, CORE(\core, CORE_LOCK)
	mov	$SYSCALL_BASE + SYSCALL_REPLY_RECV, %eax
	jmp	syscall_saved\core
	.endm

	// Another core holds the lock: the slow path waits for it.
	.macro	FAST_BUSY core
call_busy\core:
reply_busy\core:
	jmp	syscall_fresh\core
	.endm

	.macro	FAST_DATA core
	.balign	8
fast_long_tags\core:				// more than 64 words, or anything but words
	.quad	65 << 32
	.endm

	.macro	FAST_PATHS core
	FAST_CALL \core
	FAST_REPLY \core
	FAST_BUSY \core
	FAST_DATA \core
	.endm
