// Renaming (name.h): both names are walked and everything is checked before anything changes.
#include "servers/file/mount.h"
#include "servers/file/name.h"

static struct walk from, to;

static int places_check(uint32_t flags)
{
	int error;

	if (from.mount != to.mount)
		return -EXDEV;
	if (from.last != LAST_NAME)
		return -EBUSY;
	if (to.last != LAST_NAME)
		return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	error = mount_may_change(from.mount);
	if (error != 0)
		return error;
	if (!from.inode)
		return -ENOENT;
	if (to.inode && (flags & RENAME_NOREPLACE))
		return -EEXIST;
	if (!to.inode && (flags & RENAME_EXCHANGE))
		return -ENOENT;
	if (!is_dir(from.inode) &&
	    (from.slash || (to.slash && !(flags & RENAME_EXCHANGE))))
		return -ENOTDIR;
	if (is_dir(from.inode) && dir_is_below(to.dir, from.inode))
		return -EINVAL;
	if (to.inode && is_dir(to.inode) && dir_is_below(from.dir, to.inode))
		return flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
	return 0;
}

static int target_check(const struct cred *cred, uint32_t flags)
{
	int error;

	if (!to.inode)
		return name_may_add(to.dir, cred);
	error = name_may_remove(to.dir, to.inode, cred);
	if (error != 0 || (flags & RENAME_EXCHANGE))
		return error;
	if (is_dir(from.inode) && !is_dir(to.inode))
		return -ENOTDIR;
	if (!is_dir(from.inode) && is_dir(to.inode))
		return -EISDIR;
	return is_dir(to.inode) && to.inode->dir.live > 0 ? -ENOTEMPTY : 0;
}

static int busy_check(void)
{
	if (mount_is_place(from.at, from.inode) || (to.inode && mount_is_place(to.at, to.inode)))
		return -EBUSY;
	return 0;
}

// A directory that changes its parent has its ".." written.
static int parents_check(const struct cred *cred, uint32_t flags)
{
	int error = 0;

	if (from.dir == to.dir)
		return 0;
	if (is_dir(from.inode))
		error = inode_allows(from.inode, cred, MAY_WRITE);
	if (error == 0 && is_dir(from.inode) && to.dir->nlink >= NLINK_LIMIT)
		error = -EMLINK;
	if (error == 0 && (flags & RENAME_EXCHANGE) && is_dir(to.inode))
		error = inode_allows(to.inode, cred, MAY_WRITE);
	return error;
}

static void exchange(struct fs *fs, struct entry *source, struct entry *target)
{
	if (is_dir(from.inode)) {
		from.dir->nlink--;
		to.dir->nlink++;
	}
	if (is_dir(to.inode)) {
		to.dir->nlink--;
		from.dir->nlink++;
	}
	dir_set(fs, target, from.inode);
	dir_set(fs, source, to.inode);
	inode_changed(fs, to.inode);
}

// `left` takes the place of what is moved; null: nothing does.
static void move(struct fs *fs, struct entry *source, struct entry *target, struct inode *left)
{
	if (is_dir(from.inode)) {
		from.dir->nlink--;
		to.dir->nlink++;
	}
	dir_set(fs, target, from.inode);
	dir_set(fs, source, left);
	if (to.inode) {
		if (is_dir(to.inode))
			to.dir->nlink--;
		inode_unlink(fs, to.inode);
	}
}

// What hides a name of a lower layer: the device 0, 0.
static struct inode *whiteout_make(struct fs *fs, const struct cred *cred)
{
	struct inode *inode = name_inode_make(fs, from.dir, cred, S_IFCHR);

	if (inode)
		inode->nlink = 1;
	return inode;
}

static int commit(struct fs *fs, const struct cred *cred, uint32_t flags)
{
	struct inode *left = NULL;
	struct entry *source, *target;
	int error = dir_prepare(fs, from.dir, from.name, from.length, HEAP_NORMAL, &source);

	if (error == 0)
		error = dir_prepare(fs, to.dir, to.name, to.length, HEAP_NORMAL, &target);
	if (error != 0)
		return error;
	if (flags & RENAME_WHITEOUT) {
		left = whiteout_make(fs, cred);
		if (!left)
			return -ENOSPC;
	}
	if (flags & RENAME_EXCHANGE)
		exchange(fs, source, target);
	else
		move(fs, source, target, left);
	if (left)
		inode_put(fs, left);
	inode_changed(fs, from.inode);
	inode_written(fs, from.dir);
	inode_written(fs, to.dir);
	return 0;
}

int name_move(struct fs *fs, const struct view *from_view, const char *from_path,
	      const struct view *to_view, const char *to_path, uint32_t flags)
{
	const struct cred *cred = &from_view->cred;
	int error;

	if ((flags & ~(uint32_t)(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)) ||
	    ((flags & RENAME_EXCHANGE) && flags != RENAME_EXCHANGE))
		return -EINVAL;
	error = walk_path(fs, from_view, from_path, WALK_NAME, &from);
	if (error == 0)
		error = walk_path(fs, to_view, to_path, WALK_NAME, &to);
	if (error == 0)
		error = places_check(flags);
	if (error == 0)
		error = name_may_remove(from.dir, from.inode, cred);
	if (error == 0)
		error = target_check(cred, flags);
	if (error == 0)
		error = parents_check(cred, flags);
	if (error == 0)
		error = busy_check();
	if (error != 0)
		return error;
	if (from.inode == to.inode)
		return 0;
	return commit(fs, cred, flags);
}
