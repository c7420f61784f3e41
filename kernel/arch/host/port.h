// What the rest of the kernel must know of the host port: the same kernel as a library of Linux, where
// the machine is an array of memory, a table walk in software and a number for the time. host.h drives it.
#ifndef KERNEL_ARCH_HOST_PORT_H
#define KERNEL_ARCH_HOST_PORT_H

#include <stdint.h>

#include "abi/arch/x86_64.h"

#define CORES_MAX 16
#define TABLE_LEVELS 4
#define TABLE_INDEX_BITS 9
#define LARGE_PAGE_LEVEL_MAX 1  // 2 MiB
#define VECTOR_COUNT 256

// In the order of REGISTER_*; what a message travels in comes where the ABI's numbers have it.
struct arch_registers {
	uint64_t ip, sp, flags;
	uint64_t general[REGISTER_FS - REGISTER_RAX];
	uint64_t fs, gs;
};

// No user code runs here, so no state of an FPU is to be kept; a mark shows that it was made ready.
struct arch_fpu {
	uint64_t made;
};

static inline uint64_t *regs_at(struct arch_registers *r, unsigned index)
{
	return &r->general[index - REGISTER_RAX];
}

static inline uint64_t *regs_error(struct arch_registers *r) { return regs_at(r, REGISTER_RAX); }
static inline uint64_t *regs_cap(struct arch_registers *r) { return regs_at(r, REGISTER_RDI); }
static inline uint64_t *regs_tag(struct arch_registers *r) { return regs_at(r, REGISTER_RSI); }
static inline uint64_t *regs_reply(struct arch_registers *r) { return regs_at(r, REGISTER_RDX); }

static inline uint64_t *regs_word(struct arch_registers *r, unsigned i)
{
	static const uint8_t words[] = {REGISTER_R8,  REGISTER_R9,  REGISTER_R10, REGISTER_RBX,
					REGISTER_R12, REGISTER_R13, REGISTER_R14, REGISTER_R15};

	return regs_at(r, words[i]);
}

// All eight words at once.
static inline void regs_set_words(struct arch_registers *r, const uint64_t w[8])
{
	for (unsigned i = 0; i < 8; i++)
		*regs_word(r, i) = w[i];
}

static inline void regs_get_words(const struct arch_registers *r, uint64_t w[8])
{
	for (unsigned i = 0; i < 8; i++)
		w[i] = *regs_word((struct arch_registers *)(uintptr_t)r, i);
}

static inline void regs_copy_words(struct arch_registers *r, const struct arch_registers *from)
{
	uint64_t w[8];

	regs_get_words(from, w);
	regs_set_words(r, w);
}

// What FAULT_SYSCALL says of a foreign call: ip, number, sp, five arguments.
static inline void regs_foreign(const struct arch_registers *r, uint64_t words[8])
{
	static const uint8_t args[] = {REGISTER_RDI, REGISTER_RSI, REGISTER_RDX, REGISTER_R10, REGISTER_R8};

	words[0] = r->ip;
	words[1] = r->general[0];
	words[2] = r->sp;
	for (unsigned i = 0; i < 5; i++)
		words[3 + i] = r->general[args[i] - REGISTER_RAX];
}

// The system call instruction, to go back to it.
#define SYSCALL_LENGTH 2

#endif
