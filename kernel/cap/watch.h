// Watched endpoint slots: a badged slot with the right WATCH that has lost its last child is linked,
// through itself, into its endpoint's dead list, until a receiver has heard of it or it gets a child.
#ifndef KERNEL_CAP_WATCH_H
#define KERNEL_CAP_WATCH_H

#include "kernel.h"

static inline bool watch_is_wanted(const struct slot *slot)
{
	return slot->type == TYPE_ENDPOINT && (slot->rights & ENDPOINT_WATCH) && slot->data;
}

// Tell the fast path whether anything waits at the endpoint: all cores after each change of its senders or
// its dead slots (under all locks), one core after a change of its queue of receivers.
void watch_refresh(struct endpoint *endpoint);
void watch_refresh_core(const struct endpoint *endpoint, struct endpoint_core *at);

void watch_add(struct slot *slot);
void watch_remove(struct slot *slot);

// The first of the endpoint's dead list, taken out; null when it is empty.
struct slot *watch_take(struct endpoint *endpoint);

#endif
