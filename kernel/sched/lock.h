// The two lock classes: docs/decisions/0003-locks.md.
//
// Local (IPC, signal, wait, timer, with every object at home): the core's own lock. Everything else,
// every write to a slot included: the locks of all cores in ascending order. An operation that finds
// that it needs more says so before it has written anything (ipc_needs_all); its entry point drops the
// local lock, takes all, checks that the thread still runs, and decodes again.
//
// Who waits serves the core's mailbox (mem/mailbox.h): the thread may be taken off the core meanwhile.
// `rewind`: how far its instruction pointer then goes back, to the system call that was not begun.
#ifndef KERNEL_SCHED_LOCK_H
#define KERNEL_SCHED_LOCK_H

#include "kernel.h"

void lock_wait(struct core *core, struct lock *lock, unsigned rewind);

static inline bool lock_try(struct lock *lock)
{
	return !__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE);
}

static inline void lock_drop(struct lock *lock) { __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE); }

static inline void lock_local(struct core *core, unsigned rewind)
{
	if (!lock_try(&core->lock))
		lock_wait(core, &core->lock, rewind);
}

void lock_all(struct core *core, unsigned rewind);
// From the core's own to all of them. True: others may have changed anything meanwhile.
bool lock_widen(struct core *core, unsigned rewind);
void lock_release_all(struct core *core);

static inline void lock_release(struct core *core)
{
	if (core->all_locked)
		lock_release_all(core);
	else
		lock_drop(&core->lock);
}

static inline bool lock_is_all(const struct core *core) { return core->all_locked; }

#endif
