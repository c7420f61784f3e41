#include "tests/native/schedule/schedule.h"

void hear(const struct worker *scheduler, const struct worker *from, unsigned bit)
{
	cap_t signal = slot_alloc();

	must(cnode_derive(BOOT_SLOT_CNODE, signal, BOOT_SLOT_CNODE, scheduler->notification, NOTIFICATION_SIGNAL,
			  1ull << bit, 0), "signal");
	must(schedcontext_bind_notification(from->context, signal), "hear");
}

uint64_t wait_until(const struct worker *scheduler, uint64_t time)
{
	uint64_t bits;

	must(schedcontext_set_deadline(scheduler->context, time, NULL), "deadline");
	must(sys_wait(scheduler->notification, &bits), "wait");
	return bits;
}

int main(void)
{
	world_init();
	edf_rows();
	stride_rows();
	row_print_all();
	for (;;)
		rest();
}
