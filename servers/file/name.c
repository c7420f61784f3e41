#include "servers/file/name.h"

#include "servers/file/data.h"
#include "servers/file/heap.h"
#include "servers/file/mount.h"
#include "servers/file/super.h"

static struct walk walk;  // one request at a time

int name_get(struct fs *fs, const struct view *view, const char *path, unsigned walk_flags,
	     struct inode **out)
{
	int error = walk_path(fs, view, path, walk_flags, &walk);

	*out = walk.inode;
	if (error == 0 && !walk.inode)
		return -ENOENT;
	return error;
}

struct mount *name_found_mount(void) { return walk.at; }
const struct walk *name_walk(void) { return &walk; }
const char *name_remote(void) { return walk.name; }

int name_may_add(const struct inode *dir, const struct cred *cred)
{
	if (dir->nlink == 0)
		return -ENOENT;
	return inode_allows(dir, cred, MAY_WRITE | MAY_EXEC);
}

int name_may_remove(const struct inode *dir, const struct inode *inode, const struct cred *cred)
{
	int error = inode_allows(dir, cred, MAY_WRITE | MAY_EXEC);

	if (error != 0)
		return error;
	if ((dir->mode & S_ISVTX) && cred->uid != 0 && cred->uid != inode->uid &&
	    cred->uid != dir->uid)
		return -EPERM;
	return 0;
}

// Set-group-id goes down.
struct inode *name_inode_make(struct fs *fs, const struct inode *dir, const struct cred *cred,
			      uint32_t mode)
{
	bool inherits = dir->mode & S_ISGID;
	uint32_t gid = inherits ? dir->gid : cred->gid;

	if (inherits && S_ISDIR(mode))
		mode |= S_ISGID;
	// A program that is to run as a group has to be made by one of it.
	else if (inherits && (mode & S_ISGID) && (mode & S_IXGRP) && cred->uid != 0 &&
		 !cred_has_group(cred, gid))
		mode &= ~(uint32_t)S_ISGID;
	if (dir->super->inode_limit && dir->super->inodes >= dir->super->inode_limit)
		return NULL;

	struct inode *inode = inode_make(fs, mode, cred->uid, gid);

	if (inode)
		inode_super_set(inode, dir->super);
	return inode;
}

// Put a new inode under the name that the walk found missing; the reference is given up. On an
// error the inode goes.
static int name_add(struct fs *fs, struct inode *inode)
{
	struct inode *dir = walk.dir;
	struct entry *entry;
	int error = dir_prepare(fs, dir, walk.name, walk.length, HEAP_NORMAL, &entry);

	if (error == 0) {
		inode->nlink = is_dir(inode) ? 2 : 1;
		dir_set(fs, entry, inode);
		if (is_dir(inode))
			dir->nlink++;
		inode_written(fs, dir);
	}
	inode_put(fs, inode);
	return error;
}

// Walk to a name that is to be made.
static int walk_new(struct fs *fs, const struct view *view, const char *path, bool directory)
{
	int error = walk_path(fs, view, path, WALK_NAME, &walk);

	if (error != 0)
		return error;
	if (walk.inode)
		return -EEXIST;
	if (walk.slash && !directory)
		return -ENOENT;
	error = mount_may_change(walk.mount);
	return error ? error : name_may_add(walk.dir, &view->cred);
}

int name_make(struct fs *fs, const struct view *view, const char *path, uint32_t mode,
	      uint64_t device)
{
	bool is_node = S_ISCHR(mode) || S_ISBLK(mode);
	int error = walk_new(fs, view, path, S_ISDIR(mode));

	if (error != 0)
		return error;
	// Everybody may make a whiteout, the character device 0, 0.
	if (is_node && view->cred.uid != 0 && !(S_ISCHR(mode) && device == 0))
		return -EPERM;
	if (S_ISDIR(mode) && walk.dir->nlink >= NLINK_LIMIT)
		return -EMLINK;

	uint32_t bits = mode & (S_ISDIR(mode) ? 01777u : 07777u) & ~view->cred.umask;
	struct inode *inode = name_inode_make(fs, walk.dir, &view->cred, (mode & S_IFMT) | bits);

	if (!inode)
		return -ENOSPC;
	if (is_node)
		inode->device = device;
	return name_add(fs, inode);
}

int name_symlink_make(struct fs *fs, const struct view *view, const char *target,
		      const char *path)
{
	size_t length = strlen(target);
	int error;

	if (length == 0)
		return -ENOENT;
	if (length >= PATH_LIMIT)
		return -ENAMETOOLONG;
	error = walk_new(fs, view, path, false);
	if (error != 0)
		return error;

	struct inode *inode = name_inode_make(fs, walk.dir, &view->cred, S_IFLNK | 0777);

	if (!inode)
		return -ENOSPC;
	inode->size = length;
	inode->target = heap_get(length + 1, HEAP_NORMAL);
	if (!inode->target) {
		inode_put(fs, inode);
		return -ENOSPC;
	}
	memcpy(inode->target, target, length);
	return name_add(fs, inode);
}

static int open_new(struct fs *fs, const struct view *view, uint32_t flags, uint32_t mode,
		    struct inode **out)
{
	int error;

	if (!(flags & O_CREAT))
		return -ENOENT;
	if (walk.slash)
		return -EISDIR;
	error = mount_may_change(walk.mount);
	if (error == 0)
		error = name_may_add(walk.dir, &view->cred);
	if (error != 0)
		return error;

	uint32_t bits = mode & 07777 & ~view->cred.umask;
	struct inode *inode = name_inode_make(fs, walk.dir, &view->cred, S_IFREG | bits);

	if (!inode)
		return -ENOSPC;
	inode_hold(inode);
	error = name_add(fs, inode);
	if (error != 0) {
		inode_put(fs, inode);
		return error;
	}
	walk.at = walk.mount;
	*out = inode;
	return 0;
}

// O_TMPFILE: a file without a name, in the directory.
static int open_nameless(struct fs *fs, const struct view *view, const char *path, uint32_t flags,
			 uint32_t mode, struct inode **out)
{
	int error;

	if (!(flags & O_DIRECTORY) || !((flags & O_ACCMODE) == O_WRONLY || (flags & O_ACCMODE) == O_RDWR) ||
	    (flags & O_CREAT))
		return -EINVAL;
	error = walk_path(fs, view, path, flags & O_NOFOLLOW ? 0 : WALK_FOLLOW, &walk);
	if (error == 0 && !walk.inode)
		error = -ENOENT;
	if (error == 0 && !is_dir(walk.inode))
		error = -ENOTDIR;
	if (error == 0 && walk.inode->remote)
		error = -EOPNOTSUPP;
	if (error == 0)
		error = mount_may_change(walk.at);
	if (error == 0)
		error = name_may_add(walk.inode, &view->cred);
	if (error != 0)
		return error;
	*out = name_inode_make(fs, walk.inode, &view->cred, S_IFREG | (mode & 07777 & ~view->cred.umask));
	if (*out)
		(*out)->linkable = !(flags & O_EXCL);
	return *out ? 0 : -ENOSPC;
}

static uint32_t access_wanted(uint32_t flags)
{
	static const uint8_t wanted[4] = {MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE,
					  MAY_READ | MAY_WRITE};

	return wanted[flags & O_ACCMODE] | (flags & O_TRUNC ? MAY_WRITE : 0);
}

static int open_check(const struct inode *inode, const struct view *view, uint32_t flags)
{
	int error = 0;

	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if ((flags & O_DIRECTORY) && !is_dir(inode))
		return -ENOTDIR;
	if (flags & O_PATH)
		return 0;
	if (S_ISLNK(inode->mode))
		return -ELOOP;
	if (flags & O_EXECUTE) {
		if (!S_ISREG(inode->mode) || (walk.at->flags & MOUNT_NOEXEC))
			return -EACCES;
		return inode_allows(inode, &view->cred, MAY_EXEC);
	}
	if (inode->remote && (access_wanted(flags) & MAY_WRITE))
		return -EACCES;
	if (is_dir(inode) && ((flags & O_CREAT) || (access_wanted(flags) & MAY_WRITE)))
		return -EISDIR;
	if (S_ISSOCK(inode->mode))
		return -ENXIO;
	if ((S_ISCHR(inode->mode) || S_ISBLK(inode->mode)) && (walk.at->flags & MOUNT_NODEV))
		return -EACCES;
	if ((flags & O_NOATIME) && !inode_is_owned(inode, &view->cred))
		return -EPERM;
	if (access_wanted(flags) & MAY_WRITE)
		error = mount_may_write(walk.at, inode);
	return error ? error : inode_allows(inode, &view->cred, access_wanted(flags));
}

// Nobody runs what may be written, nor the other way round.
static int text_check(struct fs *fs, struct inode *inode, uint32_t flags)
{
	bool runs = flags & O_EXECUTE;
	const uint32_t *against = runs ? &inode->writers : &inode->runs;

	if (!S_ISREG(inode->mode) || flags & O_PATH || !(runs || access_wanted(flags) & MAY_WRITE) || *against == 0)
		return 0;
	if (fs->close_late)
		fs->close_late(inode);
	return *against > 0 ? -ETXTBSY : 0;
}

static int open_there(struct fs *fs, const struct view *view, uint32_t flags, struct inode **out)
{
	int error = open_check(walk.inode, view, flags);

	if (error == 0)
		error = text_check(fs, walk.inode, flags);
	// The root of what another server makes up: its list has to be had there.
	if (error == 0 && walk.inode->remote && is_dir(walk.inode) && !walk.inode->remote->listing &&
	    !(flags & O_PATH)) {
		walk.name = walk.inode->remote->path;
		return -EREMOTE;
	}
	if (error == 0 && (flags & O_TRUNC) && !(flags & O_PATH) && S_ISREG(walk.inode->mode))
		error = name_resize(fs, walk.inode, &view->cred, 0);
	if (error == 0) {
		*out = walk.inode;
		inode_hold(*out);
	}
	return error;
}

int name_open_start(struct fs *fs, const struct view *view, uint32_t flags, struct inode **out)
{
	walk.inode = view->start;
	walk.at = view->start_mount;
	return open_there(fs, view, flags & ~(uint32_t)(O_CREAT | O_EXCL), out);
}

int name_open_inode(struct fs *fs, const struct view *view, const char *path, uint32_t flags,
		    uint32_t mode, struct inode **out)
{
	bool only = (flags & O_CREAT) && (flags & O_EXCL);
	unsigned follow = (flags & O_NOFOLLOW) || only ? 0 : WALK_FOLLOW;
	int error;

	if (flags & O_TMPFILE_BIT)
		return open_nameless(fs, view, path, flags, mode, out);
	if ((flags & O_CREAT) && (flags & O_DIRECTORY))
		return -EINVAL;
	error = walk_path(fs, view, path, follow, &walk);
	if (error != 0)
		return error;
	return walk.inode ? open_there(fs, view, flags, out) :
			    open_new(fs, view, flags, mode, out);
}

int name_link_inode(struct fs *fs, const struct view *view, struct inode *inode,
		    const struct mount *mount, const char *to)
{
	struct entry *entry;
	int error = walk_new(fs, view, to, false);

	if (error != 0)
		return error;
	if (walk.mount != mount)
		return -EXDEV;
	if (is_dir(inode))
		return -EPERM;
	if (inode->nlink == 0 && !inode->linkable)
		return -ENOENT;
	if (inode->nlink >= NLINK_LIMIT)
		return -EMLINK;
	error = dir_prepare(fs, walk.dir, walk.name, walk.length, HEAP_NORMAL, &entry);
	if (error != 0)
		return error;
	inode->nlink++;
	inode->linkable = false;
	inode_changed(fs, inode);
	dir_set(fs, entry, inode);
	inode_written(fs, walk.dir);
	return 0;
}

static int remove_check(const struct view *view, bool directory)
{
	const struct inode *inode = walk.inode;
	int error;

	if (walk.last != LAST_NAME) {
		if (!directory)
			return -EISDIR;
		return walk.last == LAST_DOT	? -EINVAL :
		       walk.last == LAST_DOTDOT ? -ENOTEMPTY : -EBUSY;
	}
	error = mount_may_change(walk.mount);
	if (error != 0)
		return error;
	if (!inode)
		return -ENOENT;
	if (walk.slash && !directory)
		return is_dir(inode) ? -EISDIR : -ENOTDIR;
	error = name_may_remove(walk.dir, inode, &view->cred);
	if (error != 0)
		return error;
	if (directory != is_dir(inode))
		return directory ? -ENOTDIR : -EISDIR;
	if (mount_is_place(walk.at, inode))
		return -EBUSY;
	return directory && inode->dir.live > 0 ? -ENOTEMPTY : 0;
}

int name_remove(struct fs *fs, const struct view *view, const char *path, bool directory)
{
	struct entry *entry;
	int error = walk_path(fs, view, path, WALK_NAME, &walk);

	if (error == 0)
		error = remove_check(view, directory);
	if (error == 0)
		error = dir_prepare(fs, walk.dir, walk.name, walk.length, HEAP_RESERVE, &entry);
	if (error != 0)
		return error;
	dir_set(fs, entry, NULL);
	if (directory)
		walk.dir->nlink--;
	inode_written(fs, walk.dir);
	inode_unlink(fs, walk.inode);
	return 0;
}

int name_resize(struct fs *fs, struct inode *inode, const struct cred *cred, uint64_t size)
{
	int error = data_truncate(fs, inode, size);

	if (error != 0)
		return error;
	if (cred->uid != 0)
		inode->mode &= ~(uint32_t)(S_ISUID | (inode->mode & S_IXGRP ? S_ISGID : 0));
	inode_written(fs, inode);
	return 0;
}
