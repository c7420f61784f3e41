// A small boot image for the tests of the file server:
//
//	/bin/tool (0755, 5000 bytes of 't')  /etc (empty)  /hello (10 bytes)  /link -> bin/tool
//	/tmp (01777)
#ifndef FILE_IMAGE_TEST_H
#define FILE_IMAGE_TEST_H

#include "servers/file/fs.h"
#include "servers/file/heap.h"

#include <stdlib.h>

#define IMAGE_BYTES (5 * PAGE)
#define STORE_PAGES 512u

static int64_t test_time = 1000;

static int64_t test_now(void) { return ++test_time; }

static void image_entry_put(uint8_t *image, uint32_t i, uint32_t parent, uint32_t mode,
			    uint32_t first, uint32_t count, uint64_t offset, uint64_t size,
			    const char *name)
{
	struct image_entry *e = (struct image_entry *)(image + 64) + i;
	static uint32_t names;

	if (i == 0)
		names = 0;
	*e = (struct image_entry){
		.parent = parent,
		.mode = mode,
		.mtime = 1,
		.size = size,
		.offset = offset,
		.name_offset = names,
		.name_length = (uint32_t)strlen(name),
		.first_child = first,
		.child_count = count,
		.nlink = 1,
	};
	memcpy(image + 2048 + names, name, strlen(name));
	names += (uint32_t)strlen(name);
}

static uint8_t *image_build(void)
{
	uint8_t *image = aligned_alloc(PAGE, IMAGE_BYTES);

	memset(image, 0, IMAGE_BYTES);
	*(struct image_header *)image = (struct image_header){
		.magic = IMAGE_MAGIC,
		.version = IMAGE_VERSION,
		.entry_count = 9,
		.total_size = IMAGE_BYTES,
		.entries_offset = 64,
		.names_offset = 2048,
		.names_size = 256,
	};
	image_entry_put(image, 0, 0, S_IFDIR | 0755, 1, 2, 0, 0, "");
	image_entry_put(image, 1, 0, S_IFDIR | 0755, 3, 5, 0, 0, "root");
	image_entry_put(image, 2, 0, S_IFDIR | 0755, 0, 0, 0, 0, "system");
	image_entry_put(image, 3, 1, S_IFDIR | 0755, 8, 1, 0, 0, "bin");
	image_entry_put(image, 4, 1, S_IFDIR | 0755, 0, 0, 0, 0, "etc");
	image_entry_put(image, 5, 1, S_IFREG | 0644, 0, 0, 3 * PAGE, 10, "hello");
	image_entry_put(image, 6, 1, S_IFLNK | 0777, 0, 0, 2048 + 300, 8, "link");
	image_entry_put(image, 7, 1, S_IFDIR | 01777, 0, 0, 0, 0, "tmp");
	image_entry_put(image, 8, 3, S_IFREG | 0755, 0, 0, PAGE, 5000, "tool");
	memcpy(image + 2048 + 300, "bin/tool", 8);
	memset(image + PAGE, 't', 5000);
	memcpy(image + 3 * PAGE, "0123456789", 10);
	return image;
}

#endif
