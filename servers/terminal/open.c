// Opening: /dev/tty is the terminal of the caller's session, /dev/ptmx makes a new one.
#include <errno.h>
#include <fcntl.h>

#include "lib/rt/component.h"
#include "protocol/linux.h"
#include "servers/terminal/terminal.h"

#define FLAGS_KEPT (O_ACCMODE | O_APPEND | O_NONBLOCK)

static void handle_answer(struct msg *m, struct handle *h)
{
	if (!h) {
		result_set(m, -ENFILE);
		return;
	}
	msg_set_cap(0, h->slot);
	result_set(m, 0);
	m->tag |= TAG_CAPS(1);
}

static void slave_open(struct tty *tty, struct msg *m, uint64_t flags, const struct speaker *who, bool takes)
{
	if (tty->hung || (!tty->is_console && (tty->locked || !tty->masters))) {
		result_set(m, -EIO);
		return;
	}
	if (tty->is_console && !terminal.has_tty) {
		result_set(m, -ENXIO);
		return;
	}
	if (takes && who && !(flags & O_NOCTTY) && (flags & O_ACCMODE) != O_WRONLY)
		job_open(tty, who);
	handle_answer(m, handle_make(TARGET_TTY, tty, (uint32_t)flags & FLAGS_KEPT));
}

static void master_open(struct msg *m, uint64_t flags, const struct speaker *who)
{
	int64_t error;
	struct tty *tty = tty_make(who, &error);
	struct handle *h;

	if (!tty) {
		result_set(m, error);
		return;
	}
	h = handle_make(TARGET_MASTER, tty, (uint32_t)flags & FLAGS_KEPT);
	if (!h) {
		tty_open(tty, true);
		tty_close(tty, true);
	}
	handle_answer(m, h);
}

// Word 0: the flags; word 1: the token of the caller's window, by which it is known.
void open_handle(struct msg *m)
{
	struct speaker who;
	uint64_t flags = m->words[0], badge = m->badge;
	bool is_known = job_speaker(m->words[1], &who);
	struct tty *tty = NULL;

	if (badge == BADGE_DEVICE_PTMX) {
		master_open(m, flags, is_known ? &who : NULL);
		return;
	}
	if (badge == BADGE_DEVICE_TTY)
		tty = is_known && !(who.flags & WHO_NO_TERMINAL) ? tty_of_session(who.sid) : NULL;
	else if (badge == BADGE_DEVICE_CONSOLE)
		tty = &console;
	else
		tty = tty_find(badge & 0xffff);
	if (!tty || (badge >= BADGE_PTY && tty->badge != badge))
		result_set(m, badge == BADGE_DEVICE_TTY ? -ENXIO : -EIO);
	else
		slave_open(tty, m, flags, is_known ? &who : NULL, badge >= BADGE_PTY);
}

void open_peer(const struct handle *h, struct msg *m)
{
	struct speaker who;
	bool is_known = job_speaker(m->words[1], &who);

	if (h->target != TARGET_MASTER)
		result_set(m, -ENOTTY);
	else
		slave_open(h->tty, m, m->words[0], is_known ? &who : NULL, true);
}
