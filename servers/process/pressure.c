// Memory pressure: what is short, what comes back without harm, and whose end brings the most.
//
// Shells and mappings are only kept to save work: they go first. Pages, Untypeds (page tables, CNodes,
// threads) and the heap (chunks, areas) come back with a process: that one which has most of what is
// short, be it the one that asks or not.
#include "servers/process/pressure.h"

#include <stdlib.h>

#include "lib/rt/component.h"
#include "servers/process/server.h"
#include "servers/process/shell.h"

#define PAGES_LOW 64
#define SLOT_BLOCKS_LOW 8
#define HEAP_LOW 4096

enum shortage { SHORT_NOTHING, SHORT_PAGES, SHORT_UNTYPED, SHORT_HEAP };

static bool heap_is_short(void)
{
	void *probe = malloc(HEAP_LOW);

	free(probe);
	return !probe;
}

static enum shortage shortage_find(void)
{
	if (store_pages.free_count < PAGES_LOW)
		return SHORT_PAGES;
	if (!unit_is_there(UNIT_SPACE) || !unit_is_there(UNIT_BODY))
		return SHORT_UNTYPED;
	return heap_is_short() ? SHORT_HEAP : SHORT_NOTHING;
}

// What a process has of it, in bytes.
static uint64_t use_of(const struct body *body, enum shortage what)
{
	const struct space *space = body->space;

	switch (what) {
	case SHORT_PAGES:
		return (space->resident + BODY_PAGES + (uint64_t)body->thread_count * 2) * PAGE_SIZE;
	case SHORT_UNTYPED:
		return (1 + space->supply_count) * (64ull << 10) + (body->cspace_unit ? 128ull << 10 : 0) +
		       (body->thread_count + body->parked) * (8ull << 10);
	default:
		return space->chunk_count * sizeof(struct chunk) + space->vmas.count * sizeof(struct vma) +
		       space->bucket_count * sizeof(void *);
	}
}

// The process that has most of it. `task` when none has more.
static struct task *largest_find(struct task *task, enum shortage what)
{
	struct task *found = task;

	for (uint32_t i = 0; i < TASK_MAX; i++) {
		struct task *t = &tasks.items[i];

		if (t->state != TASK_FREE && t->body && !t->is_ended &&
		    (!found->body || use_of(t->body, what) > use_of(found->body, what)))
			found = t;
	}
	return found;
}

// The space with most mappings, if it has `least` blocks of slots, loses them.
static bool slots_take_back(uint32_t least)
{
	struct space *most = NULL;

	for (uint32_t i = 0; i < TASK_MAX; i++) {
		struct body *body = tasks.items[i].body;

		if (body && (!most || body->space->pages.count > most->pages.count))
			most = body->space;
	}
	if (!most || most->pages.count < least)
		return false;
	space_unmap_all(most);
	return true;
}

// One block each is what spaces need: to take that would only move the want.
bool pressure_slots(void) { return store_slot_blocks() < SLOT_BLOCKS_LOW && slots_take_back(2); }

bool pressure_has_slots(void)
{
	return store_slot_blocks() >= SLOT_BLOCKS_LOW ||
	       (pressure_relieve() && store_slot_blocks() >= SLOT_BLOCKS_LOW);
}

bool pressure_relieve(void)
{
	bool is_any = shell_drop_all();

	return pressure_slots() || is_any;
}

void pressure_end(struct task *task)
{
	static const char *const names[] = {"its own limit", "pages", "kernel memory", "heap"};
	enum shortage what;

	// Its own mappings are gone already: then one must be another's loss.
	if (!store_slot_blocks() && slots_take_back(1))
		return;
	if (pressure_relieve() && shortage_find() == SHORT_NOTHING)
		return;
	what = shortage_find();

	struct task *victim = what == SHORT_NOTHING ? task : largest_find(task, what);

	rt_log("out of memory (%s): pid %u (%s)", names[what], victim->pid, victim->name);
	task_end(victim, 9);
}
