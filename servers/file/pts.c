// /dev/pts: a node for each pseudo-terminal, made and removed by the terminal server.
#include "servers/file/file.h"

#include <stdio.h>

#include "servers/file/dir.h"
#include "servers/file/inode.h"
#include "servers/file/pts.h"

static int folder_find(struct fs *fs, struct inode **pts)
{
	struct inode *dev;
	int error = dir_find(fs, fs->root, "dev", 3, &dev);

	if (error == 0)
		error = is_dir(dev) ? dir_find(fs, dev, "pts", 3, pts) : -ENOTDIR;
	return error ? error : is_dir(*pts) ? 0 : -ENOTDIR;
}

static size_t number_print(char name[16], unsigned number)
{
	return (size_t)snprintf(name, 16, "%u", number);
}

int pts_add(struct fs *fs, unsigned number, const struct pts_node *node)
{
	struct inode *pts, *inode;
	struct entry *entry;
	char name[16];
	size_t length = number_print(name, number);
	int error = folder_find(fs, &pts);

	if (error != 0)
		return error;
	inode = inode_make(fs, S_IFCHR | (node->mode & 0777), node->uid, node->gid);
	if (!inode)
		return -ENOMEM;
	error = dir_prepare(fs, pts, name, length, HEAP_NORMAL, &entry);
	if (error == 0) {
		inode->device = makedev(PTS_MAJOR, number);
		inode->nlink = 1;
		dir_set(fs, entry, inode);
		inode_written(fs, pts);
	}
	inode_put(fs, inode);
	return error;
}

int pts_remove(struct fs *fs, unsigned number)
{
	struct inode *pts, *inode;
	struct entry *entry;
	char name[16];
	size_t length = number_print(name, number);
	int error = folder_find(fs, &pts);

	if (error == 0)
		error = dir_find(fs, pts, name, length, &inode);
	if (error == 0 && !S_ISCHR(inode->mode))
		error = -EEXIST;  // somebody has put another thing in its place
	if (error == 0)
		error = dir_prepare(fs, pts, name, length, HEAP_RESERVE, &entry);
	if (error != 0)
		return error;
	dir_set(fs, entry, NULL);
	inode_written(fs, pts);
	inode_unlink(fs, inode);
	return 0;
}
