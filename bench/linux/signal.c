// Signals.
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "row.h"

static volatile int seen;
static char *page;
static pid_t self;
// The kernel's struct sigaction.
static struct {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
} action;

static void note(int signal)
{
	(void)signal;
	seen++;
}

static void action_setup(void)
{
	struct sigaction sa = {.sa_handler = note};
	register long size __asm__("r10") = 8;
	long result = SYS_rt_sigaction;

	// The library's restorer with it.
	row_expect(sigaction(SIGUSR2, &sa, NULL) == 0, "sigaction");
	__asm__ volatile("syscall"
			 : "+a"(result)
			 : "D"((long)SIGUSR2), "S"(NULL), "d"(&action), "r"(size)
			 : "rcx", "r11", "memory");
	row_expect(result == 0, "rt_sigaction");
}

static void action_op(void)
{
	register long size __asm__("r10") = 8;
	long result = SYS_rt_sigaction;

	__asm__ volatile("syscall"
			 : "+a"(result)
			 : "D"((long)SIGUSR2), "S"(&action), "d"(NULL), "r"(size)
			 : "rcx", "r11", "memory");
	if (result != 0)
		row_fail("rt_sigaction", (int)-result);
}

static void deliver_setup(void)
{
	struct sigaction sa = {.sa_handler = note};

	self = getpid();
	row_expect(sigaction(SIGUSR1, &sa, NULL) == 0, "sigaction");
}

static void deliver_op(void)
{
	int before = seen;

	row_expect(kill(self, SIGUSR1) == 0, "kill");
	if (seen != before + 1)
		row_fail("a signal to oneself is delivered before kill returns", 0);
}

static void repair(int signal)
{
	(void)signal;
	if (mprotect(page, 4096, PROT_READ | PROT_WRITE) != 0)
		row_fail("mprotect in the handler", errno);
}

static void segv_setup(void)
{
	struct sigaction sa = {.sa_handler = repair};

	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	row_expect(page != MAP_FAILED, "mmap");
	*page = 1;
	row_expect(sigaction(SIGSEGV, &sa, NULL) == 0, "sigaction");
}

static void segv_op(void)
{
	row_expect(mprotect(page, 4096, PROT_READ) == 0, "mprotect");
	*(volatile char *)page = 2;
}

const struct row signal_rows[] = {
	{.name = "sigaction", .setup = action_setup, .op = action_op, .count = 5000},
	{.name = "signal_delivered", .setup = deliver_setup, .op = deliver_op, .count = 2000},
	{.name = "sigsegv_handler", .setup = segv_setup, .op = segv_op, .count = 500},
	{0},
};
