// The kernel of the host port for libFuzzer (pith fuzz --kernel --guided): the bytes of an input choose calls
// as the seed does in kernel_fuzz.c, and after each all invariants are checked.
#define main unit_main
#include "kernel_fuzz.c"
#undef main

#define INPUT_STEPS 400

static struct host_state *world;

static void world_make(void)
{
	machine_setup(NULL);
	check_off = true;
	make_world();
	cap_t doorbell = make(TYPE_NOTIFICATION, 0);

	alarm_new(doorbell);
	native(task, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
	world = host_save();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!world)
		world_make();
	host_restore(world);
	bytes = data;
	bytes_end = data + size;
	for (unsigned n = 0; n < INPUT_STEPS && bytes < bytes_end; n++) {
		step();
		check_now();
	}
	bytes = NULL;
	return 0;
}
