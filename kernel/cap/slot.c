// The derivation tree.
//
// Invariants:
//  1. The children of a slot form a list from `first` to `last`; the first's prev and the last's next
//     are the parent, with SLOT_FIRST and SLOT_LAST set; a root has parent 0.
//  2. What was derived from a slot is below it; capabilities for one object are contiguous: all of
//     them lie below, or beside, the one that was made with the object.
#include "cap/slot.h"

#include "base/print.h"
#include "base/string.h"

void slot_clear(struct slot *slot) { *slot = (struct slot){0}; }

void slot_set_root(struct slot *slot)
{
	slot->prev = slot->next = slot->first = slot->last = 0;
	slot->flags |= SLOT_FIRST | SLOT_LAST;
}

void slot_add_child(struct slot *parent, struct slot *child)
{
	link_t up = slot_link(parent), self = slot_link(child);

	child->first = child->last = 0;
	child->prev = up;
	child->flags |= SLOT_FIRST;
	if (parent->first) {
		struct slot *next = slot_at(parent->first);

		child->next = parent->first;
		child->flags &= (uint8_t)~SLOT_LAST;
		next->prev = self;
		next->flags &= (uint8_t)~SLOT_FIRST;
	} else {
		child->next = up;
		child->flags |= SLOT_LAST;
		parent->last = self;
	}
	parent->first = self;
}

void slot_add_sibling(struct slot *source, struct slot *copy)
{
	link_t self = slot_link(copy);

	copy->first = copy->last = 0;
	copy->prev = slot_link(source);
	copy->flags &= (uint8_t) ~(SLOT_FIRST | SLOT_LAST);
	copy->next = source->next;
	if (source->flags & SLOT_LAST) {
		copy->flags |= SLOT_LAST;
		source->flags &= (uint8_t)~SLOT_LAST;
		if (source->next)
			slot_at(source->next)->last = self;
	} else {
		slot_at(source->next)->prev = self;
	}
	source->next = self;
}

// Let whatever is before (or is the parent) point forward to `to`; `flag_from` tells which.
static void link_forward(const struct slot *slot, link_t to)
{
	if (!(slot->flags & SLOT_FIRST))
		slot_at(slot->prev)->next = to;
	else if (slot->prev)
		slot_at(slot->prev)->first = to;
}

static void link_back(const struct slot *slot, link_t to)
{
	if (!(slot->flags & SLOT_LAST))
		slot_at(slot->next)->prev = to;
	else if (slot->next)
		slot_at(slot->next)->last = to;
}

static void take_flag(struct slot *slot, uint8_t flag, const struct slot *from)
{
	slot->flags = (uint8_t)((slot->flags & ~flag) | (from->flags & flag));
}

static void unlink_leaf(struct slot *slot)
{
	bool first = slot->flags & SLOT_FIRST, last = slot->flags & SLOT_LAST;

	if (first && last) {
		if (slot->prev)
			slot_at(slot->prev)->first = slot_at(slot->prev)->last = 0;
		return;
	}
	link_forward(slot, slot->next);
	link_back(slot, slot->prev);
	if (first)
		take_flag(slot_at(slot->next), SLOT_FIRST, slot);
	if (last)
		take_flag(slot_at(slot->prev), SLOT_LAST, slot);
}

void slot_unlink(struct slot *slot)
{
	if (!slot->first) {
		unlink_leaf(slot);
		return;
	}
	struct slot *first = slot_at(slot->first), *last = slot_at(slot->last);

	link_forward(slot, slot->first);
	link_back(slot, slot->last);
	first->prev = slot->prev;
	take_flag(first, SLOT_FIRST, slot);
	last->next = slot->next;
	take_flag(last, SLOT_LAST, slot);
}

// The lists that go through a slot: a VSpace's mappings (circular), an endpoint's dead slots.
static void move_list_links(struct slot *to, link_t self)
{
	if (to->flags & SLOT_MAPPED) {
		slot_at(to->list_prev)->list_next = self;
		slot_at(to->list_next)->list_prev = self;
	}
	if (to->flags & SLOT_DEAD) {
		struct endpoint *endpoint = slot_object(to);

		*(to->list_prev ? &slot_at(to->list_prev)->list_next : &endpoint->dead_first) = self;
		*(to->list_next ? &slot_at(to->list_next)->list_prev : &endpoint->dead_last) = self;
	}
}

void slot_move(struct slot *to, struct slot *from)
{
	link_t self = slot_link(to);

	*to = *from;
	link_forward(from, self);
	link_back(from, self);
	if (to->first) {
		slot_at(to->first)->prev = self;
		slot_at(to->last)->next = self;
	}
	move_list_links(to, self);
	slot_clear(from);
}

struct slot *slot_find_parent(const struct slot *slot)
{
	if (slot->flags & SLOT_FIRST)
		return slot->prev ? slot_at(slot->prev) : NULL;
	if (slot->flags & SLOT_LAST)
		return slot->next ? slot_at(slot->next) : NULL;
	return NULL;
}

static bool is_same_object(link_t link, const struct slot *slot)
{
	if (!link)
		return false;
	const struct slot *other = slot_at(link);

	return other->type == slot->type && other->object == slot->object;
}

bool slot_is_last(const struct slot *slot)
{
	return !is_same_object(slot->prev, slot) && !is_same_object(slot->next, slot) &&
	       !is_same_object(slot->first, slot);
}
