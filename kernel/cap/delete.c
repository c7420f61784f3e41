// Deleting.
//
// Invariants:
//  1. An object dies with its last capability; it is then in the list of the dying until the reaper
//     has cut its links and deleted the capabilities inside it.
//  2. Nothing is made from an untyped block while the list of the dying is not empty, so the memory of
//     a dying object is not used again too early.
#include "cap/delete.h"

#include "base/print.h"
#include "cap/slot.h"
#include "cap/watch.h"
#include "mem/table.h"
#include "sched/sched.h"

static bool has_object(const struct slot *slot)
{
	return object_ops[slot->type].empty != NULL;
}

static void object_kill(struct object *object)
{
	link_t self = (link_t)(arch_virt_to_phys(object) / 64);

	ASSERT(!object->dying && (uintptr_t)object % 64 == 0);
	object->dying = true;
	object->next = 0;
	object->cursor = 0;
	if (kernel.dying_last)
		((struct object *)arch_phys_to_virt((uint64_t)kernel.dying_last * 64))->next = self;
	else
		kernel.dying_first = self;
	kernel.dying_last = self;
}

// A thread loses its block or its address space.
static void inner_lost(struct slot *slot)
{
	if (slot->type == TYPE_FRAME) {
		struct thread *thread = LIST_ENTRY(slot, struct thread, block_frame);

		thread_capture(thread);
		thread->block = NULL;
		thread->redirect = 0;
	} else {
		struct thread *thread = LIST_ENTRY(slot, struct thread, vspace);

		thread_capture(thread);
		thread_make_slow(thread);
	}
}

bool slot_delete(struct core *core, struct slot *slot, unsigned *budget)
{
	if (slot->flags & SLOT_MAPPED) {
		if (!mapping_shrink(slot)) {
			*budget = 0;
			return false;
		}
		mapping_drop(slot);
		*budget -= *budget < 8 ? *budget : 8;
	}
	if (slot->flags & SLOT_POOL && !batch_detach((struct batch *)slot, budget)) {
		*budget = 0;
		return false;
	}
	if (slot->flags & SLOT_DEAD)
		watch_remove(slot);
	if (slot->flags & SLOT_THREAD)
		inner_lost(slot);

	struct slot *parent = slot->first ? NULL : slot_find_parent(slot);
	bool dies = has_object(slot) && slot_is_last(slot);
	struct object *object = dies ? slot_object(slot) : NULL;

	slot_unlink(slot);
	slot_clear(slot);
	if (dies)
		object_kill(object);
	if (parent && !parent->first && watch_is_wanted(parent))
		endpoint_childless(core, parent);
	if (*budget)
		--*budget;
	return true;
}

bool reap(struct core *core, unsigned *budget)
{
	while (kernel.dying_first) {
		struct object *object = arch_phys_to_virt((uint64_t)kernel.dying_first * 64);

		if (*budget == 0)
			return false;
		--*budget;
		if (!object_ops[object->type].empty(core, object, budget))
			continue;
		kernel.dying_first = object->next;
		if (!object->next)
			kernel.dying_last = 0;
	}
	return true;
}
