// The file interface of a socket's handle (protocol/file.def).
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "protocol/gen/file.h"
#include "servers/net/net.h"

#define SETTABLE ((uint32_t)O_NONBLOCK)
#define SOCKET_DEVICE 8

// struct stat of Linux x86-64.
struct stat_words {
	uint64_t device, inode, links;
	uint32_t mode, uid, gid, pad;
	uint64_t rdev, size, block_size, blocks;
	uint64_t times[6];
	uint64_t reserved[3];
};
_Static_assert(sizeof(struct stat_words) == 144, "struct stat");

static bool window_get(struct request *r)
{
	r->window = window_find(r->words[0]);
	if (!r->window) {
		result_set(r->m, -EFAULT);
		return false;
	}
	wait_supersede(r->window);
	return true;
}

static void transfer(struct request *r, bool is_write)
{
	struct socket *s = r->socket;
	struct wait *w = &r->window->wait;
	uint64_t size = r->words[1] < WINDOW_SIZE ? r->words[1] : WINDOW_SIZE;

	if (r->words[2] != UINT64_MAX) {
		result_set(r->m, -ESPIPE);
		return;
	}
	if (!size && !is_write) {
		result_set(r->m, 0);
		return;
	}
	w->size = (uint32_t)size;
	w->flags = w->with = 0;
	w->has_cred = false;
	w->target = NULL;
	wait_start(r, is_write ? WAIT_WRITE : WAIT_READ, !(s->flags & O_NONBLOCK),
		   is_write ? s->send_timeout : s->receive_timeout);
}

static void stat_get(struct request *r)
{
	struct stat_words st = {
		.device = SOCKET_DEVICE,
		.inode = r->socket->inode,
		.links = 1,
		.mode = S_IFSOCK | r->socket->mode,
		.uid = r->socket->user->uid,
		.block_size = 4096,
	};

	memcpy(r->window->bytes, &st, sizeof(st));
	result_set(r->m, 0);
}

// SIOCINQ: of datagrams the size of the next, of a stream all.
static int64_t input_size(const struct socket *s)
{
	if (s->state == SOCKET_LISTENING)
		return -EINVAL;
	if (s->type == SOCK_DGRAM)
		return s->first ? s->first->size : 0;
	return (int64_t)s->byte_count;
}

static void ioctl_do(struct request *r)
{
	int64_t value = -ENOTTY;
	int32_t out;

	if (r->words[1] == FIONREAD)
		value = input_size(r->socket);
	else if (r->words[1] == TIOCOUTQ)
		value = r->socket->state == SOCKET_LISTENING ? -EINVAL : (int64_t)r->socket->charge;
	if (value < 0) {
		result_set(r->m, value);
		return;
	}
	out = (int32_t)value;
	memcpy(r->window->bytes, &out, sizeof(out));
	*r->m = (struct msg){.tag = TAG(0, 2), .words = {0, sizeof(out)}};
}

static void with_window(struct request *r, uint32_t label)
{
	if (!window_get(r))
		return;
	if (label == FILE_READ || label == FILE_WRITE)
		transfer(r, label == FILE_WRITE);
	else if (label == FILE_STAT)
		stat_get(r);
	else if (label == FILE_IOCTL)
		ioctl_do(r);
	else
		arming_handle(r);
}

static int64_t simple(struct request *r, uint32_t label)
{
	switch (label) {
	case FILE_GET_FLAGS:
		return O_RDWR | (int64_t)r->socket->flags;
	case FILE_SET_FLAGS:
		r->socket->flags = (uint32_t)r->words[0] & SETTABLE;
		return 0;
	case FILE_CHMOD:
		r->socket->mode = (uint32_t)r->words[0] & 07777;
		return 0;
	case FILE_CHOWN:
		return -EPERM;
	case FILE_SEEK:
	case FILE_PEEK:
		return -ESPIPE;
	case FILE_GETDENTS:
		return -ENOTDIR;
	case FILE_MAP:
	case FILE_FALLOCATE:
		return -ENODEV;
	case FILE_TRUNCATE:
	case FILE_SYNC:
		return -EINVAL;
	default:
		return -ENOSYS;
	}
}

void method_file(struct request *r)
{
	uint32_t label = tag_label(r->m->tag);

	switch (label) {
	case FILE_READ:
	case FILE_WRITE:
	case FILE_STAT:
	case FILE_IOCTL:
	case FILE_ARM:
		with_window(r, label);
		break;
	case FILE_POLL:
		result_set(r->m, (int64_t)(socket_poll(r->socket) & (r->words[0] | POLLERR | POLLHUP)));
		r->m->tag = TAG(0, 2);
		r->m->words[1] = r->socket->event_count + 1;  // 0 would say that nobody counts
		break;
	default:
		result_set(r->m, simple(r, label));
	}
}
