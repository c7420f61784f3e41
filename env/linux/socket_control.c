// Control messages: descriptors and credentials that go along with data.
#include "env/linux/socket.h"
#include "protocol/gen/file.h"
#include "protocol/gen/socket.h"

struct cmsghdr {
	uint64_t length;
	uint32_t level, type;
};

#define HEADER sizeof(struct cmsghdr)
#define ALIGN(x) (((x) + 7) & ~7ull)
#define CREDENTIALS_SIZE 12u

static int64_t right_send(const struct handle *handle, uint64_t fd, bool is_first)
{
	struct window_call call = {.cap = handle->cap, .kind = WINDOW_NET,
				   .m = {.tag = TAG(SOCKET_STAGE_RIGHT, 2) | TAG_CAPS(1), .words = {0, is_first}}};
	struct handle given;
	int64_t err = handle_find(fd, &given);

	if (err)
		return err;
	desk_share_one(given.index);
	msg_set_cap(0, given.cap);
	return window_call(&call);
}

static int64_t rights_send(const struct handle *handle, uint64_t user, uint64_t count, struct control_out *out)
{
	if (out->rights + count > SOCKET_RIGHTS_MAX)
		return -EINVAL;
	for (uint64_t i = 0; i < count; i++) {
		struct handle unused;
		int32_t fd;

		// All are looked at before one is handed over.
		if (user_get(&fd, user + i * sizeof fd, sizeof fd))
			return -EFAULT;
		if (handle_find((uint32_t)fd, &unused))
			return -EBADF;
	}
	for (uint64_t i = 0; i < count; i++) {
		int32_t fd;
		int64_t err = user_get(&fd, user + i * sizeof fd, sizeof fd);

		if (!err)
			err = right_send(handle, (uint32_t)fd, out->rights == 0);
		if (err)
			return err;
		out->rights++;
	}
	return 0;
}

static int64_t one_send(const struct handle *handle, const struct cmsghdr *h, uint64_t data,
			struct control_out *out)
{
	uint32_t ids[3];

	if (h->level != SOL_SOCKET)
		return 0;
	if (h->type == SCM_RIGHTS)
		return rights_send(handle, data, (h->length - HEADER) / 4, out);
	if (h->type != SCM_CREDENTIALS || h->length != HEADER + CREDENTIALS_SIZE)
		return -EINVAL;
	if (user_get(ids, data, sizeof ids))
		return -EFAULT;
	out->credentials = 1;
	out->pid = ids[0];
	out->uid = ids[1];
	out->gid = ids[2];
	return 0;
}

int64_t control_send(const struct handle *handle, const struct message *m, struct control_out *out)
{
	*out = (struct control_out){0};
	for (uint64_t at = 0; m->control_size - at >= HEADER && m->control_size > at;) {
		struct cmsghdr h;
		int64_t err;

		if (user_get(&h, m->control + at, sizeof h))
			return -EFAULT;
		if (h.length < HEADER || h.length > m->control_size - at)
			return -EINVAL;
		err = one_send(handle, &h, m->control + at + HEADER, out);
		if (err)
			return err;
		at += ALIGN(h.length);
	}
	return 0;
}

uint64_t control_room(uint64_t size, bool has_credentials)
{
	uint64_t used = has_credentials ? ALIGN(HEADER + CREDENTIALS_SIZE) : 0;

	if (size < used + HEADER + 4)
		return 0;
	size = (size - used - HEADER) / 4;
	return size < SOCKET_RIGHTS_MAX ? size : SOCKET_RIGHTS_MAX;
}

// What a file's handle is a handle of; the sender's word is not taken for it.
static uint8_t type_find(cap_t cap)
{
	struct window_call call = {.cap = cap, .kind = WINDOW_FILE, .m = {.tag = TAG(FILE_STAT, 1)}};
	struct stat s;

	if (window_call(&call) || window_read(&s, window_memory(WINDOW_FILE), sizeof s))
		return 0;
	return (uint8_t)((s.st_mode & S_IFMT) >> TYPE_SHIFT);
}

// The next descriptor that came, or -errno.
static int64_t right_take(const struct handle *handle, bool cloexec)
{
	struct window_call call = {.cap = handle->cap, .kind = WINDOW_NET,
				   .m = {.tag = TAG(SOCKET_TAKE_RIGHT, 2)}};
	int64_t index = handle_reserve(), kind;

	if (index < 0)
		return index;
	kind = window_call(&call);
	if (kind > 0 && msg_get_cap(&call.m, 0) != handle_slot(index))
		kind = -EIO;
	if (kind <= 0) {
		handle_release(index);
		return kind ? kind : -EIO;
	}
	handle_set(index, (uint8_t)kind, kind == HANDLE_FILE ? type_find(handle_slot(index))
							     : kind == HANDLE_SOCKET ? TYPE_SOCKET : TYPE_CHARACTER);
	return handle_install(index, cloexec);
}

static void rights_drop(const struct handle *handle)
{
	struct window_call call = {.cap = handle->cap, .kind = WINDOW_NET,
				   .m = {.tag = TAG(SOCKET_TAKE_RIGHT, 2), .words = {0, 1}}};

	(void)window_call(&call);
}

// Bytes used, cut at the room that there is.
static int64_t header_put(uint64_t user, uint64_t room, uint64_t length, uint32_t type, uint32_t *flags)
{
	struct cmsghdr h = {length, SOL_SOCKET, type};

	if (room < HEADER) {
		*flags |= MSG_CTRUNC;
		return 0;
	}
	if (length > room) {
		*flags |= MSG_CTRUNC;
		h.length = room;
	}
	return user_put(user, &h, sizeof h) ? -EFAULT : (int64_t)h.length;
}

static int64_t credentials_put(const struct message *m, const struct msg *answer, uint32_t *flags)
{
	uint32_t ids[3] = {(uint32_t)answer->words[4], (uint32_t)answer->words[5],
			   (uint32_t)(answer->words[5] >> 32)};
	int64_t used = header_put(m->control, m->control_size, HEADER + CREDENTIALS_SIZE, SCM_CREDENTIALS, flags);

	if (used <= (int64_t)HEADER)
		return used;
	if (user_put(m->control + HEADER, ids, (uint64_t)used - HEADER))
		return -EFAULT;
	used = (int64_t)ALIGN((uint64_t)used);
	return used > (int64_t)m->control_size ? (int64_t)m->control_size : used;
}

static int64_t rights_put(const struct handle *handle, const struct message *m, uint64_t at, uint64_t count,
			  uint32_t *flags)
{
	uint64_t done = 0, user = m->control + at, used;

	for (; done < count; done++) {
		int64_t fd = right_take(handle, m->flags & MSG_CMSG_CLOEXEC);
		int32_t number = (int32_t)fd;

		if (fd >= 0 && user_put(user + HEADER + done * 4, &number, 4) == 0)
			continue;
		if (fd >= 0)
			(void)handle_close((uint64_t)fd);
		*flags |= MSG_CTRUNC;
		rights_drop(handle);
		break;
	}
	if (done == 0)
		return (int64_t)at;
	if (header_put(user, m->control_size - at, HEADER + done * 4, SCM_RIGHTS, flags) < 0)
		return -EFAULT;
	used = at + ALIGN(HEADER + done * 4);
	return used > m->control_size ? (int64_t)m->control_size : (int64_t)used;
}

int64_t control_recv(const struct handle *handle, const struct message *m, const struct msg *answer,
		     uint32_t *flags)
{
	int64_t used = 0;

	if (answer->words[1] & SOCKET_INFO_CREDENTIALS)
		used = credentials_put(m, answer, flags);
	if (used < 0 || answer->words[3] == 0)
		return used;
	return rights_put(handle, m, (uint64_t)used, answer->words[3], flags);
}
