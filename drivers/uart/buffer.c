#include <stdio.h>
#include <string.h>

#include "drivers/uart/buffer.h"

#define LOST_MAX 48  // bytes of the line that tells of losses

static void put(struct buffer *buffer, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		bool is_control = (unsigned char)c < 0x20 || c == 0x7f;

		buffer->bytes[buffer->head++ % BUFFER_SIZE] = is_control && c != '\t' ? '?' : c;
	}
}

static void put_end(struct buffer *buffer)
{
	buffer->bytes[buffer->head++ % BUFFER_SIZE] = '\r';
	buffer->bytes[buffer->head++ % BUFFER_SIZE] = '\n';
}

void buffer_line(struct buffer *buffer, const char *name, const char *text, size_t length)
{
	size_t name_length = strlen(name);
	size_t room = BUFFER_SIZE - (buffer->head - buffer->tail);
	char lost[LOST_MAX];

	if (room < name_length + length + 4 + LOST_MAX) {
		buffer->lost++;
		return;
	}
	if (buffer->lost) {
		int n = snprintf(lost, sizeof(lost), "log: %llu lines lost",
				 (unsigned long long)buffer->lost);

		put(buffer, lost, (size_t)n);
		put_end(buffer);
		buffer->lost = 0;
	}
	put(buffer, name, name_length);
	put(buffer, ": ", 2);
	put(buffer, text, length);
	put_end(buffer);
}

bool buffer_take(struct buffer *buffer, char *byte)
{
	if (buffer->head == buffer->tail)
		return false;
	*byte = buffer->bytes[buffer->tail++ % BUFFER_SIZE];
	return true;
}
