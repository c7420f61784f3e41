// COM1, polled: the kernel's messages. After boot the UART driver has it; a panic takes it back.
#include "cpu.h"

#define COM1 0x3f8
#define LSR_EMPTY 0x20
#define SPINS_MAX 100000

void console_init(void)
{
	out8(COM1 + 1, 0);
	out8(COM1 + 3, 0x80);
	out8(COM1 + 0, 1);
	out8(COM1 + 1, 0);
	out8(COM1 + 3, 3);
	out8(COM1 + 2, 7);
	out8(COM1 + 4, 3);
}

static void put(char c)
{
	for (unsigned i = 0; i < SPINS_MAX && !(in8(COM1 + 5) & LSR_EMPTY); i++)
		arch_relax();
	out8(COM1, (uint8_t)c);
}

void arch_console_put(char c)
{
	if (c == '\n')
		put('\r');
	put(c);
}
