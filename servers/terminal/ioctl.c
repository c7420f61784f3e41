// Device control of the terminal. The streams that are none answer -ENOTTY.
#include <errno.h>
#include <string.h>

#include "lib/rt/component.h"
#include "protocol/gen/session.h"
#include "servers/terminal/linux_tty.h"
#include "servers/terminal/terminal.h"

struct window_size {
	uint16_t rows, columns, x, y;
};

static void copy_out(struct msg *m, uint8_t *window, const void *from, uint32_t size)
{
	memcpy(window, from, size);
	*m = (struct msg){.tag = TAG(0, 2), .words = {0, size}};
}

// The group that is in front; to start with that of the session's first process.
static int64_t foreground_get(void)
{
	uint64_t leader = 0;

	if (terminal.foreground)
		return (int64_t)terminal.foreground;
	if (session_leader(terminal.session, &leader) || (int64_t)leader <= 0)
		return -ENOTTY;
	return (int64_t)leader;
}

static void group_out(struct msg *m, uint8_t *window, int64_t pid)
{
	int32_t value = (int32_t)pid;

	if (pid < 0)
		result_set(m, pid);
	else
		copy_out(m, window, &value, sizeof(value));
}

static int64_t leader_get(void)
{
	uint64_t leader = 0;

	return session_leader(terminal.session, &leader) || (int64_t)leader <= 0 ? -ENOTTY
										 : (int64_t)leader;
}

static int64_t foreground_set(const uint8_t *window)
{
	int32_t pgid;
	uint64_t result;

	memcpy(&pgid, window, sizeof(pgid));
	if (pgid <= 0)
		return -EINVAL;
	if (session_group(terminal.session, (uint64_t)pgid, &result))
		return -EIO;
	if (!result)
		terminal.foreground = (uint64_t)pgid;
	return (int64_t)result;
}

static void size_set(struct msg *m, const uint8_t *window)
{
	struct window_size size;

	memcpy(&size, window, sizeof(size));
	result_set(m, 0);
	if (size.rows == terminal.rows && size.columns == terminal.columns)
		return;
	terminal.rows = size.rows;
	terminal.columns = size.columns;
	session_signal(TTY_SIGWINCH);
}

static void settings_set(struct msg *m, const uint8_t *window, uint64_t request, uint64_t token)
{
	struct line_settings settings;

	memcpy(&settings, window, sizeof(settings));
	if (request != TTY_TCSETS) {
		request_drain(m, token, &settings, request == TTY_TCSETSF);
		return;
	}
	line_set(&terminal.line, &settings);
	result_set(m, 0);
	terminal_pump();
}

static int64_t flush(uint64_t queue)
{
	if (queue > 2)
		return -EINVAL;
	if (queue != 1)  // output is in the device's hands already
		line_flush(&terminal.line);
	return 0;
}

static int64_t flow(uint64_t action)
{
	if (action > 1)
		return -EINVAL;  // asking the other side to stop is nothing that it understands
	terminal.line.stopped = action == 0;
	terminal_pump();
	return 0;
}

static void count_out(struct msg *m, uint8_t *window, uint32_t count)
{
	int32_t value = (int32_t)count;

	copy_out(m, window, &value, sizeof(value));
}

static void ioctl_control(struct msg *m, uint64_t request, uint64_t argument, uint64_t token)
{
	switch (request) {
	case TTY_TCSBRK:
		request_drain(m, token, NULL, false);  // a break (argument 0) has no line to go out on
		break;
	case TTY_TCXONC:
		result_set(m, flow(argument));
		break;
	case TTY_TCFLSH:
		result_set(m, flush(argument));
		break;
	case TTY_TIOCSCTTY:
		result_set(m, 0);  // it is the session's terminal already
		break;
	case TTY_TIOCNOTTY:
		result_set(m, -EPERM);  // and cannot be given up
		break;
	default:
		result_set(m, -ENOTTY);
	}
}

static void ioctl_tty(struct msg *m, uint8_t *window, uint64_t request, uint64_t argument)
{
	struct window_size size = {terminal.rows, terminal.columns, 0, 0};
	uint64_t token = m->words[0];
	bool ended;
	int ring = terminal.tty_ring;

	switch (request) {
	case TTY_TCGETS:
		copy_out(m, window, &terminal.line.settings, sizeof(struct line_settings));
		break;
	case TTY_TCSETS:
	case TTY_TCSETSW:
	case TTY_TCSETSF:
		settings_set(m, window, request, token);
		break;
	case TTY_TIOCGWINSZ:
		copy_out(m, window, &size, sizeof(size));
		break;
	case TTY_TIOCSWINSZ:
		size_set(m, window);
		break;
	case TTY_TIOCGPGRP:
		group_out(m, window, foreground_get());
		break;
	case TTY_TIOCSPGRP:
		result_set(m, foreground_set(window));
		break;
	case TTY_TIOCGSID:
		group_out(m, window, leader_get());
		break;
	case TTY_FIONREAD:
		count_out(m, window, stream_readable(TARGET_TTY, &ended));
		break;
	case TTY_TIOCOUTQ:
		count_out(m, window, ring < 0 ? 0 : terminal.rings[ring].size -
							    ring_room(&terminal.rings[ring]));
		break;
	default:
		ioctl_control(m, request, argument, token);
	}
}

void ioctl_handle(const struct handle *h, struct msg *m)
{
	uint64_t request = m->words[1] & 0xffffffff;
	uint8_t *window = window_find(m->words[0]);
	bool ended;

	if (!window)
		result_set(m, -EFAULT);
	else if (h->target == TARGET_TTY)
		ioctl_tty(m, window, request, m->words[2]);
	else if (request == TTY_FIONREAD && h->target == TARGET_IN)
		count_out(m, window, stream_readable(TARGET_IN, &ended));
	else
		result_set(m, -ENOTTY);
}
