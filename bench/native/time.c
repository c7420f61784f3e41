// Timers and interrupts: from the last instruction of a thread that computes to the first of the thread
// that waits for them. The computing thread reads the counter every fourth instruction.
#include "bench/native/native.h"

#define SOON 20000
#define PIT_LINE 2
#define PIT_CHANNEL 0x40
#define PIT_COMMAND 0x43
#define PIT_ONE_SHOT 0x30
#define PIT_COUNT 40  // of 1.19 MHz

static void spin(struct worker *w) { probe_spin(&w->last); }

static uint64_t now(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static void measure(const char *name, const struct worker *w, cap_t notification)
{
	struct probe p = {.number = SYSCALL_BASE + SYSCALL_RECV, .cap = notification};

	probe_call(&p);
	must((err_t)p.err, name);
	row_add(name, w->last, p.end);
}

static void timer(const struct worker *w)
{
	cap_t context = make(TYPE_SCHEDCONTEXT, 0), bell = make(TYPE_NOTIFICATION, 0);

	must(schedcontext_bind_notification(context, badge(bell)), "bind");
	for (unsigned i = 0; i < TIMES; i++) {
		invoke("timer.arm", context, METHOD_SCHEDCONTEXT_SET_DEADLINE, 1, WORDS(now() + SOON));
		measure("timer.fired", w, bell);
	}
}

static void interrupts(const struct worker *w)
{
	cap_t interrupt = slot_alloc(), bell = make(TYPE_NOTIFICATION, 0);

	must(irqcontrol_line(BOOT_SLOT_IRQCONTROL, PIT_LINE, 0, BOOT_SLOT_CNODE, interrupt), "line");
	must(interrupt_bind(interrupt, badge(bell)), "bind");
	for (unsigned i = 0; i < TIMES; i++) {
		must(ioport_out(BOOT_SLOT_IOPORT, PIT_COMMAND, 1, PIT_ONE_SHOT), "pit");
		must(ioport_out(BOOT_SLOT_IOPORT, PIT_CHANNEL, 1, PIT_COUNT), "pit");
		must(ioport_out(BOOT_SLOT_IOPORT, PIT_CHANNEL, 1, 0), "pit");
		measure("interrupt", w, bell);
		must(interrupt_ack(interrupt), "ack");
	}
}

void time_rows(void)
{
	struct worker *w = worker_make(spin, HERE, 0, 0, 0);

	must(schedcontrol_configure(BOOT_SLOT_SCHEDCONTROL, w->context, PRIORITY_MIDDLE, 0), "configure");
	timer(w);
	interrupts(w);
	worker_end(w);
}
