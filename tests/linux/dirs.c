// abi: getcwd: whole
// abi: mkdir: whole
// abi: mkdirat: whole
// abi: rmdir: whole
// abi: getdents64: whole
// abi: chdir: whole
// abi: fchdir: whole
// abi: symlink: whole
// abi: readlink: whole
// abi: stat: whole
// abi: lstat: whole
// abi: unlinkat AT_REMOVEDIR: whole
// abi: renameat: whole
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static int entries(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

int main(void)
{
	char dir[] = "/tmp/dirsXXXXXX", cwd[PATH_MAX], name[32], long_name[5000];
	struct stat st;
	int fd, made = 0;

	check(mkdtemp(dir) && chdir(dir) == 0, "a directory to work in");
	check(getcwd(cwd, sizeof cwd) && !strcmp(cwd, dir), "getcwd");
	check(FAILS((long)(getcwd(cwd, 2) ? 0 : -1), ERANGE), "getcwd with little room is ERANGE");
	check(mkdir("d", 0755) == 0 && FAILS(mkdir("d", 0755), EEXIST), "mkdir");
	check(stat("d", &st) == 0 && S_ISDIR(st.st_mode), "stat of a directory");
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "d/file-%d", i);
		fd = open(name, O_CREAT | O_WRONLY, 0600);
		made += fd >= 0;
		close(fd);
	}
	check(made == 300 && entries("d") == 302, "300 entries are listed once each");
	check(FAILS(rmdir("d"), ENOTEMPTY), "rmdir of a full directory");
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "d/file-%d", i);
		made -= unlink(name) == 0;
	}
	check(made == 0 && entries("d") == 2, "all unlinked");
	check(symlink("d", "l") == 0 && readlink("l", cwd, sizeof cwd) == 1 && cwd[0] == 'd', "symlink, readlink");
	check(lstat("l", &st) == 0 && S_ISLNK(st.st_mode) && stat("l", &st) == 0 && S_ISDIR(st.st_mode), "lstat, stat");
	fd = open("d", O_RDONLY | O_DIRECTORY);
	check(mkdirat(fd, "e", 0700) == 0 && fstatat(fd, "e", &st, 0) == 0, "mkdirat, fstatat");
	check(fstatat(fd, "", &st, AT_EMPTY_PATH) == 0 && S_ISDIR(st.st_mode), "AT_EMPTY_PATH");
	check(renameat(fd, "e", fd, "f") == 0 && FAILS(fstatat(fd, "e", &st, 0), ENOENT), "renameat");
	check(unlinkat(fd, "f", AT_REMOVEDIR) == 0, "unlinkat");
	check(fchdir(fd) == 0 && access("../l", F_OK) == 0 && chdir("..") == 0, "fchdir");
	close(fd);
	memset(long_name, 'a', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = 0;
	check(FAILS(open(long_name, O_RDONLY), ENAMETOOLONG), "ENAMETOOLONG");
	check(FAILS(open("", O_RDONLY), ENOENT) && FAILS(chdir("/dev/null"), ENOTDIR), "ENOENT, ENOTDIR");
	check(unlink("l") == 0 && rmdir("d") == 0 && chdir("/") == 0 && rmdir(dir) == 0, "clean up");
	return tap_end();
}
