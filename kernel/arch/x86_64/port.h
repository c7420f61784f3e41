// What the rest of the kernel must know of x86-64.
#ifndef KERNEL_ARCH_X86_64_PORT_H
#define KERNEL_ARCH_X86_64_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/types.h"
#include "offset.h"
#include "regs.h"

#define CORES_MAX 16
#define TABLE_LEVELS 4
#define TABLE_INDEX_BITS 9
#define LARGE_PAGE_LEVEL_MAX 1  // 2 MiB
#define VECTOR_COUNT 256

// XSAVE or FXSAVE area: x87, SSE, AVX.
struct arch_fpu {
	uint8_t area[1024] __attribute__((aligned(64)));
};

// Part of the port's contract (arch.h), and inline because every page mapped goes through them: addresses,
// and page table entries (Intel SDM volume 3, 4.5).
#define PTE_PRESENT (1ull << 0)
#define PTE_WRITE (1ull << 1)
#define PTE_USER (1ull << 2)
#define PTE_NO_CACHE (1ull << 4)
#define PTE_LARGE (1ull << 7)
#define PTE_GAVE_WRITE (1ull << 9)     // these two are the kernel's: the rights that the entry was made with
#define PTE_GAVE_EXECUTE (1ull << 10)
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
	       (rights & FRAME_WRITE ? PTE_WRITE | PTE_GAVE_WRITE : 0) |
	       (rights & FRAME_EXECUTE ? PTE_GAVE_EXECUTE : PTE_NO_EXECUTE) | (device ? PTE_NO_CACHE : 0);
}

static inline uint64_t arch_entry_read_only(uint64_t entry) { return entry & ~(PTE_WRITE | PTE_GAVE_WRITE); }

static inline uint64_t arch_entry_restrict(uint64_t entry, unsigned rights)
{
	bool is_readable = rights & FRAME_READ;

	entry = (entry & ~(PTE_USER | PTE_WRITE)) | PTE_NO_EXECUTE | (is_readable ? PTE_USER : 0);
	if (is_readable && rights & FRAME_WRITE && entry & PTE_GAVE_WRITE)
		entry |= PTE_WRITE;
	if (is_readable && rights & FRAME_EXECUTE && entry & PTE_GAVE_EXECUTE)
		entry &= ~PTE_NO_EXECUTE;
	return entry;
}

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
static inline bool arch_entry_is_of(uint64_t entry, uint64_t physical)
{
	return (entry & (PTE_ADDRESS | PTE_PRESENT)) == (physical | PTE_PRESENT);
}
static inline uint64_t arch_entry_next(uint64_t entry) { return entry + PAGE_SIZE; }

static inline uint64_t arch_time(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

#endif
