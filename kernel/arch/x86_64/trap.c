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

#define GDT_TSS (SEL_TSS / 8)

struct stacks {
	struct stack stack;
	struct ist_stack ist[IST_COUNT - 1];
};
_Static_assert(sizeof(struct stacks) <= STACKS_SIZE, "STACKS_SIZE");

static struct tss tss[CORES_MAX];
static struct gate idt[256];
static uint64_t gdt[GDT_TSS + 2 * CORES_MAX] = {
	0, 0x00af9a000000ffff, 0x00cf92000000ffff, 0x00cff2000000ffff, 0x00affa000000ffff,
};

extern char trap_table[], trap_table_high[], interrupt_table[], stub_start[];

void trap_user(struct core *core, uint64_t pushed, uint64_t error);
void trap_in_kernel(struct trap_frame *frame);

// The task register tells: each core has a TSS of its own.
struct core *arch_core(void)
{
	uint32_t selector;

	__asm__ volatile("str %0" : "=r"(selector));
	return &kernel.core[(selector - SEL_TSS) / 16];
}

void arch_relax(void) { __asm__ volatile("pause"); }

// The layout of entry.S.
static COLD uint64_t gate_address(unsigned vector)
{
	if (vector < 16)
		return (uint64_t)trap_table + vector * 8;
	if (vector < 32)
		return (uint64_t)trap_table_high + (vector - 16) * 8;
	return (uint64_t)interrupt_table + (vector - 32) / 30 * 128 + (vector - 32) % 30 * 4;
}

static COLD void gate_set(unsigned vector, unsigned ist)
{
	uint64_t address = gate_address(vector);

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

static COLD void load_tables(const struct core *core)
{
	struct pointer gdtr = {sizeof gdt - 1, (uint64_t)gdt}, idtr = {sizeof idt - 1, (uint64_t)idt};
	unsigned number = (unsigned)(core - kernel.core);

	__asm__ volatile("lgdt %0" ::"m"(gdtr));
	__asm__ volatile("lidt %0" ::"m"(idtr));
	__asm__ volatile("ltr %w0" ::"r"(SEL_TSS + 16 * number));
}

COLD void cpu_tables(struct core *core, void *memory)
{
	struct stacks *stacks = memory;
	unsigned number = (unsigned)(core - kernel.core);
	struct tss *own = &tss[number];
	uint64_t *descriptor = &gdt[GDT_TSS + 2 * number], base = (uint64_t)own;

	descriptor[0] = 0x0000890000000000 | (sizeof *own - 1) | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
	descriptor[1] = base >> 32;
	for (unsigned i = 1; i < IST_COUNT; i++) {
		stacks->ist[i - 1].core = core;
		own->ist[i - 1] = (uint64_t)&stacks->ist[i - 1].core;
	}
	stacks->stack.core = core;
	core->stack_top = (uint64_t)&stacks->stack.core;
	own->rsp[0] = core->stack_top;
	own->io_map = sizeof *own;
}

COLD void idt_init(void)
{
	for (unsigned i = 0; i < 256; i++)
		gate_set(i, 0);
	gate_set(VECTOR_NMI, IST_NMI);
	gate_set(VECTOR_DOUBLE_FAULT, IST_DOUBLE_FAULT);
	gate_set(VECTOR_MACHINE_CHECK, IST_MACHINE_CHECK);
	gate_set(VECTOR_DEBUG, IST_DEBUG);
}

COLD void cpu_init(struct core *core)
{
	struct cpuid features = cpuid(7, 0);
	uint64_t cr4 = read_cr4() | CR4_FSGSBASE;

	load_tables(core);
	if (!(features.b & BIT(0)))
		panic("the processor lacks FSGSBASE (with QEMU: -cpu qemu64,+fsgsbase)");
	if (features.b & BIT(7))
		cr4 |= CR4_SMEP;
	if (features.b & BIT(20))
		cr4 |= CR4_SMAP;
	write_cr4(cr4);
	// sysret takes its selectors from bits 48-63: user data + 8 is user code.
	wrmsr(MSR_STAR, (uint64_t)(SEL_USER_DATA - 8) << 48 | (uint64_t)SEL_KERNEL_CODE << 32);
	wrmsr(MSR_LSTAR, (uint64_t)stub_start + (uint64_t)(core - kernel.core) * PAGE_SIZE);
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
	if (vector == VECTOR_SIGNAL) {
		apic_end_of_interrupt();
		kernel_signal(core);
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

void trap_user(struct core *core, uint64_t pushed, uint64_t error)
{
	unsigned vector = (uint8_t)pushed;

	if (vector == VECTOR_PAGE_FAULT && error & PAGE_FAULT_USER)
		page_fault(core, error);
	else if (vector == VECTOR_NO_FPU)
		kernel_fpu(core);
	else if (vector >= 32)
		interrupt(core, vector);
	else if (vector == VECTOR_PAGE_FAULT)  // QEMU's iretq: it reads the program's stack as the kernel
		kernel_exception(core, VECTOR_PROTECTION, 0);
	else if (vector == VECTOR_NMI || vector == VECTOR_DOUBLE_FAULT || vector == VECTOR_MACHINE_CHECK)
		panic("processor exception %u", vector);
	else
		kernel_exception(core, vector, error);
}

static COLD void print_frame(const struct trap_frame *f)
{
	print("rip %016lx rsp %016lx flags %08lx cr2 %016lx cr3 %lx\n", f->ip, f->sp, f->flags, read_cr2(),
	      read_cr3());
	print("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
	print("rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", f->rsi, f->rdi, f->rbp, f->r8);
	print("r9  %016lx r10 %016lx r11 %016lx\n", f->r9, f->r10, f->r11);
}

COLD void trap_in_kernel(struct trap_frame *frame)
{
	if (frame->vector >= 32) {  // only while idle are interrupts on
		interrupt(arch_core(), (uint8_t)frame->vector);
		return;
	}
	print("\n");
	print_frame(frame);
	panic("exception %u (error %lx) in the kernel at %lx", (unsigned)frame->vector, frame->error, frame->ip);
}
