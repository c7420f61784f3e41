// Names and attributes: the calls with directories, their flags and errors, permissions.
//
// abi: renameat2 RENAME_NOREPLACE RENAME_EXCHANGE: whole
// abi: linkat AT_SYMLINK_FOLLOW AT_EMPTY_PATH: whole
// abi: openat O_TMPFILE O_PATH O_NOFOLLOW O_DIRECTORY O_EXCL: whole
// abi: utimensat UTIME_NOW UTIME_OMIT: whole
// abi: statx: partial: no birth time
// abi: setgroups: partial: 32 groups at most (EINVAL)
// abi: getgroups: whole
// abi: sync_file_range: whole
// abi: syncfs: whole
// abi: setxattr: refused EOPNOTSUPP
// abi: sethostname: whole
#define _GNU_SOURCE
#include "tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE  2
#endif
#define ALL_FIELDS     0x7ffu
#define RESERVED_FIELD 0x80000000u
#define SYNC_TYPE      0x6000

struct fields { // struct statx
	unsigned mask, block_size;
	unsigned long attributes;
	unsigned links, uid, gid;
	unsigned short mode, pad;
	unsigned long number, size, rest[26];
};

static char top[] = "/tmp/namesXXXXXX";

static bool touch(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0644);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static ino_t number(const char *path)
{
	struct stat s;

	return lstat(path, &s) == 0 ? s.st_ino : 0;
}

static int two(int a, const char *from, int b, const char *to, unsigned flags)
{
	return (int)syscall(SYS_renameat2, a, from, b, to, flags);
}

static void renames(void)
{
	int a = open("a", O_RDONLY | O_DIRECTORY), b = open("b", O_PATH | O_DIRECTORY);
	ino_t x, y;

	check(a >= 0 && b >= 0 && touch("a/x") && touch("b/y"), "two directories");
	x = number("a/x");
	y = number("b/y");
	check(FAILS(two(a, "x", b, "y", RENAME_NOREPLACE), EEXIST), "NOREPLACE");
	check(two(a, "x", b, "y", RENAME_EXCHANGE) == 0 && number("a/x") == y && number("b/y") == x,
	      "EXCHANGE between descriptors");
	check(FAILS(two(a, "x", b, "none", RENAME_EXCHANGE), ENOENT), "EXCHANGE with nothing");
	check(FAILS(two(a, "x", b, "y", RENAME_EXCHANGE | RENAME_NOREPLACE), EINVAL) &&
		      FAILS(two(a, "x", b, "y", 0x80), EINVAL),
	      "flags");
	check(renameat(a, "x", b, "z") == 0 && number("b/z") == y && access("a/x", F_OK) != 0,
	      "renameat between descriptors");
	check(renameat(b, "z", AT_FDCWD, "a/x") == 0 && number("a/x") == y,
	      "and to the current directory");
	check(FAILS(renameat(a, "none", b, "z"), ENOENT) &&
		      FAILS(renameat(999, "x", b, "z"), EBADF),
	      "missing");
	check(FAILS(rename("a", "a/x/y"), ENOTDIR) && FAILS(rename("a", "a/in"), EINVAL),
	      "a directory not into itself");
	check(FAILS(rename("a/x", "b"), EISDIR) && FAILS(rename("a", "b/y"), ENOTDIR),
	      "file and directory");
	check(FAILS(rename("a", "b"), ENOTEMPTY), "not over a full directory");
	check(linkat(a, "x", b, "hard", 0) == 0 && number("b/hard") == y,
	      "linkat between descriptors");
	check(rename("a/x", "b/hard") == 0 && access("a/x", F_OK) == 0,
	      "two names of one file stay");
	check(FAILS(linkat(a, "x", b, "hard", 0), EEXIST) &&
		      FAILS(linkat(a, "x", b, "q", 0x80), EINVAL),
	      "linkat's errors");
	check(FAILS(link("a", "b/dir"), EPERM), "no link of a directory");
	check(symlink("x", "a/s") == 0 && linkat(a, "s", b, "s", 0) == 0 &&
		      linkat(a, "s", b, "f", AT_SYMLINK_FOLLOW) == 0 &&
		      number("b/s") == number("a/s") && number("b/f") == y,
	      "AT_SYMLINK_FOLLOW");
	int fd = open("a/x", O_RDONLY);

	check(linkat(fd, "", b, "empty", AT_EMPTY_PATH) == 0 && number("b/empty") == y,
	      "AT_EMPTY_PATH");
	close(fd);
	close(a);
	close(b);
}

static void nameless(void)
{
	int fd = open("a", O_TMPFILE | O_RDWR, 0600);
	struct stat s;

	check(fd >= 0 && write(fd, "hello", 5) == 5 && fstat(fd, &s) == 0 && s.st_nlink == 0 &&
		      s.st_size == 5,
	      "O_TMPFILE");
	check(linkat(fd, "", AT_FDCWD, "a/named", AT_EMPTY_PATH) == 0 && stat("a/named", &s) == 0 &&
		      s.st_nlink == 1 && s.st_size == 5,
	      "gets a name");
	close(fd);
	check(FAILS(open("a", O_TMPFILE | O_RDONLY, 0600), EINVAL) &&
		      FAILS(open("a/x", O_TMPFILE | O_RDWR, 0600), ENOTDIR) &&
		      FAILS(open("nothere", O_TMPFILE | O_RDWR, 0600), ENOENT),
	      "its errors");
}

static void places(void)
{
	int fd = open("a/named", O_PATH), dir = open("a", O_PATH),
	    link = open("a/s", O_PATH | O_NOFOLLOW), other;
	char byte[8];
	struct stat s;

	check(fd >= 0 && dir >= 0 && link >= 0, "O_PATH");
	check(FAILS(read(fd, byte, 1), EBADF) && FAILS(write(fd, "x", 1), EBADF) &&
		      FAILS(lseek(fd, 0, SEEK_SET), EBADF) && FAILS(ftruncate(fd, 0), EBADF) &&
		      FAILS(syscall(SYS_fchmod, fd, 0600), EBADF) &&
		      FAILS(syscall(SYS_fchown, fd, 0, 0), EBADF) && FAILS(fsync(fd), EBADF) &&
		      FAILS(fcntl(fd, F_SETFL, O_NONBLOCK), EBADF),
	      "EBADF for what wants it open");
	errno = 0;
	check(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == EBADF,
	      "no mapping");
	check(fstat(fd, &s) == 0 && s.st_size == 5 && (other = dup(fd)) >= 0 && close(other) == 0 &&
		      (fcntl(fd, F_GETFL) & O_PATH),
	      "fstat, dup, F_GETFL");
	check(fstatat(fd, "", &s, AT_EMPTY_PATH) == 0 && s.st_size == 5, "AT_EMPTY_PATH");
	check(fstat(link, &s) == 0 && S_ISLNK(s.st_mode) && readlinkat(link, "", byte, 8) == 1 &&
		      byte[0] == 'x',
	      "a link itself");
	other = openat(dir, "named", O_RDONLY);
	check(other >= 0 && read(other, byte, 5) == 5 && FAILS(openat(fd, "x", O_RDONLY), ENOTDIR),
	      "a start for names");
	close(other);
	check(fchdir(dir) == 0 && access("named", F_OK) == 0 && chdir("..") == 0 &&
		      FAILS(fchdir(fd), ENOTDIR),
	      "fchdir");
	close(fd);
	close(dir);
	close(link);
}

static void times(void)
{
	struct timespec t[2] = {{100, 1}, {200, 2}}, same[2] = {{0, UTIME_OMIT}, {300, 3}},
			none[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
	struct timespec bad[2] = {{0, 1000000000}, {0, 0}},
			now[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
	struct stat s;
	int fd = open("a/named", O_RDWR);

	check(utimensat(AT_FDCWD, "a/named", t, 0) == 0 && stat("a/named", &s) == 0 &&
		      s.st_atim.tv_sec == 100 && s.st_mtim.tv_nsec == 2,
	      "utimensat");
	check(utimensat(AT_FDCWD, "a/named", same, 0) == 0 && stat("a/named", &s) == 0 &&
		      s.st_atim.tv_nsec == 1 && s.st_mtim.tv_sec == 300,
	      "UTIME_OMIT");
	check(utimensat(AT_FDCWD, "a/named", now, 0) == 0 && stat("a/named", &s) == 0 &&
		      s.st_atim.tv_sec > 1000000 && s.st_mtim.tv_sec == 300,
	      "UTIME_NOW");
	check(FAILS(utimensat(AT_FDCWD, "a/named", bad, 0), EINVAL) &&
		      FAILS(utimensat(AT_FDCWD, "a/none", t, 0), ENOENT),
	      "errors");
	check(futimens(fd, t) == 0 && fstat(fd, &s) == 0 && s.st_mtim.tv_sec == 200, "futimens");
	check(utimensat(AT_FDCWD, "a/s", t, AT_SYMLINK_NOFOLLOW) == 0 && lstat("a/s", &s) == 0 &&
		      s.st_mtim.tv_sec == 200,
	      "of a link");
	check(FAILS(utimensat(AT_FDCWD, "a/named", t, 1), EINVAL) && futimens(999, none) == 0 &&
		      FAILS(futimens(999, t), EBADF),
	      "flags and descriptors");
	close(fd);
}

static int statx_of(const char *path, int flags, unsigned mask, struct fields *x)
{
	return (int)syscall(SYS_statx, AT_FDCWD, path, flags, mask, x);
}

static void statxes(void)
{
	struct fields x;

	check(sizeof x == 256 && statx_of("a/named", 0, ALL_FIELDS, &x) == 0 &&
		      (x.mask & ALL_FIELDS) == ALL_FIELDS && x.size == 5 && x.links == 1,
	      "statx");
	check(FAILS(statx_of("a/named", 0, RESERVED_FIELD, &x), EINVAL) &&
		      FAILS(statx_of("a/named", SYNC_TYPE, 0, &x), EINVAL) &&
		      FAILS(statx_of("a/none", 0, 0, &x), ENOENT) &&
		      FAILS(statx_of("a/named", 0x8000, 0, &x), EINVAL),
	      "statx's errors");
}

static void paths(void)
{
	static char deep[PATH_MAX + 10], name[300];
	struct stat s;

	memset(name, 'n', 256);
	check(FAILS(mkdir(name, 0777), ENAMETOOLONG), "a name of 256");
	name[255] = 0;
	check(mkdir(name, 0777) == 0 && rmdir(name) == 0, "one of 255");
	memset(deep, '/', PATH_MAX);
	check(FAILS(stat(deep, &s), ENAMETOOLONG), "a path of 4096");
	deep[PATH_MAX - 1] = 0;
	check(stat(deep, &s) == 0, "one of 4095");
	check(symlink("l2", "l1") == 0 && symlink("l1", "l2") == 0 &&
		      FAILS(stat("l1", &s), ELOOP) && FAILS(open("l1/x", O_RDONLY), ELOOP),
	      "links in a circle");
	check(FAILS(open("a/named/", O_RDONLY), ENOTDIR) && FAILS(stat("a/named/.", &s), ENOTDIR) &&
		      FAILS(open("new/", O_CREAT | O_RDWR, 0644), EISDIR) &&
		      FAILS(unlink("a/named/"), ENOTDIR),
	      "slashes after a file");
	check(mkdir("d/", 0777) == 0 && rmdir("d/") == 0 && FAILS(symlink("x", "d/"), ENOENT),
	      "and after a directory");
	check(FAILS(rmdir("a/."), EINVAL) && FAILS(rmdir("a/.."), ENOTEMPTY) &&
		      FAILS(unlink("a"), EISDIR) && FAILS(rmdir("a/named"), ENOTDIR) &&
		      FAILS(rmdir("/"), EBUSY),
	      "what cannot be removed");
	check(FAILS(stat("", &s), ENOENT) && FAILS(open("", O_RDONLY), ENOENT) &&
		      FAILS(symlink("", "q"), ENOENT),
	      "empty names");
	check(FAILS(open("l1", O_RDONLY | O_NOFOLLOW), ELOOP) &&
		      FAILS(open("a/named", O_RDONLY | O_DIRECTORY), ENOTDIR) &&
		      FAILS(open("a/named", O_CREAT | O_EXCL, 0600), EEXIST) &&
		      FAILS(open("l1", O_CREAT | O_EXCL | O_WRONLY, 0600), EEXIST),
	      "open's flags");
}

// In a child as another user: bit by bit what goes wrong.
static int user_checks(void)
{
	gid_t groups[3] = {20, 7, 20};
	struct timespec t[2] = {{1, 0}, {1, 0}};

	if (setgroups(3, groups) || setgid(1000) || setuid(1000))
		return 100;
	if (!FAILS(setgroups(0, NULL), EPERM) || getgroups(0, NULL) != 3 ||
	    !FAILS(getgroups(1, groups), EINVAL) || getgroups(3, groups) != 3)
		return 1;
	if (access("u/group", R_OK) != 0 || !FAILS(open("u/group", O_WRONLY), EACCES))
		return 2; // 0640, group 7
	if (!FAILS(open("u/root", O_RDONLY), EACCES) || !FAILS(chmod("u/root", 0777), EPERM) ||
	    !FAILS(chown("u/root", 1000, 1000), EPERM))
		return 3;
	if (!FAILS(unlink("sticky/root"), EPERM) ||
	    !FAILS(rename("sticky/root", "sticky/x"), EPERM) || !touch("sticky/mine") ||
	    unlink("sticky/mine") != 0)
		return 4;
	if (!FAILS(utimensat(AT_FDCWD, "u/open", t, 0), EPERM) ||
	    utimensat(AT_FDCWD, "u/open", NULL, 0) != 0 ||
	    !FAILS(utimensat(AT_FDCWD, "u/group", NULL, 0), EACCES))
		return 5;
	if (!FAILS(open("closed/x", O_RDONLY), EACCES) || !FAILS(mkdir("u/new", 0777), EACCES) ||
	    !FAILS(chdir("closed"), EACCES))
		return 6;
	if (!touch("sticky/own") || chown("sticky/own", -1, 7) != 0 ||
	    !FAILS(chown("sticky/own", -1, 8), EPERM) || !FAILS(chown("sticky/own", 0, -1), EPERM))
		return 7;
	if (!FAILS(mknod("sticky/dev", S_IFCHR | 0600, 0x103), EPERM) ||
	    !FAILS(sethostname("x", 1), EPERM))
		return 8;
	return 0;
}

static void users(void)
{
	struct stat s;
	int status;
	pid_t pid;

	check(mkdir("u", 0755) == 0 && touch("u/group") && chown("u/group", 0, 7) == 0 &&
		      chmod("u/group", 0640) == 0 && touch("u/root") &&
		      chmod("u/root", 0600) == 0 && touch("u/open") && chmod("u/open", 0666) == 0,
	      "files of root");
	check(mkdir("sticky", 0777) == 0 && chmod("sticky", 01777) == 0 && touch("sticky/root") &&
		      mkdir("closed", 0700) == 0,
	      "directories");
	pid = fork();
	if (pid == 0)
		_exit(user_checks());
	waitpid(pid, &status, 0);
	if (WEXITSTATUS(status))
		printf("# failed at %d\n", WEXITSTATUS(status));
	check(status == 0, "another user: owner, groups, sticky directories");
	check(mkdir("set", 0777) == 0 && chown("set", 0, 7) == 0 && chmod("set", 02777) == 0 &&
		      mkdir("set/d", 0777) == 0 && touch("set/f") && stat("set/d", &s) == 0 &&
		      s.st_gid == 7 && (s.st_mode & S_ISGID) && stat("set/f", &s) == 0 &&
		      s.st_gid == 7 && !(s.st_mode & S_ISGID),
	      "the set-group-id bit goes down");
	umask(077);
	check(touch("masked") && stat("masked", &s) == 0 && (s.st_mode & 0777) == 0600 &&
		      umask(022) == 077,
	      "umask");
	check(chmod("masked", 06755) == 0 && chown("masked", 5, 5) == 0 &&
		      stat("masked", &s) == 0 && (s.st_mode & 07777) == 0755,
	      "chown takes set-id bits");
}

static void listings(void)
{
	char name[300];
	struct dirent *e;
	long cookie = -1;
	int count = 0;
	DIR *d;

	check(mkdir("many", 0777) == 0, "a large directory");
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "many/%03d", i);
		(void)touch(name);
	}
	d = opendir("many");
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if (count++ == 100)
			cookie = telldir(d);
		snprintf(name, sizeof name, "many/%s", e->d_name);
		(void)unlink(name);
	}
	check(count == 300, "each is listed once while it is removed");
	rewinddir(d);
	for (count = 0; (e = readdir(d)); count++)
		;
	check(count == 2, "and then none");
	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof name, "many/n%d", i);
		(void)touch(name);
	}
	rewinddir(d);
	for (count = 0; count < 5 && readdir(d); count++)
		;
	cookie = telldir(d);
	e = readdir(d);
	strcpy(name, e ? e->d_name : "");
	seekdir(d, cookie);
	e = readdir(d);
	check(e && strcmp(e->d_name, name) == 0, "telldir and seekdir");
	closedir(d);
}

static void rest(void)
{
	int fd = memfd_create("mem", MFD_CLOEXEC), ends[2];
	struct utsname before, after;
	struct stat s;

	check(fd >= 0 && ftruncate(fd, 8192) == 0 && pwrite(fd, "x", 1, 5000) == 1 &&
		      fstat(fd, &s) == 0 && s.st_size == 8192 && s.st_nlink == 0 &&
		      (fcntl(fd, F_GETFD) & FD_CLOEXEC),
	      "memfd_create");
	check(FAILS(memfd_create("x", 0x8000), EINVAL), "its flags");
	check(syncfs(fd) == 0 && FAILS(syncfs(999), EBADF) &&
		      sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE) == 0 &&
		      FAILS(sync_file_range(fd, 0, 0, 0x80), EINVAL),
	      "syncfs, sync_file_range");
	check(pipe(ends) == 0 && FAILS(sync_file_range(ends[0], 0, 0, 0), ESPIPE), "not of a pipe");
	check(FAILS(setxattr("a/named", "user.x", "y", 1, 0), EOPNOTSUPP) ||
		      access("a/named", F_OK) == 0,
	      "no attributes");
	check(FAILS(getxattr("a/none", "user.x", top, 1), ENOENT), "of nothing: ENOENT");
	check(uname(&before) == 0 && sethostname("other", 5) == 0 && uname(&after) == 0 &&
		      strcmp(after.nodename, "other") == 0 &&
		      sethostname(before.nodename, strlen(before.nodename)) == 0,
	      "sethostname");
	check(FAILS(syscall(SYS_sethostname, top, 65), EINVAL) &&
		      FAILS(syscall(SYS_sethostname, 8, 4), EFAULT),
	      "its errors");
}

int main(void)
{
	check(mkdtemp(top) && chmod(top, 0755) == 0 && chdir(top) == 0 && mkdir("a", 0777) == 0 &&
		      mkdir("b", 0777) == 0,
	      "a place");
	renames();
	nameless();
	places();
	times();
	statxes();
	paths();
	users();
	listings();
	rest();
	return tap_end();
}
