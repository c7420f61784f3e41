// Pipes behind descriptions: their ends, and callers that wait.
#include "servers/file/file.h"

#include "servers/file/heap.h"

#include <poll.h>

// The wait lies in the caller's window, which says for whom it is.
static bool answer(struct pipe_wait *wait, int64_t result)
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
	pipe->store = &file.fs.store;
	pipe->answer = answer;
	return pipe;
}

static int end_make(struct inode *inode, struct pipe *pipe, uint32_t flags,
		    const struct cred *cred, struct description **out)
{
	struct description *d;

	inode_hold(inode);
	d = description_make(inode, flags, cred);
	if (!d)
		return -ENFILE;
	d->pipe = pipe;
	if ((flags & O_ACCMODE) == O_RDONLY)
		pipe->readers++;
	else
		pipe->writers++;
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
	else if (error != 0)
		heap_put(pipe, sizeof *pipe);
	if (inode)
		inode_put(&file.fs, inode);
	return error;
}

void pipe_end_close(struct description *d)
{
	struct pipe *pipe = d->pipe;

	pipe_answer_owner(pipe, d, -EBADF);
	arming_description_end(d);
	if ((d->flags & O_ACCMODE) == O_RDONLY)
		pipe->readers--;
	else
		pipe->writers--;
	if (pipe->readers + pipe->writers > 0) {
		pipe_wake(pipe);
		arming_pipe_changed(pipe);
		return;
	}
	pipe_clear(pipe);
	heap_put(pipe, sizeof *pipe);
}

int64_t pipe_transfer(struct request *r, bool write)
{
	struct description *d = r->description;
	struct window *window = r->window;
	bool block = !(d->flags & O_NONBLOCK);
	cap_t reply;

	if (r->words[2] != NO_OFFSET)
		return -ESPIPE;
	if (r->words[1] == 0)
		return 0;
	reply = server_keep(r->server);
	if (reply == 0) {
		static bool is_logged;

		if (!is_logged)
			rt_log("no Reply is left: pipes fail");
		is_logged = true;
		return -ENOMEM;
	}
	r->kept = true;
	window->waiting = true;
	window->wait = (struct pipe_wait){
		.data = window->bytes,
		.length = (uint32_t)min_u64(r->words[1], WINDOW_BYTES),
		.reply = reply,
		.owner = d,
	};
	if (write)
		pipe_write(d->pipe, &window->wait, block);
	else
		pipe_read(d->pipe, &window->wait, block);
	arming_pipe_changed(d->pipe);
	return 0;
}

uint32_t pipe_poll(const struct description *d)
{
	const struct pipe *pipe = d->pipe;
	uint32_t bits = 0;

	if ((d->flags & O_ACCMODE) == O_RDONLY) {
		bits |= pipe_fill(pipe) > 0 ? POLLIN | POLLRDNORM : 0;
		bits |= pipe->writers == 0 ? POLLHUP : 0;
	} else {
		bits |= PIPE_SIZE - pipe_fill(pipe) >= PIPE_ATOMIC ? POLLOUT | POLLWRNORM : 0;
		bits |= pipe->readers == 0 ? POLLERR : 0;
	}
	return bits;
}
