// The first serial port of a PC, for programs that are the first task and have all of its I/O ports.
#ifndef TESTS_LIB_SERIAL_H
#define TESTS_LIB_SERIAL_H

#include "abi/gen/stubs.h"

#define COM1 0x3f8
#define COM1_STATUS 5
#define COM1_EMPTY 0x20

static inline void serial_put(char c)
{
	uint64_t status = 0;

	while (!(status & COM1_EMPTY))
		if (ioport_in(BOOT_SLOT_IOPORT, COM1 + COM1_STATUS, 1, &status))
			return;
	(void)ioport_out(BOOT_SLOT_IOPORT, COM1, 1, (uint8_t)c);
}

#endif
