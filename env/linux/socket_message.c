// sendto, recvfrom, sendmsg, recvmsg and their like.
#include "env/linux/socket.h"
#include "protocol/gen/socket.h"

struct msghdr {
	uint64_t name;
	uint32_t name_size, pad;
	uint64_t vector, count;
	uint64_t control, control_size;
	int32_t flags, pad2;
};

#define HEADER_NAME_SIZE 8
#define HEADER_CONTROL_SIZE 40
#define HEADER_FLAGS 48

struct sending {
	const struct handle *handle;
	const struct message *m;
	struct control_out control;
	uint64_t what;
	uint64_t size;
	int64_t address;  // handle with the address capability, or -1
};

static int64_t fill_sending(struct window_call *call, char *window)
{
	const struct sending *s = (const struct sending *)call->user[0];
	struct segments segments = s->m->segments;

	if (s->what >> 32 & SOCKET_WITH_STAGED)
		return 0;
	if (segments_copy(&segments, window, s->size, true) != s->size)
		return -EFAULT;
	return window_write(window + SOCKET_NAME, s->m->name.bytes, s->what & UINT32_MAX);
}

static int64_t sending_call(struct sending *s)
{
	const struct control_out *c = &s->control;
	struct window_call call = {.cap = s->handle->cap, .kind = WINDOW_NET, .fill = fill_sending,
				   .user = {(uint64_t)s}};

	call.m = (struct msg){.tag = TAG(SOCKET_SEND_MESSAGE, 5) | TAG_INTERRUPTIBLE,
			      .words = {0, s->size | (uint64_t)s->m->flags << 32, s->what, c->pid,
					c->uid | (uint64_t)c->gid << 32}};
	if (s->address >= 0) {
		msg_set_cap(0, handle_slot(s->address));
		call.m.tag |= TAG_CAPS(1);
	}
	return window_call(&call);
}

// Where it goes: a path is looked up, an abstract name is the net server's business. That of a connected
// type counts for nothing, or is an error of its own: the server says which.
static int64_t sending_name(struct sending *s)
{
	const struct address *a = &s->m->name;

	s->address = -1;
	if (!s->m->is_named)
		return 0;
	if (socket_option(s->handle, SO_TYPE) != SOCK_DGRAM) {
		s->what |= 1;
		return 0;
	}
	if (address_is_path(a)) {
		s->address = address_find(a);
		return s->address < 0 ? s->address : 0;
	}
	if (a->family != AF_UNIX || a->size == 0 || a->size > PATH_SIZE)
		return -EINVAL;
	s->what |= a->size;
	return 0;
}

static int64_t sending_prepare(struct sending *s)
{
	const struct message *m = s->m;
	struct segments copy = m->segments;
	bool is_stream;
	int64_t err = control_send(s->handle, m, &s->control);

	if (err)
		return err;
	if (s->control.rights)
		s->what |= (uint64_t)SOCKET_WITH_RIGHTS << 32;
	if (s->control.credentials)
		s->what |= (uint64_t)SOCKET_WITH_CREDENTIALS << 32;
	if (m->size <= SOCKET_DATA_MAX)
		return 0;
	is_stream = socket_option(s->handle, SO_TYPE) == SOCK_STREAM;
	if (is_stream) {
		s->size = SOCKET_DATA_MAX;
		return 0;
	}
	s->what |= (uint64_t)SOCKET_WITH_STAGED << 32;
	return socket_stage(s->handle, &copy, m->size);
}

// A restart, or a window that was taken back, begins with the staging.
static int64_t sending_do(struct sending *s)
{
	int64_t result = -EFAULT;

	for (int i = 0; i < 2 && result == -EFAULT; i++) {
		s->what &= UINT32_MAX;
		s->size = s->m->size;
		result = sending_prepare(s);
		if (result == 0)
			result = sending_call(s);
		if (result == -EINVAL && i == 0 && s->what >> 32)
			result = -EFAULT;  // what was staged may have gone with a window
	}
	return result;
}

static int64_t message_send(const struct handle *handle, struct message *m)
{
	struct sending s = {.handle = handle, .m = m};
	int64_t result, rest;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (!m->is_named && !m->control_size)
		return data_send(handle, &m->segments, m->size, m->flags);
	if (m->size > SIZE_MAX_ONE)
		m->size = SIZE_MAX_ONE;
	result = sending_name(&s);
	if (result == 0)
		result = sending_do(&s);
	if (s.address >= 0)
		handle_release(s.address);
	if (result < 0)
		return socket_sent(handle, result, m->flags);
	if ((uint64_t)result >= m->size)
		return result;
	// What is left of a stream goes alone.
	segments_advance(&m->segments, (uint64_t)result);
	rest = data_send(handle, &m->segments, m->size - (uint64_t)result, m->flags);
	return rest > 0 ? result + rest : result;
}

static int64_t receiving_call(const struct handle *handle, const struct message *m, bool is_passing,
			      struct msg *answer)
{
	struct window_call call = {.cap = handle->cap, .kind = WINDOW_NET};
	uint64_t flags = m->flags & ~(MSG_WAITALL | MSG_CMSG_CLOEXEC);
	int64_t result;

	call.m = (struct msg){.tag = TAG(SOCKET_RECV_MESSAGE, 3) | TAG_INTERRUPTIBLE,
			      .words = {0, m->size | flags << 32, control_room(m->control_size, is_passing)}};
	result = window_call(&call);
	*answer = call.m;
	return socket_restart(handle, result, SO_RCVTIMEO);
}

#define SO_PASSCRED 16

// As socket_recv, with what comes along. The answer is for the caller to look at.
static int64_t message_recv(const struct handle *handle, struct message *m, struct msg *answer)
{
	bool is_passing = m->control_size && socket_option(handle, SO_PASSCRED) == 1;
	uint64_t got, first;
	int64_t result;

	if (m->flags & (MSG_OOB | MSG_ERRQUEUE))
		return m->flags & MSG_OOB ? -EOPNOTSUPP : -EAGAIN;
	if (m->size > SIZE_MAX_ONE)
		m->size = SIZE_MAX_ONE;
	result = segments_probe(m->segments, m->size < SOCKET_DATA_MAX ? m->size : SOCKET_DATA_MAX);
	if (result == 0)
		result = receiving_call(handle, m, is_passing, answer);
	if (result < 0)
		return result;
	got = (uint64_t)result < m->size ? (uint64_t)result : m->size;
	first = got < SOCKET_DATA_MAX ? got : SOCKET_DATA_MAX;
	if (segments_copy(&m->segments, window_memory(WINDOW_NET), first, false) != first)
		return -EFAULT;
	if (got > first) {
		int64_t all = socket_fetch(handle, &m->segments, got);

		return all < 0 ? all : result;
	}
	return result;
}

// More of a stream, when all is wanted and nothing else came along.
static int64_t message_rest(const struct handle *handle, struct message *m, int64_t result)
{
	uint64_t got = (uint64_t)result < m->size ? (uint64_t)result : m->size;
	int64_t rest;

	if (!(m->flags & MSG_WAITALL) || m->flags & (MSG_PEEK | MSG_DONTWAIT) || got == m->size || !result ||
	    socket_option(handle, SO_TYPE) != SOCK_STREAM)
		return result;
	rest = data_recv(handle, &m->segments, m->size - got, m->flags);
	return rest > 0 ? result + rest : result;
}

int64_t call_sendto(uint64_t fd, uint64_t buffer, uint64_t size, uint64_t flags, uint64_t user, uint64_t length)
{
	struct message m = {.segments = {.base = buffer, .size = size < IO_MAX ? size : IO_MAX},
			    .flags = (uint32_t)flags};
	struct handle handle;
	int64_t err = socket_find(fd, &handle);

	m.size = m.segments.size;
	if (err)
		return err;
	if (!user_is_range(buffer, m.size))
		return -EFAULT;
	if (user) {
		err = address_get(&m.name, user, length);
		m.is_named = length;
		if (err && length)
			return err;
	}
	return message_send(&handle, &m);
}

int64_t call_recvfrom(uint64_t fd, uint64_t buffer, uint64_t size, uint64_t flags, uint64_t user,
		      uint64_t user_size)
{
	struct message m = {.segments = {.base = buffer, .size = size < IO_MAX ? size : IO_MAX},
			    .flags = (uint32_t)flags};
	struct handle handle;
	struct msg answer;
	int64_t result = socket_find(fd, &handle), err;

	m.size = m.segments.size;
	if (result)
		return result;
	if (!user_is_range(buffer, m.size))
		return -EFAULT;
	if (!user)
		return data_recv(&handle, &m.segments, m.size, m.flags);
	result = message_recv(&handle, &m, &answer);
	if (result < 0)
		return result;
	err = address_put(user, user_size, answer.words[2], 0);
	return err ? err : message_rest(&handle, &m, result);
}

// The program's msghdr. The name's memory is for receiving.
static int64_t header_get(struct msghdr *h, uint64_t user, struct message *m)
{
	int64_t total;

	if (user_get(h, user, sizeof *h))
		return -EFAULT;
	if (h->name && (int32_t)h->name_size < 0)
		return -EINVAL;
	if (h->count > IOV_MAX)
		return -EMSGSIZE;
	if (h->name_size > ADDRESS_MAX)
		h->name_size = ADDRESS_MAX;
	total = vector_size(h->vector, h->count);
	if (total < 0)
		return total;
	m->segments = (struct segments){.vector = h->vector, .left = h->count};
	m->size = (uint64_t)total;
	m->control = h->control;
	m->control_size = h->control ? h->control_size : 0;
	return 0;
}

static int64_t send_header(const struct handle *handle, uint64_t user, uint32_t flags)
{
	struct message m = {.flags = flags};
	struct msghdr h;
	int64_t err = header_get(&h, user, &m);

	if (err)
		return err;
	if (h.control_size > SIZE_MAX_ONE)
		return -ENOBUFS;
	if (h.name && h.name_size) {
		err = address_get(&m.name, h.name, h.name_size);
		m.is_named = true;
	}
	return err ? err : message_send(handle, &m);
}

static int64_t recv_header(const struct handle *handle, uint64_t user, uint32_t flags)
{
	struct message m = {.flags = flags};
	struct msghdr h;
	struct msg answer;
	uint32_t out;
	int64_t result = header_get(&h, user, &m), used;

	if (result == 0)
		result = message_recv(handle, &m, &answer);
	if (result < 0)
		return result;
	out = (uint32_t)answer.words[1] | (flags & MSG_CMSG_CLOEXEC);
	if (h.name && address_put(h.name, user + HEADER_NAME_SIZE, answer.words[2], 0))
		return -EFAULT;
	used = control_recv(handle, &m, &answer, &out);
	if (used < 0)
		return used;
	if (user_put(user + HEADER_CONTROL_SIZE, &used, sizeof used) ||
	    user_put(user + HEADER_FLAGS, &out, sizeof out))
		return -EFAULT;
	return answer.words[3] ? result : message_rest(handle, &m, result);
}

int64_t call_sendmsg(uint64_t fd, uint64_t user, uint64_t flags)
{
	struct handle handle;
	int64_t err = socket_find(fd, &handle);

	return err ? err : send_header(&handle, user, (uint32_t)flags);
}

int64_t call_recvmsg(uint64_t fd, uint64_t user, uint64_t flags)
{
	struct handle handle;
	int64_t err = socket_find(fd, &handle);

	return err ? err : recv_header(&handle, user, (uint32_t)flags);
}

#define MMSG_SIZE 64  // struct mmsghdr: a msghdr, and the bytes of its message
#define MMSG_RESULT 56

static int64_t many_done(uint64_t user, int64_t result)
{
	uint32_t bytes = (uint32_t)result;

	return user_put(user + MMSG_RESULT, &bytes, sizeof bytes);
}

int64_t call_sendmmsg(uint64_t fd, uint64_t user, uint64_t count, uint64_t flags)
{
	struct handle handle;
	int64_t result = socket_find(fd, &handle);
	uint64_t done = 0, wanted = (uint32_t)count < IOV_MAX ? (uint32_t)count : IOV_MAX;

	for (; result >= 0 && done < wanted; done++) {
		result = send_header(&handle, user + done * MMSG_SIZE, (uint32_t)flags);
		if (result >= 0)
			result = many_done(user + done * MMSG_SIZE, result);
		if (result < 0)
			break;
	}
	return done ? (int64_t)done : result;
}

// Linux looks at the time only between messages.
int64_t call_recvmmsg(uint64_t fd, uint64_t user, uint64_t count, uint64_t flags, uint64_t timeout)
{
	struct handle handle;
	struct timespec t;
	int64_t result = socket_find(fd, &handle);
	uint64_t until = FOREVER, done = 0, wanted = (uint32_t)count < IOV_MAX ? (uint32_t)count : IOV_MAX;
	uint32_t each = (uint32_t)flags;

	if (timeout && result >= 0) {
		result = user_get_timespec(timeout, &t);
		until = clock_until(&t);
	}
	while (result >= 0 && done < wanted) {
		result = recv_header(&handle, user + done * MMSG_SIZE, each & ~MSG_WAITFORONE);
		if (result >= 0)
			result = many_done(user + done * MMSG_SIZE, result);
		if (result < 0)
			break;
		done++;
		if (each & MSG_WAITFORONE)
			each |= MSG_DONTWAIT;
		if (until != FOREVER && clock_monotonic() >= until)
			break;
	}
	return done ? (int64_t)done : result;
}
