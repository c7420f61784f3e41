// The boot image: one file, loaded behind the kernel as a boot module, that holds
// everything the system starts with. tools/image.py writes it; the kernel reads
// only the header (to find the supervisor), the servers read the rest in place.
//
//	struct image_header    at 0
//	struct image_entry[]   at entries_offset; entry 0 is the root directory
//	names                  at names_offset: entry names and symlink targets
//	data                   page by page
//
// All numbers are little endian, all offsets in bytes from the start of the image.
// Invariants, which a reader checks before it trusts an offset:
//
//  1. total_size is a multiple of IMAGE_PAGE and every range lies below it.
//  2. The children of a directory are entries first_child .. first_child +
//     child_count - 1, sorted by name as unsigned bytes, no name twice: a lookup
//     is a binary search. first_child is greater than the directory's own number.
//  3. The data of a regular file starts at a page boundary, and the rest of its last
//     page is zero. Two files with the same content may share their data.
//  4. Names are not empty (but the root's), hold no '/' and no zero byte, and are
//     neither "." nor "..". They do not end with a zero byte.
//
// The root directory has two folders: `system` (supervisor, manifest, servers/,
// drivers/, apps/, linux) and `root`, the Linux root file system.
#ifndef ABI_IMAGE_H
#define ABI_IMAGE_H

#include <stdint.h>

#define IMAGE_MAGIC   "PITHIMG1" // eight bytes, without the zero
#define IMAGE_VERSION 1
#define IMAGE_PAGE    4096

// 64 bytes.
struct image_header {
	uint8_t magic[8];        // IMAGE_MAGIC
	uint32_t version;        // IMAGE_VERSION
	uint32_t entry_count;    // at least 1
	uint64_t total_size;     // of the image
	uint64_t entries_offset; // multiple of 64
	uint64_t names_offset;
	uint64_t names_size;
	uint64_t boot_offset; // the ELF file system/supervisor; 0 when there is none
	uint64_t boot_size;
};

// mode has the numbers of Linux's st_mode.
#define IMAGE_MODE_TYPE 0170000
#define IMAGE_MODE_DIR  0040000
#define IMAGE_MODE_FILE 0100000
#define IMAGE_MODE_LINK 0120000
#define IMAGE_MODE_BITS 0007777

// 64 bytes.
struct image_entry {
	uint32_t parent; // entry number; the root is its own parent
	uint32_t mode;   // IMAGE_MODE_*: type and permissions
	uint32_t uid;
	uint32_t gid;
	uint64_t mtime;       // seconds since 1970
	uint64_t size;        // file: of its data; symlink: of its target; directory: 0
	uint64_t offset;      // file: of its data, 0 when empty; symlink: of its target; else 0
	uint32_t name_offset; // from names_offset
	uint32_t name_length;
	uint32_t first_child; // directory: entry number; else 0
	uint32_t child_count; // directory: how many; else 0
	uint32_t nlink;       // 1; directory: 2 + the directories in it
	uint32_t reserved;    // 0
};

_Static_assert(sizeof(struct image_header) == 64, "image header");
_Static_assert(sizeof(struct image_entry) == 64, "image entry");

#endif
