// Handles: the descriptor table and the capability slots behind it.
//
// A call that installs a capability reserves its handle under the lock and lets go of the lock before
// it calls anybody, so a table is never locked over a message.
#include "abi/gen/stubs.h"
#include "env/linux/descriptor.h"
#include "env/linux/library.h"
#include "protocol/gen/process.h"

#define CLOSED_KEPT 3  // that many may yet be opened again as what they were

static struct process_block *table_lock(void)
{
	struct process_block *process = process_get();
	uint32_t owner;

	if (process_is_alone(process))
		return process;
	owner = thread_get()->tid;
	for (;;) {
		uint32_t free = 0;

		if (__atomic_compare_exchange_n(&process->lock, &free, owner ? owner : 1, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return process;
		sys_yield();
	}
}

static void table_unlock(struct process_block *process)
{
	__atomic_store_n(&process->lock, 0, __ATOMIC_RELEASE);
}

cap_t handle_slot(int64_t index) { return LINUX_SLOT_HANDLES + (cap_t)index; }

int64_t handle_find(uint64_t fd, struct handle *out) { return handle_get(process_get(), fd, out); }

// *is_full: no handle is left, but there could be more.
static int64_t reserve_once(bool for_descriptor, bool *is_full)
{
	struct process_block *process = table_lock();
	int64_t index = for_descriptor ? descriptor_find_free(process, 0) : 0;

	*is_full = false;
	if (index >= 0) {
		index = descriptor_reserve(process);
		*is_full = index < 0;
	}
	table_unlock(process);
	return index;
}

// Handles that wait for an open are given up when there is no other.
static bool closed_drop(void)
{
	struct process_block *process = table_lock();
	int64_t index = desk_take(process, 0);

	table_unlock(process);
	if (index >= 0)
		handle_release(index);
	return index >= 0;
}

static int64_t reserve(bool for_descriptor)
{
	bool is_full;
	uint64_t room = 0;
	int64_t index = reserve_once(for_descriptor, &is_full);

	if (is_full && process_grow_handles(LINUX_SLOT_PROCESS, &room) == OK && (int64_t)room > 0)
		index = reserve_once(for_descriptor, &is_full);
	if (is_full && closed_drop())
		index = reserve_once(for_descriptor, &is_full);
	if (is_full && index < 0 && for_descriptor && bells_drop())
		index = reserve_once(for_descriptor, &is_full);
	if (index >= 0)
		msg_set_receive(handle_slot(index), 1);
	return index;
}

int64_t handle_revive(int64_t index, uint32_t lease)
{
	struct process_block *process = table_lock();
	int64_t fd = descriptor_find_free(process, 0);

	if (fd >= 0)
		fd = desk_revive(process, index, lease) ? index : LEASE_STALE;
	table_unlock(process);
	return fd;
}

int64_t handle_reserve_closed(void)
{
	struct process_block *process = process_get();
	int64_t index;

	if (process->closed_count <= CLOSED_KEPT)
		return LEASE_STALE;
	process = table_lock();
	index = descriptor_find_free(process, 0);
	if (index >= 0)
		index = desk_take(process, CLOSED_KEPT);
	table_unlock(process);
	if (index >= 0)
		cview_release(index);
	return index;
}

void handle_return(int64_t index)
{
	struct process_block *process = table_lock();
	bool is_kept = desk_return(process, index);

	table_unlock(process);
	if (!is_kept)
		handle_release(index);
}

int64_t handle_reserve(void) { return reserve(true); }

int64_t handle_reserve_spare(void) { return reserve(false); }

void handle_set(int64_t index, uint8_t kind, uint8_t type)
{
	struct linux_handle *handle = &process_get()->handles[index];

	handle->kind = kind;
	handle->type = type;
}

// The slot is empty before the handle is free: the count goes last.
void handle_release(int64_t index)
{
	struct process_block *process = table_lock();
	struct linux_handle *handle = &process->handles[index];
	bool last = handle->references <= 1, is_kept = false;

	if (!last)
		handle->references--;
	else
		is_kept = desk_keep(process, index);
	table_unlock(process);
	if (!last || is_kept)
		return;
	cview_release(index);
	waiting_forget(&(struct handle){handle_slot(index), handle->kind, handle->type, (uint16_t)index});
	(void)cnode_delete(LINUX_SLOT_CNODE, (uint64_t)index, 1);
	__atomic_store_n(&handle->references, 0, __ATOMIC_RELEASE);
}

void handle_clear(int64_t index) { (void)cnode_delete(LINUX_SLOT_CNODE, (uint64_t)index, 1); }

static bool is_inherited(int64_t index)
{
	return thread_get()->fork_handles[index / 64] & 1ull << index % 64;
}

// Only handles of the bitmap have capabilities; only descriptors count as references.
void handle_repair(void)
{
	struct process_block *process = process_get();

	for (uint32_t i = 0; i < LINUX_FD_MAX; i++)
		process->handles[i].references = 0;
	for (uint32_t fd = 0; fd < LINUX_FD_MAX; fd++) {
		int64_t index = descriptor_find(process, fd);

		if (index >= 0 && is_inherited(index))
			process->handles[index].references++;
		else
			process->fds[fd] = (struct linux_fd){0, 0};
	}
	for (uint32_t i = 0; i < LINUX_FD_MAX; i++)
		if (is_inherited(i) && !process->handles[i].references)
			handle_clear(i);
	table_unlock(process);
}

int64_t handle_install(int64_t index, bool cloexec)
{
	struct process_block *process = table_lock();
	int64_t fd = descriptor_find_free(process, 0);

	if (fd >= 0)
		descriptor_set(process, (uint32_t)fd, (uint32_t)index, cloexec);
	table_unlock(process);
	if (fd < 0)
		handle_release(index);
	return fd;
}

int64_t handle_close(uint64_t fd)
{
	struct process_block *process;
	int64_t index;

	if (process_get()->locks)
		lock_close(fd);
	process = table_lock();
	index = descriptor_remove(process, (uint32_t)fd);

	table_unlock(process);
	if (index < 0)
		return index;
	handle_release(index);
	return 0;
}

int64_t call_close(uint64_t fd) { return handle_close(fd); }

#define CLOSE_RANGE_UNSHARE 2u
#define CLOSE_RANGE_CLOEXEC 4u

int64_t call_close_range(uint64_t first, uint64_t last, uint64_t flags)
{
	struct process_block *process = process_get();
	uint32_t from = (uint32_t)first, to = (uint32_t)last;

	if (from > to || (flags & ~(uint64_t)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)))
		return -EINVAL;
	for (uint32_t fd = from; fd <= to && fd < LINUX_FD_MAX; fd++) {
		if (!(flags & CLOSE_RANGE_CLOEXEC))
			(void)handle_close(fd);
		else if (descriptor_find(process, fd) >= 0)
			process->fds[fd].cloexec = 1;
	}
	return 0;
}

// The lowest descriptor from `from` on names what fd names.
static int64_t duplicate(uint64_t fd, uint64_t from, bool cloexec)
{
	struct process_block *process = table_lock();
	int64_t index = descriptor_find(process, (uint32_t)fd);
	int64_t free = index < 0 ? index : descriptor_find_free(process, from);

	if (free >= 0) {
		process->handles[index].references++;
		descriptor_set(process, (uint32_t)free, (uint32_t)index, cloexec);
	}
	table_unlock(process);
	return free;
}

static int64_t duplicate_to(uint64_t fd, uint64_t to, bool cloexec)
{
	struct process_block *process;
	int64_t index, before = -EBADF;

	if (process_get()->locks)
		lock_close(to);
	process = table_lock();
	index = descriptor_find(process, (uint32_t)fd);

	if (index >= 0 && (uint32_t)to >= descriptor_fd_limit(process))
		index = -EBADF;
	if (index >= 0) {
		before = descriptor_remove(process, (uint32_t)to);
		process->handles[index].references++;
		descriptor_set(process, (uint32_t)to, (uint32_t)index, cloexec);
	}
	table_unlock(process);
	if (before >= 0)
		handle_release(before);
	return index < 0 ? index : (int64_t)(uint32_t)to;
}

int64_t call_dup(uint64_t fd) { return duplicate(fd, 0, false); }

int64_t call_dup2(uint64_t fd, uint64_t to)
{
	struct handle handle;
	int64_t err = handle_find(fd, &handle);

	if (err)
		return err;
	return (uint32_t)fd == (uint32_t)to ? (int64_t)(uint32_t)to : duplicate_to(fd, to, false);
}

int64_t call_dup3(uint64_t fd, uint64_t to, uint64_t flags)
{
	if ((flags & ~(uint64_t)O_CLOEXEC) || (uint32_t)fd == (uint32_t)to)
		return -EINVAL;
	return duplicate_to(fd, to, flags & O_CLOEXEC);
}

// fcntl(F_DUPFD), with the limit that it has.
int64_t handle_duplicate(uint64_t fd, uint64_t from, bool cloexec)
{
	struct handle handle;
	int64_t err = handle_find(fd, &handle);

	if (err)
		return err;
	if ((uint32_t)from >= descriptor_fd_limit(process_get()))
		return -EINVAL;
	return duplicate(fd, (uint32_t)from, cloexec);
}
