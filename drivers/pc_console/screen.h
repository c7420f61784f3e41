// Characters on a framebuffer. What is shown is remembered, so that only what changes is written: the
// framebuffer is slow, and is never read.
#ifndef DRIVERS_PC_CONSOLE_SCREEN_H
#define DRIVERS_PC_CONSOLE_SCREEN_H

#include "drivers/pc_console/font.h"
#include "protocol/framebuffer.h"

struct screen_cell {
	uint32_t character;
	uint32_t ink, paper;  // red << 16 | green << 8 | blue
};

struct screen {
	struct framebuffer frame;
	volatile uint8_t *pixels;
	const struct font *font;
	uint32_t rows, columns;
	struct screen_cell *shown;
};

// Clear it. False: no memory, or it has no room for a character.
bool screen_open(struct screen *screen, const struct framebuffer *frame, void *pixels,
		 const struct font *font);

void screen_draw(struct screen *screen, uint32_t row, uint32_t column, struct screen_cell cell);

#endif
