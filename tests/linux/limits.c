// Limits of resources, timers of processor time, and what prctl says.
// abi: setitimer ITIMER_VIRTUAL ITIMER_PROF: partial: the kernel's time counts as the program's
// abi: getitimer ITIMER_VIRTUAL ITIMER_PROF: whole
// abi: setrlimit RLIMIT_CPU: whole
// abi: getrlimit: whole
// abi: prctl PR_SET_NAME PR_GET_NAME PR_SET_DUMPABLE PR_GET_DUMPABLE: whole
// abi: prctl PR_SET_NO_NEW_PRIVS PR_GET_NO_NEW_PRIVS PR_CAPBSET_READ PR_GET_TIMERSLACK: whole
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

static volatile sig_atomic_t got[65];
static void on_signal(int n) { got[n]++; }

static long cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void burn_until(int signal, int count)
{
	long end = cpu_ms() + 8000;

	while (got[signal] < count && cpu_ms() < end)
		;
}

static void processor_timers(void)
{
	struct itimerval v = {{0, 0}, {0, 400000}}, zero = {{0, 0}, {0, 0}}, left;
	long start = cpu_ms();

	signal(SIGPROF, on_signal);
	signal(SIGVTALRM, on_signal);
	check(setitimer(ITIMER_PROF, &v, NULL) == 0, "ITIMER_PROF is set");
	usleep(60000);
	check(got[SIGPROF] == 0, "a sleep uses up no processor time");
	check(getitimer(ITIMER_PROF, &left) == 0 && (left.it_value.tv_usec > 0 && left.it_value.tv_sec == 0),
	      "what is left of it");
	burn_until(SIGPROF, 1);
	check(got[SIGPROF] == 1 && cpu_ms() - start >= 400, "SIGPROF after the processor time");
	check(getitimer(ITIMER_PROF, &left) == 0 && left.it_value.tv_usec == 0, "once");
	v.it_value.tv_usec = v.it_interval.tv_usec = 20000;
	check(setitimer(ITIMER_VIRTUAL, &v, NULL) == 0, "ITIMER_VIRTUAL is set");
	burn_until(SIGVTALRM, 3);
	check(got[SIGVTALRM] >= 3, "SIGVTALRM again and again");
	check(setitimer(ITIMER_VIRTUAL, &zero, &left) == 0 && left.it_interval.tv_usec == 20000, "and no more");
	check(FAILS(setitimer(3, &v, NULL), EINVAL) && FAILS(getitimer(3, &v), EINVAL), "there are three timers");
	v.it_value.tv_usec = 1000000;
	check(FAILS(setitimer(ITIMER_REAL, &v, NULL), EINVAL), "a million microseconds is no fraction");
	check(FAILS(getitimer(ITIMER_REAL, (void *)8), EFAULT), "a wild pointer");
}

// The status of a child that burns time under the limit; a handler counts SIGXCPU into its exit status.
static int cpu_limited(rlim_t soft, rlim_t hard, int is_caught)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		struct rlimit r = {soft, hard};

		if (is_caught)
			signal(SIGXCPU, on_signal);
		if (setrlimit(RLIMIT_CPU, &r))
			_exit(99);
		// The limit goes on to children.
		if (fork() == 0)
			for (;;)
				if (got[SIGXCPU] > 0 && is_caught == 1)
					_exit(7);
		wait(&status);
		if (WIFSIGNALED(status)) {
			signal(WTERMSIG(status), SIG_DFL);
			kill(getpid(), WTERMSIG(status));
		}
		_exit(WEXITSTATUS(status));
	}
	waitpid(pid, &status, 0);
	return status;
}

static void processor_limit(void)
{
	int status = cpu_limited(1, RLIM_INFINITY, 0);

	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU, "SIGXCPU ends who uses a second too much");
	status = cpu_limited(1, 2, 1);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 7, "it can be caught");
	status = cpu_limited(1, 2, 2);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "SIGKILL at the hard limit");
}

static void limits(void)
{
	struct rlimit r, old;

	check(getrlimit(RLIMIT_NOFILE, &old) == 0 && old.rlim_cur >= 256 && old.rlim_cur <= old.rlim_max, "getrlimit");
	r = (struct rlimit){64, old.rlim_max};
	check(setrlimit(RLIMIT_NOFILE, &r) == 0, "setrlimit");
	check(FAILS(dup2(0, 64), EBADF) && dup2(0, 63) == 63 && close(63) == 0, "descriptors end there");
	check(sysconf(_SC_OPEN_MAX) == 64, "sysconf knows");
	check(prlimit(0, RLIMIT_NOFILE, &old, &r) == 0 && r.rlim_cur == 64, "prlimit: new and old at once");
	r = (struct rlimit){5, 4};
	check(FAILS(setrlimit(RLIMIT_CORE, &r), EINVAL), "soft beyond hard");
	check(FAILS(setrlimit(99, &old), EINVAL) && FAILS(getrlimit(99, &old), EINVAL), "no such resource");
	check(FAILS(getrlimit(RLIMIT_CORE, (void *)8), EFAULT) && FAILS(setrlimit(RLIMIT_CORE, (void *)8), EFAULT),
	      "wild pointers");
	if (fork() == 0) {
		r = (struct rlimit){10, 20};
		int is_ok = setrlimit(RLIMIT_CORE, &r) == 0 && setuid(1000) == 0;

		r.rlim_max = 21;
		is_ok = is_ok && FAILS(setrlimit(RLIMIT_CORE, &r), EPERM);
		r = (struct rlimit){20, 20};
		_exit(!(is_ok && setrlimit(RLIMIT_CORE, &r) == 0));
	}
	int status;

	wait(&status);
	check(status == 0, "only root raises a hard limit");
}

static void process_control(void)
{
	char name[16] = "";

	check(prctl(PR_SET_NAME, "a name of more than fifteen") == 0 && prctl(PR_GET_NAME, name) == 0 &&
	      !strcmp(name, "a name of more "), "a name is cut at 15");
	check(FAILS(prctl(PR_SET_NAME, 8), EFAULT) && FAILS(prctl(PR_GET_NAME, 8), EFAULT), "wild names");
	check(prctl(PR_SET_DUMPABLE, 0) == 0 && prctl(PR_GET_DUMPABLE) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0 &&
	      prctl(PR_GET_DUMPABLE) == 1 && FAILS(prctl(PR_SET_DUMPABLE, 3), EINVAL), "dumpable");
	check(prctl(PR_CAPBSET_READ, 0) == 1 && FAILS(prctl(PR_CAPBSET_READ, 999), EINVAL), "capabilities' bounds");
	check(prctl(PR_GET_TIMERSLACK) == 50000, "timer slack");
	check(FAILS(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL) && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 &&
	      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges");
	if (fork() == 0)
		_exit(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1);
	int status;

	wait(&status);
	check(status == 0, "children have none either");
	check(FAILS(prctl(0x7fff), EINVAL), "no such option");
}

int main(void)
{
	processor_timers();
	processor_limit();
	limits();
	process_control();
	return tap_end();
}
