// Methods of the interface name: the window and the paths are fetched, name.c does the rest.
#include "servers/file/file.h"

#include "protocol/gen/name.h"
#include "protocol/linux.h"
#include "servers/file/answer.h"
#include "servers/file/cview.h"
#include "servers/file/data.h"

#include <sys/statfs.h>
#include <unistd.h>

#define DECLARE(name, words, caps) request_method name_op_##name;
NAME_METHODS(DECLARE)

#define TMPFS_NUMBER 0x01021994
#define PROC_NUMBER 0x9fa0
#define PIPE_NUMBER 0x50495045
#define UNNAMED_NUMBER 0x09041934
#define ST_VALID 0x20
#define SHOW_RELATIME 0x1000
#define NO_ATIME 0x400u
#define OPEN_ONLY 0x80000000u  // of chmod and chown: not for O_PATH
// What is kept of the flags of an open, and told by F_GETFL.
#define OPEN_FLAGS ((uint32_t)(O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC | O_ASYNC | O_DIRECT | O_DIRECTORY | \
			       O_NOFOLLOW | O_NOATIME | O_PATH) | O_TMPFILE_BIT | O_EXECUTE)
#define STATFS_FLAGS 0xfu  // RDONLY to NOEXEC: the same bits in both
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

// Fetch the view and the first path (words 0 and `word`).
static int begin(struct request *r, unsigned word, struct view *view, const char **path)
{
	int error = request_window(r, r->words[0]);

	if (error != 0)
		return error;
	request_view(r, view);
	*path = "";
	return r->words[word] == NO_OFFSET ? 0 : request_path(r, r->words[word], 0, path);
}

// What a path names; an empty one, where allowed, is the start itself.
static int get_at(struct request *r, uint64_t flags, struct inode **inode, struct mount **mount)
{
	struct view view;
	const char *path;
	int error = begin(r, 1, &view, &path);

	if (error != 0)
		return error;
	if (r->words[1] == NO_OFFSET || (path[0] == 0 && (flags & AT_EMPTY_PATH))) {
		*inode = view.start;
		*mount = view.start_mount;
		cview_settle(*inode);
		return 0;
	}
	error = name_get(&file.fs, &view, path, flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW,
			 inode);
	*mount = name_found_mount();
	if (error == 0)
		cview_settle(*inode);
	return error;
}

static int get(struct request *r, uint64_t flags, struct inode **inode)
{
	struct mount *mount;

	return get_at(r, flags, inode, &mount);
}

// To change what a path names.
static int get_to_change(struct request *r, uint64_t flags, struct inode **inode)
{
	struct mount *mount;
	int error = get_at(r, flags, inode, &mount);

	if (error == 0 && (*inode)->remote)
		error = -EPERM;
	return error ? error : mount_may_change(mount);
}

// A device is answered by whoever registered it. 1: it was.
static int open_device(struct request *r, const struct inode *inode, uint64_t flags)
{
	bool is_device = S_ISCHR(inode->mode) || S_ISBLK(inode->mode);
	uint64_t kind;
	cap_t capability;

	if (!is_device || (flags & O_PATH) || device_is_known(inode))
		return 0;
	capability = S_ISCHR(inode->mode) ? device_registered(inode->device, &kind) : 0;
	if (capability == 0)
		return -ENXIO;
	r->out[1] = kind;
	r->cap[0] = capability;
	r->caps = 1;
	return 1;
}

// memfd_create: a file that never has a name.
static int memory_file_make(const struct view *view, bool can_be_sealed, struct inode **inode)
{
	*inode = inode_make(&file.fs, S_IFREG | 0777, view->cred.uid, view->cred.gid);
	if (!*inode)
		return -ENOMEM;
	(*inode)->is_memory = true;
	(*inode)->seals = can_be_sealed ? 0 : SEAL_SEAL;
	return 0;
}

// What an open wants of a desk: where the handle may be leased, and a parked description to be opened
// again. Whether that is possible has to be known before a file is made.
static int open_desk(const struct request *r, struct desk **desk, struct description **again)
{
	uint64_t handle = request_word(r, 5, 0);

	*desk = request_word(r, 4, 0) ? desk_find(r->words[4], r->context) : NULL;
	*again = NULL;
	if (!(handle & LEASE_REUSE))
		return 0;
	if (*desk)
		*again = desk_reuse(*desk, handle & ~(uint64_t)LEASE_REUSE);
	return *again ? 0 : LEASE_STALE;
}

// Only a file or a directory can take the place of what a handle was.
static bool may_be_again(const struct inode *inode)
{
	return (S_ISREG(inode->mode) || is_dir(inode)) && !inode->remote;
}

// The same for a name in the message itself.
static int begin_in_message(struct request *r, struct view *view, const char **path)
{
	static uint64_t words[MSG_WORDS_MAX - MSG_WORDS_REGISTERS];
	unsigned count = tag_words(r->m->tag) > MSG_WORDS_REGISTERS ? tag_words(r->m->tag) - MSG_WORDS_REGISTERS : 0;

	if (!r->context || r->words[1] == NO_OFFSET)
		return -EFAULT;
	msg_get_words(r->m, MSG_WORDS_REGISTERS, words, count);
	if (!memchr(words, 0, count * sizeof(words[0])))
		return -EFAULT;
	*path = r->path = (char *)words;
	request_view(r, view);
	return 0;
}

// What is opened: a file without a name, the start itself, or what the path names.
static int open_inode(struct request *r, const struct view *view, const char *path, uint32_t flags,
		      struct inode **inode)
{
	if (r->words[1] == NO_OFFSET && (flags & O_TMPFILE_BIT))
		return memory_file_make(view, r->words[3] == 1, inode);
	if (r->words[1] == NO_OFFSET)
		return name_open_start(&file.fs, view, flags, inode);
	return name_open_inode(&file.fs, view, path, flags, (uint32_t)r->words[3], inode);
}

int64_t name_op_open(struct request *r)
{
	uint32_t flags = (uint32_t)r->words[2];
	struct description *d, *again;
	struct desk *desk;
	struct inode *inode;
	struct view view;
	const char *path;
	bool has_window = r->words[0] != WINDOW_NONE;
	int error = has_window ? begin(r, 1, &view, &path) : begin_in_message(r, &view, &path);

	if (error == 0)
		error = open_desk(r, &desk, &again);
	if (error != 0)
		return error;
	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW;
	error = open_inode(r, &view, path, flags, &inode);
	if (error != 0)
		return error;
	r->out[2] = inode->mode;
	r->out[3] = S_ISCHR(inode->mode) || S_ISBLK(inode->mode) ? inode->device : 0;
	r->out_words = 4;
	error = again && !may_be_again(inode) ? LEASE_STALE : open_device(r, inode, flags);
	if (error != 0) {
		inode_put(&file.fs, inode);
		return error < 0 ? error : 0;
	}
	flags &= OPEN_FLAGS;
	if (!(flags & O_PATH))
		flags |= O_LARGEFILE_BIT;
	d = again;
	if (again)
		description_again(again, inode, flags, &view.cred);
	else
		d = description_make(inode, flags, &view.cred);
	if (!d)
		return -ENFILE;
	description_mount_set(d, r->words[1] == NO_OFFSET && (flags & O_TMPFILE_BIT) ?
				      &file.fs.mounts[0] : name_found_mount());
	if (S_ISFIFO(inode->mode) && !(flags & O_PATH))
		error = pipe_open(d);
	if (error != 0) {
		description_free(d);
		return error;
	}
	r->out[1] = HANDLE_FILE;
	if (desk)
		desk_lease(desk, r->words[5] & ~(uint64_t)LEASE_REUSE, d);
	if (desk && request_word(r, 6, 0))
		answer_open(r, d, ANSWER_OPEN | r->words[2] << 8);
	if (again)
		return 0;
	r->cap[0] = grant_hand(&d->grant);
	r->caps = 1;
	return 0;
}

int64_t name_op_stat(struct request *r)
{
	struct inode *inode;
	struct stat stat;
	int error = get(r, r->words[2], &inode);

	answer_stat(r, request_word(r, 3, 0), ANSWER_STAT | r->words[2] << 8, error, inode);
	if (error != 0)
		return error;
	inode_stat(&file.fs, inode, &stat);
	memcpy(r->window->bytes, &stat, sizeof stat);
	return 0;
}

int64_t name_op_readlink(struct request *r)
{
	struct inode *inode;
	int error = get(r, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, &inode);
	uint64_t n = min_u64(r->words[2], WINDOW_BYTES);

	if (error != 0)
		return error;
	if (!S_ISLNK(inode->mode))
		return r->words[1] < WINDOW_BYTES && r->window->bytes[r->words[1]] == 0 ? -ENOENT : -EINVAL;
	if (n == 0)
		return -EINVAL;
	n = min_u64(n, inode->size);
	memcpy(r->window->bytes, inode_target(&file.fs, inode), n);
	inode_read(&file.fs, inode);
	return (int64_t)n;
}

static int directory_get(struct request *r, struct inode **inode, struct mount **mount)
{
	int error = get_at(r, r->description ? AT_EMPTY_PATH : 0, inode, mount);

	if (error != 0)
		return error;
	return is_dir(*inode) ? inode_allows(*inode, &r->context->cred, MAY_EXEC) : -ENOTDIR;
}

int64_t name_op_chdir(struct request *r)
{
	struct inode *inode;
	struct mount *mount;
	int error = directory_get(r, &inode, &mount);

	if (error == 0)
		context_place_set(&r->context->cwd, &r->context->cwd_mount, inode, mount);
	if (error == 0)
		answers_forget_context(r->context);
	return error;
}

int64_t name_op_chroot(struct request *r)
{
	struct inode *inode;
	struct mount *mount;
	int error = directory_get(r, &inode, &mount);

	if (error == 0 && r->context->cred.uid != 0)
		error = -EPERM;
	if (error == 0)
		context_place_set(&r->context->root, &r->context->root_mount, inode, mount);
	if (error == 0)
		answers_forget_context(r->context);
	return error;
}

int64_t name_op_getcwd(struct request *r)
{
	static char path[WINDOW_BYTES];
	int error = request_window(r, r->words[0]);
	int64_t n;

	if (error != 0)
		return error;
	struct view view;

	request_view(r, &view);
	n = mount_path(&file.fs, &view, r->context->cwd_mount, r->context->cwd, path,
		       min_u64(r->words[1], sizeof path));
	if (n > 0)
		memcpy(r->window->bytes, path, (size_t)n);
	return n;
}

int64_t name_op_mkdir(struct request *r)
{
	struct view view;
	const char *path;
	int error = begin(r, 1, &view, &path);

	if (error == 0 && r->words[1] == NO_OFFSET)
		error = -EEXIST;
	if (error != 0)
		return error;
	return name_make(&file.fs, &view, path, S_IFDIR | (r->words[2] & 07777), 0);
}

int64_t name_op_unlink(struct request *r)
{
	struct view view;
	const char *path;
	int error = begin(r, 1, &view, &path);

	if (error != 0)
		return error;
	if (r->words[1] == NO_OFFSET)
		return -EPERM;
	if (r->words[2] & ~(uint64_t)AT_REMOVEDIR)
		return -EINVAL;
	return name_remove(&file.fs, &view, path, r->words[2] & AT_REMOVEDIR);
}

// Where the second name starts: as the first, or at the window's anchor, which is used up.
static void second_view(struct request *r, bool anchored, const struct view *first,
			struct view *view)
{
	*view = *first;
	if (!anchored || !r->window->anchor)
		return;
	view->start = r->window->anchor;
	view->start_mount = r->window->anchor_mount;
}

int64_t name_op_rename(struct request *r)
{
	struct view view, to_view;
	const char *from, *to;
	int error = begin(r, 1, &view, &from);

	if (error == 0)
		error = request_path(r, r->words[2], 1, &to);
	if (error != 0)
		return error;
	second_view(r, r->words[4], &view, &to_view);
	error = name_move(&file.fs, &view, from, &to_view, to,
			  (uint32_t)min_u64(r->words[3], UINT32_MAX));
	window_anchor_set(r->window, NULL, NULL);
	return error == -EREMOTE ? -EXDEV : error;
}

// A file without a name is linked by its handle only by root, or through /proc.
static int link_from(struct request *r, uint64_t flags, struct inode **inode, struct mount **mount)
{
	int error = get_at(r, flags & AT_SYMLINK_FOLLOW ? flags & AT_EMPTY_PATH :
				      (flags & AT_EMPTY_PATH) | AT_SYMLINK_NOFOLLOW, inode, mount);

	if (error == 0 && *inode == (r->description ? r->description->inode : NULL) &&
	    r->words[1] != NO_OFFSET && r->context->cred.uid != 0)
		error = -ENOENT;
	return error;
}

int64_t name_op_link(struct request *r)
{
	struct view view, to_view;
	struct inode *inode;
	struct mount *mount;
	const char *to;
	int error;

	if (r->words[3] & ~(uint64_t)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	error = link_from(r, r->words[3], &inode, &mount);
	if (error == 0)
		error = request_path(r, r->words[2], 1, &to);
	if (error != 0)
		return error;
	request_view(r, &view);
	second_view(r, r->words[4], &view, &to_view);
	inode_hold(inode);
	error = name_link_inode(&file.fs, &to_view, inode, mount, to);
	inode_put(&file.fs, inode);
	window_anchor_set(r->window, NULL, NULL);
	return error == -EREMOTE ? -EXDEV : error;
}

// Let the second name of the next call with two names start here.
int64_t name_op_anchor(struct request *r)
{
	struct view view;
	int error = request_window(r, r->words[0]);

	if (error != 0)
		return error;
	request_view(r, &view);
	window_anchor_set(r->window, view.start, view.start_mount);
	return 0;
}

int64_t name_op_symlink(struct request *r)
{
	struct view view;
	const char *path, *target;
	int error = begin(r, 2, &view, &path);

	if (error == 0 && r->words[2] == NO_OFFSET)
		error = -EEXIST;
	if (error == 0)
		error = request_path(r, r->words[1], 1, &target);
	return error ? error : name_symlink_make(&file.fs, &view, target, path);
}

static int access_check(struct request *r)
{
	struct inode *inode;
	struct mount *mount;
	struct cred cred;
	int error;

	if (r->words[2] & ~7ull)
		return -EINVAL;
	error = get_at(r, r->words[3], &inode, &mount);
	if (error == 0 && (r->words[2] & MAY_WRITE))
		error = mount_may_write(mount, inode);
	if (error == 0 && (r->words[2] & MAY_EXEC) && S_ISREG(inode->mode) &&
	    (mount->flags & MOUNT_NOEXEC))
		error = -EACCES;
	if (error != 0)
		return error;
	// R_OK, W_OK and X_OK are the bits of a mode.
	cred = r->context->cred;
	if (!(r->words[3] & AT_EACCESS) && r->words[4] != NO_OFFSET) {
		cred.uid = (uint32_t)r->words[4];
		cred.gid = (uint32_t)(r->words[4] >> 32);
	}
	return inode_allows(inode, &cred, (uint32_t)r->words[2]);
}

int64_t name_op_access(struct request *r)
{
	int result = access_check(r);

	// Asked for others than the effective user, it is not kept.
	if (request_word(r, 5, 0) && r->words[4] == NO_OFFSET)
		answer_access(r, r->words[5], ANSWER_ACCESS | r->words[2] << 8 | r->words[3] << 16, result);
	return result;
}

// What wants an open file gets no place in the tree.
static int open_check(const struct request *r)
{
	return r->description && !(r->description->flags & O_PATH) ? 0 : -EBADF;
}

int64_t name_op_chmod(struct request *r)
{
	struct inode *inode;
	int error = (r->words[3] & OPEN_ONLY) ? open_check(r) : 0;

	if (error == 0)
		error = get_to_change(r, 0, &inode);
	return error ? error : inode_chmod(&file.fs, inode, &r->context->cred,
					   (uint32_t)r->words[2]);
}

int64_t name_op_chown(struct request *r)
{
	struct inode *inode;
	int error = (r->words[4] & OPEN_ONLY) ? open_check(r) : 0;

	if (error == 0)
		error = get_to_change(r, r->words[4], &inode);
	return error ? error : inode_chown(&file.fs, inode, &r->context->cred, r->words[2],
					   r->words[3]);
}

int64_t name_op_utimens(struct request *r)
{
	struct timespec times[2];
	struct inode *inode = NULL;
	int error = request_window(r, r->words[0]);

	if (error == 0 && r->words[1] == NO_OFFSET) {
		if (!r->description)
			return -EINVAL;
		if ((r->words[3] & OPEN_ONLY) && (r->description->flags & O_PATH))
			return -EBADF;
		error = get_to_change(r, 0, &inode);
	} else if (error == 0) {
		error = get_to_change(r, r->words[3], &inode);
	}
	if (error != 0)
		return error;
	if (r->words[2] == NO_OFFSET)
		return inode_utimens(&file.fs, inode, &r->context->cred, NULL);
	if (r->words[2] > WINDOW_BYTES - sizeof times)
		return -EFAULT;
	memcpy(times, r->window->bytes + r->words[2], sizeof times);
	return inode_utimens(&file.fs, inode, &r->context->cred, times);
}

int64_t name_op_mknod(struct request *r)
{
	uint32_t mode = (uint32_t)r->words[2];
	struct view view;
	const char *path;
	int error = begin(r, 1, &view, &path);

	if (error == 0 && r->words[1] == NO_OFFSET)
		error = -EEXIST;
	if (error != 0)
		return error;
	if ((mode & S_IFMT) == 0)
		mode |= S_IFREG;
	if (S_ISDIR(mode))
		return -EPERM;
	if (!S_ISREG(mode) && !S_ISFIFO(mode) && !S_ISCHR(mode) && !S_ISBLK(mode) && !S_ISSOCK(mode))
		return -EINVAL;
	return name_make(&file.fs, &view, path, mode, r->words[3]);
}

// What has no room of its own: made-up files, and what has no name anywhere.
static void statfs_special(const struct description *d, const struct super *super, struct statfs *out)
{
	bool is_pipe = d && d->pipe && d->inode->nlink == 0, is_unnamed = d && (d->source || d->is_signal) && !d->pipe;

	if (strcmp(super->type, "proc") == 0)
		out->f_type = PROC_NUMBER;
	else if (is_pipe || is_unnamed)
		out->f_type = is_pipe ? PIPE_NUMBER : UNNAMED_NUMBER;
	else
		return;
	out->f_blocks = out->f_bfree = out->f_files = out->f_ffree = 0;
	if (is_pipe || is_unnamed)
		out->f_flags = ST_VALID;
}

int64_t name_op_statfs(struct request *r)
{
	const struct store *store = &file.fs.store;
	const struct super *super;
	struct inode *inode;
	struct mount *mount;
	struct statfs out = {
		.f_type = TMPFS_NUMBER,
		.f_bsize = PAGE,
		.f_frsize = PAGE,
		.f_namelen = NAME_LIMIT,
	};
	int error = get_at(r, r->description ? AT_EMPTY_PATH : 0, &inode, &mount);

	if (error != 0)
		return error;
	// A file that is open for writing may have room behind its end.
	desk_close_all();
	super = inode->super;
	out.f_fsid.__val[0] = (int)super->device;
	out.f_flags = ST_VALID | (mount->flags & STATFS_FLAGS);
	out.f_blocks = store->total;
	out.f_bfree = store->free > store->reserve ? store->free - store->reserve : 0;
	out.f_files = file.fs.inode_count + store->free;
	out.f_ffree = store->free;
	if (super->page_limit) {
		out.f_blocks = super->page_limit;
		out.f_bfree = min_u64(out.f_bfree, super->page_limit - super->pages);
	}
	if (super->inode_limit) {
		out.f_files = super->inode_limit;
		out.f_ffree = super->inode_limit - super->inodes;
	}
	out.f_flags |= mount->flags & NO_ATIME ? NO_ATIME : SHOW_RELATIME;
	statfs_special(r->description, super, &out);
	out.f_bavail = out.f_bfree;
	memcpy(r->window->bytes, &out, sizeof out);
	return 0;
}
int64_t name_op_pipe(struct request *r)
{
	struct description *ends[2];
	int error = request_window(r, r->words[0]);

	if (error == 0 && (r->words[1] & ~(uint64_t)(O_NONBLOCK | O_CLOEXEC)))
		error = -EINVAL;
	if (error == 0)
		error = pipe_make_ends((uint32_t)r->words[1], &r->context->cred, ends);
	if (error != 0)
		return error;
	r->cap[0] = grant_hand(&ends[0]->grant);
	r->cap[1] = grant_hand(&ends[1]->grant);
	r->caps = 2;
	return 0;
}

int64_t name_op_bind(struct request *r)
{
	struct inode *inode;
	struct view view;
	const char *path;
	int error = begin(r, 1, &view, &path);
	int64_t result;

	if (error == 0)
		error = name_make(&file.fs, &view, path, S_IFSOCK | (r->words[2] & 07777), 0);
	if (error == 0)
		error = name_get(&file.fs, &view, path, 0, &inode);
	if (error != 0)
		return error == -EEXIST ? -EADDRINUSE : error;
	result = socket_set(inode, msg_get_cap(r->m, 0));
	if (result != 0)
		(void)name_remove(&file.fs, &view, path, false);
	return result;
}

int64_t name_op_socket(struct request *r)
{
	struct inode *inode;
	int error = get(r, 0, &inode);

	if (error == 0)
		error = inode_allows(inode, &r->context->cred, MAY_WRITE);
	if (error != 0)
		return error;
	r->cap[0] = S_ISSOCK(inode->mode) ? socket_get(inode) : 0;
	if (r->cap[0] == 0)
		return -ECONNREFUSED;
	r->caps = 1;
	return 0;
}

int64_t name_op_truncate(struct request *r)
{
	struct inode *inode;
	struct mount *mount;
	int error = get_at(r, 0, &inode, &mount);

	if (error != 0)
		return error;
	if (is_dir(inode))
		return -EISDIR;
	if (!S_ISREG(inode->mode) || r->words[2] > INT64_MAX)
		return -EINVAL;
	if (inode->remote)
		return -EPERM;
	error = mount_may_change(mount);
	if (error != 0)
		return error;
	error = inode_allows(inode, &r->context->cred, MAY_WRITE);
	if (error == 0 && r->words[2] > inode->size && r->words[2] > request_word(r, 3, UINT64_MAX))
		error = -EFBIG;
	if (error == 0 && inode->runs > 0)
		desk_close(inode);
	if (error == 0 && inode->runs > 0)
		error = -ETXTBSY;
	return error ? error : name_resize(&file.fs, inode, &r->context->cred, r->words[2]);
}
