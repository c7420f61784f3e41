// The end of processes, and waiting for it.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "servers/process/server.h"

#define CLD_EXITED_ 1
#define CLD_KILLED_ 2
#define CLD_STOPPED_ 5
#define CLD_CONTINUED_ 6
#define ACTION_NOCLDSTOP 1u
#define ACTION_NOCLDWAIT 2u

static uint64_t microseconds(uint64_t ticks)
{
	uint64_t rate = component_get()->ticks_per_second / 1000000;

	return rate ? ticks / rate : 0;
}

static void reap(struct task *child)
{
	if (child->parent)
		child->parent->child_ticks += child->ticks + child->child_ticks;
	task_destroy(&tasks, child);
}

// The answer of a wait that found something.
static void news_set(struct msg *m, enum wait_news news, const struct task *child)
{
	answer_set(m, child->pid);
	m->words[1] = news == WAIT_ZOMBIE ? child->status
		      : news == WAIT_STOP ? child->stop_signal << 8 | 0x7f
					  : 0xffff;
	m->words[2] = microseconds(child->ticks);
	m->words[4] = child->ids.ruid;
	m->words[5] = child->page_peak * 4ull;
}

static void news_consume(enum wait_news news, struct task *child, uint32_t options)
{
	if (options & WAIT_NOWAIT)
		return;
	if (news == WAIT_ZOMBIE)
		reap(child);
	else if (news == WAIT_STOP)
		child->stop_news = false;
	else
		child->continue_news = false;
}

void wait_handle(struct task *task, struct msg *m)
{
	uint32_t type = (uint32_t)m->words[0], id = (uint32_t)m->words[1], options = (uint32_t)m->words[2];
	struct task *child;

	if (type > WAIT_PGID || options & ~(WAIT_NOHANG | WAIT_STOPPED | WAIT_EXITED | WAIT_CONTINUED |
					   WAIT_NOWAIT | 0xe0000000u)) {
		answer_set(m, -EINVAL);
		return;
	}
	if (type == WAIT_PGID && id == 0)
		id = task->pgid;

	enum wait_news news = task_wait_find(task, type, id, options, &child);

	answer_set(m, news == WAIT_NO_CHILD ? -ECHILD : 0);
	if (news > WAIT_NO_CHILD) {
		news_set(m, news, child);
		news_consume(news, child, options);
	} else if (news == WAIT_NOTHING && !(options & WAIT_NOHANG)) {
		caller->wait_type = type;
		caller->wait_id = id;
		caller->wait_options = options;
		caller->wait_reply = server_keep(&process_server);
		if (!caller->wait_reply)
			answer_set(m, -EAGAIN);
	}
}

// A thread that waits is answered; what it waited for is consumed only when the answer arrived.
static void waiter_answer(struct thread *waiter)
{
	struct task *child;
	struct msg m;
	enum wait_news news = task_wait_find(waiter->task, waiter->wait_type, waiter->wait_id,
					     waiter->wait_options, &child);

	if (news == WAIT_NOTHING)
		return;
	if (news == WAIT_NO_CHILD)
		answer_set(&m, -ECHILD);
	else
		news_set(&m, news, child);

	cap_t reply = waiter->wait_reply;

	waiter->wait_reply = 0;
	if (server_answer(&process_server, reply, &m) == OK && news != WAIT_NO_CHILD)
		news_consume(news, child, waiter->wait_options);
}

static void waiters_wake(struct task *parent)
{
	for (struct thread *t = thread_first(parent->body); t; t = thread_next(t))
		if (t->wait_reply)
			waiter_answer(t);
}

static int32_t news_code(const struct task *child)
{
	if (child->state == TASK_ZOMBIE)
		return child->status & 0x7f ? CLD_KILLED_ : CLD_EXITED_;
	return child->state == TASK_STOPPED ? CLD_STOPPED_ : CLD_CONTINUED_;
}

static uint64_t news_value(const struct task *child)
{
	if (child->state == TASK_ZOMBIE)
		return child->status & 0x7f ? child->status & 0x7f : child->status >> 8;
	return child->state == TASK_STOPPED ? child->stop_signal : SIGCONT;
}

void wait_notify(struct task *child)
{
	struct task *parent = child->parent;
	bool is_end = child->state == TASK_ZOMBIE;

	if (!parent->body) {
		if (is_end)
			reap(child);
		return;
	}

	const struct linux_sigaction *action = &parent->body->block->actions[SIGCHLD - 1];
	uint64_t flags = __atomic_load_n(&action->flags, __ATOMIC_RELAXED);
	bool is_ignored = __atomic_load_n(&action->handler, __ATOMIC_RELAXED) == 1 ||
			  flags & ACTION_NOCLDWAIT;
	uint32_t signal = is_end ? child->exit_signal : SIGCHLD;
	struct signal_info info = {signal, news_code(child), child->pid, child->ids.ruid, news_value(child)};

	// Children of a parent that ignores SIGCHLD leave no zombie.
	if (is_end && is_ignored && signal == SIGCHLD)
		reap(child);
	waiters_wake(parent);
	if (signal && (is_end || !(flags & ACTION_NOCLDSTOP)))
		(void)signal_post(parent, &info);
}

static void body_end(struct task *task)
{
	struct body *body = task->body;

	task->ticks += body_ticks(body);
	task->page_peak = body->space->peak;
	for (struct thread *t = thread_first(body); t; t = thread_next(t)) {
		futex_thread_end(t);
		thread_replies_end(t);
	}
	task->body = NULL;
	queue_remove(&task->queue, ~0ull);
	body_destroy(body);
}

void thread_replies_end(struct thread *thread)
{
	(void)reply_answer(&thread->wait_reply, -EINTR);
	(void)reply_answer(&thread->stopped_reply, 0);
	if (!thread->vfork_reply)
		return;
	for (uint32_t i = 0; i < TASK_MAX; i++)
		if (tasks.items[i].vfork_parent == thread)
			tasks.items[i].vfork_parent = NULL;
	(void)reply_answer(&thread->vfork_reply, -EINTR);
}

static void vfork_end(struct task *task)
{
	if (!task->vfork_parent)
		return;
	(void)reply_answer(&task->vfork_parent->vfork_reply, task->pid);
	task->vfork_parent = NULL;
}

// The last thread to end takes its process with it: what a wait sees is its status.
void thread_exit_handle(struct task *task, struct msg *m)
{
	uint32_t status = (uint32_t)m->words[0] & 0xff00;

	answer_set(m, 0);
	if (task->body->thread_count == 1) {
		task_end(task, status);
		return;
	}
	thread_replies_end(caller);
	futex_forget(caller);
	thread_put(caller);
	signal_retarget(task);
}

// Groups that an end may leave without anybody in their session who could continue them.
struct group {
	uint32_t pgid, sid;
};

static bool has_stopped(uint32_t pgid)
{
	for (uint32_t i = 0; i < TASK_MAX; i++)
		if (tasks.items[i].state == TASK_STOPPED && tasks.items[i].pgid == pgid)
			return true;
	return false;
}

// The groups of a task and its children that it keeps from being orphaned. At most one for each child.
static uint32_t groups_get(struct task *task, struct group *groups)
{
	uint32_t count = 0;
	bool is_own = task->parent && task->parent->pgid != task->pgid && task->parent->sid == task->sid;

	if (is_own && has_stopped(task->pgid))
		groups[count++] = (struct group){task->pgid, task->sid};
	for (const struct task *c = task->child; c; c = c->next)
		if (c->state == TASK_STOPPED && c->pgid != task->pgid && c->sid == task->sid)
			groups[count++] = (struct group){c->pgid, c->sid};
	return count;
}

static void groups_hang_up(const struct group *groups, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t pgid = groups[i].pgid, sid = groups[i].sid;

		if (!has_stopped(pgid) || !task_group_is_orphaned(&tasks, pgid, sid))
			continue;
		(void)signal_group(pgid, sid, SIGHUP);
		(void)signal_group(pgid, sid, SIGCONT);
	}
}

// Its children find another parent, and hear of its end if they asked to.
static void children_leave(struct task *task)
{
	static struct task *children[TASK_MAX];
	uint32_t count = 0;

	for (struct task *c = task->child; c; c = c->next)
		children[count++] = c;
	(void)task_orphan(&tasks, task);
	for (uint32_t i = 0; i < count; i++) {
		struct task *c = children[i];
		struct signal_info info = {c->death_signal, 0, task->pid, task->ids.ruid, 0};

		if (c->state == TASK_ZOMBIE) {
			wait_notify(c);
			continue;
		}
		block_update(c);
		if (c->death_signal)
			(void)signal_post(c, &info);
	}
}

static void task_finish(struct task *task)
{
	static struct group groups[TASK_MAX];
	uint32_t pid = task->pid, sid = task->sid, status = task->status;
	uint32_t count = groups_get(task, groups);

	timer_clear(task);
	body_end(task);
	vfork_end(task);
	task->state = TASK_ZOMBIE;
	task->stop_news = task->continue_news = false;
	children_leave(task);
	wait_notify(task);
	groups_hang_up(groups, count);
	if (pid == sid)
		terminal_session_ended();
	session_end(pid, status);
}

// One end may bring others (exit signals, hang-ups): they wait for their turn, so that a chain of them
// takes no stack.
void task_end(struct task *task, uint32_t status)
{
	static struct task *ending[TASK_MAX];
	static uint32_t count;
	static bool is_busy;

	if (!task->body || task->is_ended)
		return;
	task->is_ended = true;
	task->status = status;
	ending[count++] = task;
	if (is_busy)
		return;
	is_busy = true;
	while (count)
		task_finish(ending[--count]);
	is_busy = false;
}

void usage_handle(struct task *task, struct msg *m)
{
	bool is_self = m->words[0] == 0 || m->words[0] == 1;  // the process, the thread
	uint64_t ticks = task->child_ticks;

	if (!is_self && (int64_t)m->words[0] != -1 && (int32_t)m->words[0] != -1) {
		answer_set(m, -EINVAL);
		return;
	}
	if (is_self)
		ticks = task->ticks + body_ticks(task->body);
	answer_set(m, 0);
	m->words[1] = microseconds(ticks);
	m->words[3] = is_self ? task->body->space->peak * 4ull : task->page_peak * 4ull;
}
