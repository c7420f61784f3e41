// Making an object of any type but untyped in zeroed memory.
#ifndef KERNEL_OBJECT_MAKE_H
#define KERNEL_OBJECT_MAKE_H

#include "kernel.h"

// Initialise the object at a physical address and fill `dest` with its capability, all rights.
// size_bits: of a frame (bytes) or a CNode (slots).
void object_make(struct slot *dest, unsigned type, unsigned size_bits, uint64_t physical);

#endif
