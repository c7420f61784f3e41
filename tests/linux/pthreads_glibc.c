// The threads of glibc, which uses other system calls than musl: locks of all kinds, cancellation, spawning and
// vfork from a process with threads, timers that make threads, memory and semaphores that processes share.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define THREADS 8
#define ROUNDS 2000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_spinlock_t spin;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static _Thread_local long own;
static long count, reads;
static atomic_int once_count, destroyed, turn;

static void on_once(void) { atomic_fetch_add(&once_count, 1); }
static void on_destroy(void *p) { atomic_fetch_add(&destroyed, (int)(intptr_t)p); }

static void *work(void *argument)
{
	(void)argument;
	pthread_setspecific(key, (void *)1);
	pthread_barrier_wait(&barrier);
	pthread_once(&once, on_once);
	for (int i = 0; i < ROUNDS; i++) {
		own++;
		pthread_mutex_lock(&mutex);
		count++;
		pthread_mutex_unlock(&mutex);
		if (i % 50 == 0) {
			pthread_rwlock_wrlock(&rwlock);
			reads++;
		} else {
			pthread_rwlock_rdlock(&rwlock);
		}
		pthread_rwlock_unlock(&rwlock);
		pthread_spin_lock(&spin);
		turn++;
		pthread_spin_unlock(&spin);
	}
	return (void *)own;
}

static void locks(void)
{
	pthread_t threads[THREADS];
	bool good = true;

	pthread_barrier_init(&barrier, NULL, THREADS);
	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
	pthread_key_create(&key, on_destroy);
	for (long i = 0; i < THREADS; i++)
		good &= pthread_create(&threads[i], NULL, work, (void *)i) == 0;
	check(good, "eight threads");
	for (int i = 0; i < THREADS; i++) {
		void *result = NULL;

		good &= pthread_join(threads[i], &result) == 0 && (long)result == ROUNDS;
	}
	check(good, "thread-local storage, join");
	check(count == THREADS * ROUNDS, "a mutex");
	check(reads == THREADS * ROUNDS / 50, "a read-write lock");
	check(turn == THREADS * ROUNDS && once_count == 1 && destroyed == THREADS, "spin lock, once, destructors");
}

static void *ping(void *argument)
{
	int side = argument != NULL;

	for (int i = 0; i < 300; i++) {
		pthread_mutex_lock(&mutex);
		while (turn % 2 != side)
			pthread_cond_wait(&condition, &mutex);
		turn++;
		pthread_cond_broadcast(&condition);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void conditions(void)
{
	pthread_t a, b;
	struct timespec until;

	turn = 0;
	pthread_create(&a, NULL, ping, NULL);
	pthread_create(&b, NULL, ping, &turn);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	check(turn == 600, "a condition variable, back and forth");
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 20000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&mutex);
	check(pthread_cond_timedwait(&condition, &mutex, &until) == ETIMEDOUT, "and its time-out");
	check(pthread_mutex_trylock(&mutex) == EBUSY && pthread_mutex_timedlock(&mutex, &until) == ETIMEDOUT, "a lock's");
	pthread_mutex_unlock(&mutex);
}

static atomic_int cleaned;

static void on_clean(void *p)
{
	(void)p;
	cleaned++;
}

static void *wait_for_ever(void *argument)
{
	pthread_cleanup_push(on_clean, NULL);
	if (argument)
		pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	cleaned += 10;
	for (;;)
		if (!argument)
			pause();
	pthread_cleanup_pop(0);
	return NULL;
}

static void cancels(void)
{
	pthread_t t;
	void *result = NULL;

	for (long kind = 0; kind < 2; kind++) {
		cleaned = 0;
		pthread_create(&t, NULL, wait_for_ever, (void *)kind);
		while (cleaned < 10)
			sched_yield();
		check(pthread_cancel(t) == 0 && pthread_join(t, &result) == 0 && result == PTHREAD_CANCELED && cleaned == 11,
		      kind ? "cancelled anywhere" : "cancelled in a call");
	}
}

static atomic_bool stop;

static void *noise(void *argument)
{
	(void)argument;
	while (!stop) {
		pthread_mutex_lock(&mutex);
		count++;
		pthread_mutex_unlock(&mutex);
		free(malloc(100));
	}
	return NULL;
}

static void *spawner(void *argument)
{
	bool *good = argument;
	extern char **environ;

	for (int i = 0; i < 10; i++) {
		char *words[] = {"pthreads_glibc", "seven", NULL};
		int status;
		pid_t pid;

		*good = *good && posix_spawn(&pid, "/proc/self/exe", NULL, NULL, words, environ) == 0 &&
			waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7;
		pid = vfork();
		if (pid == 0) {
			execv("/proc/self/exe", words);
			_exit(99);
		}
		*good = *good && pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7;
		pid = fork();
		if (pid == 0)
			_exit(3);
		*good = *good && pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 3;
	}
	return NULL;
}

static void spawns(void)
{
	pthread_t others[2], spawners[2];
	bool good[2] = {true, true};
	pid_t pid;

	for (int i = 0; i < 2; i++)
		pthread_create(&others[i], NULL, noise, NULL);
	for (int i = 0; i < 2; i++)
		pthread_create(&spawners[i], NULL, spawner, &good[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(spawners[i], NULL);
	check(good[0] && good[1], "posix_spawn, vfork and fork from threads, beside others");
	char *words[] = {"none", NULL};
	check(posix_spawn(&pid, "/no/such/program", NULL, NULL, words, NULL) == ENOENT, "posix_spawn tells why not");
	stop = true;
	for (int i = 0; i < 2; i++)
		pthread_join(others[i], NULL);
}

struct area {
	pthread_mutex_t mutex;
	pthread_cond_t condition;
	sem_t semaphore;
	int value;
};

static void processes(void)
{
	int fd = shm_open("/pthreads", O_RDWR | O_CREAT | O_TRUNC, 0600), status;
	pthread_mutexattr_t m;
	pthread_condattr_t c;
	struct area *a;
	pid_t child;

	check(fd >= 0 && ftruncate(fd, sizeof *a) == 0, "shm_open");
	a = mmap(NULL, sizeof *a, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	pthread_mutexattr_init(&m);
	pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&m, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&a->mutex, &m);
	pthread_condattr_init(&c);
	pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&a->condition, &c);
	sem_init(&a->semaphore, 1, 0);
	child = fork();
	if (child == 0) {
		pthread_mutex_lock(&a->mutex);
		while (a->value < 100) {
			a->value++;
			pthread_cond_signal(&a->condition);
			pthread_cond_wait(&a->condition, &a->mutex);
		}
		sem_post(&a->semaphore);
		_exit(0);
	}
	pthread_mutex_lock(&a->mutex);
	while (a->value < 100) {
		if (a->value % 2 == 0) {
			a->value += a->value > 0;
			pthread_cond_signal(&a->condition);
		} else {
			a->value++;
			pthread_cond_signal(&a->condition);
		}
		if (a->value < 100) {
			struct timespec soon;

			clock_gettime(CLOCK_REALTIME, &soon);
			soon.tv_nsec += 10000000;
			soon.tv_sec += soon.tv_nsec / 1000000000;
			soon.tv_nsec %= 1000000000;
			pthread_cond_timedwait(&a->condition, &a->mutex, &soon);
		}
	}
	pthread_cond_broadcast(&a->condition);
	pthread_mutex_unlock(&a->mutex);
	check(sem_wait(&a->semaphore) == 0 && waitpid(child, &status, 0) == child && status == 0, "a condition that two processes share");
	check(pthread_mutex_lock(&a->mutex) == EOWNERDEAD && pthread_mutex_consistent(&a->mutex) == 0, "whose lock the dead one held");
	shm_unlink("/pthreads");
}

static atomic_int fired;

static void on_timer(union sigval value) { fired += value.sival_int; }

static void timers(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_value.sival_int = 5};
	struct itimerspec soon = {{0, 0}, {0, 5000000}};
	timer_t timer;

	event.sigev_notify_function = on_timer;
	check(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 && timer_settime(timer, 0, &soon, NULL) == 0, "SIGEV_THREAD");
	for (int i = 0; i < 2000 && !fired; i++)
		usleep(1000);
	check(fired == 5 && timer_delete(timer) == 0, "its thread ran");
}

static atomic_int signalled;

static void on_signal(int n)
{
	(void)n;
	signalled++;
}

static void *sleeper(void *argument)
{
	sigset_t set;

	(void)argument;
	sigemptyset(&set);
	signalled += 100;
	while (signalled < 101)
		usleep(1000);
	return NULL;
}

static void signals(void)
{
	pthread_t t;

	signal(SIGUSR1, on_signal);
	pthread_create(&t, NULL, sleeper, NULL);
	while (signalled < 100)
		sched_yield();
	check(pthread_kill(t, SIGUSR1) == 0 && pthread_join(t, NULL) == 0 && signalled == 101, "pthread_kill");
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return 7;
	locks();
	conditions();
	cancels();
	spawns();
	processes();
	timers();
	signals();
	return tap_end();
}
