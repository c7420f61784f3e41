// The rest: the machine, limits, the thread, small things.
#include "env/linux/library.h"
#include "protocol/gen/process.h"

int64_t call_uname(uint64_t out)
{
	static const char names[6][65] = {"Linux", "pith", "6.1-pith", "#1 Pith", "x86_64", "(none)"};

	return user_put(out, names, sizeof names);
}

#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004

int64_t call_arch_prctl(uint64_t code, uint64_t address)
{
	uint64_t base;

	switch ((uint32_t)code) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (address >= USER_END)
			return -EPERM;
		if ((uint32_t)code == ARCH_SET_FS)
			fs_set(address);
		else
			gs_set(address);
		return 0;
	case ARCH_GET_FS:
	case ARCH_GET_GS:
		base = (uint32_t)code == ARCH_GET_FS ? fs_get() : gs_get();
		return user_put(address, &base, sizeof base);
	default:
		return -EINVAL;
	}
}

int64_t call_set_tid_address(uint64_t address)
{
	thread_get()->clear_child_tid = address;
	return thread_get()->tid;
}

int64_t call_set_robust_list(uint64_t head, uint64_t size)
{
	if (size != 24)
		return -EINVAL;
	thread_get()->robust_list = head;
	thread_get()->robust_size = size;
	return 0;
}

#define PR_GET_DUMPABLE 3
#define PR_SET_NAME 15
#define PR_GET_NAME 16

int64_t call_prctl(uint64_t option, uint64_t argument)
{
	struct linux_thread *thread = thread_get();
	char name[16] = {0};

	switch ((uint32_t)option) {
	case PR_SET_NAME:
		if (user_get_string(name, argument, sizeof name) < 0)
			return -EFAULT;
		name[15] = 0;
		memcpy(thread->name, name, sizeof name);
		return 0;
	case PR_GET_NAME:
		return user_put(argument, thread->name, sizeof thread->name);
	case PR_GET_DUMPABLE:
		return 0;
	default:
		return -EINVAL;
	}
}

int64_t call_sched_yield(void)
{
	sys_yield();
	return 0;
}

// One core.
int64_t call_sched_getaffinity(uint64_t pid, uint64_t size, uint64_t out)
{
	uint64_t mask = 1;

	if (pid && (uint32_t)pid != process_get()->pid && (uint32_t)pid != thread_get()->tid)
		return -ESRCH;
	if (size < sizeof mask || size % 8)
		return -EINVAL;
	return user_put(out, &mask, sizeof mask) ? -EFAULT : (int64_t)sizeof mask;
}

int64_t call_getcpu(uint64_t cpu, uint64_t node)
{
	uint32_t zero = 0;

	if (cpu && user_put(cpu, &zero, sizeof zero))
		return -EFAULT;
	return node ? user_put(node, &zero, sizeof zero) : 0;
}

#define RANDOM_PIECE 56

int64_t call_getrandom(uint64_t buffer, uint64_t size, uint64_t flags)
{
	uint64_t done = 0;

	if ((uint32_t)flags & ~7u)
		return -EINVAL;
	if (size > IO_MAX)
		size = IO_MAX;
	while (done < size) {
		uint64_t n = size - done < RANDOM_PIECE ? size - done : RANDOM_PIECE;
		struct msg m = {.tag = TAG(PROCESS_RANDOM, 1), .words = {n}};
		err_t failed = sys_call(LINUX_SLOT_PROCESS, &m);
		int64_t got = answer_get(failed, m.words[0]);

		if (got <= 0 || (uint64_t)got > n)
			return done ? (int64_t)done : got < 0 ? got : -EIO;
		if (user_put(buffer + done, &m.words[1], (size_t)got))
			return done ? (int64_t)done : -EFAULT;
		done += (uint64_t)got;
	}
	return (int64_t)done;
}

struct sysinfo {
	int64_t uptime;
	uint64_t loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	uint16_t procs, pad[3];
	uint64_t totalhigh, freehigh;
	uint32_t mem_unit, pad2;
};
_Static_assert(sizeof(struct sysinfo) == 112, "struct sysinfo");

int64_t call_sysinfo(uint64_t out)
{
	struct sysinfo info = {.mem_unit = 1};
	uint64_t result = 0, processes = 0, uptime = 0;
	err_t err = process_sysinfo(LINUX_SLOT_PROCESS, &result, &info.totalram, &info.freeram, &processes, &uptime);
	int64_t answer = answer_get(err, result);

	info.procs = (uint16_t)processes;
	info.uptime = (int64_t)uptime;
	return answer ? answer : user_put(out, &info, sizeof info);
}

#define REBOOT_MAGIC1 0xfee1dead
#define REBOOT_MAGIC2 672274793
#define REBOOT_CAD_ON 0x89abcdef
#define REBOOT_CAD_OFF 0

int64_t call_reboot(uint64_t magic1, uint64_t magic2, uint64_t command)
{
	static const uint32_t second[] = {REBOOT_MAGIC2, 85072278, 369367448, 537993216};
	uint64_t result = 0;
	bool is_known = false;

	if (process_get()->euid != 0)
		return -EPERM;
	for (size_t i = 0; i < sizeof second / sizeof second[0]; i++)
		is_known = is_known || (uint32_t)magic2 == second[i];
	if ((uint32_t)magic1 != REBOOT_MAGIC1 || !is_known)
		return -EINVAL;
	// There is no Ctrl-Alt-Del to turn off: off is how it is.
	if ((uint32_t)command == REBOOT_CAD_OFF)
		return 0;
	if ((uint32_t)command == REBOOT_CAD_ON)
		return -EINVAL;
	err_t err = process_reboot(LINUX_SLOT_PROCESS, (uint32_t)command, &result);

	return answer_get(err, result);
}

static int64_t limit_set(uint32_t resource, const uint64_t new[2])
{
	struct process_block *process = process_get();
	uint64_t *limit = process->limits[resource];

	if (new[0] > new[1])
		return -EINVAL;
	if (resource == RLIMIT_NOFILE && new[1] > LINUX_FD_MAX)
		return -EPERM;
	if (new[1] > limit[1] && process->euid != 0)
		return -EPERM;
	limit[0] = new[0];
	limit[1] = new[1];
	if (resource == RLIMIT_NOFILE)
		process->fd_limit = (uint32_t)new[0];
	return 0;
}

int64_t call_prlimit64(uint64_t pid, uint64_t resource, uint64_t new_in, uint64_t old_out)
{
	uint64_t new[2], old[2];

	if ((uint32_t)resource >= RLIMIT_COUNT)
		return -EINVAL;
	if (new_in && user_get(new, new_in, sizeof new))
		return -EFAULT;
	if (pid && (uint32_t)pid != process_get()->pid)
		return call_missing();
	memcpy(old, process_get()->limits[(uint32_t)resource], sizeof old);
	if (new_in) {
		int64_t err = limit_set((uint32_t)resource, new);

		if (err)
			return err;
	}
	return old_out ? user_put(old_out, old, sizeof old) : 0;
}

int64_t call_getrlimit(uint64_t resource, uint64_t out)
{
	return out ? call_prlimit64(0, resource, 0, out) : -EFAULT;
}

int64_t call_setrlimit(uint64_t resource, uint64_t in)
{
	return in ? call_prlimit64(0, resource, in, 0) : -EFAULT;
}

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_REQUEUE 3
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10
#define FUTEX_COMMAND 0x7f
#define FUTEX_CLOCK_REALTIME 0x100u

// Nobody else is in a process of one thread: a wait ends by its time or a signal, a wake finds nobody.
static int64_t futex_wait(uint64_t address, uint64_t value, uint64_t timeout, uint32_t op)
{
	uint64_t until = FOREVER;
	struct timespec t;
	uint32_t now;
	int64_t err = timeout ? user_get_timespec(timeout, &t) : 0;

	if (!err)
		err = user_get(&now, address, sizeof now);
	if (err)
		return err;
	if (now != (uint32_t)value)
		return -EAGAIN;
	if (timeout && (op & FUTEX_COMMAND) == FUTEX_WAIT) {
		until = clock_until(&t);
	} else if (timeout) {
		uint64_t epoch = op & FUTEX_CLOCK_REALTIME ? process_get()->epoch_ns : 0;
		uint64_t ns = (uint64_t)t.tv_sec > UINT64_MAX / 2 / NS_PER_SECOND
				      ? FOREVER : (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec;

		until = ns == FOREVER ? ns : ns > epoch ? ns - epoch : 0;
	}
	while (until == FOREVER || clock_monotonic() < until)
		if (wait_until(until))
			return timeout ? -EINTR : -RESTART;
	return -ETIMEDOUT;
}

int64_t call_futex(uint64_t address, uint64_t op, uint64_t value, uint64_t timeout)
{
	uint32_t probe;

	if (address % 4)
		return -EINVAL;
	switch ((uint32_t)op & FUTEX_COMMAND) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		return futex_wait(address, value, timeout, (uint32_t)op);
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
	case FUTEX_REQUEUE:
		return user_get(&probe, address, sizeof probe);
	default:
		return call_missing();
	}
}

static int64_t timer_set(uint64_t value, uint64_t interval, uint64_t *left, uint64_t *before)
{
	uint64_t result = 0;
	err_t err = process_timer(LINUX_SLOT_PROCESS, value, interval, &result, left, before);

	return answer_get(err, result);
}

int64_t call_alarm(uint64_t seconds)
{
	uint64_t left = 0;
	int64_t err = timer_set((uint64_t)(uint32_t)seconds * 1000000, 0, &left, NULL);

	// Linux rounds, but never down to "none was set".
	return err ? err : left ? (int64_t)((left + 500000) / 1000000 ? (left + 500000) / 1000000 : 1) : 0;
}

struct timer {
	struct timeval interval, value;
};

static int64_t us_of(const struct timeval *v, uint64_t *us)
{
	if (v->tv_sec < 0 || (uint64_t)v->tv_usec >= 1000000 || v->tv_sec > INT64_MAX / 2000000)
		return -EINVAL;
	*us = (uint64_t)v->tv_sec * 1000000 + (uint64_t)v->tv_usec;
	return 0;
}

static int64_t timer_call(uint64_t which, uint64_t value, uint64_t interval, uint64_t out)
{
	uint64_t left = 0, before = 0;
	int64_t err;

	if ((uint32_t)which != 0)
		return (uint32_t)which > 2 ? -EINVAL : call_missing();
	err = timer_set(value, interval, &left, &before);
	if (err || !out)
		return err;
	struct timer t = {{(int64_t)(before / 1000000), (int64_t)(before % 1000000)},
			  {(int64_t)(left / 1000000), (int64_t)(left % 1000000)}};

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
	return out ? timer_call(which, UINT64_MAX, 0, out) : -EFAULT;
}

int64_t call_sethostname(void) { return -EPERM; }

// Everything is in memory, or written when the server answers: nothing is left to do.
int64_t call_sync(void) { return 0; }
