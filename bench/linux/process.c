// Processes. The one that forks is this program: a static one with some 200 KiB of memory.
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "row.h"

#define TINY "/bench/tiny"

static char *arguments[] = {TINY, NULL};
static char *environment[] = {"PATH=/bin", NULL};

static void reap(pid_t child)
{
	int status;

	row_expect(child > 0, "fork");
	row_expect(waitpid(child, &status, 0) == child, "waitpid");
	if (status != 0)
		row_fail("the child's status", 0);
}

static void fork_op(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	reap(child);
}

static void fork_exec_op(void)
{
	pid_t child = fork();

	if (child == 0) {
		execve(TINY, arguments, environment);
		_exit(1);
	}
	reap(child);
}

static void vfork_exec_op(void)
{
	pid_t child = vfork();

	if (child == 0) {
		execve(TINY, arguments, environment);
		_exit(1);
	}
	reap(child);
}

const struct row process_rows[] = {
	{.name = "fork_exit_wait", .op = fork_op, .count = 50},
	{.name = "fork_exec", .op = fork_exec_op, .count = 30},
	{.name = "vfork_exec", .op = vfork_exec_op, .count = 30},
	{0},
};
