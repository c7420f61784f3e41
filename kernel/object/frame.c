// Frame: mapping, by its own methods and by the map items of replies.
#include "object/frame.h"

#include "cap/cspace.h"
#include "cap/delete.h"
#include "cap/derive.h"
#include "mem/table.h"
#include "object/invocation.h"

static unsigned mappable(const struct slot *slot, uint64_t rights)
{
	return (unsigned)rights & slot->rights & (FRAME_READ | FRAME_WRITE | FRAME_EXECUTE);
}

// Can `pages` be mapped at the address at all? *wrong as for an argument: address 2, rights 3.
static err_t range_check(uint64_t address, uint64_t pages, uint64_t *limit)
{
	*limit = PAGE_SIZE;
	if (!is_aligned(address, PAGE_SIZE))
		return ERR_ALIGN;
	*limit = USER_END;
	if (address == 0 || address >= USER_END || pages > (USER_END - address) / PAGE_SIZE)
		return ERR_RANGE;
	return OK;
}

err_t frame_map(struct invocation *call)
{
	struct slot *slot = call->slot;
	struct vspace *vspace = slot_object(call->cap[0]);
	uint64_t address = call->arg[1], limit;
	unsigned rights = mappable(slot, call->arg[2]);

	if (!(rights & FRAME_READ))
		return invocation_fail(call, ERR_CAP_RIGHTS, 3, slot->rights);
	err_t err = range_check(address, slot->count, &limit);

	if (err)
		return invocation_fail(call, err, 2, limit);
	if (slot->flags & SLOT_MAPPED) {
		bool same = slot->address == address && vspace_of_slot(slot) == vspace;

		if (!same || slot->map_pages == slot->count)
			return invocation_fail(call, ERR_MAPPED, 0, slot->address);
	} else {
		mapping_attach(slot, vspace, address);
	}
	err = mapping_extend(slot, rights, call->arg[2] & FRAME_MAP_OVER);
	if (err && slot->map_pages == 0)
		mapping_drop(slot);
	if (err)
		return invocation_fail(call, err, 2, address + (uint64_t)slot->map_pages * PAGE_SIZE);
	return slot->map_pages < slot->count ? RESTART : OK;
}

err_t frame_unmap(struct invocation *call)
{
	if (!(call->slot->flags & SLOT_MAPPED))
		return invocation_fail(call, ERR_NOT_MAPPED, 0, 0);
	if (!mapping_shrink(call->slot))
		return RESTART;
	mapping_drop(call->slot);
	return OK;
}

// Argument 2, which the caller does not give, is how far a restarted call has come.
err_t frame_protect(struct invocation *call)
{
	struct slot *slot = call->slot;
	unsigned rights = mappable(slot, call->arg[0]);
	uint64_t done = call->words > 1 ? min_u64(call->arg[1], slot->map_pages) : 0;

	if (!(slot->flags & SLOT_MAPPED))
		return invocation_fail(call, ERR_NOT_MAPPED, 0, 0);
	if (!(rights & FRAME_READ))
		return invocation_fail(call, ERR_CAP_RIGHTS, 1, slot->rights);
	if (mapping_protect(slot, rights, &done))
		return OK;
	call->arg[1] = done;
	call->words = 2;
	return RESTART;
}

err_t frame_info(struct invocation *call)
{
	const struct slot *slot = call->slot;

	call->out[0] = slot->count;
	call->out[1] = slot->flags & SLOT_MAPPED ? slot->address : 0;
	call->out[2] = slot->rights & FRAME_PHYSICAL ? slot->object * PAGE_SIZE : 0;
	call->out_count = 3;
	return OK;
}

err_t frame_map_once(struct slot *slot, struct vspace *vspace, uint64_t address, unsigned rights,
		     bool over)
{
	uint64_t limit;
	err_t err = range_check(address, slot->count, &limit);

	if (err)
		return err;
	if (slot->flags & SLOT_MAPPED)
		return ERR_MAPPED;
	rights = mappable(slot, rights);
	if (!(rights & FRAME_READ))
		return ERR_CAP_RIGHTS;
	mapping_attach(slot, vspace, address);
	err = mapping_extend(slot, rights, over);
	if (!err && slot->map_pages < slot->count)
		err = ERR_RANGE;
	if (err) {
		mapping_shrink(slot);
		mapping_drop(slot);
	}
	return err;
}

err_t frame_map_item(struct core *core, struct slot *source, struct slot *dest, struct vspace *vspace,
		     const struct abi_map_item *item)
{
	struct derivation derivation;
	unsigned wrong, budget = DELETE_BUDGET;
	bool over = item->flags & MAP_ITEM_OVER;
	uint64_t limit;

	if (dest == source)
		return frame_map_once(source, vspace, item->address, item->rights, over);
	if (item->count == 0)
		return ERR_RANGE;
	err_t err = derive_check(source, 0xff, item->first, item->count, &derivation, &wrong, &limit);

	if (!err && !slot_is_empty(dest) &&
	    (!over || dest->type != TYPE_FRAME || !slot_delete(core, dest, &budget)))
		err = ERR_SLOT_USED;
	if (err)
		return err;
	derive_commit(&derivation, dest);
	err = frame_map_once(dest, vspace, item->address, item->rights, over);
	if (err)
		slot_delete(core, dest, &budget);
	return err;
}
