#ifndef KERNEL_OBJECT_UNTYPED_H
#define KERNEL_OBJECT_UNTYPED_H

#include "kernel.h"

// Fill a slot with a block of RAM. `is_dirty`: it may hold anything; else it is known to be zero.
void untyped_init(struct slot *slot, uint64_t base, unsigned bits, bool is_dirty);

#endif
