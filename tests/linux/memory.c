// abi: munmap: whole
// abi: mprotect: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define PAGE 4096

static bool dies(char *at, bool is_write)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (is_write)
			*(volatile char *)at = 1;
		else
			(void)*(volatile char *)at;
		_exit(0);
	}
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == 11;
}

int main(void)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *end = (char *)syscall(SYS_brk, 0), *q;
	int fd = open("/tmp/memory-test", O_RDWR | O_CREAT | O_TRUNC, 0600), status;
	pid_t child;

	check(p != MAP_FAILED && p[0] == 0 && p[4 * PAGE - 1] == 0, "anonymous memory is zero");
	memset(p, 'a', 4 * PAGE);
	check(mprotect(p + PAGE, PAGE, PROT_READ) == 0 && dies(p + PAGE, true) && !dies(p + PAGE, false), "mprotect");
	check(munmap(p + 2 * PAGE, PAGE) == 0 && dies(p + 2 * PAGE, false) && p[3 * PAGE] == 'a', "munmap of a part");
	check(mprotect(p, PAGE, PROT_NONE) == 0 && dies(p, false), "PROT_NONE");
	mprotect(p, PAGE, PROT_READ | PROT_WRITE);
	child = fork();
	if (child == 0) {
		p[0] = 'c';
		_exit(p[3 * PAGE] != 'a');
	}
	waitpid(child, &status, 0);
	check(status == 0 && p[0] == 'a', "copy on write");
	check((char *)syscall(SYS_brk, end + 3 * PAGE) == end + 3 * PAGE &&
	      (memset(end, 'b', 3 * PAGE), end[2 * PAGE] == 'b') && (char *)syscall(SYS_brk, end) == end, "brk");
	write(fd, "file contents", 13);
	q = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	check(q != MAP_FAILED && !memcmp(q, "file contents", 14), "a private mapping of a file");
	q[0] = 'F';
	char c = 0;
	check(pread(fd, &c, 1, 0) == 1 && c == 'f', "writing to it does not reach the file");
	check(FAILS((long)mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL), "length 0");
	check(FAILS((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 77, 0), EBADF), "a bad descriptor");
	check(FAILS(munmap(p + 1, PAGE), EINVAL), "an odd address");
	q = mremap(p + 3 * PAGE, PAGE, 8 * PAGE, MREMAP_MAYMOVE);
	check(q != MAP_FAILED && q[0] == 'a' && q[7 * PAGE] == 0, "mremap");
	close(fd);
	unlink("/tmp/memory-test");
	return tap_end();
}
