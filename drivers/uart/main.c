// The log on the first serial port: takes lines from components and writes them with their names. What the
// port does not take at once waits in memory for its interrupt.
#include "abi/gen/stubs.h"
#include "lib/drv/log_buffer.h"
#include "lib/drv/serial.h"
#include "lib/msg/server.h"
#include "lib/rt/component.h"

static struct {
	struct serial serial;
	cap_t interrupt;
	const struct names *names;
	struct log_buffer buffer;
} uart;

// Write what the port takes. With an interrupt the rest waits for it; without, for the next line.
static void drain(void)
{
	bool more = true;
	char byte;

	while (more && serial_can_send(&uart.serial))
		for (unsigned i = 0; more && i < SERIAL_FIFO_BYTES; i++) {
			more = log_buffer_take(&uart.buffer, &byte);
			if (more)
				serial_send(&uart.serial, (uint8_t)byte);
		}
	if (uart.interrupt)
		serial_enable(&uart.serial, more, false);
}

static void handle(struct server *server, struct msg *m)
{
	int64_t result;

	(void)server;
	if (tag_kind(m->tag) == KIND_NOTIFICATION) {
		serial_acknowledge(&uart.serial);
		drain();
		(void)interrupt_ack(uart.interrupt);
		return;
	}
	result = log_buffer_serve(&uart.buffer, uart.names, m);
	drain();
	*m = (struct msg){.tag = TAG(0, 1), .words = {(uint64_t)result}};
}

static void interrupt_init(void)
{
	cap_t notification = component_find_cap("notification", NULL);
	cap_t interrupt = component_find_cap("irq", NULL);
	cap_t cnode = component_get_cap("cnode");
	cap_t signal = slot_alloc();

	if (!interrupt || !notification || !signal ||
	    cnode_derive(cnode, signal, cnode, notification, NOTIFICATION_SIGNAL, 1, 0) ||
	    thread_bind(component_get_cap("thread"), notification) ||
	    interrupt_bind(interrupt, signal))
		return;
	uart.interrupt = interrupt;
	(void)interrupt_ack(interrupt);
}

int main(void)
{
	const struct component_region *names = component_find_region("names");
	struct server server;
	uint32_t count;
	cap_t replies;

	if (names && names->size >= sizeof(struct names))
		uart.names = (const struct names *)(uintptr_t)names->address;
	serial_init(&uart.serial, component_get_cap("ioport"));
	interrupt_init();
	replies = component_find_cap("replies", &count);
	if (!server_make(&server, component_get_cap("endpoint"), replies, count))
		return 1;
	server_run(&server, handle);
}
