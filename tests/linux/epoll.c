// epoll: changes of a set with all their errors, the ways of being told, sets within sets, sharing.
// abi: epoll_create1 EPOLL_CLOEXEC: whole
// abi: epoll_create: whole
// abi: epoll_ctl EPOLL_CTL_ADD EPOLL_CTL_MOD EPOLL_CTL_DEL: whole
// abi: epoll_ctl EPOLLEXCLUSIVE: partial: everybody who waits is woken
// abi: epoll_wait EPOLLET EPOLLONESHOT: whole
// abi: epoll_pwait: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

static int add(int set, int fd, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.u64 = 0x100000000ull + (uint32_t)fd};

	return epoll_ctl(set, EPOLL_CTL_ADD, fd, &e);
}

static int change(int set, int fd, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.u64 = 0x200000000ull + (uint32_t)fd};

	return epoll_ctl(set, EPOLL_CTL_MOD, fd, &e);
}

static int ready(int set, struct epoll_event *e) { return epoll_wait(set, e, 8, 0); }

static void errors(void)
{
	struct epoll_event e = {.events = EPOLLIN};
	int fd[2], set = epoll_create1(EPOLL_CLOEXEC), file = open("/bin/sh", O_RDONLY);

	pipe(fd);
	check(set >= 0 && fcntl(set, F_GETFD) == FD_CLOEXEC, "epoll_create1 with EPOLL_CLOEXEC");
	check(FAILS(epoll_create1(1), EINVAL) && FAILS(syscall(SYS_epoll_create, 0), EINVAL), "EINVAL of creation");
	check(FAILS(add(set, 999, EPOLLIN), EBADF) && FAILS(add(999, fd[0], EPOLLIN), EBADF), "EBADF");
	check(FAILS(add(fd[0], fd[1], EPOLLIN), EINVAL) && FAILS(add(set, set, EPOLLIN), EINVAL),
	      "EINVAL: no set, and itself");
	check(FAILS(add(set, file, EPOLLIN), EPERM), "EPERM: a regular file");
	check(add(set, fd[0], EPOLLIN) == 0 && FAILS(add(set, fd[0], EPOLLIN), EEXIST), "EEXIST");
	check(FAILS(change(set, fd[1], EPOLLIN), ENOENT) &&
	      FAILS(epoll_ctl(set, EPOLL_CTL_DEL, fd[1], NULL), ENOENT), "ENOENT");
	check(FAILS(epoll_ctl(set, 77, fd[0], &e), EINVAL), "an operation that there is not");
	check(FAILS(syscall(SYS_epoll_ctl, set, EPOLL_CTL_ADD, fd[1], 8), EFAULT), "EFAULT of an event");
	check(FAILS(epoll_wait(set, &e, 0, 0), EINVAL) && FAILS(epoll_wait(fd[0], &e, 1, 0), EINVAL) &&
	      FAILS(epoll_wait(999, &e, 1, 0), EBADF), "errors of epoll_wait");
	write(fd[1], "x", 1);
	check(FAILS(syscall(SYS_epoll_wait, set, 8, 1, 0), EFAULT), "EFAULT of epoll_wait");
	check(ready(set, &e) == 1, "after which the event is still there");
	check(FAILS(change(set, fd[0], EPOLLIN | EPOLLEXCLUSIVE), EINVAL), "EPOLLEXCLUSIVE is no change");
	check(FAILS(add(set, fd[1], EPOLLOUT | EPOLLONESHOT | EPOLLEXCLUSIVE), EINVAL),
	      "nor goes with EPOLLONESHOT");
	check(add(set, fd[1], EPOLLOUT | EPOLLEXCLUSIVE) == 0 && FAILS(change(set, fd[1], EPOLLOUT), EINVAL),
	      "what was added so is not changed");
	check(FAILS(read(set, &e, 1), EINVAL) && FAILS(write(set, &e, 1), EINVAL), "a set is not read");
	close(set);
	close(file);
	close(fd[0]);
	close(fd[1]);
}

static void levels_and_edges(void)
{
	struct epoll_event e[8];
	int set = epoll_create(1), fd[2];
	char c[8];

	pipe2(fd, O_NONBLOCK);
	add(set, fd[0], EPOLLIN);
	check(ready(set, e) == 0, "nothing is ready");
	write(fd[1], "abc", 3);
	check(ready(set, e) == 1 && e[0].events == EPOLLIN && e[0].data.u64 == 0x100000000ull + (uint32_t)fd[0],
	      "a level, with its data");
	check(ready(set, e) == 1, "stays");
	change(set, fd[0], EPOLLIN | EPOLLET);
	check(ready(set, e) == 1 && e[0].data.u64 == 0x200000000ull + (uint32_t)fd[0] && ready(set, e) == 0,
	      "an edge comes once");
	read(fd[0], c, 1);
	check(ready(set, e) == 0, "not for what is left");
	write(fd[1], "d", 1);
	check(ready(set, e) == 1 && ready(set, e) == 0, "but for more");
	change(set, fd[0], EPOLLIN | EPOLLONESHOT);
	check(ready(set, e) == 1 && ready(set, e) == 0, "one shot");
	write(fd[1], "e", 1);
	check(ready(set, e) == 0, "and no other");
	change(set, fd[0], EPOLLIN | EPOLLONESHOT);
	check(ready(set, e) == 1, "until it is set again");
	read(fd[0], c, 8);
	change(set, fd[0], EPOLLIN);
	check(ready(set, e) == 0, "drained");
	add(set, fd[1], EPOLLOUT | EPOLLET);
	check(ready(set, e) == 1 && e[0].events == EPOLLOUT && ready(set, e) == 0, "room is an edge");
	check(epoll_ctl(set, EPOLL_CTL_DEL, fd[1], NULL) == 0, "removed");
	close(fd[1]);
	check(ready(set, e) == 1 && e[0].events == EPOLLHUP, "a hang-up is told unasked");
	close(fd[0]);
	check(ready(set, e) == 0, "a closed descriptor is out");
	close(set);
}

static void closing(void)
{
	struct epoll_event e[8];
	int set = epoll_create1(0), fd[2], copy;

	pipe(fd);
	add(set, fd[0], EPOLLIN);
	copy = dup(fd[0]);
	write(fd[1], "x", 1);
	close(fd[0]);
	check(ready(set, e) == 1, "a copy keeps an entry");
	close(copy);
	check(ready(set, e) == 0, "the last one takes it away");
	close(fd[1]);
	close(set);
}

static void nested(void)
{
	struct epoll_event e[8];
	int outer = epoll_create1(0), inner = epoll_create1(0), fd[2];
	struct pollfd p = {outer, POLLIN, 0};

	pipe(fd);
	check(add(inner, fd[0], EPOLLIN) == 0 && add(outer, inner, EPOLLIN) == 0, "a set in a set");
	check(ready(outer, e) == 0 && poll(&p, 1, 0) == 0, "both not ready");
	write(fd[1], "x", 1);
	check(ready(outer, e) == 1 && e[0].data.u64 == 0x100000000ull + (uint32_t)inner, "both ready");
	check(poll(&p, 1, 0) == 1 && p.revents == POLLIN, "poll of a set");
	check(FAILS(add(inner, outer, EPOLLIN), ELOOP), "ELOOP");

	int chain[8], made = 0;

	for (int i = 0; i < 8; i++) {
		chain[i] = epoll_create1(0);
		if (i > 0 && made == i - 1 && add(chain[i], chain[i - 1], EPOLLIN) == 0)
			made = i;
	}
	check(made == 4 || made == 5, "five sets may lie in a set");
	for (int i = 0; i < 8; i++)
		close(chain[i]);
	p = (struct pollfd){open("/", O_PATH), POLLIN, 0};
	check(poll(&p, 1, 0) == 1 && p.revents == POLLNVAL, "O_PATH is no descriptor for poll");
	close(p.fd);
	check(FAILS(add(outer, inner, EPOLLIN | EPOLLEXCLUSIVE), EINVAL), "a set is not exclusive");
	close(inner);
	check(ready(outer, e) == 0, "a closed set is out");
	close(fd[0]);
	close(fd[1]);
	close(outer);
}

static void waiting(void)
{
	struct epoll_event e[8];
	struct timespec t = {0, 20000000};
	int set = epoll_create1(0), fd[2], status = 1;
	sigset_t mask;
	pid_t child;

	pipe(fd);
	add(set, fd[0], EPOLLIN);
	check(epoll_wait(set, e, 8, 20) == 0, "a time-out");
	check(syscall(SYS_epoll_pwait2, set, e, 8, &t, NULL, 8) == 0, "epoll_pwait2");
	sigemptyset(&mask);
	check(epoll_pwait(set, e, 8, 1, &mask) == 0, "epoll_pwait");
	child = fork();
	if (child == 0) {
		nanosleep(&(struct timespec){0, 30000000}, NULL);
		_exit(write(fd[1], "x", 1) != 1);
	}
	check(epoll_wait(set, e, 8, 20000) == 1 && e[0].events == EPOLLIN, "what comes is told");
	check(waitpid(child, &status, 0) == child && status == 0, "the other process");
	child = fork();
	if (child == 0) {
		char c;
		int other[2];

		read(fd[0], &c, 1);
		pipe(other);
		add(set, other[0], EPOLLIN);
		write(other[1], "y", 1);
		_exit(ready(set, e) != 1);
	}
	check(waitpid(child, &status, 0) == child && status == 0, "a child uses the set that it shares");
	check(ready(set, e) == 0, "and what it added went with it");
	child = fork();
	if (child == 0) {
		nanosleep(&(struct timespec){0, 30000000}, NULL);
		write(fd[1], "z", 1);
		_exit(add(set, fd[1], EPOLLOUT) != 0);
	}
	check(epoll_wait(set, e, 8, 20000) >= 1, "a change by a child wakes");
	waitpid(child, &status, 0);
	check(status == 0 && ready(set, e) == 2, "and is seen");
	close(set);
	close(fd[0]);
	close(fd[1]);
}

static void on_signal(int n) { (void)n; }

static void interrupted(void)
{
	struct epoll_event e[8];
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	int set = epoll_create1(0), fd[2];
	pid_t child, parent = getpid();

	pipe(fd);
	add(set, fd[0], EPOLLIN);
	sigaction(SIGUSR1, &action, NULL);
	child = fork();
	if (child == 0) {
		nanosleep(&(struct timespec){0, 30000000}, NULL);
		_exit(kill(parent, SIGUSR1) != 0);
	}
	check(FAILS(epoll_wait(set, e, 8, 20000), EINTR), "a signal interrupts, with SA_RESTART too");
	waitpid(child, NULL, 0);
	close(set);
	close(fd[0]);
	close(fd[1]);
}

static void many(void)
{
	static struct epoll_event e[1000];
	struct rlimit limit = {1024, 1024};
	int set = epoll_create1(0), fds[1000], n = 0, seen = 0;

	setrlimit(RLIMIT_NOFILE, &limit);
	while (n < 1000 && (fds[n] = eventfd(0, EFD_NONBLOCK)) >= 0 && add(set, fds[n], EPOLLIN) == 0)
		n++;
	check(n == 1000, "1,000 descriptors in a set");
	check(epoll_wait(set, e, 1000, 0) == 0, "none is ready");
	for (int i = 0; i < n; i += 100)
		eventfd_write(fds[i], 1);
	check(epoll_wait(set, e, 1000, 0) == 10, "ten are");
	for (int i = 0; i < 5; i++)
		if (epoll_wait(set, e, 2, 0) == 2)
			for (int k = 0; k < 2; k++)
				for (int j = 0; j < n; j += 100)
					if (e[k].data.u64 == 0x100000000ull + (uint32_t)fds[j])
						seen |= 1 << j / 100;
	check(seen == 1023, "two at a time, all have their turn");
	for (int i = 0; i < n; i++)
		close(fds[i]);
	check(epoll_wait(set, e, 1000, 0) == 0, "all closed");
	close(set);
}

int main(void)
{
	errors();
	levels_and_edges();
	closing();
	nested();
	waiting();
	interrupted();
	many();
	return tap_end();
}
