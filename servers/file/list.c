// Listing a directory (dir.h): ".", "..", the image's names, the overlay's, each with a cookie that
// stays its own, so that a listing goes on in the right place whatever happens in between.
#include "servers/file/dir.h"

#define COOKIE_SELF 1
#define COOKIE_PARENT 2
#define COOKIE_IMAGE 3  // + index among the children

struct record {  // struct linux_dirent64
	uint64_t number;
	uint64_t cookie;
	uint16_t size;
	uint8_t type;
	char name[];
} __attribute__((packed));

struct listing {
	uint8_t *buffer;
	size_t size, used;
	uint64_t *position;
	bool full;
};

static bool put(struct listing *list, uint64_t cookie, uint64_t number, uint32_t mode,
		const char *name, size_t length)
{
	struct record record = {number, cookie, 0, (uint8_t)((mode & S_IFMT) >> 12)};
	size_t size = (offsetof(struct record, name) + length + 1 + 7) / 8 * 8;
	uint8_t *to = list->buffer + list->used;

	if (size > list->size - list->used) {
		list->full = true;
		return false;
	}
	record.size = (uint16_t)size;
	memset(to, 0, size);
	memcpy(to, &record, sizeof record);
	memcpy(to + offsetof(struct record, name), name, length);
	list->used += size;
	*list->position = cookie;
	return true;
}

// One child of the image, if the overlay does not hide it. False: stop.
static bool put_child(struct fs *fs, struct inode *dir, struct listing *list, uint32_t i)
{
	uint32_t entry = dir->dir.child + i, length;
	const char *name = image_name(&fs->image, entry, &length);
	const struct inode *inode = NULL;

	if (!name || length == 0 || !image_get(&fs->image, entry))
		return true;  // a broken entry cannot be looked up either

	uint32_t mode = fs->image.entries[entry].mode;
	uint64_t number = 1 + (uint64_t)entry;

	if (dir->dir.over_image > 0) {
		const struct entry *e = dir_overlay(fs, dir, name, length);

		if (e && !e->in_place)
			return true;
		inode = e ? e->inode : NULL;
	}
	if (inode) {
		mode = inode->mode;
		number = inode->number;
	}
	return put(list, COOKIE_IMAGE + i, number, mode, name, length);
}

static void put_children(struct fs *fs, struct inode *dir, struct listing *list)
{
	uint64_t from = *list->position < COOKIE_IMAGE ? 0 : *list->position - COOKIE_IMAGE + 1;

	for (uint64_t i = from; i < dir->dir.child_count; i++)
		if (!put_child(fs, dir, list, (uint32_t)i))
			return;
}

static void put_overlay(struct inode *dir, struct listing *list)
{
	for (struct entry *e = dir->dir.first; e; e = e->next) {
		if (!e->inode || e->in_place || e->cookie <= *list->position)
			continue;
		if (!put(list, e->cookie, e->inode->number, e->inode->mode, e->name, e->length))
			return;
	}
}

int64_t dir_list(struct fs *fs, struct inode *dir, uint64_t *position, void *buffer, size_t size)
{
	struct listing list = {buffer, size, 0, position, false};

	if (dir->nlink == 0)
		return -ENOENT;
	if (*position < COOKIE_SELF)
		put(&list, COOKIE_SELF, dir->number, S_IFDIR, ".", 1);
	if (!list.full && *position < COOKIE_PARENT)
		put(&list, COOKIE_PARENT, dir->dir.parent->number, S_IFDIR, "..", 2);
	if (!list.full)
		put_children(fs, dir, &list);
	if (!list.full)
		put_overlay(dir, &list);
	return list.full && list.used == 0 ? -EINVAL : (int64_t)list.used;
}
