// Interrupts: a line that really fires (the timer chip's), vectors for messages, and their ends.
#define CATEGORY "interrupts"
#include "tests/conform/conform.h"

#define PIT_LINE 2
#define PIT_CHANNEL 0x40
#define PIT_COMMAND 0x43
#define PIT_ONE_SHOT 0x30
#define PIT_COUNT 40  // of 1.19 MHz
#define LONG 3000000ull
#define VECTORS_MAX 256

static cap_t line_new(void)
{
	cap_t irq = slots_new(1);

	WORKS(irqcontrol_line(BOOT_SLOT_IRQCONTROL, PIT_LINE, 0, CNODE, irq));
	return irq;
}

static void fire(void)
{
	WORKS(ioport_out(BOOT_SLOT_IOPORT, PIT_COMMAND, 1, PIT_ONE_SHOT));
	WORKS(ioport_out(BOOT_SLOT_IOPORT, PIT_CHANNEL, 1, PIT_COUNT));
	WORKS(ioport_out(BOOT_SLOT_IOPORT, PIT_CHANNEL, 1, 0));
}

// Fire, and wait much longer than it takes.
static void fire_and_wait(void)
{
	fire();
	wait_ticks(LONG);
}

CASE(a_line_signals_its_notification)
{
	cap_t irq = line_new(), n = make(TYPE_NOTIFICATION, 0);
	uint64_t bits = 0;

	WORKS(interrupt_bind(irq, derive(n, ALL, 4, 0)));
	fire();
	WORKS(sys_wait(n, &bits));
	EQ(bits, 4);
}
CASE(a_line_signals_again_only_after_its_ack)
{
	cap_t irq = line_new(), n = make(TYPE_NOTIFICATION, 0);
	struct msg m;

	WORKS(interrupt_bind(irq, derive(n, ALL, 4, 0)));
	fire_and_wait();
	WORKS(take(n, 0, &m));
	fire_and_wait();
	EQ(take(n, 0, &m), ERR_NOT_READY);
	WORKS(interrupt_ack(irq));
	fire_and_wait();
	WORKS(take(n, 0, &m));
	EQ(m.badge, 4);
}
CASE(a_line_without_a_notification_signals_nobody)
{
	cap_t irq = line_new(), n = make(TYPE_NOTIFICATION, 0);
	struct msg m;

	WORKS(interrupt_bind(irq, derive(n, ALL, 4, 0)));
	WORKS(interrupt_bind(irq, 0));
	fire_and_wait();
	EQ(take(n, 0, &m), ERR_NOT_READY);
}
CASE(a_line_may_be_bound_to_another_notification)
{
	cap_t irq = line_new(), n = make(TYPE_NOTIFICATION, 0), other = make(TYPE_NOTIFICATION, 0);
	struct msg m;

	WORKS(interrupt_bind(irq, derive(n, ALL, 4, 0)));
	WORKS(interrupt_bind(irq, derive(other, ALL, 8, 0)));
	fire_and_wait();
	EQ(take(n, 0, &m), ERR_NOT_READY);
	WORKS(take(other, 0, &m));
	EQ(m.badge, 8);
}
CASE(a_line_wakes_a_driver_that_receives)
{
	cap_t irq = line_new(), n = make(TYPE_NOTIFICATION, 0);
	struct worker *w = worker_new(ELSEWHERE, HIGH);

	WORKS(interrupt_bind(irq, derive(n, ALL, 4, 0)));
	WORKS(thread_bind(w->thread, n));
	start_recv(w, make(TYPE_ENDPOINT, 0));
	fire_and_wait();
	rest();
	RETURNED(w, OK);
	EQ(w->m.badge, 4);
}
CASE(a_destroyed_notification_unbinds_the_line)
{
	cap_t irq = line_new(), n = make(TYPE_NOTIFICATION, 0);

	WORKS(interrupt_bind(irq, derive(n, ALL, 4, 0)));
	WORKS(revoke(n));
	WORKS(delete(n));
	fire_and_wait();
	WORKS(interrupt_ack(irq));
}
CASE(a_line_is_made_once)
{
	cap_t irq = line_new(), to = slots_new(1);

	REFUSED(ERR_BUSY, 1, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_LINE, PIT_LINE, 0, CNODE, to);
	WORKS(delete(irq));
	WORKS(irqcontrol_line(BOOT_SLOT_IRQCONTROL, PIT_LINE, 0, CNODE, to));
}
CASE(a_deleted_line_signals_nobody)
{
	cap_t irq = line_new(), n = make(TYPE_NOTIFICATION, 0);
	struct msg m;

	WORKS(interrupt_bind(irq, derive(n, ALL, 4, 0)));
	WORKS(delete(irq));
	fire_and_wait();
	EQ(take(n, 0, &m), ERR_NOT_READY);
}
CASE(a_line_beyond_the_last_is_refused)
{
	REFUSED(ERR_RANGE, 1, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_LINE, 256, 0, CNODE, slots_new(1));
	REFUSED(ERR_RANGE, 1, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_LINE, ~0ull, 0, CNODE, slots_new(1));
}
CASE(flags_of_a_line_that_mean_nothing_are_refused)
{
	REFUSED(ERR_RANGE, 2, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_LINE, PIT_LINE, 4, CNODE, slots_new(1));
}
CASE(an_interrupt_goes_to_an_empty_slot)
{
	REFUSED(ERR_SLOT_USED, 4, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_LINE, PIT_LINE, 0, CNODE, CNODE);
	REFUSED(ERR_SLOT_USED, 2, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_MESSAGE, CNODE, CNODE);
	REFUSED(ERR_RANGE, 4, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_LINE, PIT_LINE, 0, CNODE, 4096);
	REFUSED(ERR_RANGE, 2, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_MESSAGE, CNODE, 0);
}
CASE(an_interrupt_signals_a_notification)
{
	REFUSED(ERR_CAP_TYPE, 1, line_new(), METHOD_INTERRUPT_BIND, CNODE);
}
CASE(a_message_vector_tells_what_a_device_must_write)
{
	cap_t a = slots_new(2);
	uint64_t address = 0, data = 0, other = 0;

	WORKS(irqcontrol_message(BOOT_SLOT_IRQCONTROL, CNODE, a));
	WORKS(irqcontrol_message(BOOT_SLOT_IRQCONTROL, CNODE, a + 1));
	WORKS(interrupt_info(a, &address, &data));
	WORKS(interrupt_info(a + 1, NULL, &other));
	EQ(address >> 20, 0xfee);
	TRUE(data && other && data != other);
}
CASE(a_lines_info_is_zero)
{
	uint64_t address = 1, data = 1;

	WORKS(interrupt_info(line_new(), &address, &data));
	EQ(address | data, 0);
}
CASE(vectors_run_out_and_come_back)
{
	cap_t first = slots_new(VECTORS_MAX);
	unsigned n = 0;

	while (n < VECTORS_MAX && irqcontrol_message(BOOT_SLOT_IRQCONTROL, CNODE, first + n) == OK)
		n++;
	TRUE(n > 8 && n < VECTORS_MAX);
	EQ(irqcontrol_message(BOOT_SLOT_IRQCONTROL, CNODE, first + n), ERR_BUSY);
	WORKS(delete(first));
	WORKS(irqcontrol_message(BOOT_SLOT_IRQCONTROL, CNODE, first));
}
CASE(an_interrupt_is_a_child_of_the_control_that_made_it)
{
	cap_t control = derive(BOOT_SLOT_IRQCONTROL, ALL, 0, 0), irq = slots_new(1);

	WORKS(irqcontrol_message(control, CNODE, irq));
	WORKS(revoke(control));
	TRUE(!is_there(irq));
}
