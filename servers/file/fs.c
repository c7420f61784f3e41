#include "servers/file/fs.h"

#include "servers/file/dir.h"
#include "servers/file/heap.h"
#include "servers/file/mount.h"

struct device_node {
	const char *name;
	uint32_t mode;
	uint32_t major, minor;
	const char *target;  // of a symbolic link
};

static const struct device_node device_nodes[] = {
	{"null", S_IFCHR | 0666, 1, 3, NULL},
	{"zero", S_IFCHR | 0666, 1, 5, NULL},
	{"full", S_IFCHR | 0666, 1, 7, NULL},
	{"random", S_IFCHR | 0666, 1, 8, NULL},
	{"urandom", S_IFCHR | 0666, 1, 9, NULL},
	{"tty", S_IFCHR | 0666, 5, 0, NULL},
	{"ptmx", S_IFCHR | 0666, 5, 2, NULL},
	{"console", S_IFCHR | 0600, 5, 1, NULL},
	{"shm", S_IFDIR | S_ISVTX | 0777, 0, 0, NULL},
	{"pts", S_IFDIR | 0755, 0, 0, NULL},
	{"fd", S_IFLNK | 0777, 0, 0, "/proc/self/fd"},
	{"stdin", S_IFLNK | 0777, 0, 0, "/proc/self/fd/0"},
	{"stdout", S_IFLNK | 0777, 0, 0, "/proc/self/fd/1"},
	{"stderr", S_IFLNK | 0777, 0, 0, "/proc/self/fd/2"},
};

static int add(struct fs *fs, struct inode *dir, const struct device_node *node,
	       struct inode **out)
{
	struct inode *inode = inode_make(fs, node->mode, 0, 0);
	struct entry *entry;
	int error;

	if (!inode)
		return -ENOMEM;
	if (node->target) {
		inode->size = strlen(node->target);
		inode->target = heap_get(inode->size + 1, HEAP_NORMAL);
		if (!inode->target) {
			inode_put(fs, inode);
			return -ENOMEM;
		}
		memcpy(inode->target, node->target, inode->size);
	}
	error = dir_prepare(fs, dir, node->name, strlen(node->name), HEAP_NORMAL, &entry);
	if (error == 0) {
		inode->device = S_ISCHR(node->mode) ? makedev(node->major, node->minor) : 0;
		inode->nlink = is_dir(inode) ? 2 : 1;
		dir->nlink += is_dir(inode);
		dir_set(fs, entry, inode);
		*out = inode;
	}
	inode_put(fs, inode);
	return error;
}

// /dev: the image's own, if it has one, with the devices over what is in it.
static int devices_make(struct fs *fs)
{
	static const struct device_node dev_node = {"dev", S_IFDIR | 0755, 0, 0, NULL};
	struct inode *dev, *made;
	int error = dir_find(fs, fs->root, "dev", 3, &dev);

	if (error == -ENOENT)
		error = add(fs, fs->root, &dev_node, &dev);
	if (error == 0 && !is_dir(dev))
		error = -ENOTDIR;
	for (size_t i = 0; error == 0 && i < sizeof device_nodes / sizeof device_nodes[0]; i++) {
		struct inode *there;
		const char *name = device_nodes[i].name;

		error = dir_find(fs, dev, name, strlen(name), &there);
		if (error == -ENOENT)
			error = add(fs, dev, &device_nodes[i], &made);
	}
	return error;
}

// /proc: where it is mounted to start with.
static int proc_make(struct fs *fs)
{
	static const struct device_node node = {"proc", S_IFDIR | 0555, 0, 0, NULL};
	const struct view view = {{.umask = 022}, fs->root, fs->root, fs->mounts, fs->mounts};
	struct inode *proc;
	int error = dir_find(fs, fs->root, "proc", 4, &proc);

	if (error == -ENOENT)
		error = add(fs, fs->root, &node, &proc);
	return error ? error : mount_new(fs, &view, "proc", "proc", "/proc", 0, "");
}

int fs_init(struct fs *fs)
{
	uint32_t root;
	int error = image_find(&fs->image, 0, "root", 4, &root);

	if (error != 0)
		return error;
	fs->next_number = 2 + (uint64_t)fs->image.count;
	fs->image_inodes = heap_get(fs->image.count * sizeof fs->image_inodes[0], HEAP_NORMAL);
	if (!fs->image_inodes)
		return -ENOMEM;
	error = inode_of_image(fs, root, NULL, &fs->root);
	if (error == 0 && !is_dir(fs->root))
		error = -ENOTDIR;
	if (error != 0)
		return error;
	mount_root_make(fs);
	error = devices_make(fs);
	return error ? error : proc_make(fs);
}
