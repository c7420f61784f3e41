// A program that runs cannot be written, and a file that is open for writing cannot be run.
// abi: execve (ETXTBSY): whole
// abi: open (ETXTBSY): whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static const char *const path = "/tmp/busytext";

static bool copy(void)
{
	static char bytes[65536];
	int in = open("/proc/self/exe", O_RDONLY), out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t n;

	while ((n = read(in, bytes, sizeof bytes)) > 0)
		if (write(out, bytes, (size_t)n) != n)
			n = -1;
	return close(in) == 0 && close(out) == 0 && n == 0;
}

// Its exit status, or errno of its exec + 100.
static int run(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		execl(path, path, "short", NULL);
		_exit(100 + errno);
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(int argc, char **argv)
{
	int ends[2], back[2], fd, status;
	char c = 0;
	pid_t child;

	if (argc > 1 && !strcmp(argv[1], "short"))
		return 5;
	if (argc > 1) {
		(void)!write(4, "x", 1);
		return read(3, &c, 1) != 1;
	}
	for (int i = 3; i < 16; i++)
		close(i);
	check(copy() && run() == 5, "a copy of this program runs");
	fd = open(path, O_RDONLY);
	check(run() == 5 && close(fd) == 0, "also while it is read");
	fd = open(path, O_RDWR);
	check(run() == 100 + ETXTBSY, "not while it is open for writing");
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check(close(fd) == 0 && run() == 100 + ETXTBSY, "nor while it is mapped so");
	check(munmap(p, 4096) == 0 && run() == 5, "but then");
	if (pipe(ends) || pipe(back))
		return 1;
	child = fork();
	if (child == 0) {
		dup2(ends[0], 3);
		dup2(back[1], 30);
		dup2(30, 4);
		execl(path, path, "long", NULL);
		_exit(99);
	}
	check(read(back[0], &c, 1) == 1, "it runs");
	check(FAILS(open(path, O_WRONLY), ETXTBSY) && FAILS(open(path, O_RDWR), ETXTBSY) &&
		      FAILS(open(path, O_RDONLY | O_TRUNC), ETXTBSY) && FAILS(truncate(path, 0), ETXTBSY),
	      "and cannot be written");
	fd = open(path, O_RDONLY);
	check(fd >= 0 && close(fd) == 0 && chmod(path, 0711) == 0 && chmod(path, 0755) == 0, "but read, and changed");
	check(write(ends[1], "x", 1) == 1 && waitpid(child, &status, 0) == child && status == 0, "its end");
	fd = open(path, O_RDWR);
	check(fd >= 0 && ftruncate(fd, 0) == 0 && close(fd) == 0, "now it can");
	unlink(path);
	return tap_end();
}
