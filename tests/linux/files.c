// abi: open O_CREAT O_EXCL O_RDONLY O_WRONLY: whole
// abi: lseek SEEK_SET SEEK_CUR: whole
// abi: writev: whole
// abi: ftruncate: whole
// abi: dup: whole
// abi: dup2: whole
// abi: close: whole
// abi: unlink: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tap.h"

static char big[100000], back[100000];

int main(void)
{
	char dir[] = "/tmp/filesXXXXXX";
	struct stat st;
	struct iovec v[3] = {{"ab", 2}, {"", 0}, {"cde", 3}};
	int fd, other;

	check(mkdtemp(dir) && chdir(dir) == 0, "a directory to work in");
	fd = open("a", O_RDWR | O_CREAT | O_EXCL, 0640);
	check(fd >= 0, "create");
	check(FAILS(open("a", O_RDWR | O_CREAT | O_EXCL, 0640), EEXIST), "create again is EEXIST");
	check(write(fd, "hello", 5) == 5 && lseek(fd, 1, SEEK_SET) == 1, "write, seek");
	check(read(fd, back, 10) == 4 && !memcmp(back, "ello", 4), "read to the end");
	check(read(fd, back, 10) == 0, "end of file");
	check(pread(fd, back, 2, 3) == 2 && !memcmp(back, "lo", 2), "pread");
	check(pwrite(fd, "XY", 2, 0) == 2 && lseek(fd, 0, SEEK_CUR) == 5, "pwrite leaves the offset");
	check(writev(fd, v, 3) == 5 && pread(fd, back, 20, 0) == 10 && !memcmp(back, "XYlloabcde", 10), "writev");
	check(fstat(fd, &st) == 0 && st.st_size == 10 && (st.st_mode & 07777) == 0640 && S_ISREG(st.st_mode), "fstat");
	check(ftruncate(fd, 3) == 0 && fstat(fd, &st) == 0 && st.st_size == 3, "ftruncate");
	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (char)(i * 7 + i / 251);
	check(pwrite(fd, big, sizeof big, 0) == sizeof big, "a large write is whole");
	check(pread(fd, back, sizeof back, 0) == sizeof back && !memcmp(big, back, sizeof big), "a large read is whole");
	other = dup(fd);
	check(other > fd && lseek(other, 9, SEEK_SET) == 9 && lseek(fd, 0, SEEK_CUR) == 9, "dup shares the offset");
	check(dup2(fd, 40) == 40 && close(40) == 0 && FAILS(close(40), EBADF), "dup2, close, close again");
	check(fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC &&
	      fcntl(other, F_GETFD) == 0, "close-on-exec is the descriptor's");
	check(fcntl(fd, F_DUPFD, 30) == 30 && close(30) == 0, "F_DUPFD");
	check(fcntl(fd, F_SETFL, O_APPEND) == 0 && (fcntl(other, F_GETFL) & O_APPEND), "flags are the description's");
	check(lseek(fd, 0, SEEK_SET) == 0 && write(fd, "!", 1) == 1 && fstat(fd, &st) == 0 &&
	      st.st_size == sizeof big + 1, "O_APPEND");
	check(FAILS(read(99, back, 1), EBADF) && FAILS(dup2(99, 5), EBADF) && FAILS(lseek(99, 0, 0), EBADF), "EBADF");
	check(FAILS(lseek(fd, -1, SEEK_SET), EINVAL) && FAILS(lseek(fd, 0, 77), EINVAL), "bad seeks");
	check(FAILS(dup3(fd, fd, 0), EINVAL) && FAILS(pread(fd, back, 1, -1), EINVAL), "EINVAL");
	close(other);
	other = open("a", O_WRONLY);
	check(FAILS(read(other, back, 1), EBADF), "reading what is open for writing");
	close(other);
	close(fd);
	check(unlink("a") == 0 && FAILS(open("a", O_RDONLY), ENOENT), "unlink");
	check(chdir("/") == 0 && rmdir(dir) == 0, "clean up");
	return tap_end();
}
