// Signals: permission, what each does, and its way to the library.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>

#include "abi/gen/stubs.h"
#include "servers/process/disposition.h"
#include "servers/process/server.h"

// pid 1 is built in: busybox's poweroff, reboot and halt signal it.
static void init_signal(uint32_t signal)
{
	if (signal == SIGUSR2 || signal == SIGUSR1)
		(void)session_power_off();
	else if (signal == SIGTERM)
		(void)supervisor_restart();
}

// Set work bits, and see that the thread looks at them: on its way out of the library, in the upcall,
// or by breaking off what it waits for.
static void work_set(struct body *body, uint64_t bits)
{
	uint64_t entry = env_thread_area(body->area) + AREA_TRAMPOLINE + TRAMPOLINE_SIGNAL, entered = 0;

	__atomic_fetch_or(&body->thread->work, bits, __ATOMIC_SEQ_CST);
	if (thread_upcall(body_slot(body, BODY_THREAD), entry, &entered) == OK && entered)
		return;
	(void)thread_cancel(body_slot(body, BODY_THREAD), NULL);
	(void)sys_signal(body_slot(body, BODY_WORK));
}

static void info_store(struct body *body, const struct signal_info *info)
{
	uint64_t bit = SIGNAL_BIT(info->signal);

	// A signal that is pending already is not queued again.
	if (__atomic_load_n(&body->thread->pending, __ATOMIC_SEQ_CST) & bit)
		return;
	body->thread->info[info->signal - 1] = (struct linux_siginfo){
		.signo = (int32_t)info->signal,
		.code = info->code,
		.pid = (int32_t)info->pid,
		.uid = info->uid,
		.value = info->value,
	};
	__atomic_fetch_or(&body->thread->pending, bit, __ATOMIC_SEQ_CST);
}

static void task_continue(struct task *task)
{
	if (task->state != TASK_STOPPED)
		return;
	task->state = TASK_RUNNING;
	task->stop_news = false;
	task->continue_news = true;
	__atomic_fetch_and(&task->body->thread->work, ~(uint64_t)WORK_STOP, __ATOMIC_SEQ_CST);
	(void)reply_answer(&task->stopped_reply, 0);
	wait_notify(task);
}

static void task_stop(struct task *task, uint32_t signal)
{
	if (task->state == TASK_STOPPED)
		return;
	task->state = TASK_STOPPED;
	task->stop_signal = signal;
	task->stop_news = true;
	task->continue_news = false;
	work_set(task->body, WORK_STOP);
	wait_notify(task);
}

// Stop and continue signals cancel each other while they are pending.
static void pending_settle(struct task *task, uint32_t signal)
{
	uint64_t clear = signal == SIGCONT ? SIGNALS_STOP : SIGNAL_BIT(SIGCONT);

	__atomic_fetch_and(&task->body->thread->pending, ~clear, __ATOMIC_SEQ_CST);
}

void signal_post(struct task *task, const struct signal_info *info)
{
	uint32_t signal = info->signal;

	if (task->pid == TASK_INIT_PID) {
		init_signal(signal);
		return;
	}
	if (!task->body || task->is_ended)
		return;

	// Both may change under our eyes: each is read once.
	uint64_t handler = __atomic_load_n(&task->body->block->actions[signal - 1].handler, __ATOMIC_RELAXED);
	uint64_t blocked = __atomic_load_n(&task->body->thread->sigmask, __ATOMIC_RELAXED);
	bool is_stop = SIGNALS_STOP & SIGNAL_BIT(signal);

	if (signal == SIGCONT || is_stop)
		pending_settle(task, signal);
	if (signal == SIGCONT)
		task_continue(task);
	switch (disposition_decide(signal, handler, blocked,
				   is_stop && task_group_is_orphaned(&tasks, task->pgid, task->sid))) {
	case VERDICT_TERMINATE:
		task_end(task, signal);
		return;
	case VERDICT_STOP:
		task_stop(task, signal);
		return;
	case VERDICT_DELIVER:
	case VERDICT_PEND:
		info_store(task->body, info);
		work_set(task->body, WORK_SIGNAL);
		return;
	default:
		return;
	}
}

void signal_force(struct task *task, const struct signal_info *info)
{
	struct body *body = task->body;
	uint64_t handler = __atomic_load_n(&body->block->actions[info->signal - 1].handler, __ATOMIC_RELAXED);
	uint64_t blocked = __atomic_load_n(&body->thread->sigmask, __ATOMIC_RELAXED);

	if (handler <= 1 || blocked & SIGNAL_BIT(info->signal)) {
		task_end(task, info->signal);
		return;
	}
	__atomic_fetch_and(&body->thread->pending, ~SIGNAL_BIT(info->signal), __ATOMIC_SEQ_CST);
	info_store(body, info);
	work_set(body, WORK_SIGNAL);
}

// Deliver, when it is allowed. 0 or -EPERM.
static int64_t signal_send(struct task *from, struct task *to, const struct signal_info *info)
{
	if (!task_may_signal(from, to, info->signal))
		return -EPERM;
	if (info->signal)
		signal_post(to, info);
	return 0;
}

static bool is_target(const struct task *from, const struct task *to, int64_t pid)
{
	if (to->state == TASK_FREE || to->state == TASK_ZOMBIE)
		return false;
	if (pid == -1)
		return to != from && to->pid != TASK_INIT_PID;
	return to->pgid == (pid ? (uint64_t)-pid : from->pgid);
}

// The caller itself comes last: it may be gone then.
static int64_t signal_many(struct task *from, int64_t pid, const struct signal_info *info)
{
	int64_t result = -ESRCH;

	for (uint32_t i = 0; i < TASK_MAX; i++) {
		struct task *to = &tasks.items[i];

		if (to == from || !is_target(from, to, pid))
			continue;

		int64_t sent = signal_send(from, to, info);

		if (result)
			result = sent;
	}
	if (is_target(from, from, pid))
		result = signal_send(from, from, info);
	return result;
}

void kill_handle(struct task *task, struct msg *m)
{
	int64_t pid = (int32_t)m->words[0];
	struct signal_info info = {(uint32_t)m->words[1], 0, task->pid, task->ids.ruid, 0};
	struct task *to;

	if (m->words[1] > LINUX_NSIG) {
		answer_set(m, -EINVAL);
	} else if (pid > 0) {
		to = task_find(&tasks, (uint64_t)pid);
		answer_set(m, to ? signal_send(task, to, &info) : -ESRCH);
	} else {
		answer_set(m, signal_many(task, pid, &info));
	}
}

void tgkill_handle(struct task *task, struct msg *m)
{
	struct signal_info info = {(uint32_t)m->words[2], (int32_t)m->words[3], task->pid, task->ids.ruid,
				   m->words[4]};
	struct task *to = task_find(&tasks, m->words[1]);
	bool is_group = (int32_t)m->words[0] == -1 || m->words[0] == m->words[1];

	if (m->words[2] > LINUX_NSIG)
		answer_set(m, -EINVAL);
	else if (!to || !is_group)
		answer_set(m, -ESRCH);
	else if (info.code >= 0 && info.code != 0 && to != task)
		answer_set(m, -EPERM);  // only the kernel may say such a thing of somebody else
	else
		answer_set(m, signal_send(task, to, &info));
}

uint32_t signal_group(uint64_t pgid, uint32_t sid, uint32_t signal)
{
	struct signal_info info = {signal, 0x80, 0, 0, 0};
	uint32_t count = 0;

	for (uint32_t i = 0; i < TASK_MAX; i++) {
		struct task *to = &tasks.items[i];

		if (to->state == TASK_FREE || to->state == TASK_ZOMBIE || to->pgid != pgid || to->sid != sid)
			continue;
		count++;
		if (signal)
			signal_post(to, &info);
	}
	return count;
}

void stopped_handle(struct task *task, struct msg *m)
{
	answer_set(m, 0);
	if (task->state != TASK_STOPPED)
		return;

	cap_t reply = server_keep(&process_server);

	// No Reply left: the library asks again.
	task->stopped_reply = reply;
}
