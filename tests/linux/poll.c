// poll and select that wait: what they wait for comes from another process, with time between.
// abi: poll: whole
// abi: select: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define MS 1000000ull

static unsigned long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned long long)t.tv_sec * 1000000000 + (unsigned long long)t.tv_nsec;
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static void end(pid_t child)
{
	int status = 1;

	check(waitpid(child, &status, 0) == child && status == 0, "the other process");
}

static void readable(void)
{
	unsigned long long start = now();
	struct pollfd p;
	char c = 0;
	int fd[2];
	pid_t child;

	pipe(fd);
	p = (struct pollfd){fd[0], POLLIN, 0};
	child = fork();
	if (child == 0) {
		pause_ms(60);
		_exit(write(fd[1], "r", 1) != 1);
	}
	check(poll(&p, 1, 20000) == 1 && p.revents == POLLIN, "a pipe becomes readable");
	check(now() - start >= 60 * MS && now() - start < 10000 * MS, "when it does");
	check(read(fd[0], &c, 1) == 1 && c == 'r', "and is read");
	end(child);
	p.revents = 99;
	check(poll(&p, 1, 0) == 0 && p.revents == 0, "nothing is left");
	child = fork();
	if (child == 0) {
		pause_ms(30);
		_exit(0);
	}
	close(fd[1]);
	check(poll(&p, 1, -1) == 1 && p.revents == POLLHUP, "the last writer hangs up");
	end(child);
	close(fd[0]);
}

static void writable(void)
{
	static char data[65536];
	struct pollfd p;
	int fd[2];
	pid_t child;

	pipe2(fd, O_NONBLOCK);
	p = (struct pollfd){fd[1], POLLOUT, 0};
	while (write(fd[1], data, sizeof data) > 0)
		;
	check(errno == EAGAIN && poll(&p, 1, 0) == 0, "a pipe is full");
	child = fork();
	if (child == 0) {
		pause_ms(40);
		_exit(read(fd[0], data, sizeof data) <= 0);
	}
	check(poll(&p, 1, 20000) == 1 && p.revents == POLLOUT, "a pipe becomes writable");
	end(child);
	while (write(fd[1], data, sizeof data) > 0)
		;
	child = fork();
	if (child == 0) {
		pause_ms(40);
		_exit(0);
	}
	close(fd[0]);
	check(poll(&p, 1, 20000) == 1 && p.revents & POLLERR, "the last reader goes");
	end(child);
	close(fd[1]);
}

static void two_pipes(void)
{
	struct timeval v = {20, 0};
	int one[2], two[2];
	fd_set set;
	pid_t child;

	pipe(one);
	pipe(two);
	child = fork();
	if (child == 0) {
		pause_ms(30);
		write(two[1], "2", 1);
		pause_ms(60);
		_exit(write(one[1], "1", 1) != 1);
	}
	FD_ZERO(&set);
	FD_SET(one[0], &set);
	FD_SET(two[0], &set);
	check(syscall(SYS_select, 64, &set, NULL, NULL, &v) == 1 && FD_ISSET(two[0], &set), "the second of two");
	check(v.tv_sec >= 10 && v.tv_sec < 20, "select tells the time that is left");
	FD_SET(one[0], &set);
	FD_CLR(two[0], &set);
	check(select(64, &set, NULL, NULL, NULL) == 1 && FD_ISSET(one[0], &set), "then the first");
	end(child);
	for (int i = 0; i < 2; i++) {
		close(one[i]);
		close(two[i]);
	}
}

static void timeouts(void)
{
	unsigned long long start = now();
	struct pollfd p[2];
	int fd[2];

	pipe(fd);
	p[0] = (struct pollfd){fd[0], POLLIN, 0};
	p[1] = (struct pollfd){-1, POLLIN, 99};
	check(poll(p, 2, 70) == 0 && p[1].revents == 0, "a time-out");
	check(now() - start >= 70 * MS, "that is not early");
	start = now();
	check(poll(NULL, 0, 30) == 0 && now() - start >= 30 * MS, "without descriptors");
	check(ppoll(p, 1, &(struct timespec){0, 0}, NULL) == 0, "none at all");
	p[1].fd = 999;
	check(poll(p, 2, -1) == 1 && p[1].revents == POLLNVAL, "POLLNVAL");
	close(fd[0]);
	close(fd[1]);
}

static void on_signal(int n) { (void)n; }

static void interrupted(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	pid_t parent = getpid(), child;
	struct pollfd p;
	int fd[2];

	sigaction(SIGUSR1, &action, NULL);
	pipe(fd);
	p = (struct pollfd){fd[0], POLLIN, 0};
	child = fork();
	if (child == 0) {
		pause_ms(40);
		_exit(kill(parent, SIGUSR1) != 0);
	}
	check(FAILS(poll(&p, 1, 20000), EINTR), "a signal interrupts poll");
	end(child);
	close(fd[0]);
	close(fd[1]);
}

static void many(void)
{
	struct pollfd p[40];
	int fd[40][2];
	pid_t child;

	for (int i = 0; i < 40; i++) {
		pipe(fd[i]);
		p[i] = (struct pollfd){fd[i][0], POLLIN, 0};
	}
	child = fork();
	if (child == 0) {
		pause_ms(40);
		_exit(write(fd[39][1], "m", 1) != 1);
	}
	check(poll(p, 40, 20000) == 1 && p[39].revents == POLLIN, "one of many");
	end(child);
}

int main(void)
{
	readable();
	writable();
	two_pipes();
	timeouts();
	interrupted();
	many();
	return tap_end();
}
