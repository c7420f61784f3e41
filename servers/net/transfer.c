// Sending and receiving: each looks first and changes nothing; what it found is carried out when the
// caller has heard of it.
#include "servers/net/socket.h"

static int64_t target_check_datagram(struct send *send, struct wait ***queue)
{
	struct socket *s = send->socket, *to = send->target ? send->target : s->peer;

	if (!to)
		return -ENOTCONN;
	if (send->size > s->send_buffer - SIZE_OVERHEAD)
		return -EMSGSIZE;
	if (s->shutdown & SHUT_OUT)
		return -EPIPE;
	if (!to->is_open) {
		if (to == s->peer)
			socket_set_peer(s, NULL);
		return -ECONNREFUSED;
	}
	if (to->type != s->type)
		return -EPROTOTYPE;
	if (to->peer && to->peer != s)
		return -EPERM;
	if (to->shutdown & SHUT_IN)
		return -EPIPE;
	send->to = to;
	if (to != s && to->peer != s && to->packet_count > to->backlog) {
		*queue = &to->full_queue;
		return NET_WAIT;
	}
	return 0;
}

static int64_t target_check_connected(struct send *send)
{
	struct socket *s = send->socket;

	if (send->target && socket_is_stream(s))
		return s->state == SOCKET_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	if (s->state != SOCKET_CONNECTED)
		return -ENOTCONN;
	if (!socket_is_stream(s) && send->size > s->send_buffer - SIZE_OVERHEAD)
		return -EMSGSIZE;
	if (s->shutdown & SHUT_OUT || !s->peer->is_open || s->peer->shutdown & SHUT_IN)
		return -EPIPE;
	send->to = s->peer;
	return 0;
}

// How much goes now. As Linux has it: whenever anything is free, a whole message, or of a stream as
// much as half of the buffer. Who has waited goes on when most of it is free, so not in crumbs.
static int64_t size_check(const struct send *send)
{
	const struct socket *s = send->socket;
	uint32_t most = s->send_buffer / 2 - 64;

	if (s->charge >= s->send_buffer || (send->resumes && !socket_is_writable(s)))
		return NET_WAIT;
	return s->type == SOCK_STREAM && send->size > most ? most : send->size;
}

int64_t send_check(struct send *send, struct wait ***queue)
{
	struct socket *s = send->socket;
	int64_t result;

	send->packet = NULL;
	if (s->error && s->type != SOCK_STREAM) {
		result = -s->error;
		s->error = 0;
		return result;
	}
	*queue = &s->write_queue;
	result = s->type == SOCK_DGRAM ? target_check_datagram(send, queue) : target_check_connected(send);
	if (result)
		return result;
	if (send->size == 0 && socket_is_stream(s))
		return 0;
	result = size_check(send);
	if (result < 0)
		return result;
	send->packet = packet_make(s, (uint32_t)result);
	// Memory that this socket holds will be free again; for that it can wait.
	if (!send->packet)
		return s->charge ? NET_WAIT : -ENOBUFS;
	memcpy(send->packet->data, send->data, (size_t)result);
	return result;
}

void send_commit(struct send *send)
{
	struct packet *packet = send->packet;

	if (!packet)
		return;
	packet->rights = send->rights;
	send->rights = NULL;
	packet->has_cred = send->has_cred;
	if (send->has_cred)
		packet->cred = send->cred;
	queue_append(send->to, packet);
	send->packet = NULL;
}

void send_abort(struct send *send)
{
	if (send->packet)
		packet_put(send->packet);
	send->packet = NULL;
}

static int64_t nothing(struct recv *recv)
{
	struct socket *s = recv->socket;
	int error = s->error;

	if (error) {
		s->error = 0;
		return -error;
	}
	return s->shutdown & SHUT_IN ? 0 : NET_WAIT;
}

static void packet_show(struct recv *recv, struct packet *packet)
{
	recv->packet = packet;
	recv->from = packet->owner;
	recv->cred = packet->has_cred ? &packet->cred : NULL;
}

static int64_t check_message(struct recv *recv)
{
	struct packet *packet = recv->socket->first;
	uint32_t n;

	if (!packet)
		return nothing(recv);
	packet_show(recv, packet);
	n = packet->size < recv->size ? packet->size : recv->size;
	recv->flags = packet->size > recv->size ? MSG_TRUNC : 0;
	recv->copied = n < recv->room ? n : recv->room;
	memcpy(recv->to, packet->data, recv->copied);
	return recv->says_size ? packet->size : n;
}

// Whose pieces may be one: with credentials at stake, those of one sender.
static bool is_same_sender(const struct recv *recv, const struct packet *packet)
{
	const struct cred *cred = packet->has_cred ? &packet->cred : NULL;

	if (!recv->socket->passes_cred || recv->cred == cred)
		return true;
	return recv->cred && cred && memcmp(recv->cred, cred, sizeof(*cred)) == 0;
}

// A stream's reader waits for low_water bytes, but never for a writer that waits for it.
static bool is_too_little(const struct recv *recv)
{
	const struct socket *s = recv->socket;
	uint32_t want = s->low_water < recv->size ? s->low_water : recv->size;

	return s->byte_count < want && s->peer && s->peer->is_open && !s->peer->write_queue &&
	       !(s->shutdown & SHUT_IN) && !s->error;
}

static int64_t check_stream(struct recv *recv)
{
	struct socket *s = recv->socket;

	if (s->state != SOCKET_CONNECTED)
		return -EINVAL;
	if (!s->first)
		return nothing(recv);
	if (is_too_little(recv))
		return NET_WAIT;
	if (recv->size > recv->room)
		recv->size = recv->room;
	for (struct packet *p = s->first; p && recv->copied < recv->size; p = p->next) {
		uint32_t left = recv->size - recv->copied, n = p->size - p->offset;

		if (recv->packet && !is_same_sender(recv, p))
			break;
		n = n < left ? n : left;
		memcpy(recv->to + recv->copied, p->data + p->offset, n);
		if (!recv->packet)
			packet_show(recv, p);
		recv->copied += n;
		if (p->rights) {
			recv->packet = p;
			break;
		}
	}
	recv->consumed = recv->copied;
	return recv->copied;
}

int64_t recv_check(struct recv *recv)
{
	struct socket *s = recv->socket;

	recv->copied = recv->consumed = recv->flags = 0;
	recv->packet = NULL;
	recv->from = NULL;
	recv->cred = NULL;
	if (socket_is_stream(s))
		return check_stream(recv);
	if (s->type == SOCK_SEQPACKET && s->state != SOCKET_CONNECTED)
		return -ENOTCONN;
	return check_message(recv);
}

static void consume_stream(struct socket *s, uint32_t size)
{
	while (size) {
		struct packet *p = s->first;
		uint32_t n = p->size - p->offset;

		if (n > size) {
			p->offset += size;
			s->byte_count -= size;
			return;
		}
		packet_put(queue_take(s));
		size -= n;
	}
}

struct rights *recv_commit(struct recv *recv)
{
	struct rights *rights = recv->packet ? recv->packet->rights : NULL;

	if (recv->peeks)
		return rights_copy(rights);
	if (rights)
		recv->packet->rights = NULL;
	if (socket_is_stream(recv->socket))
		consume_stream(recv->socket, recv->consumed);
	else if (recv->packet)
		packet_put(queue_take(recv->socket));
	recv->packet = NULL;
	recv->cred = NULL;
	return rights;
}
