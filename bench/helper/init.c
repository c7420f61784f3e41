// Process 1 under Linux: makes /dev and /proc, runs /bench/linux with its own arguments, switches
// the machine off. Pith has its own process 1 and does not run this.
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

static char *environment[] = {"PATH=/sbin:/usr/sbin:/bin:/usr/bin", NULL};

int main(int argc, char **argv)
{
	int status = 0, console;
	pid_t child;

	(void)argc;
	if (mount("devtmpfs", "/dev", "devtmpfs", 0, NULL) || mount("proc", "/proc", "proc", 0, NULL))
		perror("init: mount");
	console = open("/dev/console", O_RDWR);
	for (int i = 0; i < 3 && console >= 0; i++)
		dup2(console, i);
	child = fork();
	if (child == 0) {
		argv[0] = "/bench/linux";
		execve(argv[0], argv, environment);
		perror("init: /bench/linux");
		_exit(127);
	}
	while (wait(&status) != child)
		;
	printf("bench.end\t%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 255);
	fflush(stdout);
	reboot(RB_AUTOBOOT);
	return 1;
}
