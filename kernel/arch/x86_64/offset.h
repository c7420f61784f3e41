// Offsets that assembly needs; offset.c checks them against the C structures.
#ifndef KERNEL_ARCH_X86_64_OFFSET_H
#define KERNEL_ARCH_X86_64_OFFSET_H

#define KERNEL_BASE 0xffffffff80000000
#define PHYS_BASE 0xffff800000000000

#define CORE_CURRENT 0
#define CORE_SIZE 1152
#define CORE_SCRATCH 8
#define CORE_STACK 16

#define CORE_LOADED 40
#define CORE_FPU_ON 64
#define CORE_READY 72
#define CORE_SWITCHED 1128
#define CORE_TOP 1136

#define MSG_WORDS_FAST 8

#define T_IP 16
#define T_SP 24
#define T_FLAGS 32
#define T_RAX 40
#define T_RBX 48
#define T_RCX 56
#define T_RDX 64
#define T_RSI 72
#define T_RDI 80
#define T_RBP 88
#define T_R8 96
#define T_R9 104
#define T_R10 112
#define T_R11 120
#define T_R12 128
#define T_R13 136
#define T_R14 144
#define T_R15 152
#define T_REDIRECT 176
#define T_BLOCK 184
#define T_STATE_FLAGS 192
#define T_STATE 196
#define T_FS 160
#define T_GS 168
#define T_CSPACE 256
#define T_VSPACE 320
#define T_QUEUE 512
#define T_ENDPOINT 528
#define T_REPLY 544
#define T_BOUND 552
#define T_RUNNING 568
#define T_FULL_BIT 1
#define T_CALL_BIT 2
#define T_STICKY_BIT 8
#define STATE_READY 1
#define STATE_ANSWER 3
#define STATE_RECEIVING 4

#define S_TYPE 16
#define S_FIRST 20
#define S_OBJECT 24
#define S_DATA 32

#define E_SENDERS 16
#define E_DEAD 32
#define E_RECEIVERS 48

#define R_CALLER 16
#define R_RECEIVER 24
#define R_LENT 32
#define R_STATE 40  // and is_fault in the upper half
#define REPLY_IS_OFFERED 1
#define REPLY_IS_PENDING 2

#define N_BITS 16
#define V_TOP 32
#define C_ABOVE 96
#define C_CONSUMED 144

#define SEL_KERNEL_CODE 0x08
#define SEL_KERNEL_DATA 0x10
#define SEL_USER_DATA 0x1b
#define SEL_USER_CODE 0x23
#define SEL_TSS 0x28

#define KERNEL_STACK_SIZE 8192
#define RFLAGS_USER 0x202

#endif
