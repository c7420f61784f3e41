// Operations on names. Each takes its paths as walk_path does and returns 0 or -errno.
#ifndef FILE_NAME_H
#define FILE_NAME_H

#include "servers/file/walk.h"

// What has that path; nothing is held. -EREMOTE: name_remote tells where.
int name_get(struct fs *fs, const struct view *view, const char *path, unsigned walk_flags,
	     struct inode **out);
// The mount of what the last name_get or name_open_inode found.
struct mount *name_found_mount(void);
// After -EREMOTE: the path at the server that makes it up.
const char *name_remote(void);
// The walk that name_get and name_open_inode ended with.
const struct walk *name_walk(void);

// Open or create, with O_* flags; *out is held by a reference.
int name_open_inode(struct fs *fs, const struct view *view, const char *path, uint32_t flags,
		    uint32_t mode, struct inode **out);
// Open what is known already: the view's start (O_CREAT and O_EXCL have no meaning).
int name_open_start(struct fs *fs, const struct view *view, uint32_t flags, struct inode **out);

// Make a directory, a node (S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK), a symbolic link.
int name_make(struct fs *fs, const struct view *view, const char *path, uint32_t mode,
	      uint64_t device);
int name_symlink_make(struct fs *fs, const struct view *view, const char *target,
		      const char *path);

// Link what is known already, found in that mount, to a name.
int name_link_inode(struct fs *fs, const struct view *view, struct inode *inode,
		    const struct mount *mount, const char *to);
int name_remove(struct fs *fs, const struct view *view, const char *path, bool directory);
// The views differ in where they start only.
int name_move(struct fs *fs, const struct view *from_view, const char *from,
	      const struct view *to_view, const char *to, uint32_t flags);

// May the name `inode` be taken out of `dir`?
int name_may_remove(const struct inode *dir, const struct inode *inode, const struct cred *cred);
// May a name be put into `dir`?
int name_may_add(const struct inode *dir, const struct cred *cred);

// A new inode as the directory has it, without a name; null: no room.
struct inode *name_inode_make(struct fs *fs, const struct inode *dir, const struct cred *cred,
			      uint32_t mode);

// Set the length, with the permission checks of truncate(2) already made.
int name_resize(struct fs *fs, struct inode *inode, const struct cred *cred, uint64_t size);

#endif
