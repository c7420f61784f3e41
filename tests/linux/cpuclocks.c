// Clocks of processor time, of the caller and of others, and what is kept and told of a process: limits of
// another one, what prctl sets.
// abi: prlimit64: whole
// abi: clock_gettime CLOCK_PROCESS_CPUTIME_ID CLOCK_THREAD_CPUTIME_ID: whole
// abi: clock_nanosleep CLOCK_PROCESS_CPUTIME_ID: whole
// abi: prctl PR_SET_KEEPCAPS PR_SET_TIMERSLACK PR_SET_THP_DISABLE: whole
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "tap_child.h"

#define MS         1000000ll
#define NOBODY     1000
#define OF_PROCESS 2
#define OF_THREAD  6

static clockid_t clock_of(pid_t id, unsigned kind) { return (clockid_t)(~(unsigned)id << 3 | kind); }

static long long read_clock(clockid_t clock)
{
	struct timespec t;

	return clock_gettime(clock, &t) ? -1 : t.tv_sec * 1000 * MS + t.tv_nsec;
}

static void burn(long long ns)
{
	long long end = read_clock(CLOCK_THREAD_CPUTIME_ID) + ns;

	while (read_clock(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

static void *burner(void *ms)
{
	burn((long long)(intptr_t)ms * MS);
	return NULL;
}

static atomic_int tid, is_over;

static void *idler(void *unused)
{
	struct timespec t = {0, 2 * MS};

	(void)unused;
	tid = (int)syscall(SYS_gettid);
	while (!is_over)
		nanosleep(&t, NULL);
	return NULL;
}

static void of_threads(void)
{
	long long before = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	pthread_t thread;
	clockid_t clock;

	pthread_create(&thread, NULL, burner, (void *)40);
	pthread_join(thread, NULL);
	check(read_clock(CLOCK_PROCESS_CPUTIME_ID) - before >= 40 * MS, "the time of a thread that has ended counts");
	pthread_create(&thread, NULL, idler, NULL);
	while (!tid)
		;
	burn(20 * MS);
	check(pthread_getcpuclockid(thread, &clock) == 0 && read_clock(clock) >= 0, "another thread's clock");
	check(read_clock(clock_of(tid, OF_THREAD)) < read_clock(CLOCK_PROCESS_CPUTIME_ID), "tells its own time");
	check(FAILS(read_clock(clock_of(tid, OF_PROCESS)), EINVAL), "a thread is no process");
	is_over = 1;
	pthread_join(thread, NULL);
	check(FAILS(read_clock(clock_of(tid, OF_THREAD)), EINVAL), "a thread that has ended has no clock");
	check(read_clock(clock_of(0, OF_PROCESS)) > 0 && read_clock(clock_of(getpid(), OF_THREAD)) > 0, "the caller's own, by number");
	check(FAILS(read_clock(clock_of(getpid(), 3)), EINVAL) && FAILS(read_clock(clock_of(999999, OF_PROCESS)), EINVAL),
	      "clocks that are none");
	check(FAILS(read_clock(clock_of(getppid(), OF_THREAD)), EINVAL), "threads of others have none");
}

static void of_processes(void)
{
	struct timespec t = {0, 30 * MS};
	pid_t child = fork();
	clockid_t clock;
	int status;

	if (child == 0)
		for (;;)
			;
	check(clock_getcpuclockid(child, &clock) == 0, "clock_getcpuclockid");
	check(clock_nanosleep(clock, 0, &t, NULL) == 0 && read_clock(clock) >= 30 * MS, "sleep by a child's processor time");
	check(clock_nanosleep(clock, TIMER_ABSTIME, &t, NULL) == 0, "until a time that has been");
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	check(FAILS(read_clock(clock), EINVAL) && clock_nanosleep(clock, 0, &t, NULL) == EINVAL, "it is gone with the child");
	check(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL) == EINVAL, "nobody can sleep by its own thread's");
	check(clock_nanosleep(CLOCK_MONOTONIC_RAW, 0, &t, NULL) == EOPNOTSUPP, "nor by CLOCK_MONOTONIC_RAW");
}

static void in_no_time(int n) { (void)n; }

static void broken_off(void)
{
	struct sigaction action = {.sa_handler = in_no_time};
	struct timespec t = {10, 0}, left = {0, 0};

	sigaction(SIGALRM, &action, NULL);
	ualarm(20000, 0);
	check(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &t, &left) == EINTR && left.tv_sec == 9, "a handler breaks it off");
}

static long limit(pid_t pid, int resource, const struct rlimit *new, struct rlimit *old)
{
	return syscall(SYS_prlimit64, pid, resource, new, old);
}

static void of_a_child(void)
{
	struct rlimit l = {777, 888}, old;
	pid_t child = fork();
	int status;

	if (child == 0)
		for (;;)
			pause();
	check(limit(child, RLIMIT_FSIZE, &l, NULL) == 0, "a child's limit is set");
	check(limit(child, RLIMIT_FSIZE, NULL, &old) == 0 && old.rlim_cur == 777 && old.rlim_max == 888, "and told");
	l.rlim_cur = 900;
	check(FAILS(limit(child, RLIMIT_FSIZE, &l, NULL), EINVAL), "soft above hard");
	check(FAILS(limit(child, 99, NULL, &old), EINVAL), "a resource that is none");
	check(limit(getppid(), RLIMIT_NOFILE, NULL, &old) == 0, "the parent's");
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	check(FAILS(limit(child, RLIMIT_FSIZE, NULL, &old), ESRCH) && FAILS(limit(-1, RLIMIT_FSIZE, NULL, &old), ESRCH),
	      "of nobody");
}

static void as_a_user(void)
{
	struct rlimit l = {10, 20}, old;
	pid_t parent = getppid(), child;
	int status;

	check(setgid(NOBODY) == 0 && setuid(NOBODY) == 0, "another user");
	check(FAILS(limit(parent, RLIMIT_NOFILE, NULL, &old), EPERM), "root's processes are not this user's");
	child = fork();
	if (child == 0)
		for (;;)
			pause();
	check(limit(child, RLIMIT_CORE, NULL, &old) == 0, "its own are");
	check(limit(child, RLIMIT_NICE, NULL, &old) == 0, "limits are told");
	l = (struct rlimit){old.rlim_max, old.rlim_max + 1};
	check(FAILS(limit(child, RLIMIT_NICE, &l, NULL), EPERM), "the hard one cannot grow");
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
}

static void cpu_limit_of_a_child(void)
{
	struct rlimit l = {1, 1};
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		for (;;)
			;
	check(limit(child, RLIMIT_CPU, &l, NULL) == 0, "RLIMIT_CPU of a child that runs");
	check(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "ends it");
}

static void kept(void)
{
	check(prctl(PR_SET_TIMERSLACK, 1000ul) == 0 && prctl(PR_GET_TIMERSLACK) == 1000, "timer slack");
	check(prctl(PR_SET_TIMERSLACK, 0ul) == 0 && prctl(PR_GET_TIMERSLACK) == 50000, "and its default");
	check(prctl(PR_SET_KEEPCAPS, 1ul) == 0 && prctl(PR_GET_KEEPCAPS) == 1 && FAILS(prctl(PR_SET_KEEPCAPS, 2ul), EINVAL),
	      "PR_SET_KEEPCAPS");
	check(prctl(PR_SET_THP_DISABLE, 1ul, 0ul, 0ul, 0ul) == 0 && prctl(PR_GET_THP_DISABLE, 0ul, 0ul, 0ul, 0ul) == 1,
	      "PR_SET_THP_DISABLE");
}

static void waits(void)
{
	struct rusage usage = {.ru_maxrss = 0};
	siginfo_t info;
	pid_t child = fork();

	if (child == 0)
		_exit(3);
	check(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0, "a zombie");
	check(FAILS(waitid(P_PID, (id_t)child, &info, WSTOPPED), ECHILD), "is nobody to wait for till it stops");
	memset(&info, 0x55, sizeof info);
	check(FAILS(waitid(P_PID, (id_t)child, &info, WCONTINUED | WNOHANG), ECHILD) && info.si_signo == 0 && info.si_pid == 0,
	      "an error tells of nothing, too");
	check(FAILS(waitid(3, 99, &info, WEXITED), EBADF), "P_PIDFD without one");
	check(wait4(child, NULL, 0, &usage) == child && usage.ru_maxrss >= 0, "it is waited for");
	check(FAILS(syscall(SYS_waitid, P_ALL, 0, (void *)-4096l, WEXITED, NULL), EFAULT), "a bad address");
}

int main(void)
{
	of_threads();
	of_processes();
	broken_off();
	of_a_child();
	cpu_limit_of_a_child();
	in_child(as_a_user);
	kept();
	waits();
	return tap_end();
}
