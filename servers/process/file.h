// Files behind areas: the handle and the Frame over the file's cached pages.
#ifndef PROCESS_FILE_H
#define PROCESS_FILE_H

#include "lib/sys/msg.h"
#include "servers/process/vma.h"

struct file {
	struct backing base;
	cap_t handle, frame;    // own slots; frame 0: none yet
	uint64_t first, count;  // pages of the file that the Frame covers
	uint64_t size;          // bytes, when asked last
	bool is_writable;       // of shared mappings, by a description for reading and writing
	uint64_t number;        // of the inode
};

// Take over a handle (moved out of the receive slot). Null with *error set: no file, no memory.
struct file *file_make(cap_t received, int64_t *error);

// What its description allows and which file it is: for shared mappings. 0, or -errno.
int64_t file_check(struct file *file, uint64_t page, bool is_write);
// Forget the Frame, when it is stale: the file server has taken its pages back. Was it?
bool file_uncover(struct file *file);
// Write a few bytes, or compare and exchange some, below the end of a file that is_writable. Bytes; 0; -errno.
int64_t file_store(struct file *file, uint64_t offset, const uint8_t *from, uint64_t length);
int64_t file_swap(struct file *file, uint64_t offset, uint32_t *old, uint32_t new);
// Make a hole in it.
int64_t file_punch(struct file *file, uint64_t offset, uint64_t length);
// Its pages have been written: note the time.
void file_dirty(struct file *file);

// See that the Frame covers `page` of the file. 0, -ENXIO (beyond the end) or another -errno.
int64_t file_cover(struct file *file, uint64_t page);

// Read at most 4096 bytes at an offset. Bytes, or -errno.
int64_t file_fetch(struct file *file, uint64_t offset, uint8_t *to, uint64_t length);
// Read a few bytes of a handle without a window, so many with a message. Bytes, or -errno.
#define FILE_PEEK_MAX 440
int64_t file_peek_at(cap_t handle, uint64_t offset, uint8_t *to, uint64_t length);

// The server's own view of the file system: the window, and opening a name in it.
bool file_client_make(void);
int64_t file_client_open(const char *name, uint64_t *mode);  // slot of the handle, or -errno
// A new context and its owner, into two consecutive empty slots.
int64_t file_context_make(cap_t first);

// For what is made for /proc (proc_node.c): the control capability, and the window.
bool file_is_handle(cap_t slot);  // leads to the file server
cap_t file_control(void);
uint8_t *file_window(uint64_t *token);

#define RECEIVE_SLOTS 8
// Capabilities of the next messages arrive in the server's own receive slots.
void receive_default(void);
// Delete what is left in them.
void receive_clear(void);
// Take one out of them, to a slot of its own; 0: none.
cap_t receive_take(cap_t received);

#endif
