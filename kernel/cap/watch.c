#include "cap/watch.h"

void watch_add(struct slot *slot)
{
	struct endpoint *endpoint = slot_object(slot);

	if (slot->flags & SLOT_DEAD)
		return;
	slot->flags |= SLOT_DEAD;
	slot->list_next = 0;
	slot->list_prev = endpoint->dead_last;
	if (endpoint->dead_last)
		slot_at(endpoint->dead_last)->list_next = slot_link(slot);
	else
		endpoint->dead_first = slot_link(slot);
	endpoint->dead_last = slot_link(slot);
}

void watch_remove(struct slot *slot)
{
	struct endpoint *endpoint = slot_object(slot);

	if (!(slot->flags & SLOT_DEAD))
		return;
	if (slot->list_prev)
		slot_at(slot->list_prev)->list_next = slot->list_next;
	else
		endpoint->dead_first = slot->list_next;
	if (slot->list_next)
		slot_at(slot->list_next)->list_prev = slot->list_prev;
	else
		endpoint->dead_last = slot->list_prev;
	slot->list_prev = slot->list_next = 0;
	slot->flags &= (uint8_t)~SLOT_DEAD;
}

struct slot *watch_take(struct endpoint *endpoint)
{
	struct slot *slot = endpoint->dead_first ? slot_at(endpoint->dead_first) : NULL;

	if (slot)
		watch_remove(slot);
	return slot;
}
