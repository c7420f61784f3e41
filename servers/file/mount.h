// Mounts: which directory shows which tree, and the file systems behind them.
//
// A place is a pair (mount, inode): the same directory can be shown in several mounts. Invariants:
//  1. A mount that is not detached holds its point, whose `covered` counts the mounts on it.
//  2. A mount lives while it is attached or has users; a file system while a mount shows it. Then all
//     of its inodes go.
#ifndef FILE_MOUNT_H
#define FILE_MOUNT_H

#include "servers/file/walk.h"

// Flags that a mount keeps, as mount(2) has them.
#define MOUNT_READ_ONLY 1u
#define MOUNT_NODEV 4u
#define MOUNT_NOEXEC 8u
#define MOUNT_REMOUNT 0x20u
#define MOUNT_BIND 0x1000u
#define MOUNT_MOVE 0x2000u
#define MOUNT_RECURSIVE 0x4000u

// Go down from a covered directory to what covers it, and up from a directory to its parent, not
// above the view's root.
void mount_down(struct fs *fs, struct mount **mount, struct inode **inode);
void mount_up(struct fs *fs, const struct view *view, struct mount **mount, struct inode **inode);

// Is it the root of its mount, or covered by one? Such a directory is busy.
bool mount_is_place(const struct mount *mount, const struct inode *inode);

// 0, or -EROFS. Devices, FIFOs and sockets can be written to where nothing may change.
int mount_may_change(const struct mount *mount);
int mount_may_write(const struct mount *mount, const struct inode *inode);

void mount_hold(struct mount *mount);
void mount_put(struct fs *fs, struct mount *mount);

// The first mount, over the image.
void mount_root_make(struct fs *fs);

// What mount(2) does, with the privileges already checked: a new tmpfs or proc, another view of a
// tree (bind), other flags.
int mount_new(struct fs *fs, const struct view *view, const char *type, const char *source,
	      const char *target, uint32_t flags, const char *options);
int mount_bind(struct fs *fs, const struct view *view, const char *source, const char *target,
	       bool recursive);
int mount_move(struct fs *fs, const struct view *view, const char *source, const char *target);
// `is_busy`: is a file of the mount open for writing?
int mount_change(struct fs *fs, const struct view *view, const char *target, uint32_t flags,
		 const char *options, bool (*is_busy)(const struct mount *mount));
int mount_end(struct fs *fs, const struct view *view, const char *target, uint32_t flags);

// The absolute name of a place as the view sees it, with its NUL: bytes, or -ENOENT, -ERANGE. A place
// outside the view's root begins with "(unreachable)".
int64_t mount_path(struct fs *fs, const struct view *view, struct mount *mount,
		   struct inode *inode, char *buffer, size_t size);

// The line of /proc/mounts for mount number `i`: bytes; 0: there is none of that number.
int64_t mount_line(struct fs *fs, uint32_t i, char *buffer, size_t size);

#endif
