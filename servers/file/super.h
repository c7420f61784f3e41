// File systems behind mounts: tmpfs with its limits, and proc.
#ifndef FILE_SUPER_H
#define FILE_SUPER_H

#include "servers/file/inode.h"

// A file system of that type, with its root, which has one reference and one link of its own. -ENODEV
// for a type that is not there, -EINVAL for options that the type does not have.
int super_make(struct fs *fs, const char *type, const char *options, struct super **out,
	       struct inode **root);
// Change the limits of one that is mounted.
int super_change(struct fs *fs, struct super *super, const char *options);
// Nothing shows it any more: all that is in it goes; the root stays, without a link.
void super_end(struct fs *fs, struct super *super, struct inode *root);

#endif
