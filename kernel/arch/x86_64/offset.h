// Offsets that assembly needs; offset.c checks them against the C structures.
#ifndef KERNEL_ARCH_X86_64_OFFSET_H
#define KERNEL_ARCH_X86_64_OFFSET_H

#define KERNEL_BASE 0xffffffff80000000
#define PHYS_BASE 0xffff800000000000

#define CORE_CURRENT 0
#define CORE_SCRATCH 8
#define CORE_STACK 16
#define CORE_STOPS 24
#define CORE_LOCK 32
#define CORE_READY 40
#define CORE_FPU_ON 80
#define CORE_LIMITED 1120
#define CORE_SIZE 4096

#define T_HOME 3
#define T_IP 16
#define T_SP 24
#define T_FLAGS 32
#define T_RAX 40
#define T_RBX 120
#define T_RCX 48
#define T_RDX 56
#define T_RSI 64
#define T_RDI 72
#define T_RBP 80
#define T_R8 96
#define T_R9 104
#define T_R10 112
#define T_R11 88
#define T_R12 128
#define T_R13 136
#define T_R14 144
#define T_R15 152
#define T_REDIRECT 176
#define T_BLOCK 184
#define T_STATE_FLAGS 192
#define T_STATE 196
#define T_FAST_TAGS 200
#define T_FS 160
#define T_GS 168
#define T_CSPACE 256
#define T_VSPACE 320
#define T_ENDPOINT 528
#define T_REPLY 544
#define T_RUNNING 568
#define T_FULL_BIT 1
#define EXIT_PLAIN 2
#define STATE_READY 1
#define STATE_ANSWER 3
#define STATE_RECEIVING 4

#define S_RIGHTS 17
#define S_OBJECT 24
#define S_DATA 32
#define S_ADDRESS 40
#define RIGHT_SEND 0x80
#define RIGHT_RECV 0x40
#define RIGHT_REPLY 0x20

#define E_CORE 48
#define E_CORE_SIZE 24
#define ENDPOINT_IS_IDLE 0
#define ENDPOINT_IS_SLOW 1

#define R_THREAD 16
#define R_LENT 24
#define R_WORD 32  // home; is_fault, is_lent, is_slow; state
#define R_FLAGS 33
#define R_FLAG_LENT 2
#define R_LEND_NEXT 40
#define REPLY_IS_OFFERED 0x10000  // and the core
#define REPLY_IS_PENDING 0x20000
#define REPLY_IS_PENDING_LENT 0x20200

#define C_USER 40
#define C_SLICE 88
#define C_ABOVE 96
#define C_HIGHER 104
#define C_CONSUMED 152
#define C_TURN 160
#define C_LENDS 168
#define C_LEND_COUNT 176
#define C_IS_LIMITED 238
#define LENDS_LIMIT 16
#define CORE_STOP_LIMITED 2

#define BLOCK_WORDS 64

#define SEL_KERNEL_CODE 0x08
#define SEL_KERNEL_DATA 0x10
#define SEL_USER_DATA 0x1b
#define SEL_USER_CODE 0x23
#define SEL_BOOT_CODE 0x18  // 32 bits, of the tables that the processors start with
#define SEL_TSS 0x28        // and 16 more for each core
#define STUB_BASE 0xffffffff801f0000  // a page for each core
#define AP_ENTRY 0x8000     // physical, where a processor starts in real mode

#define KERNEL_STACK_SIZE 8192
#define RFLAGS_USER 0x202
#define CR0_TASK_SWITCHED 8

#endif
