#include "servers/file/ring.h"

#include "abi/gen/stubs.h"
#include "servers/file/heap.h"

#define TAKEOVERS_MAX 4  // then the pipe stays the server's

static uint8_t *ring_memory(const struct pipe *pipe, uint64_t offset)
{
	return store_address(pipe->store, pipe->ring) + offset;
}

// The ring takes the place of the pages, with the same bytes at the same positions. Where memory is
// short pipes do without.
static bool ring_make(struct pipe *pipe)
{
	bool is_scarce = pipe->store->free < pipe->store->total / 8 + RING_PAGES;
	uint32_t page = is_scarce ? 0 : store_get(pipe->store, RING_PAGES);
	struct linux_ring_index head = *pipe->head, tail = *pipe->tail;
	uint8_t *memory;

	if (page == 0)
		return false;
	memory = store_address(pipe->store, page);
	memset(memory, 0, RING_PAGES * PAGE);
	for (uint32_t i = 0; i < RING_DATA_PAGES; i++) {
		if (pipe->pages[i] == 0)
			continue;
		memcpy(memory + i * PAGE, store_address(pipe->store, pipe->pages[i]), PAGE);
		store_put(pipe->store, pipe->pages[i], 1);
		pipe->pages[i] = 0;
	}
	pipe->ring = page;
	pipe->head = (struct linux_ring_index *)(memory + RING_HEAD);
	pipe->tail = (struct linux_ring_index *)(memory + RING_TAIL);
	*pipe->head = head;
	*pipe->tail = tail;
	return true;
}

// Back to pages, with what is in the ring. Nobody holds an end. Without memory the ring stays.
static void ring_drop(struct pipe *pipe)
{
	uint32_t fill = pipe_fill(pipe), tail = pipe->tail->position, ring = pipe->ring;

	if (ring == 0)
		return;
	pipe->ring = 0;
	for (uint32_t done = 0; done < fill;) {
		uint32_t at = (tail + done) % RING_BYTES;
		uint32_t n = (uint32_t)min_u64(fill - done, PAGE - at % PAGE);

		if (!pipe_copy(pipe, tail + done, store_address(pipe->store, ring) + at, n, true)) {
			pipe->ring = ring;
			return;
		}
		done += n;
	}
	pipe->own_head = (struct linux_ring_index){.position = tail + fill, .wants = pipe->head->wants};
	pipe->own_tail = (struct linux_ring_index){.position = tail, .wants = pipe->tail->wants};
	pipe->head = &pipe->own_head;
	pipe->tail = &pipe->own_tail;
	store_put(pipe->store, ring, RING_PAGES);
}

static bool is_nonblock(const struct share *share)
{
	return share && (share->description->flags & O_NONBLOCK);
}

void ring_flags_set(struct pipe *pipe)
{
	struct linux_ring_flags *flags;

	if (pipe->ring == 0)
		return;
	for (unsigned i = 0; i < 2; i++) {
		flags = (struct linux_ring_flags *)ring_memory(pipe, i ? RING_FLAGS_WRITER : RING_FLAGS);
		flags->no_writers = pipe->writers == 0;
		flags->no_readers = pipe->readers == 0;
		flags->is_nonblock = is_nonblock(i ? pipe->writer : pipe->reader);
	}
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void share_signal(const struct share *share)
{
	if (share->window && share->window->notification != 0)
		(void)sys_signal(share->window->notification);
}

// It says anew what it waits for, when it finds that it has to: until then nobody need kick.
static void wake(const struct share *share, struct linux_ring_index *index)
{
	index->wants = 0;
	share_signal(share);
}

void ring_notify(struct pipe *pipe)
{
	uint32_t wants;

	ring_flags_set(pipe);
	wants = pipe->tail->wants;
	if (pipe->reader && wants != 0 && (pipe_fill(pipe) > 0 || pipe->writers == 0))
		wake(pipe->reader, pipe->tail);
	wants = pipe->head->wants;
	if (pipe->writer && wants != 0 && (pipe_room(pipe) >= wants || pipe->readers == 0))
		wake(pipe->writer, pipe->head);
}

void ring_release(struct share *share)
{
	struct pipe *pipe = share->pipe;
	struct linux_ring_index *index = share->is_writer ? pipe->head : pipe->tail;
	uint32_t fill = pipe_fill(pipe);

	// What it said last is clamped once and for all.
	index->position = share->is_writer ? pipe->tail->position + fill : pipe->head->position - fill;
	index->wants = 0;
	if (share->is_writer)
		pipe->writer = NULL;
	else
		pipe->reader = NULL;
	if (!pipe->writer && !pipe->reader)
		ring_drop(pipe);
	pipe_wake(pipe);
}

void ring_take(struct pipe *pipe, bool is_writer)
{
	struct share *share = is_writer ? pipe->writer : pipe->reader;

	if (!share)
		return;
	// A thread of the holder's that sleeps comes to the server, too.
	share_signal(share);
	pipe->takeovers++;
	share_free(share);
}

void ring_take_all(struct pipe *pipe)
{
	ring_take(pipe, true);
	ring_take(pipe, false);
}

static void end_map(struct request *r, struct share *share, uint64_t address)
{
	const uint32_t both = FRAME_READ | FRAME_WRITE;
	uint32_t page = share->pipe->ring;
	uint32_t first = share->is_writer ? RING_DATA_PAGES + 1 : RING_DATA_PAGES + 2;

	share_item(r, share, page, first, address, share->is_writer ? both : FRAME_READ);
	share_item(r, share, page + first, RING_PAGES - first, address + (uint64_t)first * PAGE,
		   share->is_writer ? FRAME_READ : both);
}

static int64_t hold_check(const struct pipe *pipe, uint32_t mode)
{
	bool is_writer = mode == O_WRONLY;

	if (mode == O_RDWR || pipe->size != RING_BYTES || pipe->takeovers >= TAKEOVERS_MAX)
		return -EPERM;
	if (pipe->source.watches || (is_writer ? pipe->writer != NULL : pipe->reader != NULL) ||
	    (is_writer ? pipe->write_queue : pipe->read_queue))
		return -EBUSY;
	return 0;
}

int64_t ring_hold(struct request *r, struct board *board, uint64_t address)
{
	struct pipe *pipe = r->description->pipe;
	uint32_t mode = r->description->flags & O_ACCMODE;
	struct share *share;
	int64_t error = hold_check(pipe, mode);

	if (error != 0)
		return error;
	share = share_make(board, address);
	if (!share)
		return -ENOMEM;
	for (unsigned i = 0; i < SHARE_ITEMS; i++)
		share->slots[i] = slot_alloc();
	if (share->slots[0] == 0 || share->slots[1] == 0 || (pipe->ring == 0 && !ring_make(pipe))) {
		share_free(share);
		return -ENOMEM;
	}
	share->pipe = pipe;
	share->window = r->window;
	share->description = r->description;
	share->is_writer = mode == O_WRONLY;
	if (share->is_writer)
		pipe->writer = share;
	else
		pipe->reader = share;
	ring_flags_set(pipe);
	end_map(r, share, address);
	r->out[1] = share->is_writer;
	r->out_words = 2;
	return 0;
}

void ring_bell(struct request *r)
{
	const struct pipe *pipe = r->description->pipe;
	bool is_writer = (r->description->flags & O_ACCMODE) == O_WRONLY;
	const struct share *own = is_writer ? pipe->writer : pipe->reader;
	struct share *other = is_writer ? pipe->reader : pipe->writer;
	cap_t slot;

	if (!own || own->description != r->description || !other || !other->window ||
	    other->window->notification == 0)
		return;
	if (other->bell == 0) {
		slot = slot_alloc();
		if (slot == 0)
			return;
		if (cnode_derive(file.cnode, slot, file.cnode, other->window->notification, NOTIFICATION_SIGNAL, 0,
				 0) != OK) {
			slot_free(slot);
			return;
		}
		other->bell = slot;
	}
	r->cap[0] = other->bell;
	r->caps = 1;
}
