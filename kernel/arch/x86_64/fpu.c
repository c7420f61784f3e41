// The FPU is switched when it is used: CR0.TS traps the first use by a thread that does not own it.
// `fpu_on` mirrors a clear TS; the registers hold the state of `fpu_owner`, whether it is on or not.
#include "base/string.h"
#include "cpu.h"

#define CR0_TS BIT(3)
#define CR4_OSFXSR BIT(9)
#define CR4_OSXMMEXCPT BIT(10)
#define CR4_OSXSAVE BIT(18)
#define XCR0_STATES 7ull  // x87, SSE, AVX

static bool has_xsave;
static uint64_t states = 3;

// Erratum of QEMU's emulation (TCG, seen in 7.2): XSAVE and XRSTOR do not trap while CR0.TS is set, so a
// program would read and write the registers of whoever owns them. Without OSXSAVE they do not exist,
// nor does AVX; FXSAVE traps as it should.
static COLD bool xsave_traps(void)
{
	struct cpuid id = cpuid(0x40000000, 0);

	if (!(cpuid(1, 0).c & BIT(31)))  // no hypervisor
		return true;
	return !(id.b == 0x54474354 && id.c == 0x43544743 && id.d == 0x47435447);  // "TCGTCGTCGTCG"
}

COLD void fpu_init(void)
{
	uint64_t cr4 = read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT;

	has_xsave = (cpuid(1, 0).c & BIT(26)) && xsave_traps();
	if (has_xsave) {
		write_cr4(cr4 | CR4_OSXSAVE);
		states = cpuid(0xd, 0).a & XCR0_STATES;
		__asm__ volatile("xsetbv" ::"c"(0), "a"((uint32_t)states), "d"(0));
	} else {
		write_cr4(cr4);
	}
	write_cr0(read_cr0() | CR0_TS);
}

void arch_fpu_init(struct arch_fpu *fpu)
{
	// FXSAVE layout: control word at 0, MXCSR at 24; XSAVE header at 512 says which states are there.
	*(uint16_t *)(void *)&fpu->area[0] = 0x37f;
	*(uint32_t *)(void *)&fpu->area[24] = 0x1f80;
	*(uint64_t *)(void *)&fpu->area[512] = 3;
}

static void save(struct arch_fpu *fpu)
{
	if (has_xsave)
		__asm__ volatile("xsave64 (%0)" ::"r"(fpu), "a"((uint32_t)states), "d"(0) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" ::"r"(fpu) : "memory");
}

static void load(struct arch_fpu *fpu)
{
	if (has_xsave)
		__asm__ volatile("xrstor64 (%0)" ::"r"(fpu), "a"((uint32_t)states), "d"(0) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" ::"r"(fpu) : "memory");
}

void arch_fpu_give(struct core *core)
{
	struct thread *thread = core->current;

	__asm__ volatile("clts");
	core->fpu_on = true;
	core_set_stops(core);
	if (core->fpu_owner == thread)
		return;
	if (core->fpu_owner)
		save(&core->fpu_owner->fpu);
	load(&thread->fpu);
	core->fpu_owner = thread;
}

void fpu_switch(struct core *core, const struct thread *to)
{
	bool want = core->fpu_owner == to;

	if (core->fpu_on == want)
		return;
	core->fpu_on = want;
	core_set_stops(core);
	if (want)
		__asm__ volatile("clts");
	else
		write_cr0(read_cr0() | CR0_TS);
}

void fpu_save(struct core *core, const struct thread *thread)
{
	if (core->fpu_owner != thread)
		return;
	__asm__ volatile("clts");
	save(&core->fpu_owner->fpu);
	core->fpu_owner = NULL;
	core->fpu_on = false;
	core_set_stops(core);
	write_cr0(read_cr0() | CR0_TS);
}

void fpu_forget(struct core *core, const struct thread *thread)
{
	if (core->fpu_owner == thread)
		core->fpu_owner = NULL;
}
