// Descriptors under way (SCM_RIGHTS). Only handles of the servers that serve files are taken: whoever
// receives one will call it, and must not be made to call just anybody. Sockets of this server become
// references, so that garbage.c can see circles.
#include <stdlib.h>

#include "abi/gen/stubs.h"
#include "servers/net/net.h"

void arrived_init(void)
{
	net.receive = slot_alloc();
	msg_set_receive(net.receive, net.receive ? 1 : 0);
}

cap_t arrived_keep(cap_t arrived)
{
	cap_t next = arrived && arrived == net.receive ? slot_alloc() : 0;

	if (!next)
		return 0;
	net.receive = next;
	msg_set_receive(next, 1);
	return arrived;
}

void arrived_drop(cap_t arrived)
{
	if (arrived && arrived == net.receive)
		(void)cnode_delete(net.cnode, arrived, 1);
}

static bool is_same(cap_t slot, cap_t other)
{
	uint64_t same = 0;

	return other && cnode_compare(net.cnode, slot, net.cnode, other, &same) == OK && same;
}

uint8_t right_kind(cap_t slot, struct socket **socket)
{
	uint64_t type = 0, badge = 0;

	*socket = NULL;
	if (!slot || cnode_info(net.cnode, slot, &type, NULL, &badge, NULL) || type != TYPE_ENDPOINT)
		return HANDLE_NONE;
	if (is_same(slot, net.file))
		return HANDLE_FILE;
	if (is_same(slot, net.terminal))
		return HANDLE_TERMINAL;
	if (!is_same(slot, net.server.endpoint))
		return HANDLE_NONE;
	*socket = badge_find(badge, BADGE_KIND_SOCKET);
	return *socket ? HANDLE_SOCKET : HANDLE_NONE;
}

uint64_t address_badge(cap_t slot)
{
	uint64_t type = 0, badge = 0;

	if (cnode_info(net.cnode, slot, &type, NULL, &badge, NULL) || type != TYPE_ENDPOINT ||
	    !is_same(slot, net.server.endpoint))
		return 0;
	return badge;
}

void hook_right_end(uint32_t slot)
{
	(void)cnode_delete(net.cnode, slot, 1);
	slot_free(slot);
}

uint32_t hook_right_copy(uint32_t slot)
{
	cap_t copy = slot_alloc();

	if (copy && cnode_copy(net.cnode, copy, net.cnode, slot, 1, NULL)) {
		slot_free(copy);
		return 0;
	}
	return copy;
}

static struct rights *staged_get(struct request *r)
{
	struct window *w = r->window;

	if (r->words[1] || !w->staged) {
		struct identity identity;
		struct user *user;

		window_staged_drop(w);
		if (!identity_get(w->client, 0, &identity, NULL))
			return NULL;
		user = user_get(identity.uid);
		w->staged = calloc(1, sizeof(*w->staged) + RIGHTS_SEND_MAX * sizeof(struct right));
		if (w->staged)
			w->staged->user = user;
	}
	return w->staged;
}

int64_t right_stage(struct request *r)
{
	struct socket *socket;
	uint8_t kind = right_kind(r->arrived, &socket);
	struct rights *rights = kind ? staged_get(r) : NULL;
	struct right *right;

	if (!kind || !rights)
		return kind ? -ENOMEM : -EBADF;
	if (rights->count == RIGHTS_SEND_MAX)
		return -EINVAL;
	if (!user_rights_add(rights->user, 1))
		return -ETOOMANYREFS;
	right = &rights->items[rights->count];
	*right = (struct right){.kind = kind, .socket = socket};
	if (!socket)
		right->slot = arrived_keep(r->arrived);
	if (!socket && !right->slot) {
		user_rights_remove(rights->user, 1);
		return -ETOOMANYREFS;
	}
	if (socket)
		socket->in_flight++;
	rights->count++;
	return 0;
}

// It has gone when its answer has arrived: this server must not be one more who holds the descriptor.
void right_take(struct request *r)
{
	struct rights *rights = r->window->received;
	struct right *right = rights ? &rights->items[rights->taken] : NULL;
	cap_t reply;

	if (r->words[1] && rights)
		rights_trim(rights, rights->taken);
	if (!rights || rights->taken == rights->count) {
		result_set(r->m, -ENOENT);
		return;
	}
	reply = server_keep(&net.server);
	if (!reply) {
		result_set(r->m, -ENOMEM);
		return;
	}
	msg_set_cap(0, right->socket ? right->socket->handle_slot : right->slot);
	*r->m = (struct msg){.tag = TAG(0, 1) | TAG_CAPS(1), .words = {right->kind}};
	if (server_answer(&net.server, reply, r->m))
		return;
	rights->taken++;
	user_rights_remove(rights->user, 1);
	if (right->socket) {
		right->socket->in_flight--;
		right->socket->has_handles = true;
	} else {
		hook_right_end(right->slot);
	}
}
