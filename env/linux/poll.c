// poll and select. Scan; when nothing is ready, arm once for each server, scan again, and wait for the
// thread's notification. A server that cannot arm is asked every 10 ms.
#include "env/linux/library.h"

struct pollfd {
	int32_t fd;
	uint16_t events, revents;
};

// O_PATH: such a descriptor is none for poll. Only of what no short way leads to.
static bool is_path_only(const struct handle *handle)
{
	uint64_t flags;

	if (handle->kind != HANDLE_FILE || handle->type == 0 || handle->type >= HANDLE_TYPE_EVENT ||
	    handle->type == TYPE_FIFO || process_get()->io[handle->index] != IO_UNKNOWN)
		return false;
	return handle_flags(handle, &flags) == 0 && (flags & O_PATH);
}

static int64_t scan(struct pollfd *fds, uint64_t count)
{
	int64_t ready = 0;

	for (uint64_t i = 0; i < count; i++) {
		uint32_t events = fds[i].events | POLLERR | POLLHUP;
		struct handle handle;

		fds[i].revents = 0;
		if (fds[i].fd < 0)
			continue;
		if (handle_find((uint32_t)fds[i].fd, &handle) || is_path_only(&handle))
			fds[i].revents = POLLNVAL;
		else
			fds[i].revents = (uint16_t)(ready_get(&handle, events) & events);
		ready += fds[i].revents != 0;
	}
	return ready;
}

static void arm_all(struct sleep *sleep, const struct pollfd *fds, uint64_t count)
{
	struct handle handle;

	for (uint64_t i = 0; i < count && !sleep->is_ready; i++)
		if (fds[i].fd >= 0 && handle_find((uint32_t)fds[i].fd, &handle) == 0)
			sleep_arm(sleep, &handle, fds[i].events | POLLERR | POLLHUP);
}

static void disarm_all(const struct pollfd *fds, uint64_t count)
{
	struct handle handle;

	for (uint64_t i = 0; i < count; i++)
		if (fds[i].fd >= 0 && handle_find((uint32_t)fds[i].fd, &handle) == 0 &&
		    handle.type == TYPE_FIFO)
			(void)pipe_want(&handle, false);
}

// Until something is ready or the time has come: how many, or -EINTR.
static int64_t poll_wait(struct pollfd *fds, uint64_t count, uint64_t until)
{
	for (;;) {
		int64_t ready = scan(fds, count);
		struct sleep sleep = {.is_first = true};
		bool is_broken;

		if (ready || (until != FOREVER && clock_monotonic() >= until))
			return ready;
		arm_all(&sleep, fds, count);
		// What became ready before it was armed is seen now.
		ready = scan(fds, count);
		is_broken = !ready && !sleep.is_ready && sleep_wait(&sleep, until);
		if (sleep.has_rings)
			disarm_all(fds, count);
		if (is_broken)
			return -EINTR;
	}
}

// As ppoll: with another signal mask while it waits. `mask_in` 0: none.
static int64_t mask_use(uint64_t mask_in, uint64_t size)
{
	uint64_t mask;

	if (!mask_in)
		return 0;
	if (size != 8)
		return -EINVAL;
	if (user_get(&mask, mask_in, sizeof mask))
		return -EFAULT;
	signal_mask_replace(mask);
	return 0;
}

static int64_t poll_masked(struct pollfd *fds, uint64_t count, uint64_t until, uint64_t mask, uint64_t size)
{
	int64_t result = mask_use(mask, size);

	if (result)
		return result;
	result = poll_wait(fds, count, until);
	if (mask && result != -EINTR)
		signal_mask_restore();
	return result;
}

// What is ready is on the board, and the program's list is good: as most calls find it. -1: not so.
static int64_t poll_short(struct pollfd *fds, uint64_t count)
{
	const struct process_block *process = process_get();
	int64_t ready = 0;

	for (const struct pollfd *end = fds + count; fds < end; fds++) {
		uint64_t entry;
		uint32_t events;
		uint16_t revents = 0;
		int64_t bits;

		GUARD_LOAD(entry, (const uint64_t *)fds, bad);
		events = (entry >> 32 & 0xffff) | POLLERR | POLLHUP;
		if ((int32_t)entry >= 0) {
			int64_t index = descriptor_find(process, (uint32_t)entry);

			bits = index < 0 ? -1 : ready_published(process, (uint32_t)index, events);
			if (bits < 0)
				return -1;
			revents = (uint16_t)((uint32_t)bits & events);
		}
		GUARD_STORE(&fds->revents, revents, bad);
		ready += revents != 0;
	}
	return ready;
bad:
	return -1;
}

static int64_t poll_user(uint64_t list, uint64_t count, uint64_t until, uint64_t mask, uint64_t size)
{
	struct pollfd fds[LINUX_FD_MAX];
	int64_t result;

	count = (uint32_t)count;
	if (count > LINUX_FD_MAX || count > process_get()->limits[RLIMIT_NOFILE][0])
		return -EINVAL;
	if (!mask && user_is_range(list, count * sizeof fds[0])) {
		result = poll_short((struct pollfd *)list, count);
		if (result > 0 || (result == 0 && until == 0))
			return result;
	}
	if (user_get(fds, list, count * sizeof fds[0]))
		return -EFAULT;
	result = poll_masked(fds, count, until, mask, size);
	if (result >= 0 && user_put(list, fds, count * sizeof fds[0])) {
		signal_mask_restore();
		return -EFAULT;
	}
	return result;
}

static uint64_t until_ms(int32_t ms)
{
	if (ms <= 0)
		return ms ? FOREVER : 0;
	return clock_until(&(struct timespec){ms / 1000, (int64_t)(ms % 1000) * 1000000});
}

int64_t call_poll(uint64_t list, uint64_t count, uint64_t timeout)
{
	return poll_user(list, count, until_ms((int32_t)timeout), 0, 0);
}

// Linux writes back what is left of the time.
static void left_put(uint64_t out, uint64_t until, bool is_timeval)
{
	uint64_t now = clock_monotonic();
	uint64_t left = until > now ? until - now : 0;
	struct timespec t = {(int64_t)(left / NS_PER_SECOND), (int64_t)(left % NS_PER_SECOND)};

	if (is_timeval)
		t.tv_nsec /= 1000;
	if (out)
		(void)user_put(out, &t, sizeof t);
}

int64_t call_ppoll(uint64_t list, uint64_t count, uint64_t timeout, uint64_t mask, uint64_t size)
{
	struct timespec t;
	uint64_t until = FOREVER;
	int64_t err = timeout ? user_get_timespec(timeout, &t) : 0;

	if (err)
		return err;
	if (timeout)
		until = clock_until(&t);
	err = poll_user(list, count, until, mask, size);
	left_put(timeout, until, false);
	return err;
}

#define SET_WORDS (LINUX_FD_MAX / 64)
#define SELECT_IN (POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR)
#define SELECT_OUT (POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR)
#define SELECT_SETS 3

struct select {
	uint64_t user[SELECT_SETS];
	uint64_t sets[SELECT_SETS][SET_WORDS];
	struct pollfd fds[LINUX_FD_MAX];
	uint64_t bytes, count;
};

static const uint16_t select_events[SELECT_SETS] = {POLLIN | POLLRDNORM | POLLRDBAND,
						    POLLOUT | POLLWRNORM | POLLWRBAND, POLLPRI};
static const uint16_t select_results[SELECT_SETS] = {SELECT_IN, SELECT_OUT, POLLPRI};

static int64_t select_get(struct select *s, uint32_t n)
{
	struct handle handle;

	s->bytes = (n + 63) / 64 * 8;
	memset(s->sets, 0, sizeof s->sets);
	for (int k = 0; k < SELECT_SETS; k++)
		if (s->user[k] && user_get(s->sets[k], s->user[k], s->bytes))
			return -EFAULT;
	s->count = 0;
	for (uint32_t fd = 0; fd < n; fd++) {
		uint16_t events = 0;

		for (int k = 0; k < SELECT_SETS; k++)
			if (s->sets[k][fd / 64] >> (fd % 64) & 1)
				events |= select_events[k];
		if (!events)
			continue;
		if (handle_find(fd, &handle))
			return -EBADF;
		s->fds[s->count++] = (struct pollfd){(int32_t)fd, events, 0};
	}
	return 0;
}

static int64_t select_put(struct select *s)
{
	uint64_t out[SELECT_SETS][SET_WORDS];
	int64_t bits = 0;

	memset(out, 0, sizeof out);
	for (uint64_t i = 0; i < s->count; i++) {
		uint32_t fd = (uint32_t)s->fds[i].fd;

		for (int k = 0; k < SELECT_SETS; k++) {
			if (!(s->sets[k][fd / 64] >> (fd % 64) & 1) || !(s->fds[i].revents & select_results[k]))
				continue;
			out[k][fd / 64] |= 1ull << (fd % 64);
			bits++;
		}
	}
	for (int k = 0; k < SELECT_SETS; k++)
		if (s->user[k] && user_put(s->user[k], out[k], s->bytes))
			return -EFAULT;
	return bits;
}

static int64_t select_run(uint64_t n, const uint64_t user[3], uint64_t until, uint64_t mask, uint64_t size)
{
	struct select s = {.user = {user[0], user[1], user[2]}};
	uint32_t count = (uint32_t)n < LINUX_FD_MAX ? (uint32_t)n : LINUX_FD_MAX;
	int64_t result;

	if ((int32_t)n < 0)
		return -EINVAL;
	result = select_get(&s, count);
	if (result)
		return result;
	result = poll_masked(s.fds, s.count, until, mask, size);
	return result < 0 ? result : select_put(&s);
}

int64_t call_select(uint64_t n, uint64_t in, uint64_t out, uint64_t except, uint64_t timeout)
{
	struct timeval v;
	uint64_t until = FOREVER;
	int64_t result;

	if (timeout) {
		if (user_get(&v, timeout, sizeof v))
			return -EFAULT;
		if (v.tv_sec < 0 || v.tv_usec < 0)
			return -EINVAL;
		until = clock_until(&(struct timespec){v.tv_sec + v.tv_usec / 1000000,
						       v.tv_usec % 1000000 * 1000});
	}
	result = select_run(n, (uint64_t[3]){in, out, except}, until, 0, 0);
	left_put(timeout, until, true);
	return result;
}

int64_t call_pselect6(uint64_t n, uint64_t in, uint64_t out, uint64_t except, uint64_t timeout, uint64_t mask)
{
	struct timespec t;
	uint64_t until = FOREVER;
	uint64_t pair[2] = {0, 0};  // the mask's address and size
	int64_t result = timeout ? user_get_timespec(timeout, &t) : 0;

	if (!result && mask)
		result = user_get(pair, mask, sizeof pair);
	if (result)
		return result;
	if (timeout)
		until = clock_until(&t);
	result = select_run(n, (uint64_t[3]){in, out, except}, until, pair[0], pair[1]);
	left_put(timeout, until, false);
	return result;
}
