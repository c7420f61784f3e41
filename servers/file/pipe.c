#include "servers/file/pipe.h"

#include "servers/file/heap.h"

void pipe_wait_append(struct pipe_wait **queue, struct pipe_wait *wait)
{
	struct pipe_wait **link = queue;

	while (*link)
		link = &(*link)->next;
	*link = wait;
	wait->next = NULL;
	wait->queue = queue;
}

void pipe_forget(struct pipe_wait *wait)
{
	struct pipe_wait **link = wait->queue;

	if (!link)
		return;
	while (*link != wait)
		link = &(*link)->next;
	*link = wait->next;
	wait->queue = NULL;
}

static bool finish(struct pipe *pipe, struct pipe_wait *wait, int64_t result)
{
	pipe_forget(wait);
	return pipe->answer(wait, result);
}

bool pipe_init(struct pipe *pipe, struct store *store)
{
	pipe->size = PIPE_SIZE;
	pipe->pages = heap_get(PIPE_SIZE / PAGE * sizeof pipe->pages[0], HEAP_NORMAL);
	pipe->head = &pipe->own_head;
	pipe->tail = &pipe->own_tail;
	pipe->store = store;
	return pipe->pages;
}

static uint32_t position_get(const struct linux_ring_index *index)
{
	return __atomic_load_n(&index->position, __ATOMIC_ACQUIRE);
}

static void position_set(struct linux_ring_index *index, uint32_t position)
{
	__atomic_store_n(&index->position, position, __ATOMIC_RELEASE);
}

uint32_t pipe_fill(const struct pipe *pipe)
{
	uint32_t fill = position_get(pipe->head) - position_get(pipe->tail);

	return fill > pipe->size ? pipe->size : fill;
}

static uint8_t *page_get(struct pipe *pipe, uint32_t i, bool in)
{
	if (pipe->ring != 0)
		return store_address(pipe->store, pipe->ring + i);
	if (in && pipe->pages[i] == 0)
		pipe->pages[i] = store_get(pipe->store, 1);
	return pipe->pages[i] ? store_address(pipe->store, pipe->pages[i]) : NULL;
}

bool pipe_copy(struct pipe *pipe, uint32_t position, uint8_t *data, uint32_t length, bool in)
{
	for (uint32_t done = 0; done < length;) {
		uint32_t at = (position + done) % pipe->size;
		uint32_t skip = at % PAGE;
		uint32_t n = (uint32_t)min_u64(length - done, PAGE - skip);
		uint8_t *page = page_get(pipe, at / PAGE, in);

		if (!page)
			return false;
		if (in)
			memcpy(page + skip, data + done, n);
		else
			memcpy(data + done, page + skip, n);
		done += n;
	}
	return true;
}

static void page_put(struct pipe *pipe, uint32_t i)
{
	if (pipe->pages[i] != 0)
		store_put(pipe->store, pipe->pages[i], 1);
	pipe->pages[i] = 0;
}

static void pages_put(struct pipe *pipe, uint32_t first)
{
	for (uint32_t i = first; i < pipe->size / PAGE; i++)
		page_put(pipe, i);
}

// A pipe without a ring that is empty starts again in the first page, and keeps only that. Pages that
// hold nothing any more go back.
static void consume(struct pipe *pipe, uint32_t length)
{
	uint32_t from = position_get(pipe->tail), tail = from + length;
	uint32_t head = position_get(pipe->head);

	position_set(pipe->tail, tail);
	if (pipe->ring != 0)
		return;
	if (tail == head) {
		position_set(pipe->head, 0);
		position_set(pipe->tail, 0);
		pages_put(pipe, 1);
		return;
	}
	// The writer may have come round into the page that the reader leaves: then it stays.
	for (uint32_t page = from / PAGE; page != tail / PAGE; page++)
		if ((head - 1) / PAGE - page < pipe->size / PAGE)
			page_put(pipe, page % (pipe->size / PAGE));
}

// Each serves a wait if it can be served now. False: it has to wait.
static bool serve_read(struct pipe *pipe, struct pipe_wait *wait)
{
	uint32_t n = (uint32_t)min_u64(wait->length, pipe_fill(pipe));

	if (n == 0) {
		if (pipe->writers > 0 && wait->length > 0)
			return false;
		(void)finish(pipe, wait, 0);
		return true;
	}
	if (!pipe_copy(pipe, position_get(pipe->tail), wait->data, n, false))
		(void)finish(pipe, wait, -EIO);
	else if (finish(pipe, wait, n))
		consume(pipe, n);
	return true;
}

static bool serve_write(struct pipe *pipe, struct pipe_wait *wait)
{
	uint32_t head = position_get(pipe->head);
	uint32_t length = (uint32_t)min_u64(wait->length, pipe->size);

	if (pipe->readers == 0) {
		(void)finish(pipe, wait, -EPIPE);
		return true;
	}
	if (pipe_room(pipe) < length)
		return false;
	if (!pipe_copy(pipe, head, wait->data, length, true))
		(void)finish(pipe, wait, -ENOMEM);
	else if (finish(pipe, wait, length))
		position_set(pipe->head, head + length);
	return true;
}

static bool serve_open(struct pipe *pipe, struct pipe_wait *wait)
{
	uint32_t seen = (uint32_t)wait->value;
	bool is_reader = wait->length != 0;

	if (is_reader ? pipe->writers == 0 && pipe->writers_opened == seen
		      : pipe->readers == 0 && pipe->readers_opened == seen)
		return false;
	(void)finish(pipe, wait, 0);
	return true;
}

// Say on the ends that are the server's what their first wait needs. Who moves the other end looks at
// it after that; so this is followed by one more look here.
static void wants_set(struct pipe *pipe)
{
	if (!pipe->reader)
		pipe->tail->wants = pipe->read_queue ? 1 : 0;
	if (!pipe->writer)
		pipe->head->wants = pipe->write_queue ? (uint32_t)min_u64(pipe->write_queue->length,
									pipe->size) : 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static bool serve_one(struct pipe *pipe)
{
	bool more = pipe->read_queue && serve_read(pipe, pipe->read_queue);

	more = (pipe->write_queue && serve_write(pipe, pipe->write_queue)) || more;
	return (pipe->open_queue && serve_open(pipe, pipe->open_queue)) || more;
}

void pipe_wake(struct pipe *pipe)
{
	do {
		while (serve_one(pipe))
			;
		wants_set(pipe);
	} while (serve_one(pipe));
}

void pipe_read(struct pipe *pipe, struct pipe_wait *wait, bool block)
{
	wait->queue = NULL;
	if (block && pipe->read_queue)
		pipe_wait_append(&pipe->read_queue, wait);
	else if (!serve_read(pipe, wait)) {
		if (block)
			pipe_wait_append(&pipe->read_queue, wait);
		else
			(void)finish(pipe, wait, -EAGAIN);
	}
	pipe_wake(pipe);
}

void pipe_write(struct pipe *pipe, struct pipe_wait *wait, bool block)
{
	uint32_t room = pipe_room(pipe);

	wait->queue = NULL;
	if (!block && wait->length > PIPE_ATOMIC && room > 0 && room < wait->length)
		wait->length = room;
	if (block && pipe->write_queue && pipe->readers > 0)
		pipe_wait_append(&pipe->write_queue, wait);
	else if (!serve_write(pipe, wait)) {
		if (block)
			pipe_wait_append(&pipe->write_queue, wait);
		else
			(void)finish(pipe, wait, -EAGAIN);
	}
	pipe_wake(pipe);
}

static void answer_queue(struct pipe *pipe, struct pipe_wait **queue, const void *owner,
			 int64_t result)
{
	for (struct pipe_wait *wait = *queue, *next; wait; wait = next) {
		next = wait->next;
		if (wait->owner == owner)
			(void)finish(pipe, wait, result);
	}
}

void pipe_answer_owner(struct pipe *pipe, const void *owner, int64_t result)
{
	answer_queue(pipe, &pipe->read_queue, owner, result);
	answer_queue(pipe, &pipe->write_queue, owner, result);
	answer_queue(pipe, &pipe->open_queue, owner, result);
}

// The bytes move to the start of the new table. All ends are the server's, and there is no ring.
int pipe_resize(struct pipe *pipe, uint32_t size)
{
	struct pipe before = *pipe;
	uint32_t fill = pipe_fill(pipe), tail = position_get(pipe->tail);
	uint32_t *pages;
	static uint8_t bytes[PAGE];
	bool is_done = true;

	if (fill > size)
		return -EBUSY;
	pages = heap_get(size / PAGE * sizeof pages[0], HEAP_NORMAL);
	if (!pages)
		return -ENOMEM;
	pipe->pages = pages;
	pipe->size = size;
	for (uint32_t done = 0; done < fill && is_done; done += PAGE) {
		uint32_t n = (uint32_t)min_u64(fill - done, PAGE);

		is_done = pipe_copy(&before, tail + done, bytes, n, false) &&
			  pipe_copy(pipe, done, bytes, n, true);
	}
	if (!is_done) {
		pages_put(pipe, 0);
		heap_put(pages, size / PAGE * sizeof pages[0]);
		pipe->pages = before.pages;
		pipe->size = before.size;
		return -ENOMEM;
	}
	pages_put(&before, 0);
	heap_put(before.pages, before.size / PAGE * sizeof pages[0]);
	position_set(pipe->tail, 0);
	position_set(pipe->head, fill);
	return 0;
}

void pipe_clear(struct pipe *pipe)
{
	pages_put(pipe, 0);
	heap_put(pipe->pages, pipe->size / PAGE * sizeof pipe->pages[0]);
	if (pipe->ring != 0)
		store_put(pipe->store, pipe->ring, RING_PAGES);
}
