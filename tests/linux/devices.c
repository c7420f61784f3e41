// The devices that every program opens: null, zero, full.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define SIZE 300000

static unsigned char buffer[SIZE];

static bool all_zero(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

static void null(void)
{
	int fd = open("/dev/null", O_RDWR), in = open("/dev/null", O_RDONLY), out = open("/dev/null", O_WRONLY);
	struct iovec v[2] = {{buffer, 10}, {buffer, 20}};
	struct stat st;

	check(read(fd, buffer, 10) == 0 && write(fd, buffer, SIZE) == SIZE, "null: nothing comes, all goes");
	check(writev(fd, v, 2) == 30 && readv(fd, v, 2) == 0, "null: vectors");
	check(pread(fd, buffer, 1, 5) == 0 && pwrite(fd, buffer, 7, 5) == 7, "null: at an offset");
	check(FAILS(write(in, "x", 1), EBADF) && FAILS(read(out, buffer, 1), EBADF), "null: access mode");
	check(write(fd, "x", 0) == 0 && lseek(fd, 100, SEEK_SET) == 0, "null: no bytes, no offset");
	check(fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3), "null: fstat");
	check(FAILS(write(fd, (void *)-4096l, 1), EFAULT), "null: an address that is none");
	check(FAILS(write(fd, buffer, (size_t)-1), EFAULT) || errno == EINVAL, "null: a size that is none");
	close(in);
	close(out);
	close(fd);
	check(FAILS(write(fd, "x", 1), EBADF), "null: closed");
}

static void zero(void)
{
	int fd = open("/dev/zero", O_RDWR);
	unsigned char *memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec v[3] = {{buffer + 1, 3}, {buffer + 10, 0}, {buffer + 20, 9}};

	memset(buffer, 'x', SIZE);
	check(read(fd, buffer, 1) == 1 && buffer[0] == 0 && buffer[1] == 'x', "zero: one byte");
	check(readv(fd, v, 3) == 12 && all_zero(buffer + 1, 3) && buffer[4] == 'x' && all_zero(buffer + 20, 9) &&
	      buffer[29] == 'x', "zero: a vector");
	check(read(fd, buffer + 3, SIZE - 3) == SIZE - 3 && all_zero(buffer, SIZE), "zero: many");
	check(write(fd, buffer, 500) == 500, "zero: what is written is gone");
	mprotect(memory + 4096, 4096, PROT_NONE);
	memset(memory, 'x', 4096);
	check(read(fd, memory + 4000, 500) == 96 && all_zero(memory + 4000, 96), "zero: as far as memory goes");
	check(FAILS(read(fd, memory + 4096, 1), EFAULT), "zero: no memory");
	munmap(memory, 8192);
	close(fd);
}

static void full(void)
{
	int fd = open("/dev/full", O_RDWR);

	memset(buffer, 'x', 100);
	check(FAILS(write(fd, "x", 1), ENOSPC) && FAILS(pwrite(fd, "x", 1, 3), ENOSPC), "full: no space");
	check(read(fd, buffer, 100) == 100 && all_zero(buffer, 100), "full: zeroes");
	close(fd);
}

// The program started again: descriptors 10 and 11 are null and zero.
static int child(void)
{
	bool good = write(10, "abc", 3) == 3 && read(10, buffer, 3) == 0 && FAILS(read(12, buffer, 1), EBADF);

	buffer[0] = 1;
	return good && read(11, buffer, 5) == 5 && buffer[0] == 0 ? 0 : 1;
}

static void inherited(const char *self)
{
	int status;

	dup2(open("/dev/null", O_RDWR), 10);
	dup2(open("/dev/zero", O_RDONLY), 11);
	dup2(open("/dev/null", O_WRONLY), 12);
	if (fork() == 0) {
		if (child() != 0)
			_exit(1);
		execl(self, self, "child", NULL);
		_exit(2);
	}
	wait(&status);
	check(status == 0, "a child and a new program have them, too");
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return child();
	null();
	zero();
	full();
	inherited(argv[0]);
	return tap_end();
}
