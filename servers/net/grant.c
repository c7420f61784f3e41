// Capabilities that are handed out: watched slots, the parents of all handles of a socket, and of its
// address.
#include "servers/net/net.h"

#include "abi/gen/stubs.h"

uint64_t badge_make(unsigned kind, const struct socket *s)
{
	return (uint64_t)s->generation << 24 | (uint64_t)s->index << 8 | kind;
}

struct socket *badge_find(uint64_t badge, unsigned kind)
{
	if ((badge & 0xff) != kind || badge >> 55)
		return NULL;
	return socket_find((uint32_t)(badge >> 8 & 0xffff), (uint32_t)(badge >> 24));
}

static cap_t grant_make(uint64_t rights, uint64_t badge)
{
	cap_t slot = slot_alloc();

	if (!slot)
		return 0;
	if (!cnode_derive(net.cnode, slot, net.cnode, net.server.endpoint,
			  ENDPOINT_SEND | ENDPOINT_GRANT | rights, badge, 0))
		return slot;
	slot_free(slot);
	return 0;
}

static void grant_end(cap_t slot)
{
	if (!slot)
		return;
	(void)cnode_revoke(net.cnode, slot);
	(void)cnode_delete(net.cnode, slot, 1);
	slot_free(slot);
}

bool hook_socket_make(struct socket *s)
{
	s->handle_slot = grant_make(ENDPOINT_WATCH, badge_make(BADGE_KIND_SOCKET, s));
	return s->handle_slot;
}

void hook_socket_end(struct socket *s)
{
	arming_socket_end(s);
	grant_end(s->handle_slot);
	grant_end(s->address_slot);
	s->handle_slot = s->address_slot = 0;
}

bool hook_has_handles(const struct socket *s)
{
	uint64_t children = 1;

	return cnode_info(net.cnode, s->handle_slot, NULL, NULL, NULL, &children) || children;
}

cap_t grant_handle(struct socket *s)
{
	s->has_handles = true;
	return s->handle_slot;
}

cap_t grant_address(struct socket *s)
{
	if (!s->address_slot)
		s->address_slot = grant_make(0, badge_make(BADGE_KIND_ADDRESS, s));
	return s->address_slot;
}

// Believed only when it is still so: a handle may have been handed out again since.
void grant_no_senders(uint64_t badge)
{
	struct socket *s = badge_find(badge, BADGE_KIND_SOCKET);

	if (s)
		socket_release(s);
}

void grant_sweep(void)
{
	for (uint32_t i = 0; i < SOCKET_MAX; i++) {
		struct socket *s = socket_at(i);

		if (s && s->has_handles)
			socket_release(s);
	}
}
