#include "servers/file/event.h"

#include <poll.h>

static bool finish(struct event *event, struct pipe_wait *wait, int64_t result)
{
	pipe_forget(wait);
	return event->answer(wait, result);
}

// Each serves a wait if it can be served now. False: it has to wait.
static bool serve_read(struct event *event, struct pipe_wait *wait)
{
	uint64_t value = event->is_semaphore ? 1 : event->count;

	if (event->count == 0)
		return false;
	memcpy(wait->data, &value, sizeof value);
	if (finish(event, wait, sizeof value))
		event->count -= value;
	return true;
}

static bool serve_write(struct event *event, struct pipe_wait *wait)
{
	uint64_t value = wait->value;

	if (value > EVENT_MAX - event->count)
		return false;
	if (finish(event, wait, sizeof value))
		event->count += value;
	return true;
}

static void wake(struct event *event)
{
	bool more = true;

	while (more) {
		more = event->read_queue && serve_read(event, event->read_queue);
		more = (event->write_queue && serve_write(event, event->write_queue)) || more;
	}
}

static void start(struct event *event, struct pipe_wait *wait, struct pipe_wait **queue, bool is_served,
		  bool block)
{
	if (is_served)
		return;
	if (block)
		pipe_wait_append(queue, wait);
	else
		(void)finish(event, wait, -EAGAIN);
}

bool event_read(struct event *event, struct pipe_wait *wait, bool block)
{
	uint64_t before = event->count;

	wait->queue = NULL;
	start(event, wait, &event->read_queue, !event->read_queue && serve_read(event, wait), block);
	wake(event);
	return event->count != before;
}

bool event_write(struct event *event, struct pipe_wait *wait, bool block)
{
	uint64_t before = event->count;

	wait->queue = NULL;
	memcpy(&wait->value, wait->data, sizeof wait->value);
	if (wait->value == UINT64_MAX) {
		(void)finish(event, wait, -EINVAL);
		return false;
	}
	start(event, wait, &event->write_queue, !event->write_queue && serve_write(event, wait), block);
	wake(event);
	return event->count != before;
}

uint32_t event_poll(const struct event *event)
{
	uint32_t bits = event->count > 0 ? POLLIN : 0;

	return bits | (!event->is_timer && event->count < EVENT_MAX ? POLLOUT : 0);
}

void event_answer_owner(struct event *event, const void *owner, int64_t result)
{
	struct pipe_wait *queues[] = {event->read_queue, event->write_queue};

	for (unsigned i = 0; i < 2; i++)
		for (struct pipe_wait *wait = queues[i], *next; wait; wait = next) {
			next = wait->next;
			if (wait->owner == owner)
				(void)finish(event, wait, result);
		}
}

bool event_expire(struct event *event, uint64_t now)
{
	uint64_t times = 1;

	if (event->due == 0 || event->due > now)
		return false;
	if (event->interval == 0) {
		event->due = 0;
	} else {
		times += (now - event->due) / event->interval;
		event->due += times * event->interval;
	}
	event->count = times > EVENT_MAX - event->count ? EVENT_MAX : event->count + times;
	wake(event);
	return true;
}
