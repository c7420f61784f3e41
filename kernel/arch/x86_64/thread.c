// Threads' registers, and what changes in the processor when another thread runs.
#include "cpu.h"

#define FLAGS_USER 0x200dd5ull  // CF PF AF ZF SF TF DF OF, ID: what a user may choose
#define FLAGS_FIXED 0x202ull    // IF and the bit that is always 1

void arch_registers_init(struct arch_registers *regs) { regs->flags = FLAGS_FIXED; }

uint64_t arch_register_get(const struct arch_registers *regs, unsigned index)
{
	return *regs_at((struct arch_registers *)(uintptr_t)regs, index);
}

static bool is_canonical(uint64_t address)
{
	return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

bool arch_register_set(struct arch_registers *regs, unsigned index, uint64_t value)
{
	if (index == REGISTER_IP && value >= USER_END)
		return false;
	if ((index == REGISTER_FS || index == REGISTER_GS) && !is_canonical(value))
		return false;
	if (index == REGISTER_FLAGS)
		value = (value & FLAGS_USER) | FLAGS_FIXED;
	*regs_at(regs, index) = value;
	return true;
}

static void bases_save(struct thread *thread)
{
	__asm__ volatile("rdfsbase %0" : "=r"(thread->regs.fs));
	__asm__ volatile("rdgsbase %0" : "=r"(thread->regs.gs));
}

void arch_thread_switch(struct core *core, struct thread *from, struct thread *to)
{
	uint64_t top = to->vspace.address;

	if (from)
		bases_save(from);
	__asm__ volatile("wrfsbase %0" ::"r"(to->regs.fs));
	__asm__ volatile("wrgsbase %0" ::"r"(to->regs.gs));
	if (core->loaded_top != top) {
		core->loaded_top = top;
		write_cr3(top);
	}
	fpu_switch(core, to);
}

void arch_core_leave(struct core *core)
{
	struct thread *thread = core->current ? core->current : core->loaded;

	if (thread)
		bases_save(thread);
	if (core->fpu_owner)
		fpu_save(core, core->fpu_owner);
	core->loaded = NULL;
	mmu_load_kernel(core);
}

void arch_thread_save(struct core *core, struct thread *thread)
{
	if (core->loaded == thread && thread)
		bases_save(thread);
	fpu_save(core, thread);
}

void arch_thread_forget(struct core *core, struct thread *thread)
{
	if (core->loaded == thread)
		core->loaded = NULL;
	fpu_forget(core, thread);
}
