// Register conventions of x86-64: see docs/decisions/0002-registers.md.
// Used by C and assembly: numbers only.
#ifndef ABI_ARCH_X86_64_H
#define ABI_ARCH_X86_64_H

#define PAGE_BITS 12
#define PAGE_SIZE 4096

// Native system calls: rax, all 64 bits compared. Numbers of the window that are no call fail with SYSCALL;
// any other number is foreign.
#define SYSCALL_BASE 0x50490000
#define SYSCALL_CALL 0        // rdi capability, rsi tag: send, wait for the answer
#define SYSCALL_REPLY_RECV 1  // rdi endpoint, rdx Reply: answer it, receive with it again
#define SYSCALL_SEND 2        // rdi endpoint: wait until received; notification: signal; Reply: answer
#define SYSCALL_RECV 3        // rdi endpoint, rdx Reply; notification: wait
#define SYSCALL_NB_SEND 4     // as send, but NOT_READY instead of waiting
#define SYSCALL_NB_RECV 5     // as recv, but NOT_READY instead of waiting
#define SYSCALL_YIELD 6       // to the next context of the same priority
#define SYSCALL_COUNT 7
#define SYSCALL_WINDOW 16

// First user address that is not user space: the top page below it can never be mapped.
#define USER_END 0x00007ffffffff000

// Order of registers in thread_read and thread_write.
#define REGISTER_IP 0
#define REGISTER_SP 1
#define REGISTER_FLAGS 2
#define REGISTER_RAX 3
#define REGISTER_RBX 4
#define REGISTER_RCX 5
#define REGISTER_RDX 6
#define REGISTER_RSI 7
#define REGISTER_RDI 8
#define REGISTER_RBP 9
#define REGISTER_R8 10
#define REGISTER_R9 11
#define REGISTER_R10 12
#define REGISTER_R11 13
#define REGISTER_R12 14
#define REGISTER_R13 15
#define REGISTER_R14 16
#define REGISTER_R15 17
#define REGISTER_FS 18
#define REGISTER_GS 19
#define REGISTER_COUNT 20

// Offsets in the block that assembly needs.
#define BLOCK_REDIRECT_IP 0
#define BLOCK_REDIRECT_FLAGS 8
#define BLOCK_SELF 16
#define BLOCK_USER 1024

#endif
