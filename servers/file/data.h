// The contents of regular files: holes, pages of the image, pages of the store.
#ifndef FILE_DATA_H
#define FILE_DATA_H

#include "servers/file/fs.h"

#define SEAL_SEAL 1u
#define SEAL_SHRINK 2u
#define SEAL_GROW 4u
#define SEAL_WRITE 8u
#define SEAL_FUTURE_WRITE 16u
#define SEAL_ALL 31u

enum place_kind { PLACE_HOLE, PLACE_IMAGE, PLACE_STORE };

// Where a page of a file is, and how many after it (itself counted) go on in the same way.
struct place {
	enum place_kind kind;
	uint32_t page;  // of the image or the store
	uint32_t count;
};

struct place data_find(const struct data *data, uint32_t index);

// Pages that the file takes; and those of them that are not the image's.
uint64_t data_pages(const struct data *data);
uint64_t data_own_pages(const struct data *data);

// Copy out of the file; what is beyond its end is not read. Returns the bytes.
uint64_t data_read(struct fs *fs, struct inode *inode, uint64_t offset, void *to, uint64_t length);

// Copy in, and make the file longer where need be. Returns the bytes (fewer than asked when memory
// ran out on the way), -ENOSPC or -EFBIG.
int64_t data_write(struct fs *fs, struct inode *inode, uint64_t offset, const void *from,
		   uint64_t length);

int data_truncate(struct fs *fs, struct inode *inode, uint64_t size);

// Fill holes among `count` pages from `first` on. 0 or -ENOSPC: then some are filled.
int data_fill(struct fs *fs, struct inode *inode, uint32_t first, uint32_t count);

// See that `count` pages from `first` on are the store's, to be written. 0 or -ENOSPC: then some are.
int data_own(struct fs *fs, struct inode *inode, uint32_t first, uint32_t count);
// The first page of the file in the run of the store's that a page of the store's is in.
uint32_t data_run_start(const struct data *data, uint32_t index);

// Make [offset, offset + length) zeroes, and give back the pages that lie in it. 0 or -ENOSPC: then some
// of it is done.
int data_punch(struct fs *fs, struct inode *inode, uint64_t offset, uint64_t length);

// The next offset from `offset` on that is data (or that is not), as lseek's SEEK_DATA, SEEK_HOLE.
int64_t data_seek(const struct inode *inode, uint64_t offset, bool data);

// Give back what lies behind the end, but for what was asked for, and clear the rest of the last page.
void data_trim(struct fs *fs, struct inode *inode);

void data_free(struct fs *fs, struct data *data);

#endif
