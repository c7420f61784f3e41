// Instructions of x86-64 that C has no word for, and what the port's files share.
#ifndef KERNEL_ARCH_X86_64_CPU_H
#define KERNEL_ARCH_X86_64_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel.h"
#include "offset.h"

#define MSR_APIC_BASE 0x1b
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_FMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101

#define VECTOR_DEBUG 1
#define VECTOR_NMI 2
#define VECTOR_NO_FPU 7
#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_PROTECTION 13
#define VECTOR_PAGE_FAULT 14
#define PAGE_FAULT_USER 4  // in the error code
#define VECTOR_MACHINE_CHECK 18
#define VECTOR_TIMER 32
#define VECTOR_SIGNAL 33  // from another core
#define VECTOR_FIRST 48   // Interrupt objects
#define VECTOR_LAST 239
#define VECTOR_SPURIOUS 255

static inline void out8(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
static inline void out16(uint16_t port, uint16_t value) { __asm__ volatile("outw %0, %1" ::"a"(value), "Nd"(port)); }
static inline void out32(uint16_t port, uint32_t value) { __asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port)); }

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint16_t in16(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint32_t in32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

static inline uint64_t rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

struct cpuid {
	uint32_t a, b, c, d;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid r;

	__asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(subleaf));
	return r;
}

static inline uint64_t read_cr0(void) { uint64_t v; __asm__ volatile("mov %%cr0, %0" : "=r"(v)); return v; }
static inline uint64_t read_cr2(void) { uint64_t v; __asm__ volatile("mov %%cr2, %0" : "=r"(v)); return v; }
static inline uint64_t read_cr3(void) { uint64_t v; __asm__ volatile("mov %%cr3, %0" : "=r"(v)); return v; }
static inline uint64_t read_cr4(void) { uint64_t v; __asm__ volatile("mov %%cr4, %0" : "=r"(v)); return v; }
static inline void write_cr0(uint64_t v) { __asm__ volatile("mov %0, %%cr0" ::"r"(v) : "memory"); }
static inline void write_cr3(uint64_t v) { __asm__ volatile("mov %0, %%cr3" ::"r"(v) : "memory"); }
static inline void write_cr4(uint64_t v) { __asm__ volatile("mov %0, %%cr4" ::"r"(v) : "memory"); }

// Of one core: for the kernel, and for what comes at any moment.
#define STACKS_SIZE 0x7000

// What was pushed when the kernel itself was interrupted: entry.S.
struct trap_frame {
	uint64_t rbx, rbp, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax;
	uint64_t vector;  // its lowest byte
	uint64_t error, ip, cs, flags, sp, ss;
};

// Set-up, in the order of boot_main (boot.c).
void console_init(void);
void idt_init(void);
void cpu_tables(struct core *core, void *stacks);
void cpu_init(struct core *core);
void fpu_init(void);
void apic_init(void);
void apic_start(void);
void mmu_init(void);
void mmu_load_kernel(struct core *core);
bool mmu_map_ram(uint64_t from, uint64_t to, uint64_t (*take_page)(void));

unsigned smp_start(uint64_t rsdp, uint64_t (*take)(uint64_t size));
void smp_stub(unsigned number, void *page);
void smp_release(void);
void mmu_map_stub(unsigned number, const void *page);
unsigned apic_id(void);
void apic_send(unsigned id, uint32_t what);
void apic_stop_others(void);
void delay(unsigned microseconds);

void apic_end_of_interrupt(void);
bool interrupt_is_level(unsigned vector);
void interrupt_mask(unsigned vector);
void fpu_switch(struct core *core, const struct thread *to);
void fpu_forget(struct core *core, const struct thread *thread);
void fpu_save(struct core *core, const struct thread *thread);

#endif
