// Signals: queued ones with values, to threads and to a process of many, stacks, jumps out of handlers.
// abi: rt_sigqueueinfo: whole
// abi: rt_tgsigqueueinfo: whole
// abi: rt_sigtimedwait: whole
// abi: sigaltstack SS_AUTODISARM: whole
// abi: tgkill: whole
// abi: tkill: whole
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif

static volatile int values[64], numbers[64], seen;
static atomic_int taker, ready, stop;

static pid_t tid_get(void) { return (pid_t)syscall(SYS_gettid); }

static void doze(void)
{
	struct timespec t = {0, 5000000};

	nanosleep(&t, NULL);
}

static void note(int n, siginfo_t *info, void *context)
{
	(void)context;
	values[seen] = info->si_value.sival_int;
	numbers[seen++] = n;
	taker = tid_get();
}

static void set(int n, int flags)
{
	struct sigaction a = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | flags};

	sigaction(n, &a, NULL);
}

static void block(int how, int first, int last)
{
	sigset_t s;

	sigemptyset(&s);
	for (int n = first; n <= last; n++)
		sigaddset(&s, n);
	pthread_sigmask(how, &s, NULL);
}

static void queues(void)
{
	union sigval v;
	bool is_ok = true;

	for (int n = SIGRTMIN; n <= SIGRTMIN + 2; n++)
		set(n, 0);
	block(SIG_BLOCK, SIGRTMIN, SIGRTMIN + 2);
	seen = 0;
	for (int i = 0; i < 10; i++) {
		v.sival_int = i;
		is_ok = sigqueue(getpid(), SIGRTMIN + 1, v) == 0 && sigqueue(getpid(), SIGRTMIN, v) == 0 && is_ok;
	}
	block(SIG_UNBLOCK, SIGRTMIN, SIGRTMIN + 2);
	check(is_ok && seen == 20, "real-time signals are queued");
	// The handler of the lower number is entered last, and so runs first, in Linux as here.
	for (int i = 0; i < 10; i++)
		is_ok = is_ok && (values[i] == i || values[i] == 9 - i);
	check(is_ok, "each with its value");
	block(SIG_BLOCK, SIGUSR1, SIGUSR1);
	set(SIGUSR1, 0);
	seen = 0;
	for (int i = 0; i < 3; i++)
		kill(getpid(), SIGUSR1);
	block(SIG_UNBLOCK, SIGUSR1, SIGUSR1);
	check(seen == 1, "others are pending once");
}

static void waits(void)
{
	struct timespec zero = {0, 0};
	union sigval v;
	siginfo_t info;
	sigset_t s;
	bool is_ok;

	block(SIG_BLOCK, SIGRTMIN, SIGRTMIN + 2);
	sigemptyset(&s);
	sigaddset(&s, SIGRTMIN);
	sigaddset(&s, SIGRTMIN + 2);
	for (int i = 0; i < 3; i++) {
		v.sival_int = 100 + i;
		sigqueue(getpid(), SIGRTMIN + 2, v);
	}
	sigqueue(getpid(), SIGRTMIN, v);
	is_ok = sigwaitinfo(&s, &info) == SIGRTMIN && info.si_code == SI_QUEUE && info.si_pid == getpid();
	for (int i = 0; i < 3; i++)
		is_ok = sigtimedwait(&s, &info, &zero) == SIGRTMIN + 2 && info.si_value.sival_int == 100 + i && is_ok;
	check(is_ok, "sigwaitinfo takes them in order");
	check(FAILS(sigtimedwait(&s, &info, &zero), EAGAIN), "sigtimedwait: EAGAIN");
	if (fork() == 0) {
		v.sival_int = 77;
		_exit(sigqueue(getppid(), SIGRTMIN, v));
	}
	is_ok = sigwaitinfo(&s, &info) == SIGRTMIN && info.si_value.sival_int == 77;
	check(is_ok && wait(NULL) == info.si_pid, "sigwaitinfo waits for another process");
	block(SIG_UNBLOCK, SIGRTMIN, SIGRTMIN + 2);
}

static void limits(void)
{
	struct rlimit old, few = {5, 5};
	union sigval v = {.sival_int = 0};
	int status;

	getrlimit(RLIMIT_SIGPENDING, &old);
	few.rlim_max = old.rlim_max;
	if (fork() == 0) {
		int sent = 0;

		block(SIG_BLOCK, SIGRTMIN, SIGRTMIN);
		setrlimit(RLIMIT_SIGPENDING, &few);
		while (sent < 100 && sigqueue(getpid(), SIGRTMIN, v) == 0)
			sent++;
		_exit(sent <= 5 && errno == EAGAIN && kill(getpid(), SIGRTMIN) == 0 ? 0 : 1);
	}
	wait(&status);
	check(status == 0, "RLIMIT_SIGPENDING: EAGAIN");
}

static void errors(void)
{
	siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_USER};
	pid_t parent = getpid(), me = tid_get();
	int status;

	if (fork() == 0) {
		bool is_ok = FAILS(syscall(SYS_rt_sigqueueinfo, parent, SIGUSR1, &info), EPERM);

		info.si_code = SI_TKILL;
		is_ok = FAILS(syscall(SYS_rt_sigqueueinfo, parent, SIGUSR1, &info), EPERM) && is_ok;
		is_ok = FAILS(syscall(SYS_rt_tgsigqueueinfo, parent, parent, SIGUSR1, &info), EPERM) && is_ok;
		_exit(!is_ok);
	}
	wait(&status);
	check(status == 0, "nobody may say that a signal is the kernel's, or tkill's: EPERM");
	info.si_code = SI_QUEUE;
	check(FAILS(syscall(SYS_rt_sigqueueinfo, parent, 65, &info), EINVAL) &&
	      FAILS(syscall(SYS_rt_sigqueueinfo, 32767, SIGUSR1, &info), ESRCH) &&
	      FAILS(syscall(SYS_rt_sigqueueinfo, parent, SIGUSR1, NULL), EFAULT) &&
	      FAILS(syscall(SYS_rt_tgsigqueueinfo, parent, 0, SIGUSR1, &info), EINVAL), "EINVAL, ESRCH, EFAULT");
	check(FAILS(syscall(SYS_tgkill, parent, 32767, 0), ESRCH) && FAILS(syscall(SYS_tgkill, 0, me, 0), EINVAL) &&
	      FAILS(syscall(SYS_tgkill, parent, me, 65), EINVAL) && FAILS(syscall(SYS_tgkill, 1, me, 0), ESRCH) &&
	      syscall(SYS_tgkill, parent, me, 0) == 0, "tgkill: ESRCH, EINVAL, 0");
	check(FAILS(syscall(SYS_tkill, 0, 0), EINVAL) && FAILS(syscall(SYS_tkill, 32767, 0), ESRCH) &&
	      syscall(SYS_tkill, me, 0) == 0, "tkill: ESRCH, EINVAL, 0");
}

static void *idle(void *p)
{
	if (p)
		block(SIG_UNBLOCK, SIGUSR1, SIGUSR1);
	ready = tid_get();
	while (!stop)
		doze();
	return NULL;
}

static pid_t idle_make(pthread_t *t, bool is_open)
{
	ready = 0;
	pthread_create(t, NULL, idle, is_open ? t : NULL);
	while (!ready)
		doze();
	return ready;
}

static void until_seen(int n)
{
	for (int i = 0; i < 200 && seen < n; i++)
		doze();
}

static void *sigwaiter(void *p)
{
	sigset_t s;
	int n = 0;

	(void)p;
	sigemptyset(&s);
	sigaddset(&s, SIGUSR2);
	ready = 1;
	sigwait(&s, &n);
	return (void *)(long)n;
}

static void many_threads(void)
{
	pthread_t open, closed, waiting;
	pid_t open_tid, closed_tid;
	sigset_t s;
	void *result;

	set(SIGUSR1, 0);
	block(SIG_BLOCK, SIGUSR1, SIGUSR1);
	block(SIG_BLOCK, SIGUSR2, SIGUSR2);
	stop = 0;
	seen = 0;
	closed_tid = idle_make(&closed, false);
	kill(getpid(), SIGUSR1);
	doze();
	sigpending(&s);
	check(seen == 0 && sigismember(&s, SIGUSR1) == 1, "blocked by all threads: pending for the process");
	open_tid = idle_make(&open, true);
	until_seen(1);
	check(seen == 1 && taker == open_tid, "a thread that unblocks it takes it");
	kill(getpid(), SIGUSR1);
	until_seen(2);
	check(seen == 2 && taker == open_tid, "the one that does not block it is chosen");
	pthread_kill(closed, SIGUSR1);
	doze();
	sigpending(&s);
	check(seen == 2 && sigismember(&s, SIGUSR1) == 0, "to a thread: pending for that thread alone");
	syscall(SYS_tgkill, getpid(), open_tid, SIGUSR1);
	until_seen(3);
	check(seen == 3 && taker == open_tid && closed_tid != open_tid, "tgkill");
	ready = 0;
	pthread_create(&waiting, NULL, sigwaiter, NULL);
	while (!ready)
		doze();
	doze();
	kill(getpid(), SIGUSR2);
	pthread_join(waiting, &result);
	check(result == (void *)(long)SIGUSR2, "a thread in sigwait takes what all block");
	stop = 1;
	pthread_join(open, NULL);
	pthread_join(closed, NULL);
	block(SIG_UNBLOCK, SIGUSR1, SIGUSR1);
	block(SIG_UNBLOCK, SIGUSR2, SIGUSR2);
}

static void *counter(void *p)
{
	while (!stop)
		atomic_fetch_add((atomic_int *)p, 1);
	return p;
}

static void stops_all(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		static atomic_int count;
		pthread_t t[3];

		for (int i = 0; i < 3; i++)
			pthread_create(&t[i], NULL, counter, &count);
		for (;;)
			doze();
	}
	doze();
	kill(child, SIGSTOP);
	check(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status), "a process of threads stops");
	kill(child, SIGCONT);
	check(waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status), "and goes on");
	kill(child, SIGKILL);
	check(waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGKILL, "and is killed");
}

static sigjmp_buf env;

static void jump(int n)
{
	(void)n;
	siglongjmp(env, 1);
}

static volatile int depth, deepest, left;

static void nest(int n)
{
	depth++;
	deepest = depth > deepest ? depth : deepest;
	if (left-- > 0)
		raise(n);
	depth--;
}

static void handlers(void)
{
	struct sigaction a = {.sa_handler = jump};
	volatile int jumps = 0;

	sigaction(SIGUSR1, &a, NULL);
	sigaction(SIGSEGV, &a, NULL);
	for (volatile int i = 0; i < 200; i++) {
		if (sigsetjmp(env, 1) == 0) {
			if (i % 2)
				raise(SIGUSR1);
			else
				*(volatile int *)16 = 1;
		} else {
			jumps++;
		}
	}
	check(jumps == 200, "siglongjmp out of handlers");
	a = (struct sigaction){.sa_handler = nest, .sa_flags = SA_NODEFER};
	sigaction(SIGUSR1, &a, NULL);
	left = 2;
	raise(SIGUSR1);
	check(deepest == 3, "SA_NODEFER");
	deepest = 0;
	a.sa_flags = 0;
	sigaction(SIGUSR1, &a, NULL);
	left = 2;
	raise(SIGUSR1);
	check(deepest == 1, "without it the next comes after");
	a.sa_flags = (int)SA_RESETHAND;
	sigaction(SIGUSR1, &a, NULL);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &a);
	check(a.sa_handler == SIG_DFL, "SA_RESETHAND");
}

static char alternate[65536];
// The C library's function looks at the arguments itself.
static long stack_set(const stack_t *new, stack_t *old) { return syscall(SYS_sigaltstack, new, old); }

static volatile int on_it, refused, disarmed;

static void on_stack(int n)
{
	stack_t s, now;
	char here;

	(void)n;
	on_it = &here >= alternate && &here < alternate + sizeof alternate;
	s = (stack_t){.ss_sp = alternate, .ss_size = sizeof alternate};
	stack_set(NULL, &now);
	disarmed = now.ss_flags == SS_DISABLE;
	refused = !disarmed && FAILS(stack_set(&s, NULL), EPERM);
}

static void stacks(void)
{
	stack_t s = {.ss_sp = alternate, .ss_size = 100}, old;
	struct sigaction a = {.sa_handler = on_stack, .sa_flags = SA_ONSTACK};

	check(FAILS(stack_set(&s, NULL), ENOMEM), "sigaltstack: ENOMEM");
	s.ss_size = sizeof alternate;
	s.ss_flags = 8;
	check(FAILS(stack_set(&s, NULL), EINVAL), "sigaltstack: EINVAL");
	check(FAILS(stack_set((stack_t *)16, NULL), EFAULT), "sigaltstack: EFAULT");
	s.ss_flags = 0;
	check(stack_set(&s, &old) == 0 && old.ss_flags == SS_DISABLE, "sigaltstack: none before");
	sigaction(SIGUSR1, &a, NULL);
	raise(SIGUSR1);
	check(on_it && refused && !disarmed, "a handler on it: EPERM for another");
	s.ss_flags = (int)SS_AUTODISARM;
	stack_set(&s, NULL);
	raise(SIGUSR1);
	stack_set(NULL, &old);
	check(on_it && disarmed && old.ss_sp == alternate && (unsigned)old.ss_flags == SS_AUTODISARM,
	      "SS_AUTODISARM: free while the handler runs, back after it");
	s.ss_flags = SS_DISABLE;
	check(stack_set(&s, NULL) == 0 && raise(SIGUSR1) == 0 && !on_it, "SS_DISABLE");
}

static int take_one(const sigset_t *set)
{
	struct timespec none = {0, 0};

	return sigtimedwait(set, NULL, &none);
}

// Wherever they are kept, the lowest comes first; and what was sent to the thread and to the process is two.
static void order(void)
{
	union sigval v = {0};
	struct signal_action { unsigned long handler, flags, restorer, mask; } action = {0, 0x400 | SA_RESTART, 0, 0};
	struct rlimit limit, none;
	sigset_t all, pending;

	block(SIG_BLOCK, 1, SIGRTMAX);
	sigfillset(&all);
	for (int i = 0; i < 2; i++) {
		sigqueue(getpid(), SIGRTMIN + 1, v);
		sigqueue(getpid(), SIGRTMIN, v);
	}
	check(take_one(&all) == SIGRTMIN && take_one(&all) == SIGRTMIN && take_one(&all) == SIGRTMIN + 1 &&
	      take_one(&all) == SIGRTMIN + 1 && take_one(&all) == -1, "the lowest of queued signals is taken first");
	raise(SIGUSR1), raise(SIGUSR1);
	kill(getpid(), SIGUSR1), kill(getpid(), SIGUSR1);
	check(take_one(&all) == SIGUSR1 && take_one(&all) == SIGUSR1 && take_one(&all) == -1, "of raise and of kill, one each");
	kill(getpid(), SIGUSR1), raise(SIGUSR1);
	check(take_one(&all) == SIGUSR1 && take_one(&all) == SIGUSR1 && take_one(&all) == -1, "in either order");
	getrlimit(RLIMIT_SIGPENDING, &limit);
	none = (struct rlimit){0, limit.rlim_max};
	setrlimit(RLIMIT_SIGPENDING, &none);
	check(kill(getpid(), SIGRTMIN + 2) == 0 && sigpending(&pending) == 0 && sigismember(&pending, SIGRTMIN + 2) == 1,
	      "kill needs no room in the queue");
	setrlimit(RLIMIT_SIGPENDING, &limit);
	check(take_one(&all) == SIGRTMIN + 2 && take_one(&all) == -1, "and is taken once");
	block(SIG_UNBLOCK, 1, SIGRTMAX);
	check(FAILS(kill(999999, 99), ESRCH) && FAILS(syscall(SYS_tkill, 999999, 99), ESRCH), "who is not there comes first");
	syscall(SYS_rt_sigaction, SIGUSR2, &action, NULL, 8);
	check(syscall(SYS_rt_sigaction, SIGUSR2, NULL, &action, 8) == 0 && action.flags == SA_RESTART, "unknown flags are not kept");
}

int main(void)
{
	queues();
	order();
	waits();
	limits();
	errors();
	handlers();
	stacks();
	many_threads();
	stops_all();
	return tap_end();
}
