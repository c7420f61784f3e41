// CNode: deriving, copying, moving, deleting, revoking.
#include "cap/cspace.h"
#include "cap/delete.h"
#include "cap/derive.h"
#include "cap/slot.h"
#include "object/invocation.h"
#include "object/ops.h"

#define MOVE_PIECE 32
#define REVOKE_PIECE 256u

// The slot of argument `wrong`, which must hold a capability (or must be empty).
static err_t slot_get(struct invocation *call, const struct slot *cnode, uint64_t index, unsigned wrong,
		      bool want_empty, struct slot **out)
{
	struct slot *slot = cnode_find(cnode, index);

	if (!slot)
		return invocation_fail(call, ERR_RANGE, wrong, cnode->data);
	if (want_empty && !slot_is_empty(slot))
		return invocation_fail(call, ERR_SLOT_USED, wrong, 0);
	if (!want_empty && slot_is_empty(slot))
		return invocation_fail(call, ERR_CAP_INVALID, wrong, 0);
	*out = slot;
	return OK;
}

err_t cnode_derive(struct invocation *call)
{
	struct slot *dest, *source;
	struct derivation derivation;
	unsigned wrong = 0;
	uint64_t limit = 0;
	err_t err = slot_get(call, call->slot, call->arg[0], 1, true, &dest);

	if (!err)
		err = slot_get(call, call->cap[0], call->arg[2], 3, false, &source);
	if (err)
		return err;
	err = derive_check(source, (unsigned)call->arg[3] & 0xff, call->arg[4], call->arg[5], &derivation,
			   &wrong, &limit);
	if (err)
		return invocation_fail(call, err, 3 + wrong, limit);
	derive_commit(&derivation, dest);
	return OK;
}

static err_t copy_one(struct invocation *call, uint64_t bit)
{
	struct slot *dest, *source;
	err_t err = slot_get(call, call->slot, call->arg[0] + bit, 1, true, &dest);

	if (!err)
		err = slot_get(call, call->cap[0], call->arg[2] + bit, 3, false, &source);
	if (err)
		return err;
	if (!copy_is_possible(source))
		return invocation_fail(call, ERR_CAP_TYPE, 3, 0);
	copy_commit(source, dest);
	return OK;
}

err_t cnode_copy(struct invocation *call)
{
	for (unsigned n = 0; call->arg[3]; n++) {
		if (n == MOVE_PIECE)
			return RESTART;
		err_t err = copy_one(call, lowest_bit(call->arg[3]));

		if (err) {
			call->done = call->arg[3];
			return err;
		}
		call->arg[3] &= call->arg[3] - 1;
	}
	call->out_count = 1;
	return OK;
}

static err_t move_one(struct invocation *call)
{
	struct slot *dest, *source = cnode_find(call->cap[0], call->arg[2]);

	if (!source)
		return invocation_fail(call, ERR_RANGE, 3, call->cap[0]->data);
	if (slot_is_empty(source))
		return OK;
	err_t err = slot_get(call, call->slot, call->arg[0], 1, true, &dest);

	if (err)
		return err;
	if (source->flags & SLOT_POOL)
		return invocation_fail(call, ERR_STATE, 3, 0);
	slot_move(dest, source);
	return OK;
}

err_t cnode_move(struct invocation *call)
{
	for (unsigned n = 0; call->arg[3]; n++) {
		if (n == MOVE_PIECE)
			return RESTART;
		err_t err = move_one(call);

		if (err) {
			call->done = call->arg[3];
			return err;
		}
		call->arg[0]++;
		call->arg[2]++;
		call->arg[3]--;
	}
	call->out_count = 1;
	return OK;
}

// After the last deletion: nothing is answered before the dying are empty.
static err_t finish(struct invocation *call, unsigned *budget)
{
	return reap(call->core, budget) ? OK : RESTART;
}

// The run goes beyond the window: what died until there is emptied all the same.
static err_t range_fail(struct invocation *call, unsigned *budget)
{
	err_t err = finish(call, budget);

	return err ? err : invocation_fail(call, ERR_RANGE, 1, call->slot->data);
}

// How many empty slots come first in the run that is left.
static uint64_t empty_count(const struct invocation *call, const struct slot *slot, uint64_t limit)
{
	const struct slot *s = slot, *end;

	end = slot + min_u64(limit, min_u64(call->arg[1], call->slot->data - call->arg[0]));
	while (s < end && slot_is_empty(s))
		s++;
	return (uint64_t)(s - slot);
}

// Do it to each slot of the run that is not empty. What it is done to may be the very CNode's capability.
static __attribute__((noinline)) err_t run_each(struct invocation *call, bool (*each)(struct core *, struct slot *, unsigned *))
{
	unsigned budget = DELETE_BUDGET;

	for (uint64_t left = REVOKE_PIECE, n; call->arg[1]; left -= n, call->arg[0] += n, call->arg[1] -= n) {
		struct slot *slot = cnode_find(call->slot, call->arg[0]);

		if (!slot)
			return range_fail(call, &budget);
		n = empty_count(call, slot, left);
		if (n)
			continue;
		if (left == 0 || budget == 0 || !each(call->core, slot, &budget))
			return RESTART;
		n = 1;
	}
	return finish(call, &budget);
}

err_t cnode_delete(struct invocation *call) { return run_each(call, slot_delete); }

static bool slot_revoke(struct core *core, struct slot *slot, unsigned *budget)
{
	// A slot that has become empty lay in what was deleted.
	while (!slot_is_empty(slot) && slot->first)
		if (*budget == 0 || !slot_delete(core, slot_at(slot->first), budget))
			return false;
	return true;
}

err_t cnode_revoke(struct invocation *call)
{
	struct slot *slot;
	unsigned budget = DELETE_BUDGET;
	err_t err = slot_get(call, call->slot, call->arg[0], 1, false, &slot);

	if (err)
		return err;
	return slot_revoke(call->core, slot, &budget) ? finish(call, &budget) : RESTART;
}

err_t cnode_revoke_run(struct invocation *call) { return run_each(call, slot_revoke); }

// 0: none; 1: one that has none of its own; 2: more.
static uint64_t children_count(const struct slot *slot)
{
	if (!slot_has_children(slot))
		return 0;
	return slot->first == slot->last && !slot_has_children(slot_at(slot->first)) ? 1 : 2;
}

err_t cnode_info(struct invocation *call)
{
	struct slot *slot = cnode_find(call->slot, call->arg[0]);

	if (!slot)
		return invocation_fail(call, ERR_RANGE, 1, call->slot->data);
	call->out[0] = slot->type;
	call->out[1] = slot->rights;
	call->out[2] = slot->type == TYPE_FRAME ? slot->count : slot->data;
	if (slot->type == TYPE_UNTYPED)
		call->out[2] = slot->size_bits;
	call->out[3] = children_count(slot);
	call->out_count = 4;
	return OK;
}

static bool is_same(const struct slot *a, const struct slot *b)
{
	if (a->type != b->type)
		return false;
	if (a->type != TYPE_FRAME)
		return a->object == b->object;
	return a->object < b->object + b->count && b->object < a->object + a->count;
}

err_t cnode_compare(struct invocation *call)
{
	struct slot *slot, *other;
	err_t err = slot_get(call, call->slot, call->arg[0], 1, false, &slot);

	if (!err)
		err = slot_get(call, call->cap[0], call->arg[2], 3, false, &other);
	if (err)
		return err;
	call->out[0] = is_same(slot, other);
	call->out_count = 1;
	return OK;
}

// A dying CNode: delete what is in it, slot by slot.
bool cnode_empty(struct core *core, struct object *object, unsigned *budget)
{
	struct cnode *cnode = (struct cnode *)(void *)object;

	for (; object->cursor < BIT(object->bits); object->cursor++) {
		struct slot *slot = &cnode_slots(cnode)[object->cursor];

		if (object->cursor == 0)
			continue;
		if (slot_is_empty(slot)) {
			if (object->cursor % 8 == 0 && *budget)
				--*budget;
		} else if (*budget == 0 || !slot_delete(core, slot, budget)) {
			return false;
		}
		if (*budget == 0)
			return object->cursor++, false;
	}
	return true;
}
