// Calls that the library answers in a few instructions: they do what they do the long way, too.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define WARM 6  // transfers after which a pipe may be used another way

static long call_raw(long number, long a, long b, long c)
{
	long result = number;

	__asm__ volatile("syscall" : "+a"(result) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return result;
}

static void numbers(void)
{
	check(call_raw(SYS_getpid, 0, 0, 0) == getpid(), "a number");
	check(call_raw((long)(0x500000000 + SYS_getpid), 0, 0, 0) == getpid(), "only 32 bits of a number count");
	check(call_raw(-1, 0, 0, 0) == -ENOSYS && call_raw(100000, 0, 0, 0) == -ENOSYS &&
	      call_raw(0xffffffff, 0, 0, 0) == -ENOSYS && call_raw(5000, 0, 0, 0) == -ENOSYS,
	      "numbers that are none");
	check(call_raw(SYS_gettid, 0, 0, 0) == getpid() && call_raw(SYS_getppid, 0, 0, 0) == getppid() &&
	      call_raw(SYS_getpgrp, 0, 0, 0) == getpgid(0) && call_raw(SYS_geteuid, 0, 0, 0) == (long)geteuid(),
	      "who one is");
}


static char *page_make(int protection)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(page, 0, 4096);
	mprotect(page, 4096, protection);
	return page;
}

static int ends[2];

// A pipe with which this process alone has to do, used for a while.
static void pipe_make(void)
{
	char byte = 0;

	if (pipe(ends))
		_exit(1);
	for (int i = 0; i < WARM; i++)
		if (write(ends[1], &byte, 1) != 1 || read(ends[0], &byte, 1) != 1)
			_exit(1);
}

static void pipe_close(void)
{
	close(ends[0]);
	close(ends[1]);
}

static void pipe_pieces(void)
{
	char out[97], in[97];
	uint32_t sent = 0, got = 0;
	bool is_ok = true;

	pipe_make();
	for (int i = 0; i < 20000 && is_ok; i++) {
		size_t n = 1 + (size_t)i % sizeof out;

		for (size_t k = 0; k < n; k++)
			out[k] = (char)(sent++ * 7);
		is_ok = write(ends[1], out, n) == (ssize_t)n && read(ends[0], in, sizeof in) == (ssize_t)n;
		for (size_t k = 0; k < n; k++)
			is_ok = is_ok && in[k] == (char)(got++ * 7);
	}
	check(is_ok, "pieces of all sizes go around a pipe's buffer");
	is_ok = write(ends[1], "abc", 3) == 3 && read(ends[0], in, 2) == 2 && read(ends[0], in + 2, 50) == 1;
	check(is_ok && !memcmp(in, "abc", 3), "a read takes what is there");
	pipe_close();
}

static void pipe_wild(void)
{
	char *none = page_make(PROT_NONE), in[4] = "";

	pipe_make();
	check(write(ends[1], "ab", 2) == 2 && FAILS(read(ends[0], none, 2), EFAULT) &&
	      FAILS(read(ends[0], none, 1), EFAULT) && read(ends[0], in, 4) == 2 && !memcmp(in, "ab", 2),
	      "a read into nothing takes nothing");
	check(FAILS(write(ends[1], none, 1), EFAULT) && FAILS(write(ends[1], none, 9), EFAULT) &&
	      FAILS(write(ends[1], (void *)-9, 9), EFAULT) && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 &&
	      FAILS(read(ends[0], in, 4), EAGAIN), "a write from nothing writes nothing");
	check(FAILS(write(ends[0], in, 1), EBADF) && FAILS(read(ends[1], in, 1), EBADF), "an end goes one way");
	check(read(ends[0], in, 0) == 0 && write(ends[1], in, 0) == 0, "nothing to move");
	pipe_close();
}

static void pipe_ends(void)
{
	char byte;

	signal(SIGPIPE, SIG_IGN);
	pipe_make();
	close(ends[0]);
	check(FAILS(write(ends[1], "x", 1), EPIPE), "no reader");
	close(ends[1]);
	pipe_make();
	check(write(ends[1], "x", 1) == 1 && close(ends[1]) == 0 && read(ends[0], &byte, 1) == 1 && byte == 'x' &&
	      read(ends[0], &byte, 1) == 0, "what was written before the end, then the end");
	close(ends[0]);
}

static void echo(int from, int to, int turns)
{
	char buffer[512];

	for (int i = 0; i < turns; i++) {
		ssize_t n = read(from, buffer, sizeof buffer);

		if (n <= 0 || write(to, buffer, (size_t)n) != n)
			_exit(1);
	}
	_exit(0);
}

static bool turns_do(int to, int from, int turns)
{
	char out[512], in[512];

	for (int i = 0; i < turns; i++) {
		ssize_t n = 1 + i * 37 % 500, got = 0;

		memset(out, i, sizeof out);
		if (write(to, out, (size_t)n) != n)
			return false;
		while (got < n) {
			ssize_t step = read(from, in + got, (size_t)(n - got));

			if (step <= 0)
				return false;
			got += step;
		}
		if (memcmp(in, out, (size_t)n))
			return false;
	}
	return true;
}

static bool is_exit_0(pid_t child)
{
	int status;

	return waitpid(child, &status, 0) == child && status == 0;
}

// The other end's process changes while this one goes on.
static void partners(void)
{
	int there[2], back[2];
	bool is_ok = pipe(there) == 0 && pipe(back) == 0;

	for (int i = 0; i < 4 && is_ok; i++) {
		pid_t child = fork();

		if (child == 0)
			echo(there[0], back[1], 300);
		is_ok = turns_do(there[1], back[0], 300) && is_exit_0(child);
	}
	check(is_ok, "one partner after the other at the end of a pipe");
	close(there[0]);
	close(there[1]);
	close(back[0]);
	close(back[1]);
}

// Several writes before the reader runs, each of which finds it asleep.
static void bursts(void)
{
	int there[2], back[2];
	bool is_ok = pipe(there) == 0 && pipe(back) == 0;
	pid_t child = fork();
	char byte = 0;

	if (child == 0) {
		close(there[1]);
		for (int sum = 0; read(there[0], &byte, 1) == 1;)
			if (++sum % 10 == 0 && write(back[1], &byte, 1) != 1)
				_exit(1);
		_exit(0);
	}
	close(there[0]);
	for (int i = 0; i < 300 && is_ok; i++) {
		for (int k = 0; k < 10; k++)
			is_ok = is_ok && write(there[1], &byte, 1) == 1;
		is_ok = is_ok && read(back[0], &byte, 1) == 1;
	}
	close(there[1]);
	check(is_ok && is_exit_0(child), "bursts to a reader that waits");
	close(back[0]);
	close(back[1]);
}

static volatile int alarms;

static void on_alarm(int n) { alarms += n == SIGALRM; }

static void interrupted(void)
{
	struct sigaction a = {.sa_handler = on_alarm}, restart = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	struct itimerval v = {{0, 0}, {0, 20000}};
	int there[2], back[2];
	bool is_ok = pipe(there) == 0 && pipe(back) == 0;
	pid_t child = fork();
	char byte = 0;

	if (child == 0)
		echo(there[0], back[1], 100);
	is_ok = is_ok && turns_do(there[1], back[0], 99);
	sigaction(SIGALRM, &a, NULL);
	setitimer(ITIMER_REAL, &v, NULL);
	check(is_ok && FAILS(read(back[0], &byte, 1), EINTR) && alarms == 1, "a handler breaks a read off");
	sigaction(SIGALRM, &restart, NULL);
	setitimer(ITIMER_REAL, &v, NULL);
	while (alarms < 2)
		;
	check(turns_do(there[1], back[0], 1) && is_exit_0(child), "and the pipe goes on");
}

static void polls(void)
{
	char *page = page_make(PROT_READ | PROT_WRITE);
	struct pollfd *fds = (struct pollfd *)page;
	struct pollfd three[3];
	int other[2];

	pipe_make();
	if (pipe(other))
		_exit(1);
	for (int i = 0; i < 3; i++) {
		three[0] = (struct pollfd){ends[0], POLLIN, 77};
		three[1] = (struct pollfd){-5, POLLIN, 77};
		three[2] = (struct pollfd){other[0], POLLIN | POLLOUT, 77};
		check(poll(three, 3, 0) == 0 && !three[0].revents && !three[1].revents && !three[2].revents,
		      "nothing is ready");
	}
	three[1].fd = 999;
	check(poll(three, 3, 0) == 1 && three[1].revents == POLLNVAL, "a closed descriptor is said to be none");
	three[1].fd = ends[1];
	three[1].events = POLLOUT;
	check(poll(three, 3, -1) == 1 && three[1].revents == POLLOUT, "room is ready");
	check(write(other[1], "x", 1) == 1 && poll(three, 3, 50) == 2 && three[2].revents == POLLIN, "so is input");
	close(other[1]);
	check(poll(three, 3, 0) == 2 && three[2].revents == (POLLIN | POLLHUP), "and the end");
	memcpy(fds, three, sizeof three);
	mprotect(page, 4096, PROT_READ);
	check(FAILS(poll(fds, 3, 0), EFAULT), "a list that cannot be written");
	check(FAILS(poll((struct pollfd *)-16, 1, 0), EFAULT), "a list beyond all memory");
	close(other[0]);
	pipe_close();
}

static void epolls(void)
{
	struct epoll_event events[4], event = {.events = EPOLLIN, .data.u64 = 0x123456789abcdef};
	int set = epoll_create1(0);
	void *none = page_make(PROT_NONE);

	pipe_make();
	check(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event) == 0 && epoll_wait(set, events, 4, 0) == 0,
	      "an empty pipe in a set");
	check(write(ends[1], "x", 1) == 1 && epoll_wait(set, events, 4, 0) == 1 && events[0].events == EPOLLIN &&
	      events[0].data.u64 == event.data.u64 && epoll_wait(set, events, 1, -1) == 1, "one that is ready");
	check(FAILS(epoll_wait(set, none, 4, 0), EFAULT) && epoll_wait(set, events, 4, 0) == 1,
	      "nowhere to put it");
	check(FAILS(epoll_wait(ends[0], events, 4, 0), EINVAL) && FAILS(epoll_wait(set, events, 0, 0), EINVAL) &&
	      FAILS(epoll_wait(999, events, 4, 0), EBADF), "what is no set");
	event.events = EPOLLIN | EPOLLET;
	check(epoll_ctl(set, EPOLL_CTL_MOD, ends[0], &event) == 0 && epoll_wait(set, events, 4, 0) == 1 &&
	      epoll_wait(set, events, 4, 0) == 0, "an edge is told once");
	close(set);
	pipe_close();
}

static void seeks(void)
{
	int fd = open("/tmp/shortways", O_RDWR | O_CREAT | O_TRUNC, 0600), copy;
	char buffer[10] = "";
	bool is_ok = write(fd, "0123456789", 10) == 10;

	for (int i = 0; i < 20; i++)
		is_ok = is_ok && pread(fd, buffer, 1, i % 10) == 1 && buffer[0] == '0' + i % 10;
	copy = dup(fd);
	check(is_ok && lseek(fd, 4, SEEK_SET) == 4 && read(copy, buffer, 2) == 2 && !memcmp(buffer, "45", 2) &&
	      lseek(fd, 0, SEEK_CUR) == 6, "a duplicate has the same offset");
	if (fork() == 0)
		_exit(lseek(fd, 2, SEEK_SET) != 2);
	wait(NULL);
	check(read(fd, buffer, 1) == 1 && buffer[0] == '2', "so has a child");
	check(FAILS(lseek(fd, -1, SEEK_SET), EINVAL) && lseek(fd, -1, SEEK_END) == 9 &&
	      FAILS(lseek(fd, 0, 9), EINVAL) && FAILS(lseek(1000, 0, SEEK_SET), EBADF) &&
	      FAILS(lseek(-1, 0, SEEK_SET), EBADF), "offsets that are none");
	check(lseek(fd, 1l << 40, SEEK_SET) == 1l << 40 && read(fd, buffer, 1) == 0, "beyond the end");
	close(copy);
	close(fd);
	check(FAILS(lseek(fd, 0, SEEK_SET), EBADF), "a closed descriptor");
	unlink("/tmp/shortways");
}

// What wakes partners takes none of the descriptors that a process may have.
static void all_descriptors(void)
{
	int there[2], back[2], count = 0, fd = -1;
	struct rlimit limit = {1024, 1024};
	bool is_ok = setrlimit(RLIMIT_NOFILE, &limit) == 0 && pipe(there) == 0 && pipe(back) == 0;
	pid_t child = fork();

	if (child == 0)
		echo(there[0], back[1], 500);
	close(there[0]);
	close(back[1]);
	is_ok = is_ok && turns_do(there[1], back[0], 250);
	while (is_ok && count < 2000) {
		int next = open("/dev/null", O_RDONLY);

		if (next < 0)
			break;
		fd = next;
		count++;
	}
	check(is_ok && errno == EMFILE && fd == 1023, "all descriptors");
	check(turns_do(there[1], back[0], 250) && is_exit_0(child), "and the pipes go on");
}

int main(void)
{
	numbers();
	pipe_pieces();
	pipe_wild();
	pipe_ends();
	partners();
	bursts();
	interrupted();
	polls();
	epolls();
	seeks();
	all_descriptors();
	return tap_end();
}
