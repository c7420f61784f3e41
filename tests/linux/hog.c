// hog WHAT: use something up, and end (or be ended).
//   touch        memory, page by page, by mmap
//   brk          memory by brk
//   children     the same in ten processes at once
//   forks        processes, to EAGAIN; then all are killed
//   bomb         forks in every child, until killed
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEP (1ul << 20)

static int touch(void)
{
	unsigned long total = 0;

	for (;; total += STEP) {
		char *p = mmap(NULL, STEP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			return printf("errno %d\n", errno), 0;
		for (unsigned long i = 0; i < STEP; i += 4096)
			p[i] = 1;
	}
}

static int grow(void)
{
	for (;;) {
		char *p = sbrk(STEP);

		if (p == (char *)-1)
			return printf("errno %d\n", errno), 0;
		memset(p, 1, STEP);
	}
}

static int children(void)
{
	int status, count = 0;

	for (int i = 0; i < 10; i++)
		if (fork() == 0)
			_exit(touch());
	while (wait(&status) > 0)
		count++;
	printf("%d ended\n", count);
	return 0;
}

static int forks(void)
{
	int count = 0, ended = 0;
	pid_t pid;

	signal(SIGTERM, SIG_IGN);
	setpgid(0, 0);
	while ((pid = fork()) > 0)
		count++;
	if (pid == 0)
		for (;;)
			pause();
	printf("errno %d\n", errno);
	fprintf(stderr, "%d processes\n", count);
	signal(SIGUSR1, SIG_IGN);
	// Children were born before that: they die of it.
	kill(0, SIGUSR1);
	while (wait(NULL) > 0)
		ended++;
	printf("%s\n", ended == count ? "all ended" : "some are missing");
	return 0;
}

static _Noreturn void bomb(void)
{
	for (;;)
		fork();
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	if (!strcmp(argv[1], "touch"))
		return touch();
	if (!strcmp(argv[1], "brk"))
		return grow();
	if (!strcmp(argv[1], "children"))
		return children();
	if (!strcmp(argv[1], "forks"))
		return forks();
	if (!strcmp(argv[1], "bomb"))
		bomb();
	return 2;
}
