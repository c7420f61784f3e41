#include <string.h>

#include "abi/image.h"
#include "servers/supervisor/image.h"

static struct {
	const uint8_t *base;
	uint64_t size;
	const struct image_entry *entries;
	uint32_t entry_count;
	const char *names;
	uint64_t names_size;
} image;

static bool range_fits(uint64_t offset, uint64_t size)
{
	return offset <= image.size && size <= image.size - offset;
}

bool image_open(const void *address, uint64_t bytes)
{
	const struct image_header *header = address;

	if (bytes < sizeof(*header) || memcmp(header->magic, IMAGE_MAGIC, 8) ||
	    header->version != IMAGE_VERSION || header->total_size > bytes)
		return false;
	image.base = address;
	image.size = header->total_size;
	image.entry_count = header->entry_count;
	image.names_size = header->names_size;
	if (!image.entry_count || header->entries_offset % 64 ||
	    !range_fits(header->entries_offset,
			(uint64_t)image.entry_count * sizeof(struct image_entry)) ||
	    !range_fits(header->names_offset, header->names_size))
		return false;
	image.entries = (const struct image_entry *)(const void *)(image.base + header->entries_offset);
	image.names = (const char *)image.base + header->names_offset;
	return true;
}

static bool name_is(const struct image_entry *entry, const char *name, size_t length)
{
	return entry->name_length == length && entry->name_offset <= image.names_size &&
	       length <= image.names_size - entry->name_offset &&
	       !memcmp(image.names + entry->name_offset, name, length);
}

static const struct image_entry *child_find(const struct image_entry *folder, const char *name,
					    size_t length)
{
	if ((folder->mode & IMAGE_MODE_TYPE) != IMAGE_MODE_DIR)
		return NULL;
	for (uint32_t i = 0; i < folder->child_count; i++) {
		uint64_t number = (uint64_t)folder->first_child + i;

		if (number < image.entry_count && name_is(&image.entries[number], name, length))
			return &image.entries[number];
	}
	return NULL;
}

bool image_find(const char *path, struct image_file *file)
{
	const struct image_entry *entry = image.entries;

	while (entry && *path) {
		size_t length = strcspn(path, "/");

		entry = child_find(entry, path, length);
		path += length;
		path += *path == '/';
	}
	if (!entry || (entry->mode & IMAGE_MODE_TYPE) != IMAGE_MODE_FILE ||
	    entry->offset % IMAGE_PAGE || !range_fits(entry->offset, entry->size))
		return false;
	*file = (struct image_file){image.base + entry->offset, entry->size,
				    entry->offset / IMAGE_PAGE};
	return true;
}
