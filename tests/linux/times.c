// abi: nanosleep: whole
// abi: clock_nanosleep TIMER_ABSTIME: whole
#define _GNU_SOURCE
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

static volatile int rang;
static void on_alarm(int n) { rang += n == SIGALRM; }

static long long now(clockid_t clock)
{
	struct timespec t = {0, 0};

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

int main(void)
{
	struct timespec t = {0, 30000000}, left = {9, 9};
	struct itimerval timer = {{0, 0}, {0, 30000}};
	long long a = now(CLOCK_MONOTONIC), b;

	check(nanosleep(&t, NULL) == 0, "nanosleep");
	b = now(CLOCK_MONOTONIC);
	check(b - a >= 30000000 && b - a < 5000000000ll, "it took that long");
	check(now(CLOCK_REALTIME) / 1000000000 >= time(NULL) - 1, "clocks agree");
	t.tv_nsec = 2000000000;
	check(FAILS(nanosleep(&t, NULL), EINVAL), "a bad time");
	b += 30000000;
	t = (struct timespec){b / 1000000000, b % 1000000000};
	check(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == 0 && now(CLOCK_MONOTONIC) >= b, "until");
	check(FAILS(clock_gettime(77, &t), EINVAL) && clock_getres(CLOCK_MONOTONIC, &t) == 0, "clock numbers");
	signal(SIGALRM, on_alarm);
	check(setitimer(ITIMER_REAL, &timer, NULL) == 0, "setitimer");
	t = (struct timespec){5, 0};
	check(FAILS(nanosleep(&t, &left), EINTR) && rang == 1 && left.tv_sec < 5, "SIGALRM breaks a sleep");
	check(alarm(100) == 0 && alarm(0) >= 99, "alarm");
	check(now(CLOCK_PROCESS_CPUTIME_ID) > 0, "processor time");
	return tap_end();
}
