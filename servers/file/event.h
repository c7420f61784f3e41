// Counters that can be waited for: eventfd, and timerfd, which counts expirations.
//
// What an answer delivers is consumed only when the answer reached its caller, as in pipes.
#ifndef FILE_EVENT_H
#define FILE_EVENT_H

#include "servers/file/pipe.h"
#include "servers/file/source.h"

#define EVENT_MAX (UINT64_MAX - 1)

struct event {
	struct source source;
	uint64_t count;
	bool is_semaphore;
	bool is_timer;
	bool is_realtime;      // the timer's clock
	uint64_t due, interval;  // nanoseconds since the start; due 0: not set
	struct event *timer_next;
	struct pipe_wait *read_queue, *write_queue;
	bool (*answer)(struct pipe_wait *wait, int64_t result);
};

// Read or write 8 bytes at wait->data, at once or later. True: the count is another one now.
bool event_read(struct event *event, struct pipe_wait *wait, bool block);
bool event_write(struct event *event, struct pipe_wait *wait, bool block);
uint32_t event_poll(const struct event *event);
void event_answer_owner(struct event *event, const void *owner, int64_t result);

// Count what a timer has expired by `now`, and answer who waits. True: it has.
bool event_expire(struct event *event, uint64_t now);

#endif
