// Who is connected with whom, and what a socket is ready for.
#include "servers/net/socket.h"

#include <poll.h>

static void couple(struct socket *a, struct socket *b)
{
	socket_set_peer(a, b);
	socket_set_peer(b, a);
	if (socket_is_connecting(a))
		a->state = b->state = SOCKET_CONNECTED;
}

int connect_pair(struct socket *a, struct socket *b, const struct cred *cred)
{
	if (a->peer || a->state != SOCKET_UNCONNECTED || a == b)
		return -EISCONN;
	couple(a, b);
	a->peer_cred = b->peer_cred = *cred;
	return 0;
}

int connect_listen(struct socket *s, uint32_t backlog, const struct cred *cred)
{
	if (!socket_is_connecting(s))
		return -EOPNOTSUPP;
	if (!s->name.size || s->state == SOCKET_CONNECTED)
		return -EINVAL;
	s->backlog = backlog < BACKLOG_MAX ? backlog : BACKLOG_MAX;
	s->state = SOCKET_LISTENING;
	s->peer_cred = *cred;
	socket_changed(s);  // there may be room for more
	return 0;
}

int connect_check(const struct socket *s, const struct socket *listener)
{
	if (!listener || !listener->is_open)
		return -ECONNREFUSED;
	if (listener->type != s->type)
		return -EPROTOTYPE;
	if (listener->state != SOCKET_LISTENING || listener->shutdown & SHUT_IN)
		return -ECONNREFUSED;
	if (s->state == SOCKET_CONNECTED)
		return -EISCONN;
	if (s->state != SOCKET_UNCONNECTED)
		return -EINVAL;
	return listener->pending_count > listener->backlog ? NET_WAIT : 0;
}

void connect_commit(struct socket *s, struct socket *listener, struct socket *made,
		    const struct cred *cred)
{
	couple(s, made);
	s->peer_cred = listener->peer_cred;
	made->peer_cred = *cred;
	made->name = listener->name;  // shown as its own; it is not found by it
	made->passes_cred = listener->passes_cred;
	made->listener = listener;
	made->pending_next = NULL;
	if (listener->pending)
		listener->pending_last->pending_next = made;
	else
		listener->pending = made;
	listener->pending_last = made;
	listener->pending_count++;
	socket_changed(listener);
	socket_changed(s);
}

int connect_datagram(struct socket *s, struct socket *to)
{
	if (to && !to->is_open)
		return -ECONNREFUSED;
	if (to && to->type != s->type)
		return -EPROTOTYPE;
	if (to && to->peer && to->peer != s)
		return -EPERM;
	if (s->peer && s->peer != to) {
		struct socket *before = s->peer;

		// What the one before has sent is not for the eyes of a new connection.
		queue_purge(s);
		if (before->peer == s && before->is_open) {
			before->error = ECONNRESET;
			socket_changed(before);
		}
	}
	socket_set_peer(s, to);
	socket_changed(s);
	return 0;
}

int accept_check(const struct socket *s)
{
	if (!socket_is_connecting(s))
		return -EOPNOTSUPP;
	if (s->state != SOCKET_LISTENING)
		return -EINVAL;
	if (s->pending)
		return 0;
	return s->shutdown & SHUT_IN ? -EINVAL : NET_WAIT;
}

void accept_commit(struct socket *s)
{
	struct socket *made = s->pending;

	s->pending = made->pending_next;
	s->pending_count--;
	made->listener = NULL;
	made->has_handles = true;
	socket_changed(s);
}

int connect_shutdown(struct socket *s, unsigned how)
{
	struct socket *peer = s->peer;
	uint8_t bits = (uint8_t)(how + 1);

	if (how > 2)
		return -EINVAL;
	s->shutdown |= bits;
	socket_changed(s);
	if (peer && socket_is_connecting(s)) {
		peer->shutdown |= (uint8_t)((bits & SHUT_IN ? SHUT_OUT : 0) | (bits & SHUT_OUT ? SHUT_IN : 0));
		socket_changed(peer);
	}
	return 0;
}

// A datagram's peer takes only so many from others than its own peer.
static bool peer_is_full(const struct socket *s)
{
	const struct socket *peer = s->peer;

	return peer && peer->type == SOCK_DGRAM && peer->peer != s && peer->packet_count > peer->backlog;
}

uint32_t socket_poll(const struct socket *s)
{
	uint32_t bits = 0;

	if (s->error)
		bits |= POLLERR;
	if (s->shutdown == SHUT_BOTH)
		bits |= POLLHUP;
	if (s->shutdown & SHUT_IN)
		bits |= POLLRDHUP | POLLIN | POLLRDNORM;
	if (s->first || s->pending)
		bits |= POLLIN | POLLRDNORM;
	if (socket_is_connecting(s) && s->state == SOCKET_UNCONNECTED)
		bits |= POLLHUP;
	if (socket_is_writable(s) && !peer_is_full(s))
		bits |= POLLOUT | POLLWRNORM | POLLWRBAND;
	return bits;
}
