// Many of everything: processes, descriptors, mappings, pipes. Nothing may be lost: the free memory
// (sysinfo) after a second round is that after the first.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static char *self;

static unsigned long memory_free(void)
{
	struct sysinfo info;

	return sysinfo(&info) ? 0 : info.freeram / 1024;
}

static bool end_is(pid_t pid, int expected)
{
	int status = -1;

	return pid > 0 && waitpid(pid, &status, 0) == pid && status == expected;
}

static bool forks(int count)
{
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(3);
		if (!end_is(pid, 3 << 8))
			return false;
	}
	return true;
}

static pid_t start(void)
{
	static char *argv[] = {NULL, "nothing", NULL};
	pid_t pid;

	argv[0] = self;
	pid = vfork();
	if (pid == 0) {
		execv(self, argv);
		_exit(4);
	}
	return pid;
}

static bool execs(int count)
{
	for (int i = 0; i < count; i++)
		if (!end_is(start(), 5 << 8))
			return false;
	return true;
}

// Children with 50 descriptors and a pipe, killed in the middle.
static bool kills(int count)
{
	for (int i = 0; i < count; i++) {
		int p[2];
		char c;

		if (pipe(p))
			return false;
		pid_t pid = fork();

		if (pid == 0) {
			for (int j = 0; j < 50; j++)
				if (open(j % 2 ? "/etc/passwd" : "/dev/null", O_RDWR) < 0)
					_exit(6);
			if (write(p[1], "x", 1) == 1)
				pause();
			_exit(7);
		}
		close(p[1]);
		if (pid < 0 || read(p[0], &c, 1) != 1 || kill(pid, SIGKILL) || !end_is(pid, SIGKILL) ||
		    read(p[0], &c, 1) != 0)
			return false;
		close(p[0]);
	}
	return true;
}

static bool mappings(int count)
{
	char *first = mmap(NULL, (size_t)count * 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	bool is_good = first != MAP_FAILED;

	for (int i = 0; i < count && is_good; i++)
		first[i * 4096l] = (char)i;
	for (int i = 0; i < count && is_good; i += 2)
		is_good = mprotect(first + i * 4096l, 4096, PROT_READ) == 0;
	for (int i = 0; i < count && is_good; i++)
		is_good = first[i * 4096l] == (char)i;
	for (int i = 1; i < count && is_good; i += 2)
		is_good = munmap(first + i * 4096l, 4096) == 0;
	for (int i = 0; i < count && is_good; i += 2)
		is_good = first[i * 4096l] == (char)i;
	return is_good && munmap(first, (size_t)count * 4096) == 0;
}

static bool pipes(int count)
{
	int (*p)[2] = calloc((size_t)count, sizeof *p), made = 0;
	bool is_good = true;
	char c = 0;

	while (made < count && pipe(p[made]) == 0)
		made++;
	for (int i = 0; i < made; i++)
		is_good &= write(p[i][1], "p", 1) == 1;
	for (int i = 0; i < made; i++)
		is_good &= read(p[i][0], &c, 1) == 1 && c == 'p' && close(p[i][0]) == 0 && close(p[i][1]) == 0;
	free(p);
	return is_good && made == count;
}

static bool files(int count)
{
	char name[64];
	bool is_good = mkdir("/tmp/many", 0755) == 0;

	for (int i = 0; i < count && is_good; i++) {
		snprintf(name, sizeof name, "/tmp/many/file-%d", i);
		is_good = close(open(name, O_CREAT | O_EXCL | O_WRONLY, 0600)) == 0;
	}
	for (int i = 0; i < count && is_good; i++) {
		snprintf(name, sizeof name, "/tmp/many/file-%d", i);
		is_good = unlink(name) == 0;
	}
	return rmdir("/tmp/many") == 0 && is_good;
}

static void twice(bool (*round)(int), int count, const char *name)
{
	char text[120];
	unsigned long before, after;
	bool is_good = round(count / 2 ? count / 2 : 1);

	before = memory_free();
	is_good &= round(count / 2 ? count / 2 : 1);
	after = memory_free();
	snprintf(text, sizeof text, "%d %s (%lu then %lu KiB free)", count, name, before, after);
	check(is_good && after + 64 >= before, text);
}

int main(int argc, char **argv)
{
	int scale = argc > 1 ? atoi(argv[1]) : 1;

	if (argc > 1 && !strcmp(argv[1], "nothing"))
		return 5;
	self = argv[0];
	scale = scale > 0 ? scale : 1;
	twice(forks, 5000 / scale, "forks");
	twice(execs, 2000 / scale, "vforks with exec");
	twice(kills, 2000 / scale, "killed processes with 50 descriptors each");
	twice(mappings, 4000 / scale, "pages of alternating rights");
	twice(pipes, 400 / scale, "pipes");
	twice(files, 10000 / scale, "files in a directory");
	return tap_end();
}
