#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/drv/log_buffer.h"
#include "protocol/gen/log.h"

#define LINE_MAX 440
#define LOST_MAX 48  // bytes of the line that tells of losses

static void put(struct log_buffer *buffer, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		bool is_control = (unsigned char)c < 0x20 || c == 0x7f;

		buffer->bytes[buffer->head++ % LOG_BUFFER_SIZE] = is_control && c != '\t' ? '?' : c;
	}
}

static void put_end(struct log_buffer *buffer)
{
	buffer->bytes[buffer->head++ % LOG_BUFFER_SIZE] = '\r';
	buffer->bytes[buffer->head++ % LOG_BUFFER_SIZE] = '\n';
}

void log_buffer_line(struct log_buffer *buffer, const char *name, const char *text, size_t length)
{
	size_t name_length = strlen(name);
	size_t room = LOG_BUFFER_SIZE - (buffer->head - buffer->tail);
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

bool log_buffer_take(struct log_buffer *buffer, char *byte)
{
	if (buffer->head == buffer->tail)
		return false;
	*byte = buffer->bytes[buffer->tail++ % LOG_BUFFER_SIZE];
	return true;
}

static const char *name_get(const struct names *names, uint64_t badge, char *name)
{
	uint64_t number = badge - NAMES_BADGE;

	if (!names || number >= NAMES_MAX || !names->name[number][0])
		return "?";
	memcpy(name, names->name[number], NAMES_LENGTH);
	name[NAMES_LENGTH - 1] = 0;
	return name;
}

int64_t log_buffer_serve(struct log_buffer *buffer, const struct names *names, const struct msg *m)
{
	uint64_t words[(LINE_MAX + 7) / 8];
	uint64_t length = m->words[0];
	char name[NAMES_LENGTH];

	if (tag_kind(m->tag) != KIND_MESSAGE || tag_label(m->tag) != LOG_WRITE)
		return -ENOSYS;
	if (tag_words(m->tag) < 1 || length > LINE_MAX || tag_words(m->tag) < 1 + (length + 7) / 8)
		return -EINVAL;
	msg_get_words(m, 1, words, (unsigned)(length + 7) / 8);
	log_buffer_line(buffer, name_get(names, m->badge, name), (const char *)words, length);
	return 0;
}
