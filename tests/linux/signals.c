// abi: kill: whole
// abi: rt_sigaction SA_SIGINFO SA_ONSTACK SA_RESETHAND SA_RESTART: whole
// abi: rt_sigprocmask: whole
// abi: rt_sigpending: whole
// abi: rt_sigsuspend: whole
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "tap.h"

static volatile int count, inside, on_stack;
static volatile siginfo_t last;
static char stack[65536];

static void on_signal(int n, siginfo_t *info, void *context)
{
	char here;

	last = *info;
	on_stack = &here >= stack && &here < stack + sizeof stack;
	inside = n;
	count++;
	(void)context;
}

static void on_fault(int n, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	last = *info;
	count += n == SIGSEGV;
	uc->uc_mcontext.gregs[REG_RIP] += 2;  // over the access: mov (%rax), %eax is two bytes
}

static void set(int n, void (*f)(int, siginfo_t *, void *), int flags)
{
	struct sigaction a = {.sa_sigaction = f, .sa_flags = SA_SIGINFO | flags};

	sigaction(n, &a, NULL);
}

// All registers that the ABI keeps, and those that only the kernel keeps, live through a signal.
static int registers_kept(void)
{
	uint64_t bad;
	double d = 1.25;
	int pid = getpid(), n = SIGUSR1;

	__asm__ volatile("mov $0x1111, %%rbx; mov $0x2222, %%r12; mov $0x3333, %%r8; mov $0x4444, %%r15\n\t"
			 "movsd %4, %%xmm7\n\t"
			 "mov $62, %%eax; syscall\n\t"
			 "sub $0x1111, %%rbx; sub $0x2222, %%r12; sub $0x3333, %%r8; sub $0x4444, %%r15\n\t"
			 "or %%rbx, %%rax; or %%r12, %%rax; or %%r8, %%rax; or %%r15, %%rax\n\t"
			 "movsd %%xmm7, %1\n\t"
			 : "=a"(bad), "=m"(d)
			 : "D"(pid), "S"(n), "m"(d)
			 : "rbx", "rcx", "r8", "r11", "r12", "r15", "xmm7", "memory", "cc");
	return bad == 0 && d == 1.25;
}

int main(void)
{
	stack_t alt = {.ss_sp = stack, .ss_size = sizeof stack};
	sigset_t mask, old;
	struct timespec t = {0, 20000000};
	int status, before, fd[2];
	char c;
	pid_t child;

	set(SIGUSR1, on_signal, 0);
	check(kill(getpid(), SIGUSR1) == 0 && count == 1 && inside == SIGUSR1, "to oneself, before kill returns");
	check(last.si_code == SI_USER && last.si_pid == getpid(), "siginfo");
	check(registers_kept() && count == 2, "registers are kept");
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, &old);
	kill(getpid(), SIGUSR1);
	check(count == 2, "blocked");
	sigpending(&mask);
	check(sigismember(&mask, SIGUSR1), "pending");
	sigprocmask(SIG_SETMASK, &old, NULL);
	check(count == 3, "unblocked");
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	kill(getpid(), SIGUSR1);
	check(FAILS(sigsuspend(&old), EINTR) && count == 4, "sigsuspend");
	kill(getpid(), SIGUSR1);
	check(sigtimedwait(&mask, NULL, &t) == SIGUSR1 && count == 4, "sigtimedwait");
	check(FAILS(sigtimedwait(&mask, NULL, &t), EAGAIN), "sigtimedwait gives up");
	sigprocmask(SIG_SETMASK, &old, NULL);
	sigaltstack(&alt, NULL);
	set(SIGUSR1, on_signal, SA_ONSTACK);
	raise(SIGUSR1);
	check(on_stack == 1, "SA_ONSTACK");
	set(SIGUSR1, on_signal, SA_RESETHAND);
	raise(SIGUSR1);
	struct sigaction a;
	sigaction(SIGUSR1, NULL, &a);
	check(a.sa_handler == SIG_DFL, "SA_RESETHAND");
	set(SIGSEGV, on_fault, 0);
	before = count;
	__asm__ volatile("xor %%eax, %%eax; mov (%%rax), %%eax" : : : "rax", "memory");
	check(count == before + 1 && last.si_addr == NULL && last.si_code == SEGV_MAPERR, "SIGSEGV is handled");
	pipe(fd);
	for (int restart = 0; restart < 2; restart++) {
		set(SIGUSR1, on_signal, restart ? SA_RESTART : 0);
		child = fork();
		if (child == 0) {
			nanosleep(&t, NULL);
			kill(getppid(), SIGUSR1);
			nanosleep(&t, NULL);
			_exit(write(fd[1], "x", 1) != 1);
		}
		errno = 0;
		ssize_t n = read(fd[0], &c, 1);
		if (restart)
			check(n == 1, "SA_RESTART repeats a read");
		else
			check(n == -1 && errno == EINTR && read(fd[0], &c, 1) == 1, "EINTR without SA_RESTART");
		waitpid(child, &status, 0);
	}
	child = fork();
	if (child == 0) {
		signal(SIGTERM, SIG_DFL);
		for (;;)
			pause();
	}
	kill(child, SIGTERM);
	check(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "killed");
	check(FAILS(kill(getpid(), 99), EINVAL) && FAILS(sigaction(SIGKILL, &a, NULL), EINVAL), "EINVAL");
	return tap_end();
}
