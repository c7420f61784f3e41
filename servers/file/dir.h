// Names in directories: the image's, and the overlay over them.
//
// A change is prepared first, which may fail and changes nothing that is seen, and then set, which
// cannot fail. Link counts of what is named are the caller's business.
#ifndef FILE_DIR_H
#define FILE_DIR_H

#include "servers/file/heap.h"
#include "servers/file/inode.h"

// What has that name: 0, -ENOENT, -EIO or -ENOMEM. Nothing is held.
int dir_find(struct fs *fs, struct inode *dir, const char *name, size_t length, struct inode **out);

// The overlay's entry for a name, or null.
struct entry *dir_overlay(const struct fs *fs, const struct inode *dir, const char *name,
			  size_t length);

// The overlay's entry for a name, made when there is none.
int dir_prepare(struct fs *fs, struct inode *dir, const char *name, size_t length,
		enum heap_class class, struct entry **out);

// Let the name stand for an inode, or null for none: then the entry may be freed. A directory gets
// its new parent; a null takes nothing from what it stood for.
void dir_set(struct fs *fs, struct entry *entry, struct inode *inode);

// Free the entry if it says nothing: after dir_prepare, when dir_set is not called.
void dir_settle(struct fs *fs, struct entry *entry);

// As getdents64, from after cookie *position; 0 at the end, -EINVAL when not even one entry fits.
int64_t dir_list(struct fs *fs, struct inode *dir, uint64_t *position, void *buffer, size_t size);

// The name of a directory in its parent (not of a root); null when it was removed.
const char *dir_name(struct fs *fs, struct inode *dir, uint32_t *length);

// Is `dir` the directory `top`, or somewhere in it?
bool dir_is_below(const struct inode *dir, const struct inode *top);

// Free all entries of a directory that is gone.
void dir_clear(struct fs *fs, struct inode *dir);

#endif
