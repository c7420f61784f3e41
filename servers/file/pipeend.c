// Pipes behind descriptions: their ends, and callers that wait. A FIFO's pipe is there while somebody
// has it open.
#include "servers/file/file.h"

#include "servers/file/board.h"
#include "servers/file/heap.h"
#include "servers/file/ring.h"

#include <poll.h>

bool window_answer(struct pipe_wait *wait, int64_t result)
{
	struct window *window =
		(void *)((uint8_t *)wait - offsetof(struct window, wait));
	struct msg m = {.tag = TAG(0, 1), .words = {(uint64_t)result}};

	window->waiting = false;
	return server_answer(&file.server, wait->reply, &m) == OK;
}

static struct pipe *pipe_new(void)
{
	struct pipe *pipe = heap_get(sizeof *pipe, HEAP_NORMAL);

	if (!pipe)
		return NULL;
	if (!pipe_init(pipe, &file.fs.store)) {
		heap_put(pipe, sizeof *pipe);
		return NULL;
	}
	pipe->answer = window_answer;
	return pipe;
}

static void pipe_free(struct pipe *pipe)
{
	pipe_clear(pipe);
	heap_put(pipe, sizeof *pipe);
}

static bool is_reader(const struct description *d) { return (d->flags & O_ACCMODE) != O_WRONLY; }
static bool is_writer(const struct description *d) { return (d->flags & O_ACCMODE) != O_RDONLY; }

// The description is an end of the pipe from now on.
static void end_open(struct description *d, struct pipe *pipe)
{
	d->pipe = pipe;
	d->source = &pipe->source;
	// What is there already counts as coming after: then nobody waits for it, and it can hang up.
	d->opened_seen = is_writer(d) ? pipe->readers_opened - (pipe->readers > 0)
				      : pipe->writers_opened - (pipe->writers > 0);
	if (is_reader(d)) {
		pipe->readers++;
		pipe->readers_opened++;
	}
	if (is_writer(d)) {
		pipe->writers++;
		pipe->writers_opened++;
	}
}

static int end_make(struct inode *inode, struct pipe *pipe, uint32_t flags,
		    const struct cred *cred, struct description **out)
{
	struct description *d;

	inode_hold(inode);
	d = description_make(inode, flags, cred);
	if (!d)
		return -ENFILE;
	end_open(d, pipe);
	*out = d;
	return 0;
}

int pipe_make_ends(uint32_t flags, const struct cred *cred, struct description *ends[2])
{
	struct inode *inode = inode_make(&file.fs, S_IFIFO | 0600, cred->uid, cred->gid);
	struct pipe *pipe = pipe_new();
	int error = inode && pipe ? 0 : -ENOMEM;

	ends[0] = NULL;
	if (error == 0) {
		inode->pipe = pipe;
		error = end_make(inode, pipe, O_RDONLY | (flags & O_NONBLOCK), cred, &ends[0]);
	}
	if (error == 0)
		error = end_make(inode, pipe, O_WRONLY | (flags & O_NONBLOCK), cred, &ends[1]);
	if (error != 0 && ends[0])
		description_free(ends[0]);  // and the pipe with it
	else if (error != 0 && pipe)
		pipe_free(pipe);
	if (inode)
		inode_put(&file.fs, inode);
	return error;
}

int pipe_open(struct description *d)
{
	struct inode *inode = d->inode;

	if ((d->flags & O_ACCMODE) == O_WRONLY && (d->flags & O_NONBLOCK) &&
	    (!inode->pipe || inode->pipe->readers == 0))
		return -ENXIO;
	if (!inode->pipe)
		inode->pipe = pipe_new();
	if (!inode->pipe)
		return -ENOMEM;
	end_open(d, inode->pipe);
	pipe_wake(d->pipe);
	ring_flags_set(d->pipe);
	source_event(d->source, POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
	return 0;
}

static void holder_end(struct share *share, const struct description *d)
{
	if (share && share->description == d)
		share_free(share);
}

void pipe_end_close(struct description *d)
{
	struct pipe *pipe = d->pipe;

	holder_end(pipe->writer, d);
	holder_end(pipe->reader, d);
	pipe_answer_owner(pipe, d, -EBADF);
	source_end(&pipe->source, d);
	pipe->readers -= is_reader(d);
	pipe->writers -= is_writer(d);
	if (pipe->readers + pipe->writers > 0) {
		pipe_wake(pipe);
		ring_notify(pipe);
		source_event(&pipe->source, POLLHUP | POLLERR);
		return;
	}
	d->inode->pipe = NULL;
	pipe_free(pipe);
}

// The caller waits in its window for what the description's pipe or event will answer.
bool request_wait(struct request *r)
{
	struct window *window = r->window;
	cap_t reply = server_keep(r->server);

	if (reply == 0) {
		static bool is_logged;

		if (!is_logged)
			rt_log("no Reply is left: pipes fail");
		is_logged = true;
		return false;
	}
	r->kept = true;
	window->waiting = true;
	window->wait = (struct pipe_wait){
		.data = window->bytes,
		.length = (uint32_t)min_u64(r->words[1], WINDOW_BYTES),
		.reply = reply,
		.owner = r->description,
	};
	return true;
}

int64_t pipe_transfer(struct request *r, bool write)
{
	struct description *d = r->description;
	bool block = !(d->flags & O_NONBLOCK);
	uint32_t events;

	if (r->words[2] != NO_OFFSET)
		return -ESPIPE;
	if (r->words[1] == 0)
		return 0;
	ring_take(d->pipe, write);
	if (!request_wait(r))
		return -ENOMEM;
	events = write || d->pipe->write_queue ? POLLIN | POLLRDNORM : 0;
	if (pipe_room(d->pipe) < PIPE_ATOMIC)
		events |= POLLOUT | POLLWRNORM;
	if (write)
		pipe_write(d->pipe, &r->window->wait, block);
	else
		pipe_read(d->pipe, &r->window->wait, block);
	pipe_changed(d->pipe, events);
	return 0;
}

// `events`: what there was none of before, or more of. (As in Linux, room counts when there was none.)
void pipe_changed(struct pipe *pipe, uint32_t events)
{
	if (pipe->ring != 0)
		ring_notify(pipe);
	source_event(&pipe->source, events);
}

int64_t pipe_open_wait(struct request *r)
{
	struct description *d = r->description;

	if ((d->flags & O_ACCMODE) == O_RDWR || (d->flags & O_NONBLOCK))
		return 0;
	r->words[1] = (d->flags & O_ACCMODE) == O_RDONLY;
	if (!request_wait(r))
		return -ENOMEM;
	r->window->wait.value = d->opened_seen;
	pipe_wait_append(&d->pipe->open_queue, &r->window->wait);
	pipe_wake(d->pipe);
	return 0;
}

static bool is_power_of_two(uint64_t n) { return (n & (n - 1)) == 0; }

int64_t pipe_size_set(struct description *d, uint64_t size)
{
	struct pipe *pipe = d->pipe;
	int error;

	if (size == 0)
		return pipe->size;
	if (size > PIPE_SIZE_MAX)
		return size > 1u << 31 ? -EINVAL : -EPERM;
	size = size < PAGE ? PAGE : size;
	while (!is_power_of_two(size))
		size += size & -size;
	ring_take_all(pipe);
	if (pipe->ring != 0)
		return -ENOMEM;
	error = size == pipe->size ? 0 : pipe_resize(pipe, (uint32_t)size);
	if (error != 0)
		return error;
	pipe_wake(pipe);
	pipe_changed(pipe, POLLOUT | POLLWRNORM);
	return pipe->size;
}

uint32_t pipe_poll(const struct description *d)
{
	const struct pipe *pipe = d->pipe;
	uint32_t bits = 0;

	if (is_reader(d)) {
		bits |= pipe_fill(pipe) > 0 ? POLLIN | POLLRDNORM : 0;
		bits |= pipe->writers == 0 && pipe->writers_opened != d->opened_seen ? POLLHUP : 0;
	}
	if (is_writer(d)) {
		bits |= pipe_room(pipe) >= PIPE_ATOMIC ? POLLOUT | POLLWRNORM : 0;
		bits |= pipe->readers == 0 ? POLLERR : 0;
	}
	return bits;
}
