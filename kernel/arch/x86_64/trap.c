// Exceptions and interrupts, descriptor tables, panic.
#include "base/print.h"
#include "cpu.h"

#define IST_STACK 4096
#define CR4_FSGSBASE BIT(16)
#define CR4_SMEP BIT(20)
#define CR4_SMAP BIT(21)
#define FLAGS_MASKED 0x44700ull  // TF, IF, DF, NT, AC

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, io_map;
} __attribute__((packed));

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_middle;
	uint32_t offset_high, reserved;
};

struct pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

// A stack ends with the word that says which core it belongs to.
struct stack {
	uint8_t bytes[KERNEL_STACK_SIZE];
	struct core *core;
	uint64_t pad;
} __attribute__((aligned(16)));

struct ist_stack {
	uint8_t bytes[IST_STACK];
	struct core *core;
	uint64_t pad;
} __attribute__((aligned(16)));

enum { IST_NMI = 1, IST_DOUBLE_FAULT, IST_MACHINE_CHECK, IST_DEBUG, IST_COUNT };

static struct stack stacks[1];
static struct ist_stack ist_stacks[IST_COUNT];
static struct tss tss;
static struct gate idt[256];
static uint64_t gdt[8] = {
	0, 0x00af9a000000ffff, 0x00cf92000000ffff, 0x00cff2000000ffff, 0x00affa000000ffff, 0, 0, 0,
};

extern char trap_table[], interrupt_table[], syscall_stub0[], text_start[], text_end[];

void trap_user(struct core *core, uint64_t vector, uint64_t error);
void trap_in_kernel(struct trap_frame *frame);

struct core *arch_core(void) { return &kernel.core[0]; }
void arch_relax(void) { __asm__ volatile("pause"); }

static void gate_set(unsigned vector, uint64_t address, unsigned ist)
{
	idt[vector] = (struct gate){
		.offset_low = (uint16_t)address,
		.selector = SEL_KERNEL_CODE,
		.ist = (uint8_t)ist,
		// Programs may raise the breakpoint and the overflow trap by instruction, nothing else.
		.type = vector == 3 || vector == 4 ? 0xee : 0x8e,
		.offset_middle = (uint16_t)(address >> 16),
		.offset_high = (uint32_t)(address >> 32),
	};
}

static void load_tables(void)
{
	struct pointer gdtr = {sizeof gdt - 1, (uint64_t)gdt}, idtr = {sizeof idt - 1, (uint64_t)idt};
	uint64_t base = (uint64_t)&tss;

	gdt[5] = 0x0000890000000000 | (sizeof tss - 1) | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
	gdt[6] = base >> 32;
	__asm__ volatile("lgdt %0" ::"m"(gdtr));
	__asm__ volatile("lidt %0" ::"m"(idtr));
	__asm__ volatile("ltr %w0" ::"r"(SEL_TSS));
}

static void fill_tables(struct core *core)
{
	for (unsigned i = 0; i < 32; i++)
		gate_set(i, (uint64_t)trap_table + i * 16, 0);
	for (unsigned i = 32; i < 256; i++)
		gate_set(i, (uint64_t)interrupt_table + (i - 32) * 8, 0);
	gate_set(VECTOR_NMI, (uint64_t)trap_table + VECTOR_NMI * 16, IST_NMI);
	gate_set(VECTOR_DOUBLE_FAULT, (uint64_t)trap_table + VECTOR_DOUBLE_FAULT * 16, IST_DOUBLE_FAULT);
	gate_set(VECTOR_MACHINE_CHECK, (uint64_t)trap_table + VECTOR_MACHINE_CHECK * 16, IST_MACHINE_CHECK);
	gate_set(1, (uint64_t)trap_table + 16, IST_DEBUG);
	for (unsigned i = 1; i < IST_COUNT; i++) {
		ist_stacks[i].core = core;
		tss.ist[i - 1] = (uint64_t)&ist_stacks[i].core;
	}
	stacks[0].core = core;
	core->stack_top = (uint64_t)&stacks[0].core;
	tss.rsp[0] = core->stack_top;
	tss.io_map = sizeof tss;
}

void cpu_init(struct core *core)
{
	struct cpuid features = cpuid(7, 0);
	uint64_t cr4 = read_cr4() | CR4_FSGSBASE;

	fill_tables(core);
	load_tables();
	if (!(features.b & BIT(0)))
		panic("the processor lacks FSGSBASE (with QEMU: -cpu qemu64,+fsgsbase)");
	if (features.b & BIT(7))
		cr4 |= CR4_SMEP;
	if (features.b & BIT(20))
		cr4 |= CR4_SMAP;
	write_cr4(cr4);
	// sysret takes its selectors from bits 48-63: user data + 8 is user code.
	wrmsr(MSR_STAR, (uint64_t)(SEL_USER_DATA - 8) << 48 | (uint64_t)SEL_KERNEL_CODE << 32);
	wrmsr(MSR_LSTAR, (uint64_t)syscall_stub0);
	wrmsr(MSR_FMASK, FLAGS_MASKED);
}

static void interrupt(struct core *core, unsigned vector)
{
	if (vector == VECTOR_SPURIOUS)
		return;
	if (vector == VECTOR_TIMER) {
		apic_end_of_interrupt();
		kernel_timer(core);
		return;
	}
	if (interrupt_is_level(vector))
		interrupt_mask(vector);
	apic_end_of_interrupt();
	kernel_interrupt(core, vector);
}

static void page_fault(struct core *core, uint64_t error)
{
	unsigned access = 0;

	if (error & 2)
		access |= FAULT_ACCESS_WRITE;
	if (error & 16)
		access |= FAULT_ACCESS_EXECUTE;
	if (error & 1)
		access |= FAULT_ACCESS_PRESENT;
	kernel_page_fault(core, read_cr2(), access);
}

void trap_user(struct core *core, uint64_t vector, uint64_t error)
{
	if (vector >= 32)
		interrupt(core, (unsigned)vector);
	else if (vector == VECTOR_PAGE_FAULT && error & PAGE_FAULT_USER)
		page_fault(core, error);
	else if (vector == VECTOR_PAGE_FAULT)  // QEMU's iretq: it reads the program's stack as the kernel
		kernel_exception(core, VECTOR_PROTECTION, 0);
	else if (vector == VECTOR_NO_FPU)
		fpu_trap(core);
	else if (vector == VECTOR_NMI || vector == VECTOR_DOUBLE_FAULT || vector == VECTOR_MACHINE_CHECK)
		panic("processor exception %u", (unsigned)vector);
	else
		kernel_exception(core, (unsigned)vector, error);
}

static void print_frame(const struct trap_frame *f)
{
	print("rip %016lx rsp %016lx flags %08lx cr2 %016lx cr3 %lx\n", f->ip, f->sp, f->flags, read_cr2(),
	      read_cr3());
	print("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
	print("rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", f->rsi, f->rdi, f->rbp, f->r8);
	print("r9  %016lx r10 %016lx r11 %016lx\n", f->r9, f->r10, f->r11);
}

void trap_in_kernel(struct trap_frame *frame)
{
	if (frame->vector >= 32) {  // only while idle are interrupts on
		interrupt(arch_core(), (unsigned)frame->vector);
		return;
	}
	print("\n");
	print_frame(frame);
	panic("exception %u (error %lx) in the kernel at %lx", (unsigned)frame->vector, frame->error, frame->ip);
}
