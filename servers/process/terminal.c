// What the terminal server asks about programs. Each process has a capability of it with a badge of its own,
// so that the terminal server knows who speaks without believing a number in a message.
#include <errno.h>
#include <signal.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "protocol/gen/session.h"
#include "servers/process/server.h"
#include "servers/process/thread.h"

static cap_t endpoint, ended;  // 0: not told yet

static uint64_t badge_of(const struct task *task)
{
	return TERMINAL_BADGE | (task->generation & 0xffffffull) << 16 | task->index;
}

static struct task *task_of(uint64_t badge)
{
	struct task *task = &tasks.items[badge & (TASK_MAX - 1)];

	return badge == badge_of(task) && task->body ? task : NULL;
}

void terminal_give_handle(struct task *task, struct msg *m)
{
	cap_t cnode = body_slot(task->body, BODY_CNODE);
	err_t err = ERR_NO_MEMORY;

	if (endpoint)
		err = cnode_derive(cnode, LINUX_SLOT_TERMINAL, store_cnode, endpoint,
				   ENDPOINT_SEND | ENDPOINT_GRANT, badge_of(task), 0);
	if (endpoint && err == OK)
		task->body->has_terminal = true;
	// It may be there already.
	answer_set(m, !endpoint ? -ENXIO : err == OK || err == ERR_SLOT_USED ? 0 : -ENOMEM);
}

static bool is_deaf(const struct task *task, uint32_t signal)
{
	const struct body *body = task->body;
	uint64_t handler = __atomic_load_n(&body->block->actions[signal - 1].handler, __ATOMIC_RELAXED);
	const struct thread *thread = thread_first(body);
	uint64_t blocked = thread ? __atomic_load_n(&thread->block->sigmask, __ATOMIC_RELAXED) : 0;

	return handler == 1 || blocked & 1ull << (signal - 1);
}

static void who(struct msg *m)
{
	const struct task *task = task_of(m->words[0]);
	uint64_t flags;

	if (!task) {
		answer_set(m, -ESRCH);
		return;
	}
	flags = (task->has_no_terminal ? WHO_NO_TERMINAL : 0) |
		(task_group_is_orphaned(&tasks, task->pgid, task->sid) ? WHO_ORPHANED : 0) |
		(is_deaf(task, SIGTTIN) ? WHO_NO_TTIN : 0) | (is_deaf(task, SIGTTOU) ? WHO_NO_TTOU : 0);
	answer_set(m, task->pid);
	m->words[1] = task->pgid | (uint64_t)task->sid << 32;
	m->words[2] = flags;
	m->words[3] = task->ids.euid | (uint64_t)task->ids.egid << 32;
}

static int64_t terminal_drop(uint64_t badge)
{
	struct task *task = task_of(badge);

	if (task)
		task->has_no_terminal = true;
	return task ? 0 : -ESRCH;
}

static struct task *leader_find(uint64_t sid)
{
	struct task *task = task_find(&tasks, sid);

	return task && task->sid == sid && task->body && !task->is_ended ? task : NULL;
}

static int64_t leader_signal(uint64_t sid, uint64_t signal)
{
	struct task *task = leader_find(sid);
	struct signal_info info = {(uint32_t)signal, 0x80, 0, 0, 0};

	if (signal < 1 || signal > LINUX_NSIG)
		return -EINVAL;
	if (task)
		signal_post(task, &info);
	return task ? 0 : -ESRCH;
}

static void endpoint_take(struct msg *m)
{
	cap_t first = msg_get_cap(m, 0), second = msg_get_cap(m, 1);

	if (endpoint || tag_caps(m->tag) != 2) {
		answer_set(m, -EINVAL);
		return;
	}
	endpoint = receive_take(first);
	ended = receive_take(second);
	answer_set(m, endpoint && ended ? 0 : -ENOMEM);
}

void terminal_session_ended(void)
{
	if (ended)
		(void)sys_signal(ended);
}

void terminal_handle(struct msg *m)
{
	switch (tag_label(m->tag)) {
	case SESSION_TERMINAL:
		endpoint_take(m);
		return;
	case SESSION_WHO:
		who(m);
		return;
	case SESSION_DROP_TERMINAL:
		answer_set(m, terminal_drop(m->words[0]));
		return;
	case SESSION_ALIVE:
		answer_set(m, leader_find(m->words[0]) != NULL);
		return;
	case SESSION_SIGNAL_LEADER:
		answer_set(m, leader_signal(m->words[0], m->words[1]));
		return;
	default:
		answer_set(m, -ENOSYS);
	}
}
