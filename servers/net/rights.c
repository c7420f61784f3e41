// Lists of descriptors under way: their end, and their copies.
#include <stdlib.h>

#include "servers/net/hook.h"

// A socket's end may free further rights, and those further sockets: so each has its turn later.
static void right_end(struct right *right)
{
	if (!right->socket) {
		hook_right_end(right->slot);
		return;
	}
	right->socket->in_flight--;
	right->socket->may_end = true;
	socket_changed(right->socket);
}

void rights_trim(struct rights *rights, uint32_t count)
{
	while (rights->count > count && rights->count > rights->taken) {
		user_rights_remove(rights->user, 1);
		right_end(&rights->items[--rights->count]);
	}
}

void rights_free(struct rights *rights)
{
	rights_trim(rights, rights->taken);
	free(rights);
}

struct rights *rights_copy(const struct rights *rights)
{
	size_t size = rights ? sizeof(*rights) + rights->count * sizeof(struct right) : 0;
	struct rights *copy = rights ? calloc(1, size) : NULL;

	if (!copy)
		return NULL;
	copy->user = rights->user;
	for (uint32_t i = 0; i < rights->count; i++) {
		struct right right = rights->items[i];

		if (!user_rights_add(copy->user, 1))
			break;
		if (!right.socket)
			right.slot = hook_right_copy(right.slot);
		if (!right.socket && !right.slot) {
			user_rights_remove(copy->user, 1);
			break;
		}
		if (right.socket)
			right.socket->in_flight++;
		copy->items[copy->count++] = right;
	}
	return copy;
}
