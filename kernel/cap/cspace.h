// From an index to a slot.
#ifndef KERNEL_CAP_CSPACE_H
#define KERNEL_CAP_CSPACE_H

#include "types.h"

// The slot at an index of the window that a CNode capability carries; null when it is beyond it.
struct slot *cnode_find(const struct slot *cnode_cap, uint64_t index);

// The slot at an index of the thread's CSpace; null when there is none.
struct slot *cspace_find(const struct thread *thread, uint64_t index);

// The same; null, too, when the slot is empty. (Slot 0, the header, looks like an empty one.)
static inline struct slot *cspace_find_used(const struct thread *thread, uint64_t index)
{
	struct slot *slot = &((struct slot *)(uintptr_t)thread->cspace.address)[index];

	return index < thread->cspace.data && !slot_is_empty(slot) ? slot : NULL;
}

#endif
