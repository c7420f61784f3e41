// What the runtime's own files share.
#ifndef LIB_RT_RT_H
#define LIB_RT_RT_H

#include "abi/arch/x86_64.h"
#include "lib/rt/component.h"

// A redirected system call, as start_x86_64.S lays it out.
struct rt_call {
	uint64_t number;
	uint64_t args[6];
};

// Memory of the C library: whole pages of the heap. Addresses are 0 when there is none left.
void page_init(uint64_t address, uint64_t size);
uint64_t page_alloc(uint64_t bytes);
void page_free(uint64_t address, uint64_t bytes);
bool page_grow(uint64_t address, uint64_t old_bytes, uint64_t new_bytes);
bool page_contains(uint64_t address, uint64_t bytes);

void slot_init(uint32_t first, uint32_t count);

// Nanoseconds since boot, and since 1970.
uint64_t rt_clock_monotonic(void);
uint64_t rt_clock_real(void);

// Log a line without the C library's help: text, then a number when `number` is not null.
void rt_log_plain(const char *text, const uint64_t *number);

// One finished line to wherever the component's log goes. The supervisor has its own.
void rt_log_line(const char *text, size_t length);

// The end of the component.
_Noreturn void rt_exit(uint64_t status);

// For the first task, which has no component_info page.
extern const struct abi_boot_info *rt_boot_info;
void rt_set_clock(uint64_t epoch_ns);

#endif
