#include "servers/file/timer.h"

#include <time.h>

#include "abi/gen/stubs.h"
#include "servers/file/board.h"

#include <poll.h>
#include <x86intrin.h>

static struct event *timers;  // those that are set
static cap_t context;

static uint64_t scale(uint64_t value, uint64_t by, uint64_t of)
{
	return of ? (uint64_t)((unsigned __int128)value * by / of) : 0;
}

uint64_t timer_now(void)
{
	const struct component_info *info = component_get();

	return scale(__rdtsc() - info->ticks_at_boot, NS_PER_SECOND, info->ticks_per_second);
}

uint64_t timer_epoch(void) { return component_get()->epoch_ns; }

static void deadline_set(void)
{
	const struct component_info *info = component_get();
	uint64_t first = 0, ticks = 0;

	for (const struct event *e = timers; e; e = e->timer_next)
		if (first == 0 || e->due < first)
			first = e->due;
	if (first != 0)
		ticks = info->ticks_at_boot + scale(first, info->ticks_per_second, NS_PER_SECOND) + 1;
	if (context != 0)
		(void)schedcontext_set_deadline(context, ticks, NULL);
}

void timer_make(void)
{
	cap_t notification = component_find_cap("notification", NULL);
	cap_t badged = notification ? slot_alloc() : 0;

	if (badged == 0)
		return;
	if (cnode_derive(file.cnode, badged, file.cnode, notification, NOTIFICATION_SIGNAL, 1, 0) == OK &&
	    thread_bind(component_get_cap("thread"), notification) == OK &&
	    schedcontext_bind_notification(component_get_cap("context"), badged) == OK)
		context = component_get_cap("context");
}

static void unlink_timer(struct event *event)
{
	struct event **link = &timers;

	while (*link && *link != event)
		link = &(*link)->timer_next;
	if (*link)
		*link = event->timer_next;
}

void timer_set(struct event *event, uint64_t due, uint64_t interval)
{
	unlink_timer(event);
	event->due = due;
	event->interval = interval;
	event->count = 0;
	if (due != 0) {
		event->timer_next = timers;
		timers = event;
	}
	timer_expire();
}

void timer_end(struct event *event)
{
	unlink_timer(event);
	deadline_set();
}

void timer_expire(void)
{
	uint64_t now = timer_now();

	for (struct event *e = timers, *next; e; e = next) {
		next = e->timer_next;
		if (!event_expire(e, now))
			continue;
		if (e->due == 0)
			unlink_timer(e);
		source_event(&e->source, POLLIN);
	}
	deadline_set();
}
