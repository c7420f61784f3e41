// Groups, credentials, and the small calls.
#include <errno.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "lib/rt/random.h"
#include "protocol/gen/context.h"
#include "protocol/gen/process.h"
#include "servers/process/server.h"
#include "servers/process/syscall_name.h"

#define NUMBERS_MAX 1024

void block_update(const struct task *task)
{
	struct process_block *b = task->body ? task->body->block : NULL;

	if (!b)
		return;
	b->pid = task->pid;
	b->ppid = task->parent ? task->parent->pid : 0;
	b->pgid = task->pgid;
	b->sid = task->sid;
	b->uid = task->ids.ruid;
	b->euid = task->ids.euid;
	b->suid = task->ids.suid;
	b->gid = task->ids.rgid;
	b->egid = task->ids.egid;
	b->sgid = task->ids.sgid;
}

void group_handle(struct task *task, struct msg *m)
{
	uint32_t label = tag_label(m->tag);
	uint64_t pid = m->words[0];
	struct task *of = pid && label != PROCESS_SETSID ? task_find(&tasks, pid) : task;

	if (label == PROCESS_SETPGID) {
		answer_set(m, task_set_group(&tasks, task, pid, m->words[1]));
	} else if (label == PROCESS_SETSID) {
		answer_set(m, task_set_session(&tasks, task));
	} else {
		answer_set(m, !of ? -ESRCH : (int64_t)(label == PROCESS_GETPGID ? of->pgid : of->sid));
	}
	if (of)
		block_update(of);
}

void set_ids_handle(struct task *task, struct msg *m)
{
	struct task_ids before = task->ids;
	int64_t result = task_set_ids(task, m->words);
	uint64_t files = 0;

	if (!result && (task->fsuid != task->ids.euid || task->fsgid != task->ids.egid) &&
	    (context_set_ids(body_slot(task->body, BODY_OWNER), task->ids.euid, task->ids.egid, &files) ||
	     files)) {
		task->ids = before;
		result = -EAGAIN;
	}
	if (!result) {
		task->fsuid = task->ids.euid;
		task->fsgid = task->ids.egid;
	}
	block_update(task);
	answer_set(m, result);
}

static bool may_be(const struct task *task, uint64_t id, uint32_t r, uint32_t e, uint32_t s, uint32_t fs)
{
	return id != ~0ull && (task->ids.euid == 0 || id == r || id == e || id == s || id == fs);
}

void set_fs_ids_handle(struct task *task, struct msg *m)
{
	const struct task_ids *ids = &task->ids;
	uint32_t uid = task->fsuid, gid = task->fsgid, before[2] = {uid, gid};
	uint64_t result = 0;

	if (may_be(task, m->words[0], ids->ruid, ids->euid, ids->suid, uid))
		uid = (uint32_t)m->words[0];
	if (may_be(task, m->words[1], ids->rgid, ids->egid, ids->sgid, gid))
		gid = (uint32_t)m->words[1];
	if ((uid != before[0] || gid != before[1]) &&
	    context_set_ids(body_slot(task->body, BODY_OWNER), uid, gid, &result) == OK && !result) {
		task->fsuid = uid;
		task->fsgid = gid;
	}
	answer_set(m, 0);
	m->words[1] = before[0];
	m->words[2] = before[1];
}

static void reboot_do(const struct task *task, struct msg *m)
{
	uint64_t command = m->words[0];

	if (task->ids.euid != 0)
		answer_set(m, -EPERM);
	else if (command == 0x4321fedc || command == 0xcdef0123)
		answer_set(m, session_power_off());
	else if (command == 0x01234567)
		answer_set(m, supervisor_restart());
	else
		answer_set(m, command == 0 || command == 0x89abcdef ? 0 : -EINVAL);  // Ctrl-Alt-Del on, off
}

static void log_do(const struct task *task, struct msg *m)
{
	static uint64_t seen[NUMBERS_MAX / 64];
	uint64_t number = m->words[0];

	answer_set(m, 0);
	if (number >= NUMBERS_MAX || seen[number / 64] & 1ull << number % 64)
		return;
	seen[number / 64] |= 1ull << number % 64;
	rt_log("pid %u (%s): system call %llu (%s) is not there", task->pid, task->name,
	       (unsigned long long)number, syscall_name(number));
}

static void random_do(struct msg *m)
{
	uint64_t count = m->words[0] > 56 ? 56 : m->words[0];

	answer_set(m, (int64_t)count);
	rt_random(&m->words[1], count);
}

uint64_t counter_read(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

uint64_t uptime_ns(void)
{
	uint64_t rate = component_get()->ticks_per_second;
	uint64_t ticks = counter_read() - component_get()->ticks_at_boot;

	return rate ? ticks / rate * 1000000000 + ticks % rate * 1000000000 / rate : 0;
}

static void sysinfo_do(struct msg *m)
{
	answer_set(m, 0);
	m->words[1] = store_bytes();
	m->words[2] = store_free_bytes();
	m->words[3] = tasks.count;
	m->words[4] = uptime_ns() / 1000000000;
}

void misc_handle(struct task *task, struct msg *m)
{
	switch (tag_label(m->tag)) {
	case PROCESS_REBOOT:
		reboot_do(task, m);
		return;
	case PROCESS_LOG:
		log_do(task, m);
		return;
	case PROCESS_RANDOM:
		random_do(m);
		return;
	default:
		sysinfo_do(m);
	}
}
