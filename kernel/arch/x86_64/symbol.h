// Names of the kernel's functions, for backtraces: tools/symbols.py makes the table from the linked
// kernel, which is then linked once more with it. The first link uses symbol_none.c's empty table.
#ifndef KERNEL_ARCH_X86_64_SYMBOL_H
#define KERNEL_ARCH_X86_64_SYMBOL_H

#include <stdint.h>

struct symbol {
	uint32_t offset;  // from KERNEL_BASE
	uint32_t name;    // in symbol_names
};

extern const uint32_t symbol_count;
extern const struct symbol symbols[];
extern const char symbol_names[];

#endif
