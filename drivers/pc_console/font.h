// A console font in the format PSF 1 (as kbd and console-setup bring them): glyphs of bits, eight pixels wide,
// and which glyph stands for which character.
#ifndef DRIVERS_PC_CONSOLE_FONT_H
#define DRIVERS_PC_CONSOLE_FONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FONT_WIDTH 8u
#define FONT_CHARACTERS 0x3000u  // those beyond have no glyph of their own

struct font {
	const uint8_t *glyphs;
	uint32_t count;   // of glyphs
	uint32_t height;  // lines of a glyph, a byte each
	uint16_t of[FONT_CHARACTERS];
};

// Read a font. False: the bytes are none.
bool font_open(struct font *font, const void *bytes, size_t size);

// The bits of the glyph for a character, a byte a line, the left pixel in the highest bit.
const uint8_t *font_find(const struct font *font, uint32_t character);

#endif
