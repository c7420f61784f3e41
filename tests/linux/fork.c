// abi: fork: whole
// abi: vfork: whole
// abi: execve: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
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

static pid_t start_paused(void)
{
	volatile int failed = 0;
	pid_t child = vfork();

	if (child == 0) {
		execve("/proc/self/exe", (char *[]){"x", "pause", NULL}, environ);
		failed = errno;
		_exit(1);
	}
	return failed ? -1 : child;
}

// Each has to attach what it needs where the one before it did; then they are stopped.
static void vfork_several(void)
{
	pid_t children[4];
	int status, good = 0, stopped = 0, ended = 0;

	for (int i = 0; i < 4; i++) {
		children[i] = start_paused();
		good += children[i] > 0;
	}
	check(good == 4, "programs started by vfork while others run");
	for (int i = 0; i < 4 && good == 4; i++) {
		kill(children[i], SIGSTOP);
		stopped += waitpid(children[i], &status, WUNTRACED) == children[i] && WIFSTOPPED(status);
		kill(children[i], SIGTERM);
		ended += waitpid(children[i], &status, WNOHANG) != 0;
	}
	check(stopped == 4 && ended == 0, "SIGTERM does not end what is stopped");
	for (int i = 0; i < 4 && good == 4; i++) {
		kill(children[i], SIGCONT);
		ended += waitpid(children[i], &status, 0) == children[i] && WIFSIGNALED(status) &&
			 WTERMSIG(status) == SIGTERM;
	}
	check(ended == 4, "but when it goes on");
}

int main(int argc, char **argv)
{
	char self[512] = "/proc/self/exe", script[] = "/tmp/forkXXXXXX";
	int status, failed, fd;
	siginfo_t info;
	pid_t child;

	if (argc > 1 && !strcmp(argv[1], "child"))
		return argc;
	if (argc > 1 && !strcmp(argv[1], "pause"))
		return pause();
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
	vfork_several();
	unlink(script);
	char *huge = malloc(1 << 18);
	memset(huge, 'a', (1 << 18) - 1);
	huge[(1 << 18) - 1] = 0;
	check(run(self, (char *[]){"x", huge, NULL}) == 100 + E2BIG, "E2BIG");
	return tap_end();
}
