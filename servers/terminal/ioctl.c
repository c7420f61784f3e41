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

static void int_out(struct msg *m, uint8_t *window, int64_t value)
{
	int32_t word = (int32_t)value;

	if (value < 0)
		result_set(m, value);
	else
		copy_out(m, window, &word, sizeof(word));
}

static int32_t int_get(const uint8_t *window)
{
	int32_t value;

	memcpy(&value, window, sizeof(value));
	return value;
}

static void size_set(struct tty *tty, struct msg *m, const uint8_t *window)
{
	struct window_size size;

	memcpy(&size, window, sizeof(size));
	answer_now(m);
	tty_size_set(tty, size.rows, size.columns, size.x, size.y);
}

#define EXTRA_SIZE 8  // of struct termios2: the two speeds

static void settings_get(struct tty *tty, struct msg *m, uint8_t *window, uint32_t extra)
{
	static const uint32_t bauds[] = {0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800,
					 9600, 19200, 38400};
	uint32_t speeds[2];

	speeds[0] = speeds[1] = bauds[tty->line.settings.control & 0xf];
	memcpy(window, &tty->line.settings, sizeof(tty->line.settings));
	memcpy(window + sizeof(tty->line.settings), speeds, extra);
	*m = (struct msg){.tag = TAG(0, 2), .words = {0, sizeof(tty->line.settings) + extra}};
}

// `how`: 0 now, 1 when the output is out, 2 and without what was not read.
static void settings_set(struct tty *tty, struct msg *m, const uint8_t *window, uint64_t how, uint64_t token)
{
	struct line_settings settings;

	memcpy(&settings, window, sizeof(settings));
	if (how) {
		request_drain(tty, m, token, &settings, how == 2);
		return;
	}
	line_set(&tty->line, &settings);
	result_set(m, 0);
	terminal_pump();
}

static int64_t flush(struct tty *tty, uint64_t queue)
{
	if (queue > 2)
		return -EINVAL;
	tty_flush(tty, queue != 1, queue != 0);
	return 0;
}

// Actions 2 and 3 send the other side a control character: of a pseudo-terminal to its master.
static int64_t flow(struct tty *tty, uint64_t action)
{
	uint8_t byte;

	if (action > 3)
		return -EINVAL;
	if (action < 2) {
		line_stop(&tty->line, action == 0);
		return 0;
	}
	byte = tty->line.settings.characters[action == 2 ? TTY_VSTOP : TTY_VSTART];
	if (byte && tty_out_room(tty))
		tty_out_put(tty, &byte, 1);
	return 0;
}

static int64_t lock_set(struct tty *tty, const uint8_t *window)
{
	tty->locked = int_get(window) != 0;
	return 0;
}

static int64_t packet_set(struct tty *tty, const uint8_t *window)
{
	tty->packet = int_get(window) != 0;
	tty->packet_status = 0;
	return 0;
}

static void signal_send(struct tty *tty, struct msg *m, uint64_t number)
{
	if (number != TTY_SIGINT && number != TTY_SIGQUIT && number != TTY_SIGTSTP) {
		result_set(m, -EINVAL);
		return;
	}
	answer_now(m);
	job_signal(tty, (int)number);
}

// What only the master knows. False: not one of these.
static bool ioctl_master(struct tty *tty, struct msg *m, uint8_t *window, uint64_t request, uint64_t argument)
{
	switch (request) {
	case TTY_TIOCGPTN:
		int_out(m, window, tty->number);
		return true;
	case TTY_TIOCSPTLCK:
		result_set(m, lock_set(tty, window));
		return true;
	case TTY_TIOCGPTLCK:
		int_out(m, window, tty->locked);
		return true;
	case TTY_TIOCPKT:
		result_set(m, packet_set(tty, window));
		return true;
	case TTY_TIOCGPKT:
		int_out(m, window, tty->packet);
		return true;
	case TTY_TIOCSIG:
		signal_send(tty, m, argument);
		return true;
	case TTY_FIONREAD:
		int_out(m, window, tty_out_count(tty));
		return true;
	default:
		return false;
	}
}

static int64_t attach(struct tty *tty, uint64_t token, uint64_t steal)
{
	struct speaker who;

	return job_speaker(token, &who) ? job_attach(tty, &who, steal) : -EPERM;
}

// Requests that change something: those of a background process stop it.
static bool is_change(uint64_t request)
{
	return request == TTY_TCSETS || request == TTY_TCSETSW || request == TTY_TCSETSF ||
	       request == TTY_TCSETS2 || request == TTY_TCSETSW2 || request == TTY_TCSETSF2 ||
	       request == TTY_TCSBRK || request == TTY_TCXONC || request == TTY_TCFLSH ||
	       request == TTY_TIOCSETD;
}

static void ioctl_job(const struct handle *h, struct msg *m, uint8_t *window, uint64_t request,
		      uint64_t argument)
{
	struct tty *tty = h->tty;
	uint64_t token = m->words[0];
	bool is_master = h->target == TARGET_MASTER;

	switch (request) {
	case TTY_TIOCGPGRP:
		int_out(m, window, job_foreground_get(tty, token, is_master));
		break;
	case TTY_TIOCSPGRP:
		result_set(m, job_foreground_set(tty, token, int_get(window)));
		break;
	case TTY_TIOCGSID:
		int_out(m, window, job_session_get(tty, token, is_master));
		break;
	case TTY_TIOCSCTTY:
		result_set(m, attach(tty, token, argument));
		break;
	case TTY_TIOCNOTTY:
		job_detach(tty, m);
		break;
	case TTY_TIOCSTI:
		result_set(m, -EIO);  // nobody types for somebody else
		break;
	default:
		result_set(m, -ENOTTY);
	}
}

static void ioctl_line(const struct handle *h, struct msg *m, uint8_t *window, uint64_t request,
		       uint64_t argument)
{
	struct tty *tty = h->tty;
	uint64_t token = m->words[0];

	switch (request) {
	case TTY_TCSBRK:
		request_drain(tty, m, token, NULL, false);  // a break has no line to go out on
		break;
	case TTY_TCXONC:
		result_set(m, flow(tty, argument));
		terminal_pump();
		break;
	case TTY_TCFLSH:
		result_set(m, flush(tty, argument));
		terminal_pump();
		break;
	case TTY_FIONREAD:
		int_out(m, window, line_unread(&tty->line));
		break;
	case TTY_TIOCOUTQ:
		int_out(m, window, !tty->is_console || terminal.tty_ring < 0 ? 0
				   : terminal.rings[terminal.tty_ring].size - tty_out_room(tty));
		break;
	case TTY_TIOCGETD:
		int_out(m, window, 0);
		break;
	case TTY_TIOCSETD:
		result_set(m, int_get(window) ? -EINVAL : 0);
		break;
	default:
		ioctl_job(h, m, window, request, argument);
	}
}

static void ioctl_tty(const struct handle *h, struct msg *m, uint8_t *window, uint64_t request,
		      uint64_t argument)
{
	struct tty *tty = h->tty;
	struct window_size size = {tty->rows, tty->columns, tty->x, tty->y};
	uint64_t token = m->words[0];

	switch (request) {
	case TTY_TCGETS:
	case TTY_TCGETS2:
		settings_get(tty, m, window, request == TTY_TCGETS2 ? EXTRA_SIZE : 0);
		break;
	case TTY_TCSETS:
	case TTY_TCSETSW:
	case TTY_TCSETSF:
		settings_set(tty, m, window, request - TTY_TCSETS, token);
		break;
	case TTY_TCSETS2:
	case TTY_TCSETSW2:
	case TTY_TCSETSF2:
		settings_set(tty, m, window, request - TTY_TCSETS2, token);
		break;
	case TTY_TIOCGWINSZ:
		copy_out(m, window, &size, sizeof(size));
		break;
	case TTY_TIOCSWINSZ:
		size_set(tty, m, window);
		break;
	default:
		ioctl_line(h, m, window, request, argument);
	}
}

static void ioctl_terminal(const struct handle *h, struct msg *m, uint8_t *window)
{
	uint64_t request = m->words[1] & 0xffffffff;
	int64_t error = 0;

	if (h->tty->hung && h->target == TARGET_TTY) {
		result_set(m, request == TTY_TIOCSPGRP ? -ENOTTY : -EIO);
		return;
	}
	if (h->target == TARGET_MASTER && ioctl_master(h->tty, m, window, request, m->words[2]))
		return;
	if (h->target == TARGET_TTY && is_change(request))
		error = job_check_change(h->tty, m->words[0]);
	if (error)
		result_set(m, error);
	else
		ioctl_tty(h, m, window, request, m->words[2]);
}

void ioctl_handle(const struct handle *h, struct msg *m)
{
	uint8_t *window = window_find(m->words[0]);
	bool ended;

	if (!window)
		result_set(m, -EFAULT);
	else if (h->tty)
		ioctl_terminal(h, m, window);
	else if ((m->words[1] & 0xffffffff) == TTY_FIONREAD && h->target == TARGET_IN)
		int_out(m, window, stream_readable(handle_stream(h), &ended));
	else
		result_set(m, -ENOTTY);
}
