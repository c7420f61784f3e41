// eventfd, timerfd, signalfd.
#include "env/linux/clockid.h"
#include "env/linux/frame.h"
#include "env/linux/library.h"
#include "protocol/gen/wait.h"

int64_t handle_make(const struct msg *m, uint8_t type, bool cloexec)
{
	struct msg answer = *m;
	int64_t index = handle_reserve(), err;

	if (index < 0)
		return index;
	err = answer_get(sys_call(LINUX_SLOT_CONTEXT, &answer), 0);
	if (err == 0)
		err = (int64_t)answer.words[0];
	if (err == 0 && msg_get_cap(&answer, 0) != handle_slot(index))
		err = -EIO;
	if (err) {
		handle_release(index);
		return err;
	}
	handle_set(index, HANDLE_FILE, type);
	return handle_install(index, cloexec);
}

#define EFD_SEMAPHORE 1u

int64_t call_eventfd2(uint64_t count, uint64_t flags)
{
	struct msg m = {.tag = TAG(WAIT_EVENT_MAKE, 2), .words = {(uint32_t)count, (uint32_t)flags}};

	if ((uint32_t)flags & ~(EFD_SEMAPHORE | O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	return handle_make(&m, HANDLE_TYPE_EVENT, flags & O_CLOEXEC);
}

int64_t call_eventfd(uint64_t count) { return call_eventfd2(count, 0); }


int64_t call_timerfd_create(uint64_t clock, uint64_t flags)
{
	uint32_t number = (uint32_t)clock;
	struct msg m = {.tag = TAG(WAIT_TIMER_MAKE, 2), .words = {0, (uint32_t)flags}};

	if (((uint32_t)flags & ~(O_NONBLOCK | O_CLOEXEC)) ||
	    (number != CLOCK_REALTIME && number != CLOCK_MONOTONIC &&
	     (number < CLOCK_BOOTTIME || number > CLOCK_BOOTTIME_ALARM)))
		return -EINVAL;
	if (number >= CLOCK_REALTIME_ALARM && process_get()->euid != 0)
		return -EPERM;
	m.words[0] = clockid_is_calendar(number);
	return handle_make(&m, HANDLE_TYPE_EVENT, flags & O_CLOEXEC);
}

struct itimerspec {
	struct timespec interval, value;
};

static uint64_t ns_of(const struct timespec *t)
{
	if ((uint64_t)t->tv_sec > UINT64_MAX / 4 / NS_PER_SECOND)
		return UINT64_MAX / 4;
	return (uint64_t)t->tv_sec * NS_PER_SECOND + (uint64_t)t->tv_nsec;
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){(int64_t)(ns / NS_PER_SECOND), (int64_t)(ns % NS_PER_SECOND)};
}

static int64_t timer_call(uint64_t fd, uint64_t flags, const struct itimerspec *new, uint64_t old_out)
{
	uint64_t result = 0, value = 0, interval = 0;
	struct handle handle;
	int64_t err = handle_find(fd, &handle);

	if (err)
		return err;
	if (handle.kind != HANDLE_FILE || handle.type != HANDLE_TYPE_EVENT)
		return -EINVAL;
	err = answer_get(wait_timer_set(handle.cap, flags, ns_of(&new->value), ns_of(&new->interval), &result,
					&value, &interval), 0);
	if (err == 0)
		err = (int64_t)result;
	if (err || !old_out)
		return err;
	struct itimerspec old = {timespec_of(interval), timespec_of(value)};

	return user_put(old_out, &old, sizeof old);
}

int64_t call_timerfd_settime(uint64_t fd, uint64_t flags, uint64_t new_in, uint64_t old_out)
{
	struct itimerspec new;

	if (user_get(&new, new_in, sizeof new))
		return -EFAULT;
	if (((uint32_t)flags & ~3u) || new.value.tv_sec < 0 || new.interval.tv_sec < 0 ||
	    (uint64_t)new.value.tv_nsec >= NS_PER_SECOND || (uint64_t)new.interval.tv_nsec >= NS_PER_SECOND)
		return -EINVAL;
	return timer_call(fd, (uint32_t)flags, &new, old_out);
}

int64_t call_timerfd_gettime(uint64_t fd, uint64_t out)
{
	struct itimerspec none = {{0, 0}, {0, 0}};

	return out ? timer_call(fd, UINT64_MAX, &none, out) : -EFAULT;
}

static int64_t mask_of(const struct handle *handle, uint64_t *mask)
{
	uint64_t result = 0;
	err_t err = wait_signal_mask(handle->cap, 0, 0, &result, mask);

	return answer_get(err, result);
}

int64_t call_signalfd4(uint64_t fd, uint64_t mask_in, uint64_t size, uint64_t flags)
{
	struct handle handle;
	uint64_t mask, result = 0;
	int64_t err;

	if (size != 8 || ((uint32_t)flags & ~(O_NONBLOCK | O_CLOEXEC)))
		return -EINVAL;
	if (user_get(&mask, mask_in, sizeof mask))
		return -EFAULT;
	mask &= ~SIGNAL_UNBLOCKABLE;
	if ((int32_t)fd == -1) {
		struct msg m = {.tag = TAG(WAIT_SIGNAL_MAKE, 2), .words = {mask, (uint32_t)flags}};

		return handle_make(&m, HANDLE_TYPE_SIGNAL, flags & O_CLOEXEC);
	}
	err = handle_find(fd, &handle);
	if (err)
		return err;
	if (handle.kind != HANDLE_FILE || handle.type != HANDLE_TYPE_SIGNAL)
		return -EINVAL;
	err_t failed = wait_signal_mask(handle.cap, mask, 1, &result, NULL);

	err = answer_get(failed, result);
	return err ? err : (int64_t)(uint32_t)fd;
}

int64_t call_signalfd(uint64_t fd, uint64_t mask, uint64_t size) { return call_signalfd4(fd, mask, size, 0); }

uint64_t signal_mask(const struct handle *handle)
{
	uint64_t mask = 0;

	return mask_of(handle, &mask) ? 0 : mask;
}

uint32_t signal_ready(const struct handle *handle)
{
	uint64_t mask = 0;

	return mask_of(handle, &mask) == 0 && signal_pending(mask) ? POLLIN : 0;
}

struct signalfd_info {
	uint32_t signo;
	int32_t errno_, code;
	uint32_t pid, uid;
	int32_t fd;
	uint32_t tid, band, overrun, trapno;
	int32_t status, value;
	uint64_t ptr, utime, stime, address;
	uint8_t pad[48];
};
_Static_assert(sizeof(struct signalfd_info) == 128, "struct signalfd_siginfo");

#define SIGNALS_OF_FAULTS \
	(SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSEGV))

static void info_fill(struct signalfd_info *out, const struct linux_siginfo *info)
{
	*out = (struct signalfd_info){.signo = (uint32_t)info->signo, .errno_ = info->errno_,
				      .code = info->code, .pid = (uint32_t)info->pid, .uid = info->uid};
	if (info->signo == SIGCHLD) {
		out->status = (int32_t)info->value;
	} else if (info->code > 0 && (SIGNALS_OF_FAULTS & SIGNAL_BIT(info->signo))) {
		out->pid = out->uid = 0;
		out->address = info->value;
	} else if (info->code < 0) {
		out->value = (int32_t)info->value;
		out->ptr = info->value;
	}
}

// The first signal is waited for, the others are those that are there.
int64_t signal_read(const struct handle *handle, void *buffers, uint64_t size)
{
	uint64_t mask = 0, flags = 0, done = 0;
	int64_t err = mask_of(handle, &mask);

	if (err == 0)
		err = handle_flags(handle, &flags);
	if (err || size < sizeof(struct signalfd_info))
		return err ? err : -EINVAL;
	while (size - done >= sizeof(struct signalfd_info)) {
		struct linux_siginfo info;
		struct signalfd_info out;

		if (signal_take(mask, &info)) {
			info_fill(&out, &info);
			if (buffers_copy(buffers, (char *)&out, sizeof out, false) != sizeof out)
				return done ? (int64_t)done : -EFAULT;
			done += sizeof out;
		} else if (done || (flags & O_NONBLOCK)) {
			return done ? (int64_t)done : -EAGAIN;
		} else if (sleep_wait(&(struct sleep){.signals = mask}, FOREVER)) {
			return -RESTART;
		} else {
			err = mask_of(handle, &mask);
			if (err)
				return err;
		}
	}
	return (int64_t)done;
}
