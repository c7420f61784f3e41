// Nodes of /proc in the file server, and what it knows of open files.
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "protocol/gen/control.h"
#include "protocol/gen/file.h"
#include "servers/process/proc.h"

#define TEXT_MAX (1ull << 20)
#define CONTENT 4096ull  // protocol/file.def
#define WINDOW 16384ull

static bool text_room(struct text *text, uint64_t more)
{
	uint64_t size = text->size ? text->size : 1024;
	char *bytes;

	while (size < text->length + more + 1)
		size *= 2;
	if (size <= text->size)
		return true;
	bytes = size <= TEXT_MAX && !text->failed ? realloc(text->bytes, size) : NULL;
	text->failed = !bytes;
	if (!bytes)
		return false;
	text->bytes = bytes;
	text->size = size;
	return true;
}

void text_bytes(struct text *text, const void *bytes, uint64_t length)
{
	if (!text_room(text, length))
		return;
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
}

void text_put(struct text *text, const char *format, ...)
{
	char line[5000];
	va_list list;

	va_start(list, format);
	int n = vsnprintf(line, sizeof(line), format, list);

	va_end(list);
	if (n > 0)
		text_bytes(text, line, (uint64_t)n < sizeof(line) ? (uint64_t)n : sizeof(line) - 1);
}

static int64_t content_append(uint64_t id, const struct text *content, uint64_t done)
{
	while (content && done < content->length) {
		uint64_t token, part = content->length - done < WINDOW ? content->length - done : WINDOW;
		uint8_t *window = file_window(&token);
		uint64_t result = 0;

		memcpy(window, content->bytes + done, part);
		if (control_append(file_control(), token, id, part, &result))
			return -EIO;
		if (result)
			return (int64_t)result;
		done += part;
	}
	return 0;
}

int64_t proc_node_make(const struct proc_node *node, const struct text *content)
{
	uint64_t token, result = 0, id = 0, length = content ? content->length : 0;
	uint64_t first = length < WINDOW - CONTENT ? length : WINDOW - CONTENT;
	uint8_t *window = file_window(&token);
	cap_t slot = token && !(content && content->failed) ? slot_alloc() : 0;

	if (!slot)
		return -ENOMEM;
	strcpy((char *)window, node->path);
	if (first)
		memcpy(window + CONTENT, content->bytes, first);
	msg_set_receive(slot, 1);
	err_t err = control_node(file_control(), token, node->mode,
				 (uint64_t)node->gid << 32 | node->uid, node->number, node->links, first,
				 &result, &id);

	receive_default();
	if (!err && !result)
		result = (uint64_t)content_append(id, content, first);
	if (!err && !result)
		return slot;
	(void)cnode_delete(store_cnode, slot, 1);
	slot_free(slot);
	return err ? -EIO : (int64_t)result;
}

int64_t proc_file_name(cap_t handle, char *to, uint64_t size, struct proc_open *open)
{
	uint64_t token, result = 0;
	uint8_t *window = file_window(&token);

	if (!token || file_path(handle, token, &result, &open->flags, &open->offset, &open->mode,
				&open->number))
		return -EIO;
	if ((int64_t)result < 0 || result >= size)
		return (int64_t)result < 0 ? (int64_t)result : -ENAMETOOLONG;
	memcpy(to, window, result);
	to[result] = 0;
	return (int64_t)result;
}
