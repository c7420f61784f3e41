// What a port tells kernel_boot, and what it hands to the first task.
#ifndef KERNEL_BOOT_H
#define KERNEL_BOOT_H

#include "kernel.h"

#define BOOT_RANGES_MAX 32

struct boot_range {
	uint64_t from, to;  // physical, [from, to)
};

struct boot {
	struct boot_range ram[BOOT_RANGES_MAX];  // free RAM: without the kernel, its tables and the image
	unsigned ram_count;
	struct boot_range image;                 // the boot image
	struct boot_range device;                // the hole below 4 GiB
	unsigned cores;                          // that run; 0 counts as 1
	uint64_t entered;                        // the counter when the kernel was entered
	uint64_t rsdp;
	const char *command_line;
};

// Make the kernel's state and the first task out of what the port found. The first task is then the
// current thread of core 0.
void kernel_boot(struct boot *boot);

#endif
