// Inodes: life, permissions, attributes.
#ifndef FILE_INODE_H
#define FILE_INODE_H

#include "servers/file/fs.h"

static inline bool is_dir(const struct inode *inode) { return S_ISDIR(inode->mode); }

// A new inode without a link and with one reference; null: no memory.
struct inode *inode_make(struct fs *fs, uint32_t mode, uint32_t uid, uint32_t gid);

// The inode of an image entry; `parent` is the directory that it was found in.
int inode_of_image(struct fs *fs, uint32_t entry, struct inode *parent, struct inode **out);

// Count it to that file system, which it is new in.
void inode_super_set(struct inode *inode, struct super *super);

void inode_hold(struct inode *inode);
void inode_put(struct fs *fs, struct inode *inode);

// One link less. The inode goes when that was the last and nobody holds it.
void inode_unlink(struct fs *fs, struct inode *inode);

#define MAY_EXEC 1u
#define MAY_WRITE 2u
#define MAY_READ 4u

bool cred_has_group(const struct cred *cred, uint32_t gid);

// 0 or -EACCES.
int inode_allows(const struct inode *inode, const struct cred *cred, uint32_t want);

// Is it the owner, or root?
bool inode_is_owned(const struct inode *inode, const struct cred *cred);

void inode_stat(const struct fs *fs, const struct inode *inode, struct stat *stat);
const char *inode_target(const struct fs *fs, const struct inode *inode);

int inode_chmod(struct fs *fs, struct inode *inode, const struct cred *cred, uint32_t mode);
int inode_chown(struct fs *fs, struct inode *inode, const struct cred *cred, uint64_t uid,
		uint64_t gid);
// times: null for now.
int inode_utimens(struct fs *fs, struct inode *inode, const struct cred *cred,
		  const struct timespec *times);

// What was read, or changed.
void inode_read(struct fs *fs, struct inode *inode);
void inode_note_read(struct inode *inode, int64_t when);
void inode_changed(struct fs *fs, struct inode *inode);  // its attributes
void inode_written(struct fs *fs, struct inode *inode);  // its contents

// What is about to change, or has just changed, for those who were told: the inode's name or who may use
// it; its attributes; a directory gets another name.
static inline void inode_way_changed(const struct fs *fs, struct inode *inode)
{
	if (inode->answered.on_way)
		fs->forget_way(inode);
}

static inline void inode_stat_changed(const struct fs *fs, struct inode *inode)
{
	if (inode->answered.stat)
		fs->forget_stat(inode);
}

static inline void inode_absent_changed(const struct fs *fs, struct inode *dir)
{
	if (dir->answered.absent)
		fs->forget_absent(dir);
}

#endif
