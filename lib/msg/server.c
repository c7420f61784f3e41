#include <errno.h>
#include <stdlib.h>

#include "lib/msg/server.h"

bool server_make(struct server *server, cap_t endpoint, cap_t first, uint32_t count)
{
	*server = (struct server){.endpoint = endpoint};
	if (!count)
		return false;
	server->free = malloc(count * sizeof(*server->free));
	if (!server->free)
		return false;
	server->current = first;
	for (uint32_t i = 1; i < count; i++)
		server->free[server->free_count++] = first + count - i;
	return true;
}

// What is sent instead of an answer whose map items or capabilities the kernel refused.
static struct msg refusal(void)
{
	return (struct msg){.tag = TAG(0, 1), .words = {(uint64_t)-ENOMEM}};
}

// The caller is not there to be answered: nothing is left to do for this Reply.
static bool is_gone(err_t err)
{
	return err == ERR_NO_REPLY || err == ERR_DEAD || err == ERR_CANCELLED;
}

// Receive the next message, after answering the one in hand. An answer that fails leaves nothing
// received, so the receive is tried again alone.
static void server_receive(struct server *server, struct msg *m)
{
	err_t err = ERR_NOT_READY;

	if (server->answer) {
		err = sys_reply_recv(server->endpoint, server->current, m);
		if (err && !is_gone(err)) {
			*m = refusal();
			err = sys_reply_recv(server->endpoint, server->current, m);
		}
	}
	while (err) {
		*m = (struct msg){0};
		err = sys_recv(server->endpoint, server->current, m);
	}
}

void server_run(struct server *server, void (*handle)(struct server *server, struct msg *m))
{
	struct msg m = {0};

	server->answer = false;
	for (;;) {
		server_receive(server, &m);
		server->answer = tag_kind(m.tag) == KIND_MESSAGE || tag_kind(m.tag) == KIND_FAULT;
		handle(server, &m);
	}
}

cap_t server_keep(struct server *server)
{
	cap_t kept = server->current;

	if (!server->answer || !server->free_count)
		return 0;
	server->current = server->free[--server->free_count];
	server->answer = false;
	return kept;
}

err_t server_answer(struct server *server, cap_t reply, struct msg *m)
{
	err_t err = sys_send(reply, m);

	if (err && !is_gone(err)) {
		struct msg refused = refusal();

		(void)sys_send(reply, &refused);
	}
	server->free[server->free_count++] = reply;
	return err;
}
