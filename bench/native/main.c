#include "bench/native/native.h"

static void calibrate(void)
{
	struct probe p = {0};

	row_add_value("calibrate.pair", row_pair());
	for (unsigned i = 0; i < TIMES; i++) {
		probe_nops(&p);
		row_add("calibrate.nops1000", p.start, p.end);
	}
}

int main(void)
{
	world_init(); 
	calibrate();
	message_rows();
	signal_rows();
	fault_rows();
	object_rows();
	time_rows();
	row_print_all();
	for (;;)
		rest();
}
