// Every byte that goes through a pipe arrives, once and in order, whatever the sizes of writes and reads.
// abi: read (of a pipe): whole
// abi: write (to a pipe): whole
// abi: pipe: whole
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define TOTAL 600000u

static uint8_t byte_at(uint32_t n) { return (uint8_t)(n * 2654435761u >> 24); }

static void writer(int fd, size_t size)
{
	static uint8_t buffer[131072];

	for (uint32_t done = 0; done < TOTAL;) {
		size_t n = TOTAL - done < size ? TOTAL - done : size;
		ssize_t written;

		for (size_t i = 0; i < n; i++)
			buffer[i] = byte_at(done + (uint32_t)i);
		written = write(fd, buffer, n);
		if (written <= 0)
			_exit(1);
		done += (uint32_t)written;
	}
	_exit(0);
}

// How many bytes arrived before the first wrong one.
static uint32_t reader(int fd, size_t size)
{
	static uint8_t buffer[131072];
	uint32_t done = 0;
	ssize_t n;

	while ((n = read(fd, buffer, size)) > 0)
		for (ssize_t i = 0; i < n; i++, done++)
			if (buffer[i] != byte_at(done))
				return done;
	return done;
}

static void through(size_t write_size, size_t read_size)
{
	char name[64];
	int ends[2], status = 1;
	uint32_t good;
	pid_t pid;

	snprintf(name, sizeof name, "writes of %zu, reads of %zu", write_size, read_size);
	if (pipe(ends) || (pid = fork()) < 0) {
		check(false, name);
		return;
	}
	if (pid == 0) {
		close(ends[0]);
		writer(ends[1], write_size);
	}
	close(ends[1]);
	good = reader(ends[0], read_size);
	close(ends[0]);
	waitpid(pid, &status, 0);
	if (good != TOTAL)
		printf("# wrong from byte %u\n", good);
	check(good == TOTAL && status == 0, name);
}

int main(void)
{
	static const size_t sizes[] = {100, 512, 1000, 1024, 4095, 4096, 4097, 8192, 16384, 65536, 131072};
	const size_t count = sizeof sizes / sizeof sizes[0];

	for (size_t w = 0; w < count; w++)
		for (size_t r = 0; r < count; r++)
			through(sizes[w], sizes[r]);
	return tap_end();
}
