// The board of the process, and memory that servers map for its pipes and epoll sets.
//
// A share is used under its lock, which holds its thread's number; whoever finds it locked yields: no
// server is called and nothing is waited for under it. A share whose handle is closed is free as soon
// as it is unlocked, and what is mapped there stays until another takes its place. So every access to
// it is one that may fail (ucopy.S): the server takes an end of a pipe back when another process comes.
#include "env/linux/library.h"
#include "protocol/gen/process.h"
#include "protocol/gen/wait.h"

void waiting_reset(struct process_block *process)
{
	// Without a table there was no share.
	for (uint32_t i = 0; process->has_share_table && i < LINUX_SHARES; i++) {
		uint32_t bell = process->shares[i].bell - LINUX_SLOT_HANDLES;

		if (bell < LINUX_FD_MAX)  // the capability was not inherited
			process->handles[bell].references = 0;
	}
	process->board_token = 0;
	if (process->has_share_table) {
		memset(process->shares, 0, sizeof process->shares);
		memset(process->share_of, 0, sizeof process->share_of);
	}
	process->has_share_table = 0;
	memset(process->watched, 0, sizeof process->watched);
}

uint64_t share_address(uint32_t share) { return env_share(thread_get()->process_index % ENV_PROCESS_MAX, share); }

static bool try_lock(struct linux_share *share)
{
	uint32_t free = 0, tid = thread_get()->tid;

	return __atomic_compare_exchange_n(&share->lock, &free, tid ? tid : 1, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

void share_unlock(uint32_t share)
{
	__atomic_store_n(&process_get()->shares[share].lock, 0, __ATOMIC_RELEASE);
}

int64_t share_lock(const struct handle *handle)
{
	struct process_block *process = process_get();
	uint32_t number = process->share_of[handle->index];
	struct linux_share *share;

	if (number == 0 || number > LINUX_SHARES)
		return -1;
	share = &process->shares[number - 1];
	while (!process_is_alone(process) && !try_lock(share)) {
		if (process->share_of[handle->index] != number)
			return -1;
		sys_yield();
	}
	if (share->handle == handle->index + 1)
		return number - 1;
	share_unlock(number - 1);
	return -1;
}

void bell_drop(struct linux_share *share)
{
	uint32_t slot = share->bell;

	share->bell = 0;
	if (slot >= LINUX_SLOT_HANDLES && slot < LINUX_SLOT_HANDLES + LINUX_FD_MAX)
		handle_release(slot - LINUX_SLOT_HANDLES);
}

bool bells_drop(void)
{
	struct process_block *process = process_get();
	bool was_any = false;

	for (uint32_t i = 0; i < LINUX_SHARES; i++) {
		if (!process->shares[i].bell || !try_lock(&process->shares[i]))
			continue;
		was_any = true;
		bell_drop(&process->shares[i]);
		share_unlock(i);
	}
	return was_any;
}

void share_drop(uint32_t share)
{
	struct process_block *process = process_get();
	uint32_t handle = process->shares[share].handle;

	bell_drop(&process->shares[share]);

	process->shares[share].handle = 0;
	if (handle != 0 && handle <= LINUX_FD_MAX)
		process->share_of[handle - 1] = 0;
	share_unlock(share);
}

static int64_t table_get(struct process_block *process)
{
	uint64_t result = 0;
	int64_t err;

	if (process->has_share_table)
		return 0;
	err = answer_get(process_table(LINUX_SLOT_PROCESS, &result), 0);
	if (err == 0)
		err = (int64_t)result;
	process->has_share_table = err == 0;
	return err;
}

int64_t share_make(const struct handle *handle)
{
	struct process_block *process = process_get();
	int64_t err = table_get(process);

	for (uint32_t i = 0; i < LINUX_SHARES && err == 0; i++) {
		struct linux_share *share = &process->shares[i];

		if (share->handle != 0 || !try_lock(share))
			continue;
		if (share->handle == 0) {
			share->handle = (uint16_t)(handle->index + 1);
			share->address = share_address(i);
			share->bell = share->kicks = share->rung_wants = 0;
			process->share_of[handle->index] = (uint8_t)(i + 1);
			return i;
		}
		share_unlock(i);
	}
	return err ? err : -ENOMEM;
}

void waiting_forget(const struct handle *handle)
{
	struct process_block *process = process_get();
	int64_t share = share_lock(handle);

	if (share >= 0)
		share_drop((uint32_t)share);
	if (process->watched[handle->index] & (WATCHED_IN | WATCHED_OUT | WATCHED_PRI))
		(void)wait_watch(handle->cap, process->board_token, handle->index, 0, NULL);
	process->watched[handle->index] = 0;
}

void board_renew(void)
{
	struct process_block *process = process_get();
	uint64_t address = env_process_block(thread_get()->process_index % ENV_PROCESS_MAX) + ENV_BOARD_OFFSET;
	uint64_t result = 0, token = 0;

	for (uint32_t i = 0; i < LINUX_FD_MAX; i++)
		process->watched[i] &= WATCHED_USES;
	msg_set_window(address, BOARD_PAGES);
	if (wait_board(LINUX_SLOT_CONTEXT, address, &result, &token) || result)
		token = 0;
	msg_set_window(0, 0);
	process->board_token = token;
}

uint64_t board_get(void)
{
	if (process_get()->board_token == 0)
		board_renew();
	return process_get()->board_token;
}

int64_t notify_call(cap_t cap, struct msg *m)
{
	struct window_call call = {cap, WINDOW_FILE, .m = *m};
	int64_t result = window_call(&call);

	if (result == -EAGAIN) {
		call = (struct window_call){cap, WINDOW_FILE, .m = *m};
		call.m.tag |= TAG_CAPS(1);
		msg_set_cap(0, notification_get());
		result = window_call(&call);
	}
	*m = call.m;
	return result;
}
