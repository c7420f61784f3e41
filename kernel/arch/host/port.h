// What the rest of the kernel must know of the host port: the same kernel as a library of Linux, where
// the machine is an array of memory, a table walk in software and a number for the time. host.h drives it.
#ifndef KERNEL_ARCH_HOST_PORT_H
#define KERNEL_ARCH_HOST_PORT_H

#include <stdint.h>

#include "arch/x86_64/regs.h"

#define CORES_MAX 16
#define TABLE_LEVELS 4
#define TABLE_INDEX_BITS 9
#define LARGE_PAGE_LEVEL_MAX 1  // 2 MiB
#define VECTOR_COUNT 256

// No user code runs here, so no state of an FPU is to be kept; a mark shows that it was made ready.
struct arch_fpu {
	uint64_t made;
};

#endif
