// Pipes that this process holds an end of: their bytes are copied in and out of the ring, and no
// server hears of it, but for a kick when the other end waits.
//
// The first transfers through a handle are messages. Then the process asks to hold the end. Another
// process that comes takes it back: what is mapped goes, an access fails, and messages are sent again.
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

// The own position moves. Who waits for that at the other end is told. False: the ring is gone.
static bool ring_move(struct ring *ring, uint64_t count)
{
	const struct linux_ring_index *peer = peer_index(ring);
	int64_t wants = ring_store(&own_index(ring)->position, ring->own + (uint32_t)count, &peer->wants);
	bool is_enough;

	if (wants < 0)
		return false;
	ring->own += (uint32_t)count;
	ring->fill = ring->is_writer ? ring->fill + (uint32_t)count : ring->fill - (uint32_t)count;
	is_enough = ring->is_writer || RING_BYTES - ring->fill >= (uint64_t)wants;
	if (wants != 0 && is_enough)
		(void)wait_kick(ring->handle->cap, NULL);
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
