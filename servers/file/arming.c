// Armings: threads that want to be signalled once an end of a pipe would not wait (file_arm).
//
// An arming is in two lists: that of its window, with which it goes, and that of its pipe, which
// looks at it after every change. All armings of a window signal one notification, the one that came
// last; what it may be was checked when it came: to signal a notification never waits.
#include "servers/file/file.h"

#include "abi/gen/stubs.h"
#include "servers/file/heap.h"

#include <poll.h>

#define WINDOW_ARMINGS_MAX 128

struct arming {
	struct arming *window_next, *pipe_next;
	struct window *window;
	struct description *description;
	uint32_t events;
};

static struct arming *arming_find(const struct window *window, const struct description *d)
{
	struct arming *a = d->pipe->armings;

	while (a && !(a->window == window && a->description == d))
		a = a->pipe_next;
	return a;
}

static void arming_free(struct arming *arming)
{
	struct arming **link = &arming->window->armings;

	while (*link != arming)
		link = &(*link)->window_next;
	*link = arming->window_next;
	link = &arming->description->pipe->armings;
	while (*link != arming)
		link = &(*link)->pipe_next;
	*link = arming->pipe_next;
	arming->window->arming_count--;
	heap_put(arming, sizeof *arming);
}

static struct arming *arming_make(struct window *window, struct description *d)
{
	struct arming *arming = heap_get(sizeof *arming, HEAP_NORMAL);

	if (!arming)
		return NULL;
	arming->window = window;
	arming->description = d;
	arming->window_next = window->armings;
	window->armings = arming;
	arming->pipe_next = d->pipe->armings;
	d->pipe->armings = arming;
	window->arming_count++;
	return arming;
}

// The capability that arrived becomes the window's notification, and the slot of the one before is
// where the next capability may arrive.
static int notification_take(struct window *window, cap_t arrived)
{
	uint64_t type = 0;
	cap_t next = window->notification;

	if (arrived == 0 || arrived != file.receive ||
	    cnode_info(file.cnode, arrived, &type, NULL, NULL, NULL) != OK || type != TYPE_NOTIFICATION)
		return -EINVAL;
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

int64_t arming_set(struct window *window, struct description *d, uint32_t events, cap_t arrived)
{
	struct arming *arming = arming_find(window, d);
	int error;

	if (!arming && window->arming_count >= WINDOW_ARMINGS_MAX)
		return -ENOSPC;
	error = notification_take(window, arrived);
	if (error != 0)
		return error;
	if (!arming)
		arming = arming_make(window, d);
	if (!arming)
		return -ENOMEM;
	arming->events = events;
	return 0;
}

void arming_clear(struct window *window, struct description *d)
{
	struct arming *arming = arming_find(window, d);

	if (arming)
		arming_free(arming);
}

void arming_pipe_changed(struct pipe *pipe)
{
	for (struct arming *a = pipe->armings, *next; a; a = next) {
		next = a->pipe_next;
		if (!(pipe_poll(a->description) & (a->events | POLLERR | POLLHUP)))
			continue;
		(void)sys_signal(a->window->notification);
		arming_free(a);
	}
}

void arming_description_end(const struct description *d)
{
	for (struct arming *a = d->pipe->armings, *next; a; a = next) {
		next = a->pipe_next;
		if (a->description == d)
			arming_free(a);
	}
}

void arming_window_end(struct window *window)
{
	while (window->armings)
		arming_free(window->armings);
	if (window->notification == 0)
		return;
	(void)cnode_delete(file.cnode, window->notification, 1);
	slot_free(window->notification);
}
