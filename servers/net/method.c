// Methods: of the program's capability, and of a socket's handle (protocol/socket.def).
#include "protocol/gen/net.h"
#include "protocol/gen/socket.h"
#include "servers/net/net.h"

static void handle_answer(struct request *r, struct socket *s)
{
	msg_set_cap(0, grant_handle(s));
	*r->m = (struct msg){.tag = TAG(0, 1) | TAG_CAPS(1)};
}

static struct socket *make(struct request *r, uint8_t type, uint64_t flags, struct cred *cred, int *error)
{
	struct identity identity;
	struct socket *s;

	*error = -EPERM;
	if (!identity_get(r->window->client, 0, &identity, NULL))
		return NULL;
	*cred = (struct cred){identity.pid, identity.euid, identity.egid};
	s = socket_make(type, user_get(identity.uid), error);
	if (!s && *error == -ENFILE) {
		grant_sweep();
		s = socket_make(type, user_get(identity.uid), error);
	}
	if (s)
		s->flags = (uint32_t)flags & O_NONBLOCK;
	return s;
}

static void socket_method(struct request *r)
{
	uint64_t type = r->words[1] & 0xf;
	struct socket *s;
	struct cred cred;
	int error;

	if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET) {
		result_set(r->m, -ESOCKTNOSUPPORT);
		return;
	}
	s = make(r, (uint8_t)type, r->words[1], &cred, &error);
	if (s)
		handle_answer(r, s);
	else
		result_set(r->m, error);
}

void method_net(struct request *r)
{
	if (tag_label(r->m->tag) == NET_ATTACH) {
		window_attach(r->m->badge, r->m);
		return;
	}
	r->window = window_find(r->words[0]);
	if (!r->window || r->window->client != r->m->badge) {
		result_set(r->m, -EFAULT);
		return;
	}
	wait_supersede(r->window);
	if (tag_label(r->m->tag) == NET_SOCKET)
		socket_method(r);
	else
		result_set(r->m, -ENOSYS);
}

static uint32_t size_of(const struct request *r) { return (uint32_t)r->words[1]; }
static uint32_t flags_of(const struct request *r) { return (uint32_t)(r->words[1] >> 32); }

static bool may_wait(const struct request *r, uint32_t flags)
{
	return !(flags & MSG_DONTWAIT) && !(r->socket->flags & O_NONBLOCK);
}

static void send_method(struct request *r, bool waits)
{
	uint32_t size = size_of(r), flags = flags_of(r);
	struct wait *w = &r->window->wait;

	if (size > SOCKET_DATA_MAX) {
		result_set(r->m, -EINVAL);
		return;
	}
	if (!waits) {
		result_set(r->m, send_now(r, size, flags));
		return;
	}
	w->size = size;
	w->flags = flags;
	w->with = 0;
	w->has_cred = false;
	w->target = NULL;
	memcpy(w->words, &r->words[2], SOCKET_INLINE);
	wait_start(r, WAIT_SEND, may_wait(r, flags), r->socket->send_timeout);
}

static void recv_method(struct request *r)
{
	struct wait *w = &r->window->wait;

	w->size = size_of(r);
	w->flags = flags_of(r);
	w->target = NULL;
	wait_start(r, WAIT_RECV, may_wait(r, w->flags), r->socket->receive_timeout);
}

// Who is meant: an abstract name in the window, or the address that came along. *named: one was given.
static int64_t target_find(struct request *r, uint32_t size, bool *named, struct socket **target)
{
	const char *bytes = (const char *)r->window->bytes + SOCKET_NAME;
	char name[NAME_MAX_BYTES];
	uint64_t badge;

	*named = size || r->arrived;
	*target = NULL;
	if (r->arrived) {
		badge = address_badge(r->arrived);
		*target = badge_find(badge, BADGE_KIND_ADDRESS);
		return *target ? 0 : -ECONNREFUSED;
	}
	if (size > NAME_MAX_BYTES)
		return -EINVAL;
	memcpy(name, bytes, size);
	if (size && name[0] == 0)
		*target = name_find(name, size, r->socket->type);
	return size && !*target ? -ECONNREFUSED : 0;
}

static int64_t message_check(struct request *r, struct wait *w)
{
	uint32_t limit = w->with & SOCKET_WITH_STAGED ? r->window->data_size : SOCKET_DATA_MAX;
	int64_t error;
	bool named;

	if (w->size > limit || w->with & ~7u)
		return -EINVAL;
	if (w->with & SOCKET_WITH_RIGHTS && !r->window->staged)
		return -EINVAL;
	w->has_cred = w->with & SOCKET_WITH_CREDENTIALS;
	w->cred = (struct cred){(uint32_t)r->words[3], (uint32_t)r->words[4], (uint32_t)(r->words[4] >> 32)};
	error = w->has_cred ? cred_check(r->window, &w->cred) : 0;
	if (error)
		return error;
	// A seqpacket's name is overlooked, as Linux does; a stream must not have one, whatever it is.
	if (r->socket->type == SOCK_STREAM && (r->words[2] & UINT32_MAX || r->arrived))
		w->target = r->socket;
	if (r->socket->type != SOCK_DGRAM)
		return 0;
	return target_find(r, (uint32_t)r->words[2], &named, &w->target);
}

static void send_message_method(struct request *r)
{
	struct wait *w = &r->window->wait;
	int64_t error;

	w->size = size_of(r);
	w->flags = flags_of(r);
	w->with = (uint32_t)(r->words[2] >> 32);
	w->target = NULL;
	error = message_check(r, w);
	if (error) {
		window_staged_drop(r->window);
		result_set(r->m, error);
		return;
	}
	wait_start(r, WAIT_SEND_MESSAGE, may_wait(r, w->flags), r->socket->send_timeout);
}

static void recv_message_method(struct request *r)
{
	struct wait *w = &r->window->wait;

	w->size = size_of(r);
	w->flags = flags_of(r);
	w->rights_room = r->words[2] < RIGHTS_SEND_MAX ? (uint32_t)r->words[2] : RIGHTS_SEND_MAX;
	w->target = NULL;
	wait_start(r, WAIT_RECV_MESSAGE, may_wait(r, w->flags), r->socket->receive_timeout);
}

static int64_t stage_data(struct request *r)
{
	if (r->words[1] == 0)
		window_data_drop(r->window);
	if (r->words[1] != r->window->data_size || r->words[2] > SOCKET_DATA_MAX)
		return -EINVAL;
	return window_data_add(r->window, (uint32_t)r->words[2]);
}

static int64_t fetch_data(struct request *r)
{
	const struct packet *packet = r->window->fetched;
	uint64_t offset = r->words[1], size = r->words[2] < SOCKET_DATA_MAX ? r->words[2] : SOCKET_DATA_MAX;

	if (!packet || offset > packet->size)
		return -EINVAL;
	if (size > packet->size - offset)
		size = packet->size - offset;
	memcpy(r->window->bytes, packet->data + offset, size);
	return (int64_t)size;
}

static void pair_method(struct request *r)
{
	struct cred cred;
	int error;
	struct socket *other = make(r, r->socket->type, r->socket->flags, &cred, &error);

	if (other) {
		error = connect_pair(r->socket, other, &cred);
		if (error)
			socket_close(other);
	}
	if (error)
		result_set(r->m, error);
	else
		handle_answer(r, other);
}

static void bind_begin_method(struct request *r)
{
	cap_t slot = r->socket->name.size ? 0 : grant_address(r->socket);

	if (!slot) {
		result_set(r->m, r->socket->name.size ? -EINVAL : -ENOMEM);
		return;
	}
	msg_set_cap(0, slot);
	*r->m = (struct msg){.tag = TAG(0, 1) | TAG_CAPS(1)};
}

static int64_t bind_do(struct request *r)
{
	char name[NAME_MAX_BYTES];

	if (r->words[1] > NAME_MAX_BYTES)
		return -EINVAL;
	if (!r->words[1])
		return name_choose(r->socket);
	memcpy(name, r->window->bytes + SOCKET_NAME, r->words[1]);
	return name_bind(r->socket, name, (uint32_t)r->words[1]);
}

static void connect_method(struct request *r)
{
	struct wait *w = &r->window->wait;
	bool named;
	int64_t error = target_find(r, (uint32_t)r->words[1], &named, &w->target);

	if (!error && !named && r->socket->type != SOCK_DGRAM)
		error = -EINVAL;
	if (!error && r->socket->type == SOCK_DGRAM)
		error = connect_datagram(r->socket, w->target);
	else if (!error) {
		w->flags = 0;
		wait_start(r, WAIT_CONNECT, may_wait(r, 0), r->socket->send_timeout);
		return;
	}
	w->target = NULL;
	result_set(r->m, error);
}

static void accept_method(struct request *r)
{
	r->window->wait.flags = (uint32_t)r->words[1];
	r->window->wait.target = NULL;
	wait_start(r, WAIT_ACCEPT, may_wait(r, 0), r->socket->receive_timeout);
}

static int64_t listen_do(struct request *r)
{
	struct cred cred = cred_effective(r->window);

	return connect_listen(r->socket, (uint32_t)r->words[1], &cred);
}

static int64_t name_do(struct request *r)
{
	const struct socket *s = r->words[1] ? r->socket->peer : r->socket;

	if (!s)
		return -ENOTCONN;
	memcpy(r->window->bytes + SOCKET_NAME, s->name.bytes, s->name.size);
	return s->name.size;
}

// Those that only have a result.
static int64_t simple(struct request *r, uint32_t label)
{
	switch (label) {
	case SOCKET_STAGE_RIGHT:
		return right_stage(r);
	case SOCKET_STAGE_DATA:
		return stage_data(r);
	case SOCKET_FETCH_DATA:
		return fetch_data(r);
	case SOCKET_BIND:
		return bind_do(r);
	case SOCKET_LISTEN:
		return listen_do(r);
	case SOCKET_GET_NAME:
		return name_do(r);
	default:
		return -ENOSYS;
	}
}

void method_socket(struct request *r)
{
	uint32_t label = tag_label(r->m->tag);

	if (label == SOCKET_SHUTDOWN) {
		result_set(r->m, r->words[0] <= 2 ? connect_shutdown(r->socket, (unsigned)r->words[0]) : -EINVAL);
		return;
	}
	r->window = window_find(r->words[0]);
	if (!r->window) {
		result_set(r->m, -EFAULT);
		return;
	}
	wait_supersede(r->window);
	switch (label) {
	case SOCKET_SEND:
	case SOCKET_SEND_WAIT:
		send_method(r, label == SOCKET_SEND_WAIT);
		break;
	case SOCKET_RECV:
		recv_method(r);
		break;
	case SOCKET_SEND_MESSAGE:
		send_message_method(r);
		break;
	case SOCKET_RECV_MESSAGE:
		recv_message_method(r);
		break;
	case SOCKET_TAKE_RIGHT:
		right_take(r);
		break;
	case SOCKET_PAIR:
		pair_method(r);
		break;
	case SOCKET_BIND_BEGIN:
		bind_begin_method(r);
		break;
	case SOCKET_CONNECT:
		connect_method(r);
		break;
	case SOCKET_ACCEPT:
		accept_method(r);
		break;
	case SOCKET_GET_OPTION:
		option_get(r);
		break;
	case SOCKET_SET_OPTION:
		option_set(r);
		break;
	default:
		result_set(r->m, simple(r, label));
	}
}
