// A serial port of a PC (16550): registers and bytes. The driver keeps what waits.
#ifndef LIB_DRV_SERIAL_H
#define LIB_DRV_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/types.h"

#define SERIAL_FIFO_BYTES 16

struct serial {
	cap_t ports;       // its eight
	bool is_there;
	uint8_t enabled;   // interrupts
};

// Set it up: 115200 baud, 8N1, no interrupts. is_there is false where no port answers; then nothing is ever
// sent or received.
void serial_init(struct serial *serial, cap_t ports);

// Which interrupts are wanted: for a FIFO that has room, for bytes that have arrived.
void serial_enable(struct serial *serial, bool sent, bool received);

// After an interrupt: takes it back.
void serial_acknowledge(struct serial *serial);

// Whether the FIFO is empty: then it takes SERIAL_FIFO_BYTES.
bool serial_can_send(const struct serial *serial);
void serial_send(const struct serial *serial, uint8_t byte);

// The next byte that has arrived. False: none.
bool serial_receive(const struct serial *serial, uint8_t *byte);

#endif
