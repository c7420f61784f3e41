#include "sched/lock.h"

#include "base/print.h"

void lock_all(struct core *core)
{
	for (unsigned i = 0; i < kernel.cores; i++)
		lock_take(&kernel.core[i].lock);
	core->all_locked = true;
}

void lock_release_all(struct core *core)
{
	core->all_locked = false;
	for (unsigned i = kernel.cores; i-- > 0;)
		lock_drop(&kernel.core[i].lock);
}
