// What a process is made of is used again for others: nothing of what one wrote into the library's memory is
// there for the next, whether that is a fork or an exec. (On Linux there is no such memory.)
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#include "protocol/linux.h"

#define PAGE 4096ull
#define MARK 0x5345435245543431ull
#define ROUNDS 12
#define OWN_MARKS 16

static sigjmp_buf unmapped;

static void fault(int signo)
{
	(void)signo;
	siglongjmp(unmapped, 1);
}

// Where the first process of an address space has memory that it may write: in bytes.
static const struct {
	uint64_t start, size;
	const char *what;
} places[] = {
	{ENV_THREAD + AREA_STACK_END - AREA_STACK_PAGES * PAGE, AREA_STACK_PAGES *PAGE, "its library's stack"},
	{ENV_THREAD + AREA_BLOCK + 1024 + offsetof(struct linux_thread, info), sizeof(struct linux_siginfo) * LINUX_NSIG,
	 "its thread's records of signals"},
	{ENV_PROCESS + offsetof(struct process_block, fds) + 100 * 4, 900 * 4, "its descriptors"},
	{ENV_PROCESS + offsetof(struct process_block, handles) + 90 * 8, 900 * 8, "its handles"},
	{ENV_PROCESS + offsetof(struct process_block, shares), sizeof(struct linux_share) * LINUX_SHARES, "its shares"},
	{ENV_SPACE + 2048, 2048, "its futexes"},
};
#define PLACES (sizeof places / sizeof places[0])

static bool is_there(size_t i)
{
	if (sigsetjmp(unmapped, 1))
		return false;
	(void)*(volatile uint64_t *)(uintptr_t)places[i].start;
	return true;
}

static size_t marks(size_t i)
{
	volatile uint64_t *at = (volatile uint64_t *)(uintptr_t)places[i].start;
	size_t found = 0;

	for (size_t n = 0; n < places[i].size / 8; n++)
		found += at[n] == MARK;
	return found;
}

// The places with marks: bit i. A few come of this program's own registers, which the library keeps there.
static int look(void)
{
	int found = 0;

	for (size_t i = 0; i < PLACES; i++)
		found |= is_there(i) && marks(i) > OWN_MARKS ? 1 << i : 0;
	return found;
}

// Everywhere, in a process that then ends.
static void write_and_end(void)
{
	for (size_t i = 0; i < PLACES; i++) {
		volatile uint64_t *at = (volatile uint64_t *)(uintptr_t)places[i].start;

		for (size_t n = 0; is_there(i) && n < places[i].size / 8; n++)
			at[n] = MARK;
	}
	_exit(look() == (1 << PLACES) - 1 ? 0 : is_there(0));
}

static int status_of(pid_t child)
{
	int status = -1;

	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int child_looks(bool is_exec)
{
	pid_t child = fork();

	if (child)
		return status_of(child);
	if (is_exec)
		execl("/proc/self/exe", "reuse", "look", (char *)NULL);
	_exit(look());
}

static void rounds(bool is_exec, const char *name)
{
	bool was_written = true;
	int found = 0;

	for (int i = 0; i < ROUNDS; i++) {
		pid_t child = fork();

		if (child == 0)
			write_and_end();
		was_written = status_of(child) == 0 && was_written;
		found |= child_looks(is_exec);
	}
	check(was_written, "every place was written");
	for (size_t i = 0; found && i < PLACES; i++)
		if (found & 1 << i)
			printf("# %s\n", places[i].what);
	check(!found, name);
}

int main(int argc, char **argv)
{
	(void)argv;
	signal(SIGSEGV, fault);
	if (argc > 1)
		_exit(look());
	rounds(false, "a fork's child finds nothing of another process");
	rounds(true, "a program that was started finds nothing of another process");
	return tap_end();
}
