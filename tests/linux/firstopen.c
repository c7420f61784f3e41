// The first call with a name that a process makes is an open, or an exec: names of all lengths, kinds and places.
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static char dir[] = "/tmp/firstopenXXXXXX";

// In a child, of which it is the first call: 0, or the error number.
static int first(int at, const char *name, int flags)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		int fd = openat(at, name, flags, 0600);

		_exit(fd < 0 ? errno : close(fd) ? 255 : 0);
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int first_exec(const char *name)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		execl(name, "true", (char *)NULL);
		_exit(errno);
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

// `dir`, as many slashes as make the name so long, and `last`.
static const char *padded(size_t length, const char *last)
{
	static char name[PATH_MAX + 16];
	size_t start = strlen(dir), end = strlen(last);

	memset(name, '/', length);
	memcpy(name, dir, start);
	memcpy(name + length - end, last, end + 1);
	return name;
}

static void lengths(void)
{
	bool is_ok = true;

	for (size_t length = 240; length < 270; length++)
		is_ok = is_ok && first(AT_FDCWD, padded(length, "file"), O_RDONLY) == 0 &&
			first(AT_FDCWD, padded(length, "none"), O_RDONLY) == ENOENT;
	check(is_ok, "names of 240 to 269 bytes");
	check(first(AT_FDCWD, padded(PATH_MAX - 1, "file"), O_RDONLY) == 0, "the longest name");
	check(first(AT_FDCWD, padded(PATH_MAX, "file"), O_RDONLY) == ENAMETOOLONG, "a name that is too long");
	check(first(AT_FDCWD, "", O_RDONLY) == ENOENT, "an empty name");
}

// The name ends where the memory ends, and then it does not end.
static void borders(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), length = strlen(dir) + 6;
	char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *name = memory + page - length;

	munmap(memory + page, page);
	snprintf(name, length, "%s/file", dir);
	check(first(AT_FDCWD, name, O_RDONLY) == 0, "a name at the end of memory");
	memory[page - 1] = 'x';
	check(first(AT_FDCWD, name, O_RDONLY) == EFAULT, "a name that goes beyond the end of memory");
	check(first(AT_FDCWD, (const char *)8, O_RDONLY) == EFAULT, "a bad pointer");
}

int main(void)
{
	int at = -1, file = open("/dev/null", O_RDONLY);

	check(mkdtemp(dir) && (at = open(dir, O_RDONLY | O_DIRECTORY)) >= 0, "a directory to work in");
	check(first(at, "file", O_CREAT | O_WRONLY) == 0, "made in a directory that is open");
	check(first(at, "file", O_RDONLY) == 0 && first(at, "none", O_RDONLY) == ENOENT, "found there");
	check(first(file, "file", O_RDONLY) == ENOTDIR && first(77, "file", O_RDONLY) == EBADF, "what is no directory");
	check(first(77, padded(40, "file"), O_RDONLY) == 0, "a name from the root needs no directory");
	lengths();
	borders();
	check(chdir(dir) == 0 && first(AT_FDCWD, "file", O_RDWR) == 0, "from the current directory");
	check(symlinkat("/proc/self/stat", at, "link") == 0 && first(AT_FDCWD, "link", O_RDONLY) == 0 &&
		      first(AT_FDCWD, "/proc/self/none", O_RDONLY) == ENOENT, "what another server makes up");
	check(first(AT_FDCWD, "/dev/null", O_RDWR) == 0 && first(AT_FDCWD, "/dev/zero", O_RDONLY) == 0, "devices");
	check(mkfifo("fifo", 0600) == 0 && first(AT_FDCWD, "fifo", O_RDWR) == 0 &&
		      first(AT_FDCWD, "fifo", O_WRONLY | O_NONBLOCK) == ENXIO, "a FIFO");
	check(first(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY) == 0 && first(AT_FDCWD, dir, O_WRONLY) == EISDIR,
	      "a directory");
	check(first(AT_FDCWD, "file", O_CREAT | O_EXCL | O_WRONLY) == EEXIST, "what must not be there");
	check(first_exec(padded(40, "none")) == ENOENT && first_exec(padded(300, "none")) == ENOENT &&
		      first_exec(padded(40, "file")) == EACCES, "exec of what cannot be run");
	unlink("file");
	unlink("link");
	unlink("fifo");
	check(chdir("/") == 0 && rmdir(dir) == 0, "cleaned up");
	return tap_end();
}
