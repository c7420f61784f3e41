// The table of sockets, their life and end.
#include "servers/net/socket.h"

#include <stdlib.h>

#include "servers/net/hook.h"

static struct socket *sockets[SOCKET_MAX];
static uint32_t generations[SOCKET_MAX];
static struct socket *changed, *changed_last;
static uint64_t inodes;

static uint32_t index_find(void)
{
	static uint32_t hint;

	for (uint32_t n = 0; n < SOCKET_MAX; n++) {
		uint32_t i = (hint + n) % SOCKET_MAX;

		if (!sockets[i]) {
			hint = i;
			return i;
		}
	}
	return SOCKET_MAX;
}

static void socket_init(struct socket *s, uint32_t index, uint8_t type, struct user *user)
{
	generations[index] = (generations[index] + 1) & 0x7fffffff;
	*s = (struct socket){
		.index = index,
		.generation = generations[index],
		.references = 1,
		.is_open = true,
		.type = type,
		.send_buffer = BUFFER_MAX,
		.receive_buffer = BUFFER_MAX,
		.low_water = 1,
		.backlog = DATAGRAM_BACKLOG,
		.mode = 0777,
		.peer_cred = {0, UINT32_MAX, UINT32_MAX},
		.user = user,
		.inode = ++inodes,
	};
}

struct socket *socket_make(uint8_t type, struct user *user, int *error)
{
	uint32_t index = index_find();
	struct socket *s;

	*error = -ENFILE;
	if (index == SOCKET_MAX || !user_socket_add(user))
		return NULL;
	s = malloc(sizeof(*s));
	*error = -ENOMEM;
	if (s) {
		socket_init(s, index, type, user);
		if (hook_socket_make(s)) {
			sockets[index] = s;
			return s;
		}
		free(s);
	}
	user_socket_remove(user);
	return NULL;
}

struct socket *socket_at(uint32_t index) { return index < SOCKET_MAX ? sockets[index] : NULL; }

struct socket *socket_find(uint32_t index, uint32_t generation)
{
	struct socket *s = socket_at(index);

	return s && s->generation == generation ? s : NULL;
}

void socket_hold(struct socket *s) { s->references++; }

void socket_put(struct socket *s)
{
	if (--s->references)
		return;
	user_socket_remove(s->user);
	free(s);
}

void socket_set_peer(struct socket *s, struct socket *peer)
{
	struct socket *before = s->peer;

	if (peer)
		socket_hold(peer);
	s->peer = peer;
	if (before)
		socket_put(before);
}

void socket_changed(struct socket *s)
{
	if (s->is_changed)
		return;
	socket_hold(s);
	s->is_changed = true;
	s->changed_next = NULL;
	if (changed)
		changed_last->changed_next = s;
	else
		changed = s;
	changed_last = s;
}

void socket_room_changed(struct socket *s)
{
	socket_changed(s);
	for (uint32_t i = 0; i < SOCKET_MAX; i++)
		if (sockets[i] && sockets[i]->armings && sockets[i]->peer == s)
			socket_changed(sockets[i]);
}

// The caller puts it.
struct socket *socket_next_changed(void)
{
	struct socket *s = changed;

	if (s) {
		changed = s->changed_next;
		s->is_changed = false;
	}
	return s;
}

// A connection that nobody accepted breaks; its listener is the one that is closed.
static void pending_close(struct socket *s)
{
	while (s->pending) {
		struct socket *next = s->pending->pending_next;

		s->pending->error = ECONNRESET;  // seen by socket_close as data that was lost
		socket_close(s->pending);
		s->pending = next;
	}
	s->pending_count = 0;
}

static void peer_leave(struct socket *s, bool is_lost)
{
	struct socket *peer = s->peer;

	if (peer && socket_is_connecting(s) && peer->peer == s) {
		peer->shutdown = SHUT_BOTH;
		if (is_lost)
			peer->error = ECONNRESET;
		socket_changed(peer);
	}
	socket_set_peer(s, NULL);
}

void socket_close(struct socket *s)
{
	bool is_lost = s->first || (s->listener && s->error);

	if (!s->is_open)
		return;
	s->is_open = false;
	s->has_handles = false;
	s->shutdown = SHUT_BOTH;
	sockets[s->index] = NULL;
	name_remove(s);
	hook_socket_end(s);
	pending_close(s);
	peer_leave(s, is_lost);
	queue_purge(s);
	socket_changed(s);
	socket_put(s);
}

void socket_release(struct socket *s)
{
	if (!s->is_open || s->listener)
		return;
	s->has_handles = hook_has_handles(s);
	if (s->has_handles)
		return;
	if (s->in_flight)
		garbage_want();
	else
		socket_close(s);
}
