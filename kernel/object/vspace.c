// VSpace: an address space and the memory of its tables.
#include "cap/cspace.h"
#include "cap/delete.h"
#include "cap/slot.h"
#include "mem/table.h"
#include "object/invocation.h"
#include "object/ops.h"

#define BATCH_BITS SIZE_BITS_VSPACE

err_t vspace_supply(struct invocation *call)
{
	struct slot *untyped = call->cap[0];
	struct vspace *vspace = slot_object(call->slot);
	unsigned budget = DELETE_BUDGET;

	if (untyped->size_bits != BATCH_BITS || (untyped->flags & SLOT_DEVICE))
		return invocation_fail(call, ERR_RANGE, 1, BATCH_BITS);
	if (slot_has_children(untyped))
		return invocation_fail(call, ERR_HAS_CHILDREN, 1, 0);
	if (!reap(call->core, &budget))  // what lay in it may still be dying
		return RESTART;
	// Zero it in pieces: `address` of an Untyped without children that was reset is how far it is clean.
	if (untyped->data) {
		untyped->data = untyped->address = 0;
		untyped->vspace = BIT(BATCH_BITS);
		untyped->map_pages = 0;
	}
	uint64_t dirty = (uint64_t)untyped->map_pages << 32 | untyped->vspace;

	if (untyped->address < dirty) {
		uint64_t piece = min_u64(dirty - untyped->address, 0x8000);

		arch_zero(arch_phys_to_virt(untyped->object + untyped->address), piece);
		untyped->address += piece;
		return RESTART;
	}
	struct batch *batch = arch_phys_to_virt(untyped->object);

	vspace_add_batch(vspace, batch, untyped);
	slot_move(&batch->source, untyped);
	batch->source.flags |= SLOT_POOL;
	batch->source.data = BIT(BATCH_BITS);
	return OK;
}

// A dying VSpace: no thread has it, so no core will load it. Its mappings end, its batches go back.
bool vspace_empty(struct core *core, struct object *object, unsigned *budget)
{
	struct vspace *vspace = (struct vspace *)(void *)object;

	if (object->cursor == 0) {
		arch_space_retire(vspace->top_physical);
		object->cursor = 1;
	}
	while (vspace->mappings.list_next != slot_link(&vspace->mappings)) {
		if (*budget == 0)
			return false;
		--*budget;
		mapping_drop(slot_at(vspace->mappings.list_next));
	}
	while (vspace->batches->source.type) {
		if (*budget < 20)
			return *budget = 0, false;
		*budget -= 20;
		slot_delete(core, &vspace->batches->source, budget);
	}
	return true;
}
