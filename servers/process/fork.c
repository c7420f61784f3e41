// fork, vfork, clone: children and threads.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "protocol/gen/context.h"
#include "servers/process/pressure.h"
#include "servers/process/server.h"

#define RLIMIT_NPROC_ 6
#define CLONE_SIGNAL 0xffull
#define CLONE_VM_ 0x100ull
#define CLONE_FS_ 0x200ull
#define CLONE_VFORK_ 0x4000ull
#define CLONE_IDS (0x80000ull | 0x100000ull | 0x200000ull | 0x1000000ull)  // TLS and tids: the library's
#define CLONE_KNOWN (CLONE_SIGNAL | CLONE_VM_ | CLONE_FS_ | CLONE_VFORK_ | CLONE_IDS)

// A thread's block: its parent's, with its own numbers and nothing pending.
static void block_copy(struct thread *thread, const struct linux_thread *from, uint64_t stack)
{
	struct linux_thread *t = thread->block;
	size_t info = offsetof(struct linux_thread, info), after = info + sizeof(t->info);
	uint64_t tokens[WINDOW_KINDS];

	memcpy(tokens, t->window_token, sizeof(tokens));
	memcpy(t, from, info);
	memcpy((char *)t + after, (const char *)from + after, sizeof(*t) - after);
	t->work = t->pending = t->queued = t->shared = t->wait_set = 0;
	t->fork_result = 0;
	memcpy(t->window_token, tokens, sizeof(tokens));
	thread_block_set(thread);
	if (stack)
		t->regs[REGISTER_SP] = stack;
}

static void blocks_copy(struct body *child, const struct body *parent, uint64_t stack)
{
	block_copy(child->threads, caller->block, stack);
	memcpy(child->block, parent->block, sizeof(*child->block));
	// Another thread may be in the middle of a change of its table: the child's library repairs it.
	child->block->lock = parent->thread_count > 1;
	child->block->locks = 0;
	child->block->pending = 0;
	child->block->thread_count = 1;
}

// The child's view of the file system: the parent's own (CLONE_FS), or one like it.
static bool files_fork(struct body *child, const struct body *parent, bool is_shared)
{
	cap_t to = body_slot(child, BODY_FILES), from = body_slot(parent, BODY_FILES);
	uint64_t result = 0;

	if (is_shared)
		return cnode_copy(store_cnode, to, store_cnode, from, 3, NULL) == OK && body_files_set(child);
	msg_set_receive(to, 2);
	err_t err = context_fork(body_slot(parent, BODY_OWNER), &result);

	receive_default();
	return !err && !result && body_files_set(child);
}

// A body in the parent's space, or in one like it.
static struct body *body_for(struct body *parent, struct task *child, uint64_t flags)
{
	struct body *body = flags & CLONE_VM_ ? body_make(child, parent->space) : body_take(child, true);

	if (body && !(flags & CLONE_VM_) &&
	    !space_fork(body->space, parent->space, caller->block->regs[REGISTER_SP])) {
		body_destroy(body);
		return NULL;
	}
	if (body)
		futex_share(body->space);
	return body;
}

// Everything of the child but its start. 0 or -errno, then nothing of it is left.
static int64_t child_make(struct task *task, struct task *child, uint64_t flags, uint64_t stack)
{
	struct body *body = body_for(task->body, child, flags);

	if (!body)
		return -ENOMEM;
	blocks_copy(body, task->body, stack);
	if (!files_fork(body, task->body, flags & CLONE_FS_) ||
	    !body_handles_copy(body, task->body, caller->block->fork_handles)) {
		body_destroy(body);
		return -EAGAIN;
	}
	child->body = body;
	block_update(child);
	return 0;
}

static int64_t fork_check(uint64_t flags, uint64_t entry)
{
	if (flags & ~CLONE_KNOWN)
		return -ENOSYS;  // threads, shared tables, namespaces
	if ((flags & CLONE_SIGNAL) > LINUX_NSIG)
		return -EINVAL;
	return entry >= ENV_TEXT && entry < body_library()->library_end ? 0 : -EFAULT;
}

// RLIMIT_NPROC is not for the superuser.
static bool is_over_limit(const struct task *task)
{
	uint64_t limit = task->body->block->limits[RLIMIT_NPROC_][0], count = 0;

	if (task->ids.ruid == 0 || limit >= TASK_MAX)
		return false;
	for (uint32_t i = 0; i < TASK_MAX; i++)
		count += tasks.items[i].state != TASK_FREE && tasks.items[i].ids.ruid == task->ids.ruid;
	return count >= limit;
}

void fork_handle(struct task *task, struct msg *m)
{
	uint64_t flags = m->words[0], stack = m->words[2];
	uint64_t entry = m->words[1] ? m->words[1] : body_library()->entry_child;
	int64_t error = fork_check(flags, entry);

	if (!error && is_over_limit(task))
		error = -EAGAIN;
	if (!error && !(flags & CLONE_VM_) && !pressure_has_slots())
		error = -EAGAIN;
	// A parent that shares its space must not run on before the child let go of it.
	if (!error && flags & CLONE_VFORK_ && !process_server.free_count)
		error = -EAGAIN;

	struct task *child = error ? NULL : task_make(&tasks, task);

	if (!child) {
		answer_set(m, error ? error : -EAGAIN);
		return;
	}
	child->exit_signal = (uint32_t)(flags & CLONE_SIGNAL);
	child->start = counter_read();
	error = child_make(task, child, flags, stack);
	if (error == -ENOMEM && pressure_relieve())
		error = child_make(task, child, flags, stack);
	if (!error)
		schedule_inherit(thread_first(child->body), caller);
	if (!error && !body_start(child->body, entry)) {
		body_destroy(child->body);
		error = -ENOMEM;
	}
	if (error) {
		child->body = NULL;
		task_destroy(&tasks, child);
		answer_set(m, error);
		return;
	}
	timer_fork(child, task);
	answer_set(m, child->pid);
	if (flags & CLONE_VFORK_ && (caller->vfork_reply = server_keep(&process_server)))
		child->vfork_parent = caller;
}

// The first of further threads: what is pending for the process can now be anybody's.
static struct thread *thread_clone(struct task *task, uint64_t stack, uint64_t tls)
{
	struct thread *thread;

	if (task->body->thread_count == 1)
		signal_share(caller);
	thread = thread_take(task->body, task);
	if (!thread)
		return NULL;
	block_copy(thread, caller->block, stack);
	schedule_inherit(thread, caller);
	thread->block->altstack_sp = thread->block->altstack_size = thread->block->altstack_flags = 0;
	thread->block->robust_list = thread->block->clear_child_tid = 0;
	thread->block->fs_base = tls;
	thread->block->work = task->state == TASK_STOPPED ? WORK_STOP : 0;
	return thread;
}

void thread_make_handle(struct task *task, struct msg *m)
{
	uint64_t entry = m->words[0], stack = m->words[1], tls = m->words[2], tid_address = m->words[3];
	bool is_entry = entry >= ENV_TEXT && entry < body_library()->library_end;
	struct thread *thread = is_entry ? thread_clone(task, stack, tls) : NULL;

	if (!thread) {
		answer_set(m, is_entry ? -EAGAIN : -EFAULT);
		return;
	}
	// Before the thread runs: it may look, and end, before its parent goes on.
	if (tid_address && tid_address < PROGRAM_END - sizeof(thread->tid))
		(void)space_write(task->body->space, tid_address, &thread->tid, sizeof(thread->tid));
	answer_set(m, thread->tid);
	if (!thread_start(thread, entry)) {
		thread_put(thread);
		answer_set(m, -EAGAIN);
	}
}
