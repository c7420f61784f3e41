// Children: what SIGCHLD and waits say, who inherits orphans, what a parent's end means.
// abi: waitid P_ALL P_PID P_PGID WEXITED WSTOPPED WCONTINUED WNOHANG WNOWAIT __WALL __WCLONE: whole
// abi: wait4 WNOHANG WUNTRACED WCONTINUED __WALL __WCLONE: whole
// abi: prctl PR_SET_PDEATHSIG PR_GET_PDEATHSIG PR_SET_CHILD_SUBREAPER PR_GET_CHILD_SUBREAPER: whole
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#ifndef __WALL
#define __WALL 0x40000000
#endif
#ifndef __WCLONE
#define __WCLONE 0x80000000
#endif

static volatile siginfo_t last;
static volatile int count;

static void on_child(int n, siginfo_t *info, void *context)
{
	(void)n;
	(void)context;
	last = *info;
	count++;
}

static void doze(void)
{
	struct timespec t = {0, 10000000};

	nanosleep(&t, NULL);
}

static void until(int n)
{
	for (int i = 0; i < 200 && count < n; i++)
		doze();
}

static void set(int flags)
{
	struct sigaction a = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART | flags};

	sigaction(SIGCHLD, &a, NULL);
	count = 0;
}

static pid_t child_make(int code)
{
	pid_t child = fork();

	if (child)
		return child;
	while (code < 0)
		pause();
	_exit(code);
}

static bool is_last(pid_t child, int code, int status)
{
	return last.si_signo == SIGCHLD && last.si_pid == child && last.si_code == code && last.si_status == status &&
	       last.si_uid == getuid();
}

static void child_signals(void)
{
	pid_t child;

	set(0);
	child = child_make(7);
	until(1);
	check(is_last(child, CLD_EXITED, 7), "SIGCHLD: CLD_EXITED");
	wait(NULL);
	child = child_make(-1);
	kill(child, SIGSTOP);
	until(2);
	check(is_last(child, CLD_STOPPED, SIGSTOP), "SIGCHLD: CLD_STOPPED");
	kill(child, SIGCONT);
	until(3);
	check(is_last(child, CLD_CONTINUED, SIGCONT), "SIGCHLD: CLD_CONTINUED");
	kill(child, SIGKILL);
	until(4);
	check(is_last(child, CLD_KILLED, SIGKILL), "SIGCHLD: CLD_KILLED");
	wait(NULL);
	set(SA_NOCLDSTOP);
	child = child_make(-1);
	kill(child, SIGSTOP);
	waitpid(child, NULL, WUNTRACED);
	kill(child, SIGCONT);
	waitpid(child, NULL, WCONTINUED);
	doze();
	check(count == 0, "SA_NOCLDSTOP");
	kill(child, SIGKILL);
	until(1);
	check(count == 1 && wait(NULL) == child, "SA_NOCLDSTOP: but its end");
	set(SA_NOCLDWAIT);
	child = child_make(0);
	check(FAILS(waitpid(child, NULL, 0), ECHILD), "SA_NOCLDWAIT: no zombie");
	signal(SIGCHLD, SIG_IGN);
	child = child_make(0);
	check(FAILS(wait(NULL), ECHILD), "SIG_IGN: a wait waits for all and finds none");
	signal(SIGCHLD, SIG_DFL);
}

static void waitids(void)
{
	siginfo_t info;
	pid_t child = child_make(-1);

	memset(&info, 0x55, sizeof info);
	check(waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0 && info.si_signo == 0,
	      "waitid: WNOHANG finds nothing");
	kill(child, SIGSTOP);
	check(waitid(P_PID, (id_t)child, &info, WSTOPPED | WNOWAIT) == 0 && info.si_code == CLD_STOPPED &&
	      info.si_status == SIGSTOP && info.si_uid == getuid(), "waitid: WSTOPPED, WNOWAIT");
	check(waitid(P_PID, (id_t)child, &info, WSTOPPED) == 0 && info.si_pid == child, "it is still there");
	check(waitid(P_PID, (id_t)child, &info, WSTOPPED | WNOHANG) == 0 && info.si_pid == 0, "and now it is not");
	kill(child, SIGCONT);
	check(waitid(P_PGID, (id_t)getpgrp(), &info, WCONTINUED) == 0 && info.si_code == CLD_CONTINUED &&
	      info.si_status == SIGCONT, "waitid: P_PGID, WCONTINUED");
	kill(child, SIGTERM);
	check(waitid(P_ALL, 0, &info, WEXITED) == 0 && info.si_code == CLD_KILLED && info.si_status == SIGTERM,
	      "waitid: WEXITED");
	check(FAILS(waitid(P_ALL, 0, &info, WEXITED), ECHILD), "waitid: ECHILD");
	check(FAILS(waitid(P_ALL, 0, &info, 0), EINVAL) && FAILS(waitid(P_ALL, 0, &info, 64 | WEXITED), EINVAL) &&
	      FAILS(waitid((idtype_t)9, 0, &info, WEXITED), EINVAL), "waitid: EINVAL");
	// A child whose end sends nothing is found with __WCLONE or __WALL.
	child = (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0);
	if (child == 0)
		_exit(3);
	doze();
	check(FAILS(waitpid(child, NULL, WNOHANG), ECHILD), "a child without an exit signal is not waited for");
	check(waitpid(child, NULL, (int)__WCLONE) == child, "__WCLONE");
	child = (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0);
	if (child == 0)
		_exit(3);
	check(waitpid(child, NULL, __WALL) == child, "__WALL");
}

// A grandchild tells by a pipe who its parent is, once its first one has ended.
static pid_t orphan_parent(void)
{
	pid_t parent = -1, middle;
	int fd[2];

	if (pipe(fd))
		return -1;
	middle = fork();
	if (middle == 0) {
		pid_t me = getpid();

		if (fork() == 0) {
			while (getppid() == me)
				doze();
			parent = getppid();
			_exit(write(fd[1], &parent, sizeof parent) != sizeof parent);
		}
		_exit(0);
	}
	waitpid(middle, NULL, 0);
	if (read(fd[0], &parent, sizeof parent) != sizeof parent)
		parent = -1;
	close(fd[0]);
	close(fd[1]);
	return parent;
}

static void subreaper(void)
{
	int value = 7;

	check(prctl(PR_GET_CHILD_SUBREAPER, &value) == 0 && value == 0, "no subreaper at first");
	check(orphan_parent() != getpid(), "orphans go elsewhere");
	check(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 && prctl(PR_GET_CHILD_SUBREAPER, &value) == 0 && value == 1,
	      "PR_SET_CHILD_SUBREAPER");
	check(orphan_parent() == getpid(), "orphans come to the subreaper");
	check(wait(NULL) > 0 && FAILS(wait(NULL), ECHILD), "which waits for them");
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void death_signal(void)
{
	int value = 7, fd[2];
	pid_t middle;
	char c = 0;

	check(prctl(PR_GET_PDEATHSIG, &value) == 0 && value == 0 && FAILS(prctl(PR_SET_PDEATHSIG, 65), EINVAL),
	      "PR_GET_PDEATHSIG");
	if (pipe(fd))
		return;
	middle = fork();
	if (middle == 0) {
		if (fork() == 0) {
			sigset_t s;
			int n = 0;

			sigemptyset(&s);
			sigaddset(&s, SIGUSR1);
			sigprocmask(SIG_BLOCK, &s, NULL);
			prctl(PR_SET_PDEATHSIG, SIGUSR1);
			if (write(fd[1], "r", 1) == 1 && sigwait(&s, &n) == 0 && n == SIGUSR1)
				_exit(write(fd[1], "d", 1) != 1);
			_exit(1);
		}
		for (;;)
			pause();
	}
	if (read(fd[0], &c, 1) == 1)
		kill(middle, SIGKILL);
	check(read(fd[0], &c, 1) == 1 && c == 'd', "PR_SET_PDEATHSIG: the parent is gone");
	waitpid(middle, NULL, 0);
	close(fd[0]);
	close(fd[1]);
}

static int pipe_end;

static void on_hang_up(int n)
{
	char c = n == SIGHUP ? 'h' : 'c';

	if (write(pipe_end, &c, 1) != 1 || n == SIGCONT)
		_exit(0);
}

// The middle process is all that ties a stopped group to its session.
static void orphaned_group(void)
{
	int fd[2], got = 0;
	char text[4] = {0};
	pid_t middle;

	if (pipe(fd))
		return;
	middle = fork();
	if (middle == 0) {
		pid_t child = fork();

		if (child == 0) {
			sigset_t s;

			setpgid(0, 0);
			pipe_end = fd[1];
			sigemptyset(&s);
			sigaddset(&s, SIGCONT);
			struct sigaction a = {.sa_handler = on_hang_up, .sa_mask = s};

			sigaction(SIGHUP, &a, NULL);
			signal(SIGCONT, on_hang_up);
			kill(getpid(), SIGSTOP);
			for (;;)
				pause();
		}
		waitpid(child, NULL, WUNTRACED);
		_exit(0);
	}
	close(fd[1]);
	waitpid(middle, NULL, 0);
	while (got < 2 && read(fd[0], text + got, 1) == 1)
		got++;
	check(got == 2 && strchr(text, 'h') && strchr(text, 'c'), "an orphaned group that is stopped: SIGHUP, SIGCONT");
	close(fd[0]);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	child_signals();
	waitids();
	subreaper();
	death_signal();
	orphaned_group();
	return tap_end();
}
