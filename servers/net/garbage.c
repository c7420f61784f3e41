// Sockets that only lead to one another.
//
// A socket without handles stays while it is on its way: a right in some queue names it. When that
// queue can itself be reached only through such sockets, nobody can ever receive it. So from every
// socket with a handle, and from what windows hold for their threads, what is queued is marked; an
// open socket without handles and without a mark is garbage. Its queue is emptied, and it closes.
//
// The marks spread in rounds over the table, which needs no memory.
#include "servers/net/hook.h"

static bool is_wanted;

void garbage_want(void) { is_wanted = true; }

static bool more;

static void mark(struct socket *s)
{
	if (s->is_marked)
		return;
	s->is_marked = true;
	more = true;
}

static void mark_queue(const struct socket *s)
{
	for (const struct packet *p = s->first; p; p = p->next)
		for (uint32_t i = 0; p->rights && i < p->rights->count; i++)
			if (p->rights->items[i].socket)
				mark(p->rights->items[i].socket);
}

// What can be received through a socket, and connections that can be accepted.
static void mark_from(const struct socket *s)
{
	mark_queue(s);
	for (const struct socket *made = s->pending; made; made = made->pending_next)
		mark_queue(made);
}

static void mark_all(void)
{
	for (uint32_t i = 0; i < SOCKET_MAX; i++) {
		struct socket *s = socket_at(i);

		if (s)
			s->is_marked = s->has_handles;
	}
	hook_each_kept(mark);
	do {
		more = false;
		for (uint32_t i = 0; i < SOCKET_MAX; i++)
			if (socket_at(i) && socket_at(i)->is_marked)
				mark_from(socket_at(i));
	} while (more);
}

void garbage_collect(void)
{
	while (is_wanted) {
		is_wanted = false;
		mark_all();
		for (uint32_t i = 0; i < SOCKET_MAX; i++) {
			struct socket *s = socket_at(i);

			// Not accepted yet: its listener looks after it.
			if (s && !s->is_marked && !s->listener)
				socket_close(s);
		}
	}
}
