// What the rest of the kernel must know of x86-64.
#ifndef KERNEL_ARCH_X86_64_PORT_H
#define KERNEL_ARCH_X86_64_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/arch/x86_64.h"
#include "abi/types.h"
#include "offset.h"

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

// All eight words at once.
static inline void regs_set_words(struct arch_registers *r, const uint64_t w[8])
{
	r->r8 = w[0], r->r9 = w[1], r->r10 = w[2], r->rbx = w[3];
	r->r12 = w[4], r->r13 = w[5], r->r14 = w[6], r->r15 = w[7];
}

static inline void regs_get_words(const struct arch_registers *r, uint64_t w[8])
{
	w[0] = r->r8, w[1] = r->r9, w[2] = r->r10, w[3] = r->rbx;
	w[4] = r->r12, w[5] = r->r13, w[6] = r->r14, w[7] = r->r15;
}

static inline void regs_copy_words(struct arch_registers *r, const struct arch_registers *from)
{
	r->r8 = from->r8, r->r9 = from->r9, r->r10 = from->r10, r->rbx = from->rbx;
	r->r12 = from->r12, r->r13 = from->r13, r->r14 = from->r14, r->r15 = from->r15;
}

// What FAULT_SYSCALL says of a foreign call: ip, number, sp, five arguments.
static inline void regs_foreign(const struct arch_registers *r, uint64_t words[8])
{
	const uint64_t w[8] = {r->ip, r->rax, r->sp, r->rdi, r->rsi, r->rdx, r->r10, r->r8};

	for (unsigned i = 0; i < 8; i++)
		words[i] = w[i];
}

// Part of the port's contract (arch.h), and inline because every page mapped goes through them: addresses,
// and page table entries (Intel SDM volume 3, 4.5).
#define PTE_PRESENT (1ull << 0)
#define PTE_WRITE (1ull << 1)
#define PTE_USER (1ull << 2)
#define PTE_NO_CACHE (1ull << 4)
#define PTE_LARGE (1ull << 7)
#define PTE_NO_EXECUTE (1ull << 63)
#define PTE_ADDRESS 0x000ffffffffff000ull

static inline void *arch_phys_to_virt(uint64_t physical) { return (void *)(physical + PHYS_BASE); }

static inline uint64_t arch_virt_to_phys(const void *address)
{
	uint64_t a = (uint64_t)address;

	return a >= KERNEL_BASE ? a - KERNEL_BASE : a - PHYS_BASE;
}

static inline uint64_t arch_entry_page(uint64_t physical, unsigned level, unsigned rights, bool device)
{
	return physical | PTE_PRESENT | PTE_USER | (level ? PTE_LARGE : 0) |
	       (rights & FRAME_WRITE ? PTE_WRITE : 0) | (rights & FRAME_EXECUTE ? 0 : PTE_NO_EXECUTE) |
	       (device ? PTE_NO_CACHE : 0);
}

static inline uint64_t arch_entry_read_only(uint64_t entry) { return entry & ~PTE_WRITE; }
static inline uint64_t arch_entry_table(uint64_t physical)
{
	return physical | PTE_PRESENT | PTE_WRITE | PTE_USER;
}
static inline bool arch_entry_is_present(uint64_t entry) { return entry & PTE_PRESENT; }
static inline bool arch_entry_is_table(uint64_t entry, unsigned level)
{
	return level > 0 && !(entry & PTE_LARGE);
}
static inline uint64_t arch_entry_physical(uint64_t entry) { return entry & PTE_ADDRESS; }

// The system call instruction, to go back to it.
#define SYSCALL_LENGTH 2

#endif
