// alarm, setitimer, and how exactly sleeps end.
// abi: alarm: whole
// abi: pause: whole
#define _GNU_SOURCE
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define MS 1000000ll

static volatile int alarms;
static void on_alarm(int n) { alarms += n == SIGALRM; }

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void timer_set(long value_us, long interval_us)
{
	struct itimerval v = {{interval_us / 1000000, interval_us % 1000000},
			      {value_us / 1000000, value_us % 1000000}};

	setitimer(ITIMER_REAL, &v, NULL);
}

static void one_shot(void)
{
	struct timespec left = {0, 0};
	struct itimerval v;
	long long start = now();

	timer_set(50000, 0);
	check(FAILS(nanosleep(&(struct timespec){20, 0}, &left), EINTR) && alarms == 1, "SIGALRM ends a sleep");
	check(now() - start >= 50 * MS && now() - start < 10000 * MS, "in time");
	check(left.tv_sec >= 9 && left.tv_sec < 20, "the sleep's rest");
	check(getitimer(ITIMER_REAL, &v) == 0 && v.it_value.tv_sec == 0 && v.it_value.tv_usec == 0, "it is over");
	timer_set(30000, 0);
	check(FAILS(pause(), EINTR) && alarms == 2, "pause");
}

static void periodic(void)
{
	struct itimerval v;
	long long start = now();

	alarms = 0;
	timer_set(20000, 20000);
	while (alarms < 5)
		pause();
	check(now() - start >= 100 * MS, "five times");
	check(getitimer(ITIMER_REAL, &v) == 0 && v.it_interval.tv_usec == 20000, "getitimer");
	timer_set(0, 0);
	alarms = 0;
	nanosleep(&(struct timespec){0, 60 * MS}, NULL);
	check(alarms == 0, "and then no more");
	timer_set(30000, 0);
	for (start = now(); alarms == 0 && now() - start < 20000 * MS;)
		;
	check(alarms == 1, "a program that does not wait hears it too");
}

static void alarm_seconds(void)
{
	long long start = now();

	check(alarm(100) == 0 && alarm(0) == 100 && alarm(0) == 0, "alarm tells what was left");
	alarms = 0;
	alarm(1);
	check(FAILS(pause(), EINTR) && alarms == 1 && now() - start >= 1000 * MS, "alarm(1)");
}

static void process_of_its_own(void)
{
	struct itimerval v;
	int status = 0;
	pid_t child;

	timer_set(20000000, 0);
	child = fork();
	if (child == 0) {
		getitimer(ITIMER_REAL, &v);
		_exit(v.it_value.tv_sec == 0 && v.it_value.tv_usec == 0 ? 7 : 1);
	}
	check(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7,
	      "a child has no timer");
	timer_set(0, 0);
	child = fork();
	if (child == 0) {
		signal(SIGALRM, SIG_DFL);
		timer_set(20000, 0);
		execl("/proc/self/exe", "", "sleep", NULL);
		execl("/tests/timers", "timers", "sleep", NULL);
		_exit(1);
	}
	check(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM,
	      "a timer goes on over exec, and ends the program");
}

static void sleeps(void)
{
	static const long pauses[] = {1, 1000, 100000, 1000000, 7000000, 20000000};
	struct timespec until;
	bool is_ok = true;
	long long start;

	for (unsigned i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
		start = now();
		is_ok = nanosleep(&(struct timespec){0, pauses[i]}, NULL) == 0 && now() - start >= pauses[i] && is_ok;
	}
	check(is_ok, "no sleep is too short");
	start = now();
	for (int i = 0; i < 50; i++)
		nanosleep(&(struct timespec){0, MS}, NULL);
	check(now() - start >= 50 * MS && now() - start < 5000 * MS, "fifty of 1 ms");
	check(FAILS(nanosleep(&(struct timespec){0, 1000000000}, NULL), EINVAL), "EINVAL");
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 30 * MS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	start = now();
	check(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL) == 0 && now() - start >= 29 * MS,
	      "until a time of day");
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		sleep(20);
		return 1;
	}
	signal(SIGALRM, on_alarm);
	siginterrupt(SIGALRM, 1);
	one_shot();
	periodic();
	alarm_seconds();
	process_of_its_own();
	sleeps();
	return tap_end();
}
