// The memory that a console driver shares with its consumer: CONSOLE_RINGS rings (lib/ring/ring.h),
// each with its head page and its bytes. console_attach (console.def) maps it.
//
// The streams have the numbers of the machine's ports; the two directions of the control port have
// a ring each. Both sides keep their own index and size to themselves: what the other side writes
// into the memory can spoil the bytes, and nothing else.
#ifndef PROTOCOL_CONSOLE_H
#define PROTOCOL_CONSOLE_H

#include <stdint.h>

#define CONSOLE_IN 0           // standard input: the driver produces
#define CONSOLE_OUT 1          // standard output: the consumer produces
#define CONSOLE_ERR 2          // standard error
#define CONSOLE_CONTROL_IN 3   // frames of abi/control.h from the host
#define CONSOLE_CONTROL_OUT 4  // frames to the host
#define CONSOLE_RINGS 5

#define CONSOLE_IN_BYTES 0x8000u
#define CONSOLE_OUT_BYTES 0x10000u
#define CONSOLE_ERR_BYTES 0x10000u
#define CONSOLE_CONTROL_IN_BYTES 0x2000u
#define CONSOLE_CONTROL_OUT_BYTES 0x1000u

#define CONSOLE_SIZE 0x30000u

struct console_place {
	uint32_t head;   // offset of the struct ring
	uint32_t bytes;  // offset of the bytes
	uint32_t size;
};

// Where the rings lie. The first page has all the heads.
static const struct console_place console_places[CONSOLE_RINGS] = {
	{0x000, 0x01000, CONSOLE_IN_BYTES},
	{0x100, 0x10000, CONSOLE_OUT_BYTES},
	{0x200, 0x20000, CONSOLE_ERR_BYTES},
	{0x300, 0x0a000, CONSOLE_CONTROL_IN_BYTES},
	{0x400, 0x0c000, CONSOLE_CONTROL_OUT_BYTES},
};

#endif
