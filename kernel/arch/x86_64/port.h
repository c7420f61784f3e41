// What the rest of the kernel must know of x86-64.
#ifndef KERNEL_ARCH_X86_64_PORT_H
#define KERNEL_ARCH_X86_64_PORT_H

#include <stdint.h>

#include "abi/arch/x86_64.h"

#define CORES_MAX 16
#define TABLE_LEVELS 4
#define TABLE_INDEX_BITS 9
#define LARGE_PAGE_LEVEL_MAX 1  // 2 MiB
#define VECTOR_COUNT 256

// The first two are needed by the redirection path at fixed offsets: see offset.h.
struct arch_registers {
	uint64_t ip, sp, flags;
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t fs, gs;  // bases
};

// XSAVE or FXSAVE area: x87, SSE, AVX.
struct arch_fpu {
	uint8_t area[1024] __attribute__((aligned(64)));
};

// Message registers: abi/arch/x86_64.h.
static inline uint64_t *regs_error(struct arch_registers *r) { return &r->rax; }
static inline uint64_t *regs_cap(struct arch_registers *r) { return &r->rdi; }
static inline uint64_t *regs_tag(struct arch_registers *r) { return &r->rsi; }
static inline uint64_t *regs_reply(struct arch_registers *r) { return &r->rdx; }

static inline uint64_t *regs_word(struct arch_registers *r, unsigned i)
{
	switch (i) {
	case 0:
		return &r->r8;
	case 1:
		return &r->r9;
	case 2:
		return &r->r10;
	case 3:
		return &r->rbx;
	default:
		return &r->r12 + (i - 4);
	}
}

// What FAULT_SYSCALL says of a foreign call: ip, number, sp, five arguments.
static inline void regs_foreign(const struct arch_registers *r, uint64_t words[8])
{
	const uint64_t w[8] = {r->ip, r->rax, r->sp, r->rdi, r->rsi, r->rdx, r->r10, r->r8};

	for (unsigned i = 0; i < 8; i++)
		words[i] = w[i];
}

// The system call instruction, to go back to it.
#define SYSCALL_LENGTH 2

#endif
