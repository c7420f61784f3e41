// The table of processes.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "servers/process/task.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "servers/process/check.h"

#define KEEP 0xffffffffu

void task_table_make(struct task_table *table)
{
	memset(table, 0, sizeof(*table));
	for (uint32_t i = 0; i < TASK_MAX; i++) {
		table->items[i].index = i;
		table->free_next[i] = (uint16_t)(i + 1);
	}
	table->pid_next = TASK_INIT_PID;

	struct task *init = task_make(table, NULL);

	init->pgid = init->sid = TASK_INIT_PID;
	init->state = TASK_RUNNING;
	strcpy(init->name, "init");
}

struct task *task_init(struct task_table *table) { return task_find(table, TASK_INIT_PID); }

static uint32_t lower(uint32_t least, uint32_t number, uint32_t from)
{
	return number >= from && number < least ? number : least;
}

// The lowest number from `from` on that is a task's pid, group or session.
static uint32_t number_find(const struct task_table *table, uint32_t from)
{
	uint32_t least = TASK_PID_MAX;

	for (uint32_t i = 0; i < TASK_MAX; i++) {
		const struct task *t = &table->items[i];

		if (t->state != TASK_FREE)
			least = lower(lower(lower(least, t->pid, from), t->pgid, from), t->sid, from);
	}
	return least;
}

// A group or session is named by a task's pid, so that none comes to lie before pid_clear.
static bool pid_is_used(struct task_table *table, uint32_t pid)
{
	if (table->by_pid[pid])
		return true;
	if (pid >= table->pid_clear)
		table->pid_clear = number_find(table, pid);
	return pid >= table->pid_clear;
}

static uint32_t pid_after(struct task_table *table, uint32_t pid)
{
	if (pid + 1 < TASK_PID_MAX)
		return pid + 1;
	table->pid_clear = 0;
	return TASK_INIT_PID + 1;
}

// There are far fewer entries than pids, so one is found soon.
static uint32_t pid_make(struct task_table *table)
{
	uint32_t pid = table->pid_next;

	while (pid_is_used(table, pid))
		pid = pid_after(table, pid);
	table->pid_next = pid_after(table, pid);
	return pid;
}

static void child_add(struct task *parent, struct task *task)
{
	task->parent = parent;
	task->before = NULL;
	task->next = parent->child;
	if (parent->child)
		parent->child->before = task;
	parent->child = task;
}

static void child_remove(struct task *task)
{
	if (task->before)
		task->before->next = task->next;
	else if (task->parent)
		task->parent->child = task->next;
	if (task->next)
		task->next->before = task->before;
}

struct task *task_make(struct task_table *table, struct task *parent)
{
	uint32_t index = table->free_first;

	if (index == TASK_MAX)
		return NULL;
	table->free_first = table->free_next[index];

	struct task *task = &table->items[index];
	uint32_t generation = task->generation + 1;

	memset(task, 0, sizeof(*task));
	task->index = index;
	task->generation = generation;
	task->pid = pid_make(table);
	task->exit_signal = SIGCHLD;
	task->state = TASK_RUNNING;
	table->by_pid[task->pid] = (uint16_t)(index + 1);
	table->count++;
	if (parent) {
		task->pgid = parent->pgid;
		task->sid = parent->sid;
		task->nice = parent->nice;
		task->fsuid = parent->fsuid;
		task->fsgid = parent->fsgid;
		task->has_no_terminal = parent->has_no_terminal;
		task->ids = parent->ids;
		task->group_count = parent->group_count;
		memcpy(task->groups, parent->groups, sizeof(task->groups));
		memcpy(task->name, parent->name, sizeof(task->name));
		child_add(parent, task);
	}
	return task;
}

void task_destroy(struct task_table *table, struct task *task)
{
	CHECK(!task->child && task->state != TASK_FREE);
	child_remove(task);
	table->by_pid[task->pid] = 0;
	task->state = TASK_FREE;
	table->free_next[task->index] = (uint16_t)table->free_first;
	table->free_first = task->index;
	table->count--;
}

struct task *task_orphan(struct task_table *table, struct task *task)
{
	struct task *to = task->parent;

	while (to && !(to->is_subreaper && to->body && !to->is_ended))
		to = to->parent;
	if (!to)
		to = task_init(table);
	while (task->child) {
		struct task *child = task->child;

		child_remove(child);
		child_add(to, child);
		child->exit_signal = SIGCHLD;
	}
	return to;
}

uint32_t tid_make(struct task_table *table, uint32_t number)
{
	uint32_t tid = pid_make(table);

	table->by_pid[tid] = (uint16_t)(TASK_TID | number);
	return tid;
}

void tid_forget(struct task_table *table, uint32_t tid) { table->by_pid[tid] = 0; }

bool tid_find(const struct task_table *table, uint64_t tid, uint32_t *number)
{
	if (tid == 0 || tid >= TASK_PID_MAX || !(table->by_pid[tid] & TASK_TID))
		return false;
	*number = table->by_pid[tid] & (TASK_TID - 1u);
	return true;
}

struct task *task_find(struct task_table *table, uint64_t pid)
{
	if (pid == 0 || pid >= TASK_PID_MAX || !table->by_pid[pid] || table->by_pid[pid] & TASK_TID)
		return NULL;
	return &table->items[table->by_pid[pid] - 1];
}

struct task *task_group_find(struct task_table *table, uint64_t pgid, uint32_t sid)
{
	for (uint32_t i = 0; i < TASK_MAX; i++) {
		struct task *t = &table->items[i];

		if (t->state != TASK_FREE && t->state != TASK_ZOMBIE && t->pgid == pgid &&
		    (sid == 0 || t->sid == sid))
			return t;
	}
	return NULL;
}

// A group is orphaned when no member has a parent in another group of the same session.
bool task_group_is_orphaned(struct task_table *table, uint32_t pgid, uint32_t sid)
{
	for (uint32_t i = 0; i < TASK_MAX; i++) {
		const struct task *t = &table->items[i];

		if (t->state == TASK_FREE || t->state == TASK_ZOMBIE || t->pgid != pgid || !t->parent)
			continue;
		if (t->parent->sid == sid && t->parent->pgid != pgid && t->parent->pid != TASK_INIT_PID)
			return false;
	}
	return true;
}

int64_t task_set_group(struct task_table *table, struct task *caller, uint64_t pid, uint64_t pgid)
{
	struct task *task = pid ? task_find(table, pid) : caller;

	if ((int64_t)(pgid ? pgid : pid) < 0)
		return -EINVAL;
	if (!task || task->state == TASK_ZOMBIE || (task != caller && task->parent != caller))
		return -ESRCH;
	if (task != caller && task->has_exec)
		return -EACCES;
	if (task->sid == task->pid || task->sid != caller->sid)
		return -EPERM;
	if (pgid == 0)
		pgid = task->pid;
	if (pgid != task->pid && !task_group_find(table, pgid, caller->sid))
		return -EPERM;
	task->pgid = (uint32_t)pgid;
	return 0;
}

int64_t task_set_session(struct task_table *table, struct task *caller)
{
	if (caller->pgid == caller->pid || task_group_find(table, caller->pid, 0))
		return -EPERM;
	caller->sid = caller->pgid = caller->pid;
	caller->has_no_terminal = false;
	return caller->pid;
}

bool task_may_signal(const struct task *from, const struct task *to, uint32_t signal)
{
	const struct task_ids *a = &from->ids, *b = &to->ids;

	if (signal == SIGCONT && from->sid == to->sid)
		return true;
	return a->euid == 0 || a->euid == b->ruid || a->euid == b->suid || a->ruid == b->ruid ||
	       a->ruid == b->suid;
}

static bool id_is_one_of(uint32_t id, uint32_t a, uint32_t b, uint32_t c)
{
	return id == a || id == b || id == c;
}

int64_t task_set_ids(struct task *task, const uint64_t want[6])
{
	struct task_ids now = task->ids;
	uint32_t *new[6] = {&now.ruid, &now.euid, &now.suid, &now.rgid, &now.egid, &now.sgid};
	const struct task_ids *old = &task->ids;
	bool is_root = old->euid == 0;

	for (uint32_t i = 0; i < 6; i++) {
		uint32_t id = (uint32_t)want[i];

		if (id == KEEP)
			continue;
		if (want[i] > KEEP)
			return -EINVAL;
		if (!is_root && !(i < 3 ? id_is_one_of(id, old->ruid, old->euid, old->suid)
					: id_is_one_of(id, old->rgid, old->egid, old->sgid)))
			return -EPERM;
		*new[i] = id;
	}
	task->ids = now;
	return 0;
}

bool task_wait_matches(const struct task *child, uint32_t type, uint32_t id)
{
	return type == WAIT_ALL || (type == WAIT_PID && child->pid == id) ||
	       (type == WAIT_PGID && child->pgid == id);
}

static bool is_kind(const struct task *child, uint32_t options)
{
	return options & WAIT_WALL || (child->exit_signal != SIGCHLD) == !!(options & WAIT_WCLONE);
}

enum wait_news task_wait_find(struct task *parent, uint32_t type, uint32_t id, uint32_t options,
			      struct task **found)
{
	enum wait_news news = WAIT_NO_CHILD;

	for (struct task *t = parent->child; t; t = t->next) {
		if (!task_wait_matches(t, type, id) || !is_kind(t, options))
			continue;
		// It will never stop or go on again.
		if (t->state == TASK_ZOMBIE && !(options & WAIT_EXITED))
			continue;
		*found = t;
		news = WAIT_NOTHING;
		if (t->state == TASK_ZOMBIE)
			return WAIT_ZOMBIE;
		if (t->stop_news && options & WAIT_STOPPED)
			return WAIT_STOP;
		if (t->continue_news && options & WAIT_CONTINUED)
			return WAIT_CONTINUE;
	}
	return news;
}
