#include "sched/lock.h"

#include "base/print.h"

static void lock_take(struct lock *lock)
{
	while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE))
		arch_relax();
}

static void lock_drop(struct lock *lock)
{
	__atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

void lock_local(struct core *core) { lock_take(&core->lock); }

void lock_all(struct core *core)
{
	for (unsigned i = 0; i < kernel.cores; i++)
		lock_take(&kernel.core[i].lock);
	core->all_locked = true;
}

void lock_release(struct core *core)
{
	if (!core->all_locked) {
		lock_drop(&core->lock);
		return;
	}
	core->all_locked = false;
	for (unsigned i = kernel.cores; i-- > 0;)
		lock_drop(&kernel.core[i].lock);
}
