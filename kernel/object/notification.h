#ifndef KERNEL_OBJECT_NOTIFICATION_H
#define KERNEL_OBJECT_NOTIFICATION_H

#include "kernel.h"

// OR bits into the word: the first waiter, or the bound thread when it is receiving, gets all of it.
void notification_signal(struct core *core, struct notification *notification, uint64_t bits);

// Take the word; 0: nothing was signalled.
uint64_t notification_take(struct notification *notification);

// The thread (current) waits until something is signalled.
void notification_wait(struct core *core, struct notification *notification, struct thread *thread);

// Cut the thread's binding.
void notification_unbind(struct thread *thread);

#endif
