// Futexes, private and shared, each operation; robust lists.
// abi: futex FUTEX_WAIT FUTEX_WAKE FUTEX_REQUEUE FUTEX_CMP_REQUEUE FUTEX_WAKE_OP: whole
// abi: futex FUTEX_WAIT_BITSET FUTEX_WAKE_BITSET FUTEX_CLOCK_REALTIME: whole
// abi: futex FUTEX_LOCK_PI: refused ENOSYS: no priorities are inherited yet
// abi: set_robust_list: whole
// abi: get_robust_list: whole
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

// musl brings no <linux/futex.h>.
#define WAIT 0
#define WAKE 1
#define REQUEUE 3
#define CMP_REQUEUE 4
#define WAKE_OP 5
#define WAIT_BITSET 9
#define WAKE_BITSET 10
#define PRIVATE 128
#define REALTIME 256
#define OWNER_DIED 0x40000000

#define WAITERS 8

static atomic_int word, other, woken, in;

static long futex(void *at, int op, int value, const void *timeout, void *second, unsigned value3)
{
	return syscall(SYS_futex, at, op, value, timeout, second, value3);
}

static void doze(void)
{
	struct timespec t = {0, 10000000};

	nanosleep(&t, NULL);
}

static void *waiter(void *op)
{
	atomic_fetch_add(&in, 1);
	if (futex(&word, (int)(long)op, 0, NULL, NULL, 0) == 0)
		atomic_fetch_add(&woken, 1);
	return NULL;
}

static void *bit_waiter(void *bits)
{
	atomic_fetch_add(&in, 1);
	if (futex(&word, WAIT_BITSET | PRIVATE, 0, NULL, NULL, (unsigned)(long)bits) == 0)
		atomic_fetch_or(&woken, (int)(long)bits);
	return NULL;
}

static pthread_t threads[WAITERS];

static void waiters_make(void *(*f)(void *), long argument)
{
	in = woken = 0;
	for (int i = 0; i < WAITERS; i++)
		pthread_create(&threads[i], NULL, f, (void *)(f == bit_waiter ? 1l << i : argument));
	while (in < WAITERS)
		doze();
	doze();
}

static void waiters_join(void)
{
	for (int i = 0; i < WAITERS; i++)
		pthread_join(threads[i], NULL);
}

static void settle(int number)
{
	for (int i = 0; i < 200 && woken != number; i++)
		doze();
}

static void wake_counts(int flag, const char *name)
{
	bool is_ok;

	waiters_make(waiter, WAIT | flag);
	is_ok = futex(&word, WAKE | flag, 3, NULL, NULL, 0) == 3;
	settle(3);
	is_ok = woken == 3 && futex(&word, WAKE | (flag ^ PRIVATE), INT_MAX, NULL, NULL, 0) == 0 && is_ok;
	is_ok = futex(&word, WAKE | flag, INT_MAX, NULL, NULL, 0) == WAITERS - 3 && is_ok;
	waiters_join();
	check(is_ok && woken == WAITERS, name);
}

static void requeue(void)
{
	bool is_ok;

	waiters_make(waiter, WAIT | PRIVATE);
	is_ok = futex(&word, CMP_REQUEUE | PRIVATE, 1, (void *)2l, &other, 5) == -1 && errno == EAGAIN;
	is_ok = futex(&word, CMP_REQUEUE | PRIVATE, 1, (void *)2l, &other, 0) == 3 && is_ok;
	is_ok = futex(&word, REQUEUE | PRIVATE, 0, (void *)1l, &other, 0) == 1 && is_ok;
	settle(1);
	is_ok = woken == 1 && futex(&other, WAKE | PRIVATE, INT_MAX, NULL, NULL, 0) == 3 && is_ok;
	is_ok = futex(&word, WAKE | PRIVATE, INT_MAX, NULL, NULL, 0) == WAITERS - 4 && is_ok;
	waiters_join();
	check(is_ok && woken == WAITERS, "REQUEUE, CMP_REQUEUE");
}

static void bitsets(void)
{
	bool is_ok;

	waiters_make(bit_waiter, 0);
	is_ok = futex(&word, WAKE_BITSET | PRIVATE, INT_MAX, NULL, NULL, 5) == 2;
	settle(5);
	is_ok = woken == 5 && futex(&word, WAKE_BITSET | PRIVATE, INT_MAX, NULL, NULL, 5) == 0 && is_ok;
	is_ok = futex(&word, WAKE | PRIVATE, INT_MAX, NULL, NULL, 0) == WAITERS - 2 && is_ok;
	waiters_join();
	check(is_ok && woken == 0xff, "WAIT_BITSET, WAKE_BITSET");
}

static void wake_op(void)
{
	bool is_ok;

	waiters_make(waiter, WAIT | PRIVATE);
	other = 5;
	// other += 3; if it was 5: wake there, too.
	is_ok = futex(&word, WAKE_OP | PRIVATE, 2, (void *)1l, &other, 1u << 28 | 3u << 12 | 5) == 2;
	is_ok = other == 8 && is_ok;
	is_ok = futex(&other, WAKE_OP | PRIVATE, 1, (void *)(long)INT_MAX, &word, 0u << 28 | 0u << 12 | 0) ==
			WAITERS - 2 && is_ok;
	waiters_join();
	check(is_ok, "WAKE_OP");
}

static double elapsed(const struct timespec *from, clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) * 1e-9;
}

static bool waits_until(int op, clockid_t clock)
{
	struct timespec start, t;

	clock_gettime(clock, &start);
	t = start;
	t.tv_nsec += 20000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return FAILS(futex(&word, op, 0, &t, NULL, ~0u), ETIMEDOUT) && elapsed(&start, clock) >= 0.02;
}

static void on_signal(int n) { (void)n; }

static void timeouts(void)
{
	struct timespec t = {0, 20000000}, start, bad = {0, 1000000000}, past = {1, 0}, forever = {1000, 0};
	struct sigaction a = {.sa_handler = on_signal};

	clock_gettime(CLOCK_MONOTONIC, &start);
	check(FAILS(futex(&word, WAIT | PRIVATE, 0, &t, NULL, 0), ETIMEDOUT) &&
	      elapsed(&start, CLOCK_MONOTONIC) >= 0.02, "WAIT: a relative timeout");
	check(waits_until(WAIT_BITSET | PRIVATE, CLOCK_MONOTONIC), "WAIT_BITSET: an absolute timeout");
	check(waits_until(WAIT_BITSET | PRIVATE | REALTIME, CLOCK_REALTIME), "WAIT_BITSET: FUTEX_CLOCK_REALTIME");
	check(FAILS(futex(&word, WAIT_BITSET | PRIVATE, 0, &past, NULL, ~0u), ETIMEDOUT), "a time that is past");
	check(FAILS(futex(&word, WAIT | PRIVATE, 0, &bad, NULL, 0), EINVAL), "a bad time");
	sigaction(SIGALRM, &a, NULL);
	ualarm(20000, 0);
	check(FAILS(futex(&word, WAIT | PRIVATE, 0, &forever, NULL, 0), EINTR), "EINTR");
	ualarm(20000, 0);
	check(FAILS(futex(&word, WAIT, 0, NULL, NULL, 0), EINTR), "EINTR without a timeout");
}

static void errors(void)
{
	char *hole = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(FAILS(futex(&word, WAIT | PRIVATE, 1, NULL, NULL, 0), EAGAIN), "EAGAIN: another value");
	check(FAILS(futex((char *)&word + 1, WAIT | PRIVATE, 0, NULL, NULL, 0), EINVAL) &&
	      FAILS(futex((char *)&word + 2, WAKE | PRIVATE, 0, NULL, NULL, 0), EINVAL), "EINVAL: not aligned");
	check(FAILS(futex(hole, WAIT | PRIVATE, 0, NULL, NULL, 0), EFAULT) &&
	      FAILS(futex(hole, WAIT, 0, NULL, NULL, 0), EFAULT) &&
	      FAILS(futex(hole, WAKE, 1, NULL, NULL, 0), EFAULT), "EFAULT");
	check(FAILS(futex(&word, WAIT_BITSET | PRIVATE, 0, NULL, NULL, 0), EINVAL) &&
	      FAILS(futex(&word, WAKE_BITSET | PRIVATE, 1, NULL, NULL, 0), EINVAL), "EINVAL: no bits");
	check(FAILS(futex(&word, WAKE | PRIVATE | REALTIME, 1, NULL, NULL, 0), ENOSYS) &&
	      FAILS(futex(&word, 0 | PRIVATE | REALTIME, 1, NULL, NULL, 0), ENOSYS) &&
	      FAILS(futex(&word, 77, 1, NULL, NULL, 0), ENOSYS), "ENOSYS");
	check(FAILS(futex(&word, REQUEUE | PRIVATE, -1, NULL, &other, 0), EINVAL), "EINVAL: negative counts");
	munmap(hole, 4096);
}

// Two processes and a page of each.
static void between_processes(void)
{
	atomic_int *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool is_ok = true;
	int status;
	pid_t child = fork();

	if (child == 0) {
		for (int i = 0; i < 50; i++) {
			while (page[0] == 0)
				futex(&page[0], WAIT, 0, NULL, NULL, 0);
			page[0] = 0;
			page[1] = i + 1;
			futex(&page[1], WAKE, 1, NULL, NULL, 0);
		}
		_exit(0);
	}
	for (int i = 0; i < 50; i++) {
		page[0] = 1;
		futex(&page[0], WAKE, 1, NULL, NULL, 0);
		while (page[1] != i + 1)
			futex(&page[1], WAIT, i, NULL, NULL, 0);
	}
	is_ok = waitpid(child, &status, 0) == child && status == 0;
	check(is_ok, "shared between processes");
	child = fork();
	if (child == 0)
		_exit(futex(&page[5], WAIT, 0, NULL, NULL, 0) == 0 ? 0 : 1);
	while (futex(&page[5], REQUEUE, 0, (void *)1l, &page[6], 0) != 1)
		doze();
	is_ok = futex(&page[5], WAKE, 1, NULL, NULL, 0) == 0 && futex(&page[6], WAKE, 9, NULL, NULL, 0) == 1;
	check(is_ok && waitpid(child, &status, 0) == child && status == 0, "shared: REQUEUE");
	struct timespec t = {0, 10000000};

	check(FAILS(futex(&page[5], WAIT, 0, &t, NULL, 0), ETIMEDOUT) &&
	      futex(&page[5], WAKE, 1, NULL, NULL, 0) == 0, "shared: a timeout, and nobody is left");
}

static pthread_mutex_t *robust;

static void *owner(void *p)
{
	pthread_mutex_lock(robust);
	return p;
}

static void robust_make(int shared)
{
	pthread_mutexattr_t a;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&a, shared);
	pthread_mutex_init(robust, &a);
}

static void robust_lists(void)
{
	pthread_t t;
	pid_t child;

	robust = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	robust_make(PTHREAD_PROCESS_PRIVATE);
	pthread_create(&t, NULL, owner, NULL);
	pthread_join(t, NULL);
	check(pthread_mutex_lock(robust) == EOWNERDEAD && pthread_mutex_consistent(robust) == 0 &&
	      pthread_mutex_unlock(robust) == 0, "robust: a thread ended");
	robust_make(PTHREAD_PROCESS_SHARED);
	child = fork();
	if (child == 0) {
		owner(NULL);
		kill(getpid(), SIGKILL);
	}
	waitpid(child, NULL, 0);
	check(pthread_mutex_lock(robust) == EOWNERDEAD && pthread_mutex_consistent(robust) == 0 &&
	      pthread_mutex_unlock(robust) == 0, "robust: a process was killed");
	child = fork();
	if (child == 0) {
		owner(NULL);
		doze();
		doze();
		_exit(0);
	}
	doze();
	check(pthread_mutex_lock(robust) == EOWNERDEAD, "robust: who waits is woken");
	waitpid(child, NULL, 0);
}

// By hand, at the end of a thread that the C library knows nothing of.
static struct {
	void *next;
	long offset;
	void *pending;
	struct {
		void *next;
		atomic_int lock;
	} entry;
} list;

static void *raw(void *p)
{
	list.next = &list.entry;
	list.offset = (char *)&list.entry.lock - (char *)&list.entry;
	list.entry.next = &list;
	list.entry.lock = (int)syscall(SYS_gettid) | (int)0x80000000u;
	syscall(SYS_set_robust_list, &list, 24);
	return p;
}

static void *lock_waiter(void *p)
{
	int value;

	while (!((value = list.entry.lock) & OWNER_DIED))
		if (value)
			futex(&list.entry.lock, WAIT, value, NULL, NULL, 0);
		else
			doze();
	return p;
}

static void robust_by_hand(void)
{
	void *head = NULL;
	size_t size = 0;
	pthread_t a, b;

	pthread_create(&b, NULL, lock_waiter, NULL);
	pthread_create(&a, NULL, raw, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	check(list.entry.lock == (int)(0x80000000u | OWNER_DIED), "robust: OWNER_DIED, and a waiter is woken");
	check(FAILS(syscall(SYS_set_robust_list, &word, 23), EINVAL) &&
	      syscall(SYS_set_robust_list, &list, 24) == 0 && syscall(SYS_get_robust_list, 0, &head, &size) == 0 &&
	      head == &list && size == 24, "robust: the list's head");

	pid_t child = fork();

	if (child == 0)
		for (;;)
			pause();
	head = &size;
	check(syscall(SYS_get_robust_list, child, &head, &size) == 0 && head != &size, "robust: of a child");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	check(FAILS(syscall(SYS_get_robust_list, child, &head, &size), ESRCH), "robust: of nobody");
}

int main(void)
{
	errors();
	timeouts();
	wake_counts(PRIVATE, "private: WAKE wakes as many as it says");
	wake_counts(0, "shared: WAKE, in memory of this process alone");
	requeue();
	bitsets();
	wake_op();
	robust_by_hand();
	between_processes();
	wake_counts(0, "shared: WAKE of private memory, when there is shared memory");
	robust_lists();
	return tap_end();
}
