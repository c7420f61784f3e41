// Local APIC (timer, end of interrupt), I/O APIC (lines), and the calibration of time.
// Intel SDM volume 3, chapter 10; 82093AA I/O APIC data sheet; 8254 data sheet.
#include "base/print.h"
#include "cpu.h"

#define LAPIC_BASE 0xfee00000
#define IOAPIC_BASE 0xfec00000

#define LAPIC_ID 0x20
#define LAPIC_TPR 0x80
#define LAPIC_EOI 0xb0
#define LAPIC_SPURIOUS 0xf0
#define LAPIC_COMMAND 0x300
#define LAPIC_COMMAND_TO 0x310
#define LAPIC_LVT_TIMER 0x320
#define LAPIC_LVT_LINT0 0x350
#define LAPIC_LVT_LINT1 0x360
#define LAPIC_LVT_ERROR 0x370
#define LAPIC_TIMER_INITIAL 0x380
#define LAPIC_TIMER_CURRENT 0x390
#define LAPIC_TIMER_DIVIDE 0x3e0
#define LVT_MASKED BIT(16)
#define COMMAND_PENDING BIT(12)
#define COMMAND_STOP_OTHERS 0xc4500u  // INIT, to all but itself

#define IOAPIC_VERSION 1
#define IOAPIC_REDIRECT 0x10
#define REDIRECT_ACTIVE_LOW BIT(13)
#define REDIRECT_LEVEL BIT(15)
#define REDIRECT_MASKED BIT(16)

#define PIT_HZ 1193182u
#define PIT_CALIBRATE 2386u  // 2 ms

static uint64_t tsc_hz, timer_hz;
static unsigned line_count;
static uint8_t line_of[VECTOR_COUNT];  // 255: a message
static bool taken[VECTOR_COUNT], level[VECTOR_COUNT], ioapic_taken;

static volatile uint32_t *lapic(unsigned reg)
{
	return arch_phys_to_virt(LAPIC_BASE + reg);
}

static uint32_t ioapic_read(unsigned reg)
{
	volatile uint32_t *io = arch_phys_to_virt(IOAPIC_BASE);

	io[0] = reg;
	return io[4];
}

static void ioapic_write(unsigned reg, uint32_t value)
{
	volatile uint32_t *io = arch_phys_to_virt(IOAPIC_BASE);

	io[0] = reg;
	io[4] = value;
}

static void pic_disable(void)
{
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
}

static unsigned pit_read(void)
{
	unsigned low;

	out8(0x43, 0x80);  // latch channel 2
	low = in8(0x42);
	return low | (unsigned)in8(0x42) << 8;
}

// Count the time-stamp counter and the APIC timer against channel 2 of the PIT.
static void calibrate(void)
{
	out8(0x61, (uint8_t)((in8(0x61) & ~2u) | 1));
	out8(0x43, 0xb0);  // channel 2, both bytes, mode 0
	out8(0x42, 0xff);
	out8(0x42, 0xff);
	*lapic(LAPIC_TIMER_INITIAL) = 0xffffffff;

	unsigned first = pit_read(), last = first;
	uint64_t tsc = rdtsc();
	uint32_t timer = *lapic(LAPIC_TIMER_CURRENT);

	while (first - last < PIT_CALIBRATE)
		last = pit_read();
	tsc = rdtsc() - tsc;
	timer -= *lapic(LAPIC_TIMER_CURRENT);
	tsc_hz = tsc * PIT_HZ / (first - last);
	timer_hz = (uint64_t)timer * PIT_HZ / (first - last);
	*lapic(LAPIC_TIMER_INITIAL) = 0;
}

void apic_start(void)
{
	wrmsr(MSR_APIC_BASE, (rdmsr(MSR_APIC_BASE) & 0xfff) | LAPIC_BASE | BIT(11));
	*lapic(LAPIC_TPR) = 0;
	*lapic(LAPIC_LVT_LINT0) = (uint32_t)LVT_MASKED;
	*lapic(LAPIC_LVT_LINT1) = (uint32_t)LVT_MASKED;
	*lapic(LAPIC_LVT_ERROR) = (uint32_t)LVT_MASKED;
	*lapic(LAPIC_SPURIOUS) = 0x100 | VECTOR_SPURIOUS;
	*lapic(LAPIC_TIMER_DIVIDE) = 0xb;  // by 1
	*lapic(LAPIC_LVT_TIMER) = VECTOR_TIMER;
}

void apic_init(void)
{
	pic_disable();
	apic_start();
	*lapic(LAPIC_LVT_TIMER) = (uint32_t)LVT_MASKED;
	calibrate();
	*lapic(LAPIC_LVT_TIMER) = VECTOR_TIMER;
	line_count = (ioapic_read(IOAPIC_VERSION) >> 16 & 0xff) + 1;
	for (unsigned i = 0; i < line_count; i++)
		ioapic_write(IOAPIC_REDIRECT + 2 * i, (uint32_t)REDIRECT_MASKED);
}

void apic_end_of_interrupt(void) { *lapic(LAPIC_EOI) = 0; }
unsigned apic_id(void) { return *lapic(LAPIC_ID) >> 24; }

void apic_send(unsigned id, uint32_t what)
{
	while (*lapic(LAPIC_COMMAND) & COMMAND_PENDING)
		arch_relax();
	*lapic(LAPIC_COMMAND_TO) = id << 24;
	*lapic(LAPIC_COMMAND) = what;
}

void apic_stop_others(void) { *lapic(LAPIC_COMMAND) = COMMAND_STOP_OTHERS; }

void delay(unsigned microseconds)
{
	uint64_t end = rdtsc() + microseconds * (tsc_hz / 1000000);

	while (rdtsc() < end)
		arch_relax();
}

uint64_t arch_ticks_per_second(void) { return tsc_hz; }

void arch_timer_set(uint64_t time)
{
	uint64_t now = rdtsc(), ticks;

	if (time == ~0ull) {
		*lapic(LAPIC_TIMER_INITIAL) = 0;
		return;
	}
	// Late rather than early by one tick; far times are set again when they come near.
	ticks = time > now ? min_u64(time - now, tsc_hz) : 0;
	ticks = ticks * timer_hz / tsc_hz + 1;
	*lapic(LAPIC_TIMER_INITIAL) = (uint32_t)min_u64(ticks, 0xffffffff);
}

static bool vector_take(unsigned line, bool is_level, unsigned *vector)
{
	for (unsigned v = VECTOR_FIRST; v <= VECTOR_LAST; v++) {
		if (taken[v])
			continue;
		taken[v] = true;
		line_of[v] = (uint8_t)line;
		level[v] = is_level;
		*vector = v;
		return true;
	}
	return false;
}

bool arch_interrupt_make_line(unsigned line, unsigned flags, unsigned *vector)
{
	if (line >= line_count)
		return false;
	for (unsigned v = VECTOR_FIRST; v <= VECTOR_LAST; v++)
		if (taken[v] && line_of[v] == line && line != 255)
			return false;
	if (!vector_take(line, flags & 1, vector))
		return false;
	ioapic_write(IOAPIC_REDIRECT + 2 * line + 1, apic_id() << 24);
	ioapic_write(IOAPIC_REDIRECT + 2 * line,
		     *vector | (uint32_t)((flags & 1 ? REDIRECT_LEVEL : 0) | (flags & 2 ? REDIRECT_ACTIVE_LOW : 0) |
					  REDIRECT_MASKED));
	return true;
}

bool arch_interrupt_make_message(unsigned *vector, uint64_t *address, uint64_t *data)
{
	if (!vector_take(255, false, vector))
		return false;
	*address = LAPIC_BASE | apic_id() << 12;
	*data = *vector;
	return true;
}

static void line_set_masked(unsigned vector, bool masked)
{
	unsigned line = line_of[vector];
	uint32_t old;

	if (line == 255)
		return;
	// A core masks before it has the locks under which another one may unmask.
	while (__atomic_exchange_n(&ioapic_taken, true, __ATOMIC_ACQUIRE))
		arch_relax();
	old = ioapic_read(IOAPIC_REDIRECT + 2 * line);
	ioapic_write(IOAPIC_REDIRECT + 2 * line,
		     masked ? old | (uint32_t)REDIRECT_MASKED : old & ~(uint32_t)REDIRECT_MASKED);
	__atomic_store_n(&ioapic_taken, false, __ATOMIC_RELEASE);
}

bool interrupt_is_level(unsigned vector) { return level[vector]; }
void interrupt_mask(unsigned vector) { line_set_masked(vector, true); }
void arch_interrupt_unmask(unsigned vector) { line_set_masked(vector, false); }

void arch_interrupt_free(unsigned vector)
{
	line_set_masked(vector, true);
	taken[vector] = false;
	line_of[vector] = 0;
}
