// Interrupt, IrqControl and IoPort.
//
// States of an interrupt: masked (delivered, not acknowledged), pending (came again while masked: only
// a message-signalled one can), or open.
#include "object/interrupt.h"

#include "cap/cspace.h"
#include "cap/slot.h"
#include "object/invocation.h"
#include "object/notification.h"
#include "object/ops.h"

void interrupt_deliver(struct core *core, unsigned vector)
{
	struct interrupt *irq = &kernel.interrupt[vector];

	if (!irq->used)
		return;
	if (irq->masked) {
		irq->pending = true;
		return;
	}
	irq->masked = true;
	if (irq->notification)
		notification_signal(core, irq->notification, irq->badge);
}

err_t interrupt_bind(struct invocation *call)
{
	struct interrupt *irq = slot_object(call->slot);
	struct slot *slot = call->arg[0] ? cspace_find(call->caller, call->arg[0]) : NULL;

	if (call->arg[0] && (!slot || slot->type != TYPE_NOTIFICATION))
		return invocation_fail(call, ERR_CAP_TYPE, 1, TYPE_NOTIFICATION);
	if (slot && !(slot->rights & NOTIFICATION_SIGNAL))
		return invocation_fail(call, ERR_CAP_RIGHTS, 1, NOTIFICATION_SIGNAL);
	list_remove(&irq->binding);
	irq->notification = NULL;
	if (slot) {
		irq->notification = slot_object(slot);
		irq->badge = slot->data;
		list_append(&irq->notification->sources, &irq->binding);
	}
	return OK;
}

err_t interrupt_ack(struct invocation *call)
{
	struct interrupt *irq = slot_object(call->slot);
	unsigned vector = (unsigned)(irq - kernel.interrupt);

	irq->masked = false;
	if (irq->pending) {
		irq->pending = false;
		interrupt_deliver(call->core, vector);
	} else {
		arch_interrupt_unmask(vector);
	}
	return OK;
}

err_t interrupt_info(struct invocation *call)
{
	const struct interrupt *irq = slot_object(call->slot);

	call->out[0] = irq->address;
	call->out[1] = irq->data;
	call->out_count = 2;
	return OK;
}

static void interrupt_make(struct slot *parent, struct slot *dest, unsigned vector, uint64_t address,
			   uint64_t data)
{
	struct interrupt *irq = &kernel.interrupt[vector];

	*irq = (struct interrupt){.head.type = TYPE_INTERRUPT, .used = true, .address = address, .data = data};
	list_init(&irq->binding);
	dest->type = TYPE_INTERRUPT;
	dest->rights = INTERRUPT_RIGHTS;
	dest->object = (uintptr_t)irq;
	slot_add_child(parent, dest);
}

static err_t dest_check(struct invocation *call, const struct slot *cnode, unsigned wrong, struct slot **out)
{
	struct slot *dest = cnode_find(cnode, call->arg[wrong - 1]);

	if (!dest)
		return invocation_fail(call, ERR_RANGE, wrong, cnode->data);
	if (!slot_is_empty(dest))
		return invocation_fail(call, ERR_SLOT_USED, wrong, 0);
	*out = dest;
	return OK;
}

err_t irqcontrol_line(struct invocation *call)
{
	struct slot *dest;
	unsigned vector;
	err_t err = dest_check(call, call->cap[0], 4, &dest);

	if (err)
		return err;
	if (call->arg[0] > 255 || call->arg[1] > 3)
		return invocation_fail(call, ERR_RANGE, call->arg[0] > 255 ? 1 : 2, 3);
	if (!arch_interrupt_make_line((unsigned)call->arg[0], (unsigned)call->arg[1], &vector))
		return invocation_fail(call, ERR_BUSY, 1, 0);
	interrupt_make(call->slot, dest, vector, 0, 0);
	arch_interrupt_unmask(vector);
	return OK;
}

err_t irqcontrol_message(struct invocation *call)
{
	struct slot *dest;
	unsigned vector;
	uint64_t address, data;
	err_t err = dest_check(call, call->cap[0], 2, &dest);

	if (err)
		return err;
	if (!arch_interrupt_make_message(&vector, &address, &data))
		return invocation_fail(call, ERR_BUSY, 0, 0);
	interrupt_make(call->slot, dest, vector, address, data);
	return OK;
}

bool interrupt_empty(struct core *core, struct object *object, unsigned *budget)
{
	struct interrupt *irq = (struct interrupt *)(void *)object;
	uint64_t offset = arch_virt_to_phys(irq) - arch_virt_to_phys(kernel.interrupt);

	(void)core, (void)budget;
	irq = &kernel.interrupt[offset / sizeof *irq];
	list_remove(&irq->binding);
	irq->notification = NULL;
	irq->used = false;
	arch_interrupt_free((unsigned)(irq - kernel.interrupt));
	return true;
}

static err_t port_check(struct invocation *call)
{
	uint64_t port = call->arg[0], size = call->arg[1];

	if (size != 1 && size != 2 && size != 4)
		return invocation_fail(call, ERR_ARGUMENT, 2, 4);
	if (port >= call->slot->data || size > call->slot->data - port)
		return invocation_fail(call, ERR_RANGE, 1, call->slot->data);
	return OK;
}

err_t ioport_in(struct invocation *call)
{
	err_t err = port_check(call);

	if (err)
		return err;
	call->out[0] = arch_port_in((unsigned)(call->slot->object + call->arg[0]), (unsigned)call->arg[1]);
	call->out_count = 1;
	return OK;
}

err_t ioport_out(struct invocation *call)
{
	err_t err = port_check(call);

	if (err)
		return err;
	arch_port_out((unsigned)(call->slot->object + call->arg[0]), (unsigned)call->arg[1],
		      (uint32_t)call->arg[2]);
	return OK;
}
