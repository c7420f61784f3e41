// What would not wait, and sleeping until that changes, for poll and epoll.
//
// What the file server publishes on the board, and the rings of pipes that are held here, are looked
// at without a message: the first look puts a handle on the board. Other servers are asked.
#include "env/linux/library.h"
#include "protocol/gen/file.h"
#include "protocol/gen/wait.h"

#define POLL_STEP (NS_PER_SECOND / 100)
#define POLL_ALWAYS (POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM)
#define WATCHED (WATCHED_IN | WATCHED_OUT | WATCHED_PRI)

static uint8_t watched_of(uint32_t events)
{
	return (uint8_t)((events & (POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR) ? WATCHED_IN : 0) |
			 (events & (POLLOUT | POLLWRNORM | POLLWRBAND) ? WATCHED_OUT : 0) |
			 (events & POLLPRI ? WATCHED_PRI : 0));
}

static uint32_t events_of(uint8_t watched)
{
	return (watched & WATCHED_IN ? POLLIN | POLLRDNORM | POLLRDBAND : 0) |
	       (watched & WATCHED_OUT ? POLLOUT | POLLWRNORM | POLLWRBAND : 0) |
	       (watched & WATCHED_PRI ? POLLPRI : 0);
}

uint32_t ready_ask(const struct handle *handle, uint32_t events, uint64_t *count)
{
	uint64_t result = 0;
	err_t err = file_poll(handle->cap, events, &result, count);

	return err || (int64_t)result < 0 ? POLLERR : (uint32_t)result;
}

static uint32_t ask(const struct handle *handle, uint32_t events) { return ready_ask(handle, events, NULL); }

// Have the board's word follow the handle: the bits now, or -1.
static int64_t watch(const struct handle *handle, uint8_t watched)
{
	struct process_block *process = process_get();

	for (int i = 0; i < 2; i++) {
		uint64_t result = 0, token = board_get();

		if (!token || wait_watch(handle->cap, token, handle->index, events_of(watched), &result))
			return -1;
		if ((int64_t)result >= 0) {
			process->watched[handle->index] =
				(uint8_t)((process->watched[handle->index] & ~WATCHED) | watched);
			return (int64_t)result;
		}
		if ((int64_t)result != -EFAULT)
			return -1;
		board_renew();
	}
	return -1;
}

static const volatile struct linux_word *word_of(const struct handle *handle)
{
	uint64_t process = env_process_block(thread_get()->process_index % ENV_PROCESS_MAX);

	return (const volatile struct linux_word *)(process + ENV_BOARD_OFFSET) + handle->index;
}

static uint32_t ready_watched(const struct handle *handle, uint32_t events)
{
	uint8_t have = process_get()->watched[handle->index] & WATCHED;
	uint8_t want = watched_of(events);
	int64_t bits;

	if (have && !(want & ~have))
		return word_of(handle)->mask;
	if (handle->type == TYPE_FIFO) {
		bits = pipe_ready(handle);
		if (bits >= 0)
			return (uint32_t)bits;
	}
	bits = watch(handle, have | want);
	return bits < 0 ? ask(handle, events) : (uint32_t)bits;
}

uint32_t ready_get(const struct handle *handle, uint32_t events)
{
	if (handle->kind != HANDLE_FILE || handle->type == 0)
		return ask(handle, events);
	switch (handle->type) {
	case TYPE_FIFO:
	case HANDLE_TYPE_EVENT:
		return ready_watched(handle, events);
	case HANDLE_TYPE_SET:
		return set_ready(handle, 0) ? POLLIN | POLLRDNORM : 0;
	case HANDLE_TYPE_SIGNAL:
		return signal_ready(handle);
	default:
		return POLL_ALWAYS;
	}
}

// Have another server signal.
static void arm_other(struct sleep *sleep, const struct handle *handle, uint32_t events)
{
	struct window_call call = {.m = {.tag = TAG(FILE_ARM, 2) | TAG_CAPS(1)}};
	int64_t result;

	call.cap = handle->cap;
	call.kind = window_kind(handle);
	call.m.words[1] = events;
	msg_set_cap(0, notification_get());
	result = window_call(&call);
	if (result > 0)
		sleep->is_ready = true;
	else if (result < 0)
		sleep->must_ask = true;
}

void sleep_board(struct sleep *sleep, uint64_t token)
{
	struct msg m = {.tag = TAG(WAIT_SLEEP, 3), .words = {0, token, sleep->is_first}};

	if (notify_call(LINUX_SLOT_CONTEXT, &m) != 0)
		sleep->must_ask = true;
	sleep->is_first = false;
}

static void arm_watched(struct sleep *sleep, const struct handle *handle, uint32_t events)
{
	uint8_t have = process_get()->watched[handle->index] & WATCHED;
	int64_t wanted = !have && handle->type == TYPE_FIFO ? pipe_want(handle, true) : -1;

	if (wanted >= 0) {
		sleep->has_rings = true;
		sleep->is_ready |= wanted > 0;
		return;
	}
	if ((!have || (watched_of(events) & ~have)) && watch(handle, have | watched_of(events)) < 0)
		sleep->must_ask = true;
	else if (!sleep->has_board)
		sleep_board(sleep, process_get()->board_token);
	sleep->has_board = true;
}

void sleep_arm(struct sleep *sleep, const struct handle *handle, uint32_t events)
{
	if (handle->kind != HANDLE_FILE) {
		arm_other(sleep, handle, events);
		return;
	}
	switch (handle->type) {
	case TYPE_FIFO:
	case HANDLE_TYPE_EVENT:
		arm_watched(sleep, handle, events);
		return;
	case HANDLE_TYPE_SET:
		set_sleep(sleep, handle, 0);
		return;
	case 0:
		sleep->must_ask = true;
		return;
	case HANDLE_TYPE_SIGNAL:
		sleep->signals |= signal_mask(handle);
		return;
	default:  // ready always
		return;
	}
}

// Blocked signals wake a thread only when it says so.
static bool wait_signals(uint64_t signals, uint64_t until)
{
	bool is_broken;

	__atomic_store_n(&thread_get()->wait_set, signals, __ATOMIC_SEQ_CST);
	is_broken = signal_pending(signals) ? false : wait_until(until);
	thread_get()->wait_set = 0;
	signal_recheck();
	return is_broken;
}

bool sleep_wait(const struct sleep *sleep, uint64_t until)
{
	uint64_t step = sleep->must_ask ? clock_monotonic() + POLL_STEP : until;

	step = step < until ? step : until;
	return sleep->signals ? wait_signals(sleep->signals, step) : wait_until(step);
}
