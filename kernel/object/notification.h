#ifndef KERNEL_OBJECT_NOTIFICATION_H
#define KERNEL_OBJECT_NOTIFICATION_H

#include "kernel.h"

// OR bits into the word: the first waiter, or the bound thread when it is receiving, gets all of it.
void notification_signal(struct core *core, struct notification *notification, uint64_t bits);

// Take the word; 0: nothing was signalled.
uint64_t notification_take(struct notification *notification);

// The thread (current) waits until something is signalled.
void notification_wait(struct core *core, struct notification *notification, struct thread *thread);

// Who will wait for it next is at home on that core, as is whoever is bound to it: then only there is its
// lock needed. Under all locks.
void notification_set_home(struct notification *notification, unsigned number);

// Cut the thread's binding.
void notification_unbind(struct thread *thread);

#endif
