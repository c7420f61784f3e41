// Waiting on the thread's notification, with a deadline.
//
// The process server signals LINUX_NOTIFY_WORK and cancels with every work bit it sets, so no signal
// is slept through: the notification keeps the bit, the kernel keeps the cancel.
#include "abi/gen/stubs.h"
#include "env/linux/library.h"

static void deadline_set(uint64_t until)
{
	const struct process_block *process = process_get();
	uint64_t ticks = 0;

	if (until != FOREVER) {
		ticks = clock_ns_to_ticks(until, process->ticks_per_second);
		if (ticks > UINT64_MAX - process->ticks_at_boot)
			ticks = 0;
		else
			ticks += process->ticks_at_boot + 1;  // rounded up: never early
	}
	(void)schedcontext_set_deadline(schedcontext_get(), ticks, NULL);
}

bool wait_until(uint64_t until)
{
	if (signal_waiting())
		return true;
	if (until != FOREVER)  // none is set between waits
		deadline_set(until);
	(void)native_short(SYSCALL_RECV, notification_get(), TAG_INTERRUPTIBLE);
	if (until != FOREVER)
		deadline_set(FOREVER);
	return signal_waiting();
}
