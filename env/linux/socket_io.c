// Sending and receiving. Up to SOCKET_INLINE bytes travel in the message itself.
#include "env/linux/socket.h"
#include "protocol/gen/socket.h"

// A send that need not wait cannot be broken off; only where it has to wait it is asked again so.
static int64_t send_call(cap_t cap, struct msg *m)
{
	const struct msg sent = *m;
	err_t err = sys_call(cap, m);
	int64_t result = answer_get(err, m->words[0]);

	if (result != SOCKET_WAIT)
		return result;
	*m = sent;
	m->tag = TAG(SOCKET_SEND_WAIT, tag_words(sent.tag)) | TAG_INTERRUPTIBLE;
	return answer_call(cap, m);
}

// Fill in the token and send; once more with a new window when the server does not know the old one.
static int64_t token_call(cap_t cap, struct msg *m, int64_t (*call)(cap_t cap, struct msg *m),
			  int64_t (*fill)(void *context), void *context)
{
	const struct msg sent = *m;

	for (int i = 0;; i++) {
		bool is_old = thread_get()->window_token[WINDOW_NET] != 0;
		int64_t result = 0;

		if (i)
			*m = sent;
		m->words[0] = window_get(WINDOW_NET, cap, &result);
		if (m->words[0] && fill)
			result = fill(context);
		if (result < 0 || !m->words[0])
			return result;
		result = call(cap, m);
		if (result != -EFAULT || !is_old || i)
			return result;
		// Attach anew: the old window may be another thread's now.
		thread_get()->window_token[WINDOW_NET] = 0;
	}
}

struct filling {
	const struct segments *segments;
	uint64_t size;
};

static int64_t fill_window(void *context)
{
	const struct filling *f = context;
	struct segments s = *f->segments;

	return segments_copy(&s, window_memory(WINDOW_NET), f->size, true) == f->size ? 0 : -EFAULT;
}

static int64_t send_piece(const struct handle *handle, const struct segments *s, uint64_t size, uint32_t flags)
{
	struct msg m = {.tag = TAG(SOCKET_SEND, 2), .words = {0, size | (uint64_t)flags << 32}};
	struct filling f = {s, size};

	if (size > SOCKET_INLINE)
		return token_call(handle->cap, &m, send_call, fill_window, &f);
	struct segments copy = *s;

	m.tag = TAG(SOCKET_SEND, 8);
	if (segments_copy(&copy, (char *)&m.words[2], size, true) != size)
		return -EFAULT;
	return token_call(handle->cap, &m, send_call, NULL, NULL);
}

// A message that is larger than the window: in parts, then as one.
static int64_t send_large(const struct handle *handle, struct segments *s, uint64_t size, uint32_t flags)
{
	struct window_call last = {.cap = handle->cap, .kind = WINDOW_NET,
				   .m = {.tag = TAG(SOCKET_SEND_MESSAGE, 5) | TAG_INTERRUPTIBLE,
					 .words = {0, size | (uint64_t)flags << 32,
						   (uint64_t)SOCKET_WITH_STAGED << 32}}};
	int64_t result = socket_stage(handle, s, size);

	return result < 0 ? result : window_call(&last);
}

int64_t socket_stage(const struct handle *handle, struct segments *s, uint64_t size)
{
	for (uint64_t done = 0; done < size;) {
		uint64_t n = size - done < SOCKET_DATA_MAX ? size - done : SOCKET_DATA_MAX;
		struct msg m = {.tag = TAG(SOCKET_STAGE_DATA, 3), .words = {0, done, n}};
		struct filling f = {s, n};
		int64_t result = token_call(handle->cap, &m, socket_call, fill_window, &f);

		if (result < 0)
			return result;
		segments_advance(s, n);
		done += n;
	}
	return 0;
}

int64_t socket_call(cap_t cap, struct msg *m)
{
	if (m->tag & TAG_INTERRUPTIBLE)
		return answer_call(cap, m);
	err_t err = sys_call(cap, m);

	return answer_get(err, m->words[0]);
}

// A broken pipe is a signal, too: of streams only.
int64_t socket_sent(const struct handle *handle, int64_t result, uint32_t flags)
{
	if (result == -EPIPE && !(flags & MSG_NOSIGNAL) && socket_option(handle, SO_TYPE) == SOCK_STREAM)
		signal_raise(SIGPIPE, SI_USER, 0);
	return socket_restart(handle, result, SO_SNDTIMEO);
}

static int64_t send_stream(const struct handle *handle, struct segments *s, uint64_t size, uint32_t flags)
{
	uint64_t done = 0;

	while (done < size) {
		uint64_t n = size - done < SOCKET_DATA_MAX ? size - done : SOCKET_DATA_MAX;
		int64_t result = send_piece(handle, s, n, flags);

		if (result < 0)
			return done ? (int64_t)done : result;
		segments_advance(s, (uint64_t)result);
		done += (uint64_t)result;
	}
	return (int64_t)done;
}

int64_t data_send(const struct handle *handle, struct segments *s, uint64_t size, uint32_t flags)
{
	int64_t result;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (size > SIZE_MAX_ONE)
		size = SIZE_MAX_ONE;
	if (size > SOCKET_DATA_MAX && socket_option(handle, SO_TYPE) != SOCK_STREAM)
		return socket_sent(handle, send_large(handle, s, size, flags), flags);
	result = size > SOCKET_DATA_MAX ? 0 : send_piece(handle, s, size, flags);
	// What is left of a stream, when the buffer had no room for all.
	if (result >= 0 && (uint64_t)result < size) {
		int64_t rest;

		segments_advance(s, (uint64_t)result);
		rest = send_stream(handle, s, size - (uint64_t)result, flags);
		if (rest >= 0)
			result += rest;
		else if (result == 0)
			result = rest;
	}
	return result < 0 ? socket_sent(handle, result, flags) : result;
}

int64_t socket_fetch(const struct handle *handle, struct segments *s, uint64_t size)
{
	uint64_t done = SOCKET_DATA_MAX;

	while (done < size) {
		uint64_t n = size - done < SOCKET_DATA_MAX ? size - done : SOCKET_DATA_MAX;
		struct window_call call = {.cap = handle->cap, .kind = WINDOW_NET,
					   .m = {.tag = TAG(SOCKET_FETCH_DATA, 3), .words = {0, done, n}}};
		int64_t result = window_call(&call);

		if (result <= 0)
			return result < 0 ? result : -EIO;
		if ((uint64_t)result > n ||
		    segments_copy(s, window_memory(WINDOW_NET), (uint64_t)result, false) != (uint64_t)result)
			return -EFAULT;
		done += (uint64_t)result;
	}
	return (int64_t)done;
}

static int64_t recv_out(const struct handle *handle, struct segments *s, uint64_t size, struct msg *m)
{
	uint64_t got = m->words[0] < size ? m->words[0] : size;
	uint64_t first = got < SOCKET_DATA_MAX ? got : SOCKET_DATA_MAX;
	char *from = m->words[1] & SOCKET_INFO_WINDOW ? window_memory(WINDOW_NET) : (char *)&m->words[2];
	int64_t rest;

	if (!(m->words[1] & SOCKET_INFO_WINDOW) && first > SOCKET_INLINE)
		return -EIO;
	if (segments_copy(s, from, first, false) != first)
		return -EFAULT;
	rest = got > first ? socket_fetch(handle, s, got) : 0;
	return rest < 0 ? rest : (int64_t)m->words[0];
}

static int64_t recv_once(const struct handle *handle, struct segments *s, uint64_t size, uint32_t flags)
{
	struct msg m = {.tag = TAG(SOCKET_RECV, 2) | TAG_INTERRUPTIBLE,
			.words = {0, size | (uint64_t)(flags & ~MSG_WAITALL) << 32}};
	int64_t result = token_call(handle->cap, &m, socket_call, NULL, NULL);

	return result <= 0 ? result : recv_out(handle, s, size, &m);
}

static bool is_for_all(const struct handle *handle, uint32_t flags)
{
	return flags & MSG_WAITALL && !(flags & (MSG_PEEK | MSG_DONTWAIT)) &&
	       socket_option(handle, SO_TYPE) == SOCK_STREAM;
}

int64_t data_recv(const struct handle *handle, struct segments *s, uint64_t size, uint32_t flags)
{
	uint64_t done;
	int64_t result;

	if (flags & (MSG_OOB | MSG_ERRQUEUE))
		return flags & MSG_OOB ? -EOPNOTSUPP : -EAGAIN;
	if (size > SIZE_MAX_ONE)
		size = SIZE_MAX_ONE;
	result = segments_probe(*s, size < SOCKET_DATA_MAX ? size : SOCKET_DATA_MAX);
	if (result)
		return result;
	result = recv_once(handle, s, size, flags);
	if (result <= 0)
		return socket_restart(handle, result, SO_RCVTIMEO);
	done = (uint64_t)result;
	while (done < size && is_for_all(handle, flags)) {
		result = recv_once(handle, s, size - done, flags);
		if (result <= 0)
			break;
		done += (uint64_t)result;
	}
	return (int64_t)done;
}

int64_t socket_move(const struct handle *handle, struct segments *s, uint64_t size, uint64_t offset,
		    bool is_write)
{
	if (offset != UINT64_MAX)
		return -ESPIPE;
	if (is_write)
		return data_send(handle, s, size, 0);
	return size ? data_recv(handle, s, size, 0) : 0;
}
