// eventfd, timerfd, signalfd.
// abi: eventfd2 EFD_SEMAPHORE EFD_NONBLOCK: whole
// abi: timerfd_create: whole
// abi: timerfd_settime TFD_TIMER_ABSTIME: whole
// abi: timerfd_gettime: whole
// abi: signalfd4: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

static bool get(int fd, uint64_t expected)
{
	uint64_t value = 0;

	return read(fd, &value, 8) == 8 && value == expected;
}

static bool put(int fd, uint64_t value) { return write(fd, &value, 8) == 8; }

static void events(void)
{
	int fd = eventfd(5, EFD_NONBLOCK | EFD_CLOEXEC), status = 1;
	struct pollfd p = {fd, POLLIN | POLLOUT, 0};
	uint64_t value;
	char few[4], more[16];
	pid_t child;

	check(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && (fcntl(fd, F_GETFL) & O_NONBLOCK), "eventfd");
	check(get(fd, 5) && FAILS(read(fd, &value, 8), EAGAIN), "the count, and then none");
	check(put(fd, 3) && put(fd, 4) && get(fd, 7), "counts add up");
	check(FAILS(read(fd, few, 4), EINVAL) && FAILS(write(fd, few, 4), EINVAL), "less than 8 bytes");
	check(put(fd, 1) && read(fd, more, 16) == 8, "more than 8 bytes");
	value = UINT64_MAX;
	check(FAILS(write(fd, &value, 8), EINVAL), "too much");
	check(poll(&p, 1, 0) == 1 && p.revents == POLLOUT, "poll: room");
	check(put(fd, UINT64_MAX - 1) && poll(&p, 1, 0) == 1 && p.revents == POLLIN, "poll: full");
	value = 1;
	check(FAILS(write(fd, &value, 8), EAGAIN) && get(fd, UINT64_MAX - 1), "a full one");
	check(FAILS(eventfd(0, 0x1000), EINVAL), "flags that there are not");
	check(lseek(fd, 3, SEEK_SET) == 0 && FAILS(pread(fd, &value, 8, 0), ESPIPE), "it has no position");
	close(fd);
	fd = eventfd(2, EFD_SEMAPHORE);
	check(get(fd, 1) && get(fd, 1), "a semaphore");
	child = fork();
	if (child == 0) {
		nanosleep(&(struct timespec){0, 20000000}, NULL);
		_exit(!put(fd, 1));
	}
	check(get(fd, 1), "a read waits for a child's write");
	waitpid(child, &status, 0);
	check(status == 0, "which did");
	put(fd, UINT64_MAX - 1);
	child = fork();
	if (child == 0)
		_exit(!put(fd, 1));
	nanosleep(&(struct timespec){0, 20000000}, NULL);
	check(get(fd, 1) && waitpid(child, &status, 0) == child && status == 0, "a write waits for room");
	close(fd);
}

static uint64_t now(int clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void timers(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec t = {{0, 10000000}, {0, 20000000}}, old;
	struct pollfd p = {fd, POLLIN, 0};
	uint64_t start = now(CLOCK_MONOTONIC), value = 0;

	check(fd >= 0, "timerfd_create");
	check(FAILS(read(fd, &value, 8), EAGAIN), "no timer is set");
	check(timerfd_settime(fd, 0, &t, NULL) == 0, "20 ms, then every 10");
	check(timerfd_gettime(fd, &old) == 0 && old.it_interval.tv_nsec == 10000000 &&
	      old.it_value.tv_nsec > 0 && old.it_value.tv_nsec <= 20000000, "timerfd_gettime");
	check(poll(&p, 1, 20000) == 1 && p.revents == POLLIN, "poll waits for it");
	check(now(CLOCK_MONOTONIC) - start >= 20000000, "it is not early");
	check(read(fd, &value, 8) == 8 && value >= 1, "one expiration or more");
	nanosleep(&(struct timespec){0, 45000000}, NULL);
	check(read(fd, &value, 8) == 8 && value >= 4, "expirations are counted");
	memset(&t, 0, sizeof t);
	check(timerfd_settime(fd, 0, &t, &old) == 0 && old.it_interval.tv_nsec == 10000000, "stopped");
	nanosleep(&(struct timespec){0, 20000000}, NULL);
	check(poll(&p, 1, 0) == 0 && timerfd_gettime(fd, &old) == 0 && old.it_value.tv_nsec == 0, "for good");
	t.it_value.tv_nsec = 1000000000;
	check(FAILS(timerfd_settime(fd, 0, &t, NULL), EINVAL), "nanoseconds that there are not");
	t.it_value.tv_nsec = 1;
	check(FAILS(timerfd_settime(fd, 8, &t, NULL), EINVAL), "flags that there are not");
	check(FAILS(syscall(SYS_timerfd_settime, fd, 0, 8, 0), EFAULT), "EFAULT");
	check(FAILS(timerfd_create(99, 0), EINVAL) && FAILS(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL), "EINVAL");
	check(FAILS(write(fd, &value, 8), EINVAL), "it is not written");
	close(fd);
	fd = timerfd_create(CLOCK_REALTIME, 0);
	value = now(CLOCK_REALTIME) + 20000000;
	t.it_value = (struct timespec){(time_t)(value / 1000000000), (long)(value % 1000000000)};
	check(timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &t, NULL) == 0 && get(fd, 1) &&
	      now(CLOCK_REALTIME) >= value, "a time of day, and a read that waits");
	t.it_value = (struct timespec){1, 0};
	check(timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL) == 0 && get(fd, 1), "a time that has passed");
	close(fd);
	fd = eventfd(0, 0);
	check(FAILS(timerfd_settime(fd, 0, &t, NULL), EINVAL), "an eventfd is no timer");
	close(fd);
}

static void signals(void)
{
	struct signalfd_siginfo info[3];
	struct pollfd p;
	sigset_t set;
	int fd, status = 1;
	pid_t child;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	p = (struct pollfd){fd, POLLIN, 0};
	check(fd >= 0, "signalfd");
	check(FAILS(read(fd, info, sizeof info), EAGAIN) && poll(&p, 1, 0) == 0, "none is pending");
	kill(getpid(), SIGUSR2);
	kill(getpid(), SIGUSR1);
	check(poll(&p, 1, 0) == 1 && p.revents == POLLIN, "poll sees them");
	check(read(fd, info, sizeof info) == 2 * sizeof info[0] && info[0].ssi_signo == SIGUSR1 &&
	      info[1].ssi_signo == SIGUSR2 && info[0].ssi_pid == (uint32_t)getpid(), "two are read");
	check(FAILS(read(fd, info, 10), EINVAL), "a small buffer");
	check(FAILS(syscall(SYS_signalfd4, -1, &set, 4, 0), EINVAL) &&
	      FAILS(syscall(SYS_signalfd4, -1, &set, 8, 1), EINVAL) &&
	      FAILS(syscall(SYS_signalfd4, 0, &set, 8, 0), EINVAL) &&
	      FAILS(syscall(SYS_signalfd4, 999, &set, 8, 0), EBADF), "errors");
	child = fork();
	if (child == 0) {
		nanosleep(&(struct timespec){0, 30000000}, NULL);
		_exit(7);
	}
	check(poll(&p, 1, 20000) == 1, "poll waits for a signal");
	check(read(fd, info, sizeof info[0]) == sizeof info[0] && info[0].ssi_signo == SIGCHLD &&
	      info[0].ssi_pid == (uint32_t)child && info[0].ssi_status == 7, "of a child's end");
	waitpid(child, &status, 0);
	sigdelset(&set, SIGUSR1);
	check(signalfd(fd, &set, 0) == fd, "another mask");
	kill(getpid(), SIGUSR1);
	check(FAILS(read(fd, info, sizeof info), EAGAIN), "counts");
	sigaddset(&set, SIGUSR1);
	signalfd(fd, &set, 0);
	read(fd, info, sizeof info);
	fcntl(fd, F_SETFL, 0);
	child = fork();
	if (child == 0) {
		nanosleep(&(struct timespec){0, 30000000}, NULL);
		_exit(kill(getppid(), SIGUSR2) != 0);
	}
	check(read(fd, info, sizeof info[0]) == sizeof info[0] && info[0].ssi_signo == SIGUSR2 &&
	      info[0].ssi_pid == (uint32_t)child, "a read waits");
	waitpid(child, &status, 0);
	close(fd);
}

int main(void)
{
	events();
	timers();
	signals();
	return tap_end();
}
