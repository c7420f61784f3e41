// sendfile, copy_file_range, preadv2 and pwritev2, advice, fallocate, limits of a file's size.
// abi: sendfile: whole
// abi: copy_file_range (regular files): whole
// abi: preadv2: whole
// abi: preadv2 (RWF_NOWAIT): refused EOPNOTSUPP
// abi: pwritev2 (RWF_APPEND, RWF_DSYNC): whole
// abi: fadvise64: whole
// abi: readahead: whole
// abi: fallocate FALLOC_FL_KEEP_SIZE FALLOC_FL_PUNCH_HOLE: whole
// abi: fallocate (other modes): refused EOPNOTSUPP: as on tmpfs
// abi: ftruncate: whole
// abi: truncate: whole
// abi: setrlimit RLIMIT_FSIZE: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define SIZE 100000

static uint8_t data[SIZE], copy[SIZE * 2];
static char path[] = "/tmp/filecopyXXXXXX", other_path[] = "/tmp/filecopyXXXXXX";

static int in, out;

static void begin(int flags)
{
	in = open(path, O_RDWR | O_TRUNC);
	out = open(other_path, O_RDWR | O_TRUNC | flags);
	if (write(in, data, SIZE) != SIZE)
		_exit(99);
	lseek(in, 0, SEEK_SET);
}

static void end(void)
{
	close(in);
	close(out);
}

static bool holds(int fd, size_t at, size_t from, size_t size)
{
	return pread(fd, copy, size, (off_t)at) == (ssize_t)size && memcmp(copy, data + from, size) == 0;
}

static off_t file_size(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : st.st_size;
}

static void sends(void)
{
	int ends[2], wrong = open(path, O_WRONLY), reads = open(path, O_RDONLY), folder = open("/tmp", O_RDONLY);
	off_t at = 1000, bad = -1;
	ssize_t done;

	begin(0);
	check(sendfile(out, in, NULL, SIZE + 5) == SIZE && lseek(in, 0, SEEK_CUR) == SIZE &&
	      lseek(out, 0, SEEK_CUR) == SIZE && holds(out, 0, 0, SIZE), "sendfile: a whole file");
	check(sendfile(out, in, NULL, 5) == 0 && sendfile(out, in, &at, 0) == 0, "sendfile: nothing");
	check(sendfile(out, in, &at, 70000) == 70000 && at == 71000 && lseek(in, 0, SEEK_CUR) == SIZE &&
	      holds(out, SIZE, 1000, 70000), "sendfile: from an offset");
	if (pipe(ends))
		_exit(98);
	at = 3;
	check(sendfile(ends[1], in, &at, 100) == 100 && read(ends[0], copy, 200) == 100 &&
	      memcmp(copy, data + 3, 100) == 0, "sendfile: to a pipe");
	check(FAILS(sendfile(out, ends[0], NULL, 1), EINVAL), "sendfile: not from a pipe");
	check(FAILS(sendfile(out, wrong, NULL, 1), EBADF) && FAILS(sendfile(reads, in, NULL, 1), EBADF) &&
	      FAILS(sendfile(out, 900, NULL, 1), EBADF), "sendfile: what they are open for");
	check(FAILS(sendfile(out, in, &bad, 1), EINVAL) &&
	      FAILS(syscall(SYS_sendfile, out, in, (void *)8, 1), EFAULT), "sendfile: bad offsets");
	check(FAILS(sendfile(out, folder, NULL, 1), EINVAL), "sendfile: not from a folder");
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	at = 0;
	check(sendfile(ends[1], in, &at, SIZE) == 65536 && at == 65536, "sendfile: as much as the pipe takes");
	lseek(in, 5, SEEK_SET);
	check(FAILS(sendfile(ends[1], in, NULL, 10), EAGAIN) && lseek(in, 0, SEEK_CUR) == 5,
	      "sendfile: what a full pipe does not take leaves the offset where it was");
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	while (read(ends[0], copy, sizeof(copy)) > 0)
		;
	done = sendfile(ends[1], in, NULL, SIZE);
	check(done > 60000 && done <= 65536 && lseek(in, 0, SEEK_CUR) == 5 + done,
	      "sendfile: the offset goes on by what the pipe took");
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	check(FAILS(sendfile(ends[1], in, NULL, 1), EPIPE) || lseek(in, 0, SEEK_CUR) == SIZE, "sendfile: EPIPE");
	close(ends[1]);
	end();
	begin(O_APPEND);
	check(FAILS(sendfile(out, in, NULL, 1), EINVAL), "sendfile: not with O_APPEND");
	end();
	close(wrong);
	close(reads);
	close(folder);
}

// Files that were written so often that no server is asked any more.
static void sends_to_views(void)
{
	size_t at = 0;
	bool is_ok = true;

	begin(0);
	for (; at < 4000; at += 100)
		is_ok = is_ok && write(out, data + at, 100) == 100;
	lseek(in, (off_t)at, SEEK_SET);
	for (size_t size = 1; at + size < SIZE; at += size, size = size * 3 / 2 + 1)
		is_ok = is_ok && sendfile(out, in, NULL, size) == (ssize_t)size;
	check(is_ok && file_size(out) == (off_t)at && lseek(out, 0, SEEK_CUR) == (off_t)at && holds(out, 0, 0, at),
	      "sendfile: behind many writes");
	lseek(in, 0, SEEK_SET);
	check(lseek(out, 500, SEEK_SET) == 500 && sendfile(out, in, NULL, 20000) == 20000 && holds(out, 500, 0, 20000) &&
		      holds(out, 0, 0, 500) && holds(out, 20500, 20500, at - 20500), "sendfile: into the middle");
	check(fcntl(out, F_SETFL, O_APPEND) == 0 && FAILS(sendfile(out, in, NULL, 10), EINVAL) &&
		      file_size(out) == (off_t)at, "sendfile: not to what appends by now");
	end();
}

static void ranges(void)
{
	off_t from = 10, to = 50000, bad = -1;
	int ends[2];

	begin(0);
	check(copy_file_range(in, NULL, out, NULL, SIZE * 2, 0) == SIZE && holds(out, 0, 0, SIZE) &&
	      lseek(in, 0, SEEK_CUR) == SIZE && lseek(out, 0, SEEK_CUR) == SIZE, "copy_file_range: all");
	check(copy_file_range(in, &from, out, &to, 60000, 0) == 60000 && from == 60010 && to == 110000 &&
	      holds(out, 50000, 10, 60000) && lseek(in, 0, SEEK_CUR) == SIZE, "copy_file_range: a part");
	from = 0;
	to = 50000;
	check(copy_file_range(in, &from, in, &to, 50000, 0) == 50000 && holds(in, 50000, 0, 50000),
	      "copy_file_range: within a file");
	from = 0;
	to = 10;
	check(FAILS(copy_file_range(in, &from, in, &to, 11, 0), EINVAL), "copy_file_range: overlap");
	check(FAILS(copy_file_range(in, NULL, out, NULL, 1, 1), EINVAL) &&
	      FAILS(copy_file_range(in, &bad, out, NULL, 1, 0), EOVERFLOW), "copy_file_range: bad arguments");
	if (pipe(ends))
		_exit(98);
	check(FAILS(copy_file_range(in, NULL, ends[1], NULL, 1, 0), EINVAL), "copy_file_range: not to a pipe");
	close(ends[0]);
	close(ends[1]);
	end();
	begin(O_APPEND);
	check(FAILS(copy_file_range(in, NULL, out, NULL, 1, 0), EBADF), "copy_file_range: not with O_APPEND");
	end();
}

static void vectors(void)
{
	struct iovec v[2] = {{copy, 10}, {copy + 100, 20}};

	begin(0);
	check(syscall(SYS_preadv2, in, v, 2l, 5l, 0l, 0) == 30 && !memcmp(copy, data + 5, 10) &&
	      !memcmp(copy + 100, data + 15, 20) && lseek(in, 0, SEEK_CUR) == 0, "preadv2: at an offset");
	check(syscall(SYS_preadv2, in, v, 2l, -1l, -1l, 0) == 30 && lseek(in, 0, SEEK_CUR) == 30,
	      "preadv2: at the file's");
	check(FAILS(syscall(SYS_preadv2, in, v, 2l, 0l, 0l, 0x4000), EOPNOTSUPP) &&
	      FAILS(syscall(SYS_preadv2, in, v, 2l, -5l, -1l, 0), EINVAL), "preadv2: bad flags, bad offset");
	check(syscall(SYS_pwritev2, in, v, 2l, 100l, 0l, 2) == 30 && lseek(in, 0, SEEK_CUR) == 30,
	      "pwritev2: RWF_DSYNC");
	check(syscall(SYS_pwritev2, in, v, 2l, 0l, 0l, 0x10) == 30 && file_size(in) == SIZE + 30 &&
	      holds(in, 0, 0, 5) && lseek(in, 0, SEEK_CUR) == 30, "pwritev2: RWF_APPEND");
	end();
}

static void advice(void)
{
	int ends[2];

	begin(0);
	if (pipe(ends))
		_exit(98);
	check(posix_fadvise(in, 0, 0, POSIX_FADV_WILLNEED) == 0 && posix_fadvise(in, 5, 10, POSIX_FADV_DONTNEED) == 0,
	      "fadvise");
	check(posix_fadvise(in, 0, 0, 77) == EINVAL && posix_fadvise(in, 0, -1, 0) == EINVAL &&
	      posix_fadvise(900, 0, 0, 0) == EBADF && posix_fadvise(ends[0], 0, 0, 0) == ESPIPE, "fadvise: errors");
	check(readahead(in, 0, 100) == 0 && FAILS(readahead(ends[0], 0, 1), EINVAL) && FAILS(readahead(900, 0, 1), EBADF),
	      "readahead");
	close(ends[0]);
	close(ends[1]);
	end();
}

#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static void allocations(void)
{
	int reads = open(path, O_RDONLY), ends[2], folder = open("/tmp", O_RDONLY);
	struct stat st, after;

	begin(0);
	check(fallocate(out, 0, 1000, 9000) == 0 && file_size(out) == 10000 && pread(out, copy, 10000, 0) == 10000 &&
	      copy[0] == 0 && copy[9999] == 0, "fallocate: longer, and zeroes");
	check(fallocate(out, FALLOC_FL_KEEP_SIZE, 10000, 50000) == 0 && fstat(out, &st) == 0 && st.st_size == 10000 &&
	      st.st_blocks >= 60000 / 512, "fallocate: blocks beyond the end");
	fstat(in, &st);
	check(fallocate(in, PUNCH, 5000, 40000) == 0 && fstat(in, &after) == 0 && after.st_size == SIZE &&
	      after.st_blocks < st.st_blocks, "fallocate: a hole");
	memset(copy, 1, SIZE);
	check(pread(in, copy, SIZE, 0) == SIZE && !memcmp(copy, data, 5000) && copy[5000] == 0 && copy[44999] == 0 &&
	      !memcmp(copy + 45000, data + 45000, SIZE - 45000), "fallocate: zeroes there, and the rest as it was");
	check(lseek(in, 0, SEEK_HOLE) == 8192 && lseek(in, 8192, SEEK_DATA) == 40960, "SEEK_HOLE, SEEK_DATA");
	check(FAILS(fallocate(out, FALLOC_FL_PUNCH_HOLE, 0, 1), EOPNOTSUPP) &&
	      FAILS(fallocate(out, 0x4000, 0, 1), EOPNOTSUPP), "fallocate: modes");
	check(FAILS(fallocate(out, 0, -1, 1), EINVAL) && FAILS(fallocate(out, 0, 0, 0), EINVAL) &&
	      FAILS(fallocate(out, 0, INT64_MAX, 5), EFBIG) && FAILS(fallocate(900, 0, -1, 1), EBADF), "fallocate: ranges");
	if (pipe(ends))
		_exit(98);
	check(FAILS(fallocate(reads, 0, 0, 1), EBADF) && FAILS(fallocate(ends[1], 0, 0, 1), ESPIPE) &&
	      FAILS(fallocate(folder, 0, 0, 1), EBADF), "fallocate: descriptors");
	check(FAILS(ftruncate(reads, 0), EINVAL) && FAILS(ftruncate(ends[1], 0), EINVAL) &&
	      FAILS(ftruncate(out, -1), EINVAL) && FAILS(ftruncate(900, 0), EBADF), "ftruncate: errors");
	check(FAILS(truncate("/tmp", 0), EISDIR) && FAILS(truncate(path, -1), EINVAL) &&
	      FAILS(truncate("/tmp/no/such", 0), ENOENT), "truncate: errors");
	end();
	close(reads);
	close(folder);
	close(ends[0]);
	close(ends[1]);
}

static volatile int signals;

static void count(int signo)
{
	(void)signo;
	signals++;
}

static void limits(void)
{
	struct rlimit limit = {5000, RLIM_INFINITY}, none = {RLIM_INFINITY, RLIM_INFINITY};
	off_t from = 0;

	begin(0);
	signal(SIGXFSZ, count);
	setrlimit(RLIMIT_FSIZE, &limit);
	check(write(out, data, 4000) == 4000 && signals == 0, "below the limit");
	check(write(out, data, 4000) == 1000 && signals == 0, "a write that crosses it is short");
	check(FAILS(write(out, data, 1), EFBIG) && signals == 1, "the next is EFBIG and SIGXFSZ");
	check(FAILS(pwrite(out, data, 1, 6000), EFBIG) && signals == 2 && pwrite(out, data, 10, 4990) == 10,
	      "pwrite beyond it, and before it");
	check(FAILS(pwrite(in, data, 10, 50000), EFBIG) && signals == 3, "also within a longer file");
	check(FAILS(ftruncate(out, 5001), EFBIG) && signals == 4 && ftruncate(out, 5000) == 0 && ftruncate(in, 50000) == 0,
	      "ftruncate");
	check(FAILS(truncate(other_path, 9000), EFBIG) && signals == 5, "truncate");
	check(FAILS(fallocate(out, 0, 0, 5001), EFBIG) && signals == 6, "fallocate");
	lseek(out, 5000, SEEK_SET);
	check(FAILS(sendfile(out, in, &from, 10), EFBIG) && signals == 7, "sendfile");
	check(write(STDERR_FILENO, "", 0) == 0, "other files have no size");
	setrlimit(RLIMIT_FSIZE, &none);
	signal(SIGXFSZ, SIG_DFL);
	check(pwrite(out, data, 1, 70000) == 1, "no limit any more");
	end();
}

// A file that takes all the memory there is for files.
static void fills(void)
{
	static uint8_t block[65536];
	struct statfs before, full;
	uint64_t total = 0;
	ssize_t n;

	begin(0);
	memset(block, 'f', sizeof block);
	statfs("/tmp", &before);
	if (before.f_blocks * 4096 > 1u << 30) {  // a host's disk
		end();
		return;
	}
	while ((n = write(out, block, sizeof block)) > 0)
		total += (uint64_t)n;
	check(n == -1 && errno == ENOSPC && total > 1u << 20, "writes until ENOSPC");
	check(statfs("/tmp", &full) == 0 && full.f_bavail < 16 && full.f_blocks == before.f_blocks, "statfs is full");
	check(FAILS(write(out, "x", sizeof block), ENOSPC) || errno == EFAULT, "again");
	check(holds(in, 0, 0, SIZE), "other files can be read");
	check(ftruncate(out, 0) == 0 && statfs("/tmp", &full) == 0 && full.f_bavail + 64 > before.f_bavail,
	      "and all comes back");
	check(write(out, block, sizeof block) == sizeof block, "and is used again");
	end();
}

int main(void)
{
	for (size_t i = 0; i < SIZE; i++)
		data[i] = (uint8_t)(i * 11 + i / 256);
	close(mkstemp(path));
	close(mkstemp(other_path));
	sends();
	sends_to_views();
	ranges();
	vectors();
	advice();
	allocations();
	limits();
	fills();
	unlink(path);
	unlink(other_path);
	return tap_end();
}
