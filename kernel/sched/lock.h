// The two lock classes: docs/decisions/0003-locks.md.
//
// Local (IPC, signal, wait, timer, with every object at home): the core's own lock. Everything else,
// every write to a slot included: the locks of all cores in ascending order. An operation that finds
// that it needs more says so before it has written anything (NEED_ALL); its entry point drops the
// local lock, takes all, checks that the thread still runs, and decodes again.
#ifndef KERNEL_SCHED_LOCK_H
#define KERNEL_SCHED_LOCK_H

#include "kernel.h"

void lock_local(struct core *core);
void lock_all(struct core *core);
void lock_release(struct core *core);

static inline bool lock_is_all(const struct core *core) { return core->all_locked; }

#endif
