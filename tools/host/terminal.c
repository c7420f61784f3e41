// The host's terminal: raw while the machine has it, as it was afterwards.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "tools/host/relay.h"

static struct termios saved;
static bool is_saved;
static bool is_raw;

bool terminal_is_raw(void)
{
	return is_raw;
}

// Called again after a stop: a terminal that another job has is left alone.
void terminal_init(void)
{
	struct termios raw;

	if (!isatty(STDIN_FILENO) || tcgetpgrp(STDIN_FILENO) != getpgrp())
		return;
	if (!is_saved) {
		if (tcgetattr(STDIN_FILENO, &saved) < 0)
			return;
		is_saved = true;
	}
	raw = saved;
	cfmakeraw(&raw);
	// When only input is the machine's, whatever else writes to this terminal
	// (a pager behind a pipe) goes on relying on its output processing.
	if (!isatty(STDOUT_FILENO))
		raw.c_oflag = saved.c_oflag;
	is_raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

void terminal_free(void)
{
	if (is_raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
	is_raw = false;
}

uint32_t terminal_get_flags(void)
{
	return (isatty(STDIN_FILENO) ? CONTROL_TTY_IN : 0u) |
	       (isatty(STDOUT_FILENO) ? CONTROL_TTY_OUT : 0u) |
	       (isatty(STDERR_FILENO) ? CONTROL_TTY_ERR : 0u);
}

struct control_winsize terminal_get_size(void)
{
	struct winsize size;

	for (int fd = 0; fd < 3; fd++)
		if (ioctl(fd, TIOCGWINSZ, &size) == 0)
			return (struct control_winsize){size.ws_row, size.ws_col};
	return (struct control_winsize){0, 0};
}

// O_NONBLOCK belongs to the open file, which our caller shares; so a new one.
int terminal_open_output(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);

	int own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return own < 0 ? fd : own;
}
