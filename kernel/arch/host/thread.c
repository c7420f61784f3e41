// Threads' registers. The flags that a user may choose are x86's, so that masking can be tested.
#include "host.h"

#define FLAGS_USER 0x200dd5ull
#define FLAGS_FIXED 0x202ull

void arch_registers_init(struct arch_registers *regs) { regs->flags = FLAGS_FIXED; }
void arch_fpu_init(struct arch_fpu *fpu) { fpu->made = 1; }
void arch_fpu_give(struct core *core) { (void)core; }

uint64_t arch_register_get(const struct arch_registers *regs, unsigned index)
{
	return *regs_at((struct arch_registers *)(uintptr_t)regs, index);
}

static bool is_canonical(uint64_t address)
{
	return address >> 47 == 0 || address >> 47 == 0x1ffff;
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

// The processor of the host port keeps nothing of a thread.
void arch_thread_save(struct core *core, struct thread *thread) { (void)core, (void)thread; }

void arch_thread_forget(struct core *core, struct thread *thread)
{
	if (core->loaded == thread)
		core->loaded = NULL;
}
