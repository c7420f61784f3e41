// Calls on descriptors, and struct stat in its several forms.
#include "env/linux/library.h"
#include "protocol/gen/file.h"
#include "protocol/gen/name.h"

#define SEEK_HOLE 4  // the last one

// One message without a window.
static int64_t simple(uint64_t fd, struct msg m)
{
	struct handle handle;
	int64_t err = handle_find(fd, &handle);

	if (err)
		return err;
	err_t failed = sys_call(handle.cap, &m);

	return answer_get(failed, m.words[0]);
}

#define SIMPLE(label, ...) \
	((struct msg){.tag = TAG(label, sizeof((uint64_t[]){__VA_ARGS__}) / 8), .words = {__VA_ARGS__}})

int64_t call_lseek(uint64_t fd, uint64_t offset, uint64_t whence)
{
	struct handle handle;
	int64_t result = handle_find(fd, &handle);

	if (result == 0 && (uint32_t)whence > SEEK_HOLE)
		return -EINVAL;
	if (result || cview_seek(&handle, offset, (uint32_t)whence, &result))
		return result;
	return simple(fd, SIMPLE(FILE_SEEK, offset, (uint32_t)whence));
}

int64_t call_ftruncate(uint64_t fd, uint64_t length)
{
	if ((int64_t)length < 0)
		return -EINVAL;
	return limit_file_check(simple(fd, SIMPLE(FILE_TRUNCATE, length, limit_file())));
}

int64_t call_fallocate(uint64_t fd, uint64_t mode, uint64_t offset, uint64_t length)
{
	struct handle handle;
	int64_t err = handle_find(fd, &handle);

	if (err)
		return err;
	if ((int64_t)offset < 0 || (int64_t)length <= 0)
		return -EINVAL;
	return limit_file_check(simple(fd, SIMPLE(FILE_FALLOCATE, (uint32_t)mode, offset, length, limit_file())));
}

int64_t call_fsync(uint64_t fd) { return simple(fd, (struct msg){.tag = TAG(FILE_SYNC, 0)}); }

// A call of the interface name on the open file itself: permission is the caller's, which the window
// tells. `other` is the message for what is no file.
static int64_t self_call(uint64_t fd, struct msg m, struct msg other)
{
	struct window_call call = {.kind = WINDOW_FILE, .m = m};
	struct handle handle;
	int64_t err = handle_find(fd, &handle);

	if (err)
		return err;
	if (handle.kind != HANDLE_FILE)
		return simple(fd, other);
	call.cap = handle.cap;
	return window_call(&call);
}

#define OPEN_ONLY 0x80000000u  // of chmod and chown: not with O_PATH

int64_t call_fchmod(uint64_t fd, uint64_t mode)
{
	return self_call(fd, SIMPLE(NAME_CHMOD, 0, UINT64_MAX, mode & 07777, OPEN_ONLY),
			 SIMPLE(FILE_CHMOD, mode & 07777));
}

int64_t call_fchown(uint64_t fd, uint64_t uid, uint64_t gid)
{
	uint64_t u = (uint64_t)(int32_t)uid, g = (uint64_t)(int32_t)gid;

	return self_call(fd, SIMPLE(NAME_CHOWN, 0, UINT64_MAX, u, g, OPEN_ONLY), SIMPLE(FILE_CHOWN, u, g));
}

// What reads a descriptor into the window and out to the program.
static int64_t descriptor_out(uint64_t fd, struct msg m, uint64_t to, uint64_t room, bool is_count)
{
	struct handle handle;
	int64_t result = handle_find(fd, &handle);
	struct window_call call = {.m = m};

	if (result)
		return result;
	call.cap = handle.cap;
	call.kind = window_kind(&handle);
	result = window_call(&call);
	if (result < 0)
		return result;
	if (is_count && (uint64_t)result > room)
		return -EIO;
	if (user_put(to, window_memory(call.kind), is_count ? (size_t)result : room))
		return -EFAULT;
	return is_count ? result : 0;
}

int64_t call_fstat(uint64_t fd, uint64_t out)
{
	struct msg m = {.tag = TAG(FILE_STAT, 1)};
	struct handle handle;
	int64_t result = handle_find(fd, &handle);

	if (result || cview_stat(&handle, out, &result))
		return result;
	return descriptor_out(fd, m, out, sizeof(struct stat), false);
}

int64_t call_getdents64(uint64_t fd, uint64_t buffer, uint64_t size)
{
	uint64_t room = (uint32_t)size < WINDOW_SIZE ? (uint32_t)size : WINDOW_SIZE;
	struct msg m = {.tag = TAG(FILE_GETDENTS, 2), .words = {0, room}};
	struct handle handle;
	int64_t err = handle_find(fd, &handle);

	if (!err)
		err = user_probe(buffer, room);  // the position moves: find a bad buffer before
	return err ? err : descriptor_out(fd, m, buffer, room, true);
}

static int64_t stat_path(int64_t dirfd, uint64_t path, uint64_t flags)
{
	struct msg m = {.tag = TAG(NAME_STAT, 4),
			.words = {0, PATH_FIRST, flags & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH), desk_get()}};

	return path_call(dirfd, path, &m);
}

// The descriptor itself, when the name is empty and that is asked for. Works for every kind.
static bool is_self(int64_t dirfd, uint64_t path, uint64_t flags)
{
	char first = 1;

	if (!(flags & AT_EMPTY_PATH) || (int32_t)dirfd == AT_FDCWD)
		return false;
	return path == 0 || (user_get(&first, path, 1) == 0 && first == 0);
}

int64_t call_newfstatat(uint64_t dirfd, uint64_t path, uint64_t out, uint64_t flags)
{
	int64_t result;

	flags = (uint32_t)flags;
	if (flags & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
		return -EINVAL;
	if (is_self((int64_t)dirfd, path, flags))
		return call_fstat(dirfd, out);
	if (desk_stat((int64_t)dirfd, path, flags & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH), out, &result))
		return result;
	result = stat_path((int64_t)dirfd, path, flags);
	if (result < 0)
		return result;
	return user_put(out, window_memory(WINDOW_FILE), sizeof(struct stat));
}

int64_t call_stat(uint64_t path, uint64_t out)
{
	return call_newfstatat((uint64_t)AT_FDCWD, path, out, 0);
}

int64_t call_lstat(uint64_t path, uint64_t out)
{
	return call_newfstatat((uint64_t)AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

struct statx_timestamp {
	int64_t sec;
	uint32_t nsec;
	int32_t pad;
};

struct statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad;
	uint64_t ino, size, blocks, attributes_mask;
	struct statx_timestamp atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t spare[14];
};
_Static_assert(sizeof(struct statx) == 256, "struct statx");
#define STATX_BASIC_STATS 0x7ffu
#define STATX_RESERVED 0x80000000u

static uint32_t device_major(uint64_t dev) { return (uint32_t)((dev >> 8 & 0xfff) | (dev >> 32 & 0xfffff000)); }
static uint32_t device_minor(uint64_t dev) { return (uint32_t)((dev & 0xff) | (dev >> 12 & 0xffffff00)); }

static struct statx_timestamp stamp(struct timespec t)
{
	return (struct statx_timestamp){t.tv_sec, (uint32_t)t.tv_nsec, 0};
}

static void statx_fill(struct statx *x, const struct stat *s)
{
	*x = (struct statx){.mask = STATX_BASIC_STATS, .blksize = (uint32_t)s->st_blksize};
	x->nlink = (uint32_t)s->st_nlink;
	x->uid = s->st_uid;
	x->gid = s->st_gid;
	x->mode = (uint16_t)s->st_mode;
	x->ino = s->st_ino;
	x->size = (uint64_t)s->st_size;
	x->blocks = (uint64_t)s->st_blocks;
	x->atime = stamp(s->st_atime);
	x->ctime = stamp(s->st_ctime);
	x->mtime = stamp(s->st_mtime);
	x->rdev_major = device_major(s->st_rdev);
	x->rdev_minor = device_minor(s->st_rdev);
	x->dev_major = device_major(s->st_dev);
	x->dev_minor = device_minor(s->st_dev);
}

int64_t call_statx(uint64_t dirfd, uint64_t path, uint64_t flags, uint64_t mask, uint64_t out)
{
	struct window_call call = {.m = {.tag = TAG(FILE_STAT, 1)}};
	struct handle handle;
	struct stat s;
	struct statx x;
	int64_t result;

	flags = (uint32_t)flags;
	if (flags & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	if ((flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE || (mask & STATX_RESERVED))
		return -EINVAL;
	if (is_self((int64_t)dirfd, path, flags)) {
		result = handle_find(dirfd, &handle);
		if (result)
			return result;
		call.cap = handle.cap;
		call.kind = window_kind(&handle);
		result = window_call(&call);
	} else {
		call.kind = WINDOW_FILE;
		result = stat_path((int64_t)dirfd, path, flags);
	}
	if (result < 0)
		return result;
	if (window_read(&s, window_memory(call.kind), sizeof s))
		return -EIO;
	statx_fill(&x, &s);
	return user_put(out, &x, sizeof x);
}

#define STATFS_SIZE 120

int64_t call_statfs(uint64_t path, uint64_t out)
{
	struct msg m = {.tag = TAG(NAME_STATFS, 2), .words = {0, PATH_FIRST}};
	int64_t result = path_call(AT_FDCWD, path, &m);

	return result < 0 ? result : user_put(out, window_memory(WINDOW_FILE), STATFS_SIZE);
}

static int64_t fill_empty(struct window_call *call, char *window)
{
	UNUSED(call);
	return window_write(window, "", 1);
}

// Of sockets and terminals: file systems without blocks (simple_statfs of Linux; magic numbers: statfs(2)).
static int64_t statfs_bare(uint64_t out, unsigned kind)
{
	const uint64_t magic = kind == HANDLE_SOCKET ? 0x534f434b : 0x1cd1;
	const uint64_t valid = 0x20;
	const uint64_t fs[STATFS_SIZE / 8] = {magic, PAGE_SIZE, 0, 0, 0, 0, 0, 0, 255, PAGE_SIZE, valid};

	return user_put(out, fs, sizeof fs);
}

// The file system of an open file: asked with an empty name on its handle.
int64_t call_fstatfs(uint64_t fd, uint64_t out)
{
	struct window_call call = {.kind = WINDOW_FILE, .fill = fill_empty,
				   .m = {.tag = TAG(NAME_STATFS, 2), .words = {0, PATH_FIRST}}};
	struct handle handle;
	int64_t result = handle_find(fd, &handle);

	if (result)
		return result;
	if (handle.kind != HANDLE_FILE)
		return statfs_bare(out, handle.kind);
	call.cap = handle.cap;
	result = window_call(&call);
	return result < 0 ? result : user_put(out, window_memory(WINDOW_FILE), STATFS_SIZE);
}
