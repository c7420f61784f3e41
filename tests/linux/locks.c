// Locks: ranges of processes and of open file descriptions, flock.
//
// abi: fcntl F_GETLK F_SETLK F_SETLKW: partial: locks outlive a close by exec of another descriptor of the file
// abi: fcntl F_OFD_GETLK F_OFD_SETLK: whole
// abi: flock: whole
#define _GNU_SOURCE
#include "tap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[] = "/tmp/locksXXXXXX";

static int lock_of(int fd, int command, short type, short whence, off_t start, off_t length,
		   struct flock *out)
{
	struct flock lock = {.l_type = type, .l_whence = whence, .l_start = start, .l_len = length};
	int result = fcntl(fd, command, &lock);

	if (out)
		*out = lock;
	return result;
}

static int lock(int fd, short type, off_t start, off_t length)
{
	return lock_of(fd, F_SETLK, type, SEEK_SET, start, length, NULL);
}

// What a child sees: exit status of f.
static int in_child(int (*f)(int fd), int fd)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(f(fd));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Bit i: byte i cannot be locked by another process.
static int map_write(int fd)
{
	int bits = 0;

	for (int i = 0; i < 8; i++)
		if (FAILS(lock(fd, F_WRLCK, i, 1), EAGAIN))
			bits |= 1 << i;
	return bits;
}

static int map_read(int fd)
{
	int bits = 0;

	for (int i = 0; i < 8; i++)
		if (FAILS(lock(fd, F_RDLCK, i, 1), EAGAIN))
			bits |= 1 << i;
	return bits;
}

static void ranges(int fd)
{
	check(lock(fd, F_WRLCK, 1, 6) == 0 && in_child(map_write, fd) == 0x7e,
	      "a range keeps others out");
	check(lock(fd, F_UNLCK, 3, 2) == 0 && in_child(map_write, fd) == 0x66, "a hole in a range");
	check(lock(fd, F_RDLCK, 2, 4) == 0 && in_child(map_write, fd) == 0x7e,
	      "part becomes a read lock");
	check(in_child(map_read, fd) == 0x42, "readers share");
	check(lock(fd, F_UNLCK, 0, 0) == 0 && in_child(map_write, fd) == 0, "all given up");
	check(lock_of(fd, F_SETLK, F_WRLCK, SEEK_SET, 5, -2, NULL) == 0 &&
		      in_child(map_write, fd) == 0x18,
	      "a negative length goes back");
	check(lock(fd, F_UNLCK, 0, 0) == 0, "and up");
	lseek(fd, 2, SEEK_SET);
	check(lock_of(fd, F_SETLK, F_WRLCK, SEEK_CUR, 1, 1, NULL) == 0 &&
		      in_child(map_write, fd) == 0x08,
	      "from the current offset");
	check(lock(fd, F_UNLCK, 0, 0) == 0 && ftruncate(fd, 6) == 0 &&
		      lock_of(fd, F_SETLK, F_WRLCK, SEEK_END, -2, 0, NULL) == 0 &&
		      in_child(map_write, fd) == 0xf0,
	      "from the end, without end");
	lock(fd, F_UNLCK, 0, 0);
}

static int get_seen(int fd)
{
	struct flock l;

	return lock_of(fd, F_GETLK, F_RDLCK, SEEK_SET, 0, 0, &l) == 0 && l.l_type == F_WRLCK &&
	       l.l_start == 2 && l.l_len == 4 && l.l_pid == getppid() && l.l_whence == SEEK_SET;
}

static void asks(int fd)
{
	struct flock l;

	lock(fd, F_WRLCK, 2, 2);
	lock(fd, F_WRLCK, 4, 2);
	check(in_child(get_seen, fd) == 1, "F_GETLK tells owner and joined range");
	check(lock_of(fd, F_GETLK, F_WRLCK, SEEK_SET, 0, 0, &l) == 0 && l.l_type == F_UNLCK,
	      "one's own is none");
	lock(fd, F_UNLCK, 0, 0);
}

static void errors(int fd)
{
	int reader = open(path, O_RDONLY), writer = open(path, O_WRONLY),
	    place = open(path, O_PATH);

	check(FAILS(lock(reader, F_WRLCK, 0, 1), EBADF), "no write lock by a reader");
	check(FAILS(lock(writer, F_RDLCK, 0, 1), EBADF), "no read lock by a writer");
	check(FAILS(lock(place, F_RDLCK, 0, 1), EBADF), "none with O_PATH");
	check(FAILS(lock_of(fd, F_SETLK, F_WRLCK, 7, 0, 1, NULL), EINVAL), "a wrong whence");
	check(FAILS(lock_of(fd, F_SETLK, 77, SEEK_SET, 0, 1, NULL), EINVAL), "a wrong type");
	check(FAILS(lock(fd, F_WRLCK, -1, 1), EINVAL), "before the start");
	check(FAILS(lock(fd, F_WRLCK, 1, -2), EINVAL), "back before the start");
	check(FAILS(lock_of(fd, F_SETLK, F_WRLCK, SEEK_SET, 0x7fffffffffffffff, 2, NULL),
		    EOVERFLOW),
	      "beyond the end of all");
	check(FAILS(fcntl(fd, F_SETLK, (void *)8), EFAULT), "a wild pointer");
	check(FAILS(lock(999, F_WRLCK, 0, 1), EBADF), "no descriptor");
	close(reader);
	close(writer);
	close(place);
	lock(fd, F_WRLCK, 0, 8);
	close(open(path, O_RDONLY));
	check(in_child(map_write, fd) == 0, "closing any descriptor of the file gives them up");
	lock(fd, F_WRLCK, 0, 8);
	reader = dup(fd);
	dup2(0, reader);
	check(in_child(map_write, fd) == 0, "dup2 over one does, too");
	close(reader);
}

static int wait_for_it(int fd)
{
	return lock_of(fd, F_SETLKW, F_WRLCK, SEEK_SET, 0, 8, NULL) == 0;
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void waits(int fd)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct flock l;
	int ends[2], status;
	char byte;
	pid_t pid;

	lock(fd, F_WRLCK, 0, 8);
	pid = fork();
	if (pid == 0)
		_exit(wait_for_it(fd));
	lock(fd, F_UNLCK, 0, 0);
	waitpid(pid, &status, 0);
	check(status == 1 << 8, "F_SETLKW gets it in the end");
	check(pipe(ends) == 0, "pipe");
	pid = fork();
	if (pid == 0) {
		lock(fd, F_WRLCK, 0, 8);
		(void)!write(ends[1], "x", 1);
		pause();
	}
	(void)!read(ends[0], &byte, 1);
	sigaction(SIGALRM, &action, NULL);
	alarm(1);
	check(FAILS(lock_of(fd, F_SETLKW, F_WRLCK, SEEK_SET, 0, 8, NULL), EINTR),
	      "a handler breaks the wait off");
	check(lock_of(fd, F_GETLK, F_WRLCK, SEEK_SET, 0, 0, &l) == 0 && l.l_pid == pid,
	      "and nothing was taken");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	check(lock(fd, F_WRLCK, 0, 8) == 0, "a process that ends gives them up");
	lock(fd, F_UNLCK, 0, 0);
	// Each has one byte and wants the other's.
	lock(fd, F_WRLCK, 0, 1);
	pid = fork();
	if (pid == 0) {
		lock(fd, F_WRLCK, 1, 1);
		(void)!write(ends[1], "x", 1);
		_exit(lock_of(fd, F_SETLKW, F_WRLCK, SEEK_SET, 0, 1, NULL) == 0 ? 0 : errno);
	}
	(void)!read(ends[0], &byte, 1);
	while (lock_of(fd, F_SETLKW, F_WRLCK, SEEK_SET, 1, 1, NULL) == 0) {
		// The child was not waiting yet, or it was told of the deadlock and has ended.
		if (waitpid(pid, &status, WNOHANG) == pid)
			break;
		lock(fd, F_UNLCK, 1, 1);
	}
	bool was_here = errno == EDEADLK;

	lock(fd, F_UNLCK, 0, 0);
	if (was_here)
		waitpid(pid, &status, 0);
	check(was_here ? status == 0 : WEXITSTATUS(status) == EDEADLK,
	      "a deadlock is told to one of them");
	close(ends[0]);
	close(ends[1]);
}

static void descriptions(int fd)
{
	int other = open(path, O_RDWR), same = dup(fd);
	struct flock l;

	check(lock_of(fd, F_OFD_SETLK, F_WRLCK, SEEK_SET, 0, 4, NULL) == 0, "OFD lock");
	check(FAILS(lock_of(other, F_OFD_SETLK, F_WRLCK, SEEK_SET, 2, 4, NULL), EAGAIN),
	      "another description");
	check(lock_of(same, F_OFD_SETLK, F_WRLCK, SEEK_SET, 2, 4, NULL) == 0, "the same, by dup");
	check(lock_of(other, F_OFD_GETLK, F_WRLCK, SEEK_SET, 0, 0, &l) == 0 &&
		      l.l_type == F_WRLCK && l.l_pid == -1 && l.l_len == 6,
	      "F_OFD_GETLK has no pid");
	check(FAILS(lock(other, F_WRLCK, 0, 1), EAGAIN), "ranges of processes see them");
	l = (struct flock){.l_type = F_WRLCK, .l_pid = 1};
	check(FAILS(fcntl(fd, F_OFD_SETLK, &l), EINVAL), "l_pid must be 0");
	close(open(path, O_RDONLY));
	check(FAILS(lock(other, F_WRLCK, 0, 1), EAGAIN), "they outlive another descriptor");
	close(same);
	lock_of(fd, F_OFD_SETLK, F_UNLCK, SEEK_SET, 0, 0, NULL);
	check(lock_of(other, F_OFD_SETLK, F_WRLCK, SEEK_SET, 0, 0, NULL) == 0, "given up");
	close(other);
	check(lock(fd, F_WRLCK, 0, 1) == 0, "and by the close");
	lock(fd, F_UNLCK, 0, 0);
}

static int flock_child(int fd)
{
	(void)fd;
	return flock(open(path, O_RDONLY), LOCK_EX) == 0;
}

static void flocks(int fd)
{
	int other = open(path, O_RDONLY), status;
	pid_t pid;

	check(flock(fd, LOCK_SH) == 0 && flock(other, LOCK_SH) == 0, "flock: shared");
	check(FAILS(flock(other, LOCK_EX | LOCK_NB), EAGAIN), "no upgrade beside another reader");
	check(flock(fd, LOCK_EX | LOCK_NB) == 0, "the failed upgrade gave its own up");
	check(FAILS(flock(other, LOCK_SH | LOCK_NB), EAGAIN), "exclusive");
	check(lock(fd, F_WRLCK, 0, 0) == 0, "ranges do not see it");
	check(FAILS(flock(fd, 0), EINVAL) && FAILS(flock(fd, LOCK_SH | LOCK_EX), EINVAL) &&
		      FAILS(flock(999, LOCK_SH), EBADF),
	      "flock's errors");
	pid = fork();
	if (pid == 0)
		_exit(flock_child(fd));
	flock(fd, LOCK_UN);
	waitpid(pid, &status, 0);
	check(status == 1 << 8, "flock waits");
	flock(fd, LOCK_EX);
	pid = fork();
	if (pid == 0)
		_exit(flock(fd, LOCK_UN) != 0);
	waitpid(pid, &status, 0);
	check(status == 0 && flock(other, LOCK_EX | LOCK_NB) == 0, "a child holds the same lock");
	close(other);
}

int main(void)
{
	int fd = mkstemp(path);

	check(fd >= 0, "a file");
	ranges(fd);
	asks(fd);
	errors(fd);
	waits(fd);
	descriptions(fd);
	flocks(fd);
	unlink(path);
	return tap_end();
}
