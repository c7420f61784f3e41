// Permissions, owners and times of files, by name and by descriptor.
// abi: access: whole
// abi: faccessat: whole
// abi: faccessat2 AT_EACCESS AT_SYMLINK_NOFOLLOW AT_EMPTY_PATH: whole
// abi: chmod: whole
// abi: fchmod: whole
// abi: fchmodat: whole
// abi: chown: whole
// abi: fchown: whole
// abi: lchown: whole
// abi: fchownat AT_SYMLINK_NOFOLLOW AT_EMPTY_PATH: whole
// abi: umask: whole
// abi: utime: whole
// abi: utimes: whole
// abi: futimesat: whole
// abi: creat: whole
// abi: link: whole
// abi: rename: whole
// abi: symlinkat: whole
// abi: readlinkat: whole
// abi: mknodat: whole
// abi: newfstatat AT_EMPTY_PATH AT_SYMLINK_NOFOLLOW AT_NO_AUTOMOUNT: whole
// abi: fstatfs: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include "tap_child.h"

#define C(name, ...) syscall(SYS_##name, ##__VA_ARGS__)
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif
#ifndef AT_EACCESS
#define AT_EACCESS 0x200
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

static struct stat st;
static char longname[4200];

static int make(const char *name, int mode)
{
	int fd = (int)C(creat, name, 0666);

	return fd < 0 || fchmod(fd, (mode_t)mode) || close(fd) ? -1 : 0;
}

static unsigned mode_of(const char *name) { return lstat(name, &st) ? 0 : st.st_mode & 07777; }

static void modes(void)
{
	int fd, name, dir = open(".", O_RDONLY | O_DIRECTORY);

	check(make("a", 0644) == 0 && C(chmod, "a", 04751) == 0 && mode_of("a") == 04751, "chmod");
	check(C(chmod, "a", 0170640) == 0 && mode_of("a") == 0640, "only the lower 12 bits count");
	check(FAILS(C(chmod, "none", 0), ENOENT) && FAILS(C(chmod, "a/b", 0), ENOTDIR) && FAILS(C(chmod, "", 0), ENOENT) &&
		      FAILS(C(chmod, longname, 0), ENAMETOOLONG) && FAILS(C(chmod, 8, 0), EFAULT),
	      "chmod: errors");
	check(C(symlinkat, "loop", AT_FDCWD, "loop") == 0 && FAILS(C(chmod, "loop", 0), ELOOP) && unlink("loop") == 0, "a loop");
	check(symlink("a", "s") == 0 && C(chmod, "s", 0600) == 0 && mode_of("a") == 0600, "through a symbolic link");
	fd = open("a", O_RDONLY);
	name = open("a", O_PATH);
	check(C(fchmod, fd, 0611) == 0 && mode_of("a") == 0611 && FAILS(C(fchmod, name, 0), EBADF) &&
		      FAILS(C(fchmod, 99, 0), EBADF) && FAILS(C(fchmod, -1, 0), EBADF),
	      "fchmod");
	check(C(fchmodat, dir, "a", 0700) == 0 && mode_of("a") == 0700 && FAILS(C(fchmodat, fd, "b", 0), ENOTDIR) &&
		      FAILS(C(fchmodat, 99, "b", 0), EBADF) && FAILS(C(fchmodat, dir, "b", 0), ENOENT),
	      "fchmodat");
	check(FAILS(C(chown, "none", 1, 1), ENOENT) && C(chown, "a", 1, 2) == 0 && lstat("a", &st) == 0 && st.st_uid == 1 &&
		      st.st_gid == 2,
	      "chown");
	check(C(chmod, "a", 06711) == 0 && C(chown, "a", -1, 3) == 0 && lstat("a", &st) == 0 && st.st_uid == 1 &&
		      st.st_gid == 3 && (st.st_mode & 07777) == 0711,
	      "-1 keeps; the set-id bits go");
	check(C(chmod, "a", 02700) == 0 && C(chown, "a", 1, 3) == 0 && mode_of("a") == 02700, "S_ISGID without S_IXGRP stays");
	check(C(lchown, "s", 7, 8) == 0 && lstat("s", &st) == 0 && st.st_uid == 7 && stat("s", &st) == 0 && st.st_uid == 1,
	      "lchown");
	check(C(fchown, fd, 4, 5) == 0 && fstat(fd, &st) == 0 && st.st_uid == 4 && st.st_gid == 5 &&
		      FAILS(C(fchown, name, 1, 1), EBADF) && FAILS(C(fchown, 99, 1, 1), EBADF),
	      "fchown");
	check(C(fchownat, dir, "s", 1, 1, AT_SYMLINK_NOFOLLOW) == 0 && lstat("s", &st) == 0 && st.st_uid == 1 &&
		      C(fchownat, fd, "", 6, 6, AT_EMPTY_PATH) == 0 && fstat(fd, &st) == 0 && st.st_uid == 6 &&
		      C(fchownat, name, "", 9, 9, AT_EMPTY_PATH) == 0 && fstat(fd, &st) == 0 && st.st_uid == 9,
	      "fchownat");
	check(FAILS(C(fchownat, dir, "a", 1, 1, 0x4000000), EINVAL) && FAILS(C(fchownat, dir, "", 1, 1, 0), ENOENT) &&
		      FAILS(C(fchownat, 99, "a", 1, 1, 0), EBADF) && FAILS(C(fchownat, fd, "a", 1, 1, 0), ENOTDIR) &&
		      FAILS(C(fchownat, dir, 8, 1, 1, 0), EFAULT),
	      "fchownat: errors");
	close(fd), close(name), close(dir);
	unlink("a"), unlink("s");
}

static void user(void)
{
	if (setresgid(500, 500, 500) || setresuid(500, 500, 500))
		exit(1);
	check(FAILS(C(chmod, "root", 0777), EPERM) && FAILS(C(chown, "root", 500, 500), EPERM), "of another's file");
	check(make("mine", 0600) == 0 && C(chmod, "mine", 0640) == 0, "of one's own");
	check(FAILS(C(chown, "mine", 501, -1), EPERM) && FAILS(C(chown, "mine", -1, 501), EPERM) &&
		      C(chown, "mine", 500, 500) == 0 && C(chown, "mine", -1, -1) == 0,
	      "only to oneself");
	check(FAILS(C(access, "closed/a", F_OK), EACCES) && FAILS(C(chmod, "closed/a", 0), EACCES), "a closed directory");
	check(C(access, "root", R_OK) == 0 && FAILS(C(access, "root", W_OK), EACCES) &&
		      FAILS(C(access, "root", R_OK | X_OK), EACCES),
	      "access");
	check(C(access, "mine", R_OK | W_OK) == 0 && FAILS(C(access, "mine", X_OK), EACCES), "of one's own");
	check(C(utime, "mine", NULL) == 0 && C(utimes, "mine", NULL) == 0, "utime of one's own");
	check(FAILS(C(utime, "root", NULL), EACCES) && FAILS(C(utimes, "root", ((struct timeval[2]){{1, 0}, {1, 0}})), EPERM),
	      "and of another's");
	check(C(utime, "writable", NULL) == 0 && FAILS(C(utime, "writable", ((struct utimbuf[1]){{1, 1}})), EPERM),
	      "who may write may set the time to now");
	check(FAILS(C(mknodat, AT_FDCWD, "dev", S_IFCHR | 0666, 0x103), EPERM), "no devices");
	check(FAILS(C(rename, "closed/a", "b"), EACCES), "rename out of a closed directory");
	check(FAILS(C(link, "root", "closed/b"), EACCES), "link into it");
	unlink("mine");
}

static void effective(void)
{
	check(setresuid(500, 0, 0) == 0 && FAILS(C(access, "secret", R_OK), EACCES) &&
		      FAILS(C(faccessat2, AT_FDCWD, "secret", R_OK, 0), EACCES),
	      "the real user counts");
	check(C(faccessat2, AT_FDCWD, "secret", R_OK, AT_EACCESS) == 0, "AT_EACCESS: the effective one");
}

static void accesses(void)
{
	int fd, dir = open(".", O_RDONLY | O_DIRECTORY);

	make("root", 0644), make("secret", 0600), make("writable", 0666);
	mkdir("closed", 0700);
	make("closed/a", 0666);
	chmod(".", 0777);
	fd = open("root", O_PATH);
	check(C(access, "root", F_OK) == 0 && C(access, "root", R_OK | W_OK) == 0 && FAILS(C(access, "root", X_OK), EACCES),
	      "root runs only what somebody may run");
	check(C(access, ".", X_OK) == 0 && FAILS(C(access, "none", F_OK), ENOENT) && FAILS(C(access, "root", 8), EINVAL) &&
		      FAILS(C(access, "root/x", F_OK), ENOTDIR) && FAILS(C(access, 8, F_OK), EFAULT) &&
		      FAILS(C(access, longname, F_OK), ENAMETOOLONG) && FAILS(C(access, "", F_OK), ENOENT),
	      "access: errors");
	check(C(faccessat, dir, "root", R_OK) == 0 && FAILS(C(faccessat, 99, "root", R_OK), EBADF) &&
		      FAILS(C(faccessat, fd, "root", R_OK), ENOTDIR) && C(faccessat, 99, "/", R_OK) == 0,
	      "faccessat");
	check(symlink("none", "dangling") == 0 && C(faccessat2, dir, "dangling", F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
		      FAILS(C(faccessat2, dir, "dangling", F_OK, 0), ENOENT) &&
		      C(faccessat2, fd, "", R_OK, AT_EMPTY_PATH) == 0 && FAILS(C(faccessat2, dir, "root", R_OK, 1), EINVAL),
	      "faccessat2");
	in_child(user);
	in_child(effective);
	unlink("root"), unlink("secret"), unlink("writable"), unlink("closed/a"), unlink("dangling"), rmdir("closed");
	close(fd), close(dir);
}

static void masks(void)
{
	check(C(umask, 027) >= 0 && C(umask, 01777) == 027 && C(umask, 022) == 0777, "umask: nine bits");
	check(C(umask, 026) == 022 && C(creat, "m", 07777) >= 0 && mode_of("m") == 07751, "creat");
	check(mkdir("d", 0777) == 0 && mode_of("d") == 0751 && C(mknodat, AT_FDCWD, "f", S_IFIFO | 0666, 0) == 0 &&
		      mode_of("f") == 0640,
	      "mkdir, mknod");
	check(C(umask, 022) == 026 && FAILS(C(creat, "d", 0666), EISDIR) && FAILS(C(creat, "m/x", 0666), ENOTDIR), "creat: errors");
	unlink("m"), rmdir("d"), unlink("f");
}

static bool times_are(const char *name, long a, long an, long m, long mn)
{
	return lstat(name, &st) == 0 && st.st_atim.tv_sec == a && st.st_atim.tv_nsec == an && st.st_mtim.tv_sec == m &&
	       st.st_mtim.tv_nsec == mn;
}

static void times(void)
{
	int dir = open(".", O_RDONLY | O_DIRECTORY);
	struct timespec now;

	make("t", 0600);
	check(C(utime, "t", ((struct utimbuf[1]){{100, 200}})) == 0 && times_are("t", 100, 0, 200, 0), "utime");
	check(C(utimes, "t", ((struct timeval[2]){{5, 6}, {7, 8}})) == 0 && times_are("t", 5, 6000, 7, 8000), "utimes");
	check(C(futimesat, dir, "t", ((struct timeval[2]){{1, 2}, {3, 4}})) == 0 && times_are("t", 1, 2000, 3, 4000), "futimesat");
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	check(C(utime, "t", NULL) == 0 && lstat("t", &st) == 0 && st.st_mtim.tv_sec >= now.tv_sec - 1, "utime: now");
	check(FAILS(C(utimes, "t", ((struct timeval[2]){{1, 1000000}, {1, 1}})), EINVAL) &&
		      FAILS(C(utimes, "t", ((struct timeval[2]){{1, 1}, {1, -1}})), EINVAL) && FAILS(C(utimes, "t", 8), EFAULT) &&
		      FAILS(C(utime, "none", NULL), ENOENT) && FAILS(C(utime, 8, NULL), EFAULT) &&
		      FAILS(C(futimesat, 99, "t", NULL), EBADF),
	      "errors");
	check(C(utimes, "t", ((struct timeval[2]){{-5, 0}, {-1, 0}})) == 0 && times_are("t", -5, 0, -1, 0), "before 1970");
	unlink("t");
	close(dir);
}

static void names(void)
{
	int dir = open(".", O_RDONLY | O_DIRECTORY), fd;
	char target[16] = "################";
	struct statfs fs;

	make("n", 0600);
	check(C(link, "n", "n2") == 0 && stat("n", &st) == 0 && st.st_nlink == 2, "link");
	check(FAILS(C(link, "n", "n2"), EEXIST) && FAILS(C(link, "none", "x"), ENOENT) && FAILS(C(link, ".", "x"), EPERM) &&
		      FAILS(C(link, "n/x", "y"), ENOTDIR) && FAILS(C(link, "n", "none/y"), ENOENT),
	      "link: errors");
	check(C(rename, "n", "n2") == 0 && access("n", F_OK) == 0, "rename to another name of the same file does nothing");
	check(C(rename, "n2", "n3") == 0 && FAILS(access("n2", F_OK), ENOENT), "rename");
	check(mkdir("d", 0700) == 0 && mkdir("d/e", 0700) == 0 && FAILS(C(rename, "d", "d/e/f"), EINVAL) &&
		      FAILS(C(rename, "n", "d"), EISDIR) && FAILS(C(rename, "d", "n"), ENOTDIR) &&
		      FAILS(C(rename, "d/e", "d"), ENOTEMPTY) && FAILS(C(rename, "none", "x"), ENOENT) &&
		      FAILS(C(rename, ".", "x"), EBUSY) && FAILS(C(rename, "n/", "x"), ENOTDIR),
	      "rename: errors");
	check(mkdir("g", 0700) == 0 && C(rename, "d/e", "g") == 0 && rmdir("g") == 0 && rmdir("d") == 0, "over an empty directory");
	check(C(symlinkat, "some/where", dir, "l") == 0 && C(readlinkat, dir, "l", target, 16) == 10 &&
		      !memcmp(target, "some/where######", 16),
	      "symlinkat, readlinkat: without NUL");
	check(C(readlinkat, dir, "l", target, 4) == 4 && FAILS(C(readlinkat, dir, "l", target, 0), EINVAL) &&
		      FAILS(C(readlinkat, dir, "n", target, 4), EINVAL) && FAILS(C(readlinkat, dir, "x", target, 4), ENOENT) && FAILS(C(readlinkat, dir, "", target, 4), ENOENT) &&
		      FAILS(C(readlinkat, 99, "l", target, 4), EBADF) && FAILS(C(readlinkat, dir, "l", 8, 4), EFAULT),
	      "readlinkat: errors");
	fd = open("l", O_PATH | O_NOFOLLOW);
	check(fd >= 0 && C(readlinkat, fd, "", target, 16) == 10, "of a descriptor");
	check(FAILS(C(symlinkat, "", dir, "e"), ENOENT) && FAILS(C(symlinkat, "x", dir, "l"), EEXIST) &&
		      FAILS(C(symlinkat, "x", 99, "e"), EBADF) && FAILS(C(symlinkat, longname, dir, "e"), ENAMETOOLONG) &&
		      FAILS(C(symlinkat, "x", dir, ""), ENOENT),
	      "symlinkat: errors");
	check(C(newfstatat, dir, "l", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode) && st.st_size == 10 &&
		      C(newfstatat, fd, "", &st, AT_EMPTY_PATH) == 0 && S_ISLNK(st.st_mode) &&
		      C(newfstatat, dir, "n", &st, AT_NO_AUTOMOUNT) == 0 && S_ISREG(st.st_mode),
	      "newfstatat");
	check(FAILS(C(newfstatat, dir, "n", &st, 0x10000), EINVAL) && FAILS(C(newfstatat, 99, "n", &st, 0), EBADF) &&
		      FAILS(C(newfstatat, dir, "", &st, 0), ENOENT) && FAILS(C(newfstatat, dir, "l", &st, 0), ENOENT) &&
		      FAILS(C(newfstatat, dir, "n", 8, 0), EFAULT) && C(newfstatat, 99, "/", &st, 0) == 0 &&
		      C(newfstatat, AT_FDCWD, "", &st, AT_EMPTY_PATH) == 0 && S_ISDIR(st.st_mode),
	      "newfstatat: errors");
	check(C(mknodat, dir, "p", S_IFIFO | 0600, 0) == 0 && C(mknodat, dir, "r", 0600, 0) == 0 && stat("r", &st) == 0 &&
		      S_ISREG(st.st_mode) && C(mknodat, dir, "s", S_IFSOCK | 0600, 0) == 0 && stat("s", &st) == 0 &&
		      S_ISSOCK(st.st_mode),
	      "mknodat");
	check(FAILS(C(mknodat, dir, "r", 0600, 0), EEXIST) && FAILS(C(mknodat, dir, "q", S_IFDIR | 0600, 0), EPERM) &&
		      FAILS(C(mknodat, dir, "q", S_IFLNK | 0600, 0), EINVAL) && FAILS(C(mknodat, 99, "q", 0600, 0), EBADF) &&
		      FAILS(C(mknodat, dir, "none/q", 0600, 0), ENOENT),
	      "mknodat: errors");
	check(C(fstatfs, dir, &fs) == 0 && fs.f_bsize > 0 && fs.f_namelen == 255 && FAILS(C(fstatfs, 99, &fs), EBADF) && FAILS(C(statfs, "", &fs), ENOENT) &&
		      FAILS(C(fstatfs, dir, 8), EFAULT),
	      "fstatfs");
	close(fd), close(dir);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	check(C(fstatfs, fd, &fs) == 0 && fs.f_type == 0x534f434b && fs.f_namelen == 255 && fs.f_blocks == 0 &&
		      FAILS(C(fstatfs, fd, 8), EFAULT),
	      "fstatfs of a socket");
	close(fd);
	unlink("n"), unlink("n3"), unlink("l"), unlink("p"), unlink("r"), unlink("s");
}

int main(void)
{
	umask(022);
	memset(longname, 'x', sizeof(longname) - 1);
	mkdir("/tmp/modes", 0777);
	if (chdir("/tmp/modes"))
		return 1;
	modes();
	accesses();
	masks();
	times();
	names();
	check(chdir("/") == 0 && rmdir("/tmp/modes") == 0, "nothing is left");
	return tap_end();
}
