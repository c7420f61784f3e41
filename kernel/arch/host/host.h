// The machine of the host port, and how a test drives it. A trap is a call of host_syscall and the like,
// made for the current thread, with its registers as the test has set them.
//
// struct kernel, struct host and the RAM are all there is: host_save and host_restore copy them. The RAM
// lies at one address, so that pointers in it stay good.
#ifndef KERNEL_ARCH_HOST_HOST_H
#define KERNEL_ARCH_HOST_HOST_H

#include <setjmp.h>

#include "boot.h"
#include "kernel.h"

// Where physical address 0 is seen: ThreadSanitizer has other places free than AddressSanitizer.
#ifdef __SANITIZE_THREAD__
#define HOST_RAM 0x4000000000ull
#else
#define HOST_RAM 0x200000000000ull
#endif
#define HOST_RAM_SIZE 0x4000000ull       // 64 MiB
#define HOST_DEVICE 0xf0000000ull        // physical addresses that are no RAM: mapped, never touched
#define HOST_DEVICE_SIZE 0x1000000ull
#define HOST_KERNEL 0x100000000ull       // the physical address of struct kernel
#define HOST_TICKS_PER_SECOND 1000000ull
#define HOST_LINES 24                    // of the interrupt controller
#define HOST_VECTOR_FIRST 32
#define HOST_TLB_MAX 64

struct host_translation {
	uint64_t page, entry;  // virtual page number, leaf entry; entry 0: unused
	unsigned level;
};

struct host {
	uint64_t time;
	bool vector_used[VECTOR_COUNT];
	bool vector_masked[VECTOR_COUNT];
	uint8_t line_vector[HOST_LINES];
	uint8_t port[0x10000];
	struct host_core {
		struct host_translation tlb[HOST_TLB_MAX];  // of the loaded address space
		unsigned tlb_next;
		uint64_t timer;            // ~0: never
		bool signalled;
	} core[CORES_MAX];
	unsigned cores;                    // to boot with; 0: 1
};

extern struct host host;

// A panic goes there (longjmp with 1) when it is set; else it aborts. host_panic_text: what was said.
extern jmp_buf *host_panic_jump;
extern char host_panic_text[256];

// The core that this thread of the host is; at first it is core 0.
extern _Thread_local unsigned host_core;
// One thread of the host is each core in turn, between calls: what a core asks of another one is done while
// it waits for it.
extern bool host_in_turns;
// Take the interrupt that another core has sent, if any: what a processor does between instructions.
void host_poll(void);

// Boot the kernel with a first task of one page at HOST_ENTRY, once in the life of the program.
#define HOST_ENTRY 0x400000ull
void host_boot(void);

// The whole machine: a copy, and back.
struct host_state;
struct host_state *host_save(void);
void host_restore(const struct host_state *state);

// The current thread executes the native call `number` at its instruction pointer: as often as the
// kernel sends it back to it. How many entries to the kernel that took.
unsigned host_syscall(unsigned number);
// Calls go the fast path or a short way where they can, unless the first is set; the second leaves them the short
// ways. How many of this thread's did.
extern bool host_slow_only, host_no_fast;
extern _Thread_local unsigned host_fast_count, host_short_count;

// One entry only; true when the kernel sent the thread back to the instruction.
bool host_syscall_once(unsigned number);
void host_foreign(uint64_t number);
void host_fault(uint64_t address, unsigned access);
void host_exception(unsigned vector, uint64_t error);

// Time passes; the timer interrupt comes if it is due.
void host_advance(uint64_t ticks);
// The device behind the vector raises it: true unless it was masked.
bool host_raise(unsigned vector);

// The fast path has loaded a top table, perhaps: the translation buffer, and what the kernel notes of it.
void host_switched(struct core *core);

// What an address means in a VSpace: the physical address (~0: nothing is mapped) and the rights.
uint64_t host_translate(const struct vspace *vspace, uint64_t address, unsigned *rights);
// The same, by the loaded address space's translation buffer, which then keeps it.
uint64_t host_touch(uint64_t address, unsigned *rights);
// Every translation that the core's buffer keeps is what the tables say.
bool host_tlb_is_true(unsigned core);

#define HOST_PRESENT 0x1ull
#define HOST_WRITE 0x2ull
#define HOST_EXECUTE 0x4ull
#define HOST_LARGE 0x8ull
#define HOST_IS_DEVICE 0x10ull
#define HOST_GAVE_WRITE 0x20ull
#define HOST_GAVE_EXECUTE 0x40ull
#define HOST_HIDDEN 0x80ull

#endif
