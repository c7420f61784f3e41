// Pipes that this process holds an end of: their bytes are copied in and out of the ring, and no
// server hears of it, but for a kick when the other end waits.
//
// The first transfers through a handle are messages. Then the process asks to hold the end. Another
// process that comes takes it back: what is mapped goes, an access fails, and messages are sent again.
// Who has to wake the other end often gets a capability for that, its bell, and needs no server any more.
// A position is stored last: what it does not cover has not been written, or not been read.
#include "env/linux/library.h"
#include "protocol/gen/wait.h"

#define USES_STEP 0x10u
#define USES_WANTED 0x30u  // transfers by message before the end is asked for
#define PIPE_ATOMIC 4096u
#define WAIT_ROOM 32768u   // a long write waits until so much fits

struct ring {
	const struct handle *handle;
	uint32_t share;
	char *base;
	bool is_writer;
	// As last looked at.
	uint32_t own, fill;  // the own position; bytes that are in the ring
	bool is_alone;       // nobody has the other end any more
	bool is_nonblock;
};

static struct linux_ring_index *own_index(const struct ring *ring)
{
	return (struct linux_ring_index *)(ring->base + (ring->is_writer ? RING_HEAD : RING_TAIL));
}

static struct linux_ring_index *peer_index(const struct ring *ring)
{
	return (struct linux_ring_index *)(ring->base + (ring->is_writer ? RING_TAIL : RING_HEAD));
}

// False: the ring is gone. The flags are read first: what was written before the last writer closed is
// seen when that is.
static bool ring_look(struct ring *ring)
{
	const struct linux_ring_flags *flags = (const struct linux_ring_flags *)(
		ring->base + (ring->is_writer ? RING_FLAGS_WRITER : RING_FLAGS));
	uint32_t alone, nonblock, own, peer;

	GUARD_LOAD(alone, ring->is_writer ? &flags->no_readers : &flags->no_writers, gone);
	GUARD_LOAD(nonblock, &flags->is_nonblock, gone);
	GUARD_LOAD(peer, &peer_index(ring)->position, gone);
	GUARD_LOAD(own, &own_index(ring)->position, gone);
	ring->own = own;
	ring->fill = ring->is_writer ? own - peer : peer - own;
	if (ring->fill > RING_BYTES)
		ring->fill = RING_BYTES;
	ring->is_alone = alone;
	ring->is_nonblock = nonblock;
	return true;
gone:
	return false;
}

// Store, and only then read: the value read, or -1: the ring is gone.
static int64_t ring_store(uint32_t *to, uint32_t value, const uint32_t *then)
{
	uint32_t read;

	GUARD_STORE_FULL(to, value, gone);
	GUARD_LOAD(read, then, gone);
	return read;
gone:
	return -1;
}

// The ring of a handle, locked.
static bool ring_open(struct ring *ring, const struct handle *handle)
{
	int64_t share = share_lock(handle);

	if (share < 0)
		return false;
	*ring = (struct ring){.handle = handle, .share = (uint32_t)share,
			      .base = (char *)share_address((uint32_t)share),
			      .is_writer = process_get()->shares[share].token};
	if (ring_look(ring))
		return true;
	share_drop((uint32_t)share);
	return false;
}

// Ask the server for the end. False: not now.
static bool ring_hold(const struct handle *handle)
{
	struct msg m = {.tag = TAG(WAIT_RING, 3)};
	uint64_t token = board_get();
	int64_t share = token ? share_make(handle) : -1, result;
	uint8_t *uses = &process_get()->watched[handle->index];

	if (share < 0)
		return false;
	m.words[1] = token;
	m.words[2] = share_address((uint32_t)share);
	msg_set_window(m.words[2], RING_PAGES);
	result = notify_call(handle->cap, &m);
	msg_set_window(0, 0);
	process_get()->shares[share].thread = (uint16_t)thread_get()->index;
	process_get()->shares[share].token = m.words[1];
	*uses = (uint8_t)(result == -EPERM ? *uses | WATCHED_USES : *uses & ~WATCHED_USES);
	if (result)
		share_drop((uint32_t)share);
	else
		share_unlock((uint32_t)share);
	return result == 0;
}

// A transfer by message is one more reason to hold the end.
static bool ring_begin(struct ring *ring, const struct handle *handle)
{
	uint8_t *uses = &process_get()->watched[handle->index];

	if (ring_open(ring, handle))
		return true;
	if ((*uses & WATCHED_USES) == WATCHED_USES || (*uses & (WATCHED_IN | WATCHED_OUT)))
		return false;
	if ((*uses & WATCHED_USES) < USES_WANTED) {
		*uses = (uint8_t)(*uses + USES_STEP);
		return false;
	}
	return ring_hold(handle) && ring_open(ring, handle);
}

// Move bytes between the buffers and the ring, from the own position on: bytes done.
static uint64_t ring_copy(const struct ring *ring, void *buffers, uint64_t size)
{
	uint64_t at = ring->own % RING_BYTES;
	uint64_t first = size < RING_BYTES - at ? size : RING_BYTES - at;
	uint64_t done = buffers_copy(buffers, ring->base + at, first, ring->is_writer);

	if (done == first && first < size)
		done += buffers_copy(buffers, ring->base, size - first, ring->is_writer);
	return done;
}

// Has the other end's thread been told since it said what it wants? It cannot have passed by more than the
// ring has: with its position where it was, it has done nothing since, and finds what it waits for.
static bool is_told(const struct linux_share *share, uint32_t position, uint32_t wants)
{
	return share->moved - share->rung_moved <= RING_BYTES && share->rung_position == position &&
	       share->rung_wants == wants;
}

#define KICKS_BEFORE 3   // a bell is asked for,
#define KICKS_AGAIN 64   // and again

static void kick_server(struct linux_share *share, uint32_t index)
{
	bool is_wanted = ++share->kicks % KICKS_AGAIN == KICKS_BEFORE;
	int64_t spare = is_wanted ? handle_reserve_spare() : -1;
	struct msg m = {.tag = TAG(WAIT_KICK, 1), .words = {spare >= 0}};
	err_t err = sys_call(handle_slot(index), &m);

	if (spare < 0)
		return;
	msg_set_receive(0, 0);
	if (err == OK && msg_get_cap(&m, 0) == handle_slot(spare))
		share->bell = handle_slot(spare);
	else
		handle_release(spare);
}

// Tell the other end's thread, which has said that it wants to know. One process signals the other: the
// server has given it the capability, and takes it back when the end is held by another.
// (Its position is looked at now: after the own one was stored and `wants` was read.)
static __attribute__((noinline)) void kick(struct linux_share *share, uint32_t index,
					   const struct linux_ring_index *peer, uint32_t wants)
{
	uint32_t position;

	if (share->bell) {
		GUARD_LOAD(position, &peer->position, gone);
		if (is_told(share, position, wants))
			return;
		if (native_signal(share->bell) == OK) {
			share->rung_moved = share->moved;
			share->rung_position = position;
			share->rung_wants = wants;
			return;
		}
	gone:
		bell_drop(share);
	}
	kick_server(share, index);
}

// The own position moves. Who waits for that at the other end is told. False: the ring is gone.
static bool ring_move(struct ring *ring, uint64_t count)
{
	struct linux_share *share = &process_get()->shares[ring->share];
	const struct linux_ring_index *peer = peer_index(ring);
	int64_t wants = ring_store(&own_index(ring)->position, ring->own + (uint32_t)count, &peer->wants);
	bool is_enough;

	if (wants < 0)
		return false;
	ring->own += (uint32_t)count;
	ring->fill = ring->is_writer ? ring->fill + (uint32_t)count : ring->fill - (uint32_t)count;
	is_enough = ring->is_writer || RING_BYTES - ring->fill >= (uint64_t)wants;
	share->moved += count;
	if (wants != 0 && is_enough)
		kick(share, ring->handle->index, peer, (uint32_t)wants);
	return true;
}

// Bytes that can be moved now.
static uint64_t ring_can(const struct ring *ring)
{
	return ring->is_writer ? RING_BYTES - ring->fill : ring->fill;
}

// Move what can be moved at once: bytes, 0 when the ring is gone or a buffer is wild.
static uint64_t ring_step(struct ring *ring, void *buffers, uint64_t size)
{
	uint64_t n = ring_can(ring) < size ? ring_can(ring) : size;
	uint64_t done = ring_copy(ring, buffers, n);

	return done && ring_move(ring, done) ? done : 0;
}

// Say how many bytes this end waits for. False: the ring is gone.
static bool ring_want(const struct ring *ring, uint32_t wants)
{
	return ring_store(&own_index(ring)->wants, wants, &peer_index(ring)->position) >= 0;
}

enum wait_end { WAIT_AGAIN, WAIT_BROKEN, WAIT_GONE };

// Wait until `wants` bytes can be moved, or the other end is closed. Unlocked, but locked again at the
// end unless the ring is gone. Only the thread that the server wakes may wait here.
static enum wait_end ring_wait(struct ring *ring, uint32_t wants)
{
	bool is_broken = false;

	if (process_get()->shares[ring->share].thread != thread_get()->index) {
		share_unlock(ring->share);
		return WAIT_GONE;
	}
	if (!ring_want(ring, wants) || !ring_look(ring)) {
		share_drop(ring->share);
		return WAIT_GONE;
	}
	if (ring_can(ring) < wants && !ring->is_alone) {
		share_unlock(ring->share);
		is_broken = wait_until(FOREVER);
		if (!ring_open(ring, ring->handle))
			return is_broken ? WAIT_BROKEN : WAIT_GONE;
	}
	if (!ring_want(ring, 0) || !ring_look(ring)) {
		share_drop(ring->share);
		return is_broken ? WAIT_BROKEN : WAIT_GONE;
	}
	if (!is_broken)
		return WAIT_AGAIN;
	share_unlock(ring->share);
	return WAIT_BROKEN;
}

static int64_t transfer_end(const struct ring *ring, int64_t result)
{
	share_unlock(ring->share);
	return result;
}

// A step that moved nothing: the ring is gone, or the buffer is none.
static int64_t step_failed(struct ring *ring)
{
	if (ring_look(ring))
		return transfer_end(ring, -EFAULT);
	share_drop(ring->share);
	return RING_NONE;
}

static int64_t ring_read(struct ring *ring, void *buffers, uint64_t size)
{
	for (;;) {
		if (ring->fill > 0) {
			uint64_t done = ring_step(ring, buffers, size);

			return done ? transfer_end(ring, (int64_t)done) : step_failed(ring);
		}
		if (ring->is_alone)
			return transfer_end(ring, 0);
		if (ring->is_nonblock)
			return transfer_end(ring, -EAGAIN);
		enum wait_end end = ring_wait(ring, 1);

		if (end != WAIT_AGAIN)
			return end == WAIT_BROKEN ? -RESTART : RING_NONE;
	}
}

// *done: what was written before the ring was gone, or the call broken off.
static int64_t ring_write(struct ring *ring, void *buffers, uint64_t size, uint64_t *done)
{
	uint32_t atomic = size <= PIPE_ATOMIC ? (uint32_t)size : 1;

	for (*done = 0;;) {
		uint64_t left = size - *done, step;

		if (ring->is_alone)
			return transfer_end(ring, -EPIPE);
		if (ring_can(ring) >= atomic) {
			step = ring_step(ring, buffers, left);
			if (!step)
				return step_failed(ring);
			*done += step;
			if (*done == size)
				return transfer_end(ring, 0);
		}
		if (ring->is_nonblock)
			return transfer_end(ring, -EAGAIN);
		left = size - *done;
		enum wait_end end = ring_wait(ring, atomic > 1 ? atomic : left < WAIT_ROOM ? (uint32_t)left
											   : WAIT_ROOM);

		if (end != WAIT_AGAIN)
			return end == WAIT_BROKEN ? -RESTART : RING_NONE;
	}
}

// A ring as a short transfer uses it.
struct ring_short {
	struct linux_share *share;
	struct linux_ring_index *own, *peer;
	char *data;
	uint32_t at, fill;  // the own position; bytes that are in the ring
};

// False: not now, or not so.
static inline bool ring_short(struct ring_short *r, uint32_t index, bool is_write)
{
	struct process_block *process = process_get();
	uint32_t number = process->share_of[index] - 1u, own, peer, alone = 0;
	struct linux_share *share = &process->shares[number];
	char *base;

	if (!process_is_alone(process) || number >= LINUX_SHARES || process->handles[index].type != TYPE_FIFO ||
	    share->token != is_write)
		return false;
	base = (char *)share->address;
	r->own = (struct linux_ring_index *)(base + (is_write ? RING_HEAD : RING_TAIL));
	r->peer = (struct linux_ring_index *)(base + (is_write ? RING_TAIL : RING_HEAD));
	if (is_write)
		GUARD_LOAD(alone, &((const struct linux_ring_flags *)(base + RING_FLAGS_WRITER))->no_readers, gone);
	GUARD_LOAD(peer, &r->peer->position, gone);
	GUARD_LOAD(own, &r->own->position, gone);
	r->share = share;
	r->fill = is_write ? own - peer : peer - own;
	r->at = own;
	r->data = base + own % RING_BYTES;
	return !alone && r->fill <= RING_BYTES;
gone:
	return false;
}

static inline bool copy_short(char *to, const char *from, uint64_t size)
{
	uint32_t wide;
	uint8_t byte;

	if (size != 1)
		return ucopy_bytes(to, from, size) == 0;
	GUARD_LOAD_BYTE(wide, from, bad);
	byte = (uint8_t)wide;
	GUARD_STORE(to, byte, bad);
	return true;
bad:
	return false;
}

// The ring is empty: wait until it is not, as ring_wait does. False: the long way.
static __attribute__((noinline)) bool wait_short(const struct ring_short *r)
{
	const struct linux_ring_flags *flags =
		(const struct linux_ring_flags *)((const char *)r->share->address + RING_FLAGS);
	uint32_t alone, nonblock, no = 0;
	int64_t head;
	bool is_broken = false;

	GUARD_LOAD(nonblock, &flags->is_nonblock, gone);
	if (nonblock || r->share->thread != thread_get()->index)
		return false;
	head = ring_store(&r->own->wants, 1, &r->peer->position);
	GUARD_LOAD(alone, &flags->no_writers, gone);
	if (head == (int64_t)r->at && !alone)
		is_broken = wait_until(FOREVER);
	GUARD_STORE(&r->own->wants, no, gone);
	return !is_broken && !alone && head >= 0;
gone:
	return false;
}

// Only what the position covers has been moved: when anything fails before, nothing has happened.
int64_t pipe_read_short(uint32_t index, uint64_t buffer, uint64_t size)
{
	struct ring_short r;
	int64_t wants;
	uint64_t n;

	if (!ring_short(&r, index, false) || (r.fill == 0 && size != 0 && (!wait_short(&r) ||
									    !ring_short(&r, index, false))))
		return move_long(index, buffer, size, UINT64_MAX, false);
	n = size < r.fill ? size : r.fill;
	if (n == 0 || r.at % RING_BYTES + n > RING_BYTES || !copy_short((char *)buffer, r.data, n))
		return move_long(index, buffer, size, UINT64_MAX, false);
	wants = ring_store(&r.own->position, r.at + (uint32_t)n, &r.peer->wants);
	if (wants < 0)
		return move_long(index, buffer, size, UINT64_MAX, false);
	r.share->moved += n;
	if (wants && RING_BYTES - r.fill + n >= (uint64_t)wants)
		kick(r.share, index, r.peer, (uint32_t)wants);
	return (int64_t)n;
}

int64_t pipe_write_short(uint32_t index, uint64_t buffer, uint64_t size)
{
	struct ring_short r;
	int64_t wants;

	if (size - 1 >= PIPE_ATOMIC || !ring_short(&r, index, true) || RING_BYTES - r.fill < size ||
	    r.at % RING_BYTES + size > RING_BYTES || !copy_short(r.data, (const char *)buffer, size))
		return move_long(index, buffer, size, UINT64_MAX, true);
	wants = ring_store(&r.own->position, r.at + (uint32_t)size, &r.peer->wants);
	if (wants < 0)
		return move_long(index, buffer, size, UINT64_MAX, true);
	r.share->moved += size;
	if (wants)
		kick(r.share, index, r.peer, (uint32_t)wants);
	return (int64_t)size;
}

int64_t pipe_transfer(const struct handle *handle, void *buffers, uint64_t size, bool is_write, uint64_t *done)
{
	struct ring ring;

	*done = 0;
	if (size == 0 || !ring_begin(&ring, handle))
		return RING_NONE;
	if (ring.is_writer != is_write)
		return transfer_end(&ring, RING_NONE);
	return is_write ? ring_write(&ring, buffers, size, done) : ring_read(&ring, buffers, size);
}

static uint32_t ring_bits(const struct ring *ring)
{
	if (ring->is_writer)
		return (ring_can(ring) >= PIPE_ATOMIC ? POLLOUT | POLLWRNORM : 0) | (ring->is_alone ? POLLERR : 0);
	return (ring->fill ? POLLIN | POLLRDNORM : 0) | (ring->is_alone ? POLLHUP : 0);
}

int64_t pipe_ready(const struct handle *handle)
{
	struct ring ring;

	if (process_get()->share_of[handle->index] == 0 || !ring_open(&ring, handle))
		return -1;
	return transfer_end(&ring, ring_bits(&ring));
}

int64_t pipe_want(const struct handle *handle, bool wants)
{
	struct ring ring;
	int64_t result = -1;

	if (!ring_open(&ring, handle))
		return -1;
	if (process_get()->shares[ring.share].thread == thread_get()->index &&
	    ring_want(&ring, !wants ? 0 : ring.is_writer ? PIPE_ATOMIC : 1) && ring_look(&ring))
		result = ring_bits(&ring) != 0;
	return transfer_end(&ring, result);
}

int64_t pipe_open_wait(const struct handle *handle)
{
	struct window_call call = {handle->cap, WINDOW_FILE,
				   .m = {.tag = TAG(WAIT_OPEN_WAIT, 1) | TAG_INTERRUPTIBLE}};

	return window_call(&call);
}
