// Small arithmetic that everybody needs.
#ifndef KERNEL_BASE_BITS_H
#define KERNEL_BASE_BITS_H

#include <stdbool.h>
#include <stdint.h>

#define BIT(n) (1ull << (n))
#define COLD __attribute__((cold))  // runs seldom: small comes first
#define ARRAY_LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static inline uint64_t align_up(uint64_t x, uint64_t align) { return (x + align - 1) & ~(align - 1); }
static inline uint64_t align_down(uint64_t x, uint64_t align) { return x & ~(align - 1); }
static inline bool is_aligned(uint64_t x, uint64_t align) { return (x & (align - 1)) == 0; }
static inline uint64_t min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }
static inline uint64_t max_u64(uint64_t a, uint64_t b) { return a > b ? a : b; }
static inline unsigned highest_bit(uint64_t x) { return 63u - (unsigned)__builtin_clzll(x); }
static inline unsigned lowest_bit(uint64_t x) { return (unsigned)__builtin_ctzll(x); }

#endif
