// What has been closed is closed, whoever asks: and nobody's open file becomes another one.
// abi: open O_RDONLY O_RDWR O_CREAT O_TRUNC O_DIRECTORY: whole
// abi: close: whole
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define FOLDER "/tmp/closing"
#define FILES 24

static char name_buffer[4][64];

static const char *name(int i)
{
	char *to = name_buffer[i & 3];

	snprintf(to, sizeof name_buffer[0], FOLDER "/f%d", i);
	return to;
}

static void files_make(void)
{
	mkdir(FOLDER, 0755);
	for (int i = 0; i < FILES; i++) {
		char text[16];
		int fd = open(name(i), O_RDWR | O_CREAT | O_TRUNC, 0644), n = snprintf(text, sizeof text, "file %d", i);

		if (fd < 0 || write(fd, text, (size_t)n) != n || close(fd) != 0)
			check(false, "make the files");
	}
}

// Does the descriptor read as file i from its start?
static bool is_file(int fd, int i)
{
	char text[16], got[16];
	ssize_t n = read(fd, got, sizeof got);

	return n == snprintf(text, sizeof text, "file %d", i) && memcmp(text, got, (size_t)n) == 0;
}

static bool opens_as(int i)
{
	int fd = open(name(i), O_RDONLY);
	bool ok = fd >= 0 && is_file(fd, i);

	return close(fd) == 0 && ok;
}

static void one_after_the_other(void)
{
	bool ok = true;
	char byte;

	for (int round = 0; round < 3; round++)
		for (int i = 0; i < FILES; i++)
			ok &= opens_as(i);
	check(ok, "files opened one after the other are each read from the start");

	int a = open(name(0), O_RDONLY), b = open(name(1), O_RDONLY);

	close(a);
	check(FAILS(read(a, &byte, 1), EBADF) && FAILS(close(a), EBADF), "a closed descriptor is none");
	int c = open(name(2), O_RDONLY), d = open(name(3), O_RDONLY);

	check(c == a && is_file(b, 1) && is_file(c, 2) && is_file(d, 3), "the lowest descriptor, and the others as they were");
	close(b), close(c), close(d);
	check(FAILS(open(FOLDER "/missing", O_RDONLY), ENOENT) && opens_as(4), "an open that failed leaves no trace");
	a = open(name(5), O_RDWR | O_APPEND);
	close(a);
	a = open(name(6), O_RDONLY);
	check(a >= 0 && fcntl(a, F_GETFL) % 0x8000 == O_RDONLY && FAILS(write(a, "x", 1), EBADF), "flags are the last open's");
	close(a);
}

static void many_at_once(void)
{
	int fds[FILES];
	bool ok = true;

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < FILES; i++)
			ok &= (fds[i] = open(name(i), O_RDONLY)) >= 0;
		for (int i = 0; i < FILES; i++)
			ok &= is_file(fds[i], i);
		for (int i = 0; i < FILES; i++)
			ok &= close(fds[i]) == 0;
	}
	check(ok, "many files at once, three times");

	struct rlimit before, few = {40, 40};

	getrlimit(RLIMIT_NOFILE, &before);
	few.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_NOFILE, &few);
	for (int round = 0; round < 2; round++) {
		int opened = 0, fd, last = -1;

		while ((fd = open(name(opened % FILES), O_RDONLY)) >= 0 && opened < 100)
			opened++, last = fd;
		ok &= errno == EMFILE && last == 39;
		while (last > 39 - opened)
			close(last--);
	}
	setrlimit(RLIMIT_NOFILE, &before);
	check(ok, "what is closed does not count as open");
}

static int descriptors_listed(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	if (!dir)
		return -1;
	for (struct dirent *e = readdir(dir); e; e = readdir(dir))
		count += e->d_name[0] != '.';
	closedir(dir);
	return count;
}

static void listed(void)
{
	int before = descriptors_listed(), fd = open(name(0), O_RDONLY), during = descriptors_listed();

	close(fd);
	check(during == before + 1 && descriptors_listed() == before, "/proc/self/fd has it only while it is open");
}

static void folders(void)
{
	bool ok = true;

	for (int round = 0; round < 4; round++) {
		DIR *dir = opendir(FOLDER);
		int count = 0;

		while (dir && readdir(dir))
			count++;
		ok &= dir && count == FILES + 2;
		if (dir)
			closedir(dir);
		ok &= opens_as(round);
	}
	check(ok, "a directory opened again is listed from its start");
}

static void children(void)
{
	int fd = open(name(7), O_RDONLY), pipes[2], status = 1;
	char byte;
	pid_t pid;

	if (pipe(pipes) != 0)
		return;
	pid = fork();
	if (pid == 0) {
		bool ok;

		close(pipes[1]);
		ok = read(pipes[0], &byte, 1) == 0 && is_file(fd, 7) && opens_as(9);
		_exit(!ok);
	}
	close(pipes[0]);
	close(fd);
	int other = open(name(8), O_RDONLY);

	close(pipes[1]);
	waitpid(pid, &status, 0);
	check(status == 0 && is_file(other, 8), "a child's descriptor stays what it was when the parent closes and opens");
	close(other);

	// The other way: closed before, so the child has nothing of it.
	fd = open(name(7), O_RDONLY);
	close(fd);
	pid = fork();
	if (pid == 0)
		_exit(!(FAILS(read(fd, &byte, 1), EBADF) && opens_as(10) && opens_as(11)));
	waitpid(pid, &status, 0);
	check(status == 0 && opens_as(12), "what was closed before a fork is closed in the child");
	fd = open(name(7), O_RDONLY);
	pid = vfork();
	if (pid == 0) {
		close(fd);
		int again = open(name(8), O_RDONLY);

		_exit(again != fd);
	}
	waitpid(pid, &status, 0);
	check(status == 0 && is_file(fd, 7), "a vforked child that closes and opens leaves the parent's alone");
	close(fd);
}

static void passed(void)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	char byte = 'x';
	struct iovec piece = {&byte, 1};
	struct msghdr m = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control,
			   .msg_controllen = sizeof control};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int ends[2], fd = open(name(13), O_RDONLY), got = -1;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		return;
	*c = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	bool ok = sendmsg(ends[0], &m, 0) == 1 && close(fd) == 0;

	fd = open(name(14), O_RDONLY);
	ok = ok && recvmsg(ends[1], &m, 0) == 1;
	c = CMSG_FIRSTHDR(&m);
	if (c)
		memcpy(&got, CMSG_DATA(c), sizeof got);
	check(ok && is_file(got, 13) && is_file(fd, 14), "a descriptor that was sent and closed arrives as it was");
	close(got), close(fd), close(ends[0]), close(ends[1]);
	fd = open(name(13), O_RDONLY);
	got = dup(fd);
	close(fd);
	fd = open(name(14), O_RDONLY);
	check(is_file(got, 13) && is_file(fd, 14), "a duplicate stays open");
	close(got), close(fd);
}

static void mapped(void)
{
	int fd = open(name(15), O_RDONLY);
	char *at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	close(fd);
	check(opens_as(16) && at != MAP_FAILED && memcmp(at, "file 15", 7) == 0 && opens_as(17), "a mapping outlives the close");
	munmap(at, 4096);
}

static void locked(void)
{
	int fd = open(name(18), O_RDWR), status = 1;
	bool ok = flock(fd, LOCK_EX) == 0;
	pid_t pid;

	close(fd);
	pid = fork();
	if (pid == 0)
		_exit(flock(open(name(18), O_RDWR), LOCK_EX | LOCK_NB) != 0);
	waitpid(pid, &status, 0);
	check(ok && status == 0, "a lock of the open file is gone with its close");
}

static void *opener(void *argument)
{
	int from = (int)(long)argument;
	bool ok = true;

	for (int round = 0; round < 60; round++) {
		char text[32], want[16], got[16];
		int i = (from + round) % FILES, n = snprintf(want, sizeof want, "file %d", i), fd;

		snprintf(text, sizeof text, FOLDER "/f%d", i);
		fd = open(text, O_RDONLY);
		ok &= fd >= 0 && read(fd, got, sizeof got) == n && memcmp(got, want, (size_t)n) == 0 && close(fd) == 0;
	}
	return (void *)(long)ok;
}

static void by_threads(void)
{
	pthread_t threads[3];
	bool ok = true;

	for (long i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, opener, (void *)(i * 5));
	for (int i = 0; i < 3; i++) {
		void *result;

		pthread_join(threads[i], &result);
		ok &= result != NULL;
	}
	check(ok, "three threads open and close");
}

#define MOUNT FOLDER "/mount"

static unsigned long free_blocks(void)
{
	struct statfs s;

	return statfs(MOUNT, &s) == 0 ? s.f_bfree : 0;
}

static bool write_pages(int fd, int pages)
{
	static char page[4096];
	bool ok = true;

	for (int i = 0; i < pages; i++)
		ok &= write(fd, page, sizeof page) == sizeof page;
	return ok;
}

// Needs the right to mount.
static void mounted(void)
{
	int fd;
	bool ok;

	mkdir(MOUNT, 0755);
	if (mount("closing", MOUNT, "tmpfs", 0, "size=1m") != 0) {
		rmdir(MOUNT);
		return;
	}
	unsigned long before = free_blocks();

	fd = open(MOUNT "/a", O_RDWR | O_CREAT, 0644);
	ok = write_pages(fd, 20) && free_blocks() < before;
	unlink(MOUNT "/a");
	close(fd);
	check(ok && free_blocks() == before, "the space of a file without a name comes back at its close");
	fd = open(MOUNT "/a", O_RDWR | O_CREAT, 0644);
	ok = write_pages(fd, 20);
	close(fd);
	unlink(MOUNT "/a");
	check(ok && free_blocks() == before, "and of a closed file when its name goes");
	fd = open(MOUNT "/a", O_RDWR | O_CREAT, 0644);
	ok = FAILS(mount(NULL, MOUNT, NULL, MS_REMOUNT | MS_RDONLY, NULL), EBUSY);
	ok &= FAILS(umount(MOUNT), EBUSY);
	close(fd);
	ok &= mount(NULL, MOUNT, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0;
	check(ok, "a file open for writing keeps a mount from becoming read-only, a closed one does not");
	fd = open(MOUNT, O_RDONLY | O_DIRECTORY);
	ok = FAILS(umount(MOUNT), EBUSY);
	close(fd);
	check(ok && umount(MOUNT) == 0, "an open directory keeps a mount, a closed one does not");
	rmdir(MOUNT);
}

static bool child_opens(void)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(!opens_as(20));
	return waitpid(pid, &status, 0) == pid && status == 0;
}

// Read so often that it is mapped, and closed: when another process opens it, that is over.
static void opened_by_others(void)
{
	bool ok = true;

	for (int round = 0; round < 4; round++) {
		int fd = open(name(20), O_RDONLY);
		char byte;

		for (int i = 0; i < 30; i++)
			ok &= pread(fd, &byte, 1, i % 7) == 1;
		ok &= is_file(fd, 20) && close(fd) == 0;
		if (round % 2 == 0)
			ok &= opens_as(20);
		ok &= child_opens() && opens_as(20);
	}
	check(ok, "a closed file that another process opened is opened again");
}

static void seen_by_others(void)
{
	int fd = open(name(19), O_RDWR | O_TRUNC), status = 1;
	struct stat s;
	pid_t pid;

	for (int i = 0; i < 40; i++)
		if (write(fd, "0123456789", 10) != 10)
			check(false, "write");
	close(fd);
	pid = fork();
	if (pid == 0) {
		char text[512];

		fd = open(name(19), O_RDWR);
		_exit(!(fstat(fd, &s) == 0 && s.st_size == 400 && read(fd, text, sizeof text) == 400 &&
			memcmp(text + 390, "0123456789", 10) == 0));
	}
	waitpid(pid, &status, 0);
	check(status == 0 && stat(name(19), &s) == 0 && s.st_size == 400 && s.st_blocks == 8, "what was written and closed is there for others");
}

int main(void)
{
	files_make();
	one_after_the_other();
	many_at_once();
	listed();
	folders();
	children();
	passed();
	mapped();
	locked();
	by_threads();
	opened_by_others();
	seen_by_others();
	mounted();
	for (int i = 0; i < FILES; i++)
		unlink(name(i));
	rmdir(FOLDER);
	return tap_end();
}
