#include "servers/file/mount.h"

#include "servers/file/heap.h"
#include "servers/file/super.h"

#define DETACH 2u     // MNT_DETACH
#define UMOUNT_KNOWN 11u  // MNT_FORCE, MNT_DETACH, UMOUNT_NOFOLLOW
#define NOFOLLOW 8u
#define KEPT 0x0120ddfu  // RDONLY to SYNCHRONOUS, DIRSYNC, NOSYMFOLLOW, NOATIME, NODIRATIME

static struct walk walk;  // one request at a time

static struct mount *on(struct fs *fs, const struct mount *mount, const struct inode *inode)
{
	for (unsigned i = 0; i < MOUNTS_MAX; i++) {
		struct mount *m = &fs->mounts[i];

		if (m->super && m->parent == mount && m->point == inode && !m->detached)
			return m;
	}
	return NULL;
}

void mount_down(struct fs *fs, struct mount **mount, struct inode **inode)
{
	while ((*inode)->covered) {
		struct mount *m = on(fs, *mount, *inode);

		if (!m)
			return;
		*mount = m;
		*inode = m->root;
	}
}

void mount_up(struct fs *fs, const struct view *view, struct mount **mount, struct inode **inode)
{
	for (;;) {
		if (*inode == view->root && *mount == view->root_mount)
			break;
		if (*inode != (*mount)->root) {
			*inode = (*inode)->dir.parent;
			break;
		}
		if (!(*mount)->parent)
			break;
		*inode = (*mount)->point;
		*mount = (*mount)->parent;
	}
	mount_down(fs, mount, inode);
}

bool mount_is_place(const struct mount *mount, const struct inode *inode)
{
	return inode->covered > 0 || inode == mount->root;
}

int mount_may_change(const struct mount *mount)
{
	return mount->flags & MOUNT_READ_ONLY ? -EROFS : 0;
}

int mount_may_write(const struct mount *mount, const struct inode *inode)
{
	if (S_ISREG(inode->mode) || S_ISDIR(inode->mode) || S_ISLNK(inode->mode))
		return mount_may_change(mount);
	return 0;
}

void mount_hold(struct mount *mount) { mount->users++; }

static void mount_free(struct fs *fs, struct mount *mount)
{
	struct super *super = mount->super;
	struct inode *root = mount->root;

	*mount = (struct mount){0};
	if (--super->mounts == 0)
		super_end(fs, super, root);
	inode_put(fs, root);
	if (super->mounts == 0)
		heap_put(super, sizeof *super);
}

void mount_put(struct fs *fs, struct mount *mount)
{
	if (--mount->users == 0 && mount->detached)
		mount_free(fs, mount);
}

static struct mount *mount_make(struct fs *fs, struct super *super, struct inode *root,
				const char *source)
{
	for (unsigned i = 0; i < MOUNTS_MAX; i++) {
		struct mount *m = &fs->mounts[i];

		if (m->super)
			continue;
		*m = (struct mount){.super = super, .root = root};
		super->mounts++;
		inode_hold(root);
		strncpy(m->source, source, SOURCE_MAX - 1);
		return m;
	}
	return NULL;
}

static void attach(struct mount *mount, struct mount *parent, struct inode *point)
{
	mount->parent = parent;
	mount->point = point;
	point->covered++;
	inode_hold(point);
}

static void detach(struct fs *fs, struct mount *mount)
{
	struct inode *point = mount->point;

	mount->parent = NULL;
	mount->point = NULL;
	point->covered--;
	inode_put(fs, point);
}

void mount_root_make(struct fs *fs)
{
	memset(fs->mounts, 0, sizeof fs->mounts);
	fs->root_super.mounts = 0;
	fs->root_super.type = "tmpfs";
	fs->root_super.device = ++fs->next_device;
	fs->root_super.mode = 0755;
	(void)mount_make(fs, &fs->root_super, fs->root, "tmpfs");
}

// Where something is to be mounted: in the walk.
static int target_find(struct fs *fs, const struct view *view, const char *target, unsigned follow)
{
	int error = walk_path(fs, view, target, follow, &walk);

	return error ? error : walk.inode ? 0 : -ENOENT;
}

int mount_new(struct fs *fs, const struct view *view, const char *type, const char *source,
	      const char *target, uint32_t flags, const char *options)
{
	struct inode *root;
	struct super *super;
	struct mount *mount;
	int error = target_find(fs, view, target, WALK_FOLLOW);

	if (error == 0)
		error = super_make(fs, type, options, &super, &root);
	if (error != 0)
		return error;
	mount = is_dir(walk.inode) ? mount_make(fs, super, root, source) : NULL;
	if (!mount) {
		error = is_dir(walk.inode) ? -ENOSPC : -ENOTDIR;
		root->nlink = 0;
		inode_put(fs, root);
		heap_put(super, sizeof *super);
		return error;
	}
	inode_put(fs, root);
	mount->flags = flags & KEPT;
	attach(mount, walk.at, walk.inode);
	return 0;
}

// Show the mounts in a tree in its other view, too.
static void children_bind(struct fs *fs, const struct mount *from, struct mount *to)
{
	struct mount *copies[MOUNTS_MAX] = {0};
	bool more = true;

	copies[from - fs->mounts] = to;
	while (more) {
		more = false;
		for (unsigned i = 0; i < MOUNTS_MAX; i++) {
			struct mount *m = &fs->mounts[i], *parent, *copy;

			if (!m->super || !m->parent || copies[i] || m == to ||
			    !(parent = copies[m->parent - fs->mounts]) || !is_dir(m->point) ||
			    !dir_is_below(m->point, parent->root))
				continue;
			copy = mount_make(fs, m->super, m->root, m->source);
			if (!copy)
				return;
			copy->flags = m->flags;
			attach(copy, parent, m->point);
			copies[i] = copies[copy - fs->mounts] = copy;
			more = true;
		}
	}
}

int mount_bind(struct fs *fs, const struct view *view, const char *source, const char *target,
	       bool recursive)
{
	int error = target_find(fs, view, source, WALK_FOLLOW);
	struct inode *root = walk.inode;
	struct mount *of = walk.at, *mount;

	if (error == 0)
		error = target_find(fs, view, target, WALK_FOLLOW);
	if (error != 0)
		return error;
	if (is_dir(root) != is_dir(walk.inode))
		return -ENOTDIR;
	mount = mount_make(fs, of->super, root, of->source);
	if (!mount)
		return -ENOSPC;
	mount->flags = of->flags;
	attach(mount, walk.at, walk.inode);
	if (recursive)
		children_bind(fs, of, mount);
	return 0;
}

int mount_move(struct fs *fs, const struct view *view, const char *source, const char *target)
{
	int error = target_find(fs, view, source, WALK_FOLLOW);
	struct mount *mount = walk.at;

	if (error == 0 && (walk.inode != mount->root || !mount->parent))
		error = -EINVAL;
	if (error == 0)
		error = target_find(fs, view, target, WALK_FOLLOW);
	if (error != 0)
		return error;
	for (const struct mount *m = walk.at; m; m = m->parent)
		if (m == mount)
			return -ELOOP;
	if (is_dir(mount->root) != is_dir(walk.inode))
		return -ENOTDIR;
	detach(fs, mount);
	attach(mount, walk.at, walk.inode);
	return 0;
}

int mount_change(struct fs *fs, const struct view *view, const char *target, uint32_t flags,
		 const char *options, bool (*is_busy)(const struct mount *mount))
{
	int error = target_find(fs, view, target, WALK_FOLLOW);
	struct mount *mount = walk.at;

	if (error != 0)
		return error;
	if (walk.inode != mount->root)
		return -EINVAL;
	if ((flags & MOUNT_READ_ONLY) && !(mount->flags & MOUNT_READ_ONLY) && is_busy(mount))
		return -EBUSY;
	if (!(flags & MOUNT_BIND))
		error = super_change(fs, mount->super, options);
	if (error == 0)
		mount->flags = flags & KEPT;
	return error;
}

static bool has_children(const struct fs *fs, const struct mount *mount)
{
	for (unsigned i = 0; i < MOUNTS_MAX; i++)
		if (fs->mounts[i].super && fs->mounts[i].parent == mount)
			return true;
	return false;
}

// Take a mount, and what is mounted in it, out of the tree.
static void detach_all(struct fs *fs, struct mount *mount)
{
	while (has_children(fs, mount)) {
		struct mount *leaf = mount;

		for (unsigned i = 0; i < MOUNTS_MAX; i++)
			if (fs->mounts[i].super && fs->mounts[i].parent == leaf) {
				leaf = &fs->mounts[i];
				i = UINT32_MAX;  // and what is in that
			}
		detach(fs, leaf);
		leaf->detached = true;
		if (leaf->users == 0)
			mount_free(fs, leaf);
	}
	detach(fs, mount);
	mount->detached = true;
	if (mount->users == 0)
		mount_free(fs, mount);
}

int mount_end(struct fs *fs, const struct view *view, const char *target, uint32_t flags)
{
	struct mount *mount;
	int error;

	if (flags & ~UMOUNT_KNOWN)
		return -EINVAL;
	error = target_find(fs, view, target, flags & NOFOLLOW ? 0 : WALK_FOLLOW);
	mount = walk.at;
	if (error != 0)
		return error;
	if (walk.inode != mount->root)
		return -EINVAL;
	if (!mount->parent)
		return mount->detached ? -EINVAL : -EBUSY;
	if (!(flags & DETACH) && (mount->users > 0 || has_children(fs, mount)))
		return -EBUSY;
	detach_all(fs, mount);
	return 0;
}

static bool prepend(char *buffer, size_t *at, const char *text, size_t length)
{
	if (length + 1 > *at)
		return false;
	*at -= length;
	memcpy(buffer + *at, text, length);
	return true;
}

int64_t mount_path(struct fs *fs, const struct view *view, struct mount *mount,
		   struct inode *inode, char *buffer, size_t size)
{
	size_t at = size;

	if (size < 2)
		return -ERANGE;
	buffer[--at] = 0;
	while (inode != view->root || mount != view->root_mount) {
		uint32_t length;
		const char *name;

		if (inode == mount->root) {
			if (!mount->parent)
				break;
			inode = mount->point;
			mount = mount->parent;
			continue;
		}
		name = dir_name(fs, inode, &length);
		if (!name)
			return inode->nlink == 0 ? -ENOENT : -EIO;
		if (!prepend(buffer, &at, name, length) || !prepend(buffer, &at, "/", 1))
			return -ERANGE;
		inode = inode->dir.parent;
	}
	if (at == size - 1 && !prepend(buffer, &at, "/", 1))
		return -ERANGE;
	if ((inode != view->root || mount != view->root_mount) &&
	    !prepend(buffer, &at, "(unreachable)", 13))
		return -ERANGE;
	memmove(buffer, buffer + at, size - at);
	return (int64_t)(size - at);
}
