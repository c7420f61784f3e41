// Calls that change or ask names.
#include "env/linux/library.h"
#include "protocol/gen/context.h"
#include "protocol/gen/file.h"
#include "protocol/gen/name.h"

#define WORDS(...) .words = {0, PATH_FIRST, __VA_ARGS__}
#define SECOND PATH_SECOND

int64_t call_mkdirat(uint64_t dirfd, uint64_t path, uint64_t mode)
{
	struct msg m = {.tag = TAG(NAME_MKDIR, 3), WORDS(mode & 07777)};

	return path_call((int64_t)dirfd, path, &m);
}

int64_t call_mkdir(uint64_t path, uint64_t mode) { return call_mkdirat((uint64_t)AT_FDCWD, path, mode); }

int64_t call_unlinkat(uint64_t dirfd, uint64_t path, uint64_t flags)
{
	struct msg m = {.tag = TAG(NAME_UNLINK, 3), WORDS(flags)};

	if ((uint32_t)flags & ~AT_REMOVEDIR)
		return -EINVAL;
	return path_call((int64_t)dirfd, path, &m);
}

int64_t call_unlink(uint64_t path) { return call_unlinkat((uint64_t)AT_FDCWD, path, 0); }
int64_t call_rmdir(uint64_t path) { return call_unlinkat((uint64_t)AT_FDCWD, path, AT_REMOVEDIR); }

// A call with two names is invoked where the first one starts; where the second starts elsewhere, that
// is said before.
static int64_t pair_call(uint64_t from_fd, uint64_t from, uint64_t to_fd, uint64_t to, struct msg *m)
{
	struct window_call anchor = {.kind = WINDOW_FILE, .m = {.tag = TAG(NAME_ANCHOR, 1)}};
	cap_t base;
	int64_t err = path_base((int64_t)from_fd, from, &base);

	if (!err)
		err = path_base((int64_t)to_fd, to, &anchor.cap);
	if (!err && anchor.cap != base) {
		m->words[4] = 1;
		err = window_call(&anchor);
	}
	return err ? err : path_call_two(base, from, to, m);
}

int64_t call_renameat2(uint64_t from_fd, uint64_t from, uint64_t to_fd, uint64_t to, uint64_t flags)
{
	struct msg m = {.tag = TAG(NAME_RENAME, 5), WORDS(SECOND, (uint32_t)flags, 0)};

	return pair_call(from_fd, from, to_fd, to, &m);
}

int64_t call_renameat(uint64_t from_fd, uint64_t from, uint64_t to_fd, uint64_t to)
{
	return call_renameat2(from_fd, from, to_fd, to, 0);
}

int64_t call_rename(uint64_t from, uint64_t to)
{
	return call_renameat2((uint64_t)AT_FDCWD, from, (uint64_t)AT_FDCWD, to, 0);
}

int64_t call_linkat(uint64_t from_fd, uint64_t from, uint64_t to_fd, uint64_t to, uint64_t flags)
{
	struct msg m = {.tag = TAG(NAME_LINK, 5), WORDS(SECOND, (uint32_t)flags, 0)};

	if ((uint32_t)flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return pair_call(from_fd, from, to_fd, to, &m);
}

int64_t call_link(uint64_t from, uint64_t to)
{
	return call_linkat((uint64_t)AT_FDCWD, from, (uint64_t)AT_FDCWD, to, 0);
}

int64_t call_symlinkat(uint64_t target, uint64_t dirfd, uint64_t path)
{
	struct msg m = {.tag = TAG(NAME_SYMLINK, 3), WORDS(SECOND)};
	cap_t base = 0;
	int64_t err = path_base((int64_t)dirfd, path, &base);

	return err ? err : path_call_two(base, target, path, &m);
}

int64_t call_symlink(uint64_t target, uint64_t path)
{
	return call_symlinkat(target, (uint64_t)AT_FDCWD, path);
}

int64_t call_readlinkat(uint64_t dirfd, uint64_t path, uint64_t buffer, uint64_t size)
{
	uint64_t room = (uint32_t)size < PATH_MAX ? (uint32_t)size : PATH_MAX;
	struct msg m = {.tag = TAG(NAME_READLINK, 3), WORDS(room)};
	int64_t result;

	if ((int32_t)size <= 0)
		return -EINVAL;
	result = path_call((int64_t)dirfd, path, &m);
	if (result < 0)
		return result;
	if ((uint64_t)result > room)
		return -EIO;
	return user_put(buffer, window_memory(WINDOW_FILE), (size_t)result) ? -EFAULT : result;
}

int64_t call_readlink(uint64_t path, uint64_t buffer, uint64_t size)
{
	return call_readlinkat((uint64_t)AT_FDCWD, path, buffer, size);
}

int64_t call_faccessat2(uint64_t dirfd, uint64_t path, uint64_t mode, uint64_t flags)
{
	const struct process_block *p = process_get();
	bool is_same = ((uint32_t)flags & AT_EACCESS) || (p->uid == p->euid && p->gid == p->egid);
	struct msg m = {.tag = TAG(NAME_ACCESS, 6),
			WORDS(mode, (uint32_t)flags, is_same ? UINT64_MAX : (uint64_t)p->gid << 32 | p->uid)};
	int64_t result;

	if ((mode & ~7ull) || ((uint32_t)flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	if (is_same && desk_access((int64_t)dirfd, path, mode, (uint32_t)flags, &result))
		return result;
	m.words[5] = desk_get();
	return path_call((int64_t)dirfd, path, &m);
}

int64_t call_faccessat(uint64_t dirfd, uint64_t path, uint64_t mode)
{
	return call_faccessat2(dirfd, path, mode, 0);
}

int64_t call_access(uint64_t path, uint64_t mode)
{
	return call_faccessat2((uint64_t)AT_FDCWD, path, mode, 0);
}

int64_t call_fchmodat(uint64_t dirfd, uint64_t path, uint64_t mode)
{
	struct msg m = {.tag = TAG(NAME_CHMOD, 4), WORDS(mode & 07777, 0)};

	return path_call((int64_t)dirfd, path, &m);
}

int64_t call_chmod(uint64_t path, uint64_t mode) { return call_fchmodat((uint64_t)AT_FDCWD, path, mode); }

int64_t call_fchownat(uint64_t dirfd, uint64_t path, uint64_t uid, uint64_t gid, uint64_t flags)
{
	struct msg m = {.tag = TAG(NAME_CHOWN, 5),
			WORDS((uint64_t)(int32_t)uid, (uint64_t)(int32_t)gid, (uint32_t)flags)};

	if ((uint32_t)flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return path_call((int64_t)dirfd, path, &m);
}

int64_t call_chown(uint64_t path, uint64_t uid, uint64_t gid)
{
	return call_fchownat((uint64_t)AT_FDCWD, path, uid, gid, 0);
}

int64_t call_lchown(uint64_t path, uint64_t uid, uint64_t gid)
{
	return call_fchownat((uint64_t)AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

int64_t call_mknodat(uint64_t dirfd, uint64_t path, uint64_t mode, uint64_t device)
{
	struct msg m = {.tag = TAG(NAME_MKNOD, 4), WORDS((uint32_t)mode, (uint32_t)device)};

	return path_call((int64_t)dirfd, path, &m);
}

int64_t call_mknod(uint64_t path, uint64_t mode, uint64_t device)
{
	return call_mknodat((uint64_t)AT_FDCWD, path, mode, device);
}

int64_t call_truncate(uint64_t path, uint64_t length)
{
	struct msg m = {.tag = TAG(NAME_TRUNCATE, 4), WORDS(length, limit_file())};

	return (int64_t)length < 0 ? -EINVAL : limit_file_check(path_call(AT_FDCWD, path, &m));
}

int64_t call_chdir(uint64_t path)
{
	struct msg m = {.tag = TAG(NAME_CHDIR, 2), .words = {0, PATH_FIRST}};

	return path_call(AT_FDCWD, path, &m);
}

static int64_t fill_empty(struct window_call *call, char *window)
{
	UNUSED(call);
	return window_write(window, "", 1);
}

int64_t call_fchdir(uint64_t fd)
{
	struct handle handle;
	int64_t err = handle_find(fd, &handle);
	struct window_call call = {.kind = WINDOW_FILE, .fill = fill_empty,
				   .m = {.tag = TAG(NAME_CHDIR, 2), .words = {0, PATH_FIRST}}};

	if (err)
		return err;
	if (handle.kind != HANDLE_FILE)
		return -ENOTDIR;
	call.cap = handle.cap;
	return window_call(&call);
}

int64_t call_getcwd(uint64_t buffer, uint64_t size)
{
	struct window_call call = {LINUX_SLOT_CONTEXT, WINDOW_FILE,
				   .m = {.tag = TAG(NAME_GETCWD, 2), .words = {0, size}}};
	int64_t result = window_call(&call);

	if (result < 0)
		return result;
	if (result > WINDOW_SIZE)
		return -EIO;
	if ((uint64_t)result > size)
		return -ERANGE;
	return user_put(buffer, window_memory(WINDOW_FILE), (size_t)result) ? -EFAULT : result;
}

int64_t call_umask(uint64_t mask)
{
	uint64_t result = 0;
	err_t err = context_umask(LINUX_SLOT_CONTEXT, mask & 0777, &result);

	process_get()->umask = mask & 0777;
	return answer_get(err, result);
}

int64_t call_chroot(uint64_t path)
{
	struct msg m = {.tag = TAG(NAME_CHROOT, 2), .words = {0, PATH_FIRST}};

	return path_call(AT_FDCWD, path, &m);
}
