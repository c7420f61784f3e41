#include "servers/file/pipe.h"

static void queue_append(struct pipe_wait **queue, struct pipe_wait *wait)
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

// Copy between the ring at `position` and memory. False: a page is missing and there is no memory.
static bool copy(struct pipe *pipe, uint64_t position, uint8_t *data, uint32_t length, bool in)
{
	for (uint32_t done = 0; done < length;) {
		uint64_t at = position + done;
		uint32_t *page = &pipe->pages[at / PAGE % PIPE_PAGES];
		uint32_t skip = (uint32_t)(at % PAGE);
		uint32_t n = (uint32_t)min_u64(length - done, PAGE - skip);

		if (in && *page == 0)
			*page = store_get(pipe->store, 1);
		if (*page == 0)
			return false;
		if (in)
			memcpy(store_address(pipe->store, *page) + skip, data + done, n);
		else
			memcpy(data + done, store_address(pipe->store, *page) + skip, n);
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

static void consume(struct pipe *pipe, uint32_t length)
{
	uint64_t from = pipe->tail / PAGE;

	pipe->tail += length;
	if (pipe->tail == pipe->head) {
		// Empty: start again in the first page, and keep only that.
		pipe->head = pipe->tail = 0;
		for (uint32_t i = 1; i < PIPE_PAGES; i++)
			page_put(pipe, i);
		return;
	}
	// The writer may have come round into the page that the reader leaves: then it stays.
	for (uint64_t page = from; page < pipe->tail / PAGE; page++)
		if (page + PIPE_PAGES > (pipe->head - 1) / PAGE)
			page_put(pipe, (uint32_t)(page % PIPE_PAGES));
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
	(void)copy(pipe, pipe->tail, wait->data, n, false);
	if (finish(pipe, wait, n))
		consume(pipe, n);
	return true;
}

static bool serve_write(struct pipe *pipe, struct pipe_wait *wait)
{
	if (pipe->readers == 0) {
		(void)finish(pipe, wait, -EPIPE);
		return true;
	}
	if (PIPE_SIZE - pipe_fill(pipe) < wait->length)
		return false;
	if (!copy(pipe, pipe->head, wait->data, wait->length, true))
		(void)finish(pipe, wait, -ENOMEM);
	else if (finish(pipe, wait, wait->length))
		pipe->head += wait->length;
	return true;
}

void pipe_wake(struct pipe *pipe)
{
	bool more = true;

	while (more) {
		more = pipe->read_queue && serve_read(pipe, pipe->read_queue);
		more = (pipe->write_queue && serve_write(pipe, pipe->write_queue)) || more;
	}
}

void pipe_read(struct pipe *pipe, struct pipe_wait *wait, bool block)
{
	wait->queue = NULL;
	if (block && pipe->read_queue)
		queue_append(&pipe->read_queue, wait);
	else if (!serve_read(pipe, wait)) {
		if (block)
			queue_append(&pipe->read_queue, wait);
		else
			(void)finish(pipe, wait, -EAGAIN);
	}
	pipe_wake(pipe);
}

void pipe_write(struct pipe *pipe, struct pipe_wait *wait, bool block)
{
	uint32_t room = PIPE_SIZE - pipe_fill(pipe);

	wait->queue = NULL;
	if (!block && wait->length > PIPE_ATOMIC && room > 0 && room < wait->length)
		wait->length = room;
	if (block && pipe->write_queue && pipe->readers > 0)
		queue_append(&pipe->write_queue, wait);
	else if (!serve_write(pipe, wait)) {
		if (block)
			queue_append(&pipe->write_queue, wait);
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
}

void pipe_clear(struct pipe *pipe)
{
	for (uint32_t i = 0; i < PIPE_PAGES; i++)
		page_put(pipe, i);
}
