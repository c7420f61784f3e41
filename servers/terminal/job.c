// Job control: which session a terminal belongs to, who is in front, and what the others may do.
//
// Who speaks is known by the window of the call: a window is attached on a capability that the process
// server gave that one process, and its token is known to nobody else.
#include <errno.h>

#include "lib/rt/component.h"
#include "protocol/gen/session.h"
#include "protocol/linux.h"
#include "servers/terminal/linux_tty.h"
#include "servers/terminal/terminal.h"

bool job_speaker(uint64_t token, struct speaker *who)
{
	uint64_t badge = window_speaker(token), result = 0, groups = 0, flags = 0, ids = 0;

	if (!badge || session_who(terminal.session, badge, &result, &groups, &flags, &ids) ||
	    (int64_t)result <= 0)
		return false;
	*who = (struct speaker){(uint32_t)result, (uint32_t)groups, (uint32_t)(groups >> 32),
				(uint32_t)flags, (uint32_t)ids, (uint32_t)(ids >> 32)};
	return true;
}

static void signal_send(uint32_t group, uint32_t sid, int number)
{
	if (group)
		(void)session_signal_group(terminal.session, group, (uint64_t)number, sid, NULL);
}

void job_console_start(void)
{
	uint64_t leader = 0;

	if (console.sid || terminal.console_was_given || !session_is_running() ||
	    session_leader(terminal.session, &leader) || (int64_t)leader <= 0)
		return;
	terminal.console_was_given = true;
	console.sid = console.foreground = (uint32_t)leader;
}

void job_signal(struct tty *tty, int number)
{
	if (tty->is_console)
		job_console_start();
	signal_send(tty->foreground, tty->sid, number);
}

// Is this the terminal of the speaker's session?
static bool is_own(const struct tty *tty, const struct speaker *who)
{
	return tty->sid && tty->sid == who->sid && !(who->flags & WHO_NO_TERMINAL);
}

static bool speaker_is_own(struct tty *tty, uint64_t token, struct speaker *who)
{
	if (tty->is_console)
		job_console_start();
	return job_speaker(token, who) && is_own(tty, who);
}

static int64_t background(const struct speaker *who, int number)
{
	if (who->flags & WHO_ORPHANED)
		return -EIO;
	signal_send(who->pgid, who->sid, number);
	return -ERESTARTSYS;
}

int64_t job_check_read(struct tty *tty, uint64_t token)
{
	struct speaker who;

	if (!speaker_is_own(tty, token, &who) || !tty->foreground || who.pgid == tty->foreground)
		return 0;
	return who.flags & WHO_NO_TTIN ? -EIO : background(&who, TTY_SIGTTIN);
}

int64_t job_check_change(struct tty *tty, uint64_t token)
{
	struct speaker who;

	if (!speaker_is_own(tty, token, &who) || !tty->foreground || who.pgid == tty->foreground)
		return 0;
	return who.flags & WHO_NO_TTOU ? 0 : background(&who, TTY_SIGTTOU);
}

static void attach(struct tty *tty, const struct speaker *who)
{
	tty->sid = who->sid;
	tty->foreground = who->pgid;
}

int64_t job_attach(struct tty *tty, const struct speaker *who, uint64_t steal)
{
	bool is_leader = who->pid == who->sid;
	struct tty *old = tty_of_session(who->sid);

	if (tty->is_console)
		job_console_start();
	if (is_leader && old == tty)
		return 0;
	if (!is_leader || old || (tty->sid && !(steal == 1 && who->uid == 0)))
		return -EPERM;
	attach(tty, who);
	return 0;
}

void job_open(struct tty *tty, const struct speaker *who)
{
	if (who->pid == who->sid && !tty->sid && !tty_of_session(who->sid))
		attach(tty, who);
}

static void clear(struct tty *tty) { tty->sid = tty->foreground = 0; }

static void front_hang_up(struct tty *tty)
{
	uint32_t group = tty->foreground, sid = tty->sid;

	clear(tty);
	signal_send(group, sid, TTY_SIGHUP);
	signal_send(group, sid, TTY_SIGCONT);
}

void job_detach(struct tty *tty, struct msg *m)
{
	struct speaker who;
	uint64_t result = 0;

	if (!speaker_is_own(tty, m->words[0], &who)) {
		result_set(m, -ENOTTY);
	} else if (who.pid == who.sid) {
		answer_now(m);
		front_hang_up(tty);
	} else {
		(void)session_drop_terminal(terminal.session, window_speaker(m->words[0]), &result);
		result_set(m, (int64_t)result);
	}
}

int64_t job_foreground_get(struct tty *tty, uint64_t token, bool is_master)
{
	struct speaker who;

	if (!is_master && !speaker_is_own(tty, token, &who))
		return -ENOTTY;
	return tty->foreground;
}

int64_t job_foreground_set(struct tty *tty, uint64_t token, int32_t pgid)
{
	struct speaker who;
	uint64_t result = 0;
	int64_t error = job_check_change(tty, token);

	if (error)
		return error == -EIO ? -ENOTTY : error;
	if (pgid < 0)
		return -EINVAL;
	if (!speaker_is_own(tty, token, &who))
		return -ENOTTY;
	if (session_group(terminal.session, (uint64_t)pgid, tty->sid, &result))
		return -EIO;
	if (!result)
		tty->foreground = (uint32_t)pgid;
	return (int64_t)result;
}

int64_t job_session_get(struct tty *tty, uint64_t token, bool is_master)
{
	struct speaker who;

	if ((!is_master && !speaker_is_own(tty, token, &who)) || !tty->sid)
		return -ENOTTY;
	return tty->sid;
}

// The other side is gone: the session's leader hears of it; the group in front when the leader ends.
void job_hang_up(struct tty *tty)
{
	tty->hung = true;
	if (!tty->sid)
		return;
	(void)session_signal_leader(terminal.session, tty->sid, TTY_SIGHUP, NULL);
	(void)session_signal_leader(terminal.session, tty->sid, TTY_SIGCONT, NULL);
}

static void session_check(struct tty *tty)
{
	uint64_t result = 0;

	if (!tty->sid || session_alive(terminal.session, tty->sid, &result) || result)
		return;
	front_hang_up(tty);
}

void job_sessions_check(void)
{
	session_check(&console);
	for (uint32_t i = 0; i < TTY_NUMBER_MAX; i++)
		if (tty_find(i))
			session_check(tty_find(i));
}
