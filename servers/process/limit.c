// Limits of resources: those of the first program, and prlimit of another process. They lie in the process
// block, where the library changes its own.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <sys/resource.h>

#include "servers/process/server.h"

#define LIMITS 16

// Numbers of the resources: Linux, include/uapi/asm-generic/resource.h.
void limits_make(uint64_t limits[LIMITS][2])
{
	static const struct {
		uint32_t resource;
		uint64_t soft, hard;
	} set[] = {
		{3, PROGRAM_STACK_MAX, ~0ull},       // stack
		{4, 0, 0},                           // core: none is written
		{6, TASK_MAX, TASK_MAX},             // processes
		{7, LINUX_FD_MAX, LINUX_FD_MAX},     // descriptors
		{11, 1024, 1024},                    // queued signals
		{13, 0, 0},                          // nice
		{14, 0, 0},                          // real-time priority
	};

	for (uint32_t i = 0; i < LIMITS; i++)
		limits[i][0] = limits[i][1] = ~0ull;
	for (uint32_t i = 0; i < sizeof set / sizeof set[0]; i++) {
		limits[set[i].resource][0] = set[i].soft;
		limits[set[i].resource][1] = set[i].hard;
	}
}

// Real ids that are all of the other's, or root.
static bool may_limit(const struct task *from, const struct task *to)
{
	const struct task_ids *a = &from->ids, *b = &to->ids;

	return from == to || a->euid == 0 ||
	       (a->ruid == b->ruid && a->ruid == b->euid && a->ruid == b->suid && a->rgid == b->rgid &&
		a->rgid == b->egid && a->rgid == b->sgid);
}

static int64_t limit_set(const struct task *from, struct task *to, uint32_t resource, const uint64_t new[2])
{
	struct process_block *block = to->body->block;

	if (new[0] > new[1])
		return -EINVAL;
	if (resource == RLIMIT_NOFILE && new[1] > LINUX_FD_MAX)
		return -EPERM;
	if (new[1] > block->limits[resource][1] && from->ids.euid != 0)
		return -EPERM;
	if (resource == RLIMIT_CPU)
		timer_limit_set(to, new[0], new[1]);
	block->limits[resource][0] = new[0];
	block->limits[resource][1] = new[1];
	if (resource == RLIMIT_NOFILE)
		block->fd_limit = (uint32_t)new[0];
	return 0;
}

static int64_t limits_get(const struct task *task, const struct msg *m, uint64_t old[2])
{
	struct task *of = m->words[0] ? signal_target_find(m->words[0]) : signal_target_find(task->pid);
	uint64_t first[LIMITS][2];
	uint64_t resource = m->words[1];

	if (!of)
		return -ESRCH;
	if (resource >= LIMITS)
		return -EINVAL;
	if (!may_limit(task, of))
		return -EPERM;
	// The first process has no body, and nobody changes its limits. A zombie has none any more.
	if (!of->body && of->pid != TASK_INIT_PID)
		return -ESRCH;
	if (!of->body && m->words[2])
		return -EPERM;
	limits_make(first);
	old[0] = of->body ? of->body->block->limits[resource][0] : first[resource][0];
	old[1] = of->body ? of->body->block->limits[resource][1] : first[resource][1];
	return m->words[2] ? limit_set(task, of, (uint32_t)resource, &m->words[3]) : 0;
}

void limits_handle(struct task *task, struct msg *m)
{
	uint64_t old[2] = {0, 0};
	int64_t result = limits_get(task, m, old);

	answer_set(m, result);
	m->words[1] = old[0];
	m->words[2] = old[1];
}
