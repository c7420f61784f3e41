// fork, vfork, and clone without threads.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "protocol/gen/context.h"
#include "servers/process/server.h"

#define CLONE_SIGNAL 0xffull
#define CLONE_VM_ 0x100ull
#define CLONE_FS_ 0x200ull
#define CLONE_VFORK_ 0x4000ull
#define CLONE_IDS (0x80000ull | 0x100000ull | 0x200000ull | 0x1000000ull)  // TLS and tids: the library's
#define CLONE_KNOWN (CLONE_SIGNAL | CLONE_VM_ | CLONE_FS_ | CLONE_VFORK_ | CLONE_IDS)

// The child's blocks: the parent's, with its own numbers and nothing pending.
static void blocks_copy(struct body *child, const struct body *parent, const struct task *task, uint64_t stack)
{
	struct linux_thread *t = child->thread;
	uint64_t library_stack = t->library_stack;

	memcpy(t, parent->thread, sizeof(*t));
	t->library_stack = library_stack;
	t->work = t->pending = 0;
	t->index = child->area;
	t->process_index = child->index;
	t->tid = task->pid;
	t->fault_ip = 0;
	t->fork_result = 0;
	memset(t->window_token, 0, sizeof(t->window_token));
	if (stack)
		t->regs[REGISTER_SP] = stack;
	memcpy(child->block, parent->block, sizeof(*child->block));
	child->block->lock = 0;
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

static struct space *space_for(struct space *parent, uint64_t flags)
{
	struct space *space;

	if (flags & CLONE_VM_) {
		parent->references++;
		return parent;
	}
	space = space_make();
	if (space && !space_fork(space, parent)) {
		space_put(space);
		return NULL;
	}
	return space;
}

// Everything of the child but its start. 0 or -errno, then nothing of it is left.
static int64_t child_make(struct task *task, struct task *child, uint64_t flags, uint64_t stack)
{
	struct space *space = space_for(task->body->space, flags);
	struct body *body = space ? body_make(child, space) : NULL;

	if (space)
		space_put(space);  // the body has its own reference
	if (!body)
		return -ENOMEM;
	blocks_copy(body, task->body, child, stack);
	if (!files_fork(body, task->body, flags & CLONE_FS_) ||
	    !body_handles_copy(body, task->body, task->body->thread->fork_handles)) {
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

void fork_handle(struct task *task, struct msg *m)
{
	uint64_t flags = m->words[0], stack = m->words[2];
	uint64_t entry = m->words[1] ? m->words[1] : body_library()->entry_child;
	int64_t error = fork_check(flags, entry);

	// A parent that shares its space must not run on before the child let go of it.
	if (!error && flags & CLONE_VFORK_ && !process_server.free_count)
		error = -EAGAIN;

	struct task *child = error ? NULL : task_make(&tasks, task);

	if (!child) {
		answer_set(m, error ? error : -EAGAIN);
		return;
	}
	child->exit_signal = (uint32_t)(flags & CLONE_SIGNAL);
	error = child_make(task, child, flags, stack);
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
	if (flags & CLONE_VFORK_ && (task->vfork_reply = server_keep(&process_server)))
		child->vfork_parent = task;
}
