// /proc: processes, links to files, texts in Linux's form.
#define _GNU_SOURCE
#include "tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

static char text[65536];

static const char *slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n, at = 0;

	text[0] = 0;
	if (fd < 0)
		return text;
	while ((n = read(fd, text + at, sizeof text - 1 - (size_t)at)) > 0)
		at += n;
	text[at] = 0;
	close(fd);
	return text;
}

static const char *target(const char *path)
{
	static char to[4096];
	ssize_t n = readlink(path, to, sizeof to - 1);

	to[n > 0 ? n : 0] = 0;
	return to;
}

static bool lists(const char *dir, const char *name)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool found = false;

	while (d && (e = readdir(d)))
		found = found || strcmp(e->d_name, name) == 0;
	if (d)
		closedir(d);
	return found;
}

static const char *line_of(const char *path, const char *key)
{
	char *at = strstr(slurp(path), key);

	if (!at)
		return "";
	at += strlen(key);
	at[strcspn(at, "\n")] = 0;
	return at;
}

static void directories(void)
{
	char pid[16], path[64];
	struct stat s, t;
	struct statfs fs;
	int fd;

	snprintf(pid, sizeof pid, "%d", getpid());
	check(lists("/proc", pid) && lists("/proc", "self") && lists("/proc", "meminfo"),
	      "the root lists processes");
	check(strcmp(target("/proc/self"), pid) == 0, "self is who asks");
	snprintf(path, sizeof path, "/proc/self/task/%d/task", getpid());
	check(FAILS(access(path, F_OK), ENOENT), "a thread's directory has no threads");
	snprintf(path, sizeof path, "%d/task/%d", getpid(), getpid());
	check(strcmp(target("/proc/thread-self"), path) == 0, "thread-self");
	check(lists("/proc/self", "stat") && lists("/proc/self", "fd") &&
		      lists("/proc/self/task", pid),
	      "its directory");
	check(lists("/proc/self/fd", "0"), "its descriptors");
	check(lstat("/proc/self", &s) == 0 && S_ISLNK(s.st_mode) && s.st_size == 0,
	      "lstat of self");
	check(stat("/proc/self", &s) == 0 && S_ISDIR(s.st_mode) && (s.st_mode & 0777) == 0555,
	      "stat of self");
	check(stat("/proc/self/stat", &s) == 0 && S_ISREG(s.st_mode) && s.st_size == 0 &&
		      (s.st_mode & 0777) == 0444 && s.st_nlink == 1,
	      "stat of a text");
	check(stat("/proc", &t) == 0 && t.st_dev == s.st_dev && t.st_ino == 1, "one file system");
	check(statfs("/proc/self", &fs) == 0 && fs.f_type == 0x9fa0, "statfs");
	check(stat("/proc/self/fd", &s) == 0 && (s.st_mode & 0777) == 0500, "fd is private");
	check(stat("/proc/..", &s) == 0 && stat("/", &t) == 0 && s.st_ino == t.st_ino,
	      "up from /proc");
	check(chdir("/proc/self") == 0 && access("stat", R_OK) == 0 && chdir("/proc") == 0 &&
		      access("self/../self/./stat", R_OK) == 0,
	      "as a current directory");
	fd = open("/proc/self/", O_RDONLY | O_DIRECTORY);
	check(fd >= 0 && faccessat(fd, "comm", R_OK, 0) == 0 &&
		      faccessat(fd, "../uptime", R_OK, 0) == 0,
	      "as a start");
	close(fd);
	(void)!chdir("/");
}

static void errors(void)
{
	check(FAILS(open("/proc/nothere", O_RDONLY), ENOENT), "no such name");
	check(FAILS(open("/proc/99999999", O_RDONLY), ENOENT) &&
		      FAILS(open("/proc/01", O_RDONLY), ENOENT),
	      "no such process");
	check(FAILS(open("/proc/self/stat/x", O_RDONLY), ENOTDIR) &&
		      FAILS(open("/proc/self/stat/", O_RDONLY), ENOTDIR),
	      "a text is no directory");
	check(FAILS(open("/proc/x", O_CREAT | O_WRONLY, 0644), ENOENT), "nothing can be made");
	check(FAILS(mkdir("/proc/x", 0777), ENOENT) && FAILS(mkdir("/proc/self", 0777), EEXIST),
	      "mkdir");
	check(FAILS(unlink("/proc/uptime"), EPERM) && FAILS(rmdir("/proc/self/task"), EPERM),
	      "nothing removed");
	check(FAILS(rename("/proc/uptime", "/tmp/uptime"), EXDEV), "nothing moved");
	check(FAILS(readlink("/proc/uptime", text, 10), EINVAL), "a text is no link");
	check(FAILS(open("/proc/self", O_RDONLY | O_NOFOLLOW), ELOOP), "self is a link");
	check(FAILS(open("/proc/self/fd/999", O_RDONLY), ENOENT), "a closed descriptor");
	check(FAILS(open("/proc/self/fdinfo/999", O_RDONLY), ENOENT), "nor has it a text");
}

static void texts(void)
{
	char expect[64], name[64];
	int pid, ppid, pgrp, session;
	char state;

	slurp("/proc/self/stat");
	check(sscanf(text, "%d (%63[^)]) %c %d %d %d", &pid, name, &state, &ppid, &pgrp,
		     &session) == 6 &&
		      pid == getpid() && ppid == getppid() && pgrp == getpgrp() &&
		      session == getsid(0) && state == 'R',
	      "stat");
	int fields = 1;

	for (char *p = strrchr(text, ')'); *p; p++)
		fields += *p == ' ';
	check(fields == 51, "has all its fields");
	check(strcmp(name, "proc") == 0 && strcmp(slurp("/proc/self/comm"), "proc\n") == 0,
	      "the name");
	check(strchr(slurp("/proc/self/cmdline"), 'p') && text[strlen(text) + 1] == 0, "cmdline");
	check(atoi(line_of("/proc/self/status", "\nPid:\t")) == getpid() &&
		      atoi(line_of("/proc/self/status", "\nPPid:\t")) == getppid(),
	      "status: pids");
	snprintf(expect, sizeof expect, "%d\t%d\t%d\t%d", (int)getuid(), (int)geteuid(),
		 (int)geteuid(), (int)geteuid());
	check(strcmp(line_of("/proc/self/status", "\nUid:\t"), expect) == 0, "status: users");
	umask(027);
	check(strcmp(line_of("/proc/self/status", "\nUmask:\t"), "0027") == 0, "status: umask");
	check(strtoul(line_of("/proc/self/status", "\nVmRSS:\t"), NULL, 10) > 0 &&
		      strstr(line_of("/proc/self/status", "\nVmSize:\t"), " kB"),
	      "status: memory");
	signal(SIGUSR1, SIG_IGN);
	check(strtoull(line_of("/proc/self/status", "\nSigIgn:\t"), NULL, 16) >> (SIGUSR1 - 1) & 1,
	      "status: signals");
	check(strtoul(line_of("/proc/meminfo", "MemTotal:"), NULL, 10) > 1000 &&
		      strstr(line_of("/proc/meminfo", "MemFree:"), "kB"),
	      "meminfo");
	check(strstr(slurp("/proc/cpuinfo"), "processor\t: 0\n") && strstr(text, "\nflags\t\t:"),
	      "cpuinfo");
	check(strncmp(slurp("/proc/stat"), "cpu  ", 5) == 0 && strstr(text, "\ncpu0 ") &&
		      strstr(text, "\nbtime "),
	      "/proc/stat");
	check(strchr(slurp("/proc/uptime"), '.') && strtod(text, NULL) > 0, "uptime");
	check(strchr(slurp("/proc/loadavg"), '/') != NULL, "loadavg");
	check(strstr(slurp("/proc/filesystems"), "nodev\ttmpfs\n") != NULL, "filesystems");
	check(strncmp(slurp("/proc/version"), "Linux version ", 14) == 0, "version");
	check(strstr(slurp("/proc/mounts"), " /proc proc rw") != NULL, "mounts");
	check(strcmp(slurp("/proc/sys/kernel/ostype"), "Linux\n") == 0, "sys/kernel/ostype");
	check(gethostname(name, sizeof name) == 0 &&
		      strncmp(slurp("/proc/sys/kernel/hostname"), name, strlen(name)) == 0,
	      "hostname");
	check(atoi(slurp("/proc/sys/kernel/pid_max")) > 1000, "pid_max");
	check(strlen(slurp("/proc/sys/kernel/random/uuid")) == 37 && text[14] == '4',
	      "a random uuid");
	memcpy(expect, text, 38);
	check(strcmp(slurp("/proc/sys/kernel/random/uuid"), expect) != 0, "another each time");
	check(strstr(slurp("/proc/self/limits"), "Max open files") != NULL, "limits");
	check(strstr(slurp("/proc/self/maps"), "r-xp") && strstr(text, "[stack]") &&
		      strstr(text, "/proc\n"),
	      "maps");
	check(strtoul(slurp("/proc/self/statm"), NULL, 10) > 10, "statm");
}

static void links(void)
{
	char path[64], here[4096];
	struct stat s, t;
	int fd, again;
	char byte[4];

	check(strstr(target("/proc/self/exe"), "/proc") && stat("/proc/self/exe", &s) == 0 &&
		      stat(target("/proc/self/exe"), &t) == 0 && s.st_ino == t.st_ino &&
		      S_ISREG(s.st_mode),
	      "exe");
	check(chdir("/tmp") == 0 &&
		      strcmp(target("/proc/self/cwd"), getcwd(here, sizeof here)) == 0 &&
		      strcmp(target("/proc/self/root"), "/") == 0,
	      "cwd and root");
	check(stat("/proc/self/cwd/../tmp", &s) == 0 && stat("/tmp", &t) == 0 &&
		      s.st_ino == t.st_ino,
	      "through cwd");
	fd = open("/tmp/procfile", O_CREAT | O_RDWR | O_TRUNC, 0600);
	(void)!write(fd, "abc", 3);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	check(strcmp(target(path), "/tmp/procfile") == 0, "a descriptor's name");
	check(lstat(path, &s) == 0 && S_ISLNK(s.st_mode) && (s.st_mode & 0777) == 0700,
	      "its link tells the access");
	check(stat(path, &s) == 0 && fstat(fd, &t) == 0 && s.st_ino == t.st_ino,
	      "stat goes through");
	again = open(path, O_RDONLY);
	check(again >= 0 && read(again, byte, 4) == 3 && lseek(fd, 0, SEEK_CUR) == 3 &&
		      FAILS(write(again, "x", 1), EBADF),
	      "open makes a new description");
	close(again);
	snprintf(path, sizeof path, "/dev/fd/%d", fd);
	check((again = open(path, O_WRONLY | O_TRUNC)) >= 0 && fstat(fd, &t) == 0 && t.st_size == 0,
	      "/dev/fd");
	close(again);
	check(chmod(path, 0644) == 0 && fstat(fd, &t) == 0 && (t.st_mode & 0777) == 0644,
	      "chmod through it");
	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	check(atoi(line_of(path, "pos:\t")) == 3 &&
		      strtol(line_of(path, "flags:\t"), NULL, 8) & O_RDWR,
	      "fdinfo");
	unlink("/tmp/procfile");
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	check(strstr(target(path), " (deleted)") && stat(path, &s) == 0 && s.st_nlink == 0,
	      "a removed file");
	check((again = open(path, O_RDWR)) >= 0, "opens again all the same");
	close(again);
	close(fd);
	fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	check(fd >= 0 &&
		      linkat(AT_FDCWD, path, AT_FDCWD, "/tmp/procnamed", AT_SYMLINK_FOLLOW) == 0 &&
		      stat("/tmp/procnamed", &s) == 0 && s.st_nlink == 1,
	      "a file without a name gets one");
	unlink("/tmp/procnamed");
	close(fd);
	fd = open("/tmp", O_TMPFILE | O_RDWR | O_EXCL, 0600);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	check(FAILS(linkat(AT_FDCWD, path, AT_FDCWD, "/tmp/procnamed", AT_SYMLINK_FOLLOW), ENOENT),
	      "not with O_EXCL");
	close(fd);
	int ends[2];

	check(pipe(ends) == 0, "a pipe");
	snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
	fstat(ends[0], &s);
	snprintf(here, sizeof here, "pipe:[%lu]", (unsigned long)s.st_ino);
	check(strcmp(target(path), here) == 0, "a pipe's name");
	close(ends[0]);
	close(ends[1]);
	(void)!chdir("/");
}

static void others(void)
{
	char path[64];
	int ends[2], status;
	pid_t pid;
	char byte;

	(void)!pipe(ends);
	pid = fork();
	if (pid == 0) {
		(void)!chdir("/tmp");
		(void)!write(ends[1], "x", 1);
		pause();
	}
	(void)!read(ends[0], &byte, 1);
	snprintf(path, sizeof path, "/proc/%d/cwd", pid);
	check(strcmp(target(path), "/tmp") == 0, "another's cwd");
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	check(atoi(slurp(path)) == pid, "another's stat");
	kill(pid, SIGKILL);
	while (!strstr(slurp(path), ") Z "))
		;
	check(atoi(text) == pid, "a zombie is told as Z");
	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	check(strcmp(slurp(path), "") == 0, "and has no command line");
	waitpid(pid, &status, 0);
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	check(FAILS(open(path, O_RDONLY), ENOENT), "reaped: not there");
	snprintf(path, sizeof path, "/proc/%d/environ", getpid());
	pid = fork();
	if (pid == 0) {
		char exe[64];

		snprintf(exe, sizeof exe, "/proc/%d/exe", getppid());
		if (setgid(1000) || setuid(1000))
			_exit(0);
		_exit(FAILS(open(path, O_RDONLY), EACCES) && FAILS(readlink(exe, text, 10), EACCES)
			      ? 0
			      : 1);
	}
	waitpid(pid, &status, 0);
	check(status == 0, "another user sees no environment and no program");
	close(ends[0]);
	close(ends[1]);
}

// What never had a name is told by its kind.
static void unnamed(void)
{
	int fds[2] = {eventfd(0, 0), epoll_create1(0)};
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fds[0]);
	check(strcmp(target(path), "anon_inode:[eventfd]") == 0, "an eventfd's link");
	snprintf(path, sizeof path, "/proc/self/fd/%d", fds[1]);
	check(strcmp(target(path), "anon_inode:[eventpoll]") == 0, "an epoll set's link");
	close(fds[0]);
	fds[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fds[0]);
	check(strncmp(target(path), "socket:[", 8) == 0, "a socket's link");
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	directories();
	unnamed();
	errors();
	texts();
	links();
	others();
	return tap_end();
}
