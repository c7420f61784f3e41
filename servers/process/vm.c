// What one program may see of another: process_vm_readv, process_vm_writev (from one's memory to the other's,
// a bounded piece at a time), get_robust_list.
#include <errno.h>

#include "servers/process/server.h"

#define PIECE_MAX 65536

// As ptrace's access check with the real ids: all of the other's ids are the caller's, and it may be looked into.
static bool may_look(const struct task *from, const struct task *to)
{
	const struct task_ids *a = &from->ids, *b = &to->ids;

	if (from == to || a->euid == 0)
		return true;
	return a->ruid == b->ruid && a->ruid == b->euid && a->ruid == b->suid && a->rgid == b->rgid &&
	       a->rgid == b->egid && a->rgid == b->sgid && to->body &&
	       !to->body->block->is_undumpable;
}

static int64_t piece_move(struct space *to, uint64_t out, struct space *from, uint64_t in, uint64_t length)
{
	static uint8_t bytes[PIECE_MAX];
	uint64_t got = space_read(from, in, bytes, length);

	got = got ? space_write(to, out, bytes, got) : 0;
	return got ? (int64_t)got : -EFAULT;
}

static bool is_program(uint64_t address, uint64_t length)
{
	return address <= PROGRAM_END && length <= PROGRAM_END - address;
}

void vm_handle(struct task *task, struct msg *m)
{
	struct task *other = task_find(&tasks, m->words[0]);
	uint64_t local = m->words[1], remote = m->words[2], length = m->words[3];

	if (!other || !other->body)
		answer_set(m, -ESRCH);
	else if (!may_look(task, other))
		answer_set(m, -EPERM);
	else if (length == 0)
		answer_set(m, 0);
	else if (length > PIECE_MAX || !is_program(local, length) || !is_program(remote, length))
		answer_set(m, -EFAULT);
	else if (m->words[4])
		answer_set(m, piece_move(other->body->space, remote, task->body->space, local, length));
	else
		answer_set(m, piece_move(task->body->space, local, other->body->space, remote, length));
}

void robust_list_handle(struct task *task, struct msg *m)
{
	struct task *other = signal_target_find(m->words[0]);
	struct thread *thread = thread_find(m->words[0]);

	int64_t result = !other || other->state == TASK_ZOMBIE ? -ESRCH : may_look(task, other) ? 0 : -EPERM;

	answer_set(m, result);
	m->words[1] = thread && result == 0 ? thread->block->robust_list : 0;
}
