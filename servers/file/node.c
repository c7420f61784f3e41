// Nodes: what another server makes up, as inodes that live while they are open (fs.h).
//
// The other server knows its names; this one keeps what it answered: a list of names, a text, the target
// of a link. All else (permissions, reading, seeking) is as for every other inode.
#include "servers/file/file.h"

#include "servers/file/cview.h"
#include "servers/file/data.h"
#include "servers/file/heap.h"

#include <stdio.h>

request_method control_op_node, control_op_append, file_op_path;

#define CONTENT 4096u  // where in the window the content lies, behind the path
#define LISTING_MAX 65536u

struct record {  // struct linux_dirent64
	uint64_t number;
	uint64_t cookie;
	uint16_t size;
	uint8_t type;
};

static struct mount *proc_find(void)
{
	for (unsigned i = 0; i < MOUNTS_MAX; i++) {
		struct mount *m = &file.fs.mounts[i];

		if (m->super && m->parent && m->root->remote && m->root->remote->path_length == 0)
			return m;
	}
	return NULL;
}

static struct remote *remote_make(const char *path, uint32_t nlink)
{
	uint32_t length = (uint32_t)strlen(path);
	struct remote *remote = heap_get(sizeof *remote + length + 1, HEAP_NORMAL);

	if (!remote)
		return NULL;
	remote->path_length = length;
	remote->nlink = nlink;
	memcpy(remote->path, path, length);
	return remote;
}

// Add a piece of the content. 0 or -ENOMEM.
static int content_add(struct inode *inode, const uint8_t *bytes, uint32_t length)
{
	struct remote *remote = inode->remote;

	if (S_ISREG(inode->mode))
		return length == 0 || data_write(&file.fs, inode, inode->size, bytes, length) ==
					      (int64_t)length ? 0 : -ENOMEM;
	if (S_ISLNK(inode->mode)) {
		if (inode->target || length == 0 || length >= PATH_LIMIT)
			return -EINVAL;
		inode->target = heap_get(length + 1, HEAP_NORMAL);
		if (!inode->target)
			return -ENOMEM;
		memcpy(inode->target, bytes, length);
		inode->size = length;
		return 0;
	}
	if (remote->listing_size + length > LISTING_MAX)
		return -ENOMEM;

	uint8_t *grown = heap_get(remote->listing_size + length + 1, HEAP_NORMAL);

	if (!grown)
		return -ENOMEM;
	if (remote->listing_size > 0)
		memcpy(grown, remote->listing, remote->listing_size - 1);
	memcpy(grown + (remote->listing_size ? remote->listing_size - 1 : 0), bytes, length);
	heap_put(remote->listing, remote->listing_size);
	remote->listing = grown;
	remote->listing_size = (remote->listing_size ? remote->listing_size - 1 : 0) + length + 1;
	return 0;
}

static int node_make(const uint64_t *words, const char *path, struct mount *proc, struct inode **out)
{
	uint32_t mode = (uint32_t)words[1];
	struct inode *inode;

	if (!S_ISREG(mode) && !S_ISDIR(mode) && !S_ISLNK(mode))
		return -EINVAL;
	inode = inode_make(&file.fs, mode, (uint32_t)words[2], (uint32_t)(words[2] >> 32));
	if (!inode)
		return -ENOMEM;
	inode_super_set(inode, proc->super);
	if (is_dir(inode)) {
		inode->dir.parent = proc->root;
		inode_hold(proc->root);
	}
	inode->number = words[3];
	inode->remote = remote_make(path, (uint32_t)words[4]);
	*out = inode;
	return inode->remote ? 0 : -ENOMEM;
}

// Words: window, mode, uid and gid, number, links, length of the content.
int64_t control_op_node(struct request *r)
{
	struct mount *proc = proc_find();
	struct inode *inode = NULL;
	struct description *d;
	const char *path;
	int error = request_window(r, r->words[0]);

	if (error == 0)
		error = request_path(r, 0, 0, &path);
	if (error == 0 && (!proc || r->words[5] > WINDOW_BYTES - CONTENT))
		error = proc ? -EINVAL : -ENOENT;
	if (error == 0)
		error = node_make(r->words, path, proc, &inode);
	if (error == 0)
		error = content_add(inode, r->window->bytes + CONTENT, (uint32_t)r->words[5]);
	if (error != 0) {
		if (inode)
			inode_put(&file.fs, inode);
		return error;
	}
	d = description_make(inode, O_PATH, &r->context->cred);
	if (!d)
		return -ENFILE;
	description_mount_set(d, proc);
	r->out[1] = badge_make(BADGE_DESCRIPTION, d->index, d->generation);
	r->out_words = 2;
	r->cap[0] = grant_hand(&d->grant);
	r->caps = 1;
	return 0;
}

// Words: window, what control_op_node gave, length.
int64_t control_op_append(struct request *r)
{
	struct description *d = description_find(r->words[1]);
	int error = request_window(r, r->words[0]);

	if (error != 0)
		return error;
	if (!d || !d->inode->remote || r->words[2] > WINDOW_BYTES)
		return -EINVAL;
	return content_add(d->inode, r->window->bytes, (uint32_t)r->words[2]);
}

int64_t node_list(struct description *d, uint8_t *to, uint64_t size)
{
	const struct remote *remote = d->inode->remote;
	uint64_t end = remote->listing_size ? remote->listing_size - 1 : 0, used = 0;

	while (d->offset + sizeof(struct record) <= end) {
		struct record record;

		memcpy(&record, remote->listing + d->offset, sizeof record);
		if (record.size < sizeof record || record.size > end - d->offset)
			return -EIO;
		if (record.size > size - used)
			return used ? (int64_t)used : -EINVAL;
		memcpy(to + used, remote->listing + d->offset, record.size);
		d->offset += record.size;
		record.cookie = d->offset;
		memcpy(to + used, &record, offsetof(struct record, size));
		used += record.size;
	}
	return (int64_t)used;
}

// The name of a file in the image that was not renamed.
static int64_t image_path(const struct inode *inode, char *to, size_t size)
{
	struct fs *fs = &file.fs;
	const struct view view = {.root = fs->root, .root_mount = &fs->mounts[0]};
	uint32_t entry = inode->image, length;
	const char *name = image_name(&fs->image, entry, &length);
	struct inode *dir = name ? fs->image_inodes[fs->image.entries[entry].parent] : NULL;
	int64_t n;

	if (!dir || (dir_overlay(fs, dir, name, length) &&
		     dir_overlay(fs, dir, name, length)->inode != inode))
		return -ENOENT;
	n = mount_path(fs, &view, &fs->mounts[0], dir, to, size - length - 1);
	if (n < 0)
		return n;
	return n - 1 + snprintf(to + n - 1, length + 2, "%s%.*s", n > 2 ? "/" : "", (int)length, name);
}

static struct entry *entry_find(const struct inode *inode)
{
	struct fs *fs = &file.fs;

	for (uint32_t i = 0; i < fs->table_size; i++)
		for (struct entry *e = fs->table[i]; e; e = e->hash_next)
			if (e->inode == inode)
				return e;
	return NULL;
}

// The name of an open file, as readlink of /proc/PID/fd shows it. A file has no pointer to its names:
// they are searched for here, where it is seldom asked, and opening one costs nothing.
static int64_t open_path(const struct description *d, char *to, size_t size)
{
	struct fs *fs = &file.fs;
	const struct view view = {.root = fs->root, .root_mount = &fs->mounts[0]};
	struct inode *inode = d->inode;
	struct mount *mount = d->mount ? d->mount : &fs->mounts[0];
	struct entry *e = NULL;
	int64_t n;

	if ((inode->mode & S_IFMT) == 0)
		return snprintf(to, size, "anon_inode:[%s]", d->set ? "eventpoll" : d->is_signal ? "signalfd" :
				d->event && d->event->is_timer ? "timerfd" : "eventfd");
	if (S_ISFIFO(inode->mode) && inode->nlink == 0)
		return snprintf(to, size, "pipe:[%llu]", (unsigned long long)inode->number);
	if (is_dir(inode) && inode->nlink == 0 && !inode->remote)
		return snprintf(to, size, "/#%llu (deleted)", (unsigned long long)inode->number);
	if (is_dir(inode)) {
		n = mount_path(fs, &view, mount, inode, to, size);
		return n > 0 ? n - 1 : n;
	}
	if (inode->remote) {
		n = mount_path(fs, &view, mount, mount->root, to, size / 2);
		return n < 0 ? n : n - 1 + snprintf(to + n - 1, size / 2, "/%s", inode->remote->path);
	}
	if (inode->image != IMAGE_NONE && (n = image_path(inode, to, size)) > 0)
		return n;
	if (inode->nlink > 0)
		e = entry_find(inode);
	if (!e)
		return snprintf(to, size, "/#%llu (deleted)", (unsigned long long)inode->number);
	n = mount_path(fs, &view, mount, e->dir, to, size - NAME_LIMIT - 1);
	if (n < 0)
		return n;
	return n - 1 + snprintf(to + n - 1, NAME_LIMIT + 2, "%s%.*s", n > 2 ? "/" : "", e->length,
				e->name);
}

int64_t file_op_path(struct request *r)
{
	static char path[WINDOW_BYTES];
	int error = request_window(r, r->words[0]);
	int64_t n;

	if (error != 0)
		return error;
	n = open_path(r->description, path, sizeof path);
	if (n > 0)
		memcpy(r->window->bytes, path, (size_t)n);
	r->out[1] = r->description->flags;
	r->out[2] = description_offset(r->description);
	r->out[3] = r->description->inode->mode;
	r->out[4] = r->description->inode->number;
	r->out_words = 5;
	return n;
}
