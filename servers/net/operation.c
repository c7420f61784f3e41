// What the calls that may wait do: look, and then carry out or leave it.
#include "servers/net/net.h"

#define NOBODY 65534u  // Linux's overflow ids

static void name_put(struct window *w, const struct socket *s)
{
	memcpy(w->bytes + SOCKET_NAME, s->name.bytes, s->name.size);
}

static void recv_prepare(struct wait *w)
{
	bool is_inline = w->kind == WAIT_RECV && w->size <= SOCKET_INLINE;

	w->recv.socket = w->socket;
	w->recv.to = is_inline ? (uint8_t *)w->words : w->window->bytes;
	w->recv.size = w->size;
	w->recv.room = is_inline ? SOCKET_INLINE : w->kind == WAIT_READ ? WINDOW_SIZE : SOCKET_DATA_MAX;
	w->recv.peeks = w->flags & MSG_PEEK;
	w->recv.says_size = w->flags & MSG_TRUNC;
}

static int64_t recv_do(struct wait *w, struct msg *m, struct wait ***queue)
{
	int64_t result;

	*queue = &w->socket->read_queue;
	recv_prepare(w);
	result = recv_check(&w->recv);
	if (result < 0)
		return result;
	m->words[0] = (uint64_t)result;
	m->words[1] = w->recv.flags;
	m->tag = TAG(0, 2);
	if (w->kind != WAIT_RECV)
		return result;
	if (w->recv.to != (uint8_t *)w->words) {
		m->words[1] |= SOCKET_INFO_WINDOW;
		return result;
	}
	m->tag = TAG(0, 8);
	memcpy(&m->words[2], w->words, SOCKET_INLINE);
	return result;
}

static int64_t recv_message_check(struct wait *w, struct msg *m, struct wait ***queue)
{
	int64_t result = recv_do(w, m, queue);
	const struct recv *recv = &w->recv;
	uint32_t rights = result >= 0 && recv->packet && recv->packet->rights ? recv->packet->rights->count : 0;
	struct cred cred = {0, NOBODY, NOBODY};

	if (result < 0)
		return result;
	m->tag = TAG(0, 6);
	if (rights > w->rights_room) {
		rights = w->rights_room;
		m->words[1] |= MSG_CTRUNC;
	}
	m->words[2] = recv->from ? recv->from->name.size : 0;
	m->words[3] = rights;
	if (recv->from)
		name_put(w->window, recv->from);
	if (w->socket->passes_cred && recv->packet) {
		if (recv->cred)
			cred = *recv->cred;
		m->words[1] |= SOCKET_INFO_CREDENTIALS;
		m->words[4] = cred.pid;
		m->words[5] = cred.uid | (uint64_t)cred.gid << 32;
	}
	return result;
}

// The rest of a message that was larger than the window stays for fetch_data.
static void fetched_keep(struct wait *w)
{
	struct recv *recv = &w->recv;

	if (recv->packet && !socket_is_stream(w->socket) && recv->copied < recv->packet->size &&
	    recv->copied < w->size)
		window_fetched_set(w->window, recv->packet);
}

static void recv_commit_plain(struct wait *w)
{
	struct rights *rights = NULL;

	window_received_drop(w->window);
	fetched_keep(w);
	if (!w->recv.peeks)
		rights = recv_commit(&w->recv);
	if (rights)
		rights_free(rights);
}

static void recv_commit_message(struct wait *w)
{
	struct rights *rights;

	window_received_drop(w->window);
	fetched_keep(w);
	rights = recv_commit(&w->recv);
	if (rights)
		rights_trim(rights, w->rights_room);
	w->window->received = rights;
}

static void nothing_abort(struct wait *w) { (void)w; }

static const uint8_t *send_data(const struct wait *w)
{
	if (w->with & SOCKET_WITH_STAGED)
		return w->window->data;
	return w->kind == WAIT_SEND && w->size <= SOCKET_INLINE ? (const uint8_t *)w->words : w->window->bytes;
}

// Credentials go along when they were named, or when one of the two wants them.
static void send_cred(struct send *send, const struct window *w)
{
	const struct socket *to = send->target ? send->target : send->socket->peer;

	send->has_cred = send->socket->passes_cred || (to && to->passes_cred);
	if (send->has_cred)
		send->cred = cred_real(w);
}

static int64_t send_do(struct wait *w, struct msg *m, struct wait ***queue)
{
	struct send *send = &w->send;
	int64_t result;

	send->socket = w->socket;
	send->target = w->target;
	send->data = send_data(w);
	send->size = w->size;
	send->rights = NULL;
	if (w->has_cred) {
		send->has_cred = true;
		send->cred = w->cred;
	} else {
		send_cred(send, w->window);
	}
	result = send_check(send, queue);
	if (result >= 0)
		result_set(m, result);
	return result;
}

static void send_do_commit(struct wait *w)
{
	if (w->with & SOCKET_WITH_RIGHTS) {
		w->send.rights = w->window->staged;
		w->window->staged = NULL;
	}
	send_commit(&w->send);
	if (w->send.rights)
		rights_free(w->send.rights);
	if (w->with)
		window_staged_drop(w->window);
}

static void send_do_abort(struct wait *w)
{
	send_abort(&w->send);
	if (w->with)
		window_staged_drop(w->window);
}

int64_t send_now(struct request *r, uint32_t size, uint32_t flags)
{
	struct socket *s = r->socket;
	struct wait **queue;
	struct send send = {
		.socket = s,
		.data = size <= SOCKET_INLINE ? (const uint8_t *)&r->words[2] : r->window->bytes,
		.size = size,
	};
	int64_t result;

	// Nobody passes those who wait.
	if (s->write_queue)
		result = NET_WAIT;
	else {
		send_cred(&send, r->window);
		result = send_check(&send, &queue);
	}
	if (result >= 0)
		send_commit(&send);
	if (result == NET_WAIT && (flags & MSG_DONTWAIT || s->flags & O_NONBLOCK))
		result = -EAGAIN;
	return result;
}

static int64_t accept_do(struct wait *w, struct msg *m, struct wait ***queue)
{
	struct socket *made;
	int64_t result = accept_check(w->socket);

	*queue = &w->socket->read_queue;
	if (result)
		return result;
	made = w->socket->pending;
	name_put(w->window, made->peer);
	msg_set_cap(0, made->handle_slot);
	*m = (struct msg){.tag = TAG(0, 2) | TAG_CAPS(1), .words = {0, made->peer->name.size}};
	return 0;
}

static void accept_do_commit(struct wait *w)
{
	w->socket->pending->flags = w->flags & O_NONBLOCK;
	accept_commit(w->socket);
}

static int64_t connect_do(struct wait *w, struct msg *m, struct wait ***queue)
{
	int error;
	int64_t result = connect_check(w->socket, w->target);

	w->made = NULL;
	if (result == NET_WAIT)
		*queue = &w->target->full_queue;
	if (result)
		return result;
	if (w->socket->passes_cred && !w->socket->name.size)
		(void)name_choose(w->socket);
	w->made = socket_make(w->socket->type, w->socket->user, &error);
	if (!w->made)
		return error;
	w->cred = cred_effective(w->window);
	result_set(m, 0);
	return 0;
}

static void connect_do_commit(struct wait *w)
{
	connect_commit(w->socket, w->target, w->made, &w->cred);
	w->made = NULL;
}

static void connect_do_abort(struct wait *w)
{
	if (w->made)
		socket_close(w->made);
	w->made = NULL;
}

const struct operation operations[] = {
	[WAIT_RECV] = {recv_do, recv_commit_plain, nothing_abort},
	[WAIT_READ] = {recv_do, recv_commit_plain, nothing_abort},
	[WAIT_RECV_MESSAGE] = {recv_message_check, recv_commit_message, nothing_abort},
	[WAIT_SEND] = {send_do, send_do_commit, send_do_abort},
	[WAIT_WRITE] = {send_do, send_do_commit, send_do_abort},
	[WAIT_SEND_MESSAGE] = {send_do, send_do_commit, send_do_abort},
	[WAIT_ACCEPT] = {accept_do, accept_do_commit, nothing_abort},
	[WAIT_CONNECT] = {connect_do, connect_do_commit, connect_do_abort},
};
