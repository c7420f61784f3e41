// Methods of the interface file.
#include "servers/file/file.h"

#include "protocol/gen/file.h"
#include "servers/file/cview.h"
#include "servers/file/data.h"
#include "servers/file/desk.h"
#include "servers/file/ring.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DECLARE(name, words, caps) request_method file_op_##name;
FILE_METHODS(DECLARE)

#define PEEK_MAX 440u
#define SET_FLAGS ((uint32_t)(O_APPEND | O_NONBLOCK | O_NOATIME | O_DIRECT))
#ifndef SEEK_DATA
#define SEEK_DATA 3
#define SEEK_HOLE 4
#endif
#define KEEP_SIZE 1u
#define PUNCH_HOLE 2u
#define MODES_KNOWN 0x7bu  // of Linux; the others are kept for later there

static bool may_read(const struct description *d)
{
	uint32_t mode = d->flags & O_ACCMODE;

	return (mode == O_RDONLY || mode == O_RDWR) && !(d->flags & O_PATH);
}

static bool may_write(const struct description *d)
{
	uint32_t mode = d->flags & O_ACCMODE;

	return (mode == O_WRONLY || mode == O_RDWR) && !(d->flags & O_PATH);
}

static int64_t read_file(struct request *r, uint32_t length)
{
	struct description *d = r->description;
	bool own = r->words[2] == NO_OFFSET;
	uint64_t offset = own ? description_offset(d) : r->words[2], n;

	if (offset > INT64_MAX - (uint64_t)length)
		return -EINVAL;
	n = data_read(&file.fs, d->inode, offset, r->window->bytes, length);
	if (own)
		description_set_offset(d, offset + n);
	if (!(d->flags & O_NOATIME))
		inode_read(&file.fs, d->inode);
	return (int64_t)n;
}

int64_t file_op_read(struct request *r)
{
	struct description *d = r->description;
	uint32_t length = (uint32_t)min_u64(r->words[1], WINDOW_BYTES);
	int error = request_window(r, r->words[0]);

	if (error != 0)
		return error;
	if ((d->pipe || d->is_signal) && r->words[2] != NO_OFFSET && !(d->flags & O_PATH))
		return -ESPIPE;
	if (!may_read(d))
		return -EBADF;
	if (d->pipe)
		return pipe_transfer(r, false);
	if (d->event)
		return event_transfer(r, false);
	if (is_dir(d->inode))
		return -EISDIR;
	if (S_ISCHR(d->inode->mode))
		return device_read(d->inode, r->window->bytes, length);
	return S_ISREG(d->inode->mode) ? read_file(r, length) : -EINVAL;
}

#define AT_END 1u  // word 4 of a write

// As much as the seals let through: what makes the file longer fails by the page.
static uint32_t sealed_length(const struct inode *inode, uint64_t offset, uint32_t length)
{
	uint64_t end = inode->size / PAGE * PAGE;

	if (inode->seals & (SEAL_WRITE | SEAL_FUTURE_WRITE))
		return 0;
	if (!(inode->seals & SEAL_GROW) || offset + length <= inode->size)
		return length;
	return offset < end ? (uint32_t)(end - offset) : 0;
}

static int64_t write_file(struct request *r, uint32_t length)
{
	struct description *d = r->description;
	struct inode *inode = d->inode;
	bool own = r->words[2] == NO_OFFSET;
	uint64_t limit = request_word(r, 3, UINT64_MAX);
	uint64_t offset = own ? description_offset(d) : r->words[2];
	int64_t n;

	if (offset > INT64_MAX - (uint64_t)length)
		return -EINVAL;
	if ((d->flags & O_APPEND) || request_word(r, 4, 0) == AT_END)
		offset = inode->size;
	if (length == 0)
		return 0;
	if (offset >= limit)
		return -EFBIG;
	length = (uint32_t)min_u64(length, limit - offset);
	length = sealed_length(inode, offset, length);
	if (length == 0)
		return -EPERM;
	n = data_write(&file.fs, inode, offset, r->window->bytes, length);
	if (n <= 0)
		return n;
	if (own)
		description_set_offset(d, offset + (uint64_t)n);
	if (r->context->cred.uid != 0)
		inode->mode &= ~(uint32_t)(S_ISUID | (inode->mode & S_IXGRP ? S_ISGID : 0));
	inode_written(&file.fs, inode);
	return n;
}

int64_t file_op_write(struct request *r)
{
	struct description *d = r->description;
	uint32_t length = (uint32_t)min_u64(r->words[1], WINDOW_BYTES);
	int error = request_window(r, r->words[0]);

	if (error != 0)
		return error;
	if (d->pipe && r->words[2] != NO_OFFSET && !(d->flags & O_PATH))
		return -ESPIPE;
	if (!may_write(d))
		return -EBADF;
	if (d->pipe)
		return pipe_transfer(r, true);
	if (d->event)
		return event_transfer(r, true);
	if (S_ISCHR(d->inode->mode))
		return device_write(d->inode, length);
	return S_ISREG(d->inode->mode) ? write_file(r, length) : -EINVAL;
}

int64_t file_op_seek(struct request *r)
{
	struct description *d = r->description;
	int64_t offset = (int64_t)r->words[0], base = 0;

	if (r->words[1] > SEEK_HOLE)
		return -EINVAL;
	if (d->pipe)
		return -ESPIPE;
	if (d->source || d->is_signal)
		return 0;
	if (d->flags & O_PATH)
		return -EBADF;
	if (S_ISCHR(d->inode->mode))
		return 0;
	switch (r->words[1]) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		base = (int64_t)description_offset(d);
		break;
	case SEEK_END:
		if (is_dir(d->inode))
			return -EINVAL;
		base = (int64_t)d->inode->size;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (!S_ISREG(d->inode->mode) || offset < 0)
			return offset < 0 ? -ENXIO : -EINVAL;
		offset = data_seek(d->inode, (uint64_t)offset, r->words[1] == SEEK_DATA);
		if (offset < 0)
			return offset;
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, offset, &offset) || offset < 0)
		return -EINVAL;
	description_set_offset(d, (uint64_t)offset);
	return offset;
}

int64_t file_op_stat(struct request *r)
{
	struct stat stat;
	int error = request_window(r, r->words[0]);

	if (error != 0)
		return error;
	inode_stat(&file.fs, r->description->inode, &stat);
	memcpy(r->window->bytes, &stat, sizeof stat);
	return 0;
}

int64_t file_op_getdents(struct request *r)
{
	struct description *d = r->description;
	int error = request_window(r, r->words[0]);

	if (error != 0)
		return error;
	if (!may_read(d))
		return -EBADF;
	if (!is_dir(d->inode))
		return -ENOTDIR;
	if (d->inode->remote)
		return node_list(d, r->window->bytes, min_u64(r->words[1], WINDOW_BYTES));
	inode_read(&file.fs, d->inode);
	return dir_list(&file.fs, d->inode, &d->offset, r->window->bytes,
			min_u64(r->words[1], WINDOW_BYTES));
}

int64_t file_op_truncate(struct request *r)
{
	struct description *d = r->description;

	if (d->flags & O_PATH)
		return -EBADF;
	if (!may_write(d) || !S_ISREG(d->inode->mode) || r->words[0] > INT64_MAX)
		return -EINVAL;
	if (r->words[0] > d->inode->size && r->words[0] > request_word(r, 1, UINT64_MAX))
		return -EFBIG;
	return name_resize(&file.fs, d->inode, &d->cred, r->words[0]);
}

int64_t file_op_get_flags(struct request *r) { return r->description->flags; }

int64_t file_op_set_flags(struct request *r)
{
	struct description *d = r->description;

	if (!desk_hold(d) || (d->flags & O_PATH))
		return -EBADF;
	if ((r->words[0] & ~(uint64_t)d->flags & O_NOATIME) && !inode_is_owned(d->inode, &d->cred))
		return -EPERM;
	if ((r->words[0] & O_DIRECT) && !S_ISREG(d->inode->mode))
		return -EINVAL;
	d->flags = (d->flags & ~SET_FLAGS) | ((uint32_t)r->words[0] & SET_FLAGS);
	if (S_ISREG(d->inode->mode))
		cview_write_end(d->inode);
	if (d->pipe)
		ring_flags_set(d->pipe);
	return 0;
}

int64_t file_op_ioctl(struct request *r)
{
	const struct description *d = r->description;
	int32_t count;
	int error = request_window(r, r->words[0]);

	if (error != 0)
		return error;
	if (d->flags & O_PATH)
		return -EBADF;
	if ((uint32_t)r->words[1] != FIONREAD || !(d->pipe || S_ISREG(d->inode->mode)))
		return -ENOTTY;
	if (d->pipe)
		count = (int32_t)pipe_fill(d->pipe);
	else
		count = description_offset(d) >= d->inode->size ? 0 :
			(int32_t)min_u64(d->inode->size - description_offset(d), INT32_MAX);
	memcpy(r->window->bytes, &count, sizeof count);
	r->out[1] = sizeof count;
	r->out_words = 2;
	return 0;
}

// Everything is in memory.
int64_t file_op_sync(struct request *r)
{
	if (r->description->flags & O_PATH)
		return -EBADF;
	return S_ISREG(r->description->inode->mode) || is_dir(r->description->inode) ? 0 : -EINVAL;
}

int64_t file_op_poll(struct request *r)
{
	return description_ready(r->description) & ((uint32_t)r->words[0] | POLLERR | POLLHUP);
}

// Who waits here does it with a board (wait_watch).
int64_t file_op_arm(struct request *r)
{
	(void)r;
	return -ENOSYS;
}

int64_t file_op_peek(struct request *r)
{
	const struct description *d = r->description;
	uint64_t n = min_u64(r->words[1], PEEK_MAX);

	if (!may_read(d))
		return -EBADF;
	if (!S_ISREG(d->inode->mode))
		return is_dir(d->inode) ? -EISDIR : -EINVAL;
	if (r->words[0] > INT64_MAX)
		return -EINVAL;
	memset(&r->out[1], 0, PEEK_MAX);
	n = data_read(&file.fs, d->inode, r->words[0], &r->out[1], n);
	r->out_words = (uint32_t)(1 + (n + 7) / 8);
	return (int64_t)n;
}

int64_t file_op_map(struct request *r)
{
	const struct description *d = r->description;
	int64_t pages;

	if (d->flags & O_PATH)
		return -EBADF;
	if (!may_read(d))
		return -EACCES;
	if (!S_ISREG(d->inode->mode))
		return -ENODEV;
	r->out[2] = d->inode->size;
	r->out[3] = d->inode->number;
	r->out_words = 4;
	// Mappings that are there go on with SEAL_FUTURE_WRITE, and ask for further pages.
	if (r->words[2] && d->inode->seals & (r->words[1] == 0 ? SEAL_WRITE | SEAL_FUTURE_WRITE : SEAL_WRITE))
		return -EPERM;
	r->out[1] = d->inode->is_memory;
	if (r->words[1] == 0)
		return 0;
	if (r->words[2])
		pages = map_get_writable(d->inode, r->words[0], &r->out[1], &r->cap[0]);
	else
		pages = map_get(d->inode, r->words[0], r->words[1], &r->out[1], &r->cap[0]);
	if (pages > 0)
		r->caps = 1;
	return pages;
}

// Is it one whose pages a shared mapping may write?
static int is_mappable(const struct description *d)
{
	if (!may_read(d) || !may_write(d))
		return -EACCES;
	return S_ISREG(d->inode->mode) ? 0 : -ENODEV;
}

int64_t file_op_poke(struct request *r)
{
	const struct description *d = r->description;
	uint64_t length = min_u64(r->words[1], PEEK_MAX), room, bytes[PEEK_MAX / 8];
	int64_t n = is_mappable(d);

	if (n != 0)
		return n;
	room = r->words[0] < d->inode->size ? d->inode->size - r->words[0] : 0;
	length = min_u64(length, room);
	msg_get_words(r->m, 2, bytes, (uint32_t)(length + 7) / 8);
	if (length > 0)
		n = data_write(&file.fs, d->inode, r->words[0], bytes, length);
	if (n >= 0)
		inode_written(&file.fs, d->inode);
	return n;
}

int64_t file_op_exchange(struct request *r)
{
	const struct description *d = r->description;
	uint32_t old = (uint32_t)r->words[1], page = (uint32_t)(r->words[0] / PAGE);
	int error = is_mappable(d);

	if (error != 0)
		return error;
	if (r->words[0] % 4 != 0 || r->words[0] >= d->inode->size)
		return -EINVAL;
	if (data_own(&file.fs, d->inode, page, 1) != 0)
		return -ENOSPC;

	uint8_t *bytes = store_address(&file.fs.store, data_find(&d->inode->data, page).page);

	(void)__atomic_compare_exchange_n((uint32_t *)(void *)(bytes + r->words[0] % PAGE), &old,
					  (uint32_t)r->words[2], false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	r->out[1] = old;
	r->out_words = 2;
	return 0;
}

int64_t file_op_chmod(struct request *r)
{
	const struct description *d = r->description;

	if (d->flags & O_PATH)
		return -EBADF;
	return inode_chmod(&file.fs, d->inode, &d->cred, (uint32_t)r->words[0]);
}

int64_t file_op_chown(struct request *r)
{
	const struct description *d = r->description;

	if (d->flags & O_PATH)
		return -EBADF;
	return inode_chown(&file.fs, d->inode, &d->cred, r->words[0], r->words[1]);
}

static int64_t punch(struct inode *inode, uint64_t offset, uint64_t length)
{
	int error = data_punch(&file.fs, inode, offset, length);

	if (error == 0)
		inode_written(&file.fs, inode);
	return error;
}

int64_t file_op_fallocate(struct request *r)
{
	struct description *d = r->description;
	uint64_t mode = r->words[0], offset = r->words[1], length = r->words[2];
	int error;

	if (offset > INT64_MAX || length == 0 || length > INT64_MAX)
		return -EINVAL;
	if ((mode & ~(uint64_t)MODES_KNOWN) || (mode & (PUNCH_HOLE | KEEP_SIZE)) == PUNCH_HOLE)
		return -EOPNOTSUPP;
	if (!may_write(d))
		return -EBADF;
	if (!S_ISREG(d->inode->mode))
		return d->pipe ? -ESPIPE : is_dir(d->inode) ? -EISDIR : -ENODEV;
	if (offset > (uint64_t)FILE_SIZE_LIMIT || length > (uint64_t)FILE_SIZE_LIMIT - offset)
		return -EFBIG;
	if (mode & ~(uint64_t)(KEEP_SIZE | PUNCH_HOLE))
		return -EOPNOTSUPP;
	if (mode & PUNCH_HOLE && d->inode->seals & (SEAL_WRITE | SEAL_FUTURE_WRITE))
		return -EPERM;
	if (!(mode & KEEP_SIZE) && offset + length > d->inode->size && d->inode->seals & SEAL_GROW)
		return -EPERM;
	if (mode & PUNCH_HOLE)
		return punch(d->inode, offset, length);
	if (!(mode & KEEP_SIZE) && offset + length > d->inode->size &&
	    offset + length > request_word(r, 3, UINT64_MAX))
		return -EFBIG;

	uint64_t first = offset / PAGE, end = (offset + length + PAGE - 1) / PAGE;

	if (end - first > file.fs.store.total)
		return -ENOSPC;
	error = data_fill(&file.fs, d->inode, (uint32_t)first, (uint32_t)(end - first));
	if (error == 0)
		inode_written(&file.fs, d->inode);
	if (error == 0 && end > d->inode->data.kept)
		d->inode->data.kept = (uint32_t)end;
	if (error == 0 && !(r->words[0] & KEEP_SIZE) && offset + length > d->inode->size)
		error = name_resize(&file.fs, d->inode, &d->cred, offset + length);
	cview_publish(&file.fs, d->inode);
	return error;
}

// Windows here belong to contexts: context_attach.
int64_t file_op_attach(struct request *r)
{
	(void)r;
	return -ENOSYS;
}

int64_t file_op_seal(struct request *r)
{
	const struct description *d = r->description;
	struct inode *inode = d->inode;
	uint64_t add = r->words[0];

	if (d->flags & O_PATH)
		return -EBADF;
	if (!S_ISREG(inode->mode))
		return -EINVAL;
	if (add == UINT64_MAX)
		return inode->is_memory ? inode->seals : SEAL_SEAL;
	if (!may_write(d))
		return -EPERM;
	if (add & ~(uint64_t)SEAL_ALL)
		return -EINVAL;
	if (!inode->is_memory || inode->seals & SEAL_SEAL)
		return -EPERM;
	if (add & SEAL_WRITE && !(inode->seals & SEAL_WRITE) && map_is_writable(inode))
		return -EBUSY;
	cview_unshare(inode);
	cview_settle(inode);
	inode->seals |= (uint32_t)add;
	return 0;
}
