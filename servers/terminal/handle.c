// Open file descriptions.
#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "servers/terminal/terminal.h"

#define HANDLE_MAX 128

static struct handle handles[HANDLE_MAX];

struct handle *handle_find(uint64_t badge)
{
	uint64_t i = (badge & 0xffff) - BADGE_HANDLES;

	if (i >= HANDLE_MAX || !handles[i].slot || handles[i].generation != badge >> 16)
		return NULL;
	return &handles[i];
}

struct handle *handle_make(enum target target, uint32_t flags)
{
	cap_t cnode = component_find_cap("cnode", NULL);

	for (unsigned i = 0; i < HANDLE_MAX; i++) {
		struct handle *h = &handles[i];
		uint64_t badge;

		if (h->slot)
			continue;
		h->slot = slot_alloc();
		if (!h->slot)
			return NULL;
		badge = (uint64_t)++h->generation << 16 | (i + BADGE_HANDLES);
		if (!cnode_derive(cnode, h->slot, cnode, terminal.server.endpoint,
				  ENDPOINT_SEND | ENDPOINT_GRANT | ENDPOINT_WATCH, badge, 0)) {
			h->target = target;
			h->flags = flags;
			return h;
		}
		slot_free(h->slot);
		h->slot = 0;
		return NULL;
	}
	return NULL;
}

// Believed only when it is still so: the handle may have been handed out again since.
void handle_no_senders(uint64_t badge)
{
	struct handle *h = handle_find(badge);
	cap_t cnode = component_find_cap("cnode", NULL);
	uint64_t children = 1;

	if (!h || cnode_info(cnode, h->slot, NULL, NULL, NULL, &children) || children)
		return;
	arming_clear(h, 0);
	(void)cnode_delete(cnode, h->slot, 1);
	slot_free(h->slot);
	h->slot = 0;
}
