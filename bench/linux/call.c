// Single calls that move no data to speak of.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "row.h"

static int fd;
static char byte;

static void getppid_op(void)
{
	if (call3(SYS_getppid, 0, 0, 0) < 0)
		row_fail("getppid", 0);
}

static void clock_op(void)
{
	struct timespec now;

	row_expect(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "clock_gettime");
}

static void zero_setup(void)
{
	row_expect((fd = open("/dev/zero", O_RDONLY)) >= 0, "open /dev/zero");
}

static void read_op(void)
{
	row_expect(read(fd, &byte, 1) == 1, "read");
}

static void null_setup(void)
{
	row_expect((fd = open("/dev/null", O_WRONLY)) >= 0, "open /dev/null");
}

static void write_op(void)
{
	row_expect(write(fd, &byte, 1) == 1, "write");
}

static void dup_op(void)
{
	int copy = dup(fd);

	row_expect(copy >= 0 && close(copy) == 0, "dup, close");
}

static void yield_op(void)
{
	row_expect(sched_yield() == 0, "sched_yield");
}

const struct row call_rows[] = {
	{.name = "getppid", .op = getppid_op, .count = 10000},
	{.name = "clock_gettime", .op = clock_op, .count = 10000},
	{.name = "read1_zero", .setup = zero_setup, .op = read_op, .count = 5000},
	{.name = "write1_null", .setup = null_setup, .op = write_op, .count = 5000},
	{.name = "dup_close", .setup = null_setup, .op = dup_op, .count = 3000},
	{.name = "yield", .op = yield_op, .count = 5000},
	{0},
};
