// Files of memory, and what their seals forbid.
// abi: memfd_create MFD_CLOEXEC MFD_ALLOW_SEALING: partial: huge pages are refused (EINVAL)
// abi: fcntl F_ADD_SEALS F_GET_SEALS: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#define F_GET_SEALS 1034
#define F_SEAL_SEAL 1
#define F_SEAL_SHRINK 2
#define F_SEAL_GROW 4
#define F_SEAL_WRITE 8
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 16
#endif
#ifndef MFD_ALLOW_SEALING
#define MFD_ALLOW_SEALING 2
#endif

#define PAGE 4096
#define RW (PROT_READ | PROT_WRITE)

static int make(void)
{
	int fd = memfd_create("seals", MFD_ALLOW_SEALING | MFD_CLOEXEC);

	return fd < 0 || ftruncate(fd, 2 * PAGE) ? -1 : fd;
}

static void sizes(void)
{
	int fd = make();
	char text[8192];
	struct stat st;

	memset(text, 'x', sizeof text);
	check(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && fcntl(fd, F_GET_SEALS) == 0, "none at first");
	for (int i = 0; i < 40; i++)
		(void)!pwrite(fd, text, 100, i);
	check(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0 && fcntl(fd, F_GET_SEALS) == F_SEAL_SHRINK, "F_SEAL_SHRINK");
	check(FAILS(ftruncate(fd, PAGE), EPERM) && ftruncate(fd, 2 * PAGE) == 0 && ftruncate(fd, 3 * PAGE) == 0, "only longer");
	check(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) == 0 && fcntl(fd, F_GET_SEALS) == (F_SEAL_SHRINK | F_SEAL_GROW), "F_SEAL_GROW");
	check(FAILS(ftruncate(fd, 4 * PAGE), EPERM) && FAILS(pwrite(fd, text, 10, 3 * PAGE), EPERM) &&
		      FAILS(fallocate(fd, 0, 3 * PAGE, 10), EPERM) && pwrite(fd, text, 10, 100) == 10 &&
		      pwrite(fd, text, 8192, 2 * PAGE) == PAGE,
	      "nor longer");
	check(fstat(fd, &st) == 0 && st.st_size == 3 * PAGE, "its size");
	check(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL) == 0 && FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EPERM), "F_SEAL_SEAL");
	close(fd);
}

static void writes(void)
{
	int fd = make();
	char *p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0), *q;

	p[5] = 'a';
	check(FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY), "EBUSY while it is mapped writable");
	munmap(p, 2 * PAGE);
	check(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0 && FAILS(pwrite(fd, "x", 1, 0), EPERM) &&
		      FAILS(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE), EPERM),
	      "F_SEAL_WRITE");
	check(FAILS((long)mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), EPERM), "nor by a mapping");
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	q = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	check(p != MAP_FAILED && p[5] == 'a' && FAILS(mprotect(p, PAGE, RW), EACCES) && q != MAP_FAILED && (q[5] = 'b') && p[5] == 'a',
	      "but it can be read, and copied");
	munmap(p, PAGE);
	munmap(q, PAGE);
	close(fd);
	fd = make();
	p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	check(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) == 0 && FAILS(pwrite(fd, "x", 1, 0), EPERM) &&
		      FAILS((long)mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), EPERM) && (p[0] = 'f') == 'f',
	      "F_SEAL_FUTURE_WRITE leaves the mappings that are");
	munmap(p, PAGE);
	close(fd);
}

static void errors(void)
{
	int fd = memfd_create("none", 0), file = open("/tmp/seals", O_RDWR | O_CREAT, 0600), ends[2], reading;
	char path[40] = "/proc/self/fd/";
	int sealable = make();

	check(fcntl(fd, F_GET_SEALS) == F_SEAL_SEAL && FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EPERM), "without MFD_ALLOW_SEALING");
	path[14] = (char)('0' + sealable / 10);
	path[15] = (char)('0' + sealable % 10);
	if (sealable < 10)
		path[14] = path[15], path[15] = 0;
	reading = open(path, O_RDONLY);
	check(reading >= 0 && fcntl(reading, F_GET_SEALS) == 0 && FAILS(fcntl(reading, F_ADD_SEALS, F_SEAL_WRITE), EPERM),
	      "a descriptor for reading");
	check(FAILS(fcntl(sealable, F_ADD_SEALS, 0x8000), EINVAL), "unknown seals");
	check(pipe(ends) == 0 && FAILS(fcntl(ends[0], F_GET_SEALS), EINVAL) && FAILS(fcntl(ends[1], F_ADD_SEALS, 1), EINVAL), "a pipe");
	check(FAILS(memfd_create("x", 0x100), EINVAL) && FAILS(memfd_create((char *)8, 0), EFAULT), "memfd_create");
	close(fd), close(file), close(ends[0]), close(ends[1]), close(reading), close(sealable);
	unlink("/tmp/seals");
}

int main(void)
{
	sizes();
	writes();
	errors();
	return tap_end();
}
