// Device registers in memory. Each access is one instruction of its size, in program order; memory
// that a device reads or writes by itself needs the fences below.
#ifndef LIB_DRV_MMIO_H
#define LIB_DRV_MMIO_H

#include <stdint.h>

static inline uint8_t mmio_read8(const volatile void *at) { return *(const volatile uint8_t *)at; }
static inline uint16_t mmio_read16(const volatile void *at) { return *(const volatile uint16_t *)at; }
static inline uint32_t mmio_read32(const volatile void *at) { return *(const volatile uint32_t *)at; }
static inline void mmio_write8(volatile void *at, uint8_t v) { *(volatile uint8_t *)at = v; }
static inline void mmio_write16(volatile void *at, uint16_t v) { *(volatile uint16_t *)at = v; }
static inline void mmio_write32(volatile void *at, uint32_t v) { *(volatile uint32_t *)at = v; }

// What was written before is seen by the device before what is written after.
static inline void dma_fence(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

#endif
