// The first task's program: just enough of ELF64 (System V ABI, gABI chapters 4 and 5).
#ifndef KERNEL_PROGRAM_H
#define KERNEL_PROGRAM_H

#include "abi/types.h"

struct elf_segment {
	const char *data;
	uint64_t address, file_size, memory_size;
	unsigned rights;  // FRAME_READ...
};

// Call `segment` for each loadable segment of a static executable; the entry point, or 0 when it is
// none. Every bound is checked before the first call.
uint64_t elf_load(const char *file, uint64_t size,
		  void (*segment)(void *argument, const struct elf_segment *segment), void *argument);

#endif
