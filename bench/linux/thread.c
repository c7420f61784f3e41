// Threads and futexes.
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "row.h"

#define TURNS 300
// The kernel's numbers; musl-tools brings no <linux/futex.h>.
#define FUTEX_WAIT_PRIVATE 128
#define FUTEX_WAKE_PRIVATE 129

static _Atomic int turn;

static long futex(int op, int value)
{
	register long timeout __asm__("r10") = 0;
	long result = SYS_futex;

	__asm__ volatile("syscall"
			 : "+a"(result)
			 : "D"(&turn), "S"((long)op), "d"((long)value), "r"(timeout)
			 : "rcx", "r11", "memory");
	return result;
}

static void wake_op(void)
{
	long result = futex(FUTEX_WAKE_PRIVATE, 1);

	if (result != 0)
		row_fail("futex", result < 0 ? (int)-result : 0);
}

// Waits until the turn is `mine`, and gives it away.
static void pass(int mine)
{
	int now;

	while ((now = turn) != mine)
		futex(FUTEX_WAIT_PRIVATE, now);
	turn = !mine;
	futex(FUTEX_WAKE_PRIVATE, 1);
}

static void *partner(void *unused)
{
	for (int i = 0; i <= TURNS; i++)
		pass(1);
	return unused;
}

static uint64_t pingpong(void)
{
	pthread_t thread;
	uint64_t start = 0;
	int error;

	turn = 0;
	if ((error = pthread_create(&thread, NULL, partner, NULL)))
		row_fail("pthread_create", error);
	for (int i = 0; i <= TURNS; i++) {
		if (i == 1)
			start = ticks();
		pass(0);
	}
	start = ticks() - start;
	pthread_join(thread, NULL);
	return start;
}

static void *nothing(void *unused)
{
	return unused;
}

static void create_op(void)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, nothing, NULL);

	if (error)
		row_fail("pthread_create", error);
	pthread_join(thread, NULL);
}

const struct row thread_rows[] = {
	{.name = "futex_wake", .op = wake_op, .count = 5000},
	{.name = "futex_pingpong", .measure = pingpong, .per = TURNS},
	{.name = "thread_create_join", .op = create_op, .count = 100},
	{0},
};
