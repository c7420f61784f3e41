// What a process costs beyond its own pages, and that all of it comes back.
// abi: sysinfo totalram freeram procs uptime: whole
#define _GNU_SOURCE
#include <signal.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define CHILDREN 40
#define KIB 1024
#define OWN_PAGES 12  // of the stack and the data, that a child of this program writes: an upper bound

static long free_bytes(void)
{
	struct sysinfo info;

	sysinfo(&info);
	return (long)(info.freeram * info.mem_unit);
}

static pid_t child_start(int ready, int hold)
{
	char byte = 0;
	pid_t child = fork();

	if (child == 0) {
		if (write(ready, &byte, 1) == 1)
			while (read(hold, &byte, 1) < 0)
				;
		_exit(0);
	}
	return child;
}

int main(void)
{
	int ready[2], hold[2], ended = 0;
	long at[CHILDREN + 1];
	char byte;
	bool is_started = pipe(ready) == 0 && pipe(hold) == 0;

	at[0] = free_bytes();
	for (int i = 0; i < CHILDREN; i++) {
		is_started = is_started && child_start(ready[1], hold[0]) > 0 && read(ready[0], &byte, 1) == 1;
		at[i + 1] = free_bytes();
	}
	check(is_started, "40 children wait");

	// The first of them may have found something prepared.
	long cost = (at[CHILDREN / 2] - at[CHILDREN]) / (CHILDREN / 2);

	check(cost < 200 * KIB + OWN_PAGES * 4 * KIB, "a process costs less than 200 KiB beyond its own pages");
	if (cost >= 200 * KIB + OWN_PAGES * 4 * KIB)
		printf("# %ld KiB\n", cost / KIB);
	for (int i = 0; i < CHILDREN; i++)
		ended += write(hold[1], "", 1) == 1 && wait(NULL) > 0;
	check(ended == CHILDREN, "they end");
	// Some is kept for the next processes.
	check(at[0] - free_bytes() < 16 * 200 * KIB, "and their memory comes back");
	return tap_end();
}
