// Job control: sessions, the controlling terminal, who is in front, and what happens to the others.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tap.h"

static int master;
static char name[64];
static int *shared_pipe;

static int pty(void)
{
	int number, lock = 0;

	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	if (master < 0 || ioctl(master, TIOCGPTN, &number) || ioctl(master, TIOCSPTLCK, &lock))
		return -1;
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	return open(name, O_RDWR | O_NOCTTY);
}

// Run a function as the leader of a new session with the terminal; its exit status.
static int session(int (*body)(int tty))
{
	int tty = pty(), status = -1;
	pid_t child = fork();

	if (child == 0) {
		alarm(20);
		if (setsid() < 0 || ioctl(tty, TIOCSCTTY, 0))
			_exit(99);
		_exit(body(tty));
	}
	close(tty);
	waitpid(child, &status, 0);
	close(master);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// A child in a group of its own that does something; the wait status of its first news.
static pid_t group_child(int (*body)(int tty), int tty)
{
	pid_t child = fork();

	if (child == 0) {
		setpgid(0, 0);
		_exit(body(tty));
	}
	setpgid(child, child);
	return child;
}

static int news(pid_t child)
{
	int status = -1;

	waitpid(child, &status, WUNTRACED);
	return WIFSTOPPED(status) ? 1000 + WSTOPSIG(status) : WIFEXITED(status) ? WEXITSTATUS(status)
								 : 128 + WTERMSIG(status);
}

static void kill_child(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static int owns(int tty)
{
	int fd = open("/dev/tty", O_RDWR);

	return fd < 0 ? 1 : tcgetsid(tty) != getpid() ? 2 : tcgetpgrp(tty) != getpgrp() ? 3
	       : ioctl(tty, TIOCSCTTY, 0) ? 4 : 0;
}

static int reads_one(int tty)
{
	char c;

	return read(tty, &c, 1) == 1 ? 0 : errno;
}

static int background_read(int tty)
{
	pid_t child = group_child(reads_one, tty);
	int got = news(child);

	kill_child(child);
	return got != 1000 + SIGTTIN;
}

static int ignoring_read(int tty)
{
	signal(SIGTTIN, SIG_IGN);
	return reads_one(tty);
}

static int background_ignoring(int tty) { return news(group_child(ignoring_read, tty)) != EIO; }

static int writes_one(int tty) { return write(tty, "x", 1) == 1 ? 0 : errno; }

static int background_write(int tty)
{
	struct termios t;
	pid_t child;
	int got;

	if (news(group_child(writes_one, tty)) != 0)
		return 1;
	tcgetattr(tty, &t);
	t.c_lflag |= TOSTOP;
	tcsetattr(tty, TCSANOW, &t);
	child = group_child(writes_one, tty);
	got = news(child);
	kill_child(child);
	return got == 1000 + SIGTTOU ? 0 : 2;
}

static int sets(int tty)
{
	struct termios t;

	tcgetattr(tty, &t);
	return tcsetattr(tty, TCSANOW, &t) ? errno : 0;
}

static int sets_ignoring(int tty)
{
	signal(SIGTTOU, SIG_IGN);
	return sets(tty);
}

static int background_set(int tty)
{
	pid_t child = group_child(sets, tty);
	int got = news(child);

	kill_child(child);
	return got != 1000 + SIGTTOU ? 1 : news(group_child(sets_ignoring, tty)) ? 2 : 0;
}

// Stopped by SIGTTIN, put in front, continued: the read goes on.
static int to_front(int tty)
{
	pid_t child = group_child(reads_one, tty);

	if (news(child) != 1000 + SIGTTIN)
		return 1;
	if (tcsetpgrp(tty, child))
		return 2;
	write(master, "x\n", 2);
	kill(child, SIGCONT);
	return news(child);
}

static int set_group_errors(int tty)
{
	int pipes[2], bad = 99999;
	pid_t child;

	if (pipe(pipes) || !FAILS(tcsetpgrp(pipes[0], getpgrp()), ENOTTY))
		return 1;
	if (!FAILS(tcsetpgrp(tty, bad), ESRCH))
		return 2;
	if (!FAILS(tcsetpgrp(tty, -1), EINVAL))
		return 3;
	child = fork();
	if (child == 0) {
		setsid();
		write(pipes[1], "x", 1);
		pause();
	}
	read(pipes[0], &bad, 1);
	if (!FAILS(tcsetpgrp(tty, child), EPERM))
		return 4;
	kill_child(child);
	return 0;
}

static volatile sig_atomic_t caught;

static void on_signal(int number) { caught = number; }

static int keys(int tty)
{
	static const struct {
		char key;
		int number;
	} tries[] = {{3, SIGINT}, {28, SIGQUIT}, {26, SIGTSTP}};

	(void)tty;
	for (int i = 0; i < 3; i++) {
		signal(tries[i].number, on_signal);
		caught = 0;
		write(master, &tries[i].key, 1);
		for (int turn = 0; !caught && turn < 200; turn++)
			usleep(5000);
		if (caught != tries[i].number)
			return i + 1;
	}
	return 0;
}

static int loops(int tty)
{
	(void)tty;
	return pause();
}

static int key_stops(int tty)
{
	pid_t child = group_child(loops, tty);
	int got;

	tcsetpgrp(tty, child);
	write(master, "\x1a", 1);
	got = news(child);
	if (got != 1000 + SIGTSTP)
		return 1;
	kill(child, SIGCONT);
	write(master, "\x03", 1);
	got = news(child);
	return got == 128 + SIGINT ? 0 : 2;
}

static int size_signal(int tty)
{
	struct winsize w = {10, 20, 0, 0};

	(void)tty;
	signal(SIGWINCH, on_signal);
	caught = 0;
	ioctl(master, TIOCSWINSZ, &w);
	for (int turn = 0; !caught && turn < 200; turn++)
		usleep(5000);
	return caught == SIGWINCH ? 0 : 1;
}

static int gives_up(int tty)
{
	signal(SIGHUP, on_signal);
	if (ioctl(tty, TIOCNOTTY))
		return 1;
	if (!FAILS(open("/dev/tty", O_RDWR), ENXIO))
		return 2;
	return FAILS(tcgetpgrp(tty), ENOTTY) ? 0 : 3;
}

static int second_session(int tty)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		if (setsid() < 0 || !FAILS(open("/dev/tty", O_RDWR), ENXIO))
			_exit(1);
		if (!FAILS(ioctl(tty, TIOCSCTTY, 0), EPERM))
			_exit(2);
		_exit(FAILS(tcgetpgrp(tty), ENOTTY) ? 0 : 3);
	}
	waitpid(child, &status, 0);
	return status >> 8;
}

static int child_gives_up(int tty)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		if (ioctl(tty, TIOCNOTTY))
			_exit(1);
		_exit(FAILS(open("/dev/tty", O_RDWR), ENXIO) ? 0 : 2);
	}
	waitpid(child, &status, 0);
	return status ? status >> 8 : owns(tty);
}

// A process whose group is orphaned is not stopped, but told.
static int orphan(int tty)
{
	int pipes[2], answer = -1;
	pid_t middle;

	if (pipe(pipes))
		return 1;
	middle = fork();
	if (middle == 0) {
		if (fork() == 0) {
			setpgid(0, 0);
			usleep(100000);  // until the parent is gone
			answer = reads_one(tty);
			write(pipes[1], &answer, sizeof(answer));
			_exit(0);
		}
		usleep(20000);
		_exit(0);
	}
	waitpid(middle, NULL, 0);
	close(pipes[1]);
	read(pipes[0], &answer, sizeof(answer));
	return answer == EIO ? 0 : 2;
}

static int leader_waits(int tty)
{
	(void)tty;
	signal(SIGHUP, on_signal);
	write(shared_pipe[1], "r", 1);
	for (int turn = 0; caught != SIGHUP && turn < 400; turn++)
		usleep(5000);
	return caught == SIGHUP ? 0 : 1;
}

// The master goes: the leader hears SIGHUP.
static void hang_up(void)
{
	int pipes[2], tty = pty(), status = -1;
	pid_t child;
	char c;

	check(pipe(pipes) == 0, "pipe");
	shared_pipe = pipes;
	child = fork();
	if (child == 0) {
		int own = master;

		setsid();
		ioctl(tty, TIOCSCTTY, 0);
		close(own);
		_exit(leader_waits(tty));
	}
	close(tty);
	read(pipes[0], &c, 1);
	close(master);
	waitpid(child, &status, 0);
	check(status == 0, "the master goes: SIGHUP to the leader");
}

// The leader ends: the group in front hears SIGHUP.
static void leader_ends(void)
{
	int pipes[2], tty = pty(), status = -1;
	pid_t child;
	char c = 0;

	check(pipe(pipes) == 0, "pipe");
	child = fork();
	if (child == 0) {
		setsid();
		ioctl(tty, TIOCSCTTY, 0);
		if (fork() == 0) {
			signal(SIGHUP, on_signal);
			write(pipes[1], "r", 1);
			for (int turn = 0; caught != SIGHUP && turn < 400; turn++)
				usleep(5000);
			write(pipes[1], caught == SIGHUP ? "h" : "-", 1);
			_exit(0);
		}
		read(pipes[0], &c, 1);
		_exit(0);
	}
	close(tty);
	waitpid(child, &status, 0);
	read(pipes[0], &c, 1);
	check(c == 'h', "the leader ends: SIGHUP to the group in front");
	close(master);
}

int main(void)
{
	static const struct {
		int (*body)(int tty);
		const char *name;
	} tests[] = {
		{owns, "a session's own terminal: /dev/tty, session, group"},
		{background_read, "a background read: SIGTTIN"},
		{background_ignoring, "a background read that ignores SIGTTIN: EIO"},
		{background_write, "a background write: allowed, with TOSTOP SIGTTOU"},
		{background_set, "a background tcsetattr: SIGTTOU, allowed when it is ignored"},
		{to_front, "put in front and continued, a read goes on"},
		{set_group_errors, "tcsetpgrp: ENOTTY, ESRCH, EINVAL, EPERM"},
		{keys, "the keys for SIGINT, SIGQUIT, SIGTSTP"},
		{key_stops, "Ctrl-Z stops the group in front, Ctrl-C ends it"},
		{size_signal, "a new size: SIGWINCH"},
		{gives_up, "the leader gives the terminal up: TIOCNOTTY"},
		{child_gives_up, "another process gives it up for itself alone"},
		{second_session, "another session cannot have it: EPERM, ENOTTY, ENXIO"},
		{orphan, "a background read of an orphaned group: EIO"},
	};

	alarm(100);
	signal(SIGHUP, SIG_IGN);
	if (access("/dev/ptmx", R_OK)) {
		check(true, "there is no /dev/ptmx here");
		return tap_end();
	}
	signal(SIGHUP, SIG_DFL);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		int got = session(tests[i].body);

		if (got)
			printf("# %d\n", got);
		check(got == 0, tests[i].name);
	}
	hang_up();
	leader_ends();
	return tap_end();
}
