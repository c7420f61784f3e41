// Address spaces: protections that the library sets without a message.
//
// The library may change the protection of what lies in a run: consecutive areas in which every protection is
// allowed and costs nothing. It writes the change into the space's block and restricts the mapped pages itself
// (vspace.restrict). The areas are made to say the same here, before anybody looks at them. What stands in
// the block is the program's word: it is noted where mprotect would have been allowed, else not.
#include "servers/process/space.h"

#define VMAS_LEFT 32  // room in the list that no run is given without

static struct space_protect *block_of(const struct space *space)
{
	return &((struct space_block *)store_at(space->block_pages[0]))->protect;
}

// Is every protection allowed, and paid for?
static bool is_free(const struct vma *vma)
{
	return vma->flags & (VMA_CHARGED | VMA_LAZY) && !vma_is_shared_file(vma) && vma->end <= PROGRAM_END;
}

static bool is_all_free(const struct vma_list *list, uint64_t start, uint64_t end)
{
	if (!vma_covers(list, start, end))
		return false;
	for (const struct vma *v = vma_next(list, start); v && v->start < end; v = vma_next(list, v->end))
		if (!is_free(v))
			return false;
	return true;
}

// False: no memory.
static bool change_note(struct space *space, uint64_t word)
{
	uint64_t start = protect_start(word), end = protect_end(word);

	if (start >= end || end > PROGRAM_END || !is_all_free(&space->vmas, start, end))
		return true;
	if (!vma_reserve(&space->vmas, 2))
		return false;
	vma_protect(&space->vmas, start, end, (uint8_t)(word & PROTECT_PROT));
	return true;
}

bool space_settle(struct space *space)
{
	struct space_protect *block;
	bool is_done = true;

	if (!space->run_count)
		return true;
	block = block_of(space);
	for (uint32_t i = 0; i < PROTECT_CHANGES; i++)
		if (__atomic_load_n(&block->changes[i], __ATOMIC_SEQ_CST))
			is_done = change_note(space, __atomic_exchange_n(&block->changes[i], 0, __ATOMIC_SEQ_CST)) &&
				  is_done;
	if (space->vmas.count + VMAS_LEFT > VMA_MAX)
		space_runs_cut(space, 0, PROGRAM_END);
	return is_done;
}

static void run_set(struct space *space, uint32_t i, uint64_t start, uint64_t end)
{
	uint64_t word = end > start ? protect_word(start, end, 0) : 0;

	space->runs[i] = word;
	__atomic_store_n(&block_of(space)->runs[i], word, __ATOMIC_SEQ_CST);
}

void space_runs_cut(struct space *space, uint64_t start, uint64_t end)
{
	for (uint32_t i = 0; space->run_count && i < PROTECT_RUNS; i++)
		if (protect_start(space->runs[i]) < end && start < protect_end(space->runs[i]))
			run_set(space, i, 0, 0);
}

void space_run_offer(struct space *space, uint64_t start, uint64_t end)
{
	const struct vma_list *list = &space->vmas;
	const struct vma *low = vma_find(list, start), *high = vma_find(list, end - 1);

	// A program that does it once, as all do when they start, need not be helped.
	if (space->protects++ == 0 || list->count + VMAS_LEFT > VMA_MAX || !is_all_free(list, start, end))
		return;
	while (low > list->items && low[-1].end == low->start && is_free(&low[-1]))
		low--;
	while (high + 1 < list->items + list->count && high[1].start == high->end && is_free(&high[1]))
		high++;
	start = low->start;
	end = high->end;
	if (end - start > PROTECT_PAGES_MAX * PAGE_SIZE)
		return;
	space_runs_cut(space, start, end);
	run_set(space, space->run_count++ % PROTECT_RUNS, start, end);
}
