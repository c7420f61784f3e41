// timer_create and its kin: what runs out, when, how often, and by which signal.
// abi: timer_create SIGEV_SIGNAL SIGEV_NONE SIGEV_THREAD_ID: whole
// abi: timer_create CLOCK_REALTIME CLOCK_MONOTONIC CLOCK_BOOTTIME CLOCK_PROCESS_CPUTIME_ID CLOCK_THREAD_CPUTIME_ID: partial: 64 timers a process
// abi: timer_settime TIMER_ABSTIME: whole
// abi: timer_gettime: whole
// abi: timer_getoverrun: whole
// abi: timer_delete: whole
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define C(name, ...) syscall(SYS_##name, ##__VA_ARGS__)
#define MS 1000000l

// As the kernel has it.
struct event {
	union sigval value;
	int signo, notify, tid, pad[11];
};

static volatile sig_atomic_t count;
static siginfo_t last;
static volatile pthread_t where;

static void on_signal(int n, siginfo_t *info, void *context)
{
	(void)n, (void)context;
	last = *info;
	where = pthread_self();
	count++;
}

static int make(clockid_t clock, int signo, int notify, int value)
{
	struct event e = {.value.sival_int = value, .signo = signo, .notify = notify, .tid = (int)C(gettid)};
	int id = -1;

	return C(timer_create, clock, &e, &id) ? -1 : id;
}

static int start(int id, int flags, long value_ms, long interval_ms)
{
	struct itimerspec t = {{interval_ms / 1000, interval_ms % 1000 * MS}, {value_ms / 1000, value_ms % 1000 * MS}};

	return (int)C(timer_settime, id, flags, &t, NULL);
}

static bool wait_for(int n)
{
	for (int i = 0; count < n && i < 4000; i++)
		usleep(1000);
	return count >= n;
}

static void once(clockid_t clock, const char *name)
{
	int id = make(clock, SIGRTMIN, SIGEV_SIGNAL, 77);

	count = 0;
	check(id >= 0 && start(id, 0, 10, 0) == 0 && wait_for(1) && last.si_code == SI_TIMER && last.si_value.sival_int == 77 &&
		      last.si_overrun == 0,
	      name);
	usleep(30000);
	check(count == 1 && C(timer_delete, id) == 0 && FAILS(C(timer_delete, id), EINVAL), "and only once");
}

static void periods(void)
{
	int id = make(CLOCK_MONOTONIC, SIGRTMIN, SIGEV_SIGNAL, 1);
	struct itimerspec t;
	sigset_t set;

	count = 0;
	check(start(id, 0, 5, 5) == 0 && wait_for(5), "again and again");
	check(C(timer_gettime, id, &t) == 0 && t.it_interval.tv_nsec == 5 * MS && t.it_value.tv_nsec > 0 &&
		      t.it_value.tv_nsec <= 5 * MS,
	      "timer_gettime");
	check(start(id, 0, 0, 0) == 0 && C(timer_gettime, id, &t) == 0 && t.it_value.tv_sec == 0 && t.it_value.tv_nsec == 0,
	      "stopped");
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	count = 0;
	start(id, 0, 2, 2);
	usleep(60000);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	start(id, 0, 0, 0);
	check(count >= 1 && count <= 3 && last.si_code == SI_TIMER, "one signal for many");
	start(id, 0, 2, 2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	usleep(60000);
	siginfo_t info = {0};
	check(sigtimedwait(&set, &info, &(struct timespec){1, 0}) == SIGRTMIN && info.si_overrun > 5 &&
		      C(timer_getoverrun, id) >= info.si_overrun,
	      "whose overruns are told");
	C(timer_delete, id);
	while (sigtimedwait(&set, &info, &(struct timespec){0, 0}) > 0)
		;
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void absolute(clockid_t clock)
{
	int id = make(clock, SIGRTMIN, SIGEV_SIGNAL, 1);
	struct itimerspec t = {{0, 0}, {0, 0}}, old;
	struct timespec after;

	clock_gettime(clock, &t.it_value);
	t.it_value.tv_nsec += 20 * MS;
	if (t.it_value.tv_nsec >= 1000 * MS)
		t.it_value.tv_sec++, t.it_value.tv_nsec -= 1000 * MS;
	count = 0;
	check(C(timer_settime, id, TIMER_ABSTIME, &t, &old) == 0 && old.it_value.tv_sec == 0 && wait_for(1), "at a time");
	clock_gettime(clock, &after);
	check(after.tv_sec > t.it_value.tv_sec || (after.tv_sec == t.it_value.tv_sec && after.tv_nsec >= t.it_value.tv_nsec),
	      "not before it");
	t.it_value = (struct timespec){0, 1};
	count = 0;
	check(C(timer_settime, id, TIMER_ABSTIME, &t, NULL) == 0 && wait_for(1), "one that has passed");
	C(timer_delete, id);
}

static void *thread_main(void *argument)
{
	struct timespec start_time, now;
	int id = make(CLOCK_THREAD_CPUTIME_ID, SIGRTMIN, SIGEV_THREAD_ID, 5);

	count = 0;
	start(id, 0, 20, 0);
	clock_gettime(CLOCK_MONOTONIC, &start_time);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while (!count && now.tv_sec - start_time.tv_sec < 10);
	*(bool *)argument = count == 1 && where == pthread_self();
	C(timer_delete, id);
	return NULL;
}

static void threads(void)
{
	pthread_t thread;
	bool good = false;

	pthread_create(&thread, NULL, thread_main, &good);
	pthread_join(thread, NULL);
	check(good, "SIGEV_THREAD_ID, and a thread's processor time");
}

static void errors(void)
{
	struct event e = {.signo = 99, .notify = SIGEV_SIGNAL};
	struct itimerspec t = {{0, 0}, {0, 1000 * MS}};
	int id, ids[64], n = 0, status;
	pid_t child;

	check(FAILS(C(timer_create, CLOCK_MONOTONIC, &e, &id), EINVAL) && FAILS(C(timer_create, 99, NULL, &id), EINVAL), "timer_create");
	e.signo = SIGUSR1;
	check(FAILS(C(timer_create, CLOCK_MONOTONIC, &e, 8), EFAULT) && FAILS(C(timer_create, CLOCK_MONOTONIC, 8, &id), EFAULT),
	      "bad pointers");
	e.notify = 9;
	check(FAILS(C(timer_create, CLOCK_MONOTONIC, &e, &id), EINVAL), "a bad notification");
	e.notify = SIGEV_THREAD_ID;
	e.tid = 1;
	check(FAILS(C(timer_create, CLOCK_MONOTONIC, &e, &id), EINVAL), "another process's thread");
	check(C(timer_create, CLOCK_REALTIME, NULL, &id) == 0, "without an event");
	check(FAILS(C(timer_settime, id, 0, &t, NULL), EINVAL) && FAILS(C(timer_settime, id, 0, NULL, NULL), EINVAL) &&
		      FAILS(C(timer_settime, id, 0, 8, NULL), EFAULT) && FAILS(C(timer_settime, 12345, 0, &t, NULL), EINVAL) &&
		      FAILS(C(timer_gettime, id, 8), EFAULT) && FAILS(C(timer_gettime, 12345, &t), EINVAL) &&
		      FAILS(C(timer_getoverrun, 12345), EINVAL) && FAILS(C(timer_delete, -1), EINVAL),
	      "errors");
	start(id, 0, 60000, 0);
	child = fork();
	if (child == 0)
		_exit(!FAILS(C(timer_gettime, id, &t), EINVAL));
	check(waitpid(child, &status, 0) == child && status == 0, "a child has none of them");
	C(timer_delete, id);
	while (n < 60 && (ids[n] = make(CLOCK_MONOTONIC, 0, SIGEV_NONE, 0)) >= 0)
		n++;
	check(n == 60 && start(ids[59], 0, 50, 0) == 0 && C(timer_gettime, ids[59], &t) == 0 && t.it_value.tv_nsec > 0,
	      "60 at once, with SIGEV_NONE");
	while (n > 0)
		C(timer_delete, ids[--n]);
}

int main(void)
{
	struct sigaction sa = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};

	sigaction(SIGRTMIN, &sa, NULL);
	once(CLOCK_REALTIME, "CLOCK_REALTIME");
	once(CLOCK_MONOTONIC, "CLOCK_MONOTONIC");
	once(CLOCK_BOOTTIME, "CLOCK_BOOTTIME");
	periods();
	absolute(CLOCK_MONOTONIC);
	absolute(CLOCK_REALTIME);
	threads();
	errors();
	return tap_end();
}
