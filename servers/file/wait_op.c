// Methods of the interface wait.
#include "servers/file/board.h"

#include "abi/gen/stubs.h"
#include "protocol/gen/wait.h"
#include "servers/file/epoll.h"
#include "servers/file/heap.h"
#include "servers/file/ring.h"
#include "servers/file/timer.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#define DECLARE(name, words, caps) request_method wait_op_##name;
WAIT_METHODS(DECLARE)

#define TIME_MAX (1ull << 62)
#ifndef TFD_TIMER_CANCEL_ON_SET
#define TFD_TIMER_CANCEL_ON_SET 2
#endif

int64_t wait_op_board(struct request *r)
{
	struct board *board;

	if (!r->context)
		return -EBADF;
	if (r->words[0] % PAGE != 0 || r->words[0] == 0)
		return -EINVAL;
	board_sweep(r->context);
	board = board_make(r->context, NULL, BOARD_PAGES);
	if (!board)
		return -ENOMEM;
	board->slot = slot_alloc();
	if (board->slot == 0) {
		board_free(board);
		return -ENOMEM;
	}
	board_item(r, board, r->words[0]);
	r->out[1] = board->token;
	r->out_words = 2;
	return 0;
}

// The board of a token that is a process's. Null: no such.
static struct board *process_board(uint64_t token)
{
	struct board *board = board_find(token);

	return board && board->context ? board : NULL;
}

int64_t wait_op_watch(struct request *r)
{
	struct description *d = r->description;
	struct board *board = process_board(r->words[0]);
	uint64_t index = r->words[1];

	if (!d)
		return -EBADF;
	if (!board)
		return -EFAULT;
	if (index >= BOARD_WORDS)
		return -EINVAL;
	if (r->words[2] == 0) {
		if (board->watches[index])
			watch_free(board->watches[index]);
		return 0;
	}
	if (!d->source)
		return -EPERM;
	if (d->pipe)
		ring_take_all(d->pipe);
	if (!watch_make(board, (uint32_t)index, d, (uint32_t)r->words[2]))
		return -ENOMEM;
	return description_ready(d);
}

// The capability that arrived becomes the window's notification, and the slot of the one before is
// where the next capability may arrive. To signal a notification never waits.
static int notification_take(struct window *window, cap_t arrived)
{
	uint64_t type = 0;
	cap_t next;

	if (arrived == 0)
		return window->notification != 0 ? 0 : -EAGAIN;
	if (arrived != file.receive ||
	    cnode_info(file.cnode, arrived, &type, NULL, NULL, NULL) != OK || type != TYPE_NOTIFICATION)
		return -EINVAL;
	next = window->notification;
	if (next == 0)
		next = slot_alloc();
	else
		(void)cnode_delete(file.cnode, next, 1);
	if (next == 0)
		return -ENOMEM;
	window->notification = arrived;
	file.receive = next;
	msg_set_receive(next, 1);
	return 0;
}

int64_t wait_op_sleep(struct request *r)
{
	struct board *board = board_find(r->words[1]);
	int error = request_window(r, r->words[0]);

	if (error == 0)
		error = notification_take(r->window, msg_get_cap(r->m, 0));
	if (error != 0)
		return error;
	if (r->words[2] != 0)
		sleeper_window_end(r->window);
	if (r->words[1] == 0)
		return 0;
	return board ? sleeper_make(board, r->window) : -EFAULT;
}

// A description without a name, for what the caller then puts into it.
static struct description *unnamed_make(struct request *r, uint32_t flags)
{
	static const struct cred root = {.umask = 022};
	struct inode *inode = inode_make(&file.fs, 0600, 0, 0);
	struct description *d;

	if (!inode)
		return NULL;
	d = description_make(inode, O_RDWR | (flags & O_NONBLOCK), &root);
	if (!d)
		return NULL;
	r->cap[0] = grant_hand(&d->grant);
	r->caps = 1;
	return d;
}

int64_t wait_op_set_make(struct request *r)
{
	struct description *d = r->context ? unnamed_make(r, 0) : NULL;

	if (!d)
		return r->context ? -ENFILE : -EBADF;
	d->set = set_make();
	if (!d->set) {
		description_free(d);
		return -ENOMEM;
	}
	d->source = &d->set->source;
	return 0;
}

int64_t wait_op_set_share(struct request *r)
{
	struct board *board = process_board(r->words[0]);
	struct set *set = r->description ? r->description->set : NULL;
	struct share *share;

	if (!set)
		return -EBADF;
	if (!board)
		return -EFAULT;
	if (r->words[1] % PAGE != 0 || r->words[1] == 0)
		return -EINVAL;
	share = share_make(board, r->words[1]);
	if (!share)
		return -ENOMEM;
	for (unsigned i = 0; i < SHARE_ITEMS; i++)
		share->slots[i] = slot_alloc();
	if (share->slots[0] == 0 || share->slots[1] == 0) {
		share_free(share);
		return -ENOMEM;
	}
	share->set = set;
	share->object_next = set->shares;
	set->shares = share;
	share_item(r, share, set->board->page, SET_PAGES - SET_STATE_PAGES, share->address, FRAME_READ);
	share_item(r, share, set->board->page + SET_PAGES - SET_STATE_PAGES, SET_STATE_PAGES,
		   share->address + (SET_PAGES - SET_STATE_PAGES) * PAGE, FRAME_READ | FRAME_WRITE);
	r->out[1] = set->board->token;
	r->out_words = 2;
	return 0;
}

int64_t wait_op_set_control(struct request *r)
{
	struct set_control c = {
		.operation = (uint32_t)r->words[1],
		.fd = (int32_t)r->words[2],
		.handle = (uint16_t)(r->words[2] >> 32),
		.kind = (uint16_t)(r->words[2] >> 48),
		.events = (uint32_t)r->words[3],
		.data = r->words[4],
	};
	struct description *d = r->description;
	struct board *board;

	if (!d)
		return -EBADF;
	if (c.kind != 0)
		return d->set && c.kind != SET_KIND_SET ? set_control(d->set, NULL, &c) : -EINVAL;
	board = board_find(r->words[0]);
	if (!board || !board->set)
		return -EFAULT;
	if (!d->source)
		return -EPERM;
	if (d->pipe)
		ring_take_all(d->pipe);
	return set_control(board->set, d, &c);
}

static int64_t event_new(struct request *r, uint32_t flags, struct event **out)
{
	struct event *event;
	struct description *d;

	if (!r->context)
		return -EBADF;
	event = heap_get(sizeof *event, HEAP_NORMAL);
	if (!event)
		return -ENOMEM;
	d = unnamed_make(r, flags);
	if (!d) {
		heap_put(event, sizeof *event);
		return -ENFILE;
	}
	event->answer = window_answer;
	d->event = event;
	d->source = &event->source;
	*out = event;
	return 0;
}

int64_t wait_op_event_make(struct request *r)
{
	struct event *event;
	int64_t error = event_new(r, (uint32_t)r->words[1], &event);

	if (error != 0)
		return error;
	event->count = (uint32_t)r->words[0];
	event->is_semaphore = r->words[1] & EFD_SEMAPHORE;
	return 0;
}

int64_t event_transfer(struct request *r, bool write)
{
	struct event *event = r->description->event;
	bool block = !(r->description->flags & O_NONBLOCK), changed;

	if (r->words[2] != NO_OFFSET)
		return -ESPIPE;
	if (r->words[1] < sizeof(uint64_t) || (write && event->is_timer))
		return -EINVAL;
	if (!request_wait(r))
		return -ENOMEM;
	changed = write ? event_write(event, &r->window->wait, block)
			: event_read(event, &r->window->wait, block);
	if (changed)
		source_event(&event->source, write ? POLLIN : POLLOUT);
	return 0;
}

int64_t wait_op_timer_make(struct request *r)
{
	struct event *event;
	int64_t error = event_new(r, (uint32_t)r->words[1], &event);

	if (error != 0)
		return error;
	event->is_timer = true;
	event->is_realtime = r->words[0] != 0;
	return 0;
}

// When the timer's clock shows a time, in nanoseconds since the start; never 0.
static uint64_t due_of(const struct event *event, uint64_t flags, uint64_t value)
{
	uint64_t epoch = event->is_realtime ? timer_epoch() : 0;

	if (!(flags & TFD_TIMER_ABSTIME))
		return timer_now() + value;
	return value > epoch ? value - epoch : 1;
}

int64_t wait_op_timer_set(struct request *r)
{
	struct event *event = r->description ? r->description->event : NULL;
	uint64_t flags = r->words[0], value = min_u64(r->words[1], TIME_MAX), now = timer_now();

	if (!event)
		return r->description ? -EINVAL : -EBADF;
	if (!event->is_timer || (flags != UINT64_MAX && (flags & ~3ull)))
		return -EINVAL;
	if (event->due != 0) {
		r->out[1] = event->due > now ? event->due - now : 1;
		r->out[2] = event->interval;
	} else {
		r->out[1] = r->out[2] = 0;
	}
	r->out_words = 3;
	if (flags == UINT64_MAX)
		return 0;
	timer_set(event, value ? due_of(event, flags, value) : 0, value ? min_u64(r->words[2], TIME_MAX) : 0);
	source_event(&event->source, 0);
	return 0;
}

int64_t wait_op_signal_make(struct request *r)
{
	struct description *d = r->context ? unnamed_make(r, (uint32_t)r->words[1]) : NULL;

	if (!d)
		return r->context ? -ENFILE : -EBADF;
	d->is_signal = true;
	d->mask = r->words[0];
	return 0;
}

int64_t wait_op_signal_mask(struct request *r)
{
	struct description *d = r->description;

	if (!d || !d->is_signal)
		return d ? -EINVAL : -EBADF;
	if (r->words[1] != 0)
		d->mask = r->words[0];
	r->out[1] = d->mask;
	r->out_words = 2;
	return 0;
}

int64_t wait_op_ring(struct request *r)
{
	struct board *board = process_board(r->words[1]);
	int error = request_window(r, r->words[0]);

	if (error != 0 || !board || board->context != r->context)
		return -EFAULT;
	if (!r->description || !r->description->pipe)
		return -EPERM;
	if (r->words[2] % PAGE != 0 || r->words[2] == 0)
		return -EINVAL;
	error = notification_take(r->window, msg_get_cap(r->m, 0));
	return error != 0 ? error : ring_hold(r, board, r->words[2]);
}

int64_t wait_op_kick(struct request *r)
{
	struct pipe *pipe = r->description ? r->description->pipe : NULL;

	if (!pipe)
		return -EBADF;
	pipe_wake(pipe);
	ring_notify(pipe);
	if (r->words[0] != 0)
		ring_bell(r);
	return 0;
}

int64_t wait_op_pipe_size(struct request *r)
{
	if (!r->description || !r->description->pipe)
		return -EBADF;
	return pipe_size_set(r->description, r->words[0]);
}

int64_t wait_op_open_wait(struct request *r)
{
	int error = request_window(r, r->words[0]);

	if (error != 0)
		return error;
	return r->description && r->description->pipe ? pipe_open_wait(r) : -EBADF;
}
