// The boot image, used in place. Its header is checked once; an entry is checked when it is first
// used, so that starting costs nothing for the entries that nobody asks for.
#ifndef FILE_IMAGE_H
#define FILE_IMAGE_H

#include "servers/file/base.h"

#include "abi/image.h"

#define IMAGE_NONE UINT32_MAX

struct image {
	const uint8_t *base;
	uint64_t size;
	const struct image_entry *entries;
	uint32_t count;
	const char *names;
	uint64_t names_size;
};

// 0, or -EIO when the header does not describe something inside `size` bytes.
int image_open(struct image *image, const void *base, uint64_t size);

// The entry; null when there is none of that number, or it breaks an invariant of abi/image.h.
const struct image_entry *image_get(const struct image *image, uint32_t entry);

// Its name; null when it lies outside the names.
const char *image_name(const struct image *image, uint32_t entry, uint32_t *length);

// The child of that name of a directory entry: 0, -ENOENT, or -EIO.
int image_find(const struct image *image, uint32_t dir, const char *name, size_t length,
	       uint32_t *child);

// How many directories are in the directory entry.
uint32_t image_subdirs(const struct image *image, uint32_t dir);

#endif
