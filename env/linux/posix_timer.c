// timer_create and its kin: the process server keeps them.
#include "env/linux/clockid.h"
#include "env/linux/library.h"
#include "protocol/gen/process.h"

enum { KIND_REAL, KIND_PROCESS, KIND_THREAD };
#define SIGEV_SIGNAL 0
#define SIGEV_NONE 1
#define SIGEV_THREAD_ID 4
#define SIGALRM 14
#define ABSOLUTE 1u
#define ONLY_ASK 2u
// The kind, and whether absolute times are of the calendar: kept in the upper part of the timer's number.
#define CALENDAR 0x10000

struct sigevent {
	uint64_t value;
	int32_t signo, notify, tid;
	uint8_t pad[44];
};
_Static_assert(sizeof(struct sigevent) == 64, "struct sigevent");

struct itimerspec {
	struct timespec interval, value;
};

// Clocks by the number of a process or thread: the caller's own.
static int64_t kind_of_other(uint32_t clock)
{
	bool is_thread;
	uint32_t id;

	if (!clockid_names(clock, &id, &is_thread) || (id && id != (is_thread ? thread_get()->tid : process_get()->pid)))
		return -EINVAL;
	return is_thread ? KIND_THREAD : KIND_PROCESS;
}

static int64_t kind_of(uint64_t clock)
{
	switch ((uint32_t)clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		return KIND_REAL;
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
		return process_get()->euid ? -EPERM : KIND_REAL;
	case CLOCK_PROCESS_CPUTIME:
		return KIND_PROCESS;
	case CLOCK_THREAD_CPUTIME:
		return KIND_THREAD;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
		return -EOPNOTSUPP;
	default:
		return kind_of_other((uint32_t)clock);
	}
}

int64_t call_timer_create(uint64_t clock, uint64_t event_in, uint64_t out)
{
	struct sigevent event = {.signo = SIGALRM, .notify = SIGEV_SIGNAL};
	int64_t kind = kind_of(clock), err = kind < 0 ? kind : 0, id;
	uint64_t result = 0;
	int32_t number;

	if (!err && event_in)
		err = user_get(&event, event_in, sizeof event);
	if (err)
		return err;
	err_t failed = process_timer_make(LINUX_SLOT_PROCESS, (uint64_t)kind, (uint32_t)event.notify,
					  (uint32_t)event.signo, event.value, (uint32_t)event.tid, !event_in, &result);

	id = answer_get(failed, result);
	if (id < 0)
		return id;
	number = (int32_t)id | (clockid_is_calendar((uint32_t)clock) ? CALENDAR : 0);
	if (user_put(out, &number, sizeof number) == 0)
		return 0;
	(void)process_timer_end(LINUX_SLOT_PROCESS, (uint64_t)id, 0, &result);
	return -EFAULT;
}

static uint64_t ns_of(const struct timespec *t)
{
	uint64_t seconds = (uint64_t)t->tv_sec > INT32_MAX ? INT32_MAX : (uint64_t)t->tv_sec;

	return seconds * NS_PER_SECOND + (uint64_t)t->tv_nsec;
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){(int64_t)(ns / NS_PER_SECOND), (int64_t)(ns % NS_PER_SECOND)};
}

static int64_t arm(uint64_t id, uint64_t flags, uint64_t value, uint64_t interval, uint64_t out)
{
	uint64_t result = 0, left = 0, before = 0;
	int64_t err = answer_get(process_timer_arm(LINUX_SLOT_PROCESS, id & (CALENDAR - 1), flags, value, interval,
						   &result, &left, &before), 0);
	struct itimerspec old;

	if (!err)
		err = (int64_t)result;
	if (err || !out)
		return err;
	old = (struct itimerspec){timespec_of(before), timespec_of(left)};
	return user_put(out, &old, sizeof old);
}

static bool is_bad(const struct timespec *t) { return t->tv_sec < 0 || (uint64_t)t->tv_nsec >= NS_PER_SECOND; }

int64_t call_timer_settime(uint64_t id, uint64_t flags, uint64_t in, uint64_t out)
{
	struct itimerspec new;
	uint64_t value, epoch = process_get()->epoch_ns;

	if (!in)
		return -EINVAL;
	if (user_get(&new, in, sizeof new))
		return -EFAULT;
	if (is_bad(&new.value) || is_bad(&new.interval) || (uint32_t)id & ~(uint32_t)(2 * CALENDAR - 1))
		return -EINVAL;
	value = ns_of(&new.value);
	if (flags & ABSOLUTE && (uint32_t)id & CALENDAR && value)
		value = value > epoch ? value - epoch : 1;
	return arm((uint32_t)id, flags & ABSOLUTE, value, ns_of(&new.interval), out);
}

int64_t call_timer_gettime(uint64_t id, uint64_t out)
{
	struct itimerspec none = {{0, 0}, {0, 0}};
	int64_t err = (uint32_t)id & ~(uint32_t)(2 * CALENDAR - 1) ? -EINVAL : arm((uint32_t)id, ONLY_ASK, 0, 0, 0);

	if (err)
		return err;
	return user_put(out, &none, sizeof none) ? -EFAULT : arm((uint32_t)id, ONLY_ASK, 0, 0, out);
}

static int64_t end(uint64_t id, bool is_overrun)
{
	uint64_t result = 0;

	if ((uint32_t)id & ~(uint32_t)(2 * CALENDAR - 1))
		return -EINVAL;
	err_t err = process_timer_end(LINUX_SLOT_PROCESS, id & (CALENDAR - 1), is_overrun, &result);

	return answer_get(err, result);
}

int64_t call_timer_getoverrun(uint64_t id) { return end(id, true); }
int64_t call_timer_delete(uint64_t id) { return end(id, false); }
