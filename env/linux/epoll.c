// epoll. A set's words, entries and states are memory of the file server's that is mapped here: waiting
// for what is ready is a look at it. Changes of the set are messages. Entries of other servers' handles
// have no words: whoever waits asks there, by its own descriptor.
//
// The set may vanish under a look, when another thread closes its descriptor: every access may fail.
#include "env/linux/library.h"
#include "protocol/gen/file.h"
#include "protocol/gen/wait.h"

#define EPOLLET (1u << 31)
#define EPOLLONESHOT (1u << 30)
#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3
#define EVENTS_MASK 0xffffu  // those that are POLL* bits, too
#define CHUNK 32
#define BATCH 64

struct epoll_event {
	uint32_t events;
	uint64_t data;
} __attribute__((packed));

// A set as it is mapped.
struct set {
	char *base;
	uint64_t token;
};

static char *words_at(const struct set *set, uint32_t i) { return set->base + i * sizeof(struct linux_word); }

static char *entries_at(const struct set *set, uint32_t i)
{
	return set->base + BOARD_PAGES * PAGE_SIZE + i * sizeof(struct linux_set_entry);
}

static char *states_at(const struct set *set, uint32_t i)
{
	return set->base + (BOARD_PAGES + SET_ENTRY_PAGES) * PAGE_SIZE + i * sizeof(struct linux_set_state);
}

static int64_t set_map(const struct handle *handle)
{
	struct process_block *process = process_get();
	int64_t share = share_make(handle);
	uint64_t result = 0, token = 0, board = board_get(), address;

	if (share < 0)
		return share;
	address = share_address((uint32_t)share);
	msg_set_window(address, SET_PAGES);
	err_t failed = wait_set_share(handle->cap, board, address, &result, &token);
	int64_t err = answer_get(failed, result);

	msg_set_window(0, 0);
	process->shares[share].token = token;
	if (err)
		share_drop((uint32_t)share);
	return err ? err : share;
}

// The set of a handle. Its share is not kept locked: what is there can be read by all threads.
static int64_t set_open(struct set *set, const struct handle *handle)
{
	int64_t share = share_lock(handle);

	if (share < 0)
		share = set_map(handle);
	if (share < 0)
		return share;
	*set = (struct set){(char *)share_address((uint32_t)share), process_get()->shares[share].token};
	share_unlock((uint32_t)share);
	return 0;
}

static int64_t set_find(uint64_t fd, struct handle *handle, struct set *set)
{
	int64_t err = handle_find(fd, handle);

	if (err)
		return err;
	if (handle->kind != HANDLE_FILE || handle->type != HANDLE_TYPE_SET)
		return -EINVAL;
	return set_open(set, handle);
}

// The handle that an entry of another server's stands for, while its descriptor still names it.
static bool entry_handle(const struct linux_set_entry *entry, struct handle *handle)
{
	return handle_find((uint32_t)entry->fd, handle) == 0 &&
	       (entry->kind == SET_KIND_SET ? handle->type == HANDLE_TYPE_SET
					    : handle->index == entry->handle && handle->kind == entry->kind);
}

// What edges of another server's handle are told by: its bits and its count. 0: it is not ready. With a
// server that does not count every look at input is an edge: one too many does no harm.
static uint32_t other_count(uint32_t bits, uint64_t events)
{
	if (events == 0 && (bits & POLLIN))
		events = clock_counter();
	return bits ? (uint32_t)events << 9 | (bits & 0xff) << 1 | 1 : 0;
}

static uint32_t other_bits(uint32_t count) { return count >> 1 & 0xff; }

// POLL* bits of an entry; *count is what edges are told by.
static uint32_t entry_bits(const struct linux_set_entry *entry, const struct linux_word *word, uint32_t *count,
			   uint32_t depth)
{
	struct handle handle;

	*count = word->count;
	if (entry->kind == 0)
		return word->mask;
	if (!entry_handle(entry, &handle))
		return 0;
	if (entry->kind == SET_KIND_SET)
		return set_ready(&handle, depth + 1);
	uint64_t events = 0;
	uint32_t bits = ready_ask(&handle, entry->events & EVENTS_MASK, &events) & entry->events & EVENTS_MASK;

	*count = other_count(bits, events);
	return bits;
}

// Words of a piece of the set. Most are 0, and that is all that is looked at.
static bool words_get(const struct set *set, uint32_t first, uint32_t count, struct linux_word *words)
{
	return !ucopy_bytes(words, words_at(set, first), count * sizeof words[0]);
}

static bool entry_get(const struct set *set, uint32_t i, struct linux_set_entry *entry,
		      struct linux_set_state *state)
{
	return !ucopy_bytes(entry, entries_at(set, i), sizeof *entry) &&
	       !ucopy_bytes(state, states_at(set, i), sizeof *state);
}

static int64_t used_get(const struct set *set)
{
	uint32_t used;

	GUARD_LOAD(used, &((const struct linux_word *)words_at(set, 0))->mask, bad);
	return used <= BOARD_WORDS ? used : BOARD_WORDS;
bad:
	return -EBADF;
}

// What of an entry is to be reported; *state: its state, and then the one to leave.
static uint32_t entry_report(const struct linux_set_entry *entry, const struct linux_word *word,
			     struct linux_set_state *state, uint32_t depth)
{
	uint32_t count, bits;

	if (entry->events == 0 || state->off)
		return 0;
	bits = entry_bits(entry, word, &count, depth) & entry->events & EVENTS_MASK;
	if (entry->events & EPOLLET) {
		bool is_seen = state->seen == count;

		state->seen = count;
		if (is_seen)
			return 0;
	}
	state->off = bits && (entry->events & EPOLLONESHOT);
	return bits;
}

// What is to be given to the program, and what its entries' states were.
struct batch {
	uint32_t count;
	struct epoll_event events[BATCH];
	uint32_t index[BATCH];
	struct linux_set_state before[BATCH], after[BATCH];
};

static uint64_t state_word(struct linux_set_state state) { return (uint64_t)state.off << 32 | state.seen; }

static int64_t state_change(const struct set *set, uint32_t i, struct linux_set_state from, struct linux_set_state to)
{
	if (state_word(from) == state_word(to))
		return 0;
	return ucopy_compare((uint64_t *)states_at(set, i), state_word(from), state_word(to));
}

// Who changes the state of an entry reports it; others find it changed.
static void entry_take(const struct set *set, uint32_t i, const struct linux_word *word, struct batch *b)
{
	struct linux_set_entry entry;
	struct linux_set_state state, before;
	uint32_t bits;

	if (!entry_get(set, i, &entry, &state))
		return;
	before = state;
	bits = entry_report(&entry, word, &state, 0);
	if (state_change(set, i, before, state) != 0 || !bits)
		return;
	b->events[b->count] = (struct epoll_event){bits, entry.data};
	b->index[b->count] = i;
	b->before[b->count] = before;
	b->after[b->count++] = state;
}

static int64_t range_scan(const struct set *set, uint32_t from, uint32_t to, struct batch *b, uint32_t room)
{
	struct linux_word words[CHUNK];

	for (uint32_t first = from; first < to && b->count < room; first += CHUNK) {
		uint32_t count = to - first < CHUNK ? to - first : CHUNK;

		if (!words_get(set, first, count, words))
			return -EBADF;
		for (uint32_t i = 0; i < count; i++)
			if (words[i].mask && b->count < room)
				entry_take(set, first + i, &words[i], b);
	}
	return 0;
}

// A scan begins behind what the one before ended with, when that was cut short.
static int64_t set_scan(const struct set *set, struct batch *b, uint32_t room)
{
	struct linux_set_state head = {0, 0};
	int64_t used = used_get(set), err;
	uint32_t start;

	b->count = 0;
	if (used < 0 || (used > room && ucopy_bytes(&head, states_at(set, 0), sizeof head)))
		return -EBADF;
	start = head.off >= 1 && head.off < used ? head.off : 1;
	err = range_scan(set, start, (uint32_t)used, b, room);
	if (err == 0 && start > 1)
		err = range_scan(set, 1, start, b, room);
	if (err == 0 && used > room && (b->count == room || start > 1)) {
		struct linux_set_state next = {0, b->count == room ? b->index[room - 1] + 1 : 1};

		(void)state_change(set, 0, head, next);
	}
	return err ? err : b->count;
}

// The program cannot take it: nothing was reported.
static void batch_undo(const struct set *set, const struct batch *b)
{
	for (uint32_t i = 0; i < b->count; i++)
		(void)state_change(set, b->index[i], b->after[i], b->before[i]);
}

static int64_t events_put(const struct set *set, uint64_t out, uint32_t room)
{
	struct batch b;
	int64_t count = set_scan(set, &b, room < BATCH ? room : BATCH);

	if (count > 0 && user_put(out, b.events, (uint64_t)count * sizeof b.events[0])) {
		batch_undo(set, &b);
		return -EFAULT;
	}
	return count;
}

uint32_t set_ready(const struct handle *handle, uint32_t depth)
{
	struct set set;
	int64_t used = depth < SET_DEPTH_MAX && set_open(&set, handle) == 0 ? used_get(&set) : 0;

	for (uint32_t i = 1; i < used; i++) {
		struct linux_word word;
		struct linux_set_entry entry;
		struct linux_set_state state;

		if (!words_get(&set, i, 1, &word))
			return 0;
		if (word.mask && entry_get(&set, i, &entry, &state) &&
		    entry_report(&entry, &word, &state, depth))
			return POLLIN | POLLRDNORM;
	}
	return 0;
}

// What was reported as ready already cannot be waited for: more input is asked for, room is not.
static void edge_sleep(struct sleep *sleep, const struct handle *handle, uint32_t events, uint32_t reported)
{
	if (reported & (POLLIN | POLLRDNORM | POLLPRI))
		sleep->must_ask = true;
	if (!(reported & (POLLERR | POLLHUP)))
		sleep_arm(sleep, handle, events & ~reported);
}

// An entry that the server does not watch: it is waited for where it is.
static void entry_sleep(struct sleep *sleep, const struct linux_set_entry *entry,
			const struct linux_set_state *state, uint32_t depth)
{
	struct handle target;

	if (entry->events == 0 || entry->kind == 0 || state->off || !entry_handle(entry, &target))
		return;
	if (entry->kind == SET_KIND_SET)
		set_sleep(sleep, &target, depth + 1);
	else if (entry->events & EPOLLET)
		edge_sleep(sleep, &target, entry->events & EVENTS_MASK, other_bits(state->seen));
	else
		sleep_arm(sleep, &target, entry->events & EVENTS_MASK);
}

void set_sleep(struct sleep *sleep, const struct handle *handle, uint32_t depth)
{
	struct set set;
	int64_t used = depth < SET_DEPTH_MAX && set_open(&set, handle) == 0 ? used_get(&set) : -1;

	if (used < 0) {
		sleep->must_ask = true;
		return;
	}
	sleep_board(sleep, set.token);
	for (uint32_t i = 1; i < used; i++) {
		struct linux_word word;
		struct linux_set_entry entry;
		struct linux_set_state state;

		if (words_get(&set, i, 1, &word) && word.mask == UINT32_MAX && entry_get(&set, i, &entry, &state))
			entry_sleep(sleep, &entry, &state, depth);
	}
}

// Nothing but words that are true and entries without a state, as most calls find it, while there is one
// thread: how many are ready, or -1: not so. It changes nothing but what the program gets.
static int64_t events_put_short(uint32_t fd, uint64_t out, uint32_t room)
{
	const struct process_block *process = process_get();
	int64_t index = descriptor_find(process, fd), used;
	uint32_t number = index < 0 ? LINUX_SHARES : process->share_of[index] - 1u, count = 0;
	struct set set;

	if (number >= LINUX_SHARES || !process_is_alone(process) || process->handles[index].type != HANDLE_TYPE_SET)
		return -1;
	set.base = (char *)process->shares[number].address;
	used = used_get(&set);
	if (used < 0 || used - 1 > room)
		return -1;
	for (uint32_t i = 1; i < used; i++) {
		const struct linux_word *word = (const struct linux_word *)words_at(&set, i);
		const struct linux_set_entry *entry = (const struct linux_set_entry *)entries_at(&set, i);
		char *to = (char *)out + count * sizeof(struct epoll_event);
		uint64_t data;
		uint32_t bits, events, kind, off;

		GUARD_LOAD(bits, &word->mask, bad);
		if (bits == 0)
			continue;
		GUARD_LOAD(events, &entry->events, bad);
		GUARD_LOAD_HALF(kind, &entry->kind, bad);
		GUARD_LOAD(off, &((const struct linux_set_state *)states_at(&set, i))->off, bad);
		if (events & (EPOLLET | EPOLLONESHOT) || kind || off)
			return -1;
		bits &= events & EVENTS_MASK;
		if (bits == 0)
			continue;
		GUARD_LOAD(data, &entry->data, bad);
		GUARD_STORE((uint32_t *)to, bits, bad);
		GUARD_STORE((uint64_t *)(to + 4), data, bad);
		count++;
	}
	return count;
bad:
	return -1;
}

static int64_t epoll_wait(uint64_t fd, uint64_t out, uint32_t room, uint64_t until)
{
	struct handle handle;
	struct set set;
	int64_t err = set_find(fd, &handle, &set);

	for (;;) {
		int64_t count = err ? err : events_put(&set, out, room);
		struct sleep sleep = {.is_first = true};

		if (count || until == 0 || (until != FOREVER && clock_monotonic() >= until))
			return count;
		set_sleep(&sleep, &handle, 0);
		count = events_put(&set, out, room);
		if (count)
			return count;
		if (!sleep.is_ready && sleep_wait(&sleep, until))
			return -EINTR;
		if (handle_find(fd, &handle))
			return -EBADF;
	}
}

static int64_t wait_masked(uint64_t fd, uint64_t out, uint64_t room, uint64_t until, uint64_t mask, uint64_t size)
{
	uint64_t set;
	int64_t result;

	if ((int32_t)room <= 0 || (uint32_t)room > INT32_MAX / sizeof(struct epoll_event))
		return -EINVAL;
	if (!user_is_range(out, (uint32_t)room * sizeof(struct epoll_event)))
		return -EFAULT;
	if (mask) {
		if (size != 8)
			return -EINVAL;
		if (user_get(&set, mask, sizeof set))
			return -EFAULT;
		signal_mask_replace(set);
	}
	result = mask ? -1 : events_put_short((uint32_t)fd, out, (uint32_t)room);
	if (result > 0 || (result == 0 && until == 0))
		return result;
	result = epoll_wait(fd, out, (uint32_t)room, until);
	if (mask && result != -EINTR)
		signal_mask_restore();
	return result;
}

static uint64_t until_ms(int32_t ms)
{
	if (ms <= 0)
		return ms ? FOREVER : 0;
	return clock_until(&(struct timespec){ms / 1000, (int64_t)(ms % 1000) * 1000000});
}

int64_t call_epoll_wait(uint64_t fd, uint64_t out, uint64_t room, uint64_t timeout)
{
	return wait_masked(fd, out, room, until_ms((int32_t)timeout), 0, 0);
}

int64_t call_epoll_pwait(uint64_t fd, uint64_t out, uint64_t room, uint64_t timeout, uint64_t mask, uint64_t size)
{
	return wait_masked(fd, out, room, until_ms((int32_t)timeout), mask, size);
}

int64_t call_epoll_pwait2(uint64_t fd, uint64_t out, uint64_t room, uint64_t timeout, uint64_t mask,
			  uint64_t size)
{
	struct timespec t;
	int64_t err = timeout ? user_get_timespec(timeout, &t) : 0;

	if (err)
		return err;
	return wait_masked(fd, out, room, timeout ? clock_until(&t) : FOREVER, mask, size);
}

int64_t call_epoll_create1(uint64_t flags)
{
	struct msg m = {.tag = TAG(WAIT_SET_MAKE, 0)};

	return (uint32_t)flags & ~O_CLOEXEC ? -EINVAL : handle_make(&m, HANDLE_TYPE_SET, flags & O_CLOEXEC);
}

int64_t call_epoll_create(uint64_t size) { return (int32_t)size <= 0 ? -EINVAL : call_epoll_create1(0); }

static int64_t control(const struct set *set, const struct handle *self, const struct handle *target,
		       uint64_t operation, uint64_t fd, const struct epoll_event *event)
{
	bool is_other = target->kind != HANDLE_FILE;
	uint64_t kind = is_other ? target->kind : 0, result = 0;
	uint64_t who = (uint32_t)fd | (uint64_t)target->index << 32 | kind << 48;
	err_t err = wait_set_control(is_other ? self->cap : target->cap, set->token, (uint32_t)operation, who,
				     event->events, event->data, &result);

	return answer_get(err, result);
}

int64_t call_epoll_ctl(uint64_t epfd, uint64_t operation, uint64_t fd, uint64_t event_in)
{
	struct epoll_event event = {0, 0};
	struct handle self, target;
	struct set set;
	int64_t err = 0;

	if ((uint32_t)operation != EPOLL_CTL_DEL && user_get(&event, event_in, sizeof event))
		return -EFAULT;
	err = handle_find(epfd, &self);
	if (!err)
		err = handle_find(fd, &target);
	if (err)
		return err;
	if (target.kind == HANDLE_FILE && target.type != TYPE_FIFO && target.type < HANDLE_TYPE_EVENT)
		return -EPERM;
	if (self.kind != HANDLE_FILE || self.type != HANDLE_TYPE_SET || self.index == target.index)
		return -EINVAL;
	err = set_open(&set, &self);
	return err ? err : control(&set, &self, &target, operation, fd, &event);
}
