#include "servers/file/image.h"

static bool range_fits(uint64_t first, uint64_t size, uint64_t limit)
{
	return first <= limit && size <= limit - first;
}

int image_open(struct image *image, const void *base, uint64_t size)
{
	const struct image_header *header = base;
	uint64_t total;

	if (size < sizeof *header || memcmp(header->magic, IMAGE_MAGIC, 8) != 0)
		return -EIO;
	total = header->total_size;
	if (header->version != IMAGE_VERSION || total > size || total % IMAGE_PAGE != 0 ||
	    total / IMAGE_PAGE >= UINT32_MAX || header->entry_count == 0 ||
	    header->entry_count >= UINT32_MAX / 2 || header->entries_offset % 64 != 0)
		return -EIO;
	if (!range_fits(header->entries_offset, header->entry_count * sizeof(struct image_entry),
			total) ||
	    !range_fits(header->names_offset, header->names_size, total))
		return -EIO;
	*image = (struct image){
		.base = base,
		.size = total,
		.entries = (const void *)((const uint8_t *)base + header->entries_offset),
		.count = header->entry_count,
		.names = (const char *)base + header->names_offset,
		.names_size = header->names_size,
	};
	return 0;
}

const char *image_name(const struct image *image, uint32_t entry, uint32_t *length)
{
	const struct image_entry *e = &image->entries[entry];

	if (entry >= image->count || e->name_length > NAME_LIMIT ||
	    !range_fits(e->name_offset, e->name_length, image->names_size))
		return NULL;
	*length = e->name_length;
	return image->names + e->name_offset;
}

static bool dir_is_sound(const struct image *image, uint32_t entry, const struct image_entry *e)
{
	if (e->child_count == 0)
		return true;
	return e->first_child > entry && range_fits(e->first_child, e->child_count, image->count);
}

const struct image_entry *image_get(const struct image *image, uint32_t entry)
{
	const struct image_entry *e;

	if (entry >= image->count)
		return NULL;
	e = &image->entries[entry];
	switch (e->mode & IMAGE_MODE_TYPE) {
	case IMAGE_MODE_DIR:
		return dir_is_sound(image, entry, e) ? e : NULL;
	case IMAGE_MODE_FILE:
		if (e->size > 0 && (e->offset % IMAGE_PAGE != 0 ||
				    !range_fits(e->offset, e->size, image->size)))
			return NULL;
		return e;
	case IMAGE_MODE_LINK:
		if (e->size == 0 || e->size >= PATH_LIMIT ||
		    !range_fits(e->offset, e->size, image->size))
			return NULL;
		return e;
	default:
		return NULL;
	}
}

static int name_compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);

	if (order != 0)
		return order;
	return a_length < b_length ? -1 : a_length > b_length;
}

int image_find(const struct image *image, uint32_t dir, const char *name, size_t length,
	       uint32_t *child)
{
	const struct image_entry *e = image_get(image, dir);

	if (!e || (e->mode & IMAGE_MODE_TYPE) != IMAGE_MODE_DIR)
		return -EIO;

	uint32_t low = e->first_child, high = e->first_child + e->child_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2, found_length;
		const char *found = image_name(image, middle, &found_length);

		if (!found)
			return -EIO;

		int order = name_compare(name, length, found, found_length);

		if (order == 0) {
			*child = middle;
			return image->entries[middle].parent == dir ? 0 : -EIO;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -ENOENT;
}

uint32_t image_subdirs(const struct image *image, uint32_t dir)
{
	const struct image_entry *e = &image->entries[dir];
	uint32_t count = 0;

	for (uint32_t i = 0; i < e->child_count; i++)
		if ((image->entries[e->first_child + i].mode & IMAGE_MODE_TYPE) == IMAGE_MODE_DIR)
			count++;
	return count;
}
