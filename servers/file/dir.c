#include "servers/file/dir.h"

#include "servers/file/heap.h"

#define TABLE_START 256u
#define GUESSES 1024u
#define COOKIE_OVERLAY (1ull << 32)  // the image's entries have smaller ones

static uint32_t name_hash(const struct inode *dir, const char *name, size_t length)
{
	uint32_t hash = 2166136261u ^ (uint32_t)dir->number;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)name[i]) * 16777619u;
	return hash ^ hash >> 15;
}

struct entry *dir_overlay(const struct fs *fs, const struct inode *dir, const char *name,
			  size_t length)
{
	struct entry *e;

	if (!dir->dir.first)
		return NULL;
	e = fs->table[name_hash(dir, name, length) & (fs->table_size - 1)];
	while (e && (e->dir != dir || e->length != length || memcmp(e->name, name, length) != 0))
		e = e->hash_next;
	return e;
}

// Keep the chains short. Without memory they only grow longer.
static bool table_grow(struct fs *fs, enum heap_class class)
{
	uint32_t size = fs->table_size ? fs->table_size * 2 : TABLE_START;
	struct entry **table;

	if (fs->table_count < fs->table_size)
		return true;
	table = heap_get(size * sizeof *table, class);
	if (!table)
		return fs->table_size > 0;
	for (uint32_t i = 0; i < fs->table_size; i++) {
		for (struct entry *e = fs->table[i], *next; e; e = next) {
			uint32_t to = name_hash(e->dir, e->name, e->length) & (size - 1);

			next = e->hash_next;
			e->hash_next = table[to];
			table[to] = e;
		}
	}
	heap_put(fs->table, fs->table_size * sizeof *table);
	fs->table = table;
	fs->table_size = size;
	return true;
}

static void list_append(struct entry *e)
{
	struct dir *dir = &e->dir->dir;

	e->cookie = dir->cookie++;
	e->previous = dir->last;
	e->next = NULL;
	if (dir->last)
		dir->last->next = e;
	else
		dir->first = e;
	dir->last = e;
}

static void list_remove(struct entry *e)
{
	struct dir *dir = &e->dir->dir;

	if (e->previous)
		e->previous->next = e->next;
	else
		dir->first = e->next;
	if (e->next)
		e->next->previous = e->previous;
	else
		dir->last = e->previous;
}

static void entry_free(struct fs *fs, struct entry *e)
{
	struct entry **link = &fs->table[name_hash(e->dir, e->name, e->length) &
					 (fs->table_size - 1)];

	while (*link != e)
		link = &(*link)->hash_next;
	*link = e->hash_next;
	fs->table_count--;
	list_remove(e);
	if (e->child != IMAGE_NONE)
		e->dir->dir.over_image--;
	heap_put(e, sizeof *e + e->length);
}

// The image never changes: what was found once is a guess that the image itself confirms.
static int child_find(struct fs *fs, struct inode *dir, const char *name, size_t length,
		      uint32_t *child)
{
	static uint32_t guesses[GUESSES];
	const struct image *image = &fs->image;
	const char *found;
	uint32_t *guess, found_length;
	int error;

	if (dir->dir.child_count == 0)
		return -ENOENT;
	guess = &guesses[name_hash(dir, name, length) % GUESSES];
	*child = *guess;
	if (*child - dir->dir.child < dir->dir.child_count) {
		found = image_name(image, *child, &found_length);
		if (found && found_length == length && memcmp(found, name, length) == 0 &&
		    image->entries[*child].parent == dir->image)
			return 0;
	}
	error = image_find(image, dir->image, name, length, child);
	if (error == 0)
		*guess = *child;
	return error;
}

int dir_find(struct fs *fs, struct inode *dir, const char *name, size_t length, struct inode **out)
{
	struct entry *e = dir_overlay(fs, dir, name, length);
	uint32_t child;
	int error;

	*out = NULL;
	if (e) {
		*out = e->inode;
		return e->inode ? 0 : -ENOENT;
	}
	error = child_find(fs, dir, name, length, &child);
	return error ? error : inode_of_image(fs, child, dir, out);
}

int dir_prepare(struct fs *fs, struct inode *dir, const char *name, size_t length,
		enum heap_class class, struct entry **out)
{
	struct entry *e = dir_overlay(fs, dir, name, length);
	struct inode *inode = NULL;
	uint32_t child = IMAGE_NONE;
	int error;

	*out = e;
	if (e)
		return 0;
	error = child_find(fs, dir, name, length, &child);
	if (error == 0)
		error = inode_of_image(fs, child, dir, &inode);
	if (error != 0 && error != -ENOENT)
		return error;
	e = heap_get(sizeof *e + length, class);
	if (!e || !table_grow(fs, class)) {
		heap_put(e, sizeof *e + length);
		return -ENOSPC;
	}
	e->dir = dir;
	e->inode = inode;
	e->child = error ? IMAGE_NONE : child;
	e->in_place = inode != NULL;
	e->length = (uint8_t)length;
	memcpy(e->name, name, length);
	if (dir->dir.cookie == 0)
		dir->dir.cookie = COOKIE_OVERLAY;
	if (e->child != IMAGE_NONE)
		dir->dir.over_image++;
	if (inode && is_dir(inode))
		inode->dir.entry = e;
	list_append(e);

	struct entry **link = &fs->table[name_hash(dir, name, length) & (fs->table_size - 1)];

	e->hash_next = *link;
	*link = e;
	fs->table_count++;
	*out = e;
	return 0;
}

static void parent_set(struct fs *fs, struct inode *inode, struct entry *entry)
{
	struct inode *before = inode->dir.parent;

	inode->dir.entry = entry;
	inode->dir.parent = entry->dir;
	inode_hold(entry->dir);
	inode_put(fs, before);
}

void dir_set(struct fs *fs, struct entry *entry, struct inode *inode)
{
	struct dir *dir = &entry->dir->dir;

	inode_stat_changed(fs, entry->dir);
	if (entry->inode)
		inode_way_changed(fs, entry->inode);
	else
		inode_absent_changed(fs, entry->dir);
	if (!entry->inode && inode) {
		dir->live++;
		list_remove(entry);
		list_append(entry);
	} else if (entry->inode && !inode) {
		dir->live--;
		entry->in_place = false;
	}
	// What is removed has no name; what was moved has its new one already.
	if (entry->inode && is_dir(entry->inode) && entry->inode->dir.entry == entry)
		entry->inode->dir.entry = NULL;
	entry->inode = inode;
	if (inode && is_dir(inode))
		parent_set(fs, inode, entry);
	dir_settle(fs, entry);
}

void dir_settle(struct fs *fs, struct entry *entry)
{
	if (!entry->inode && entry->child == IMAGE_NONE)
		entry_free(fs, entry);
}

bool dir_is_below(const struct inode *dir, const struct inode *top)
{
	while (dir != top && dir->dir.parent != dir)
		dir = dir->dir.parent;
	return dir == top;
}

const char *dir_name(struct fs *fs, struct inode *dir, uint32_t *length)
{
	if (dir->remote) {
		*length = dir->remote->path_length;
		return dir->remote->path;
	}
	if (dir->nlink == 0)
		return NULL;
	if (!dir->dir.entry)
		return image_name(&fs->image, dir->image, length);
	*length = dir->dir.entry->length;
	return dir->dir.entry->name;
}

void dir_clear(struct fs *fs, struct inode *dir)
{
	while (dir->dir.first)
		entry_free(fs, dir->dir.first);
}
