#include "servers/file/mount.h"
#include "servers/file/walk.h"

struct walker {
	struct fs *fs;
	const struct view *view;
	struct walk *walk;
	char *rest;  // what is still to be walked, in walk->text
	int links;
};

static void seen_add(struct walk *walk, struct inode *inode)
{
	if (walk->seen_count < WALK_SEEN)
		walk->seen[walk->seen_count] = inode;
	walk->seen_count++;
}

// Go on with a link's target, and then the rest.
static int link_follow(struct walker *w, const struct inode *link)
{
	size_t length = strlen(w->rest), size = link->size;
	char *text = w->walk->text;

	if (++w->links > LINK_LIMIT)
		return -ELOOP;
	if (size + length + 2 > WALK_BUFFER)
		return -ENAMETOOLONG;
	memmove(text + size + (length > 0), w->rest, length + 1);
	memcpy(text, inode_target(w->fs, link), size);
	if (length > 0)
		text[size] = '/';
	if (memchr(text, 0, size))
		return -EIO;
	w->rest = text;
	if (text[0] == '/') {
		w->walk->dir = w->view->root;
		w->walk->mount = w->view->root_mount;
	}
	return 0;
}

// Cut the next name off the rest. Slashes behind it are left out, but noted.
static int name_next(struct walker *w)
{
	struct walk *walk = w->walk;
	char *p = w->rest;

	while (*p == '/')
		p++;
	walk->name = p;
	while (*p && *p != '/')
		p++;
	walk->length = (size_t)(p - walk->name);
	walk->slash = *p == '/';
	while (*p == '/')
		p++;
	w->rest = p;
	walk->last = LAST_NAME;
	if (walk->length == 0)
		walk->last = LAST_ROOT;
	else if (walk->length == 1 && walk->name[0] == '.')
		walk->last = LAST_DOT;
	else if (walk->length == 2 && walk->name[0] == '.' && walk->name[1] == '.')
		walk->last = LAST_DOTDOT;
	return walk->length > NAME_LIMIT ? -ENAMETOOLONG : 0;
}

static int name_find(struct walker *w)
{
	struct walk *walk = w->walk;
	int error;

	walk->inode = walk->dir;
	walk->at = walk->mount;
	if (walk->last == LAST_DOTDOT)
		mount_up(w->fs, w->view, &walk->at, &walk->inode);
	if (walk->last != LAST_NAME)
		return 0;
	walk->inode = NULL;
	if (walk->dir->nlink == 0)
		return 0;
	error = dir_find(w->fs, walk->dir, walk->name, walk->length, &walk->inode);
	if (error == 0 && walk->inode->covered)
		mount_down(w->fs, &walk->at, &walk->inode);
	return error == -ENOENT ? 0 : error;
}

// Up from the root of what another server makes up is a matter of this one.
static bool is_remote(const struct walker *w)
{
	const struct remote *remote = w->walk->dir->remote;
	const char *p = w->rest;

	while (*p == '/')
		p++;
	return remote->path_length > 0 || strncmp(p, "..", 2) != 0 || (p[2] != '/' && p[2] != 0);
}

// Leave the path from the remote's root as the walk's name.
static int remote_leave(struct walker *w)
{
	const struct remote *remote = w->walk->dir->remote;
	size_t rest = strlen(w->rest), prefix = remote->path_length;
	char *text = w->walk->text;

	if (prefix + rest + 2 > PATH_LIMIT)
		return -ENAMETOOLONG;
	memmove(text + prefix + (prefix > 0), w->rest, rest + 1);
	memcpy(text, remote->path, prefix);
	if (prefix > 0)
		text[prefix] = '/';
	w->walk->name = text;
	w->walk->length = prefix + (prefix > 0) + rest;
	w->walk->inode = NULL;
	return -EREMOTE;
}

// One name. 1: go on; 0: that was the last; or an error.
static int step(struct walker *w, unsigned flags)
{
	struct walk *walk = w->walk;
	int error;

	seen_add(walk, walk->dir);
	if (!is_dir(walk->dir))
		return -ENOTDIR;
	error = inode_allows(walk->dir, &w->view->cred, MAY_EXEC);
	if (error == 0 && walk->dir->remote && is_remote(w))
		return remote_leave(w);
	if (error == 0)
		error = name_next(w);
	if (error != 0)
		return error;

	bool is_last = *w->rest == 0;

	error = name_find(w);
	if (error != 0)
		return error;
	if (!walk->inode)
		return is_last ? 0 : -ENOENT;
	if (S_ISLNK(walk->inode->mode) &&
	    (!is_last || (flags & WALK_FOLLOW) || (walk->slash && !(flags & WALK_NAME)))) {
		// The slash that was cut off has to be looked at again.
		if (walk->slash)
			w->rest = strchr(walk->name, '/');
		seen_add(walk, walk->inode);
		error = link_follow(w, walk->inode);
		return error ? error : 1;
	}
	if (is_last)
		return walk->slash && !(flags & WALK_NAME) && !is_dir(walk->inode) ? -ENOTDIR : 0;
	walk->dir = walk->inode;
	walk->mount = walk->at;
	return 1;
}

int walk_path(struct fs *fs, const struct view *view, const char *path, unsigned flags,
	      struct walk *walk)
{
	struct walker w = {fs, view, walk, walk->text, 0};
	size_t length = strlen(path);
	int more = 1;

	walk->inode = NULL;
	walk->seen_count = 0;
	if (length == 0)
		return -ENOENT;
	if (length >= PATH_LIMIT)
		return -ENAMETOOLONG;
	memmove(walk->text, path, length + 1);
	walk->dir = path[0] == '/' ? view->root : view->start;
	walk->mount = path[0] == '/' ? view->root_mount : view->start_mount;
	while (more == 1)
		more = step(&w, flags);
	return more;
}
