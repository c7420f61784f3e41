#include "cap/cspace.h"

struct slot *cnode_find(const struct slot *cnode_cap, uint64_t index)
{
	if (cnode_cap->type != TYPE_CNODE || index >= cnode_cap->data)
		return NULL;
	uint64_t number = cnode_cap->count + index;

	if (number == 0)
		return NULL;
	return &cnode_slots(slot_object(cnode_cap))[number];
}

struct slot *cspace_find(const struct thread *thread, uint64_t index)
{
	return cnode_find(&thread->cspace, index);
}
