// Open file descriptions.
#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "servers/terminal/terminal.h"

#define HANDLE_MAX 512

static struct handle handles[HANDLE_MAX];

struct handle *handle_find(uint64_t badge)
{
	uint64_t i = (badge & 0xffff) - BADGE_HANDLES;

	if (i >= HANDLE_MAX || !handles[i].slot || handles[i].generation != badge >> 16)
		return NULL;
	return &handles[i];
}

struct handle *handle_make(enum target target, struct tty *tty, uint32_t flags)
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
			h->tty = tty;
			if (tty)
				tty_open(tty, target == TARGET_MASTER);
			h->flags = flags;
			return h;
		}
		slot_free(h->slot);
		h->slot = 0;
		return NULL;
	}
	return NULL;
}

// The last handle of a master hangs the terminal up: who waits on the other side hears of it. A thread may
// still wait with a handle that another has closed.
static void handle_leave(const struct handle *h)
{
	struct tty *tty = h->tty;
	bool is_last = tty->users == 1 && !tty->is_console;

	if (is_last)
		request_hang_up(tty);
	tty_close(tty, h->target == TARGET_MASTER);
	if (!is_last)
		terminal_pump();
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
	if (h->tty)
		handle_leave(h);
}
