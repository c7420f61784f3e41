#include "sched/lock.h"

#include "mem/mailbox.h"

void lock_wait(struct core *core, struct lock *lock, unsigned rewind)
{
	__atomic_fetch_add(&core->counters.waits, 1, __ATOMIC_RELAXED);
	do {
		mailbox_serve(core, rewind);
		arch_relax();
	} while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED) || !lock_try(lock));
}

// Those who want all locks come in turn: one that does nothing else would else shut the others out.
static void turn_wait(struct core *core, unsigned rewind)
{
	uint32_t turn = __atomic_fetch_add(&kernel.turn_next, 1, __ATOMIC_RELAXED);

	if (__atomic_load_n(&kernel.turn_now, __ATOMIC_ACQUIRE) == turn)
		return;
	__atomic_fetch_add(&core->counters.waits, 1, __ATOMIC_RELAXED);
	do {
		mailbox_serve(core, rewind);
		arch_relax();
	} while (__atomic_load_n(&kernel.turn_now, __ATOMIC_ACQUIRE) != turn);
}

void lock_all(struct core *core, unsigned rewind)
{
	if (kernel.cores == 1) {  // its own is all
		lock_local(core, rewind);
		core->all_locked = true;
		return;
	}
	turn_wait(core, rewind);
	for (unsigned i = 0; i < kernel.cores; i++)
		if (!lock_try(&kernel.core[i].lock))
			lock_wait(core, &kernel.core[i].lock, rewind);
	core->all_locked = true;
}

void lock_release_all(struct core *core)
{
	core->all_locked = false;
	if (kernel.cores == 1) {
		lock_drop(&core->lock);
		return;
	}
	for (unsigned i = kernel.cores; i-- > 0;)
		lock_drop(&kernel.core[i].lock);
	__atomic_store_n(&kernel.turn_now, kernel.turn_now + 1, __ATOMIC_RELEASE);
}

bool lock_widen(struct core *core, unsigned rewind)
{
	if (kernel.cores == 1) {
		core->all_locked = true;
		return false;
	}
	lock_drop(&core->lock);
	lock_all(core, rewind);
	return true;
}
