// Scheduling policies. Every program has one priority in the kernel; a policy says which time slice it gets
// there (thread_nice_settle), and is otherwise only kept and told.
#include <errno.h>

#include "servers/process/server.h"
#include "servers/process/thread.h"

#define RESET_ON_FORK 0x40000000u
#define KEEP (~0ull)
#define RLIMIT_NICE_ 13
#define RLIMIT_RTPRIO_ 14

enum policy { POLICY_OTHER, POLICY_FIFO, POLICY_RR, POLICY_BATCH, POLICY_IDLE = 5 };

static bool is_realtime(uint32_t policy) { return policy == POLICY_FIFO || policy == POLICY_RR; }

static bool is_known(uint32_t policy) { return policy <= POLICY_BATCH || policy == POLICY_IDLE; }

bool nice_is_allowed(const struct task *task, int32_t nice)
{
	uint64_t limit = task->body ? task->body->block->limits[RLIMIT_NICE_][0] : 0;

	return nice >= task->nice || (uint64_t)(20 - nice) <= limit;
}

static int64_t may_set(const struct task *from, const struct thread *thread, uint32_t policy, uint32_t priority,
		       int32_t nice, bool resets)
{
	const struct task *to = thread->task;
	uint64_t limit = to->body->block->limits[RLIMIT_RTPRIO_][0];

	if (from->ids.euid == 0)
		return 0;
	if (from->ids.euid != to->ids.ruid && from->ids.euid != to->ids.euid)
		return -EPERM;
	if (is_realtime(policy) && policy != thread->policy && !limit)
		return -EPERM;
	if (is_realtime(policy) && priority > thread->priority && priority > limit)
		return -EPERM;
	if (thread->policy == POLICY_IDLE && policy != POLICY_IDLE && !nice_is_allowed(to, to->nice - 1))
		return -EPERM;
	if (!is_realtime(policy) && nice < to->nice && !nice_is_allowed(to, nice))
		return -EPERM;
	return thread->resets && !resets ? -EPERM : 0;
}

static int64_t thread_set(const struct task *from, struct thread *thread, const uint64_t words[5])
{
	uint32_t policy = words[2] == KEEP ? thread->policy : (uint32_t)words[2] & ~RESET_ON_FORK;
	uint32_t priority = words[3] == KEEP ? thread->priority : (uint32_t)words[3];
	int32_t nice = words[4] == KEEP ? thread->task->nice : (int32_t)words[4];
	bool resets = words[2] == KEEP ? thread->resets : words[2] & RESET_ON_FORK;
	int64_t error;

	if (!is_known(policy) || nice < -20 || nice > 19 || priority > 99 || is_realtime(policy) != (priority > 0))
		return -EINVAL;
	error = may_set(from, thread, policy, priority, nice, resets);
	if (error)
		return error;
	thread->policy = (uint8_t)policy;
	thread->priority = (uint8_t)priority;
	thread->resets = resets;
	if (!is_realtime(policy))
		thread->task->nice = nice;
	for (struct thread *t = thread->task->body->threads; t; t = t->next)
		thread_nice_settle(t);
	return 0;
}

int32_t thread_nice(const struct thread *thread)
{
	return is_realtime(thread->policy) ? -20 : thread->policy == POLICY_IDLE ? 19 : thread->task->nice;
}

void schedule_inherit(struct thread *thread, const struct thread *from)
{
	bool keeps = !from->resets;

	thread->policy = keeps || !is_realtime(from->policy) ? from->policy : POLICY_OTHER;
	thread->priority = keeps ? from->priority : 0;
	thread->resets = false;
	if (!keeps && thread->task != from->task && thread->task->nice < 0)
		thread->task->nice = 0;
}

void schedule_keep(struct thread *thread, const struct thread *from)
{
	thread->policy = from->policy;
	thread->priority = from->priority;
	thread->resets = from->resets;
}

static struct thread *thread_of(uint64_t tid)
{
	struct thread *thread = tid ? thread_find(tid) : caller;
	struct task *task = thread ? NULL : task_find(&tasks, tid);

	return thread || !task || !task->body ? thread : thread_first(task->body);
}

void schedule_handle(struct task *task, struct msg *m)
{
	struct thread *thread = thread_of(m->words[0]);
	const struct task_ids *ids;

	if (!thread) {
		// init is nobody's.
		answer_set(m, m->words[0] != TASK_INIT_PID ? -ESRCH : m->words[1] ? -EPERM : 0);
		return;
	}
	answer_set(m, m->words[1] ? thread_set(task, thread, m->words) : 0);
	ids = &thread->task->ids;
	m->words[1] = thread->policy | (thread->resets ? RESET_ON_FORK : 0);
	m->words[2] = thread->priority;
	m->words[3] = (uint64_t)(int64_t)thread->task->nice;
	m->words[4] = ids->ruid | (uint64_t)ids->euid << 32;
	m->words[5] = ids->suid;
}
