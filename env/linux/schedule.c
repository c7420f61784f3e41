// Scheduling: policies, parameters, the processors that a thread may run on, and capabilities, of which
// everybody has all or none.
#include "env/linux/library.h"
#include "protocol/gen/process.h"

#define KEEP UINT64_MAX
#define SCHED_FIFO 1
#define SCHED_RR 2
#define SCHED_DEADLINE 6
#define SCHED_RESET_ON_FORK 0x40000000u
#define REALTIME_MAX 99
#define RR_NS 100000000
#define SLICE_NS 10000000

struct schedule {
	uint64_t policy, priority, nice, users, saved;
};

static int64_t schedule_call(uint64_t tid, bool is_set, uint64_t policy, uint64_t priority, uint64_t nice,
			     struct schedule *now)
{
	uint64_t result = 0;
	err_t err = process_schedule(LINUX_SLOT_PROCESS, (uint32_t)tid, is_set, policy, priority, nice, &result,
				     &now->policy, &now->priority, &now->nice, &now->users, &now->saved);

	return answer_get(err, result);
}

static int64_t schedule_get(uint64_t tid, struct schedule *now)
{
	return (int32_t)tid < 0 ? -EINVAL : schedule_call(tid, false, KEEP, KEEP, KEEP, now);
}

static int64_t schedule_set(uint64_t tid, uint64_t policy, uint64_t in)
{
	struct schedule now;
	int32_t priority;
	int64_t err;

	if (!in || (int32_t)tid < 0)
		return -EINVAL;
	err = user_get(&priority, in, sizeof priority);
	return err ? err : schedule_call(tid, true, policy, (uint32_t)priority, KEEP, &now);
}

int64_t call_sched_setparam(uint64_t tid, uint64_t in) { return schedule_set(tid, KEEP, in); }

int64_t call_sched_setscheduler(uint64_t tid, uint64_t policy, uint64_t in)
{
	return (int32_t)policy < 0 ? -EINVAL : schedule_set(tid, (uint32_t)policy, in);
}

int64_t call_sched_getscheduler(uint64_t tid)
{
	struct schedule now;
	int64_t err = schedule_get(tid, &now);

	return err ? err : (int64_t)now.policy;
}

int64_t call_sched_getparam(uint64_t tid, uint64_t out)
{
	struct schedule now;
	int64_t err = out ? schedule_get(tid, &now) : -EINVAL;
	uint32_t priority = (uint32_t)now.priority;

	return err ? err : user_put(out, &priority, sizeof priority);
}

static int64_t priority_end(uint64_t policy, int64_t realtime)
{
	switch ((uint32_t)policy) {
	case SCHED_FIFO:
	case SCHED_RR:
		return realtime;
	case 0:
	case 3:
	case 5:
	case SCHED_DEADLINE:
		return 0;
	default:
		return -EINVAL;
	}
}

int64_t call_sched_get_priority_max(uint64_t policy) { return priority_end(policy, REALTIME_MAX); }
int64_t call_sched_get_priority_min(uint64_t policy) { return priority_end(policy, 1); }

int64_t call_sched_rr_get_interval(uint64_t tid, uint64_t out)
{
	struct schedule now;
	int64_t err = schedule_get(tid, &now);
	uint32_t policy = (uint32_t)now.policy & ~SCHED_RESET_ON_FORK;
	struct timespec slice = {0, policy == SCHED_RR ? RR_NS : policy == SCHED_FIFO ? 0 : SLICE_NS};

	return err ? err : user_put(out, &slice, sizeof slice);
}

#define ATTR_SIZE 48u
#define ATTR_SIZE_NEW 56u
#define ATTR_RESET 1u
#define ATTR_KEEP_POLICY 8u
#define ATTR_KEEP_PARAMS 16u
#define ATTR_FLAGS 0x7fu

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};
_Static_assert(sizeof(struct attr) == ATTR_SIZE_NEW, "struct sched_attr");

static int64_t size_refuse(uint64_t in)
{
	uint32_t size = ATTR_SIZE_NEW;

	(void)user_put(in, &size, sizeof size);
	return -E2BIG;
}

// What is behind the known part must be zeroes.
static int64_t attr_get(struct attr *attr, uint64_t in)
{
	uint32_t size;
	int64_t err = user_get(&size, in, sizeof size);

	if (err)
		return err;
	size = size ? size : ATTR_SIZE;
	if (size < ATTR_SIZE || size > PAGE_SIZE)
		return size_refuse(in);
	for (uint32_t at = sizeof *attr; at < size; at++) {
		uint8_t byte;

		if (user_get(&byte, in + at, 1))
			return -EFAULT;
		if (byte)
			return size_refuse(in);
	}
	memset(attr, 0, sizeof *attr);
	return user_get(attr, in, size < sizeof *attr ? size : sizeof *attr);
}

int64_t call_sched_setattr(uint64_t tid, uint64_t in, uint64_t flags)
{
	struct schedule now;
	struct attr attr;
	int64_t err = !in || (int32_t)tid < 0 || flags ? -EINVAL : attr_get(&attr, in);
	uint64_t policy, priority, nice;

	if (err)
		return err;
	if ((int32_t)attr.policy < 0 || attr.flags & ~(uint64_t)ATTR_FLAGS)
		return -EINVAL;
	policy = attr.policy | (attr.flags & ATTR_RESET ? SCHED_RESET_ON_FORK : 0);
	priority = attr.priority;
	nice = (uint64_t)(int64_t)(attr.nice < -20 ? -20 : attr.nice > 19 ? 19 : attr.nice);
	if (attr.flags & ATTR_KEEP_PARAMS)
		priority = nice = KEEP;
	return schedule_call(tid, true, attr.flags & ATTR_KEEP_POLICY ? KEEP : policy, priority, nice, &now);
}

int64_t call_sched_getattr(uint64_t tid, uint64_t out, uint64_t size, uint64_t flags)
{
	struct schedule now;
	bool is_bad = !out || (int32_t)tid < 0 || (uint32_t)size < ATTR_SIZE || (uint32_t)size > PAGE_SIZE || flags;
	int64_t err = is_bad ? -EINVAL : schedule_get(tid, &now);
	struct attr attr = {.util_max = 1024};

	if (err)
		return err;
	attr.size = (uint32_t)size < sizeof attr ? ATTR_SIZE : ATTR_SIZE_NEW;
	attr.policy = (uint32_t)now.policy & ~SCHED_RESET_ON_FORK;
	attr.flags = now.policy & SCHED_RESET_ON_FORK ? ATTR_RESET : 0;
	attr.priority = (uint32_t)now.priority;
	attr.nice = attr.priority ? 0 : (int32_t)now.nice;
	return user_put(out, &attr, attr.size);
}

// One processor.
int64_t call_sched_setaffinity(uint64_t tid, uint64_t size, uint64_t in)
{
	struct schedule now;
	uint64_t mask = 0;
	int64_t err = user_get(&mask, in, (uint32_t)size < sizeof mask ? (uint32_t)size : sizeof mask);
	uint32_t euid = process_get()->euid;

	if (!err)
		err = (int32_t)tid < 0 ? -ESRCH : schedule_get(tid, &now);
	if (err)
		return err;
	if (euid && euid != (uint32_t)now.users && euid != (uint32_t)(now.users >> 32))
		return -EPERM;
	return mask & 1 ? 0 : -EINVAL;
}

#define CAPABILITY_1 0x19980330u
#define CAPABILITY_2 0x20071026u
#define CAPABILITY_3 0x20080522u
#define CAPABILITY_ALL ((1ull << 41) - 1)

struct capability {
	uint32_t effective, permitted, inheritable;
};

// How many structures go with the header's version; 0: it was unknown, and is the right one now.
static int64_t version_get(uint64_t header, uint64_t words[1], uint32_t *count)
{
	uint32_t right = CAPABILITY_3, version;

	if (user_get(words, header, 8))
		return -EFAULT;
	version = (uint32_t)words[0];
	*count = version == CAPABILITY_1 ? 1 : version == CAPABILITY_2 || version == CAPABILITY_3 ? 2 : 0;
	return *count ? 0 : user_put(header, &right, sizeof right);
}

static void capability_of(const struct schedule *of, struct capability out[2])
{
	uint32_t real = (uint32_t)of->users, effective = (uint32_t)(of->users >> 32);
	uint64_t e = effective == 0 ? CAPABILITY_ALL : 0;
	uint64_t p = real == 0 || effective == 0 || of->saved == 0 ? CAPABILITY_ALL : 0;

	out[0] = (struct capability){(uint32_t)e, (uint32_t)p, 0};
	out[1] = (struct capability){(uint32_t)(e >> 32), (uint32_t)(p >> 32), 0};
}

int64_t call_capget(uint64_t header, uint64_t out)
{
	struct capability data[2];
	struct schedule of;
	uint64_t words[1];
	uint32_t count;
	int64_t err = version_get(header, words, &count);

	if (err || !count)
		return err ? err : out ? -EINVAL : 0;
	if (!out)
		return 0;
	if ((int32_t)(words[0] >> 32) < 0)
		return -EINVAL;
	err = schedule_get(words[0] >> 32, &of);
	if (err)
		return err;
	capability_of(&of, data);
	return user_put(out, data, count * sizeof data[0]);
}

// Nobody can give up a part of what root may do: such a call is refused.
int64_t call_capset(uint64_t header, uint64_t in)
{
	struct capability now[2], data[2] = {{0, 0, 0}, {0, 0, 0}};
	struct schedule of;
	uint64_t words[1], pid;
	uint32_t count;
	int64_t err = version_get(header, words, &count);

	if (err || !count)
		return err ? err : -EINVAL;
	pid = words[0] >> 32;
	if (pid && pid != thread_get()->tid)
		return -EPERM;
	err = user_get(data, in, count * sizeof data[0]);
	if (!err)
		err = schedule_get(0, &of);
	if (err)
		return err;
	capability_of(&of, now);
	return memcmp(now, data, count * sizeof data[0]) ? -EPERM : 0;
}
