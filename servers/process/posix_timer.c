// Timers of timer_create: any number for a process up to a limit, each with a signal and a value of its own.
//
// While the signal of a timer is pending no other is queued for it: the times it ran out are counted, in the
// signal's own si_overrun. A timer of processor time is looked at when it can have run out at the earliest.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>

#include "lib/rt/component.h"
#include "servers/process/posix_timer.h"

#define POOL 1024
#define TIMERS_MAX 64  // of a process
#define SI_TIMER_ (-2)
#define NS 1000000000ull
#define NS_MAX (1ull << 60)
#define ONLY_ASK 2
#define ABSOLUTE 1

enum clock { CLOCK_REAL, CLOCK_PROCESS, CLOCK_THREAD, CLOCK_KINDS };
enum notify { NOTIFY_SIGNAL, NOTIFY_NONE, NOTIFY_THREAD = 4 };

static struct posix_timer {
	struct task *task;  // null: free
	uint32_t id, clock, notify, signal, tid;
	uint64_t value;
	uint64_t due, interval, wake;  // ticks; due 0: it does not run
	uint64_t interval_ns;
	uint32_t overrun;
} timers[POOL];
static uint32_t used_end;  // none is in use from here on

static uint64_t ticks_of(uint64_t ns)
{
	uint64_t rate = component_get()->ticks_per_second;

	return ns / NS * rate + ns % NS * rate / NS;
}

static uint64_t ns_of(uint64_t ticks)
{
	uint64_t rate = component_get()->ticks_per_second;

	return ticks / rate * NS + ticks % rate * NS / rate;
}

static uint64_t time_of(const struct posix_timer *t)
{
	struct thread *thread = t->clock == CLOCK_THREAD ? thread_find(t->tid) : NULL;

	if (t->clock == CLOCK_REAL)
		return counter_read();
	if (t->clock == CLOCK_THREAD)
		return thread ? thread_ticks(thread) : 0;
	return t->task->ticks + (t->task->body ? body_ticks(t->task->body) : 0);
}

static void wake_settle(struct posix_timer *t, uint64_t time)
{
	uint64_t left = t->due > time ? t->due - time : 1;

	t->wake = !t->due ? 0 : counter_read() + left;
}

static struct posix_timer *timer_find(const struct task *task, uint64_t id)
{
	for (uint32_t i = 0; i < used_end; i++)
		if (timers[i].task == task && timers[i].id == id)
			return &timers[i];
	return NULL;
}

uint64_t posix_timer_first(void)
{
	uint64_t first = 0;

	for (uint32_t i = 0; i < used_end; i++)
		if (timers[i].task && timers[i].wake && (!first || timers[i].wake < first))
			first = timers[i].wake;
	return first;
}

void posix_timer_clear(const struct task *task)
{
	for (uint32_t i = 0; i < used_end; i++)
		if (timers[i].task == task)
			timers[i] = (struct posix_timer){0};
	while (used_end && !timers[used_end - 1].task)
		used_end--;
}

// Send the signal, or count what the one that is pending stands for.
static void notify(struct posix_timer *t, uint64_t times)
{
	struct thread *thread = t->notify == NOTIFY_THREAD ? thread_find(t->tid) : NULL;
	struct signal_info info = {t->signal, SI_TIMER_, t->id, 0, t->value};
	uint64_t more;

	if (t->notify == NOTIFY_NONE || (t->notify == NOTIFY_THREAD && (!thread || thread->task != t->task)))
		return;
	if (signal_overrun(t->task, &info, times, &t->overrun))
		return;
	more = times - 1 > INT32_MAX ? INT32_MAX : times - 1;
	t->overrun = info.uid = (uint32_t)more;
	if (thread)
		(void)signal_post_thread(thread, &info);
	else
		(void)signal_post(t->task, &info);
}

static void expire(struct posix_timer *t)
{
	uint64_t time = time_of(t), times = 1;

	if (t->due > time) {
		wake_settle(t, time);
		return;
	}
	if (t->interval)
		times = (time - t->due) / t->interval + 1;
	t->due = t->interval ? t->due + times * t->interval : 0;
	wake_settle(t, time);
	notify(t, times);
}

void posix_timer_expire(uint64_t time)
{
	for (uint32_t i = 0; i < used_end; i++)
		if (timers[i].task && timers[i].wake && timers[i].wake <= time)
			expire(&timers[i]);
}

static struct posix_timer *timer_take(const struct task *task, uint32_t *id)
{
	struct posix_timer *found = NULL;
	uint32_t count = 0;

	for (uint32_t i = 0; i < POOL; i++) {
		count += timers[i].task == task;
		if (!timers[i].task && !found)
			found = &timers[i];
	}
	if (!found || count >= TIMERS_MAX)
		return NULL;
	for (*id = 0; timer_find(task, *id);)
		++*id;
	return found;
}

void timer_make_handle(struct task *task, struct msg *m)
{
	uint64_t clock = m->words[0], how = m->words[1], signal = m->words[2], tid = m->words[4];
	struct thread *thread = how == NOTIFY_THREAD ? thread_find(tid) : NULL;
	bool is_good = clock < CLOCK_KINDS && (how == NOTIFY_NONE || ((how == NOTIFY_SIGNAL || how == NOTIFY_THREAD) &&
								      signal >= 1 && signal <= LINUX_NSIG)) &&
		       (how != NOTIFY_THREAD || (thread && thread->task == task));
	struct posix_timer *t = NULL;
	uint32_t id;

	if (is_good)
		t = timer_take(task, &id);
	if (!t) {
		answer_set(m, is_good ? -EAGAIN : -EINVAL);
		return;
	}
	*t = (struct posix_timer){task, id, (uint32_t)clock, (uint32_t)how, (uint32_t)signal,
				  how == NOTIFY_THREAD ? (uint32_t)tid : caller->tid, 0, 0, 0, 0, 0, 0};
	t->value = how == NOTIFY_SIGNAL && m->words[5] ? id : m->words[3];
	if ((uint32_t)(t - timers) >= used_end)
		used_end = (uint32_t)(t - timers) + 1;
	answer_set(m, id);
}

static uint64_t due_of(const struct posix_timer *t, uint64_t flags, uint64_t ns, uint64_t time)
{
	uint64_t ticks = ticks_of(ns);

	if (!(flags & ABSOLUTE))
		return time + ticks;
	return t->clock == CLOCK_REAL ? ticks + component_get()->ticks_at_boot : ticks ? ticks : 1;
}

void timer_arm_handle(struct task *task, struct msg *m)
{
	struct posix_timer *t = timer_find(task, m->words[0]);
	uint64_t flags = m->words[1], value = m->words[2], interval = m->words[3];

	if (!t || value > NS_MAX || interval > NS_MAX) {
		answer_set(m, -EINVAL);
		return;
	}

	struct posix_timer before = *t;
	uint64_t time = time_of(t);

	if (!(flags & ONLY_ASK)) {
		t->due = value ? due_of(t, flags, value, time) : 0;
		t->interval = ticks_of(interval);
		t->interval_ns = interval;
		t->overrun = 0;
		wake_settle(t, time);
		timer_deadline_set();
	}
	answer_set(m, 0);
	if (before.due) {
		m->words[1] = before.due > time ? ns_of(before.due - time) : 0;
		m->words[1] += m->words[1] == 0;
		m->words[2] = before.interval_ns;
	}
}

void timer_end_handle(struct task *task, struct msg *m)
{
	struct posix_timer *t = timer_find(task, m->words[0]);
	bool is_overrun = m->words[1];

	answer_set(m, !t ? -EINVAL : is_overrun ? (int64_t)t->overrun : 0);
	if (!t || is_overrun)
		return;
	*t = (struct posix_timer){0};
	timer_deadline_set();
}
