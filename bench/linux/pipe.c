// Pipes, local sockets, and waiting for many descriptors.
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "row.h"

#define MANY 10
#define TURNS 300
#define BIG (64 * 1024)
#define BIG_TURNS 100

static int ends[2];
static struct pollfd polled[MANY];
static int queue;
static char byte, big[BIG];

static void self_setup(void)
{
	row_expect(pipe(ends) == 0, "pipe");
}

static void self_op(void)
{
	row_expect(write(ends[1], &byte, 1) == 1, "write");
	row_expect(read(ends[0], &byte, 1) == 1, "read");
}

// Ten pipes; the last has something to read.
static void poll_setup(void)
{
	for (int i = 0; i < MANY; i++) {
		self_setup();
		polled[i] = (struct pollfd){.fd = ends[0], .events = POLLIN};
	}
	row_expect(write(ends[1], &byte, 1) == 1, "write");
}

static void poll_op(void)
{
	row_expect(poll(polled, MANY, 0) == 1, "poll");
}

static void epoll_setup(void)
{
	poll_setup();
	row_expect((queue = epoll_create1(0)) >= 0, "epoll_create1");
	for (int i = 0; i < MANY; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.fd = polled[i].fd};

		row_expect(epoll_ctl(queue, EPOLL_CTL_ADD, polled[i].fd, &event) == 0,
			   "epoll_ctl");
	}
}

static void epoll_op(void)
{
	struct epoll_event events[MANY];

	row_expect(epoll_wait(queue, events, MANY, 0) == 1, "epoll_wait");
}

static void echo(int from, int to)
{
	while (read(from, &byte, 1) == 1 && write(to, &byte, 1) == 1)
		;
	_exit(0);
}

// TURNS round trips to a process that echoes; one more before, to find it waiting.
static uint64_t pingpong(int to, int from, pid_t child)
{
	uint64_t start = 0;

	for (int i = 0; i <= TURNS; i++) {
		if (i == 1)
			start = ticks();
		row_expect(write(to, &byte, 1) == 1 && read(from, &byte, 1) == 1, "write, read");
	}
	start = ticks() - start;
	close(to);
	close(from);
	row_expect(waitpid(child, NULL, 0) == child, "waitpid");
	return start;
}

static uint64_t pipe_pingpong(void)
{
	int there[2], back[2];
	pid_t child;

	row_expect(pipe(there) == 0 && pipe(back) == 0, "pipe");
	row_expect((child = fork()) >= 0, "fork");
	if (child == 0) {
		close(there[1]);
		close(back[0]);
		echo(there[0], back[1]);
	}
	close(there[0]);
	close(back[1]);
	return pingpong(there[1], back[0], child);
}

static uint64_t unix_pingpong(void)
{
	int pair[2];
	pid_t child;

	row_expect(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
	row_expect((child = fork()) >= 0, "fork");
	if (child == 0) {
		close(pair[0]);
		echo(pair[1], pair[1]);
	}
	close(pair[1]);
	return pingpong(pair[0], pair[0], child);
}

static void drain(int from, int to)
{
	size_t left = (size_t)BIG * BIG_TURNS;

	while (left > 0) {
		ssize_t got = read(from, big, sizeof(big));

		if (got <= 0)
			_exit(1);
		left -= (size_t)got;
	}
	_exit(write(to, &byte, 1) != 1);
}

// Until the reader says that it has everything.
static uint64_t pipe_64k(void)
{
	int there[2], back[2];
	pid_t child;
	uint64_t start;

	row_expect(pipe(there) == 0 && pipe(back) == 0, "pipe");
	row_expect((child = fork()) >= 0, "fork");
	if (child == 0)
		drain(there[0], back[1]);
	start = ticks();
	for (int i = 0; i < BIG_TURNS; i++)
		row_expect(write(there[1], big, BIG) == BIG, "write");
	row_expect(read(back[0], &byte, 1) == 1, "read");
	start = ticks() - start;
	for (int i = 0; i < 2; i++) {
		close(there[i]);
		close(back[i]);
	}
	row_expect(waitpid(child, NULL, 0) == child, "waitpid");
	return start;
}

const struct row pipe_rows[] = {
	{.name = "poll10", .setup = poll_setup, .op = poll_op, .count = 2000},
	{.name = "epoll_wait10", .setup = epoll_setup, .op = epoll_op, .count = 2000},
	{.name = "pipe_self", .setup = self_setup, .op = self_op, .count = 2000},
	{.name = "pipe_pingpong", .measure = pipe_pingpong, .per = TURNS},
	{.name = "unix_pingpong", .measure = unix_pingpong, .per = TURNS},
	{.name = "pipe_64k", .measure = pipe_64k, .per = BIG_TURNS},
	{0},
};
