#include "drivers/pc_console/font.h"

#include <string.h>

#define MAGIC_0 0x36
#define MAGIC_1 0x04
#define MODE_512 0x01       // glyphs; 256 without
#define MODE_TABLE 0x02
#define END_OF_GLYPH 0xffff     // in the table: the next glyph follows
#define SEQUENCES_FOLLOW 0xfffe  // combinations of characters, which are not used
#define HEIGHT_MAX 32

struct header {
	uint8_t magic[2], mode, height;
};

static void table_read(struct font *font, const uint8_t *at, const uint8_t *end)
{
	bool skip = false;

	for (uint32_t glyph = 0; glyph < font->count && end - at >= 2; at += 2) {
		uint32_t value = at[0] | (uint32_t)at[1] << 8;

		if (value == END_OF_GLYPH) {
			glyph++;
			skip = false;
		} else if (value == SEQUENCES_FOLLOW) {
			skip = true;
		} else if (!skip && value < FONT_CHARACTERS) {
			font->of[value] = (uint16_t)glyph;
		}
	}
}

bool font_open(struct font *font, const void *bytes, size_t size)
{
	const uint8_t *start = bytes;
	struct header header;
	size_t table;

	if (size < sizeof(header))
		return false;
	memcpy(&header, bytes, sizeof(header));
	*font = (struct font){.glyphs = start + sizeof(header), .height = header.height,
			      .count = header.mode & MODE_512 ? 512 : 256};
	table = sizeof(header) + (size_t)font->count * header.height;
	if (header.magic[0] != MAGIC_0 || header.magic[1] != MAGIC_1 || !header.height ||
	    header.height > HEIGHT_MAX || table > size)
		return false;
	if (header.mode & MODE_TABLE)
		table_read(font, start + table, start + size);
	else
		for (uint32_t i = 0; i < font->count; i++)
			font->of[i] = (uint16_t)i;
	return true;
}

const uint8_t *font_find(const struct font *font, uint32_t character)
{
	uint32_t glyph = character < FONT_CHARACTERS ? font->of[character] : 0;

	if (!glyph && character != ' ')
		glyph = font->of['?'];
	return font->glyphs + (size_t)glyph * font->height;
}
