// Costs of Linux system calls and of small jobs, in ticks of the time-stamp counter: one for each
// instruction under `-icount shift=0`. The same program runs on Pith and on Linux.
//
//   linux [--repeat N] [ROW,ROW...]  measure these rows, or all; each in a process of its own
//   linux --list                     their names
//   linux --operations               the same, and how many operations a repetition has
//   linux --tick                     ticks in a microsecond, by the system's clock
//
// Prints `name<TAB>value<TAB>unit[<TAB>check]`, the minimum of N repetitions of a loop less those
// of an empty loop; or `name<TAB>-<TAB>errno<TAB>what failed`, or `name<TAB>-<TAB>signal N`.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "row.h"

static const struct row *const tables[] = {call_rows,	file_rows,    pipe_rows,   thread_rows,
					   signal_rows, process_rows, memory_rows, job_rows};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

static const char *current = "?";
static uint64_t check;
static int has_check;

// By hand and in one write: stdio's state is copied by the fork of many rows.
static void print_line(const char *line)
{
	if (write(1, line, strlen(line)) < 0)
		_exit(1);
}

_Noreturn void row_fail(const char *what, int error)
{
	char line[200];

	snprintf(line, sizeof(line), "linux.%s\t-\t%d\t%s\n", current, error, what);
	print_line(line);
	_exit(0);
}

void row_expect(int ok, const char *what)
{
	if (!ok)
		row_fail(what, errno);
}

void row_check(const char *path)
{
	unsigned char buffer[4096];
	uint64_t hash = 0xcbf29ce484222325u;
	int fd = open(path, O_RDONLY);
	ssize_t got;

	row_expect(fd >= 0, "open of the output");
	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		for (ssize_t i = 0; i < got; i++)
			hash = (hash ^ buffer[i]) * 0x100000001b3u;
	row_expect(got == 0, "read of the output");
	close(fd);
	check = hash;
	has_check = 1;
}

static void nothing(void)
{
	__asm__ volatile("" ::: "memory");
}

static __attribute__((noinline)) uint64_t loop(void (*op)(void), unsigned count)
{
	uint64_t from = ticks();

	for (unsigned i = 0; i < count; i++)
		op();
	return ticks() - from;
}

// Of many: an empty loop that was disturbed would make a row too cheap.
static uint64_t best_empty(unsigned count)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 20; i++) {
		uint64_t value = loop(nothing, count);

		if (value < best)
			best = value;
	}
	return best;
}

static uint64_t operations(const struct row *row)
{
	return (uint64_t)(row->per ? row->per : 1) * (row->measure ? 1 : row->count);
}

static void measure(const struct row *row, int repeat)
{
	uint64_t best = UINT64_MAX, empty = row->measure ? 0 : best_empty(row->count);
	uint64_t per = operations(row);
	char line[200];

	MARK(MARK_ROW);
	current = row->name;
	errno = 0;
	if (row->setup)
		row->setup();
	for (int i = 0; i < repeat; i++) {
		uint64_t value = row->measure ? row->measure() : loop(row->op, row->count);

		if (value < best)
			best = value;
	}
	best = best > empty ? best - empty : 0;
	if (has_check)
		snprintf(line, sizeof(line), "linux.%s\t%lu\tticks\t%016lx\n", row->name,
			 (unsigned long)(best / per), (unsigned long)check);
	else
		snprintf(line, sizeof(line), "linux.%s\t%lu\tticks\n", row->name,
			 (unsigned long)(best / per));
	print_line(line);
}

static const struct row *row_find(const char *name)
{
	for (size_t t = 0; t < TABLES; t++)
		for (const struct row *row = tables[t]; row->name; row++)
			if (!strcmp(row->name, name))
				return row;
	return NULL;
}

// A new process for each row: it starts as any program does, and may fail alone.
static void start(const char *self, const char *name, const char *repeat)
{
	char *arguments[] = {(char *)self, "--row", (char *)name, (char *)repeat, NULL};
	char line[200];
	int status = 0;
	pid_t child = fork();

	current = name;
	if (child == 0) {
		execv(self, arguments);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		snprintf(line, sizeof(line), "linux.%s\t-\t%d\tfork\n", name, errno);
	else if (WIFSIGNALED(status))
		snprintf(line, sizeof(line), "linux.%s\t-\tsignal %d\n", name, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		snprintf(line, sizeof(line), "linux.%s\t-\tstatus %d\n", name, WEXITSTATUS(status));
	else
		return;
	print_line(line);
}

static void start_all(const char *self, const char *repeat)
{
	for (size_t t = 0; t < TABLES; t++)
		for (const struct row *row = tables[t]; row->name; row++)
			start(self, row->name, repeat);
}

static void list(void)
{
	for (size_t t = 0; t < TABLES; t++)
		for (const struct row *row = tables[t]; row->name; row++)
			puts(row->name);
}

static void list_operations(void)
{
	for (size_t t = 0; t < TABLES; t++)
		for (const struct row *row = tables[t]; row->name; row++)
			printf("%s %lu\n", row->name, (unsigned long)operations(row));
}

static uint64_t microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void print_tick(void)
{
	uint64_t from = microseconds(), start_ticks = ticks(), now;

	while ((now = microseconds()) < from + 200000)
		;
	printf("%.3f\n", (double)(ticks() - start_ticks) / (double)(now - from));
}

int main(int argc, char **argv)
{
	const char *repeat = "3";
	int first = 1;

	if (argc == 4 && !strcmp(argv[1], "--row")) {
		if (!row_find(argv[2]))
			return 2;
		measure(row_find(argv[2]), atoi(argv[3]));
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "--list"))
		return list(), 0;
	if (argc == 2 && !strcmp(argv[1], "--operations"))
		return list_operations(), 0;
	if (argc == 2 && !strcmp(argv[1], "--tick"))
		return print_tick(), 0;
	if (argc > 2 && !strcmp(argv[1], "--repeat")) {
		repeat = argv[2];
		first = 3;
	}
	mkdir(WORK, 0755);
	if (first == argc)
		start_all(argv[0], repeat);
	// With commas: Linux gives its first program no more than 32 arguments.
	if (first < argc)
		for (char *name = strtok(argv[first], ","); name; name = strtok(NULL, ","))
			start(argv[0], name, repeat);
	return 0;
}
