// The end: a backtrace with names, the thread that ran, and the machine stops.
#include "base/print.h"
#include "cpu.h"
#include "symbol.h"

#define FRAMES_MAX 24

extern char text_start[], text_end[];

static bool is_text(uint64_t address)
{
	return address >= (uint64_t)text_start && address < (uint64_t)text_end;
}

// A return address: the call lies before it, and may be the last of its function.
static void print_caller(uint64_t address)
{
	const struct symbol *found = NULL;

	for (uint32_t i = 0; i < symbol_count; i++)
		if (KERNEL_BASE + symbols[i].offset < address)
			found = &symbols[i];
	if (found)
		print("  %016lx %s+%lx\n", address, symbol_names + found->name,
		      address - KERNEL_BASE - found->offset);
	else
		print("  %016lx\n", address);
}

// What is left of the registers when C has come this far: those that functions keep, and the
// processor's own. An exception has printed all of them before (trap.c).
static void print_registers(void)
{
	uint64_t rsp, rbp, rbx, r12, r13, r14, r15;

	__asm__ volatile("mov %%rsp, %0; mov %%rbp, %1; mov %%rbx, %2" : "=r"(rsp), "=r"(rbp), "=r"(rbx));
	__asm__ volatile("mov %%r12, %0; mov %%r13, %1" : "=r"(r12), "=r"(r13));
	__asm__ volatile("mov %%r14, %0; mov %%r15, %1" : "=r"(r14), "=r"(r15));
	print("rsp %016lx rbp %016lx rbx %016lx\n", rsp, rbp, rbx);
	print("r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n", r12, r13, r14, r15);
	print("cr0 %lx cr2 %lx cr3 %lx cr4 %lx\n", read_cr0(), read_cr2(), read_cr3(), read_cr4());
}

static void backtrace(void)
{
	const uint64_t *frame = __builtin_frame_address(0);

	print("called from:\n");
	for (unsigned i = 0; i < FRAMES_MAX && (uint64_t)frame >= KERNEL_BASE && is_text(frame[1]); i++) {
		print_caller(frame[1]);
		if (frame[0] <= (uint64_t)frame)
			break;
		frame = (const uint64_t *)frame[0];
	}
}

static void print_thread(const struct thread *thread)
{
	if (!thread) {
		print("no thread was running\n");
		return;
	}
	print("thread %p, fault badge %lx, state %u: rip %016lx rsp %016lx rax %016lx rdi %016lx rsi %016lx\n",
	      (const void *)thread, thread->fault.data, thread->state, thread->regs.ip, thread->regs.sp,
	      thread->regs.rax, thread->regs.rdi, thread->regs.rsi);
}

void arch_panic(void)
{
	apic_stop_others();
	print_registers();
	backtrace();
	print_thread(arch_core()->current);
	print("pith: stopped\n");
	// QEMU ends (ACPI of its machines); real hardware stays halted.
	out16(0x604, 0x2000);
	for (;;)
		__asm__ volatile("cli; hlt");
}

uint32_t arch_port_in(unsigned port, unsigned size)
{
	return size == 1 ? in8((uint16_t)port) : size == 2 ? in16((uint16_t)port) : in32((uint16_t)port);
}

void arch_port_out(unsigned port, unsigned size, uint32_t value)
{
	if (size == 1)
		out8((uint16_t)port, (uint8_t)value);
	else if (size == 2)
		out16((uint16_t)port, (uint16_t)value);
	else
		out32((uint16_t)port, value);
}

unsigned arch_port_count(void) { return 0x10000; }
