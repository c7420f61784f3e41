// madvise, and what a program asks and says of the pages of a range: mincore, msync, mlock.
#include <errno.h>

#include "servers/process/server.h"

#define QUERY_PAGES 448

enum advice {
	ADVICE_DONTNEED = 4,
	ADVICE_FREE = 8,
	ADVICE_REMOVE = 9,
	ADVICE_DONTFORK = 10,
	ADVICE_DOFORK = 11,
	ADVICE_WIPEONFORK = 18,
	ADVICE_KEEPONFORK = 19,
	ADVICE_POPULATE_READ = 22,
	ADVICE_POPULATE_WRITE = 23,
};

// 0 to 4, 8 to 23: the others are nobody's, or for the administrator (poisoning pages).
static bool is_known(uint64_t advice) { return advice <= 4 || (advice >= 8 && advice <= 23); }

static bool is_anonymous(const struct vma *vma) { return !vma->backing && !(vma->flags & VMA_SHARED); }

// Pages of shared memory in a part of one area: gone for all who have it.
static void shared_punch(struct space *space, const struct vma *vma, uint64_t start, uint64_t end)
{
	struct shared *shared = (struct shared *)vma->backing;
	uint64_t first = (vma->offset + (start - vma->start)) / PAGE_SIZE;

	shared_forget(shared, first, (end - start) / PAGE_SIZE);
	space_drop(space, start, end);
}

// One area, or the part of it in the range. Room for two more areas is reserved. 0 or -errno.
static int64_t area_advise(struct space *space, const struct vma *vma, uint64_t start, uint64_t end,
			   uint64_t advice)
{
	switch (advice) {
	case ADVICE_DONTNEED:
		if (vma->flags & VMA_LOCKED)
			return -EINVAL;
		space_drop(space, start, end);
		return 0;
	case ADVICE_FREE:
		if (!is_anonymous(vma))
			return -EINVAL;
		space_drop(space, start, end);
		return 0;
	case ADVICE_REMOVE:
		if (!(vma->flags & VMA_SHARED))
			return -EINVAL;
		if (!(vma->prot & VMA_WRITE))
			return -EACCES;
		if (vma->flags & VMA_FILE)
			return file_punch((struct file *)vma->backing, vma->offset + (start - vma->start), end - start);
		shared_punch(space, vma, start, end);
		return 0;
	case ADVICE_DONTFORK:
		vma_flag(&space->vmas, start, end, VMA_NO_FORK, 0);
		return 0;
	case ADVICE_DOFORK:
		vma_flag(&space->vmas, start, end, 0, VMA_NO_FORK);
		return 0;
	case ADVICE_WIPEONFORK:
		if (!is_anonymous(vma))
			return -EINVAL;
		vma_flag(&space->vmas, start, end, VMA_WIPE, 0);
		return 0;
	case ADVICE_KEEPONFORK:
		vma_flag(&space->vmas, start, end, 0, VMA_WIPE);
		return 0;
	default:
		return 0;
	}
}

// Area by area; a hole is an error, but what comes behind it is done.
static int64_t range_advise(struct space *space, uint64_t start, uint64_t end, uint64_t advice)
{
	int64_t result = 0;

	while (start < end) {
		const struct vma *vma = vma_next(&space->vmas, start);

		if (!vma || vma->start >= end)
			return -ENOMEM;
		if (vma->start > start) {
			result = -ENOMEM;
			start = vma->start;
		}

		uint64_t stop = vma->end < end ? vma->end : end;
		int64_t error = vma_reserve(&space->vmas, 2)
					? area_advise(space, vma_find(&space->vmas, start), start, stop, advice)
					: -ENOMEM;

		if (error)
			return error;
		start = stop;
	}
	return result;
}

static int64_t range_of(const struct msg *m, uint64_t *start, uint64_t *end)
{
	uint64_t length = (m->words[1] + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1ull);

	*start = m->words[0];
	*end = *start + length;
	if (*start % PAGE_SIZE)
		return -EINVAL;
	if (*end < *start || length < m->words[1])
		return -EINVAL;
	return *end > PROGRAM_END ? -ENOMEM : 0;
}

void madvise_handle(struct task *task, struct msg *m)
{
	uint64_t start, end, advice = m->words[2];
	int64_t error = is_known(advice) ? range_of(m, &start, &end) : -EINVAL;

	if (!error && (advice == ADVICE_POPULATE_READ || advice == ADVICE_POPULATE_WRITE))
		error = space_populate_range(task->body->space, start, end, advice == ADVICE_POPULATE_WRITE ? 3 : 2);
	else if (!error)
		error = range_advise(task->body->space, start, end, advice);
	answer_set(m, error);
}

void populate_handle(struct task *task, struct msg *m)
{
	uint64_t start, end, how = m->words[2];
	int64_t error = how <= 3 ? range_of(m, &start, &end) : -EINVAL;

	answer_set(m, error ? error : space_populate_range(task->body->space, start, end, (uint32_t)how));
}

// msync: there is nothing to write back, but when it happened is noted.
static int64_t range_sync(struct space *space, uint64_t start, uint64_t end, bool is_invalidate)
{
	for (const struct vma *v = vma_next(&space->vmas, start); is_invalidate && v && v->start < end;
	     v = vma_next(&space->vmas, v->end))
		if (v->flags & VMA_LOCKED)
			return -EBUSY;
	for (const struct vma *v = vma_next(&space->vmas, start); v && v->start < end;
	     v = vma_next(&space->vmas, v->end))
		if (vma_is_shared_file(v) && v->prot & VMA_WRITE)
			file_dirty((struct file *)v->backing);
	return 0;
}

void memory_query_handle(struct task *task, struct msg *m)
{
	struct space *space = task->body->space;
	uint64_t start, end, bits[QUERY_PAGES / 64] = {0};
	int64_t error = range_of(m, &start, &end);

	if (!error && m->words[2])
		error = range_sync(space, start, end, m->words[2] & 2);
	if (!error && !vma_covers(&space->vmas, start, end))
		error = -ENOMEM;
	answer_set(m, error);
	for (uint64_t i = 0; !error && i < QUERY_PAGES && start + i * PAGE_SIZE < end; i++)
		if (space_is_resident(space, start + i * PAGE_SIZE))
			bits[i / 64] |= 1ull << i % 64;
	for (uint32_t i = 0; i < QUERY_PAGES / 64; i++)
		m->words[1 + i] = bits[i];
}
