// The port contract: what an architecture gives the kernel. kernel/arch/PORT/ implements it; the path
// picks the port, nothing else in the kernel depends on an architecture.
//
// Ports call up only through the kernel_* entry points at the end of this file.
#ifndef KERNEL_ARCH_ARCH_H
#define KERNEL_ARCH_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/types.h"
#include "port.h"  // of the port: struct arch_registers, struct arch_fpu, PAGE_SIZE, USER_END

struct core;
struct thread;

// --- memory: physical addresses, and where the kernel sees them. (A port may have these, and the
// functions on entries, inline in its port.h.)

void *arch_phys_to_virt(uint64_t physical);
uint64_t arch_virt_to_phys(const void *address);
void arch_zero(void *address, size_t size);  // size is a multiple of 8
void arch_copy(void *to, const void *from, size_t size);  // size is a multiple of 8

// --- page tables: an entry is 64 bits; level 0 holds pages, TABLE_LEVELS - 1 is the top

uint64_t arch_entry_page(uint64_t physical, unsigned level, unsigned rights, bool device);
uint64_t arch_entry_read_only(uint64_t entry);  // the same without the right to write
// The same with those of the rights that the entry was made with; without READ no user can touch the page.
uint64_t arch_entry_restrict(uint64_t entry, unsigned rights);
uint64_t arch_entry_table(uint64_t physical);
bool arch_entry_is_present(uint64_t entry);
bool arch_entry_is_table(uint64_t entry, unsigned level);
uint64_t arch_entry_physical(uint64_t entry);
bool arch_entry_is_of(uint64_t entry, uint64_t physical);  // is it present, and of that page?
uint64_t arch_entry_next(uint64_t entry);                  // the same of the next page
// Fill the kernel's part of a new top table.
void arch_table_init_top(uint64_t *table);
// This core forgets the translations of `pages` pages from an address on; 0: of all.
void arch_flush(struct core *core, uint64_t address, unsigned pages);

// --- threads

void arch_registers_init(struct arch_registers *regs);
// In the order of REGISTER_*; set masks bad flags and refuses addresses that are not the user's.
uint64_t arch_register_get(const struct arch_registers *regs, unsigned index);
bool arch_register_set(struct arch_registers *regs, unsigned index, uint64_t value);
void arch_fpu_init(struct arch_fpu *fpu);
// The current thread is the first to use the FPU since it was switched off.
void arch_fpu_give(struct core *core);
// The processor's state changes from `from` to `to` (either may be null): address space, FS and GS, FPU.
void arch_thread_switch(struct core *core, struct thread *from, struct thread *to);
// Write back what the processor still holds of a thread that does not run.
void arch_thread_save(struct core *core, struct thread *thread);
// The thread is about to be destroyed.
void arch_thread_forget(struct core *core, struct thread *thread);

// --- time: a counter that user mode can read, and one timer for each core

uint64_t arch_time(void);
uint64_t arch_ticks_per_second(void);
void arch_timer_set(uint64_t time);  // interrupt when the counter reaches it; ~0: never

// --- interrupts

// Take a vector for a line (or a message): false when none is left or there is no such line.
bool arch_interrupt_make_line(unsigned line, unsigned flags, unsigned *vector);
bool arch_interrupt_make_message(unsigned *vector, uint64_t *address, uint64_t *data);
void arch_interrupt_unmask(unsigned vector);
void arch_interrupt_free(unsigned vector);

// --- ports of x86; elsewhere there are none

uint32_t arch_port_in(unsigned port, unsigned size);
void arch_port_out(unsigned port, unsigned size, uint32_t value);
unsigned arch_port_count(void);

// --- cores

struct core *arch_core(void);  // the one that runs this
// Another core comes into the kernel soon: kernel_signal.
void arch_core_signal(struct core *core);
// Store what this core's processor holds of threads: FS and GS of the current (else the loaded) one, the
// FPU of its owner. The kernel's own top table is loaded then; `loaded` is null.
void arch_core_leave(struct core *core);
void arch_relax(void);         // in a spin loop

// (The console of print() and panic() is in base/print.h.)

// --- entry points that ports call

// How a system call was made.
enum syscall_way {
	WAY_SLOW,
	WAY_SHORT,  // whoever is current goes on, with what its registers say
	// The thread that made it goes on, with OK and no words, which its registers do not say yet:
	WAY_PLAIN,  // and no badge, no tag
	WAY_NEWS,   // they do say badge and tag
};

enum syscall_way kernel_syscall(struct core *core); // the current thread executed a native call
void kernel_syscall_slow(struct core *core);       // the same, never the short way
void kernel_foreign(struct core *core);            // a foreign call without a redirect entry
void kernel_interrupt(struct core *core, unsigned vector);  // an Interrupt's vector
void kernel_timer(struct core *core);
void kernel_signal(struct core *core);             // another core has called this one
void kernel_fpu(struct core *core);                // the current thread wants the FPU
void kernel_page_fault(struct core *core, uint64_t address, unsigned access);
void kernel_exception(struct core *core, unsigned vector, uint64_t error);

#endif
