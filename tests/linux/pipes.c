#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static volatile int pipes_broken;
static void on_pipe(int n) { pipes_broken += n == SIGPIPE; }

int main(void)
{
	static char data[300000];
	struct pollfd p[2];
	struct timeval zero = {0, 0};
	fd_set set;
	char c;
	int fd[2], status;
	size_t got = 0;
	pid_t child;

	check(pipe(fd) == 0, "pipe");
	check(write(fd[1], "xyz", 3) == 3 && read(fd[0], &c, 1) == 1 && c == 'x', "one byte");
	check(read(fd[0], data, 100) == 2, "a short read");
	p[0] = (struct pollfd){fd[0], POLLIN, 0};
	p[1] = (struct pollfd){fd[1], POLLOUT, 0};
	check(poll(p, 2, 0) == 1 && p[0].revents == 0 && p[1].revents == POLLOUT, "poll of an empty pipe");
	check(poll(p, 1, 30) == 0, "poll waits and gives up");
	write(fd[1], "q", 1);
	check(poll(p, 1, -1) == 1 && p[0].revents == POLLIN, "poll of a full one");
	FD_ZERO(&set);
	FD_SET(fd[0], &set);
	check(select(fd[0] + 1, &set, NULL, NULL, &zero) == 1 && FD_ISSET(fd[0], &set), "select");
	read(fd[0], &c, 1);
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	check(FAILS(read(fd[0], &c, 1), EAGAIN), "O_NONBLOCK");
	fcntl(fd[0], F_SETFL, 0);
	child = fork();
	if (child == 0) {
		close(fd[0]);
		memset(data, 'd', sizeof data);
		_exit(write(fd[1], data, sizeof data) == sizeof data ? 0 : 1);
	}
	close(fd[1]);
	for (ssize_t n; (n = read(fd[0], data, sizeof data)) > 0;)
		got += (size_t)n;
	check(got == sizeof data, "300,000 bytes from a child");
	check(waitpid(child, &status, 0) == child && status == 0, "its write was whole");
	close(fd[0]);
	signal(SIGPIPE, on_pipe);
	pipe(fd);
	close(fd[0]);
	check(FAILS(write(fd[1], "x", 1), EPIPE) && pipes_broken == 1, "EPIPE and SIGPIPE");
	signal(SIGPIPE, SIG_IGN);
	check(FAILS(write(fd[1], "x", 1), EPIPE), "EPIPE with SIGPIPE ignored");
	check(FAILS(lseek(fd[1], 0, SEEK_SET), ESPIPE), "ESPIPE");
	close(fd[1]);
	return tap_end();
}
