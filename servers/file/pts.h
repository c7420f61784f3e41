// The nodes of pseudo-terminals.
#ifndef FILE_PTS_H
#define FILE_PTS_H

#include "servers/file/fs.h"

#define PTS_MAJOR 136u

struct pts_node {
	uint32_t mode, uid, gid;
};

// /dev/pts/NUMBER comes and goes: 0, or -errno.
int pts_add(struct fs *fs, unsigned number, const struct pts_node *node);
int pts_remove(struct fs *fs, unsigned number);

#endif
