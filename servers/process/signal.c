// Signals: permission, what each does, and its way to the library.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>

#include "abi/gen/stubs.h"
#include "servers/process/disposition.h"
#include "servers/process/posix_timer.h"
#include "servers/process/server.h"

#define SI_TKILL_ (-6)

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
static void work_set(struct thread *thread, uint64_t bits)
{
	uint64_t entry = env_thread_area(thread->area) + AREA_TRAMPOLINE + TRAMPOLINE_SIGNAL, entered = 0;
	cap_t object = thread_slot(thread, THREAD_THREAD);

	__atomic_fetch_or(&thread->block->work, bits, __ATOMIC_SEQ_CST);
	if (thread_upcall(object, entry, &entered) == OK && entered)
		return;
	(void)thread_cancel(object, NULL);
	(void)sys_signal(thread_slot(thread, THREAD_WORK));
}

static void info_store(struct thread *thread, const struct signal_info *info)
{
	thread->block->info[info->signal - 1] = (struct linux_siginfo){
		.signo = (int32_t)info->signal,
		.code = info->code,
		.pid = (int32_t)info->pid,
		.uid = info->uid,
		.value = info->value,
	};
	__atomic_fetch_or(&thread->block->pending, SIGNAL_BIT(info->signal), __ATOMIC_SEQ_CST);
}

static bool is_same_timer(const struct signal_info *info, int32_t code, uint32_t id)
{
	return code == info->code && id == info->pid;
}

static uint32_t overrun_add(uint32_t count, uint64_t times)
{
	return times > (uint64_t)(INT32_MAX - count) ? INT32_MAX : count + (uint32_t)times;
}

bool signal_overrun(struct task *task, const struct signal_info *info, uint64_t times, uint32_t *overrun)
{
	struct signal_info *queued = queue_find(&task->queue, info);

	for (struct thread *t = thread_first(task->body); t && !queued; t = thread_next(t)) {
		struct linux_siginfo *own = &t->block->info[info->signal - 1];

		if (__atomic_load_n(&t->block->pending, __ATOMIC_SEQ_CST) & SIGNAL_BIT(info->signal) &&
		    is_same_timer(info, own->code, (uint32_t)own->pid)) {
			*overrun = own->uid = overrun_add(*overrun, times);
			return true;
		}
		queued = queue_find(&t->queue, info);
	}
	if (!queued)
		return false;
	*overrun = queued->uid = overrun_add(*overrun, times);
	return true;
}

static void queued_publish(struct thread *thread)
{
	__atomic_store_n(&thread->block->queued, thread->queue.mask, __ATOMIC_SEQ_CST);
}

static void pending_publish(struct task *task)
{
	__atomic_store_n(&task->body->block->pending, task->queue.mask, __ATOMIC_SEQ_CST);
}

#define REALTIME (~0ull << (REALTIME_FIRST - 1))
#define RLIMIT_SIGPENDING 11

// Real-time signals that are pending for a process: bounded for the user, as on Linux.
static uint64_t realtime_count(const struct task *task)
{
	uint64_t count = task->queue.count;

	for (const struct thread *t = thread_first(task->body); t; t = thread_next(t))
		count += t->queue.count + (uint64_t)__builtin_popcountll(t->block->pending & REALTIME);
	return count;
}

static bool realtime_has_room(const struct task *task)
{
	uint64_t limit = task->body->block->limits[RLIMIT_SIGPENDING][0], count = 0;

	for (uint32_t i = 0; i < TASK_MAX; i++)
		if (tasks.items[i].body && tasks.items[i].ids.ruid == task->ids.ruid)
			count += realtime_count(&tasks.items[i]);
	return count < limit;
}

// Into the block when there is room, else behind what is there. A signal that is no real-time signal is
// remembered once.
static bool pending_add(struct thread *thread, const struct signal_info *info, bool is_shared)
{
	uint64_t bit = SIGNAL_BIT(info->signal);
	uint64_t own = __atomic_load_n(&thread->block->pending, __ATOMIC_SEQ_CST);
	bool is_there = (own | thread->queue.mask) & bit;
	// In the block is one that was sent to the process.
	bool is_other = (own & bit) && (thread->block->shared & bit) && !is_shared;

	if (!is_there) {
		if (is_shared)
			__atomic_fetch_or(&thread->block->shared, bit, __ATOMIC_SEQ_CST);
		else
			__atomic_fetch_and(&thread->block->shared, ~bit, __ATOMIC_SEQ_CST);
		info_store(thread, info);
	} else if (info->signal >= REALTIME_FIRST || is_other) {
		if (!queue_add(&thread->queue, info))
			return false;
		queued_publish(thread);
	}
	return true;
}

static bool wants(const struct thread *thread, uint32_t signal)
{
	uint64_t blocked = __atomic_load_n(&thread->block->sigmask, __ATOMIC_RELAXED);
	uint64_t awaited = __atomic_load_n(&thread->block->wait_set, __ATOMIC_RELAXED);

	return (~blocked | awaited) & SIGNAL_BIT(signal);
}

// The thread that takes a signal of its process: the first one if it can, else any that can; else null.
static struct thread *taker_find(const struct task *task, uint32_t signal)
{
	struct thread *found = NULL;

	for (struct thread *t = thread_first(task->body); t; t = thread_next(t))
		if (wants(t, signal) && (!found || t->tid == task->pid))
			found = t;
	return found;
}

// Pending for the process: with one thread this is in its block, as what is sent to the thread.
static int64_t post_shared(struct task *task, const struct signal_info *info, struct thread *taker)
{
	struct thread *first = thread_first(task->body);
	uint64_t bit = SIGNAL_BIT(info->signal);
	bool is_alone = task->body->thread_count == 1;
	// The same signal, sent to the thread, has the place in the block.
	bool is_taken = __atomic_load_n(&first->block->pending, __ATOMIC_SEQ_CST) & ~first->block->shared & bit;

	if (is_alone && !(task->queue.mask & bit) && !is_taken) {
		if (!pending_add(first, info, true))
			return -EAGAIN;
		work_set(first, WORK_SIGNAL);
		return 0;
	}
	if (!queue_add(&task->queue, info))
		return -EAGAIN;
	pending_publish(task);
	if (taker)
		work_set(taker, WORK_SIGNAL);
	return 0;
}

static int64_t post_thread(struct thread *thread, const struct signal_info *info)
{
	if (!pending_add(thread, info, false))
		return -EAGAIN;
	work_set(thread, WORK_SIGNAL);
	return 0;
}

void signal_share(struct thread *thread)
{
	uint64_t bits = __atomic_load_n(&thread->block->pending, __ATOMIC_SEQ_CST) & thread->block->shared;
	struct signal_info info;

	for (; bits; bits &= bits - 1) {
		uint32_t signal = (uint32_t)__builtin_ctzll(bits) + 1;
		const struct linux_siginfo *i = &thread->block->info[signal - 1];

		info = (struct signal_info){signal, i->code, (uint32_t)i->pid, i->uid, i->value};
		if (!queue_add(&thread->task->queue, &info))
			break;
		__atomic_fetch_and(&thread->block->pending, ~SIGNAL_BIT(signal), __ATOMIC_SEQ_CST);
		while (queue_take(&thread->queue, SIGNAL_BIT(signal), &info))
			(void)queue_add(&thread->task->queue, &info);
	}
	queued_publish(thread);
	pending_publish(thread->task);
}

void signal_retarget(struct task *task)
{
	for (uint64_t bits = task->queue.mask; bits; bits &= bits - 1) {
		struct thread *taker = taker_find(task, (uint32_t)__builtin_ctzll(bits) + 1);

		if (taker)
			work_set(taker, WORK_SIGNAL);
	}
}

static void task_continue(struct task *task)
{
	if (task->state != TASK_STOPPED)
		return;
	task->state = TASK_RUNNING;
	task->stop_news = false;
	task->continue_news = true;
	for (struct thread *t = thread_first(task->body); t; t = thread_next(t)) {
		__atomic_fetch_and(&t->block->work, ~(uint64_t)WORK_STOP, __ATOMIC_SEQ_CST);
		(void)reply_answer(&t->stopped_reply, 0);
	}
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
	for (struct thread *t = thread_first(task->body); t; t = thread_next(t))
		work_set(t, WORK_STOP);
	wait_notify(task);
}

// Forget signals of a set that are pending.
static void pending_forget(struct task *task, uint64_t set)
{
	for (struct thread *t = thread_first(task->body); t; t = thread_next(t)) {
		__atomic_fetch_and(&t->block->pending, ~set, __ATOMIC_SEQ_CST);
		if (t->queue.mask & set) {
			queue_remove(&t->queue, set);
			queued_publish(t);
		}
	}
	if (task->queue.mask & set) {
		queue_remove(&task->queue, set);
		pending_publish(task);
	}
}

// What the signal does, given that somebody could take it now (`is_open`). Stop and continue signals
// cancel each other while they are pending, whatever else becomes of them.
static enum verdict verdict_get(struct task *task, uint32_t signal, bool is_open)
{
	uint64_t handler = __atomic_load_n(&task->body->block->actions[signal - 1].handler, __ATOMIC_RELAXED);
	bool is_stop = SIGNALS_STOP & SIGNAL_BIT(signal);

	if (signal == SIGCONT || is_stop)
		pending_forget(task, is_stop ? SIGNAL_BIT(SIGCONT) : SIGNALS_STOP);
	if (signal == SIGCONT)
		task_continue(task);
	return disposition_decide(signal, handler, is_open ? 0 : SIGNAL_BIT(signal),
				  is_stop && task_group_is_orphaned(&tasks, task->pgid, task->sid));
}

static bool is_open(const struct thread *thread, uint32_t signal)
{
	return !(__atomic_load_n(&thread->block->sigmask, __ATOMIC_RELAXED) & SIGNAL_BIT(signal));
}

// Is it pending for the process or any of its threads?
static bool is_pending(const struct task *task, uint32_t signal)
{
	uint64_t all = task->queue.mask;

	for (const struct thread *t = thread_first(task->body); t; t = thread_next(t))
		all |= t->queue.mask | __atomic_load_n(&t->block->pending, __ATOMIC_SEQ_CST);
	return all & SIGNAL_BIT(signal);
}

// To a thread, or to the process when it is null.
static int64_t post(struct task *task, struct thread *thread, const struct signal_info *info)
{
	struct thread *taker = thread ? thread : taker_find(task, info->signal);

	// kill is not told; what it sends is remembered once.
	if (info->signal >= REALTIME_FIRST && !realtime_has_room(task) &&
	    (info->code != 0 || is_pending(task, info->signal)))
		return info->code == 0 ? 0 : -EAGAIN;
	switch (verdict_get(task, info->signal, taker && is_open(taker, info->signal))) {
	case VERDICT_TERMINATE:
		if (task->state == TASK_STOPPED && info->signal != SIGKILL)
			break;  // once it goes on
		task_end(task, info->signal);
		return 0;
	case VERDICT_STOP:
		task_stop(task, info->signal);
		return 0;
	case VERDICT_DELIVER:
	case VERDICT_PEND:
		break;
	default:
		return 0;
	}
	return thread ? post_thread(thread, info) : post_shared(task, info, taker);
}

int64_t signal_post(struct task *task, const struct signal_info *info)
{
	if (task->pid == TASK_INIT_PID) {
		init_signal(info->signal);
		return 0;
	}
	return task->body && !task->is_ended ? post(task, NULL, info) : 0;
}

int64_t signal_post_thread(struct thread *thread, const struct signal_info *info)
{
	return thread->task->is_ended ? 0 : post(thread->task, thread, info);
}

void signal_force(struct thread *thread, const struct signal_info *info)
{
	struct task *task = thread->task;
	uint64_t handler = __atomic_load_n(&task->body->block->actions[info->signal - 1].handler, __ATOMIC_RELAXED);

	if (handler <= 1 || !is_open(thread, info->signal)) {
		task_end(task, info->signal);
		return;
	}
	__atomic_fetch_and(&thread->block->shared, ~SIGNAL_BIT(info->signal), __ATOMIC_SEQ_CST);
	info_store(thread, info);
	work_set(thread, WORK_SIGNAL);
}

// The library asks for what has no room in its block, the thread's own first.
void signal_take_handle(struct task *task, struct msg *m)
{
	uint64_t set = m->words[0] & ~__atomic_load_n(&caller->block->pending, __ATOMIC_SEQ_CST);
	struct signal_info info;
	bool is_own = queue_take(&caller->queue, set, &info), is_found = is_own;

	if (!is_own)
		is_found = queue_take(&task->queue, set, &info);
	if (is_found) {
		if (is_own)
			__atomic_fetch_and(&caller->block->shared, ~SIGNAL_BIT(info.signal), __ATOMIC_SEQ_CST);
		else
			__atomic_fetch_or(&caller->block->shared, SIGNAL_BIT(info.signal), __ATOMIC_SEQ_CST);
		info_store(caller, &info);
		queued_publish(caller);
		pending_publish(task);
	}
	answer_set(m, is_found ? (int64_t)info.signal : 0);
}

// Signals of the set are ignored from now on; and the caller may block more than before.
void signal_flush_handle(struct task *task, struct msg *m)
{
	pending_forget(task, m->words[0]);
	if (task->body->thread_count > 1)
		signal_retarget(task);
	answer_set(m, 0);
}

// Deliver, when it is allowed. 0, -EPERM, or -EINVAL: there is no such signal.
static int64_t signal_send(struct task *from, struct task *to, const struct signal_info *info)
{
	if (info->signal > LINUX_NSIG)
		return -EINVAL;
	if (!task_may_signal(from, to, info->signal))
		return -EPERM;
	return info->signal ? signal_post(to, info) : 0;
}

static bool is_target(const struct task *from, const struct task *to, int64_t pid)
{
	if (to->state == TASK_FREE || to->state == TASK_ZOMBIE)
		return false;
	if (pid == -1)
		return to != from && to->pid != TASK_INIT_PID;
	return to->pgid == (pid ? (uint64_t)-pid : from->pgid);
}

// The caller itself comes last: it may be gone then. Sent to everybody, that some may not be told is no error.
static int64_t signal_many(struct task *from, int64_t pid, const struct signal_info *info)
{
	int64_t result = -ESRCH;

	for (uint32_t i = 0; i < TASK_MAX; i++) {
		struct task *to = &tasks.items[i];

		if (to == from || !is_target(from, to, pid))
			continue;

		int64_t sent = signal_send(from, to, info);

		if (pid == -1 && sent == -EPERM)
			sent = 0;
		if (result)
			result = sent;
	}
	if (is_target(from, from, pid))
		result = signal_send(from, from, info);
	return result;
}

// The process of a pid, or of a tid.
struct task *signal_target_find(uint64_t pid)
{
	struct task *task = task_find(&tasks, pid);
	struct thread *thread = task ? NULL : thread_find(pid);

	return thread ? thread->task : task;
}

void kill_handle(struct task *task, struct msg *m)
{
	int64_t pid = (int32_t)m->words[0];
	struct signal_info info = {(uint32_t)m->words[1], 0, task->pid, task->ids.ruid, 0};
	struct task *to;

	if (pid > 0) {
		to = signal_target_find((uint64_t)pid);
		answer_set(m, to ? signal_send(task, to, &info) : -ESRCH);
	} else {
		answer_set(m, signal_many(task, pid, &info));
	}
}

#define OPTION_DEATH_SIGNAL 0
#define OPTION_SUBREAPER 1

void option_handle(struct task *task, struct msg *m)
{
	uint64_t what = m->words[0], value = m->words[1];
	bool is_set = value != ~0ull;

	if (what > OPTION_SUBREAPER || (is_set && what == OPTION_DEATH_SIGNAL && value > LINUX_NSIG)) {
		answer_set(m, -EINVAL);
		return;
	}
	if (is_set && what == OPTION_DEATH_SIGNAL)
		task->death_signal = (uint32_t)value;
	else if (is_set)
		task->is_subreaper = value != 0;
	answer_set(m, what == OPTION_DEATH_SIGNAL ? (int64_t)task->death_signal : task->is_subreaper);
}

// 0 or -errno. A process that is only a zombie takes every signal and does nothing.
static int64_t thread_send(struct task *from, uint64_t tgid, uint64_t tid, const struct signal_info *info)
{
	struct thread *thread = thread_find(tid);
	struct task *to = thread ? thread->task : task_find(&tasks, tid);

	if (!to || ((int32_t)tgid != -1 && tgid != to->pid))
		return -ESRCH;
	if (info->signal > LINUX_NSIG)
		return -EINVAL;
	if (!task_may_signal(from, to, info->signal))
		return -EPERM;
	return info->signal && thread ? signal_post_thread(thread, info) : 0;
}

static bool is_own(const struct task *task, uint64_t tid)
{
	const struct thread *thread = thread_find(tid);

	return thread && thread->task == task;
}

void tgkill_handle(struct task *task, struct msg *m)
{
	struct signal_info info = {(uint32_t)m->words[2], (int32_t)m->words[3], task->pid, task->ids.ruid,
				   m->words[4]};

	if (info.code >= 0 && info.code != 0 && !is_own(task, m->words[1]))
		answer_set(m, -EPERM);  // only the kernel may say such a thing of somebody else
	else
		answer_set(m, thread_send(task, m->words[0], m->words[1], &info));
}

// rt_sigqueueinfo, rt_tgsigqueueinfo: the sender says who it is and why, but not, to others, that it is
// the kernel or kill.
void signal_queue_handle(struct task *task, struct msg *m)
{
	uint64_t tgid = m->words[0], tid = m->words[1];
	struct signal_info info = {(uint32_t)m->words[2], (int32_t)m->words[3], (uint32_t)m->words[4],
				   (uint32_t)m->words[5], m->words[6]};
	struct task *to = signal_target_find(tgid);
	bool is_forged = info.code >= 0 || info.code == SI_TKILL_;

	if (is_forged && !(tid ? is_own(task, tid) : to == task))
		answer_set(m, -EPERM);
	else if (tid)
		answer_set(m, thread_send(task, tgid, tid, &info));
	else
		answer_set(m, to ? signal_send(task, to, &info) : -ESRCH);
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
			(void)signal_post(to, &info);
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
	caller->stopped_reply = reply;
}
