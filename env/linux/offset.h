// Offsets that assembly needs, checked against the structures in start.c.
#ifndef ENV_LINUX_OFFSET_H
#define ENV_LINUX_OFFSET_H

#define OFFSET_REGS 0
#define OFFSET_IP 0
#define OFFSET_SP 8
#define OFFSET_FLAGS 16
#define OFFSET_RAX 24
#define OFFSET_RBX 32
#define OFFSET_RCX 40
#define OFFSET_RDX 48
#define OFFSET_RSI 56
#define OFFSET_RDI 64
#define OFFSET_RBP 72
#define OFFSET_R8 80
#define OFFSET_R9 88
#define OFFSET_R10 96
#define OFFSET_R11 104
#define OFFSET_R12 112
#define OFFSET_R13 120
#define OFFSET_R14 128
#define OFFSET_R15 136
#define OFFSET_ORIG_RAX 144
#define OFFSET_WORK 160
#define OFFSET_TID 2264
#define OFFSET_PROCESS 2328

// struct process_block
#define PROCESS_PID 4
#define PROCESS_PPID 8
#define PROCESS_PGID 12
#define PROCESS_UID 20
#define PROCESS_EUID 24
#define PROCESS_GID 32
#define PROCESS_EGID 36
#define PROCESS_THREADS 120
#define PROCESS_FDS 2464
#define PROCESS_IO 14752
#define FD_MAX 1024
#define VIEW_FIRST 64
#define VIEW_COUNT 27
#define VIEW_STRIDE 0x12000
#define VIEW_BASE 0x7f8000210000

// struct linux_thread in the block; a thread area's size as a mask.
#define OFFSET_THREAD 1024
#define AREA_MASK 0xffff
#define AREA_THREAD (0xf000 + OFFSET_THREAD)
#define AREA_TOP 0xe000

// The number that a system call of the program must be below to be looked up in the table.
#define TABLE_COUNT 452
// Those below this one have their table in the trampoline page.
#define TABLE_NEAR 340

// Where in the trampoline page the way out begins for entry_leave.
#define TRAMPOLINE_LEAVE 0x200
#define TRAMPOLINE_UPCALL 0x80

#endif
