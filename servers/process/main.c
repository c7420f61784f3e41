// The process server: pids, memory, signals of Linux programs. docs: linux.md of the plan, D1-D14.
//
// One thread, one endpoint. A badge tells the session capability, a process, or a process that faulted;
// a generation in it keeps the messages of a process that is gone from reaching its successor.
#include <errno.h>
#include <stdlib.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "protocol/gen/identity.h"
#include "protocol/gen/proc.h"
#include "protocol/gen/process.h"
#include "servers/process/pressure.h"
#include "servers/process/server.h"
#include "servers/process/vdso.h"

struct server process_server;
struct task_table tasks;

err_t reply_answer(cap_t *reply, int64_t result)
{
	struct msg m;
	cap_t kept = *reply;

	if (!kept)
		return ERR_NO_REPLY;
	*reply = 0;
	answer_set(&m, result);
	return server_answer(&process_server, kept, &m);
}

static void exit_handle(struct task *task, struct msg *m)
{
	uint64_t status = m->words[0];
	bool is_signal = status & 0x7f && (status & 0x7f) <= LINUX_NSIG;

	task_end(task, is_signal ? (uint32_t)status & 0x7f : (uint32_t)status & 0xff00);
	answer_set(m, 0);
}

static void fault_signal_handle(struct task *task, struct msg *m)
{
	uint64_t signal = m->words[0];

	task_end(task, signal >= 1 && signal <= LINUX_NSIG ? (uint32_t)signal : 11);
	answer_set(m, 0);
}

static void grow_handles_handle(struct task *task, struct msg *m)
{
	bool is_done = body_handles_grow(task->body);

	if (is_done)
		task->body->block->handle_count = task->body->handles;
	answer_set(m, is_done ? (int64_t)task->body->handles : -ENOMEM);
}

static void table_handle(struct task *task, struct msg *m)
{
	answer_set(m, body_share_table(task->body) ? 0 : -ENOMEM);
}

static void net_handle(struct task *task, struct msg *m)
{
	answer_set(m, body_net_set(task->body, task) ? 0 : -ENOMEM);
}

typedef void handler(struct task *task, struct msg *m);

// By method number; see protocol/process.def.
static handler *const handlers[] = {
	[1] = exit_handle,      [2] = fork_handle,     [3] = exec_handle,     [4] = exec_buffer_handle,
	[5] = wait_handle,      [6] = kill_handle,     [7] = tgkill_handle,   [8] = brk_handle,
	[9] = mmap_handle,      [10] = mmap_file_handle, [11] = munmap_handle, [12] = mprotect_handle,
	[13] = group_handle,    [14] = group_handle,   [15] = group_handle,   [16] = group_handle,
	[17] = set_ids_handle,  [18] = misc_handle,    [19] = stopped_handle, [20] = usage_handle,
	[21] = misc_handle,     [22] = misc_handle,    [23] = madvise_handle, [24] = misc_handle,
	[25] = mremap_handle,   [26] = fault_signal_handle, [27] = timer_handle,
	[28] = grow_handles_handle, [29] = net_handle,
	[40] = thread_exit_handle, [41] = thread_make_handle, [42] = signal_take_handle,
	[43] = signal_queue_handle, [44] = signal_flush_handle, [45] = futex_wait_handle,
	[46] = futex_wake_handle, [47] = futex_end_handle, [48] = futex_requeue_handle,
	[49] = futex_signal_handle, [50] = option_handle,
	[55] = terminal_give_handle, [56] = priority_handle,
	[57] = schedule_handle, [58] = set_fs_ids_handle, [63] = timer_make_handle, [64] = timer_arm_handle,
	[65] = timer_end_handle, [66] = vm_handle,
	[67] = memory_lock_handle, [68] = clock_handle, [69] = limits_handle,
	[70] = robust_list_handle,
	[60] = memory_query_handle, [61] = populate_handle, [62] = table_handle,
};
#define HANDLER_COUNT (sizeof(handlers) / sizeof(handlers[0]))

// The task of the thread that a badge names, and the thread; null when it is gone.
static struct task *task_of(uint64_t badge)
{
	caller = thread_get(badge >> 40 & 0xffff);
	if (!caller || (caller->serial & 0xffffff) != (badge >> 16 & 0xffffff) || !caller->tid)
		return NULL;
	return caller->task->body ? caller->task : NULL;
}

// For servers that hold badges which this one gave out.
static void credentials_handle(struct msg *m)
{
	const struct task *task = &tasks.items[m->words[0] & (TASK_MAX - 1)];
	const struct task *other = m->words[1] ? task_find(&tasks, m->words[1]) : NULL;
	bool is_it = task->body && task->body->net_badge && task->body->net_badge == m->words[0];

	answer_set(m, is_it ? (int64_t)task->pid : -ESRCH);
	m->words[5] = body_net_ended();
	if (!is_it)
		return;
	m->words[1] = task->ids.ruid | (uint64_t)task->ids.rgid << 32;
	m->words[2] = task->ids.euid | (uint64_t)task->ids.egid << 32;
	m->words[3] = task->ids.suid | (uint64_t)task->ids.sgid << 32;
	m->words[4] = other != NULL;
}

// Methods that look at the caller's areas: fork, brk to mprotect, madvise, mremap, the end and the start of a
// thread, futexes, queries, locks. (Who reads or writes its memory does so by space_read and space_write.)
#define LOOKS_AT_AREAS \
	(1ull << 2 | 0x1full << 8 | 1ull << 23 | 1ull << 25 | 3ull << 40 | 0xfull << 45 | 3ull << 60)

static bool looks_at_areas(uint32_t method)
{
	return method == 67 || (method < 64 && LOOKS_AT_AREAS >> method & 1);
}

static void process_handle(struct task *task, struct msg *m)
{
	uint32_t label = tag_label(m->tag), method = label & 0xff;
	bool is_known = label >> 8 == PROCESS_EXIT >> 8 && method < HANDLER_COUNT && handlers[method];

	if (is_known && looks_at_areas(method) && !space_settle(task->body->space)) {
		answer_set(m, -ENOMEM);
		pressure_end(task);
		return;
	}

	// A thread has one call at a time: what it waited for before is no longer asked for.
	(void)reply_answer(&caller->wait_reply, -EINTR);
	(void)reply_answer(&caller->stopped_reply, 0);
	if (is_known)
		handlers[method](task, m);
	else if (label >> 8 == PROC_OPEN >> 8)
		proc_handle(task, m);
	else
		answer_set(m, -ENOSYS);
}

static void message_handle(struct server *server, struct msg *m)
{
	struct task *task = m->badge >= BADGE_PROCESS ? task_of(m->badge) : NULL;
	bool has_caps = tag_caps(m->tag) > 0;

	(void)server;
	switch (tag_kind(m->tag)) {
	case KIND_NOTIFICATION:
		timer_expire();
		return;
	case KIND_FAULT:
		if (task)
			fault_handle(task, m);
		else
			*m = (struct msg){.tag = TAG(FAULT_REPLY_RESUME, 0)};
		return;
	case KIND_MESSAGE:
		break;
	default:
		return;
	}
	(void)pressure_slots();
	for (uint32_t i = tag_words(m->tag); i < MSG_WORDS_REGISTERS; i++)
		m->words[i] = 0;
	if (task && m->badge >> 56 == BADGE_PROCESS >> 56)
		process_handle(task, m);
	else if (m->badge == BADGE_IDENTITY && tag_label(m->tag) == IDENTITY_CREDENTIALS)
		credentials_handle(m);
	else if (m->badge == BADGE_SESSION && tag_label(m->tag) >> 8 == 9)
		session_handle(m);
	else
		answer_set(m, -ENOSYS);
	if (has_caps)
		receive_clear();
}

int main(void)
{
	uint32_t replies;
	cap_t first = component_find_cap("replies", &replies);
	cap_t endpoint = component_get_cap("endpoint");

	store_make();
	body_library_make(endpoint);
	(void)vdso_make();
	task_table_make(&tasks);
	timer_make();
	receive_default();
	if (!first || !server_make(&process_server, endpoint, first, replies)) {
		rt_log("cannot start: no Replies");
		return 1;
	}
	rt_log("%u MiB for processes", (unsigned)(store_pages.free_count / 256));
	server_run(&process_server, message_handle);
}
