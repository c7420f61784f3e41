// Starts and ends QEMU. It gets one end of a socket pair for each port, so that no
// name in any file system is needed and two runs cannot meet.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/host/relay.h"

#define ARGUMENTS_ADDED 32
#define LOG_LINES       24

static const char *const port_names[PORT_COUNT] = {
	CONTROL_NAME_IN,
	CONTROL_NAME_OUT,
	CONTROL_NAME_ERR,
	CONTROL_NAME_CONTROL,
};

static char *format(const char *pattern, const char *text, int number)
{
	char *result = NULL;

	if (asprintf(&result, pattern, text, number) < 0)
		fail(STATUS_MACHINE, "out of memory");
	return result;
}

// A comma ends a value in QEMU's options unless it is doubled.
static char *comma_double(const char *text)
{
	char *result = calloc(2, strlen(text) + 1);
	char *to = result;

	if (!result)
		fail(STATUS_MACHINE, "out of memory");
	for (; *text; text++) {
		*to++ = *text;
		if (*text == ',')
			*to++ = ',';
	}
	return result;
}

// QEMU's arguments: the caller's, then the log and the four ports.
static char **arguments_make(const struct options *options, const int *theirs)
{
	char **args = calloc(options->machine_count + ARGUMENTS_ADDED, sizeof(*args));
	size_t n = options->machine_count;

	if (!args)
		fail(STATUS_MACHINE, "out of memory");
	memcpy(args, options->machine, n * sizeof(*args));
	args[n++] = format("-chardev", NULL, 0);
	args[n++] = format("file,id=com1,append=on,path=%s", comma_double(options->log), 0);
	args[n++] = format("-serial", NULL, 0);
	args[n++] = format("chardev:com1", NULL, 0);
	args[n++] = format("-device", NULL, 0);
	args[n++] = format("virtio-serial-pci,disable-legacy=on,max_ports=8", NULL, 0);
	for (int i = 0; i < PORT_COUNT; i++) {
		args[n++] = format("-chardev", NULL, 0);
		args[n++] = format("socket,id=%s,fd=%d", port_names[i], theirs[i]);
		args[n++] = format("-device", NULL, 0);
		args[n++] = format("virtserialport,name=%1$s,chardev=%1$s,nr=%2$d", port_names[i],
				   i + 1);
	}
	return args;
}

// In the child: leave the terminal's signals to the relay, and die with it.
static void child_run(char **args, const int *theirs, pid_t relay, int log)
{
	int complain = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != relay)
		_exit(STATUS_MACHINE);
	for (int i = 0; i < PORT_COUNT; i++)
		fcntl(theirs[i], F_SETFD, 0);
	dup2(nothing, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execvp(args[0], args);
	dprintf(complain, "pith: cannot start %s: %s\n", args[0], strerror(errno));
	_exit(STATUS_MACHINE);
}

void machine_init(struct machine *machine, const struct options *options)
{
	int theirs[PORT_COUNT];
	int log = open(options->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	pid_t relay = getpid();

	if (log < 0)
		fail(STATUS_USAGE, "cannot write the log %s: %s", options->log, strerror(errno));
	machine->log_start = lseek(log, 0, SEEK_END);
	for (int i = 0; i < PORT_COUNT; i++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
			fail(STATUS_MACHINE, "socketpair: %s", strerror(errno));
		machine->ports[i] = pair[0];
		theirs[i] = pair[1];
		fcntl(pair[0], F_SETFL, O_NONBLOCK);
	}

	char **args = arguments_make(options, theirs);

	machine->pid = fork();
	if (machine->pid < 0)
		fail(STATUS_MACHINE, "fork: %s", strerror(errno));
	if (machine->pid == 0)
		child_run(args, theirs, relay, log);
	for (int i = 0; i < PORT_COUNT; i++)
		close(theirs[i]);
	close(log);
}

#define END_MS 1000

void machine_free(struct machine *machine)
{
	if (machine->pid <= 0)
		return;
	// Asked first, so that its plugins write what they have; a machine that hangs does not.
	kill(machine->pid, SIGTERM);
	for (int ms = 0; ms < END_MS && waitpid(machine->pid, NULL, WNOHANG) == 0; ms++)
		usleep(1000);
	kill(machine->pid, SIGKILL);
	while (waitpid(machine->pid, NULL, 0) < 0 && errno == EINTR)
		;
	machine->pid = 0;
}

// The last lines that this run wrote to its log, on standard error.
void machine_print_log(const struct machine *machine, const char *log)
{
	char text[4096];
	int fd = open(log, O_RDONLY | O_CLOEXEC);
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	off_t from = end - (off_t)sizeof(text);

	if (from < machine->log_start)
		from = machine->log_start;

	ssize_t length = fd < 0 ? 0 : pread(fd, text, sizeof(text), from);
	ssize_t start = length;

	for (int lines = 0; start > 0; start--)
		if (text[start - 1] == '\n' && start < length && ++lines == LOG_LINES)
			break;
	for (; start < length; start++)
		if (text[start] == '\n' || (text[start] >= ' ' && text[start] < 127))
			fputc(text[start], stderr);
	if (length > 0 && text[length - 1] != '\n')
		fputc('\n', stderr);
	if (fd >= 0)
		close(fd);
}
