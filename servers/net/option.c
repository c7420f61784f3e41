// Options of SOL_SOCKET.
#include "servers/net/net.h"

#define TIMEOUT_SIZE 16u
#define INT_SIZE 4u
#define SO_RCVTIMEO_OLD 20
#define SO_SNDTIMEO_OLD 21

// Options that are remembered and mean nothing here, by the bit that they have.
static int bit_of(uint64_t option)
{
	static const uint8_t known[] = {SO_DEBUG, SO_REUSEADDR, SO_DONTROUTE, SO_BROADCAST, SO_KEEPALIVE,
					SO_OOBINLINE, SO_REUSEPORT, SO_TIMESTAMP};

	for (unsigned i = 0; i < sizeof(known); i++)
		if (known[i] == option)
			return (int)i;
	return -1;
}

static void timeout_get(uint64_t timeout, struct msg *m)
{
	m->words[0] = TIMEOUT_SIZE;
	m->words[1] = timeout / 1000000;
	m->words[2] = timeout % 1000000;
}

// 1: the answer is in m.
static int structure_get(struct socket *s, uint64_t option, struct msg *m)
{
	switch (option) {
	case SO_PEERCRED:
		m->words[0] = 12;
		m->words[1] = s->peer_cred.pid | (uint64_t)s->peer_cred.uid << 32;
		m->words[2] = s->peer_cred.gid;
		return 1;
	case SO_LINGER:
		m->words[0] = 8;
		m->words[1] = s->linger[0] | (uint64_t)s->linger[1] << 32;
		return 1;
	case SO_RCVTIMEO_OLD:
		timeout_get(s->receive_timeout, m);
		return 1;
	case SO_SNDTIMEO_OLD:
		timeout_get(s->send_timeout, m);
		return 1;
	default:
		return 0;
	}
}

static int64_t number_get(struct socket *s, uint64_t option)
{
	int error = s->error, bit = bit_of(option);

	if (bit >= 0)
		return s->option_bits >> bit & 1;
	switch (option) {
	case SO_TYPE:
		return s->type;
	case SO_DOMAIN:
		return AF_UNIX;
	case SO_PROTOCOL:
		return 0;
	case SO_ERROR:
		s->error = 0;
		return error;
	case SO_ACCEPTCONN:
		return s->state == SOCKET_LISTENING;
	case SO_SNDBUF:
		return s->send_buffer;
	case SO_RCVBUF:
		return s->receive_buffer;
	case SO_RCVLOWAT:
		return s->low_water;
	case SO_SNDLOWAT:
		return 1;
	case SO_PASSCRED:
		return s->passes_cred;
	case SO_PRIORITY:
		return s->priority;
	default:
		return -ENOPROTOOPT;
	}
}

void option_get(struct request *r)
{
	struct msg *m = r->m;
	int64_t number;

	*m = (struct msg){.tag = TAG(0, 3)};
	if (structure_get(r->socket, r->words[1], m))
		return;
	number = number_get(r->socket, r->words[1]);
	m->words[0] = number < 0 ? (uint64_t)number : INT_SIZE;
	m->words[1] = (uint64_t)number;
}

// Linux doubles what is asked for.
static uint32_t buffer_size(int32_t value, uint32_t least)
{
	uint32_t size = (uint32_t)value > BUFFER_MAX ? BUFFER_MAX : (uint32_t)value;

	return size * 2 < least ? least : size * 2;
}

static int64_t timeout_set(uint64_t *timeout, const struct request *r)
{
	int64_t seconds = (int64_t)r->words[3], micros = (int64_t)r->words[4];

	if (r->words[2] < TIMEOUT_SIZE)
		return -EINVAL;
	if (micros < 0 || micros >= 1000000)
		return -EDOM;
	if (seconds > 1000000000)
		seconds = micros = 0;  // as good as for ever
	// One that is over before it begins is a very short one.
	*timeout = seconds < 0 ? 1 : (uint64_t)seconds * 1000000 + (uint64_t)micros;
	return 0;
}

static int64_t number_set(struct socket *s, uint64_t option, int32_t value, const struct window *w)
{
	int bit = bit_of(option);

	if (bit >= 0) {
		s->option_bits = (s->option_bits & ~(1u << bit)) | (value ? 1u << bit : 0);
		return 0;
	}
	switch (option) {
	case SO_SNDBUF:
		s->send_buffer = buffer_size(value, BUFFER_MIN);
		socket_changed(s);
		return 0;
	case SO_RCVBUF:
		s->receive_buffer = buffer_size(value, RECEIVE_MIN);
		return 0;
	case SO_RCVLOWAT:
		s->low_water = value < 0 ? INT32_MAX : value ? (uint32_t)value : 1;
		socket_changed(s);
		return 0;
	case SO_PASSCRED:
		s->passes_cred = value;
		return 0;
	case SO_PRIORITY:
		if ((value < 0 || value > 6) && cred_effective(w).uid != 0)
			return -EPERM;
		s->priority = (uint32_t)value;
		return 0;
	case SO_SNDBUFFORCE:
	case SO_RCVBUFFORCE:
		if (cred_effective(w).uid != 0)
			return -EPERM;
		return number_set(s, option == SO_SNDBUFFORCE ? SO_SNDBUF : SO_RCVBUF, value, w);
	default:
		return -ENOPROTOOPT;
	}
}

void option_set(struct request *r)
{
	struct socket *s = r->socket;
	int64_t result;

	if (r->words[2] < INT_SIZE) {
		result = -EINVAL;
	} else if (r->words[1] == SO_RCVTIMEO_OLD) {
		result = timeout_set(&s->receive_timeout, r);
	} else if (r->words[1] == SO_SNDTIMEO_OLD) {
		result = timeout_set(&s->send_timeout, r);
	} else if (r->words[1] == SO_LINGER) {
		result = r->words[2] < 8 ? -EINVAL : 0;
		if (!result) {
			s->linger[0] = (uint32_t)r->words[3] != 0;
			s->linger[1] = s->linger[0] ? (uint32_t)(r->words[3] >> 32) : s->linger[1];
		}
	} else {
		result = number_set(s, r->words[1], (int32_t)r->words[3], r->window);
	}
	result_set(r->m, result);
}
