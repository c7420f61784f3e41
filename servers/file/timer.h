// The timers of timerfd: one deadline for the server.
#ifndef FILE_TIMER_H
#define FILE_TIMER_H

#include "servers/file/event.h"

// The notification "notification", bound to the loop's thread: a deadline wakes the loop.
void timer_make(void);
// Nanoseconds since the start, and what the realtime clock was then.
uint64_t timer_now(void);
uint64_t timer_epoch(void);
// An event's due time and interval are new.
void timer_set(struct event *event, uint64_t due, uint64_t interval);
void timer_end(struct event *event);
// Count what has expired.
void timer_expire(void);

#endif
