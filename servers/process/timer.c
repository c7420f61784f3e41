// ITIMER_REAL: one timer for each process, one deadline for the server.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "servers/process/server.h"

#define VALUE_MAX (1ull << 52)  // microseconds

static struct timer {
	uint64_t due, interval;  // ticks; due 0: none
} timers[TASK_MAX];
static cap_t context;

static uint64_t now(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static uint64_t tick_rate(void)
{
	uint64_t rate = component_get()->ticks_per_second / 1000000;

	return rate ? rate : 1;
}

static void deadline_set(void)
{
	uint64_t first = 0;

	for (uint32_t i = 0; i < TASK_MAX; i++)
		if (timers[i].due && (!first || timers[i].due < first))
			first = timers[i].due;
	if (context)
		(void)schedcontext_set_deadline(context, first, NULL);
}

// The notification "notification", bound to the loop's thread: a deadline wakes the loop.
void timer_make(void)
{
	cap_t notification = component_find_cap("notification", NULL);
	cap_t badged = notification ? slot_alloc() : 0;

	if (!badged)
		return;
	if (cnode_derive(store_cnode, badged, store_cnode, notification, NOTIFICATION_SIGNAL, 1, 0) == OK &&
	    thread_bind(component_get_cap("thread"), notification) == OK &&
	    schedcontext_bind_notification(component_get_cap("context"), badged) == OK)
		context = component_get_cap("context");
}

void timer_expire(void)
{
	uint64_t time = now();
	struct signal_info info = {SIGALRM, 0x80, 0, 0, 0};

	for (uint32_t i = 0; i < TASK_MAX; i++) {
		struct timer *t = &timers[i];

		if (!t->due || t->due > time)
			continue;
		t->due = t->interval ? t->due + ((time - t->due) / t->interval + 1) * t->interval : 0;
		signal_post(&tasks.items[i], &info);
	}
	deadline_set();
}

void timer_clear(const struct task *task)
{
	if (!timers[task->index].due)
		return;
	timers[task->index] = (struct timer){0};
	deadline_set();
}

void timer_handle(struct task *task, struct msg *m)
{
	struct timer *t = &timers[task->index], before = *t;
	uint64_t value = m->words[0], interval = m->words[1], time = now(), rate = tick_rate();

	if (!context || (value != ~0ull && (value > VALUE_MAX || interval > VALUE_MAX))) {
		answer_set(m, context ? -EINVAL : -ENOSYS);
		return;
	}
	if (value != ~0ull) {
		*t = (struct timer){value ? time + value * rate : 0, interval * rate};
		deadline_set();
	}
	answer_set(m, 0);
	if (before.due) {
		m->words[1] = before.due > time ? (before.due - time) / rate : 0;
		m->words[1] += m->words[1] == 0;
		m->words[2] = before.interval / rate;
	}
}
