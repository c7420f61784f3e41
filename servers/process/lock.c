// mlock and its kin. Memory is never moved out: to lock is to have it there, within a limit.
#include <errno.h>

#include "servers/process/growth.h"

#define RLIMIT_MEMLOCK_ 8
#define MCL_CURRENT 1
#define MCL_FUTURE 2
#define MCL_ONFAULT 4

enum how { HOW_UNLOCK, HOW_LOCK, HOW_ON_FAULT, HOW_ALL, HOW_UNLOCK_ALL };

int64_t lock_check(const struct task *task, uint64_t more)
{
	const struct vma_list *vmas = &task->body->space->vmas;
	uint64_t limit = task->body->block->limits[RLIMIT_MEMLOCK_][0];
	uint64_t locked = vma_pages(vmas, PROGRAM_END, 0, VMA_LOCKED, VMA_LOCKED) * PAGE_SIZE;

	if (task->ids.euid == 0 || limit == ~0ull)
		return 0;
	if (!limit)
		return -EPERM;
	return locked > limit || more > limit - locked ? -ENOMEM : 0;
}

// Bytes of the range that are locked.
static uint64_t locked_in(const struct vma_list *vmas, uint64_t start, uint64_t end)
{
	uint64_t bytes = 0;

	for (const struct vma *v = vma_next(vmas, start); v && v->start < end; v = vma_next(vmas, v->end)) {
		uint64_t low = v->start > start ? v->start : start, high = v->end < end ? v->end : end;

		bytes += v->flags & VMA_LOCKED ? high - low : 0;
	}
	return bytes;
}

static int64_t range_lock(struct task *task, uint64_t start, uint64_t end, enum how how)
{
	struct space *space = task->body->space;
	int64_t error = how == HOW_UNLOCK ? 0 : lock_check(task, end - start - locked_in(&space->vmas, start, end));

	if (!error && (!vma_covers(&space->vmas, start, end) || !vma_reserve(&space->vmas, 2)))
		error = -ENOMEM;
	if (error)
		return error;
	vma_flag(&space->vmas, start, end, how == HOW_UNLOCK ? 0 : VMA_LOCKED, how == HOW_UNLOCK ? VMA_LOCKED : 0);
	return how == HOW_LOCK && space_populate_range(space, start, end, 1) ? -ENOMEM : 0;
}

// Everything below the environment.
static void all_flag(struct space *space, uint8_t set, uint8_t clear)
{
	const struct vma_list *vmas = &space->vmas;

	for (uint32_t i = 0; i < vmas->count && vmas->items[i].start < PROGRAM_END; i++)
		vmas->items[i].flags = (uint8_t)((vmas->items[i].flags | set) & ~clear);
}

static int64_t all_lock(struct task *task, uint64_t flags)
{
	struct space *space = task->body->space;
	uint64_t pages = vma_pages(&space->vmas, PROGRAM_END, 0, VMA_LOCKED, 0);
	int64_t error = lock_check(task, flags & MCL_CURRENT ? pages * PAGE_SIZE : 0);

	if (error)
		return error;
	space->locks_future = flags & MCL_FUTURE;
	space->locks_on_fault = flags & MCL_ONFAULT;
	if (!(flags & MCL_CURRENT))
		return 0;
	all_flag(space, VMA_LOCKED, 0);
	// What cannot be had, or is behind the end of a file, is passed over, as Linux does.
	for (uint32_t i = 0; !(flags & MCL_ONFAULT) && i < space->vmas.count; i++) {
		const struct vma *v = &space->vmas.items[i];

		if (v->end <= PROGRAM_END && !(v->flags & VMA_LAZY))
			(void)space_populate_range(space, v->start, v->end, 1);
	}
	return 0;
}

void memory_lock_handle(struct task *task, struct msg *m)
{
	struct space *space = task->body->space;
	uint64_t start = m->words[0], length = m->words[1], end = start + length, how = m->words[2];

	if (how == HOW_ALL) {
		answer_set(m, all_lock(task, m->words[1]));
	} else if (how == HOW_UNLOCK_ALL) {
		all_flag(space, 0, VMA_LOCKED);
		space->locks_future = space->locks_on_fault = false;
		answer_set(m, 0);
	} else if (how > HOW_ON_FAULT || (start | length) % PAGE_SIZE || end < start || end > PROGRAM_END) {
		answer_set(m, -EINVAL);
	} else {
		answer_set(m, length ? range_lock(task, start, end, (enum how)how) : 0);
	}
}
