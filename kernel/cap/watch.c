#include "cap/watch.h"

void watch_refresh_core(const struct endpoint *endpoint, struct endpoint_core *at)
{
	bool any = !list_is_empty(&endpoint->senders) || endpoint->dead_first;

	if (at->fast <= ENDPOINT_SLOW)
		at->fast = any || !list_is_empty(&at->receivers) ? ENDPOINT_SLOW : ENDPOINT_IDLE;
}

void watch_refresh(struct endpoint *endpoint)
{
	for (unsigned i = 0; i < kernel.cores; i++)
		watch_refresh_core(endpoint, &endpoint->core[i]);
}

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
	watch_refresh(endpoint);
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
	watch_refresh(endpoint);
}

struct slot *watch_take(struct endpoint *endpoint)
{
	struct slot *slot = endpoint->dead_first ? slot_at(endpoint->dead_first) : NULL;

	if (slot)
		watch_remove(slot);
	return slot;
}
