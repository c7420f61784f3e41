#include "lib/drv/serial.h"

#include "abi/gen/stubs.h"

// Registers of the 16550, and their bits.
#define REGISTER_DATA 0
#define REGISTER_ENABLE 1
#define REGISTER_FIFO 2
#define REGISTER_IDENTIFY 2
#define REGISTER_LINE 3
#define REGISTER_MODEM 4
#define REGISTER_STATUS 5
#define REGISTER_SCRATCH 7
#define ENABLE_RECEIVED 1
#define ENABLE_SENT 2
#define FIFO_ON 0x07  // on, both directions emptied
#define LINE_DIVISOR 0x80
#define LINE_8N1 0x03
#define MODEM_READY 0x0b
#define STATUS_RECEIVED 0x01
#define STATUS_SENT 0x20
#define SCRATCH_TEST 0x5a

static uint8_t port_read(const struct serial *serial, unsigned number)
{
	uint64_t value = 0;

	(void)ioport_in(serial->ports, number, 1, &value);
	return (uint8_t)value;
}

static void port_write(const struct serial *serial, unsigned number, uint8_t value)
{
	(void)ioport_out(serial->ports, number, 1, value);
}

void serial_init(struct serial *serial, cap_t ports)
{
	*serial = (struct serial){.ports = ports};
	port_write(serial, REGISTER_SCRATCH, SCRATCH_TEST);
	serial->is_there = port_read(serial, REGISTER_SCRATCH) == SCRATCH_TEST;
	port_write(serial, REGISTER_ENABLE, 0);
	port_write(serial, REGISTER_LINE, LINE_DIVISOR);
	port_write(serial, REGISTER_DATA, 1);  // 115200 baud
	port_write(serial, REGISTER_ENABLE, 0);
	port_write(serial, REGISTER_LINE, LINE_8N1);
	port_write(serial, REGISTER_FIFO, FIFO_ON);
	port_write(serial, REGISTER_MODEM, MODEM_READY);
}

void serial_enable(struct serial *serial, bool sent, bool received)
{
	uint8_t enabled = (uint8_t)((sent ? ENABLE_SENT : 0) | (received ? ENABLE_RECEIVED : 0));

	if (enabled != serial->enabled)
		port_write(serial, REGISTER_ENABLE, enabled);
	serial->enabled = enabled;
}

void serial_acknowledge(struct serial *serial)
{
	(void)port_read(serial, REGISTER_IDENTIFY);
}

bool serial_can_send(const struct serial *serial)
{
	return serial->is_there && port_read(serial, REGISTER_STATUS) & STATUS_SENT;
}

void serial_send(const struct serial *serial, uint8_t byte)
{
	port_write(serial, REGISTER_DATA, byte);
}

bool serial_receive(const struct serial *serial, uint8_t *byte)
{
	if (!serial->is_there || !(port_read(serial, REGISTER_STATUS) & STATUS_RECEIVED))
		return false;
	*byte = port_read(serial, REGISTER_DATA);
	return true;
}
