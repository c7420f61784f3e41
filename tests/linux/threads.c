// Threads: making, joining, many at once, exit of one and of all, fork and exec from among them.
// abi: clone CLONE_THREAD CLONE_SIGHAND: partial: CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_SIGHAND go together
// abi: exit: whole
// abi: exit_group: whole
// abi: gettid: whole
// abi: set_tid_address: whole
// abi: clone3: refused ENOSYS: the C libraries use clone then
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define MANY 64

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static int counter;
static atomic_int tids[MANY], alive;

static pid_t tid_get(void) { return (pid_t)syscall(SYS_gettid); }

static void *count(void *number)
{
	tids[(long)number] = tid_get();
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 1000; i++) {
		pthread_mutex_lock(&lock);
		counter++;
		pthread_mutex_unlock(&lock);
	}
	return number;
}

static bool many_at_once(void)
{
	pthread_t threads[MANY];
	bool is_ok = true;
	void *value;

	pthread_barrier_init(&barrier, NULL, MANY);
	for (long i = 0; i < MANY; i++)
		is_ok = !pthread_create(&threads[i], NULL, count, (void *)i) && is_ok;
	for (long i = 0; is_ok && i < MANY; i++)
		is_ok = !pthread_join(threads[i], &value) && value == (void *)i;
	for (int i = 0; i < MANY; i++)
		for (int j = 0; j < i; j++)
			is_ok = is_ok && tids[i] != tids[j] && tids[i] != getpid();
	return is_ok && counter == MANY * 1000;
}

static void *nothing(void *p) { return p; }

static bool one_after_another(void)
{
	for (int i = 0; i < 300; i++) {
		pthread_t t;

		if (pthread_create(&t, NULL, nothing, NULL) || pthread_join(t, NULL))
			return false;
	}
	return true;
}

static void *detached(void *p)
{
	atomic_fetch_sub(&alive, 1);
	return p;
}

static bool detached_ones(void)
{
	struct timespec t = {0, 1000000};
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	alive = 50;
	for (int i = 0; i < 50; i++)
		if (pthread_create(&thread, &attr, detached, NULL))
			return false;
	while (alive)
		nanosleep(&t, NULL);
	return true;
}

static void *signaller(void *p)
{
	pthread_mutex_lock(&lock);
	counter = 1;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&lock);
	return p;
}

static bool condition(void)
{
	struct timespec t;
	pthread_t thread;
	int timed;

	counter = 0;
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec = (t.tv_nsec + 5000000) % 1000000000;
	pthread_mutex_lock(&lock);
	timed = pthread_cond_timedwait(&cond, &lock, &t);
	if (timed != ETIMEDOUT || pthread_create(&thread, NULL, signaller, NULL))
		return false;
	while (!counter)
		pthread_cond_wait(&cond, &lock);
	pthread_mutex_unlock(&lock);
	return !pthread_join(thread, NULL);
}

static __thread int local = 7;

static void *own_values(void *p)
{
	char name[16];

	(void)p;
	local += 1;
	prctl(PR_SET_NAME, "other");
	prctl(PR_GET_NAME, name);
	return (void *)(long)(local == 8 && !strcmp(name, "other") && getpid() != tid_get());
}

static bool own_name_and_tls(void)
{
	char name[16];
	pthread_t thread;
	void *value = NULL;

	prctl(PR_SET_NAME, "first");
	pthread_create(&thread, NULL, own_values, NULL);
	pthread_join(thread, &value);
	prctl(PR_GET_NAME, name);
	return value && local == 7 && !strcmp(name, "first");
}

static void *sleeper(void *p)
{
	for (;;)
		pause();
	return p;
}

static void sleepers_make(int n)
{
	pthread_t t;

	for (int i = 0; i < n; i++)
		if (pthread_create(&t, NULL, sleeper, NULL))
			_exit(99);
}

static int status_of(void (*run)(void))
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		run();
		_exit(98);
	}
	waitpid(child, &status, 0);
	return status;
}

static void exits_with_threads(void)
{
	sleepers_make(5);
	_exit(3);
}

static void *exits(void *p)
{
	(void)p;
	_exit(4);
}

static void other_exits(void)
{
	pthread_t t;

	sleepers_make(3);
	pthread_create(&t, NULL, exits, NULL);
	sleeper(NULL);
}

static void *ends_later(void *p)
{
	struct timespec t = {0, 20000000};

	nanosleep(&t, NULL);
	*(volatile int *)p = 1;
	syscall(SYS_exit, 6);
	return p;
}

static int *shared;

static void leader_ends_first(void)
{
	pthread_t t;

	pthread_create(&t, NULL, ends_later, shared);
	syscall(SYS_exit, 5);
}

static bool leader_first(void)
{
	*shared = 0;
	return status_of(leader_ends_first) == 6 << 8 && *shared == 1;
}

static void *killer(void *p)
{
	(void)p;
	kill(getpid(), SIGKILL);
	return sleeper(p);
}

static void killed(void)
{
	pthread_t t;

	sleepers_make(10);
	pthread_create(&t, NULL, killer, NULL);
	sleeper(NULL);
}

static void *faults(void *p)
{
	*(volatile int *)p = 1;
	return p;
}

static void one_faults(void)
{
	pthread_t t;

	sleepers_make(2);
	pthread_create(&t, NULL, faults, (void *)16);
	sleeper(NULL);
}

static void *execs(void *p)
{
	char pid[16];
	char *const argv[] = {"threads", "exec", pid, NULL};

	snprintf(pid, sizeof pid, "%d", getpid());
	execv(p, argv);
	_exit(97);
}

static const char *self;

static void other_execs(void)
{
	pthread_t t;

	sleepers_make(5);
	pthread_create(&t, NULL, execs, (void *)self);
	sleeper(NULL);
}

static void *forks(void *p)
{
	int status = 0;
	pid_t child = fork();

	(void)p;
	// Only this thread is there.
	if (child == 0)
		_exit(tid_get() == getpid() ? 11 : 12);
	return (void *)(long)(waitpid(child, &status, 0) == child && status == 11 << 8);
}

static bool fork_among_threads(void)
{
	pthread_t threads[8];
	bool is_ok = true;
	void *value;

	for (int i = 0; i < 8; i++)
		is_ok = !pthread_create(&threads[i], NULL, forks, NULL) && is_ok;
	for (int i = 0; i < 8; i++)
		is_ok = !pthread_join(threads[i], &value) && value && is_ok;
	return is_ok;
}

static void *churn(void *stop)
{
	while (!*(atomic_int *)stop) {
		int fd = dup(1), other = dup(fd);

		close(fd);
		close(other);
	}
	return stop;
}

// While others change the table: the child's descriptors are in order.
static bool fork_while_table_changes(void)
{
	pthread_t threads[3];
	atomic_int stop = 0;
	bool is_ok = true;

	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, churn, &stop);
	for (int i = 0; i < 20 && is_ok; i++) {
		int status, fd[2];
		pid_t child = fork();

		if (child == 0) {
			char c = 0;

			_exit(!(pipe(fd) == 0 && write(fd[1], "x", 1) == 1 && read(fd[0], &c, 1) == 1 && c == 'x'));
		}
		is_ok = waitpid(child, &status, 0) == child && status == 0;
	}
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	return is_ok;
}

// More threads than the small tables of their process have room for; each opens and reads.
#define CROWD 120

static void *reads(void *path)
{
	char c = 0;
	int fd;

	pthread_barrier_wait(&barrier);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, &c, 1) != 1)
		c = 0;
	close(fd);
	return (void *)(long)(c == 0x7f);
}

static bool crowd(void)
{
	pthread_t threads[CROWD];
	pthread_attr_t attr;
	bool is_ok = true;
	void *value;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	pthread_barrier_init(&barrier, NULL, CROWD);
	for (int i = 0; i < CROWD; i++)
		is_ok = is_ok && !pthread_create(&threads[i], &attr, reads, (void *)self);
	for (int i = 0; is_ok && i < CROWD; i++)
		is_ok = !pthread_join(threads[i], &value) && value;
	return is_ok;
}

static bool clone_errors(void)
{
	bool is_ok = FAILS(syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0), EINVAL);

	is_ok = FAILS(syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0), EINVAL) && is_ok;
	is_ok = FAILS(syscall(SYS_clone, CLONE_THREAD | CLONE_VM, 0, 0, 0, 0), EINVAL) && is_ok;
	is_ok = syscall(SYS_clone3, NULL, 0) == -1 && is_ok;
	return is_ok;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "exec"))
		return atoi(argv[2]) == getpid() && tid_get() == getpid() ? 21 : 22;
	self = argv[0];
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(one_after_another(), "300 threads one after another");
	check(many_at_once(), "64 threads at once, each with a tid, one mutex");
	check(crowd(), "120 threads, each with a file");
	check(detached_ones(), "50 detached threads");
	check(condition(), "a condition: timed out, then broadcast");
	check(own_name_and_tls(), "each thread has its name and thread-local storage");
	check(status_of(exits_with_threads) == 3 << 8, "exit_group ends all threads");
	check(status_of(other_exits) == 4 << 8, "exit_group of another thread than the first");
	check(leader_first(), "the first thread ends first: the wait waits for all, and sees the last status");
	check(status_of(killed) == SIGKILL, "SIGKILL ends all threads");
	check(WTERMSIG(status_of(one_faults)) == SIGSEGV, "a fault of one thread ends the process");
	check(status_of(other_execs) == 21 << 8, "exec of another thread than the first: the pid stays, one thread");
	check(fork_among_threads(), "fork copies only the calling thread");
	check(fork_while_table_changes(), "fork while others change the descriptor table");
	check(clone_errors(), "CLONE_THREAD needs CLONE_SIGHAND needs CLONE_VM");
	return tap_end();
}
