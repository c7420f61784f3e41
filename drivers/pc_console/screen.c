#include "drivers/pc_console/screen.h"

#include <stdlib.h>

static uint32_t pixel_make(const struct framebuffer *frame, uint32_t colour)
{
	return (colour >> 16 & 0xff) << frame->red | (colour >> 8 & 0xff) << frame->green |
	       (colour & 0xff) << frame->blue;
}

static void pixel_write(const struct framebuffer *frame, volatile uint8_t *at, uint32_t pixel)
{
	if (frame->bits == 32) {
		*(volatile uint32_t *)at = pixel;
		return;
	}
	for (unsigned i = 0; i < 3; i++)
		at[i] = (uint8_t)(pixel >> 8 * i);
}

static void glyph_draw(const struct screen *screen, volatile uint8_t *to, const uint8_t *bits,
		       uint32_t ink, uint32_t paper)
{
	const struct font *font = screen->font;
	uint32_t bytes = screen->frame.bits / 8;

	for (uint32_t y = 0; y < font->height; y++) {
		for (uint32_t x = 0; x < FONT_WIDTH; x++)
			pixel_write(&screen->frame, to + x * bytes,
				    bits[y] >> (FONT_WIDTH - 1 - x) & 1 ? ink : paper);
		to += screen->frame.pitch;
	}
}

void screen_draw(struct screen *screen, uint32_t row, uint32_t column, struct screen_cell cell)
{
	struct screen_cell *shown = &screen->shown[row * screen->columns + column];
	const struct font *font = screen->font;
	uint64_t at = (uint64_t)row * font->height * screen->frame.pitch +
		      (uint64_t)column * FONT_WIDTH * (screen->frame.bits / 8);

	if (shown->character == cell.character && shown->ink == cell.ink && shown->paper == cell.paper)
		return;
	*shown = cell;
	glyph_draw(screen, screen->pixels + at, font_find(font, cell.character),
		   pixel_make(&screen->frame, cell.ink), pixel_make(&screen->frame, cell.paper));
}

bool screen_open(struct screen *screen, const struct framebuffer *frame, void *pixels,
		 const struct font *font)
{
	*screen = (struct screen){
		.frame = *frame, .pixels = pixels, .font = font,
		.rows = frame->height / font->height, .columns = frame->width / FONT_WIDTH,
	};
	screen->shown = calloc((size_t)screen->rows * screen->columns, sizeof(*screen->shown));
	if (!screen->rows || !screen->columns || !screen->shown)
		return false;
	for (uint64_t at = 0; at < framebuffer_bytes(frame); at += 4)
		*(volatile uint32_t *)(screen->pixels + at) = 0;
	return true;
}
