// mmap, munmap, mprotect, mremap, madvise, brk: a program's areas.
#include <errno.h>
#include <stdlib.h>

#include "servers/process/futex.h"
#include "servers/process/growth.h"
#include "servers/process/server.h"

#define LOW 0x10000ull
#define PROT_ALL 7u
#define MAP_SHARED_ 1u
#define MAP_PRIVATE_ 2u
#define MAP_TYPE_ 15u
#define MAP_FIXED_ 0x10u
#define MAP_GROWSDOWN_ 0x100u
#define MAP_32BIT_ 0x40u
#define MAP_32BIT_LOW 0x40000000ull
#define MAP_32BIT_HIGH 0x80000000ull
#define MAP_NORESERVE_ 0x4000u
#define PROT_GROWSDOWN_ 0x01000000ull
#define MAP_FIXED_NOREPLACE_ 0x100000u
#define MREMAP_MAYMOVE_ 1u
#define MREMAP_FIXED_ 2u
#define MREMAP_DONTUNMAP_ 4u
#define MAP_SHARED_VALIDATE_ 3u
#define MAP_LOCKED_ 0x2000u
#define MAP_POPULATE_ 0x8000u
#define MAP_HUGETLB_ 0x40000u
#define MAP_SYNC_ 0x80000u
#define MAP_KNOWN_ 0x1fff3fu  // what MAP_SHARED_VALIDATE knows, with the type
#define RLIMIT_DATA_ 2
#define RLIMIT_AS_ 9
#define BRK_MAX (1ull << 40)

struct range {
	uint64_t start, end;
};

// A page-aligned range below the environment. 0 or -errno (`beyond` when it is not a program's).
static int64_t range_check(uint64_t address, uint64_t length, int64_t beyond, struct range *range)
{
	if (address % PAGE_SIZE || length == 0)
		return -EINVAL;
	if (length > PROGRAM_END || address > PROGRAM_END - ((length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1ull)))
		return beyond;
	range->start = address;
	range->end = address + ((length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1ull));
	return 0;
}

static uint8_t prot_of(uint64_t prot)
{
	return (uint8_t)((prot & 1 ? VMA_READ : 0) | (prot & 2 ? VMA_WRITE : 0) | (prot & 4 ? VMA_EXECUTE : 0));
}

// Take everything out of a range (two areas reserved).
static void range_clear(struct space *space, const struct range *range)
{
	space_runs_cut(space, range->start, range->end);
	vma_remove(&space->vmas, range->start, range->end);
	space_drop(space, range->start, range->end);
	space_charge_settle(space);
}

static int64_t place_find(struct space *space, uint64_t address, uint64_t length, uint64_t flags,
			  struct range *range)
{
	bool is_fixed = flags & (MAP_FIXED_ | MAP_FIXED_NOREPLACE_);
	int64_t error = range_check(is_fixed ? address : 0, length, -ENOMEM, range);

	if (error)
		return error;

	uint64_t size = range->end - range->start;

	if (is_fixed) {
		if (range->start < LOW)
			return -EPERM;
		if (flags & MAP_FIXED_NOREPLACE_ && !vma_is_free(&space->vmas, range->start, range->end))
			return -EEXIST;
		return 0;
	}
	if (flags & MAP_32BIT_) {
		address = vma_gap_find(&space->vmas, size, MAP_32BIT_LOW, MAP_32BIT_HIGH);
		*range = (struct range){address, address + size};
		return address ? 0 : -ENOMEM;
	}
	address &= ~(PAGE_SIZE - 1ull);
	if (address < LOW || address > PROGRAM_END || size > PROGRAM_END - address ||
	    !vma_is_free(&space->vmas, address, address + size))
		address = vma_gap_find(&space->vmas, size, LOW, space->mmap_top);
	if (!address)
		address = vma_gap_find(&space->vmas, size, LOW, PROGRAM_STACK_TOP);
	*range = (struct range){address, address + size};
	return address ? 0 : -ENOMEM;
}

bool mapping_is_over_limit(const struct task *task, uint64_t more, uint8_t prot, uint8_t flags)
{
	const struct vma_list *vmas = &task->body->space->vmas;
	uint64_t all = task->body->block->limits[RLIMIT_AS_][0], data = task->body->block->limits[RLIMIT_DATA_][0];
	bool is_data = prot & VMA_WRITE && !(flags & (VMA_SHARED | VMA_GROWS));

	if (all != ~0ull && vma_pages(vmas, PROGRAM_END, 0, 0, 0) * PAGE_SIZE + more > all)
		return true;
	return is_data && data != ~0ull &&
	       vma_pages(vmas, PROGRAM_END, VMA_WRITE, VMA_SHARED | VMA_GROWS, 0) * PAGE_SIZE + more > data;
}

// Add the area; the backing's reference is the caller's to drop.
static int64_t area_make(struct task *task, uint64_t address, uint64_t length, uint64_t flags,
			 struct vma *vma)
{
	struct space *space = task->body->space;
	struct range range;
	int64_t error = place_find(space, address, length, flags, &range);

	if (error)
		return error;
	if (mapping_is_over_limit(task, range.end - range.start, vma->prot, vma->flags))
		return -ENOMEM;

	uint64_t pages = (range.end - range.start) / PAGE_SIZE;
	bool is_locked = space->locks_future || flags & MAP_LOCKED_;

	if (is_locked && lock_check(task, range.end - range.start))
		return -EAGAIN;
	vma->flags = (uint8_t)(is_locked ? vma->flags | VMA_LOCKED : vma->flags);

	bool is_charged = vma->prot & VMA_WRITE && !(vma->flags & VMA_LAZY) && !vma_is_shared_file(vma);

	if (!vma_reserve(&space->vmas, 3) || (is_charged && !space_charge(space, pages)))
		return -ENOMEM;
	if (!vma_is_free(&space->vmas, range.start, range.end)) {
		// Not through range_clear: what was just charged must not be given back yet.
		space_runs_cut(space, range.start, range.end);
		vma_remove(&space->vmas, range.start, range.end);
		space_drop(space, range.start, range.end);
	}
	vma->start = range.start;
	vma->end = range.end;
	vma_insert(&space->vmas, vma);
	futex_share(space);
	space_charge_settle(space);
	return (int64_t)range.start;
}

static int64_t flags_check(uint64_t prot, uint64_t flags, uint64_t length)
{
	uint64_t type = flags & MAP_TYPE_;

	if (flags & MAP_GROWSDOWN_ && type != MAP_PRIVATE_)
		return -EINVAL;
	if (length == 0 || prot & ~(uint64_t)PROT_ALL || (type != MAP_SHARED_ && type != MAP_PRIVATE_))
		return -EINVAL;
	// No huge pages are set aside.
	return length > PROGRAM_END || flags & MAP_HUGETLB_ ? -ENOMEM : 0;
}

static bool is_populated(const struct space *space, uint64_t flags)
{
	return flags & (MAP_POPULATE_ | MAP_LOCKED_) || (space->locks_future && !space->locks_on_fault);
}

void mmap_handle(struct task *task, struct msg *m)
{
	uint64_t length = m->words[1], flags = m->words[3];
	struct vma vma = {.prot = prot_of(m->words[2])};
	int64_t result = flags_check(m->words[2], flags, length);

	if (result) {
		answer_set(m, result);
		return;
	}
	if (flags & MAP_NORESERVE_)
		vma.flags |= VMA_LAZY;
	if (flags & MAP_GROWSDOWN_)
		vma.flags |= VMA_GROWS;
	if ((flags & MAP_TYPE_) == MAP_SHARED_) {
		uint64_t pages = (length + PAGE_SIZE - 1) / PAGE_SIZE;
		struct shared *shared = pages <= store_pages.count ? shared_make(pages) : NULL;

		if (!shared) {
			answer_set(m, -ENOMEM);
			return;
		}
		vma.backing = &shared->base;
		vma.flags |= VMA_SHARED;
	}
	result = area_make(task, m->words[0], length, flags, &vma);
	backing_put(vma.backing);
	if (result > 0 && is_populated(task->body->space, flags))
		(void)space_populate_range(task->body->space, (uint64_t)result, (uint64_t)result + length, 1);
	answer_set(m, result);
}

void mmap_file_handle(struct task *task, struct msg *m)
{
	uint64_t address = m->words[0], length = m->words[1], prot = m->words[2], flags = m->words[3];
	uint64_t offset = m->words[4];
	bool is_validated = (flags & MAP_TYPE_) == MAP_SHARED_VALIDATE_;
	bool is_shared = (flags & MAP_TYPE_) == MAP_SHARED_ || is_validated;
	cap_t handle = msg_get_cap(m, 0);
	int64_t error = flags_check(prot, is_shared ? MAP_SHARED_ : flags, length);
	struct vma vma = {.prot = prot_of(prot), .offset = offset, .valid_end = ~0ull, .flags = VMA_FILE};

	if (!error && is_validated && (flags & ~(uint64_t)MAP_KNOWN_ || flags & MAP_SYNC_))
		error = -EOPNOTSUPP;
	if (!error && offset % PAGE_SIZE)
		error = -EINVAL;
	if (!error && offset > 1ull << 50)
		error = -EOVERFLOW;
	if (!error && !file_client_make())
		error = -EIO;
	if (error) {
		answer_set(m, error);
		return;
	}

	struct file *file = file_make(handle, &error);

	if (!file) {
		answer_set(m, error);
		return;
	}
	error = is_shared ? file_check(file, offset / PAGE_SIZE, prot & 2) : 0;
	if (!error && !file->is_writable)
		error = file_cover(file, offset / PAGE_SIZE);
	vma.backing = &file->base;
	if (is_shared)
		vma.flags |= VMA_SHARED;
	// An area wholly beyond the end may be mapped; touching it is SIGBUS.
	if (!error || error == -ENXIO)
		error = area_make(task, address, length, flags, &vma);
	backing_put(&file->base);
	if (error > 0 && is_populated(task->body->space, flags))
		(void)space_populate_range(task->body->space, (uint64_t)error, (uint64_t)error + length, is_shared);
	answer_set(m, error);
}

void munmap_handle(struct task *task, struct msg *m)
{
	struct range range;
	int64_t error = range_check(m->words[0], m->words[1], -EINVAL, &range);

	if (!error && !vma_reserve(&task->body->space->vmas, 2))
		error = -ENOMEM;
	if (!error)
		range_clear(task->body->space, &range);
	answer_set(m, error);
}

// Is there a shared mapping of a file that may not be written?
static bool is_read_only(const struct vma_list *list, const struct range *range)
{
	for (const struct vma *v = vma_next(list, range->start); v && v->start < range->end;
	     v = vma_next(list, v->end))
		if (vma_is_shared_file(v) && !((const struct file *)v->backing)->is_writable)
			return true;
	return false;
}

// PROT_GROWSDOWN: from the start of the area, which must be one that grows.
static int64_t growing_start(struct space *space, struct range *range, uint64_t *prot)
{
	const struct vma *vma = vma_next(&space->vmas, range->start);

	if (!vma || vma->start >= range->end)
		return -ENOMEM;
	if (!(vma->flags & VMA_GROWS))
		return -EINVAL;
	range->start = vma->start;
	*prot &= ~PROT_GROWSDOWN_;
	return 0;
}

void mprotect_handle(struct task *task, struct msg *m)
{
	struct space *space = task->body->space;
	uint8_t prot = prot_of(m->words[2]);
	struct range range = {0, 0};
	int64_t error = m->words[1] ? range_check(m->words[0], m->words[1], -ENOMEM, &range)
				    : m->words[0] % PAGE_SIZE ? -EINVAL : 0;

	if (!error && m->words[2] & PROT_GROWSDOWN_)
		error = growing_start(space, &range, &m->words[2]);
	if (error || m->words[1] == 0 || m->words[2] & ~(uint64_t)PROT_ALL) {
		answer_set(m, error ? error : m->words[2] & ~(uint64_t)PROT_ALL ? -EINVAL : 0);
		return;
	}
	if (!vma_covers(&space->vmas, range.start, range.end) || !vma_reserve(&space->vmas, 2)) {
		answer_set(m, -ENOMEM);
		return;
	}
	if (prot & VMA_WRITE && is_read_only(&space->vmas, &range)) {
		answer_set(m, -EACCES);
		return;
	}
	if (!space_charge(space, vma_protect_cost(&space->vmas, range.start, range.end, prot))) {
		answer_set(m, -ENOMEM);
		return;
	}
	vma_protect(&space->vmas, range.start, range.end, prot);
	space_protect(space, range.start, range.end);
	space_charge_settle(space);
	space_run_offer(space, range.start, range.end);
	answer_set(m, 0);
}

void brk_handle(struct task *task, struct msg *m)
{
	struct space *space = task->body->space;
	uint64_t want = m->words[0], mask = PAGE_SIZE - 1;
	uint64_t now = (space->brk + mask) & ~mask, then = (want + mask) & ~mask;
	struct vma vma = {.start = now, .end = then, .prot = VMA_READ | VMA_WRITE,
			  .flags = space->locks_future ? VMA_LOCKED : 0};

	if (want >= space->brk_start && want - space->brk_start < BRK_MAX && want < PROGRAM_END &&
	    vma_reserve(&space->vmas, 2)) {
		if (then < now) {
			struct range range = {then, now};

			range_clear(space, &range);
			space->brk = want;
		} else if (then == now) {
			space->brk = want;
		} else if (vma_is_free(&space->vmas, now, then + PAGE_SIZE) &&
			   !mapping_is_over_limit(task, then - now, VMA_WRITE, 0) &&
			   (!space->locks_future || !lock_check(task, then - now)) &&
			   space_charge(space, (then - now) / PAGE_SIZE)) {
			vma_insert(&space->vmas, &vma);
			space_charge_settle(space);
			space->brk = want;
		}
	}
	task->body->block->brk = space->brk;
	answer_set(m, (int64_t)space->brk);
}

// Grow where it is: only the area's end may grow, into free addresses.
static bool grow_in_place(struct task *task, const struct vma *old, const struct range *range, uint64_t length)
{
	struct space *space = task->body->space;
	struct vma more = *old;
	uint64_t end = range->start + length, before = range->end - old->start;

	if (old->end != range->end || end > PROGRAM_END ||
	    mapping_is_over_limit(task, end - range->end, old->prot, old->flags) || !vma_is_free(&space->vmas, range->end, end) ||
	    !vma_reserve(&space->vmas, 1) || !space_charge(space, (end - range->end) / PAGE_SIZE))
		return false;
	more.start = range->end;
	more.end = end;
	more.offset += before;
	vma_insert(&space->vmas, &more);
	space_charge_settle(space);
	return true;
}

static int64_t area_move(struct task *task, const struct range *range, uint64_t length, uint64_t flags,
			 uint64_t address)
{
	struct space *space = task->body->space;
	struct vma *old = vma_find(&space->vmas, range->start);
	struct vma copy = *old;
	uint64_t keep = range->end - range->start < length ? range->end - range->start : length;
	struct range to;
	int64_t result;

	copy.offset += range->start - old->start;
	if (flags & MREMAP_FIXED_ && (range_check(address, length, -EINVAL, &to) ||
				      (to.start < range->end && range->start < to.end)))
		return -EINVAL;
	if (copy.flags & VMA_FILE && copy.valid_end != ~0ull)
		return -EINVAL;  // a program's own image
	backing_get(copy.backing);
	result = vma_reserve(&space->vmas, 5) ? area_make(task, address, length,
							  flags & MREMAP_FIXED_ ? MAP_FIXED_ : 0, &copy)
					      : -ENOMEM;
	backing_put(copy.backing);
	if (result < 0)
		return result;
	if (!space_move(space, range->start, (uint64_t)result, keep)) {
		to = (struct range){(uint64_t)result, (uint64_t)result + length};
		range_clear(space, &to);
		return -ENOMEM;
	}
	if (!(flags & MREMAP_DONTUNMAP_))
		range_clear(space, range);
	return result;
}

// From a length of 0: the pages of a shared mapping a second time, elsewhere.
static int64_t area_repeat(struct task *task, uint64_t start, uint64_t length, uint64_t flags, uint64_t address)
{
	const struct vma *old = vma_find(&task->body->space->vmas, start);
	const struct range none = {start, start};

	if (start % PAGE_SIZE || length == 0 || length > PROGRAM_END || flags & ~3ull ||
	    (flags & MREMAP_FIXED_ && !(flags & MREMAP_MAYMOVE_)))
		return -EINVAL;
	if (!old)
		return -EFAULT;
	if (!(old->flags & VMA_SHARED))
		return -EINVAL;
	return flags & MREMAP_MAYMOVE_ ? area_move(task, &none, length, flags | MREMAP_DONTUNMAP_, address) : -ENOMEM;
}

void mremap_handle(struct task *task, struct msg *m)
{
	struct space *space = task->body->space;
	uint64_t length = (m->words[2] + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1ull), flags = m->words[3];
	struct range range;
	int64_t error = range_check(m->words[0], m->words[1], -EINVAL, &range);

	if (m->words[1] == 0) {
		answer_set(m, area_repeat(task, m->words[0], length, flags, m->words[4]));
		return;
	}
	if (error || length == 0 || length > PROGRAM_END || flags & ~7ull ||
	    (flags & (MREMAP_FIXED_ | MREMAP_DONTUNMAP_) && !(flags & MREMAP_MAYMOVE_)) ||
	    (flags & MREMAP_DONTUNMAP_ && length != range.end - range.start)) {
		answer_set(m, -EINVAL);
		return;
	}

	const struct vma *old = vma_find(&space->vmas, range.start);

	if (!old || old->end < range.end) {
		answer_set(m, -EFAULT);
	} else if (flags & MREMAP_DONTUNMAP_ && (old->flags & VMA_SHARED || old->backing)) {
		answer_set(m, -EINVAL);
	} else if (flags & (MREMAP_FIXED_ | MREMAP_DONTUNMAP_)) {
		answer_set(m, area_move(task, &range, length, flags, m->words[4]));
	} else if (length <= range.end - range.start) {
		struct range tail = {range.start + length, range.end};

		error = vma_reserve(&space->vmas, 2) ? 0 : -ENOMEM;
		if (!error && tail.start < tail.end)
			range_clear(space, &tail);
		answer_set(m, error ? error : (int64_t)range.start);
	} else if (grow_in_place(task, old, &range, length)) {
		answer_set(m, (int64_t)range.start);
	} else {
		answer_set(m, flags & MREMAP_MAYMOVE_ ? area_move(task, &range, length, 0, 0) : -ENOMEM);
	}
}
