#include "protocol/framebuffer.h"

#include <stdlib.h>

#include "lib/boot/command_line.h"

#define WORD "framebuffer="
#define FIELDS 8
#define SIDE_LEAST 8
#define SIDE_MOST 16384

static bool numbers_read(const char *text, uint64_t *values)
{
	for (unsigned i = 0; i < FIELDS; i++) {
		char *end;

		if (*text < '0' || *text > '9')
			return false;
		values[i] = strtoull(text, &end, 0);
		if (i < FIELDS - 1 ? *end != ',' : *end && *end != ' ')
			return false;
		text = end + 1;
	}
	return true;
}

static bool is_side(uint64_t value) { return value >= SIDE_LEAST && value <= SIDE_MOST; }

bool framebuffer_parse(const char *command_line, struct framebuffer *screen)
{
	const char *text = command_line_find(command_line, WORD);
	uint64_t v[FIELDS];

	if (!text || !numbers_read(text, v) || !is_side(v[1]) || !is_side(v[2]) ||
	    (v[4] != 32 && v[4] != 24) || v[3] < v[1] * (v[4] / 8) || v[3] > SIDE_MOST * 4u)
		return false;
	for (unsigned i = 5; i < FIELDS; i++)
		if (v[i] > v[4] - 8)
			return false;
	*screen = (struct framebuffer){
		.address = v[0], .width = (uint32_t)v[1], .height = (uint32_t)v[2],
		.pitch = (uint32_t)v[3], .bits = (uint32_t)v[4], .red = (uint32_t)v[5],
		.green = (uint32_t)v[6], .blue = (uint32_t)v[7],
	};
	return true;
}
