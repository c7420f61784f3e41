// The descriptor table: descriptor -> handle -> capability slot. Plain operations on a process block;
// the caller holds the lock.
//
// Invariants: fds[fd].handle is 0 or the index + 1 of a handle; handles[i].references counts the
// descriptors that name it, and calls that have reserved it; 0: its slot is empty. fds from fd_end on are 0.
#ifndef ENV_LINUX_DESCRIPTOR_H
#define ENV_LINUX_DESCRIPTOR_H

#include "env/linux/errno.h"
#include "protocol/linux.h"

struct handle {
	cap_t cap;
	uint8_t kind;  // HANDLE_*
	uint8_t type;  // st_mode >> 12, or 0
	uint16_t index;
};

// Handles that the CSpace has slots for.
uint32_t descriptor_handle_limit(const struct process_block *process);
uint32_t descriptor_fd_limit(const struct process_block *process);

// Index of the handle that fd names, or -EBADF.
static inline int64_t descriptor_find(const struct process_block *process, uint64_t fd)
{
	uint32_t handle = fd < LINUX_FD_MAX ? process->fds[fd].handle : 0;

	return handle == 0 || handle > LINUX_FD_MAX ? -EBADF : (int64_t)handle - 1;
}

static inline struct handle handle_at(const struct process_block *process, uint32_t index)
{
	const struct linux_handle *handle = &process->handles[index];

	return (struct handle){LINUX_SLOT_HANDLES + index, handle->kind, handle->type, (uint16_t)index};
}

// What fd names: 0 or -EBADF.
static inline int64_t handle_get(const struct process_block *process, uint64_t fd, struct handle *out)
{
	int64_t index = descriptor_find(process, (uint32_t)fd);

	if (index < 0)
		return index;
	*out = handle_at(process, (uint32_t)index);
	return 0;
}

// No descriptor from here on is open.
static inline uint32_t descriptor_end(const struct process_block *process)
{
	return process->fd_end < LINUX_FD_MAX ? process->fd_end : LINUX_FD_MAX;
}

// The lowest closed descriptor from `from` on, or -EMFILE.
int64_t descriptor_find_free(const struct process_block *process, uint64_t from);
// A handle without references gets one: its index, or -EMFILE.
int64_t descriptor_reserve(struct process_block *process);
// fd names the handle; the handle's count is the caller's business.
void descriptor_set(struct process_block *process, uint32_t fd, uint32_t handle, bool cloexec);
// fd names nothing any more: the handle it named, or -EBADF.
int64_t descriptor_remove(struct process_block *process, uint64_t fd);
// The handles that a fork copies: bit i of the bitmap is handle i.
void descriptor_bitmap(const struct process_block *process, uint64_t *bitmap);

#endif
