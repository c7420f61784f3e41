#include "servers/file/super.h"

#include "servers/file/dir.h"
#include "servers/file/heap.h"

#include <stdlib.h>

struct options {
	uint64_t page_limit, inode_limit;
	uint32_t mode, uid, gid;
};

static bool number_read(const char *text, unsigned base, uint64_t limit, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, (int)base);
	return *end == 0 && errno == 0 && *value <= limit;
}

// A number with k, m, g or %, as bytes.
static bool size_read(const struct fs *fs, const char *text, uint64_t *bytes)
{
	static const char units[] = "kmgtpe";
	const char *unit;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*bytes = strtoull(text, &end, 0);
	if (errno != 0)
		return false;
	if (*end == '%') {
		*bytes = (uint64_t)fs->store.total * PAGE / 100 * min_u64(*bytes, 1000);
		end++;
	} else if (*end && (unit = strchr(units, *end | 0x20))) {
		unsigned shift = 10 * (unsigned)(unit - units + 1);

		if (*bytes > UINT64_MAX >> shift)
			return false;
		*bytes <<= shift;
		end++;
	}
	return *end == 0;
}

static bool option_read(const struct fs *fs, const char *name, const char *value,
			struct options *o)
{
	uint64_t n;

	if (strcmp(name, "size") == 0 && size_read(fs, value, &n))
		o->page_limit = n / PAGE + (n % PAGE != 0);
	else if (strcmp(name, "nr_blocks") == 0 && size_read(fs, value, &n))
		o->page_limit = n;
	else if (strcmp(name, "nr_inodes") == 0 && size_read(fs, value, &n))
		o->inode_limit = n;
	else if (strcmp(name, "mode") == 0 && number_read(value, 8, 07777, &n))
		o->mode = (uint32_t)n;
	else if (strcmp(name, "uid") == 0 && number_read(value, 10, UINT32_MAX - 1, &n))
		o->uid = (uint32_t)n;
	else if (strcmp(name, "gid") == 0 && number_read(value, 10, UINT32_MAX - 1, &n))
		o->gid = (uint32_t)n;
	else
		return false;
	return true;
}

static int options_read(const struct fs *fs, const char *text, struct options *o)
{
	char copy[256], *rest = copy, *part;

	if (strlen(text) >= sizeof copy)
		return -EINVAL;
	strcpy(copy, text);
	while ((part = strsep(&rest, ","))) {
		char *value = strchr(part, '=');

		if (*part == 0)
			continue;
		if (!value)
			return -EINVAL;
		*value++ = 0;
		if (!option_read(fs, part, value, o))
			return -EINVAL;
	}
	return 0;
}

static struct inode *root_make(struct fs *fs, struct super *super, const struct options *o)
{
	bool is_proc = strcmp(super->type, "proc") == 0;
	struct inode *root = inode_make(fs, S_IFDIR | o->mode, o->uid, o->gid);

	if (!root)
		return NULL;
	if (is_proc) {
		root->remote = heap_get(sizeof *root->remote + 1, HEAP_NORMAL);
		if (!root->remote) {
			inode_put(fs, root);
			return NULL;
		}
		root->number = 1;
		root->remote->nlink = 2;
	}
	inode_super_set(root, super);
	root->dir.parent = root;
	root->nlink = 2;
	return root;
}

int super_make(struct fs *fs, const char *type, const char *options, struct super **out,
	       struct inode **root)
{
	static const char *const types[] = {"tmpfs", "proc"};
	struct options o = {fs->store.total / 2, fs->store.total / 2, 01777, 0, 0};
	struct super *super;
	unsigned i = 0;
	int error;

	while (i < 2 && strcmp(type, types[i]) != 0)
		i++;
	if (i == 2)
		return -ENODEV;
	if (i == 1) {
		o = (struct options){0, 0, 0555, 0, 0};
		options = "";  // hidepid and others say who sees what: all see all, as without them
	}
	error = options_read(fs, options, &o);
	if (error != 0)
		return error;
	super = heap_get(sizeof *super, HEAP_NORMAL);
	if (!super)
		return -ENOMEM;
	super->type = types[i];
	super->device = ++fs->next_device;
	super->page_limit = o.page_limit;
	super->inode_limit = o.inode_limit;
	super->mode = o.mode;
	*root = root_make(fs, super, &o);
	*out = super;
	if (!*root)
		heap_put(super, sizeof *super);
	return *root ? 0 : -ENOMEM;
}

int super_change(struct fs *fs, struct super *super, const char *options)
{
	struct options o = {super->page_limit, super->inode_limit, 0, 0, 0};
	int error = strcmp(super->type, "tmpfs") == 0 ? options_read(fs, options, &o) : 0;

	if (error != 0)
		return error;
	if ((o.page_limit && super->pages > o.page_limit) ||
	    (o.inode_limit && super->inodes > o.inode_limit))
		return -EINVAL;
	super->page_limit = o.page_limit;
	super->inode_limit = o.inode_limit;
	return 0;
}

// The deepest directory along first entries: it holds no directory, or only empty ones before it.
void super_end(struct fs *fs, struct super *super, struct inode *root)
{
	struct inode *dir = root;

	(void)super;
	root->nlink = 0;
	while (!root->remote) {
		struct entry *entry = dir->dir.first;
		struct inode *inode;

		if (!entry && dir == root)
			return;
		if (!entry) {
			dir = dir->dir.parent;
			continue;
		}
		inode = entry->inode;
		if (is_dir(inode) && inode->dir.first) {
			dir = inode;
			continue;
		}
		dir_set(fs, entry, NULL);
		inode_unlink(fs, inode);
	}
}
