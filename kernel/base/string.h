// The memory routines that the compiler may call, and that C code calls by the usual names.
#ifndef KERNEL_BASE_STRING_H
#define KERNEL_BASE_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
