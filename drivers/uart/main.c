// The log on the first serial port (16550): takes lines from components and writes them with their
// names. What the port does not take at once waits in memory for its interrupt.
#include <errno.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "drivers/uart/buffer.h"
#include "lib/msg/server.h"
#include "lib/rt/component.h"
#include "protocol/gen/log.h"
#include "protocol/names.h"

// Registers of the 16550, and their bits.
#define REGISTER_DATA 0
#define REGISTER_ENABLE 1
#define REGISTER_FIFO 2
#define REGISTER_IDENTIFY 2
#define REGISTER_LINE 3
#define REGISTER_MODEM 4
#define REGISTER_STATUS 5
#define ENABLE_SENT 2
#define FIFO_ON 0x07  // on, both directions emptied
#define LINE_DIVISOR 0x80
#define LINE_8N1 0x03
#define MODEM_READY 0x0b
#define STATUS_SENT 0x20
#define FIFO_BYTES 16

#define LINE_MAX 440

static struct {
	cap_t ports, interrupt;
	const struct names *names;
	bool waits;  // for the interrupt
	struct buffer buffer;
} uart;

static uint64_t port_read(unsigned number)
{
	uint64_t value = 0;

	(void)ioport_in(uart.ports, number, 1, &value);
	return value;
}

static void port_write(unsigned number, uint64_t value)
{
	(void)ioport_out(uart.ports, number, 1, value);
}

static void port_init(void)
{
	port_write(REGISTER_ENABLE, 0);
	port_write(REGISTER_LINE, LINE_DIVISOR);
	port_write(REGISTER_DATA, 1);  // 115200 baud
	port_write(REGISTER_ENABLE, 0);
	port_write(REGISTER_LINE, LINE_8N1);
	port_write(REGISTER_FIFO, FIFO_ON);
	port_write(REGISTER_MODEM, MODEM_READY);
}

// Write what the port takes. With an interrupt the rest waits for it; without, for the next line.
static void drain(void)
{
	bool more = true;
	char byte;

	while (more && port_read(REGISTER_STATUS) & STATUS_SENT)
		for (unsigned i = 0; more && i < FIFO_BYTES; i++) {
			more = buffer_take(&uart.buffer, &byte);
			if (more)
				port_write(REGISTER_DATA, (unsigned char)byte);
		}
	if (uart.interrupt && uart.waits != more) {
		uart.waits = more;
		port_write(REGISTER_ENABLE, more ? ENABLE_SENT : 0);
	}
}

static const char *name_get(uint64_t badge)
{
	static char name[NAMES_LENGTH];

	if (!uart.names || badge >= NAMES_MAX || !uart.names->name[badge][0])
		return "?";
	memcpy(name, uart.names->name[badge], NAMES_LENGTH);
	name[NAMES_LENGTH - 1] = 0;
	return name;
}

static uint64_t write_line(const struct msg *m)
{
	uint64_t words[(LINE_MAX + 7) / 8];
	uint64_t length = m->words[0];

	if (tag_words(m->tag) < 1 || length > LINE_MAX ||
	    tag_words(m->tag) < 1 + (length + 7) / 8)
		return (uint64_t)-EINVAL;
	msg_get_words(m, 1, words, (unsigned)(length + 7) / 8);
	buffer_line(&uart.buffer, name_get(m->badge), (const char *)words, length);
	drain();
	return 0;
}

static void handle(struct server *server, struct msg *m)
{
	uint64_t result = (uint64_t)-ENOSYS;

	(void)server;
	if (tag_kind(m->tag) == KIND_NOTIFICATION) {
		(void)port_read(REGISTER_IDENTIFY);  // takes the interrupt back
		drain();
		(void)interrupt_ack(uart.interrupt);
		return;
	}
	if (tag_kind(m->tag) == KIND_MESSAGE && tag_label(m->tag) == LOG_WRITE)
		result = write_line(m);
	*m = (struct msg){.tag = TAG(0, 1), .words = {result}};
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

	uart.ports = component_get_cap("ioport");
	if (names && names->size >= sizeof(struct names))
		uart.names = (const struct names *)(uintptr_t)names->address;
	port_init();
	interrupt_init();
	replies = component_find_cap("replies", &count);
	if (!server_make(&server, component_get_cap("endpoint"), replies, count))
		return 1;
	server_run(&server, handle);
}
