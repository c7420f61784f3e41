// Run every file of a folder for at most three seconds: a line `NAME error N` or `NAME status N` each.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void child(const char *path, int report)
{
	char *argv[] = {(char *)path, NULL};
	int error;

	fcntl(report, F_SETFD, FD_CLOEXEC);
	for (int fd = 0; fd < 3; fd++)
		dup2(open("/dev/null", O_RDWR | O_CLOEXEC), fd);
	alarm(3);
	execve(path, argv, argv + 1);
	error = errno;
	if (write(report, &error, sizeof error) < 0)
		_exit(2);
	_exit(1);
}

static void each(const char *folder, const char *name)
{
	char path[512];
	int status = 0, error = 0, report[2];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	if (pipe(report))
		exit(3);
	pid_t pid = fork();

	if (pid == 0)
		child(path, report[1]);
	close(report[1]);
	if (pid < 0 || read(report[0], &error, sizeof error) < 0)
		exit(4);
	close(report[0]);
	waitpid(pid, &status, 0);
	if (error)
		printf("%s error %d\n", name, error);
	else
		printf("%s status %d\n", name, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int main(int argc, char **argv)
{
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;

	if (!dir)
		return 2;
	for (struct dirent *e; (e = readdir(dir));)
		if (e->d_name[0] != '.')
			each(argv[1], e->d_name);
	return 0;
}
