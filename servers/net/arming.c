// Armings: threads that want to be signalled once a socket would not wait (file_arm).
//
// An arming is known by the token of its thread's window, but stays when the window is taken back for
// another thread: its own may still sleep. The notification was checked when it came: to signal one
// never waits. It vanishes from its slot with the program that it belongs to.
#include <poll.h>
#include <stdlib.h>

#include "abi/gen/stubs.h"
#include "servers/net/net.h"

#define ARMINGS_MAX 4096u

struct arming {
	struct arming *next;
	uint64_t token;
	uint32_t events;
	cap_t notification;
};

static uint32_t count;

static uint64_t slot_type(cap_t slot)
{
	uint64_t type = 0;

	return cnode_info(net.cnode, slot, &type, NULL, NULL, NULL) ? 0 : type;
}

static void arming_end(struct arming **link)
{
	struct arming *arming = *link;

	*link = arming->next;
	(void)cnode_delete(net.cnode, arming->notification, 1);
	slot_free(arming->notification);
	free(arming);
	count--;
}

// Of the thread of that token, and of those whose program is gone.
static void arming_clear(struct socket *s, uint64_t token)
{
	for (struct arming **link = &s->armings; *link;) {
		if ((*link)->token == token || slot_type((*link)->notification) != TYPE_NOTIFICATION)
			arming_end(link);
		else
			link = &(*link)->next;
	}
}

static int64_t arming_set(struct socket *s, uint64_t token, uint32_t events, cap_t arrived)
{
	struct arming *arming;

	if (slot_type(arrived) != TYPE_NOTIFICATION)
		return -EINVAL;
	if (count >= ARMINGS_MAX)
		return -ENOSPC;
	arming = malloc(sizeof(*arming));
	if (arming)
		arrived = arrived_keep(arrived);
	if (!arming || !arrived) {
		free(arming);
		return -ENOSPC;
	}
	*arming = (struct arming){s->armings, token, events, arrived};
	s->armings = arming;
	count++;
	return 0;
}

static uint32_t ready(const struct socket *s, uint32_t events)
{
	return socket_poll(s) & (events | POLLERR | POLLHUP);
}

void arming_handle(struct request *r)
{
	uint32_t events = (uint32_t)r->words[1];
	int64_t result = 0;

	arming_clear(r->socket, r->words[0]);
	if (events)
		result = ready(r->socket, events);
	if (!result && events)
		result = r->arrived ? arming_set(r->socket, r->words[0], events, r->arrived) : -EINVAL;
	result_set(r->m, result);
}

void arming_check(struct socket *s)
{
	for (struct arming **link = &s->armings; *link;) {
		if (!ready(s, (*link)->events)) {
			link = &(*link)->next;
			continue;
		}
		(void)sys_signal((*link)->notification);
		arming_end(link);
	}
}

// Whoever still sleeps finds that the descriptor is gone.
void arming_socket_end(struct socket *s)
{
	while (s->armings) {
		(void)sys_signal(s->armings->notification);
		arming_end(&s->armings);
	}
}
