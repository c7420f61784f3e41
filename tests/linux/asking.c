// The same question about a name again and again: the answer is always what is true now, whoever changed it.
// abi: stat: whole
// abi: lstat: whole
// abi: access: whole
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define FOLDER "/tmp/asking"
#define AGAIN 12  // often enough that an answer may be remembered

static struct stat last;

// The same each time?
static bool found(const char *path)
{
	bool ok = stat(path, &last) == 0;

	for (int i = 0; i < AGAIN; i++) {
		struct stat s;

		ok &= stat(path, &s) == 0 && s.st_ino == last.st_ino && s.st_mode == last.st_mode &&
		      s.st_size == last.st_size && faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) == 0;
	}
	return ok;
}

static bool missing(const char *path, int number)
{
	struct stat s;
	bool ok = true;

	for (int i = 0; i < AGAIN; i++)
		ok &= FAILS(stat(path, &s), number) && FAILS(faccessat(AT_FDCWD, path, F_OK, AT_EACCESS), number) &&
		      FAILS(open(path, O_RDONLY), number);
	return ok;
}

// What a file begins with, read by opening it again and again; 0: it cannot be.
static char first(const char *path)
{
	char byte = 0, before = 0;

	for (int i = 0; i < AGAIN; i++) {
		int fd = open(path, O_RDONLY);

		before = byte;
		if (fd < 0 || read(fd, &byte, 1) != 1 || (i > 0 && byte != before))
			byte = 0;
		if (fd >= 0)
			close(fd);
	}
	return byte;
}

static void file_make(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) != 0)
		check(false, path);
}

static bool in_child(bool (*run)(void))
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(!run());
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static int exchange(const char *a, const char *b)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2);
}

#define A FOLDER "/a"
#define B FOLDER "/b"
#define D FOLDER "/d"
#define E FOLDER "/e"
#define L FOLDER "/l"

static bool child_writes(void)
{
	int fd = open(A, O_WRONLY | O_APPEND);

	return write(fd, "more", 4) == 4;
}

static bool child_chmods(void) { return chmod(A, 0640) == 0; }
static bool child_removes(void) { return unlink(A) == 0; }

static bool child_makes(void)
{
	file_make(A, "new");
	return true;
}

static void attributes(void)
{
	struct stat s;
	struct timespec times[2] = {{1000, 5}, {2000, 7}};

	file_make(A, "abc");
	check(found(A) && last.st_size == 3 && last.st_mode == (S_IFREG | 0644), "a file");
	check(in_child(child_writes) && found(A) && last.st_size == 7, "another process makes it longer");
	check(in_child(child_chmods) && found(A) && last.st_mode == (S_IFREG | 0640), "another process changes its mode");
	check(truncate(A, 2) == 0 && found(A) && last.st_size == 2, "truncate");
	check(utimensat(AT_FDCWD, A, times, 0) == 0 && found(A) && last.st_mtim.tv_sec == 2000 &&
	      last.st_mtim.tv_nsec == 7 && last.st_atim.tv_sec == 1000, "utimensat");
	check(link(A, B) == 0 && found(A) && last.st_nlink == 2 && unlink(B) == 0 && found(A) && last.st_nlink == 1,
	      "links");
	check(first(A) == 'a' && stat(A, &s) == 0 && s.st_atim.tv_sec > 2000, "a read is seen in the time of access");

	int fd = open(A, O_RDWR);
	bool ok = fd >= 0;

	for (int i = 0; i < 20; i++) {
		ok &= write(fd, "0123456789", 10) == 10 && stat(A, &s) == 0 && s.st_size == 10 * (i + 1);
		ok &= lstat(A, &s) == 0 && s.st_size == 10 * (i + 1);
	}
	close(fd);
	check(ok && found(A) && last.st_size == 200, "each write of an open file is seen");
	fd = open(A, O_RDWR);
	ok = ftruncate(fd, 40000) == 0 && found(A) && last.st_size == 40000 && last.st_blocks == 8;
	ok &= pwrite(fd, "x", 1, 30000) == 1 && found(A) && last.st_blocks == 16;
	close(fd);
	check(ok, "holes that are filled");
	check(in_child(child_removes) && missing(A, ENOENT), "another process removes it");
	check(in_child(child_makes) && found(A) && last.st_size == 3 && first(A) == 'n', "another process makes it again");
}

static bool child_renames(void) { return rename(D "/sub", D "/other") == 0; }

static void names(void)
{
	check(missing(B, ENOENT), "a name that is not there");
	check(rename(A, B) == 0 && missing(A, ENOENT) && found(B) && first(B) == 'n', "rename");
	file_make(A, "second");
	check(found(A) && first(A) == 's', "the old name, anew");
	check(rename(A, B) == 0 && missing(A, ENOENT) && found(B) && last.st_size == 6 && first(B) == 's', "rename over another");
	file_make(A, "third");
	check(found(A) && exchange(A, B) == 0 && first(A) == 's' && first(B) == 't' &&
	      found(A) && last.st_size == 6, "exchange");
	mkdir(D, 0755);
	mkdir(D "/sub", 0755);
	file_make(D "/sub/file", "deep");
	check(found(D "/sub/file") && first(D "/sub/file") == 'd' && missing(D "/other/file", ENOENT), "in a directory");
	check(in_child(child_renames) && missing(D "/sub/file", ENOENT) && found(D "/other/file") &&
	      first(D "/other/file") == 'd', "a directory on the way is renamed");
	check(found(D "/other/../other/./file") && missing(D "/other/file/", ENOTDIR) && missing(D "/other/file/x", ENOTDIR),
	      "dots, and files that are no directories");
	check(symlink("other", D "/sub") == 0 && found(D "/sub/file") && lstat(D "/sub", &last) == 0 && S_ISLNK(last.st_mode) &&
	      stat(D "/sub", &last) == 0 && S_ISDIR(last.st_mode), "a symbolic link on the way");
	mkdir(E, 0755);
	file_make(E "/file", "else");
	check(unlink(D "/sub") == 0 && symlink("../e", D "/sub") == 0 && first(D "/sub/file") == 'e', "that leads elsewhere now");
	symlink("a", L);
	check(first(L) == 's' && found(L) && unlink(A) == 0 && missing(L, ENOENT) && lstat(L, &last) == 0, "a link whose end goes");
	file_make(A, "again");
	check(found(L) && first(L) == 'a', "and comes again");
	check(missing(E "/file2", ENOENT) && rename(D "/other/file", E "/file2") == 0 && found(E "/file2"),
	      "a name that was missing is moved there");
	check(missing(E "/sub", ENOENT) && mkdir(E "/sub", 0700) == 0 && found(E "/sub") && rmdir(E "/sub") == 0 &&
	      missing(E "/sub", ENOENT), "a directory comes and goes");
	check(found(E) && last.st_nlink == 2 && mkdir(E "/sub", 0700) == 0 && found(E) && last.st_nlink == 3 &&
	      rmdir(E "/sub") == 0 && found(E) && last.st_nlink == 2, "links of a directory");
}

static void places(void)
{
	char before[256];
	char long_name[200];
	bool ok = getcwd(before, sizeof before) && chdir(FOLDER) == 0;
	int fd = open(D, O_RDONLY | O_DIRECTORY);

	file_make(D "/a", "inner");
	ok &= first("a") == 'a' && found("a") && last.st_size == 5 && chdir(D) == 0;
	check(ok && first("a") == 'i' && found("a") && chdir(FOLDER) == 0 && first("a") == 'a', "chdir");
	check(fchdir(fd) == 0 && first("a") == 'i' && chdir("..") == 0 && first("a") == 'a' && missing("", ENOENT), "fchdir");
	check(fstatat(fd, "a", &last, 0) == 0 && last.st_size == 5 && faccessat(fd, "b", F_OK, 0) != 0, "from a descriptor");
	close(fd);
	memset(long_name, 'n', sizeof long_name);
	memcpy(long_name, D "/", sizeof D);
	long_name[sizeof long_name - 1] = 0;
	check(missing(long_name, ENOENT), "a long name");
	file_make(long_name, "long");
	check(found(long_name) && first(long_name) == 'l' && unlink(long_name) == 0 && missing(long_name, ENOENT), "comes and goes");
	unlink(D "/a");
	check(chdir(before) == 0, "back");
}

// As somebody without rights.
static bool as_nobody(void)
{
	bool ok = seteuid(65534) == 0 && found(E "/file") && first(E "/file") == 'e' && access(E "/file", R_OK) == 0;

	ok &= seteuid(0) == 0 && chmod(E, 0700) == 0 && first(E "/file") == 'e' && seteuid(65534) == 0;
	ok &= missing(E "/file", EACCES);
	ok &= seteuid(0) == 0 && chmod(E, 0755) == 0 && seteuid(65534) == 0 && first(E "/file") == 'e';
	ok &= seteuid(0) == 0 && chmod(E "/file", 0600) == 0 && seteuid(65534) == 0 && found(E "/file") &&
	      FAILS(open(E "/file", O_RDONLY), EACCES) && last.st_mode == (S_IFREG | 0600);
	ok &= seteuid(0) == 0 && chown(E "/file", 65534, 65534) == 0 && seteuid(65534) == 0 && first(E "/file") == 'e';
	return ok;
}

static bool really_nobody(void)
{
	bool ok = setgid(65534) == 0 && setuid(65534) == 0;

	for (int i = 0; i < AGAIN; i++)
		ok &= access(A, R_OK) == 0 && FAILS(access(A, W_OK), EACCES) && FAILS(access(A, X_OK), EACCES);
	return ok;
}

static bool other_root(void)
{
	bool ok = first(A) == 'a' && found(E) && chroot(E) == 0;

	return ok && missing(A, ENOENT) && first("/file2") == 'd';
}

static void as_others(void)
{
	check(in_child(as_nobody), "who may not look is not told, from when on he may not");
	check(in_child(really_nobody), "access says what the real user may");
	check(in_child(other_root), "chroot");
	if (mount("asking", E, "tmpfs", 0, NULL) != 0)
		return;
	check(missing(E "/file", ENOENT), "a mount hides what was there");
	file_make(E "/file", "over");
	check(first(E "/file") == 'o' && umount(E) == 0 && first(E "/file") == 'e', "until it goes");
}

// Two files take turns under one name; their sizes tell who has which mode.
static void in_turns(void)
{
	int status = 1, lost = 0;
	pid_t pid;

	file_make(A, "12345");
	chmod(A, 0600);
	file_make(B, "1234567");
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 400; i++)
			if (exchange(A, B) != 0)
				_exit(1);
		_exit(0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct stat s;

		for (int i = 0; i < 20; i++)
			lost += stat(A, &s) != 0 || (s.st_size == 5) != (s.st_mode == (S_IFREG | 0600)) ||
				(s.st_size == 7) != (s.st_mode == (S_IFREG | 0644)) || access(A, F_OK) != 0;
	}
	check(status == 0 && lost == 0, "while another process exchanges two files, every answer is of one of them");
}

static void shared_memory(void)
{
	int fd = open(A, O_RDWR | O_TRUNC);
	bool ok = ftruncate(fd, 8192) == 0 && found(A) && last.st_blocks == 0;
	char *at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at != MAP_FAILED)
		at[5000] = 'm';
	check(ok && (at == MAP_FAILED || (found(A) && last.st_blocks >= 8)), "a page that a mapping fills is seen");
	if (at != MAP_FAILED)
		munmap(at, 8192);
	close(fd);
}

static void listings(void)
{
	struct timespec times[2] = {{1000, 0}, {2000, 0}};
	DIR *dir;

	utimensat(AT_FDCWD, E, times, 0);
	bool ok = found(E) && last.st_atim.tv_sec == 1000;

	dir = opendir(E);
	while (dir && readdir(dir))
		;
	if (dir)
		closedir(dir);
	check(ok && found(E) && last.st_atim.tv_sec > 2000, "a listing is seen in the directory's time of access");
	long size = (long)last.st_size;

	file_make(E "/one-more", "x");
	check(found(E) && last.st_mtim.tv_sec > 2000 && last.st_size >= size, "a new name in its time of change");
}

int main(void)
{
	umask(022);
	mkdir(FOLDER, 0755);
	attributes();
	names();
	places();
	if (geteuid() == 0)
		as_others();
	listings();
	in_turns();
	shared_memory();
	return tap_end() | system("rm -rf " FOLDER);
}
