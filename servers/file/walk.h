// Finding what a path names.
#ifndef FILE_WALK_H
#define FILE_WALK_H

#include "servers/file/dir.h"

#define WALK_FOLLOW 1u  // a symbolic link as last name is followed
#define WALK_NAME 2u    // the last name itself, whatever slashes follow it (walk.slash)
#define WALK_SEEN 16u
#define WALK_BUFFER (3 * PATH_LIMIT)

enum walk_last { LAST_NAME, LAST_DOT, LAST_DOTDOT, LAST_ROOT };

// Where a walk arrived. The name lies in the text.
struct walk {
	struct inode *dir;    // the directory that the last name is in
	struct inode *inode;  // what it names; null: there is no such name
	struct mount *mount;  // that of `dir`
	struct mount *at;     // that of `inode`
	enum walk_last last;
	const char *name;
	size_t length;
	struct inode *seen[WALK_SEEN];  // directories and links on the way
	uint32_t seen_count;            // more than WALK_SEEN: not all of them
	bool slash;           // slashes follow it: it has to be a directory
	char text[WALK_BUFFER];
};

// Who asks, and from where.
struct view {
	struct cred cred;
	struct inode *root;
	struct inode *start;
	struct mount *root_mount, *start_mount;
};

// Walk `path` (NUL-terminated, shorter than PATH_LIMIT) from the view's start, or from its root when
// it is absolute. 0 also when the last name is not there; -ENOENT for all before it, -ENOTDIR,
// -EACCES, -ELOOP, -ENAMETOOLONG, -EIO, -ENOMEM; -EREMOTE for what another server makes up: then
// `name` is its path there. Nothing is held.
int walk_path(struct fs *fs, const struct view *view, const char *path, unsigned flags,
	      struct walk *walk);

#endif
