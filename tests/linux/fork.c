// abi: fork: whole
// abi: vfork: whole
// abi: execve: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static int value = 1;
extern char **environ;

// A script that runs this program again with `child`.
static void script_make(const char *path, const char *self)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0755);

	dprintf(fd, "#! %s child\n", self);
	close(fd);
}

static int run(const char *path, char *const argv[])
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		execv(path, argv);
		_exit(100 + errno);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(int argc, char **argv)
{
	char self[512] = "/proc/self/exe", script[] = "/tmp/forkXXXXXX";
	int status, failed, fd;
	siginfo_t info;
	pid_t child;

	if (argc > 1 && !strcmp(argv[1], "child"))
		return argc;
	if (argv[0][0] == '/')
		strcpy(self, argv[0]);
	else
		failed = readlink("/proc/self/exe", self, sizeof self - 1) < 0;
	child = fork();
	if (child == 0) {
		value = 2;
		_exit(getppid() > 0 ? 7 : 8);
	}
	check(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7, "exit status");
	check(value == 1, "memory is the child's own");
	check(FAILS(waitpid(-1, &status, 0), ECHILD), "ECHILD");
	child = vfork();
	if (child == 0) {
		value = 3;
		_exit(0);
	}
	check(value == 3 && waitpid(child, &status, 0) == child, "vfork shares memory and waits");
	child = fork();
	if (child == 0)
		_exit(5);
	memset(&info, 0, sizeof info);
	check(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0 && info.si_status == 5 &&
	      info.si_code == CLD_EXITED, "waitid, WNOWAIT");
	check(waitpid(child, &status, WNOHANG) == child, "it is still there");
	check(run(self, (char *[]){"x", "child", "3", NULL}) == 3, "exec");
	check(run("/nowhere", (char *[]){"x", NULL}) == 100 + ENOENT, "exec of nothing");
	check(run("/tmp", (char *[]){"x", NULL}) == 100 + EACCES, "exec of a directory");
	fd = mkstemp(script);
	close(fd);
	check(run(script, (char *[]){"x", NULL}) == 100 + EACCES, "exec without permission");
	script_make(script, self);
	chmod(script, 0755);
	check(run(script, (char *[]){"x", "a", "b", NULL}) == 5, "a script: interpreter, argument, name, two more");
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	failed = posix_spawn(&child, self, NULL, NULL, (char *[]){"x", "child", NULL}, environ);
	check(failed == 0 && waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 2, "posix_spawn");
	unlink(script);
	char *huge = malloc(1 << 18);
	memset(huge, 'a', (1 << 18) - 1);
	huge[(1 << 18) - 1] = 0;
	check(run(self, (char *[]){"x", huge, NULL}) == 100 + E2BIG, "E2BIG");
	return tap_end();
}
