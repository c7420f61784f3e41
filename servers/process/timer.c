// The timers of processes, and the limit of their processor time: one deadline for the server.
//
// A timer of processor time cannot run out before the same span of real time has passed: the server wakes
// then, looks how much was used, and waits for the rest.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "servers/process/posix_timer.h"
#include "servers/process/server.h"

#define VALUE_MAX (1ull << 52)  // microseconds
#define NEVER UINT64_MAX
#define SECONDS_END (1ull << 31)

enum which { TIMER_REAL, TIMER_VIRTUAL, TIMER_PROF, TIMER_LIMIT, TIMER_COUNT };

// `due`, `interval`: ticks of the counter, or of the process's own time; due 0: none. Of TIMER_LIMIT the
// interval is the hard limit. `wake`: when to look.
static struct timer {
	uint64_t due, interval, wake;
} timers[TASK_MAX][TIMER_COUNT];
static uint64_t timers_set;  // how many have a `wake`
static cap_t context;

static uint64_t tick_rate(void)
{
	uint64_t rate = component_get()->ticks_per_second / 1000000;

	return rate ? rate : 1;
}

static uint64_t used(const struct task *task)
{
	return task->ticks + (task->body ? body_ticks(task->body) : 0);
}

static void deadline_set(void)
{
	uint64_t first = posix_timer_first();

	for (uint32_t i = 0; timers_set && i < TASK_MAX; i++)
		for (uint32_t k = 0; k < TIMER_COUNT; k++)
			if (timers[i][k].wake && (!first || timers[i][k].wake < first))
				first = timers[i][k].wake;
	if (context)
		(void)schedcontext_set_deadline(context, first, NULL);
}

void timer_deadline_set(void) { deadline_set(); }

static void wake_set(struct timer *t, uint64_t wake)
{
	timers_set -= t->wake != 0;
	t->wake = wake;
	timers_set += t->wake != 0;
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

static void post(struct task *task, uint32_t signal)
{
	struct signal_info info = {signal, 0x80, 0, 0, 0};

	(void)signal_post(task, &info);
}

// The soft limit is passed: SIGXCPU now and each second of processor time after, SIGKILL at the hard one.
static void limit_expire(struct task *task, struct timer *t, uint64_t time)
{
	post(task, time >= t->interval ? SIGKILL : SIGXCPU);
	t->due += component_get()->ticks_per_second;
	if (t->due > t->interval && time < t->interval)
		t->due = t->interval;
}

static void expire(struct task *task, uint32_t which, struct timer *t, uint64_t real)
{
	static const uint32_t signals[] = {SIGALRM, SIGVTALRM, SIGPROF};
	uint64_t time = which == TIMER_REAL ? real : used(task);

	if (t->due <= time && which == TIMER_LIMIT) {
		limit_expire(task, t, time);
	} else if (t->due <= time) {
		t->due = t->interval ? t->due + ((time - t->due) / t->interval + 1) * t->interval : 0;
		post(task, signals[which]);
	}
	// The signal may have ended the process, and its timers with it.
	if (t->wake)
		wake_set(t, !t->due ? 0 : which == TIMER_REAL ? t->due : real + (t->due > time ? t->due - time : 1));
}

void timer_expire(void)
{
	uint64_t time = counter_read();

	posix_timer_expire(time);
	for (uint32_t i = 0; i < TASK_MAX; i++)
		for (uint32_t k = 0; k < TIMER_COUNT; k++)
			if (timers[i][k].wake && timers[i][k].wake <= time)
				expire(&tasks.items[i], k, &timers[i][k], time);
	deadline_set();
}

void timer_clear(const struct task *task)
{
	uint64_t before = timers_set;

	posix_timer_clear(task);
	for (uint32_t k = 0; k < TIMER_COUNT; k++) {
		wake_set(&timers[task->index][k], 0);
		timers[task->index][k] = (struct timer){0};
	}
	if (timers_set != before)
		deadline_set();
}

void timer_fork(const struct task *child, const struct task *parent)
{
	const struct timer *from = &timers[parent->index][TIMER_LIMIT];
	struct timer *t = &timers[child->index][TIMER_LIMIT];

	if (!from->due)
		return;
	*t = (struct timer){parent->body->block->limits[RLIMIT_CPU][0] % SECONDS_END *
				    component_get()->ticks_per_second,
			    from->interval, 0};
	wake_set(t, counter_read() + t->due);
	deadline_set();
}

// A limit of 0 seconds is one of 1, as in Linux.
void timer_limit_set(struct task *task, uint64_t soft, uint64_t hard)
{
	struct timer *t = &timers[task->index][TIMER_LIMIT];
	uint64_t rate = component_get()->ticks_per_second, time = used(task), due = (soft ? soft : 1) * rate;

	*t = (struct timer){soft < SECONDS_END ? due : 0, hard < SECONDS_END ? (hard ? hard : 1) * rate : NEVER, t->wake};
	wake_set(t, !t->due ? 0 : counter_read() + (due > time ? due - time : 1));
	deadline_set();
}

// Threads of other processes have no clock for the caller, as in Linux.
static bool clock_find(struct task *task, const struct msg *m, uint64_t *ticks)
{
	uint64_t id = m->words[1];
	const struct task *of = id ? task_find(&tasks, id) : task;
	struct thread *thread = id ? thread_find(id) : caller;

	if (m->words[0]) {
		*ticks = thread && thread->task == task ? thread_ticks(thread) : 0;
		return thread && thread->task == task;
	}
	*ticks = of ? used(of) : 0;
	return of || thread == caller;
}

void clock_handle(struct task *task, struct msg *m)
{
	uint64_t ticks = 0;
	bool is_found = clock_find(task, m, &ticks);

	answer_set(m, is_found ? 0 : -EINVAL);
	m->words[1] = ticks;
}

void timer_handle(struct task *task, struct msg *m)
{
	uint64_t value = m->words[0], interval = m->words[1], rate = tick_rate();
	uint32_t which = (uint32_t)m->words[2] % TIMER_COUNT;
	struct timer *t = &timers[task->index][which], before = *t;
	uint64_t real = counter_read(), time = which == TIMER_REAL ? real : used(task);

	if (which == TIMER_LIMIT && interval == NEVER)
		interval = VALUE_MAX;
	if (!context || (value != NEVER && (value > VALUE_MAX || interval > VALUE_MAX))) {
		answer_set(m, context ? -EINVAL : -ENOSYS);
		return;
	}
	if (value != NEVER) {
		uint64_t due = which == TIMER_LIMIT ? value * rate : time + value * rate;

		*t = (struct timer){value ? due : 0, interval * rate, t->wake};
		wake_set(t, value ? real + (due > time ? due - time : 1) : 0);
		deadline_set();
	}
	answer_set(m, 0);
	if (before.due) {
		m->words[1] = before.due > time ? (before.due - time) / rate : 0;
		m->words[1] += m->words[1] == 0;
		m->words[2] = before.interval / rate;
	}
}
