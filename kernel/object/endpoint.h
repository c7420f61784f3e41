#ifndef KERNEL_OBJECT_ENDPOINT_H
#define KERNEL_OBJECT_ENDPOINT_H

#include "kernel.h"

// The next receiver on this core (null: none), or on any (this one first; under all locks), and the next
// sender, all left in their queues.
struct thread *endpoint_receiver(struct core *core, struct endpoint *endpoint);
struct thread *endpoint_receiver_any(struct core *core, struct endpoint *endpoint);
struct thread *endpoint_sender(struct endpoint *endpoint);

void endpoint_wait_send(struct endpoint *endpoint, struct thread *thread);
// `core`: the thread's home.
void endpoint_wait_receive(struct core *core, struct endpoint *endpoint, struct thread *thread,
			   struct reply *reply);

// Deliver the news of a watched slot without children to a thread that is (no longer) receiving.
void endpoint_deliver_dead(struct thread *thread, const struct slot *slot);

#endif
