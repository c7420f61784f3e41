// Names of sockets. Abstract ones are found in a table here, those of each type by themselves; those of the file system by the file
// server, which has the socket's address capability.
#include <stdio.h>

#include "servers/net/socket.h"

#define TABLE_SIZE 1024u

static struct socket *table[TABLE_SIZE];

static struct socket **bucket(const char *bytes, uint32_t size)
{
	uint32_t hash = 2166136261u;

	for (uint32_t i = 0; i < size; i++)
		hash = (hash ^ (uint8_t)bytes[i]) * 16777619u;
	return &table[hash % TABLE_SIZE];
}

static bool is_abstract(const char *bytes, uint32_t size) { return size > 0 && bytes[0] == 0; }

struct socket *name_find(const char *bytes, uint32_t size, uint32_t type)
{
	for (struct socket *s = *bucket(bytes, size); s; s = s->name_next)
		if (s->name.size == size && s->type == type && memcmp(s->name.bytes, bytes, size) == 0)
			return s;
	return NULL;
}

int name_bind(struct socket *s, const char *bytes, uint32_t size)
{
	if (s->name.size || size == 0 || size > NAME_MAX_BYTES)
		return -EINVAL;
	if (is_abstract(bytes, size) && name_find(bytes, size, s->type))
		return -EADDRINUSE;
	s->name.size = (uint8_t)size;
	memcpy(s->name.bytes, bytes, size);
	if (is_abstract(bytes, size)) {
		s->name_next = *bucket(bytes, size);
		*bucket(bytes, size) = s;
	}
	return 0;
}

// Linux's autobind: a zero and five hexadecimal digits.
int name_choose(struct socket *s)
{
	static uint32_t last;

	if (s->name.size)
		return 0;
	for (uint32_t i = 0; i < 0x100000; i++) {
		char bytes[8] = {0};

		last = (last + 1) & 0xfffff;
		snprintf(bytes + 1, sizeof(bytes) - 1, "%05x", last);
		if (!name_find(bytes, 6, s->type))
			return name_bind(s, bytes, 6);
	}
	return -ENOSPC;
}

// The bytes stay, for whom asks who the peer was.
void name_remove(struct socket *s)
{
	struct socket **link = bucket(s->name.bytes, s->name.size);

	if (!is_abstract(s->name.bytes, s->name.size))
		return;
	while (*link && *link != s)
		link = &(*link)->name_next;
	if (*link)
		*link = s->name_next;
}
