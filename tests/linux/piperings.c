// Pipes in use for long: two processes that hold its ends, and what takes an end back.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static int ended(pid_t child)
{
	int status = -1;

	return waitpid(child, &status, 0) == child ? status : -1;
}

static void pingpong(void)
{
	int there[2], back[2], good = 0;
	char c;
	pid_t child;

	pipe(there);
	pipe(back);
	child = fork();
	if (child == 0) {
		close(there[1]);
		close(back[0]);
		while (read(there[0], &c, 1) == 1) {
			c++;
			if (write(back[1], &c, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(there[0]);
	close(back[1]);
	for (int i = 0; i < 200; i++) {
		char in = (char)i;

		if (write(there[1], &in, 1) == 1 && read(back[0], &c, 1) == 1 && c == (char)(i + 1))
			good++;
	}
	check(good == 200, "200 bytes there and back");
	close(there[1]);
	check(read(back[0], &c, 1) == 0 && ended(child) == 0, "and the end of both");
	close(back[0]);
}

// Small writes, so that the ends are held, with sizes that wrap and do not.
static void sizes(void)
{
	static char data[70000];
	int fd[2], status;
	uint32_t in = 1, out = 1;
	long total = 0;
	bool is_good = true;
	pid_t child;

	pipe(fd);
	child = fork();
	if (child == 0) {
		for (int i = 0; i < 300; i++) {
			size_t n = (size_t)(i * 977 % 9000 + 1);

			for (size_t k = 0; k < n; k++)
				data[k] = (char)((in = in * 1103515245 + 12345) >> 16);
			if (write(fd[1], data, n) != (ssize_t)n)
				_exit(1);
		}
		_exit(0);
	}
	close(fd[1]);
	for (int i = 0;; i++) {
		ssize_t n = read(fd[0], data, (size_t)(i * 613 % 60000 + 1));

		if (n <= 0)
			break;
		for (ssize_t k = 0; k < n; k++)
			is_good &= data[k] == (char)((out = out * 1103515245 + 12345) >> 16);
		total += n;
	}
	status = ended(child);
	check(is_good && status == 0 && total > 1000000, "bytes come out as they went in");
	close(fd[0]);
}

// A second process writes, while the first goes on.
static void second_writer(void)
{
	int fd[2], counts[3] = {0, 0, 0};
	pid_t children[3];
	char line[16];

	pipe(fd);
	for (int w = 0; w < 3; w++) {
		children[w] = fork();
		if (children[w] == 0) {
			memset(line, 'a' + w, sizeof line);
			for (int i = 0; i < 400; i++) {
				if (write(fd[1], line, sizeof line) != sizeof line)
					_exit(1);
				if (w && i % 50 == 0)
					usleep(1000);
			}
			_exit(0);
		}
	}
	close(fd[1]);
	while (read(fd[0], line, sizeof line) == sizeof line) {
		bool is_whole = line[0] >= 'a' && line[0] <= 'c';

		for (size_t i = 1; i < sizeof line; i++)
			is_whole &= line[i] == line[0];
		if (is_whole)
			counts[line[0] - 'a']++;
	}
	check(counts[0] == 400 && counts[1] == 400 && counts[2] == 400, "three writers, every write whole");
	for (int w = 0; w < 3; w++)
		check(ended(children[w]) == 0, "a writer");
	close(fd[0]);
}

// Both sides of a fork read: together they get everything.
static void second_reader(void)
{
	int fd[2], result[2], mine = 0, theirs = 0;
	pid_t child;
	char c;

	pipe(fd);
	pipe(result);
	for (int i = 0; i < 20; i++) {
		write(fd[1], "x", 1);
		read(fd[0], &c, 1);
	}
	for (int i = 0; i < 5000; i++)
		write(fd[1], "x", 1);
	child = fork();
	close(fd[1]);
	while (read(fd[0], &c, 1) == 1)
		mine++;
	if (child == 0) {
		write(result[1], &mine, sizeof mine);
		_exit(0);
	}
	read(result[0], &theirs, sizeof theirs);
	check(mine + theirs == 5000 && ended(child) == 0, "two readers share the bytes");
	close(fd[0]);
	close(result[0]);
	close(result[1]);
}

static void killed_writer(void)
{
	int fd[2], count = 0;
	pid_t child;
	char c;

	pipe(fd);
	child = fork();
	if (child == 0) {
		for (int i = 0; i < 100; i++)
			write(fd[1], "k", 1);
		pause();
	}
	close(fd[1]);
	while (count < 100 && read(fd[0], &c, 1) == 1)
		count++;
	kill(child, SIGKILL);
	check(count == 100 && read(fd[0], &c, 1) == 0, "a killed writer: its bytes, and the end");
	check(ended(child) == SIGKILL, "killed");
	close(fd[0]);
}

static volatile int broken;
static void on_pipe(int n) { broken += n == SIGPIPE; }

static void killed_reader(void)
{
	static char data[5000];
	int fd[2], good = 0;
	pid_t child;
	char c;

	signal(SIGPIPE, on_pipe);
	pipe(fd);
	child = fork();
	if (child == 0) {
		for (int i = 0; i < 20; i++)
			read(fd[0], &c, 1);
		pause();
	}
	close(fd[0]);
	for (int i = 0; i < 20; i++)
		good += write(fd[1], "r", 1) == 1;
	kill(child, SIGKILL);
	check(ended(child) == SIGKILL && good == 20, "a killed reader");
	check(FAILS(write(fd[1], "r", 1), EPIPE) && broken == 1, "EPIPE and SIGPIPE");
	close(fd[1]);
	pipe(fd);
	child = fork();
	if (child == 0) {
		close(fd[1]);
		usleep(40000);
		_exit(0);
	}
	close(fd[0]);
	for (int i = 0; i < 10; i++)
		write(fd[1], "r", 1);
	for (good = 0; write(fd[1], data, 5000) > 0; good++)
		;
	check(errno == EPIPE && good >= 11 && broken >= 2, "a writer that waits for room hears of the end");
	ended(child);
	close(fd[1]);
	signal(SIGPIPE, SIG_DFL);
}

static void settings(void)
{
	static char data[65536];
	int fd[2], left = 0;

	pipe(fd);
	for (int i = 0; i < 10; i++)
		write(fd[1], "0123456789", 10);
	check(ioctl(fd[0], FIONREAD, &left) == 0 && left == 100, "FIONREAD");
	check(fcntl(fd[0], F_GETPIPE_SZ) == 65536, "F_GETPIPE_SZ");
	check(fcntl(fd[1], F_SETPIPE_SZ, 5000) == 8192 && fcntl(fd[0], F_GETPIPE_SZ) == 8192, "F_SETPIPE_SZ");
	check(read(fd[0], data, sizeof data) == 100 && memcmp(data + 90, "0123456789", 10) == 0, "keeps what is there");
	fcntl(fd[1], F_SETFL, O_NONBLOCK);
	check(write(fd[1], data, sizeof data) == 8192 && FAILS(write(fd[1], data, 1), EAGAIN), "8 KiB fit");
	check(FAILS(fcntl(fd[1], F_SETPIPE_SZ, 4096), EBUSY), "EBUSY");
	check(fcntl(fd[1], F_SETPIPE_SZ, 1 << 20) == 1 << 20, "1 MiB");
	check(write(fd[1], data, sizeof data) == sizeof data, "64 KiB more");
	check(FAILS(fcntl(fd[1], F_SETPIPE_SZ, 0xffffffffu), EINVAL), "EINVAL");
	close(fd[0]);
	close(fd[1]);
	pipe(fd);
	for (int i = 0; i < 20; i++) {
		write(fd[1], "x", 1);
		read(fd[0], data, 1);
	}
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	check(FAILS(read(fd[0], data, 1), EAGAIN), "O_NONBLOCK of an end that is held");
	fcntl(fd[1], F_SETFL, O_NONBLOCK);
	check(write(fd[1], data, sizeof data) == sizeof data && FAILS(write(fd[1], data, 1), EAGAIN), "and of the other");
	check(FAILS(read(fd[0], (void *)8, 1), EFAULT), "EFAULT");
	check(read(fd[0], data, sizeof data) == sizeof data, "takes nothing");
	check(FAILS(write(fd[1], (void *)8, 1), EFAULT), "EFAULT of a write");
	check(FAILS(read(fd[0], data, 1), EAGAIN), "puts nothing");
	check(FAILS(read(fd[1], data, 1), EBADF) && FAILS(write(fd[0], data, 1), EBADF), "the wrong ends");
	close(fd[0]);
	close(fd[1]);
}

static void on_alarm(int n) { (void)n; }

static void interrupted(void)
{
	struct sigaction action = {.sa_handler = on_alarm};
	static char data[65536];
	int fd[2];
	char c;

	pipe(fd);
	for (int i = 0; i < 20; i++) {
		write(fd[1], "x", 1);
		read(fd[0], &c, 1);
	}
	sigaction(SIGALRM, &action, NULL);
	ualarm(20000, 0);
	check(FAILS(read(fd[0], &c, 1), EINTR), "a signal interrupts a read");
	write(fd[1], data, 65000);
	ualarm(20000, 0);
	check(FAILS(write(fd[1], data, 1000), EINTR), "and a write of which nothing fits");
	ualarm(20000, 0);
	check(write(fd[1], data, 536 + 4096) == 536, "of another, what fits is told");
	close(fd[0]);
	close(fd[1]);
}

static void polled(void)
{
	int fd[2], status;
	struct pollfd p;
	pid_t child;
	char c;

	pipe(fd);
	p = (struct pollfd){fd[0], POLLIN, 0};
	for (int i = 0; i < 20; i++) {
		write(fd[1], "x", 1);
		read(fd[0], &c, 1);
	}
	check(poll(&p, 1, 0) == 0, "poll of an empty end that is held");
	write(fd[1], "x", 1);
	check(poll(&p, 1, 0) == 1 && p.revents == POLLIN, "of one that is not empty");
	read(fd[0], &c, 1);
	child = fork();
	if (child == 0) {
		usleep(30000);
		_exit(write(fd[1], "y", 1) != 1);
	}
	check(poll(&p, 1, 20000) == 1 && p.revents == POLLIN, "poll waits");
	status = ended(child);
	close(fd[1]);
	check(read(fd[0], &c, 1) == 1 && c == 'y' && status == 0, "for a child");
	check(poll(&p, 1, 20000) == 1 && p.revents == POLLHUP, "and the end");
	close(fd[0]);
}

static void executed(const char *self)
{
	int fd[2], status, count = 0;
	pid_t child;
	char c, number[12];

	pipe(fd);
	sprintf(number, "%d", fd[1]);
	child = fork();
	if (child == 0) {
		for (int i = 0; i < 20; i++)
			write(fd[1], "a", 1);
		execl(self, self, number, NULL);
		_exit(1);
	}
	close(fd[1]);
	while (read(fd[0], &c, 1) == 1)
		count++;
	status = ended(child);
	check(count == 40 && status == 0, "what execs goes on writing");
	close(fd[0]);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		for (int i = 0; i < 20; i++)
			write(atoi(argv[1]), "b", 1);
		return 0;
	}
	pingpong();
	sizes();
	second_writer();
	second_reader();
	killed_writer();
	killed_reader();
	settings();
	interrupted();
	polled();
	executed(argv[0]);
	return tap_end();
}
