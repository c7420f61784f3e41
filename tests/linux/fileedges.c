// Edges of the calls on files: what F_GETFL tells, positions at the far end, names that end in a slash, what
// only some kinds of files can do.
// abi: renameat2 RENAME_WHITEOUT: whole
// abi: fcntl F_GETLEASE: partial: a lease cannot be taken (F_SETLEASE: EINVAL)
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "tap_child.h"

#ifndef RENAME_WHITEOUT
#define RENAME_EXCHANGE 2
#define RENAME_WHITEOUT 4
#endif
#define LARGEFILE 0100000
#define OTHER_USER  1000

static char top[] = "/dev/shm/edgesXXXXXX";

static int make(const char *name)
{
	int fd = open(name, O_CREAT | O_TRUNC | O_RDWR, 0644);

	return fd >= 0 && write(fd, "hello", 5) == 5 ? fd : -1;
}

static int flags_of(const char *name, int flags)
{
	int fd = open(name, flags, 0644), got = fd < 0 ? -1 : fcntl(fd, F_GETFL);

	close(fd);
	return got;
}

static void flags_told(void)
{
	int pipes[2], file = make("f"), none = open("f", O_ACCMODE), dir = open(".", O_RDONLY);
	char c;

	check(flags_of("f", O_RDWR | O_APPEND | O_CLOEXEC) == (O_RDWR | O_APPEND | LARGEFILE), "F_GETFL has O_LARGEFILE");
	check(flags_of("f", O_RDWR | O_DSYNC | O_CREAT) == (O_RDWR | O_DSYNC | LARGEFILE), "and O_DSYNC");
	check(flags_of(".", O_RDONLY | O_DIRECTORY) == (O_DIRECTORY | LARGEFILE), "and O_DIRECTORY");
	check(FAILS(read(none, &c, 1), EBADF) && FAILS(write(none, "x", 1), EBADF), "access mode 3 can do neither");
	check(pipe(pipes) == 0 && fcntl(pipes[0], F_GETFL) == O_RDONLY, "a pipe's end has no O_LARGEFILE");
	check(FAILS(fcntl(dir, F_SETFL, O_DIRECT), EINVAL), "O_DIRECT of a directory");
	check(fcntl(file, F_GETLEASE) == F_UNLCK, "no lease is held");
	check(flock(file, 32 | LOCK_SH) == 0, "asking for a mandatory lock does nothing");
	close(pipes[0]), close(pipes[1]), close(file), close(none), close(dir);
}

static void positions(void)
{
	int pipes[2], file = make("f"), dir = open(".", O_RDONLY);
	char c;

	check(FAILS(lseek(file, LONG_MAX, SEEK_END), EINVAL), "lseek: SEEK_END past the last position");
	check(lseek(file, LONG_MAX, SEEK_SET) == LONG_MAX && FAILS(lseek(file, 1, SEEK_CUR), EINVAL),
	      "lseek: SEEK_CUR past the last position");
	check(FAILS(write(file, "x", 1), EINVAL), "no write reaches past the last position");
	check(FAILS(pwrite(file, "ab", 2, LONG_MAX), EINVAL), "nor does pwrite");
	check(FAILS(pread(file, &c, 1, LONG_MAX), EINVAL), "nor pread");
	check(pipe(pipes) == 0 && FAILS(lseek(pipes[0], 0, 99), EINVAL) && FAILS(lseek(pipes[0], 0, SEEK_SET), ESPIPE),
	      "lseek looks at whence first");
	check(FAILS(lseek(dir, 0, SEEK_END), EINVAL), "a directory has no end to seek from");
	check(FAILS(read(file, &c, (size_t)-1), EFAULT), "a size that no memory has");
	close(pipes[0]), close(pipes[1]), close(file), close(dir);
}

static void slashes(void)
{
	check(mkdir("d", 0755) == 0 && symlink("d", "ld") == 0 && symlink("none", "dangling") == 0, "links");
	check(FAILS(rmdir("ld/"), ENOTDIR), "rmdir of a link, with a slash");
	check(FAILS(mkdir("dangling/", 0755), EEXIST) && FAILS(access("none", F_OK), ENOENT),
	      "mkdir of a dangling link, with a slash");
	check(FAILS(rename("ld/", "x"), ENOTDIR), "rename of a link, with a slash");
	check(FAILS(unlink("ld/"), ENOTDIR), "unlink of a link, with a slash");
	check(unlink("ld") == 0 && rmdir("d/") == 0 && unlink("dangling") == 0, "the links themselves");
}

static void whiteout(void)
{
	struct stat s;

	close(make("a"));
	check(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", RENAME_WHITEOUT) == 0, "RENAME_WHITEOUT");
	check(stat("b", &s) == 0 && S_ISREG(s.st_mode), "the file has moved");
	check(stat("a", &s) == 0 && S_ISCHR(s.st_mode) && s.st_rdev == 0 && s.st_nlink == 1, "and left the device 0, 0");
	check(FAILS(syscall(SYS_renameat2, AT_FDCWD, "b", AT_FDCWD, "a", RENAME_WHITEOUT | RENAME_EXCHANGE), EINVAL),
	      "not together with RENAME_EXCHANGE");
	unlink("a"), unlink("b");
}

static void kinds(void)
{
	struct timespec t[2] = {{1, 0}, {2, 0}};
	struct statfs fs;
	struct stat s;
	int event = eventfd(0, 0), pipes[2], null = open("/dev/null", O_RDWR), path;
	char c;

	close(make("f"));
	path = open("f", O_PATH);
	check(FAILS(fsync(event), EINVAL) && FAILS(fsync(null), EINVAL), "fsync is for files");
	check(fstat(event, &s) == 0 && s.st_nlink == 1, "an eventfd shows one link");
	check(FAILS(futimens(path, t), EBADF), "futimens of O_PATH");
	check(FAILS(fgetxattr(path, "user.a", &c, 1), EBADF), "fgetxattr of O_PATH");
	check(FAILS(syscall(SYS_utimensat, event, NULL, t, AT_SYMLINK_NOFOLLOW), EINVAL), "utimensat: a flag without a name");
	check(pipe(pipes) == 0 && fstatfs(pipes[0], &fs) == 0 && fs.f_type == 0x50495045 && fs.f_blocks == 0,
	      "fstatfs of a pipe");
	check(fstatfs(event, &fs) == 0 && fs.f_type == 0x09041934, "fstatfs of an eventfd");
	close(event), close(pipes[0]), close(pipes[1]), close(null), close(path);
}

static void changes(void)
{
	struct stat before, after;
	struct timespec pause = {0, 20000000};
	int fd = make("f");

	fstat(fd, &before);
	nanosleep(&pause, NULL);
	check(fallocate(fd, 1, 0, 9000) == 0 && fstat(fd, &after) == 0 && after.st_size == 5 &&
		      after.st_mtim.tv_nsec != before.st_mtim.tv_nsec, "fallocate that keeps the size changes the file");
	close(fd);
}

static void others(void)
{
	check(setgid(OTHER_USER) == 0 && setuid(OTHER_USER) == 0, "another user");

	int fd = open("w", O_RDWR);

	check(FAILS(fcntl(fd, F_SETFL, O_NOATIME), EPERM), "O_NOATIME is for the owner");
	check(fchown(fd, (uid_t)-1, (gid_t)-1) == 0, "everybody may change no owner");
	check(mknod("node", S_IFCHR | 0600, 0) == 0 && FAILS(mknod("other", S_IFCHR | 0600, 0x103), EPERM),
	      "everybody may make a whiteout, and no other device");
}

int main(void)
{
	if (!mkdtemp(top) || chmod(top, 0777) || chdir(top))
		return 1;
	flags_told();
	positions();
	slashes();
	whiteout();
	kinds();
	changes();
	close(make("w"));
	chmod("w", 0666);
	in_child(others);
	return tap_end();
}
