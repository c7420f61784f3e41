// Untyped: making objects from memory.
//
// Of a block, [0, cursor) is handed out. [cursor, clean) and [dirty, size) are zero; what lies between
// may hold anything. A block that was never used is dirty from 0 on: memory is zeroed when it is handed
// out, never at boot. `data` is the cursor, `address` is clean, vspace:map_pages is dirty.
//
// Invariants: cursor <= clean or clean is stale (treated as cursor); a block with no children is
// available whole after a reset.
#include "object/untyped.h"

#include "base/print.h"
#include "cap/cspace.h"
#include "cap/delete.h"
#include "cap/slot.h"
#include "mem/table.h"
#include "object/invocation.h"
#include "object/make.h"

#define ZERO_PIECE 0x8000u  // bytes zeroed before interrupts are let in
#define MAKE_PIECE 16u      // objects made before interrupts are let in

static uint64_t untyped_dirty(const struct slot *slot)
{
	return (uint64_t)slot->map_pages << 32 | slot->vspace;
}

static void untyped_set_dirty(struct slot *slot, uint64_t dirty)
{
	slot->vspace = (uint32_t)dirty;
	slot->map_pages = (uint32_t)(dirty >> 32);
}

void untyped_init(struct slot *slot, uint64_t base, unsigned bits, bool is_dirty)
{
	slot_clear(slot);
	slot->type = TYPE_UNTYPED;
	slot->rights = UNTYPED_RIGHTS;
	slot->size_bits = (uint8_t)bits;
	slot->object = base;
	untyped_set_dirty(slot, is_dirty ? BIT(bits) : 0);
}

// log2 of the bytes that an object takes; 0: no such object or size.
static unsigned object_bits(uint64_t type, uint64_t size_bits, uint64_t *limit)
{
	*limit = 0;
	switch (type) {
	case TYPE_UNTYPED:
		*limit = 6;
		return size_bits >= 6 && size_bits < 48 ? (unsigned)size_bits : 0;
	case TYPE_FRAME:
		*limit = PAGE_BITS;
		size_bits &= ~(uint64_t)RETYPE_RAW;
		return size_bits >= PAGE_BITS && size_bits < 43 ? (unsigned)size_bits : 0;
	case TYPE_CNODE:
		*limit = CNODE_BITS_MAX;
		return size_bits >= CNODE_BITS_MIN && size_bits <= CNODE_BITS_MAX ? (unsigned)size_bits + 6 : 0;
	case TYPE_VSPACE:
		return size_bits ? 0 : SIZE_BITS_VSPACE;
	case TYPE_THREAD:
		return size_bits ? 0 : SIZE_BITS_THREAD;
	case TYPE_SCHEDCONTEXT:
		return size_bits ? 0 : SIZE_BITS_SCHEDCONTEXT;
	case TYPE_ENDPOINT:
		return size_bits ? 0 : SIZE_BITS_ENDPOINT;
	case TYPE_REPLY:
		return size_bits ? 0 : SIZE_BITS_REPLY;
	case TYPE_NOTIFICATION:
		return size_bits ? 0 : SIZE_BITS_NOTIFICATION;
	default:
		return 0;
	}
}

// Zero [from, to) of the block where it is not zero already, a piece at a time. True when done. What lies before
// `from` is handed out by that: it is not zero, and this call may never be made to its end.
static bool untyped_clean(struct slot *slot, uint64_t from, uint64_t to)
{
	uint64_t start = max_u64(max_u64(slot->address, slot->data), from);
	uint64_t end = min_u64(to, untyped_dirty(slot));

	if (start >= end)
		return true;
	uint64_t piece = min_u64(end - start, ZERO_PIECE);

	arch_zero(arch_phys_to_virt(slot->object + start), piece);
	slot->data = from;
	slot->address = start + piece;
	return start + piece >= end;
}

struct retype {
	unsigned type, bits, size_bits;
	bool raw;
};

static err_t retype_check(struct invocation *call, struct retype *out)
{
	uint64_t limit, type = call->arg[0], size_bits = call->arg[1];
	unsigned bits = object_bits(type, size_bits, &limit);

	if (!bits && !limit && !object_bits(type, 0, &limit))
		return invocation_fail(call, ERR_ARGUMENT, 1, TYPE_COUNT);
	if (!bits)
		return invocation_fail(call, ERR_RANGE, 2, limit);
	*out = (struct retype){(unsigned)type, bits, (unsigned)(size_bits & 0xff),
			       type == TYPE_FRAME && (size_bits & RETYPE_RAW)};
	if (out->raw && !(call->slot->rights & UNTYPED_RAW))
		return invocation_fail(call, ERR_CAP_RIGHTS, 2, UNTYPED_RAW);
	if ((call->slot->flags & SLOT_DEVICE) && type != TYPE_FRAME && type != TYPE_UNTYPED)
		return invocation_fail(call, ERR_ARGUMENT, 1, TYPE_FRAME);
	if (call->arg[2] == 0)
		return invocation_fail(call, ERR_RANGE, 3, 1);
	return OK;
}

// Make one object in the slot. OK, RESTART (memory is still being zeroed), or an error.
static err_t retype_one(struct invocation *call, const struct retype *what, struct slot *dest)
{
	struct slot *slot = call->slot;
	uint64_t start = align_up(slot->data, BIT(what->bits));
	uint64_t end = start + BIT(what->bits);
	bool zero = !what->raw && what->type != TYPE_UNTYPED && !(slot->flags & SLOT_DEVICE);

	if (end > BIT(slot->size_bits))
		return invocation_fail(call, ERR_NO_MEMORY, 0, BIT(slot->size_bits) - slot->data);
	if (zero && !untyped_clean(slot, start, end))
		return RESTART;

	bool is_dirty = untyped_dirty(slot) > start;

	slot->data = end;
	slot_clear(dest);
	if (what->type == TYPE_UNTYPED)
		untyped_init(dest, slot->object + start, what->bits, is_dirty);
	else
		object_make(dest, what->type, what->size_bits, slot->object + start);
	dest->flags = slot->flags & SLOT_DEVICE;
	if (what->type == TYPE_UNTYPED)
		dest->rights = slot->rights;
	slot_add_child(slot, dest);
	return OK;
}

err_t untyped_retype(struct invocation *call)
{
	struct retype what;
	unsigned budget = DELETE_BUDGET, piece = MAKE_PIECE;
	err_t err = retype_check(call, &what);

	if (err)
		return err;
	if (what.type != TYPE_UNTYPED && !what.raw)  // all of it is zeroed
		piece = (unsigned)max_u64(min_u64(piece, (uint64_t)ZERO_PIECE >> what.bits), 1);
	if (!reap(call->core, &budget))
		return RESTART;
	for (unsigned n = 0; call->arg[2]; n++) {
		struct slot *dest = cnode_find(call->cap[0], call->arg[4]);

		if (n == piece)
			return RESTART;
		if (!dest)
			err = invocation_fail(call, ERR_RANGE, 5, call->cap[0]->data);
		else if (!slot_is_empty(dest))
			err = invocation_fail(call, ERR_SLOT_USED, 5, 0);
		else
			err = retype_one(call, &what, dest);
		call->done = call->arg[4];
		if (err)
			return err;
		call->arg[4]++;
		call->arg[2]--;
	}
	call->out[0] = call->arg[4];
	call->out_count = 1;
	return OK;
}

err_t untyped_reset(struct invocation *call)
{
	struct slot *slot = call->slot;
	unsigned budget = DELETE_BUDGET;

	if (slot_has_children(slot))
		return invocation_fail(call, ERR_HAS_CHILDREN, 0, 0);
	if (!reap(call->core, &budget))
		return RESTART;
	untyped_set_dirty(slot, max_u64(untyped_dirty(slot), slot->data));
	slot->data = slot->address = 0;
	return OK;
}

err_t untyped_info(struct invocation *call)
{
	call->out[0] = call->slot->object;
	call->out[1] = call->slot->size_bits;
	call->out[2] = call->slot->data;
	call->out_count = 3;
	return OK;
}
