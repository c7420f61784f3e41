// The boot image, read in place (abi/image.h). Every offset is checked before it is used.
#ifndef SERVERS_SUPERVISOR_IMAGE_H
#define SERVERS_SUPERVISOR_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

struct image_file {
	const uint8_t *data;
	uint64_t size;
	uint64_t page;  // of the image, where the data starts
};

// Take the mapped image. False: it is none.
bool image_open(const void *address, uint64_t bytes);

// Find a regular file by its path, names separated by '/'.
bool image_find(const char *path, struct image_file *file);

#endif
