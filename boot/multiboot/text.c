#include "boot/multiboot/text.h"

#define SERIAL 0x3f8
#define SERIAL_STATUS (SERIAL + 5)
#define SERIAL_SENT 0x20
#define PATIENCE 100000

void text_add(struct text *text, const char *more)
{
	for (; *more && text->length + 1 < text->size; more++)
		text->bytes[text->length++] = *more;
	text->bytes[text->length] = 0;
}

void text_add_hex(struct text *text, uint64_t value)
{
	char digits[19] = "0x";
	unsigned n = 2;

	for (int shift = 60; shift >= 0; shift -= 4) {
		unsigned digit = (unsigned)(value >> shift) & 15;

		if (digit || n > 2 || shift == 0)
			digits[n++] = "0123456789abcdef"[digit];
	}
	digits[n] = 0;
	text_add(text, digits);
}

static uint8_t port_read(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static void serial_write(const char *text)
{
	for (; *text; text++) {
		for (unsigned n = 0; n < PATIENCE && !(port_read(SERIAL_STATUS) & SERIAL_SENT); n++)
			;
		__asm__ volatile("outb %0, %1" : : "a"(*text), "Nd"((uint16_t)SERIAL));
	}
}

_Noreturn void give_up(const char *why)
{
	serial_write("pith: boot: ");
	serial_write(why);
	serial_write("\r\n");
	for (;;)
		__asm__ volatile("cli; hlt");
}
