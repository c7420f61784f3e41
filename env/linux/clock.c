// Time: the processor's counter and the figures in the process block.
#include "abi/gen/stubs.h"
#include "env/linux/clockid.h"
#include "env/linux/library.h"
#include "protocol/gen/process.h"

uint64_t clock_counter(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

// a * b / c without losing bits; 0 where the result has no room, c = 0 included.
static uint64_t scale(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t low, high, rest;

	__asm__("mul %3" : "=a"(low), "=d"(high) : "0"(a), "r"(b) : "cc");
	if (high >= c)
		return 0;
	__asm__("div %4" : "=a"(low), "=d"(rest) : "0"(low), "1"(high), "r"(c) : "cc");
	return low;
}

uint64_t clock_ticks_to_ns(uint64_t ticks, uint64_t per_second)
{
	return scale(ticks, NS_PER_SECOND, per_second);
}

uint64_t clock_ns_to_ticks(uint64_t ns, uint64_t per_second)
{
	return scale(ns, per_second, NS_PER_SECOND);
}

uint64_t clock_monotonic(void)
{
	const struct process_block *process = process_get();

	return clock_ticks_to_ns(clock_counter() - process->ticks_at_boot, process->ticks_per_second);
}

uint64_t clock_realtime(void) { return process_get()->epoch_ns + clock_monotonic(); }

// Processor time of the calling thread.
static uint64_t clock_consumed(void)
{
	uint64_t ticks = 0;

	if (schedcontext_consumed(schedcontext_get(), &ticks))
		return 0;
	return clock_ticks_to_ns(ticks - thread_get()->ticks_start, process_get()->ticks_per_second);
}

// Of a process, or a thread of this one; id 0: of the caller.
static int64_t clock_used(bool is_thread, uint64_t id, uint64_t *ns)
{
	uint64_t result = 0, ticks = 0;
	err_t err = process_clock(LINUX_SLOT_PROCESS, is_thread, id, &result, &ticks);

	*ns = clock_ticks_to_ns(ticks, process_get()->ticks_per_second);
	return answer_get(err, result);
}

static int64_t clock_read_other(uint32_t clock, uint64_t *ns)
{
	bool is_thread;
	uint32_t id;

	return clockid_names(clock, &id, &is_thread) ? clock_used(is_thread, id, ns) : -EINVAL;
}

static int64_t clock_read(uint64_t clock, uint64_t *ns)
{
	switch ((uint32_t)clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI:  // nobody has told the difference
		*ns = clock_realtime();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*ns = clock_monotonic();
		return 0;
	case CLOCK_PROCESS_CPUTIME:
		return clock_used(false, 0, ns);
	case CLOCK_THREAD_CPUTIME:
		*ns = clock_consumed();
		return 0;
	default:
		return clock_read_other((uint32_t)clock, ns);
	}
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){(int64_t)(ns / NS_PER_SECOND), (int64_t)(ns % NS_PER_SECOND)};
}

int64_t call_clock_gettime(uint64_t clock, uint64_t out)
{
	uint64_t ns = 0;
	int64_t err = clock_read(clock, &ns);
	struct timespec t = timespec_of(ns);

	return err ? err : user_put(out, &t, sizeof t);
}

int64_t call_clock_getres(uint64_t clock, uint64_t out)
{
	uint64_t ns;
	int64_t err = clock_read(clock, &ns);
	struct timespec t = {0, 1};

	return err || !out ? err : user_put(out, &t, sizeof t);
}

int64_t call_gettimeofday(uint64_t out, uint64_t zone)
{
	uint64_t ns = clock_realtime();
	struct timeval v = {(int64_t)(ns / NS_PER_SECOND), (int64_t)(ns % NS_PER_SECOND / 1000)};
	uint64_t none = 0;
	int64_t err = out ? user_put(out, &v, sizeof v) : 0;

	return err || !zone ? err : user_put(zone, &none, sizeof none);
}

int64_t call_time(uint64_t out)
{
	int64_t seconds = (int64_t)(clock_realtime() / NS_PER_SECOND);

	return out && user_put(out, &seconds, sizeof seconds) ? -EFAULT : seconds;
}

// Nanoseconds from a program's timespec, as far as they fit.
static uint64_t ns_of(const struct timespec *t)
{
	if ((uint64_t)t->tv_sec > UINT64_MAX / 2 / NS_PER_SECOND)
		return UINT64_MAX / 2;
	return (uint64_t)t->tv_sec * NS_PER_SECOND + (uint64_t)t->tv_nsec;
}

// The point of clock_monotonic() that a relative time means.
uint64_t clock_until(const struct timespec *t)
{
	uint64_t now = clock_monotonic();
	uint64_t ns = ns_of(t);

	return ns > UINT64_MAX / 2 - now ? FOREVER : now + ns;
}

// A sleep was broken off.
static int64_t left_put(uint64_t left_out, uint64_t ns)
{
	struct timespec left = timespec_of(ns);

	return left_out && user_put(left_out, &left, sizeof left) ? -EFAULT : -EINTR;
}

static int64_t sleep_until(uint64_t until, uint64_t left_out)
{
	uint64_t now;

	while (clock_monotonic() < until) {
		if (!wait_until(until))
			continue;
		now = clock_monotonic();
		return left_put(left_out, until > now ? until - now : 0);
	}
	return 0;
}

#define LOOK_NS 4000000ull

// A clock of processor time runs as fast as there are processors, or not at all: look again when it may
// have got half of the way.
static int64_t sleep_used(uint64_t clock, uint64_t until, uint64_t left_out)
{
	uint64_t now, step;
	int64_t err;

	while ((err = clock_read(clock, &now)) == 0 && now < until) {
		step = (until - now) / 2 > LOOK_NS ? (until - now) / 2 : LOOK_NS;
		if (wait_until(clock_monotonic() + step))
			return left_put(left_out, until - now);
	}
	return err;
}

int64_t call_nanosleep(uint64_t request, uint64_t left)
{
	struct timespec t;
	int64_t err = user_get_timespec(request, &t);

	return err ? err : sleep_until(clock_until(&t), left);
}

#define TIMER_ABSTIME 1u

// Of a clock of processor time: it is that of some other thread, or the caller waits for itself.
static int64_t nanosleep_used(uint64_t clock, bool is_absolute, const struct timespec *t, uint64_t left)
{
	uint64_t now, ns = ns_of(t);
	int64_t err = clock_read(clock, &now);

	if (err)
		return err;
	return is_absolute ? sleep_used(clock, ns, 0) : sleep_used(clock, now + ns, left);
}

static bool is_thread_clock(uint32_t clock)
{
	bool is_thread;
	uint32_t id;

	return clock == CLOCK_THREAD_CPUTIME ||
	       (clockid_names(clock, &id, &is_thread) && is_thread && (id == 0 || id == thread_get()->tid));
}

static bool can_sleep_by(uint32_t clock)
{
	return clock <= CLOCK_BOOTTIME_ALARM ? clock != CLOCK_MONOTONIC_RAW && clock != CLOCK_REALTIME_COARSE &&
						       clock != CLOCK_MONOTONIC_COARSE
					     : clock == CLOCK_TAI || (int32_t)clock < 0;
}

int64_t call_clock_nanosleep(uint64_t clock, uint64_t flags, uint64_t request, uint64_t left)
{
	uint32_t number = (uint32_t)clock;
	bool is_absolute = flags & TIMER_ABSTIME;
	struct timespec t;
	uint64_t until, now;
	int64_t err = clock_read(number, &now);

	if (err || is_thread_clock(number))
		return -EINVAL;
	if (!can_sleep_by(number))
		return -EOPNOTSUPP;
	err = user_get_timespec(request, &t);
	if (err)
		return err;
	if (number == CLOCK_PROCESS_CPUTIME || (int32_t)number < 0)
		return nanosleep_used(number, is_absolute, &t, left);
	if (!is_absolute)
		return sleep_until(clock_until(&t), left);
	until = ns_of(&t);
	if (clockid_is_calendar(number)) {
		uint64_t epoch = process_get()->epoch_ns;

		until = until > epoch ? until - epoch : 0;
	}
	return sleep_until(until, 0);
}
