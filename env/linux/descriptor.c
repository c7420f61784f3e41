#include "env/linux/descriptor.h"

#include "env/linux/errno.h"

uint32_t descriptor_handle_limit(const struct process_block *process)
{
	uint32_t limit = process->handle_count;

	if (limit == 0)
		limit = (1u << LINUX_CNODE_BITS) - LINUX_SLOT_HANDLES;
	return limit < LINUX_FD_MAX ? limit : LINUX_FD_MAX;
}

uint32_t descriptor_fd_limit(const struct process_block *process)
{
	return process->fd_limit < LINUX_FD_MAX ? process->fd_limit : LINUX_FD_MAX;
}

int64_t descriptor_find_free(const struct process_block *process, uint64_t from)
{
	uint32_t limit = descriptor_fd_limit(process);

	for (uint64_t fd = from; fd < limit; fd++)
		if (process->fds[fd].handle == 0)
			return (int64_t)fd;
	return -EMFILE;
}

int64_t descriptor_reserve(struct process_block *process)
{
	uint32_t limit = descriptor_handle_limit(process);

	for (uint32_t i = 0; i < limit; i++) {
		struct linux_handle *handle = &process->handles[i];

		if (handle->references)
			continue;
		*handle = (struct linux_handle){.references = 1, .slot = LINUX_SLOT_HANDLES + i};
		process->io[i] = IO_UNKNOWN;
		return i;
	}
	return -EMFILE;
}

void descriptor_set(struct process_block *process, uint32_t fd, uint32_t handle, bool cloexec)
{
	process->fds[fd] = (struct linux_fd){(uint16_t)(handle + 1), cloexec};
	if (fd >= process->fd_end)
		process->fd_end = fd + 1;
}

int64_t descriptor_remove(struct process_block *process, uint64_t fd)
{
	int64_t handle = descriptor_find(process, fd);

	if (handle >= 0)
		process->fds[fd] = (struct linux_fd){0, 0};
	while (process->fd_end && process->fds[descriptor_end(process) - 1].handle == 0)
		process->fd_end = descriptor_end(process) - 1;
	return handle;
}

void descriptor_bitmap(const struct process_block *process, uint64_t *bitmap)
{
	for (unsigned i = 0; i < LINUX_FD_MAX / 64; i++)
		bitmap[i] = 0;
	for (uint32_t fd = 0; fd < descriptor_end(process); fd++) {
		int64_t handle = descriptor_find(process, fd);

		if (handle >= 0)
			bitmap[handle / 64] |= 1ull << (handle % 64);
	}
}
