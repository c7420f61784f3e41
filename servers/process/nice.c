// Nice values. All processes have one priority in the kernel, and a time slice that follows the nice value:
// those that compete share the processor in proportion, as in Linux by about 1.25 for each step.
#include <errno.h>

#include "servers/process/server.h"
#include "servers/process/thread.h"

#define NICE_MIN (-20)
#define NICE_MAX 19
#define ASK 100

enum { WHICH_PROCESS, WHICH_GROUP, WHICH_USER };

uint64_t nice_slice(uint64_t slice, int32_t nice)
{
	uint64_t part = slice;

	for (int32_t i = 0; i < nice; i++)
		part -= part / 5;
	for (int32_t i = 0; i > nice; i--)
		part += part / 4;
	return part < slice / 64 ? slice / 64 : part;
}

static bool is_meant(const struct task *who_asks, const struct task *task, uint64_t which, uint64_t who)
{
	if (task->state == TASK_FREE)
		return false;
	switch (which) {
	case WHICH_PROCESS:
		return task->pid == (who ? who : who_asks->pid);
	case WHICH_GROUP:
		return task->pgid == (who ? who : who_asks->pgid);
	default:
		return task->ids.ruid == (who ? who : who_asks->ids.ruid);
	}
}

static int64_t value_set(const struct task *who_asks, struct task *task, int32_t nice)
{
	uint32_t euid = who_asks->ids.euid;

	if (euid && euid != task->ids.ruid && euid != task->ids.euid)
		return -EPERM;
	if (euid && !nice_is_allowed(task, nice))
		return -EACCES;
	task->nice = nice;
	for (struct thread *t = task->body ? task->body->threads : NULL; t; t = t->next)
		thread_nice_settle(t);
	return 0;
}

void priority_handle(struct task *who_asks, struct msg *m)
{
	uint64_t which = m->words[0], who = m->words[1];
	int64_t value = (int64_t)m->words[2], result = -ESRCH;

	if (which > WHICH_USER) {
		answer_set(m, -EINVAL);
		return;
	}
	for (uint32_t i = 0; i < TASK_MAX; i++) {
		struct task *task = &tasks.items[i];
		int64_t one;

		if (!is_meant(who_asks, task, which, who))
			continue;
		if (value == ASK) {
			one = 20 - task->nice;
			result = one > result ? one : result;
			continue;
		}
		one = value_set(who_asks, task, value < NICE_MIN ? NICE_MIN : value > NICE_MAX ? NICE_MAX
											      : (int32_t)value);
		// An error of one is told, though others were changed.
		if (one || result == -ESRCH)
			result = one;
	}
	answer_set(m, result);
}
