// Text for a loader that has nothing else: lines in memory, and a last word on the first serial port.
#ifndef BOOT_MULTIBOOT_TEXT_H
#define BOOT_MULTIBOOT_TEXT_H

#include <stdint.h>

// What does not fit is left away; the text always ends with a zero byte.
struct text {
	char *bytes;
	uint32_t size, length;
};

void text_add(struct text *text, const char *more);
void text_add_hex(struct text *text, uint64_t value);

// Say why on the serial port, and stop the processor.
_Noreturn void give_up(const char *why);

#endif
