#include "servers/file/heap.h"

#include <stdlib.h>

#define OVERHEAD 32  // what the C library adds to a block, at most, for the small ones

static struct {
	size_t used, normal, limit;
} heap;

void heap_init(size_t size)
{
	heap.used = 0;
	heap.limit = size;
	heap.normal = size - size / 8;
}

void *heap_get(size_t size, enum heap_class class)
{
	size_t limit = class == HEAP_RESERVE ? heap.limit : heap.normal;

	if (size > limit || heap.used + size + OVERHEAD > limit)
		return NULL;

	void *memory = calloc(1, size);

	if (memory)
		heap.used += size + OVERHEAD;
	return memory;
}

void heap_put(void *memory, size_t size)
{
	if (!memory)
		return;
	heap.used -= size + OVERHEAD;
	free(memory);
}

size_t heap_used(void) { return heap.used; }
