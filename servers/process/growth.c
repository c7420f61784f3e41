// Areas that grow down as they are touched: the stack, MAP_GROWSDOWN.
#include "servers/process/growth.h"

#define GAP (256ull * PAGE_SIZE)  // kept free below, but for what is another such area's, or nobody's to touch
#define STEP 0x10000ull
#define RLIMIT_STACK_ 3

// The lowest address that the area may begin at.
static uint64_t bottom_of(const struct vma_list *vmas, const struct vma *vma, uint64_t limit)
{
	uint64_t size = limit > vma->end ? vma->end : limit & ~(PAGE_SIZE - 1ull), bottom = vma->end - size;

	if (vma > vmas->items) {
		const struct vma *before = vma - 1;
		uint64_t gap = before->prot && !(before->flags & VMA_GROWS) ? GAP : 0;

		if (before->end + gap > bottom)
			bottom = before->end + gap;
	}
	return bottom < GROWTH_LOW ? GROWTH_LOW : bottom;
}

bool growth_try(struct task *task, uint64_t address)
{
	struct space *space = task->body->space;
	const uint64_t(*limits)[2] = task->body->block->limits;
	const struct vma *vma = vma_next(&space->vmas, address);
	uint64_t bottom, start;
	struct vma more;

	if (address >= PROGRAM_END || !vma || vma->start <= address || !(vma->flags & VMA_GROWS))
		return false;
	bottom = bottom_of(&space->vmas, vma, limits[RLIMIT_STACK_][0]);
	if (address < bottom)
		return false;
	start = address & ~(STEP - 1);
	start = start < bottom ? bottom : start;
	more = *vma;
	more.end = vma->start;
	more.start = start;
	if (mapping_is_over_limit(task, more.end - more.start, more.prot, more.flags))
		return false;
	if (!vma_reserve(&space->vmas, 1) ||
	    (!(more.flags & VMA_LAZY) && !space_charge(space, (more.end - more.start) / PAGE_SIZE)))
		return false;
	vma_insert(&space->vmas, &more);
	space_charge_settle(space);
	return true;
}
