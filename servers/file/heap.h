// The C library's memory, counted, so that a part of it is kept for what must always work (unlink).
#ifndef FILE_HEAP_H
#define FILE_HEAP_H

#include "servers/file/base.h"

// Hand out at most `size` bytes, the last eighth of them for HEAP_RESERVE only.
void heap_init(size_t size);

enum heap_class { HEAP_NORMAL, HEAP_RESERVE };

// Zeroed memory, or null. Given back with the same size.
void *heap_get(size_t size, enum heap_class class);
void heap_put(void *memory, size_t size);
size_t heap_used(void);

#endif
