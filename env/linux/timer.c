// setitimer, alarm: timers that end in a signal. The process server keeps them.
#include "env/linux/library.h"
#include "protocol/gen/process.h"

#define ITIMER_REAL 0
#define ITIMER_PROF 2
#define ONLY_ASK UINT64_MAX
#define US_PER_SECOND 1000000ull

int64_t timer_set(uint64_t which, uint64_t value, uint64_t interval, uint64_t *left, uint64_t *before)
{
	uint64_t result = 0;
	err_t err = process_timer(LINUX_SLOT_PROCESS, value, interval, which, &result, left, before);

	return answer_get(err, result);
}

int64_t call_alarm(uint64_t seconds)
{
	uint64_t left = 0;
	int64_t err = timer_set(ITIMER_REAL, (uint64_t)(uint32_t)seconds * US_PER_SECOND, 0, &left, NULL);
	uint64_t rounded = (left + US_PER_SECOND / 2) / US_PER_SECOND;

	// Linux rounds, but never down to "none was set".
	return err ? err : left ? (int64_t)(rounded ? rounded : 1) : 0;
}

struct timer {
	struct timeval interval, value;
};

static int64_t us_of(const struct timeval *v, uint64_t *us)
{
	if (v->tv_sec < 0 || (uint64_t)v->tv_usec >= US_PER_SECOND)
		return -EINVAL;
	// What is beyond some millennia is as far as that.
	*us = v->tv_sec > INT32_MAX ? (uint64_t)INT32_MAX * US_PER_SECOND
				    : (uint64_t)v->tv_sec * US_PER_SECOND + (uint64_t)v->tv_usec;
	return 0;
}

static int64_t timer_call(uint64_t which, uint64_t value, uint64_t interval, uint64_t out)
{
	uint64_t left = 0, before = 0;
	int64_t err;

	if ((uint32_t)which > ITIMER_PROF)
		return -EINVAL;
	err = timer_set((uint32_t)which, value, interval, &left, &before);
	if (err || !out)
		return err;
	struct timer t = {{(int64_t)(before / US_PER_SECOND), (int64_t)(before % US_PER_SECOND)},
			  {(int64_t)(left / US_PER_SECOND), (int64_t)(left % US_PER_SECOND)}};

	return user_put(out, &t, sizeof t);
}

int64_t call_setitimer(uint64_t which, uint64_t in, uint64_t out)
{
	struct timer t = {{0, 0}, {0, 0}};
	uint64_t value = 0, interval = 0;
	int64_t err = in ? user_get(&t, in, sizeof t) : 0;

	if (!err)
		err = us_of(&t.value, &value);
	if (!err)
		err = us_of(&t.interval, &interval);
	return err ? err : timer_call(which, value, interval, out);
}

int64_t call_getitimer(uint64_t which, uint64_t out)
{
	struct timer probe = {{0, 0}, {0, 0}};

	if ((uint32_t)which > ITIMER_PROF)
		return -EINVAL;
	return user_put(out, &probe, sizeof probe) ? -EFAULT : timer_call(which, ONLY_ASK, 0, out);
}
