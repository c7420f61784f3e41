// Regular files read, written and asked about many times: what is seen without the server is the same.
// abi: read (regular files): whole
// abi: pread64: whole
// abi: pwrite64: whole
// abi: readv: whole
// abi: lseek SEEK_SET SEEK_CUR SEEK_END: whole
// abi: fstat: whole
// abi: pwritev: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define PAGE 4096
#define SIZE (300 * 1024)
#define TIMES 8  // more than it takes until no message is needed

static uint8_t data[SIZE], copy[SIZE];
static char path[] = "/tmp/fileviewXXXXXX";

static uint8_t byte_at(size_t i) { return (uint8_t)(i * 7 + i / 251 + i / PAGE * 3); }

// A file of `size` bytes, and a descriptor that was used so often that it is quick.
static int warm(int flags, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct stat st;

	if (pwrite(fd, data, size, 0) != (ssize_t)size)
		return -1;
	close(fd);
	fd = open(path, flags);
	for (int i = 0; i < TIMES; i++) {
		fstat(fd, &st);
		lseek(fd, 0, SEEK_CUR);
		pread(fd, copy, 1, 0);
	}
	return fd;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static void reads(void)
{
	int fd = warm(O_RDONLY, SIZE);
	size_t done = 0;
	bool good = true;
	ssize_t n;

	while ((n = read(fd, copy + done, 1 + done % 5000)) > 0)
		done += (size_t)n;
	check(n == 0 && done == SIZE && memcmp(copy, data, SIZE) == 0, "a file is read in odd pieces");
	check(lseek(fd, 0, SEEK_CUR) == SIZE && lseek(fd, -5, SEEK_END) == SIZE - 5, "the offset is at the end");
	check(read(fd, copy, 100) == 5 && read(fd, copy, 100) == 0, "the last bytes, then the end");
	for (uint32_t i = 1, at = 1; i < 400; i++, at = at * 1103515245 + 12345) {
		size_t offset = at % (SIZE + 1000), want = at >> 8 & 0x3fff;
		size_t left = offset < SIZE ? SIZE - offset : 0;

		n = pread(fd, copy, want, (off_t)offset);
		good &= n == (ssize_t)(want < left ? want : left) && memcmp(copy, data + offset, (size_t)n) == 0;
	}
	check(good, "pread at many places");
	check(pread(fd, copy, SIZE, 0) == SIZE && memcmp(copy, data, SIZE) == 0, "all of it in one pread");
	check(FAILS(lseek(fd, -1, SEEK_SET), EINVAL) && FAILS(lseek(fd, 0, 77), EINVAL), "bad seeks");
	check(FAILS(write(fd, "x", 1), EBADF) && FAILS(pwrite(fd, "x", 1, 0), EBADF), "not open for writing");
	check(lseek(fd, SIZE + 100, SEEK_SET) == SIZE + 100 && read(fd, copy, 1) == 0, "beyond the end");
	close(fd);
}

static void vectors(void)
{
	int fd = warm(O_RDWR, 20000);
	struct iovec v[3] = {{copy, 10}, {copy + 100, 0}, {copy + 200, 9000}};

	check(readv(fd, v, 3) == 9010 && !memcmp(copy, data, 10) && !memcmp(copy + 200, data + 10, 9000), "readv");
	memset(copy, 'v', 9200);
	check(pwritev(fd, v, 3, 5000) == 9010 && pread(fd, copy, 9010, 5000) == 9010 && copy[9009] == 'v',
	      "pwritev");
	close(fd);
}

static void shared_offset(void)
{
	int fd = warm(O_RDONLY, 1000), other = dup(fd), status;

	lseek(fd, 0, SEEK_SET);
	check(read(fd, copy, 10) == 10 && lseek(other, 0, SEEK_CUR) == 10, "dup shares the offset");
	if (fork() == 0) {
		bool good = lseek(fd, 0, SEEK_CUR) == 10 && read(other, copy, 5) == 5 && copy[0] == data[10];

		for (int i = 0; i < TIMES; i++)
			good &= read(fd, copy, 2) == 2;
		_exit(good ? 0 : 1);
	}
	wait(&status);
	check(status == 0, "a child goes on where its parent was");
	check(lseek(fd, 0, SEEK_CUR) == 15 + 2 * TIMES, "and its parent where the child was");
	close(other);
	check(read(fd, copy, 1) == 1 && copy[0] == data[15 + 2 * TIMES], "after the other descriptor is closed");
	close(fd);
}

static void cut(void)
{
	int fd = warm(O_RDWR, SIZE), other;
	struct stat st;

	check(ftruncate(fd, 5000) == 0 && fstat(fd, &st) == 0 && st.st_size == 5000, "fstat after a cut");
	check(pread(fd, copy, 100, 5000) == 0 && pread(fd, copy, 9000, 0) == 5000, "reads end where it was cut");
	check(ftruncate(fd, 9000) == 0 && pread(fd, copy, 9000, 0) == 9000 && copy[5000] == 0 && copy[8999] == 0 &&
	      copy[4999] == data[4999], "longer again: zeroes");
	other = open(path, O_RDWR | O_TRUNC);
	check(read(fd, copy, 10) == 0 && fstat(fd, &st) == 0 && st.st_size == 0, "another open cuts it to nothing");
	check(write(other, "new text", 8) == 8 && pread(fd, copy, 100, 0) == 8 && !memcmp(copy, "new text", 8),
	      "and what is written there is read here");
	for (int i = 0; i < TIMES; i++)
		pwrite(other, "A", 1, i % 2);
	check(pread(fd, copy, 8, 0) == 8 && !memcmp(copy, "AAw text", 8), "byte by byte");
	close(other);
	check(truncate(path, 3) == 0 && pread(fd, copy, 8, 0) == 3 && unlink(path) == 0 && fstat(fd, &st) == 0 &&
	      st.st_nlink == 0 && st.st_size == 3, "cut and unlinked by name");
	close(fd);
}

static void writes(void)
{
	int fd = warm(O_RDWR, SIZE), other;
	bool good = true;

	for (size_t i = 0; i < 300; i++) {
		size_t at = i * 977 % (SIZE - 4000), n = 1 + i * 13 % 4000;

		memset(data + at, (int)i, n);
		good &= pwrite(fd, data + at, n, (off_t)at) == (ssize_t)n;
	}
	check(good && pread(fd, copy, SIZE, 0) == SIZE && memcmp(copy, data, SIZE) == 0, "pwrite at many places");
	other = open(path, O_RDONLY);
	check(read(other, copy, SIZE) == SIZE && memcmp(copy, data, SIZE) == 0, "seen by another open");
	close(other);
	check(lseek(fd, -3, SEEK_END) == SIZE - 3 && write(fd, "abcdef", 6) == 6 &&
	      lseek(fd, 0, SEEK_CUR) == SIZE + 3 && pread(fd, copy, 10, SIZE - 3) == 6 && !memcmp(copy, "abcdef", 6),
	      "a write across the end makes it longer");
	check(fcntl(fd, F_SETFL, O_APPEND) == 0 && lseek(fd, 0, SEEK_SET) == 0 && write(fd, "zz", 2) == 2 &&
	      lseek(fd, 0, SEEK_CUR) == SIZE + 5 && pread(fd, copy, 1, 0) == 1 && copy[0] == data[0],
	      "O_APPEND set later");
	close(fd);
	for (size_t i = 0; i < SIZE; i++)
		data[i] = byte_at(i);
}

static void mapped(void)
{
	int fd = warm(O_RDWR, 3 * PAGE);
	const uint8_t *map = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	check(map != MAP_FAILED && map[PAGE] == data[PAGE], "mapped");
	check(pwrite(fd, "new", 3, PAGE) == 3 && !memcmp(map + PAGE, "new", 3), "a write is seen in a mapping");
	munmap((void *)map, 3 * PAGE);
	close(fd);
}

static void times(void)
{
	const struct timespec old[2] = {{1000000, 5}, {2000000, 6}};
	int fd = warm(O_RDWR, 100);
	struct stat before, after, named;

	check(futimens(fd, old) == 0 && fstat(fd, &before) == 0 && before.st_mtim.tv_sec == 2000000, "times are set");
	check(pread(fd, copy, 1, 0) == 1 && fstat(fd, &after) == 0 && after.st_atim.tv_sec > 1000000 &&
	      same_time(after.st_mtim, before.st_mtim), "a read is noted when none was since the last write");
	before = after;
	check(pwrite(fd, "x", 1, 0) == 1 && stat(path, &named) == 0 && named.st_mtim.tv_sec > 2000000 &&
	      same_time(named.st_mtim, named.st_ctim), "a write is noted, by name");
	check(fstat(fd, &after) == 0 && same_time(after.st_mtim, named.st_mtim), "and by descriptor");
	futimens(fd, old);
	check(pwrite(fd, "x", 1, 0) == 1 && futimens(fd, old) == 0 && fstat(fd, &after) == 0 &&
	      after.st_mtim.tv_sec == 2000000, "times set after a write stay");
	close(fd);
	fd = warm(O_RDWR, 100);
	futimens(fd, old);
	pwrite(fd, "x", 1, 0);
	close(fd);
	check(stat(path, &named) == 0 && named.st_mtim.tv_sec > 2000000, "a write is noted when it is closed at once");
}

static void bits(void)
{
	int fd = warm(O_RDWR, 100);
	struct stat st;

	pwrite(fd, "x", 1, 0);
	check(fchmod(fd, 04755) == 0 && fstat(fd, &st) == 0 && (st.st_mode & 07777) == 04755, "fchmod");
	if (getuid() != 0)
		check(pwrite(fd, "x", 1, 0) == 1 && fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0755,
		      "a write takes the set-user-id bit away");
	close(fd);
}

static void bad_buffers(void)
{
	int fd = warm(O_RDWR, 3 * PAGE);
	uint8_t *memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(memory + PAGE, PAGE, PROT_NONE);
	lseek(fd, 0, SEEK_SET);
	check(FAILS(read(fd, memory + PAGE, 10), EFAULT) && lseek(fd, 0, SEEK_CUR) == 0, "EFAULT moves no offset");
	check(FAILS(pwrite(fd, memory + PAGE, 10, 0), EFAULT), "EFAULT of a write");
	check(FAILS(syscall(SYS_fstat, fd, memory + PAGE), EFAULT), "EFAULT of fstat");
	check(FAILS(pread(fd, (void *)-4096l, 1, 0), EFAULT), "EFAULT far away");
	check(pread(fd, copy, PAGE, 0) == PAGE && memcmp(copy, data, PAGE) == 0, "and the file is as it was");
	close(fd);
	munmap(memory, 2 * PAGE);
}

// More files than there are views.
static void many(void)
{
	enum { FILES = 60 };
	int fds[FILES];
	bool good = true;
	char name[40];

	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof name, "%s.%d", path, i);
		fds[i] = open(name, O_RDWR | O_CREAT, 0600);
		good &= write(fds[i], &i, sizeof i) == sizeof i;
	}
	for (int round = 0; round < 30; round++)
		for (int i = 0; i < FILES; i++) {
			int value = -1;

			good &= pread(fds[i], &value, sizeof value, 0) == sizeof value && value == i + (round > 20);
			value = i + 1;
			if (round == 20)
				good &= pwrite(fds[i], &value, sizeof value, 0) == sizeof value;
		}
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof name, "%s.%d", path, i);
		close(fds[i]);
		unlink(name);
	}
	check(good, "sixty files in turn");
}

static void sparse(void)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	bool good = ftruncate(fd, SIZE) == 0 && pwrite(fd, "end", 3, SIZE - 3) == 3;

	memset(copy, 1, SIZE);
	for (int i = 0; i < TIMES; i++)
		good &= pread(fd, copy, PAGE, i * PAGE) == PAGE && copy[0] == 0 && copy[PAGE - 1] == 0;
	check(good && pread(fd, copy, SIZE, 0) == SIZE && copy[SIZE / 2] == 0 && !memcmp(copy + SIZE - 3, "end", 3),
	      "holes are zeroes");
	check(pwrite(fd, "mid", 3, SIZE / 2) == 3 && pread(fd, copy, 3, SIZE / 2) == 3 && !memcmp(copy, "mid", 3),
	      "until they are written");
	close(fd);
}

// Small writes that make a file longer, as a compiler's or a log's.
static void grows(int flags, const char *name)
{
	int fd = open(path, flags | O_CREAT | O_TRUNC, 0600), other;
	bool good = true;
	size_t done = 0;
	struct stat st;

	for (int i = 0; done < SIZE; i++) {
		size_t n = 1 + (size_t)i * 37 % 700;

		n = n < SIZE - done ? n : SIZE - done;
		good &= write(fd, data + done, n) == (ssize_t)n;
		done += n;
		if (i % 97 == 0)
			good &= fstat(fd, &st) == 0 && (size_t)st.st_size == done;
		if (i % 101 == 0)
			good &= lseek(fd, 0, SEEK_END) == (off_t)done;
		if (i % 113 == 0)
			good &= stat(path, &st) == 0 && (size_t)st.st_size == done;
	}
	other = open(path, O_RDONLY);
	check(good && read(other, copy, SIZE) == SIZE && memcmp(copy, data, SIZE) == 0, name);
	good = fstat(other, &st) == 0 && st.st_blocks <= (SIZE + 2 * PAGE) / 512;
	good &= write(fd, "more", 4) == 4 && read(other, copy, 10) == 4 && !memcmp(copy, "more", 4);
	close(other);
	close(fd);
	check(good && truncate(path, SIZE + 100) == 0 && stat(path, &st) == 0 && st.st_size == SIZE + 100,
	      "and no more room is taken than it needs");
	fd = open(path, O_RDONLY);
	check(pread(fd, copy, 200, SIZE) == 100 && !memcmp(copy, "more\0\0\0", 8) && copy[99] == 0,
	      "zeroes behind its end");
	close(fd);
}

// Two processes add to one description in turn.
static void grows_together(void)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), status;
	char text[2] = "p";
	size_t count[2] = {0, 0};
	pid_t pid = fork();
	ssize_t n;

	text[0] = pid ? 'p' : 'c';
	for (int i = 0; i < 500; i++) {
		if (write(fd, text, 1) != 1)
			_exit(1);
		if (i % 50 == 0)
			sched_yield();
	}
	if (pid == 0)
		_exit(0);
	wait(&status);
	n = pread(fd, copy, SIZE, 0);
	for (ssize_t i = 0; i < n; i++)
		count[copy[i] == 'c'] += copy[i] == 'c' || copy[i] == 'p';
	check(status == 0 && n == 1000 && count[0] == 500 && count[1] == 500, "two processes write one description");
	close(fd);
}

static int thread_fd;
static uint8_t seen[4][40000];  // how often each byte was read, by thread

static void *thread_reads(void *argument)
{
	uint8_t *counts = argument;
	uint32_t value;

	// Each word of the file is its own number.
	while (read(thread_fd, &value, sizeof value) == sizeof value)
		if (value < sizeof seen[0])
			counts[value]++;
	return NULL;
}

// Four threads read one descriptor: nothing comes twice, nothing is left out.
static void threads(void)
{
	pthread_t threads[4];
	bool good = true;

	thread_fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	for (uint32_t i = 0; i < sizeof seen[0]; i++)
		good &= write(thread_fd, &i, sizeof i) == sizeof i;
	lseek(thread_fd, 0, SEEK_SET);
	for (int i = 0; i < 4; i++)
		good &= pthread_create(&threads[i], NULL, thread_reads, seen[i]) == 0;
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < sizeof seen[0]; i++)
		good &= seen[0][i] + seen[1][i] + seen[2][i] + seen[3][i] == 1;
	check(good, "threads share one offset");
	close(thread_fd);
}

// A file against a copy of it in memory: three descriptors, any operation.
static void model(void)
{
	static uint8_t expected[SIZE];
	int fds[3] = {open(path, O_RDWR | O_TRUNC), -1, -1};
	size_t size = 0, offset[3] = {0, 0, 0};
	uint32_t random = 1;
	bool good = true;

	memset(expected, 0, SIZE);
	for (int round = 0; good && round < 6000; round++) {
		uint32_t i = (random = random * 1103515245 + 12345) >> 16 & 1023, who = i % 3, what = i / 3 % 20;
		size_t n = (random = random * 1103515245 + 12345) >> 12 & (i % 7 ? 511 : 0x7fff), at = offset[who];
		struct stat st;

		if (fds[who] < 0 || (what == 0 && who)) {
			if (round % 20)
				continue;
			close(fds[who]);
			fds[who] = fds[who] < 0 ? open(path, O_RDWR) : -1;
			offset[who] = 0;
		} else if (what < 8 && at + n <= SIZE / 2 && at <= size) {
			memset(copy, round, n);
			memset(expected + at, round, n);
			good &= write(fds[who], copy, n) == (ssize_t)n;
			offset[who] = at + n;
			size = at + n > size ? at + n : size;
		} else if (what < 13) {
			size_t left = at < size ? size - at : 0;

			left = left < n ? left : n;
			good &= read(fds[who], copy, n) == (ssize_t)left && !memcmp(copy, expected + at, left);
			offset[who] = at + left;
		} else if (what < 15) {
			good &= fstat(fds[who], &st) == 0 && (size_t)st.st_size == size;
		} else if (what < 17) {
			offset[who] = what == 15 ? size : n % (size + 1);
			good &= (what == 15 ? lseek(fds[who], 0, SEEK_END)
					    : lseek(fds[who], (off_t)offset[who], SEEK_SET)) == (off_t)offset[who];
		} else if (what == 17 && round % 5 == 0) {
			size_t to = round % 2 ? n % (size + 1) : size + 100;

			if (to < size)
				memset(expected + to, 0, size - to);
			good &= (n % 2 ? truncate(path, (off_t)to) : ftruncate(fds[who], (off_t)to)) == 0;
			size = to;
		} else {
			good &= pread(fds[who], copy, SIZE, 0) == (ssize_t)size && !memcmp(copy, expected, size);
		}
		if (!good)
			printf("# round %d, what %u, descriptor %u, %zu at %zu of %zu\n", round, what, who, n, at, size);
	}
	check(good, "any operation on three descriptors");
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static void closed_and_reused(void)
{
	bool good = true;

	for (int i = 0; i < 40; i++) {
		int fd = warm(O_RDWR, 100 + (size_t)i);

		good &= lseek(fd, 0, SEEK_END) == 100 + i;
		close(fd);
		good &= FAILS(pread(fd, copy, 1, 0), EBADF);
	}
	check(good, "a descriptor used again sees its own file");
}

int main(void)
{
	for (size_t i = 0; i < SIZE; i++)
		data[i] = byte_at(i);
	close(mkstemp(path));
	reads();
	vectors();
	shared_offset();
	cut();
	writes();
	mapped();
	times();
	bits();
	bad_buffers();
	many();
	sparse();
	closed_and_reused();
	grows(O_RDWR, "a file grows by small writes");
	grows(O_WRONLY, "one that is only written");
	grows_together();
	threads();
	model();
	unlink(path);
	return tap_end();
}
