// VSpace: an address space and the memory of its tables.
#include "cap/cspace.h"
#include "cap/delete.h"
#include "cap/derive.h"
#include "cap/slot.h"
#include "mem/mailbox.h"
#include "mem/table.h"
#include "object/frame.h"
#include "object/invocation.h"
#include "object/ops.h"

#define BATCH_BITS SIZE_BITS_VSPACE
#define CLONE_PIECE 192u  // pages cloned before interrupts are let in; a slot counts for CLONE_SLOT
#define CLONE_SLOT 4u
#define UNMAP_PIECE 32u   // mappings looked at before interrupts are let in

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

// Has this very copy been begun before?
static bool is_begun(const struct slot *dest, const struct slot *source, const struct vspace *vspace)
{
	return dest->type == TYPE_FRAME && (dest->flags & SLOT_MAPPED) && dest->object == source->object &&
	       dest->count == source->count && dest->address == source->address &&
	       vspace_of_slot(dest) == vspace && dest->map_pages < source->map_pages;
}

static err_t clone_one(struct invocation *call, unsigned bit, unsigned *left)
{
	struct vspace *vspace = slot_object(call->slot);
	struct slot *source = cnode_find(call->cap[0], call->arg[1] + bit);
	struct slot *dest = cnode_find(call->cap[1], call->arg[4] + bit);
	unsigned budget = DELETE_BUDGET;

	if (!source || !dest)
		return invocation_fail(call, ERR_RANGE, source ? 5 : 2, 0);
	if (source->type != TYPE_FRAME || !(source->flags & SLOT_MAPPED))
		return invocation_fail(call, ERR_NOT_MAPPED, 2, bit);
	if (vspace_of_slot(source) == vspace)
		return invocation_fail(call, ERR_MAPPED, 0, bit);
	if (slot_is_empty(dest)) {
		copy_commit(source, dest);
		mapping_attach(dest, vspace, source->address);
	} else if (!is_begun(dest, source, vspace)) {
		return invocation_fail(call, ERR_SLOT_USED, 5, bit);
	}
	err_t err = mapping_clone(dest, source, call->arg[5] & BIT(bit), left);

	if (err && dest->map_pages == 0)
		slot_delete(call->core, dest, &budget);
	if (err)
		return invocation_fail(call, err, 0, bit);
	return dest->map_pages < source->map_pages ? RESTART : OK;
}

// The bitmap loses each bit that is done.
err_t vspace_clone(struct invocation *call)
{
	for (unsigned left = CLONE_PIECE; call->arg[2]; call->arg[2] &= call->arg[2] - 1) {
		err_t err = left > CLONE_SLOT ? clone_one(call, lowest_bit(call->arg[2]), &left) : RESTART;

		call->done = call->arg[2];
		if (err)
			return err;
		left -= left < CLONE_SLOT ? left : CLONE_SLOT;
	}
	call->out_count = 1;
	return OK;
}

// Map what the caller's map items say; word 2 of an error is how many were mapped.
err_t vspace_map(struct invocation *call)
{
	const struct abi_block *block = call->caller->block;

	if (call->arg[0] > MSG_ITEMS_MAX)
		return invocation_fail(call, ERR_RANGE, 1, MSG_ITEMS_MAX);
	if (call->arg[0] && !block)
		return invocation_fail(call, ERR_BLOCK, 0, 0);
	for (; call->done < call->arg[0]; call->done++) {
		struct abi_map_item item = block->items[call->done];  // read once: user memory
		struct slot *source = cspace_find(call->caller, item.source), *dest = cspace_find(call->caller, item.dest);
		err_t err = frame_item_fits(source, dest)
				    ? frame_map_item(call->core, source, dest, slot_object(call->slot), &item)
				    : ERR_CAP_TYPE;

		if (err)
			return invocation_fail(call, err, 0, item.address);
	}
	return OK;
}

// Let the list begin with this slot: those before it go behind the last.
static void mappings_turn(struct slot *head, struct slot *slot)
{
	link_t self = slot_link(head);

	slot_at(head->list_prev)->list_next = head->list_next;
	slot_at(head->list_next)->list_prev = head->list_prev;
	head->list_prev = slot->list_prev;
	head->list_next = slot_link(slot);
	slot_at(slot->list_prev)->list_next = self;
	slot->list_prev = self;
}

// Drop the mappings that reach into [arg 0, arg 1), but for those of Frames in `keep`. Argument 3, which the
// caller does not give, counts those that were looked at and stay: they are the last. False: more are left.
static bool range_unmap(struct invocation *call, const struct slot *keep)
{
	struct vspace *vspace = slot_object(call->slot);
	struct slot *head = &vspace->mappings, *slot = slot_at(head->list_next), *next;
	uintptr_t kept = keep ? (uintptr_t)(cnode_slots(slot_object(keep)) + keep->count) : 0;
	uint64_t size = keep ? keep->data * sizeof(*keep) : 0;

	for (unsigned n = 0; call->arg[3] < vspace->mapping_count; n++, slot = next) {
		bool is_below = slot->address + (uint64_t)slot->count * PAGE_SIZE <= call->arg[0];
		bool stays = is_below || slot->address >= call->arg[1] || (uintptr_t)slot - kept < size;

		next = slot_at(slot->list_next);
		if (n >= UNMAP_PIECE || (!stays && !mapping_shrink(slot))) {
			if (slot != slot_at(head->list_next))
				mappings_turn(head, slot);
			return false;
		}
		if (stays) {
			call->arg[3]++;
			continue;
		}
		mapping_drop(slot);
		n += 3;
	}
	return true;
}

// Are arguments 0 and 1 the ends of a range of user addresses?
static __attribute__((noinline)) err_t range_check(struct invocation *call)
{
	if (!is_aligned(call->arg[0] | call->arg[1], PAGE_SIZE))
		return invocation_fail(call, ERR_ALIGN, is_aligned(call->arg[0], PAGE_SIZE) ? 2 : 1, PAGE_SIZE);
	if (call->arg[1] > USER_END || call->arg[0] > call->arg[1])
		return invocation_fail(call, ERR_RANGE, 2, USER_END);
	return OK;
}

err_t vspace_restrict(struct invocation *call)
{
	err_t err = range_check(call);

	if (err)
		return err;
	if (range_restrict(slot_object(call->slot), &call->arg[0], call->arg[1], (unsigned)call->arg[2]))
		return invocation_fail(call, ERR_MAPPED, 0, call->arg[0]);
	return call->arg[0] < call->arg[1] ? RESTART : OK;
}

err_t vspace_unmap_range(struct invocation *call)
{
	struct slot *keep = cspace_find_used(call->caller, call->arg[2]);
	err_t err = range_check(call);

	if (err)
		return err;
	if (call->arg[2] && (!keep || keep->type != TYPE_CNODE))
		return invocation_fail(call, ERR_CAP_TYPE, 3, TYPE_CNODE);
	if (call->words < 5)
		call->arg[3] = call->arg[4] = 0;
	call->words = 5;
	if (!range_unmap(call, keep) || !vspace_trim(slot_object(call->slot), &call->arg[4]))
		return RESTART;
	return OK;
}

// A dying VSpace: no thread has it, so no core will load it. Its mappings end, its batches go back.
bool vspace_empty(struct core *core, struct object *object, unsigned *budget)
{
	struct vspace *vspace = (struct vspace *)(void *)object;

	if (object->cursor == 0) {
		space_retire(vspace->top_physical);
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
		if (!slot_delete(core, &vspace->batches->source, budget))
			return false;
	}
	return true;
}
