// Processes: who one is, children, exit.
#include "env/linux/library.h"
#include "protocol/gen/proc.h"
#include "protocol/gen/process.h"

static int64_t three_put(const uint32_t *values, uint64_t a, uint64_t b, uint64_t c)
{
	int64_t err = user_put(a, &values[0], 4);

	if (!err)
		err = user_put(b, &values[1], 4);
	return err ? err : user_put(c, &values[2], 4);
}

int64_t call_getresuid(uint64_t r, uint64_t e, uint64_t s)
{
	const struct process_block *p = process_get();
	const uint32_t values[3] = {p->uid, p->euid, p->suid};

	return three_put(values, r, e, s);
}

int64_t call_getresgid(uint64_t r, uint64_t e, uint64_t s)
{
	const struct process_block *p = process_get();
	const uint32_t values[3] = {p->gid, p->egid, p->sgid};

	return three_put(values, r, e, s);
}

#define KEEP UINT64_MAX

// All six ids; the process server knows what is allowed. -1 of 32 bits keeps.
static int64_t ids_set(const uint64_t ids[6])
{
	uint64_t result = 0;
	uint64_t v[6];

	for (int i = 0; i < 6; i++)
		v[i] = (uint32_t)ids[i] == UINT32_MAX ? KEEP : (uint32_t)ids[i];
	err_t err = process_set_ids(LINUX_SLOT_PROCESS, v[0], v[1], v[2], v[3], v[4], v[5], &result);

	return answer_get(err, result);
}

int64_t call_setresuid(uint64_t r, uint64_t e, uint64_t s)
{
	return ids_set((uint64_t[6]){r, e, s, KEEP, KEEP, KEEP});
}

int64_t call_setresgid(uint64_t r, uint64_t e, uint64_t s)
{
	return ids_set((uint64_t[6]){KEEP, KEEP, KEEP, r, e, s});
}

int64_t call_setuid(uint64_t uid)
{
	uint64_t all = process_get()->euid == 0 ? uid : KEEP;

	return (uint32_t)uid == UINT32_MAX ? -EINVAL : call_setresuid(all, uid, all);
}

int64_t call_setgid(uint64_t gid)
{
	uint64_t all = process_get()->euid == 0 ? gid : KEEP;

	return (uint32_t)gid == UINT32_MAX ? -EINVAL : call_setresgid(all, gid, all);
}

// The saved id follows when the real one is set, or the effective one to something else than the real.
int64_t call_setreuid(uint64_t r, uint64_t e)
{
	const struct process_block *p = process_get();
	bool follows = (uint32_t)r != UINT32_MAX || ((uint32_t)e != UINT32_MAX && (uint32_t)e != p->uid);
	uint64_t effective = (uint32_t)e != UINT32_MAX ? e : p->euid;

	return call_setresuid(r, e, follows ? effective : KEEP);
}

int64_t call_setregid(uint64_t r, uint64_t e)
{
	const struct process_block *p = process_get();
	bool follows = (uint32_t)r != UINT32_MAX || ((uint32_t)e != UINT32_MAX && (uint32_t)e != p->gid);
	uint64_t effective = (uint32_t)e != UINT32_MAX ? e : p->egid;

	return call_setresgid(r, e, follows ? effective : KEEP);
}

#define GROUPS_MAX 32  // protocol/process.def

int64_t call_getgroups(uint64_t count, uint64_t out)
{
	struct msg m = {.tag = TAG(PROC_GET_GROUPS, 0)};
	uint32_t groups[GROUPS_MAX + 1];
	uint64_t words[GROUPS_MAX / 2];
	err_t err = sys_call(LINUX_SLOT_PROCESS, &m);
	int64_t n = answer_get(err, m.words[0]);

	if ((int32_t)count < 0)
		return -EINVAL;
	if (n <= 0 || (uint32_t)count == 0 || n > GROUPS_MAX)
		return n > GROUPS_MAX ? -EIO : n;
	if ((int32_t)count < n)
		return -EINVAL;
	msg_get_words(&m, 1, words, (unsigned)(n + 1) / 2);
	memcpy(groups, words, sizeof words);
	return user_put(out, groups, (size_t)n * sizeof groups[0]) ? -EFAULT : n;
}

int64_t call_setgroups(uint64_t count, uint64_t in)
{
	uint64_t n = (uint32_t)count, words[GROUPS_MAX / 2] = {0};
	struct msg m = {.tag = TAG(PROC_SET_GROUPS, 1 + (n + 1) / 2), .words = {n}};

	if (process_get()->euid != 0)
		return -EPERM;
	if (n > GROUPS_MAX)
		return -EINVAL;
	if (n && user_get(words, in, n * sizeof(uint32_t)))
		return -EFAULT;
	msg_set_words(&m, 1, words, (unsigned)(n + 1) / 2);
	err_t err = sys_call(LINUX_SLOT_PROCESS, &m);

	return answer_get(err, m.words[0]);
}

int64_t call_setpgid(uint64_t pid, uint64_t pgid)
{
	uint64_t result = 0;
	err_t err = process_setpgid(LINUX_SLOT_PROCESS, (uint64_t)(int32_t)pid, (uint64_t)(int32_t)pgid, &result);

	return answer_get(err, result);
}

int64_t call_getpgid(uint64_t pid)
{
	uint64_t result = 0;
	err_t err = process_getpgid(LINUX_SLOT_PROCESS, (uint64_t)(int32_t)pid, &result);

	return answer_get(err, result);
}

int64_t call_setsid(void)
{
	uint64_t result = 0;
	err_t err = process_setsid(LINUX_SLOT_PROCESS, &result);

	return answer_get(err, result);
}

int64_t call_getsid(uint64_t pid)
{
	uint64_t result = 0;
	err_t err = process_getsid(LINUX_SLOT_PROCESS, (uint64_t)(int32_t)pid, &result);

	return answer_get(err, result);
}

#define PRIORITY_ASK 100

int64_t call_getpriority(uint64_t which, uint64_t who)
{
	uint64_t result = 0;
	err_t err = process_priority(LINUX_SLOT_PROCESS, (uint32_t)which, (uint32_t)who, PRIORITY_ASK, &result);

	return answer_get(err, result);
}

int64_t call_setpriority(uint64_t which, uint64_t who, uint64_t value)
{
	int64_t nice = (int32_t)value < -20 ? -20 : (int32_t)value > 19 ? 19 : (int32_t)value;
	uint64_t result = 0;
	err_t err = process_priority(LINUX_SLOT_PROCESS, (uint32_t)which, (uint32_t)who, (uint64_t)nice, &result);

	return answer_get(err, result);
}

// exit_group: the process server does for memory that goes on what the end of its threads means.
int64_t call_exit_group(uint64_t code)
{
	uint64_t result;

	for (;;)
		(void)process_exit(LINUX_SLOT_PROCESS, (code & 0xff) << 8, &result);
}

int64_t call_exit(uint64_t code)
{
	struct linux_thread *thread = thread_get();
	uint64_t clear = thread->clear_child_tid, result;
	uint32_t zero = 0;

	if (process_get()->thread_count <= 1)
		return call_exit_group(code);
	futex_robust_end(thread);
	thread->clear_child_tid = 0;
	if (clear && user_put(clear, &zero, sizeof zero) == 0)
		futex_wake_shared(clear, 1);
	for (;;)
		(void)process_thread_exit(LINUX_SLOT_PROCESS, (code & 0xff) << 8, &result);
}

#define P_ALL 0
#define P_PID 1
#define P_PGID 2
#define P_PIDFD 3
#define WNOHANG 1u
#define WUNTRACED 2u
#define WEXITED 4u
#define WCONTINUED 8u
#define WNOWAIT 0x1000000u
#define WAIT_CLONE 0xe0000000u  // __WNOTHREAD (children of all threads are found all the same), __WALL, __WCLONE

// 18 words, of which user and system time come first.
struct usage {
	struct timeval user, system;
	int64_t maxrss, rest[13];
};

static struct timeval timeval_of(uint64_t us)
{
	return (struct timeval){(int64_t)(us / 1000000), (int64_t)(us % 1000000)};
}

static int64_t usage_put(uint64_t out, uint64_t user, uint64_t system, uint64_t maxrss)
{
	struct usage u = {.user = timeval_of(user), .system = timeval_of(system), .maxrss = (int64_t)maxrss};

	return out ? user_put(out, &u, sizeof u) : 0;
}

static int64_t wait_for(struct msg *m, uint64_t type, uint64_t id, uint64_t options)
{
	*m = (struct msg){.tag = TAG(PROCESS_WAIT, 3) | TAG_INTERRUPTIBLE, .words = {type, id, options}};
	return answer_call(LINUX_SLOT_PROCESS, m);
}

int64_t call_wait4(uint64_t pid, uint64_t status_out, uint64_t options, uint64_t usage_out)
{
	int32_t who = (int32_t)pid;
	uint64_t type = who > 0 ? P_PID : who == -1 ? P_ALL : P_PGID;
	uint64_t id = who > 0 ? (uint64_t)who : who == -1 ? 0 : who == 0 ? process_get()->pgid : 0 - (uint64_t)who;
	struct msg m;
	int64_t result;
	uint32_t status;

	options = (uint32_t)options;
	if (options & ~(uint64_t)(WNOHANG | WUNTRACED | WCONTINUED | WAIT_CLONE))
		return -EINVAL;
	if (who == INT32_MIN)
		return -ESRCH;
	result = wait_for(&m, type, id, options | WEXITED);
	if (result <= 0)
		return result;
	status = (uint32_t)m.words[1];
	if (status_out && user_put(status_out, &status, sizeof status))
		return -EFAULT;
	return usage_put(usage_out, m.words[2], m.words[3], m.words[5]) ? -EFAULT : result;
}

struct wait_info {
	int32_t signo, errno_, code, pad, pid;
	uint32_t uid;
	int32_t status;
};

// CLD_*, and the status that goes with it.
static void wait_info_fill(struct wait_info *info, int64_t pid, uint32_t status, uint32_t uid)
{
	*info = (struct wait_info){.signo = SIGCHLD, .pid = (int32_t)pid, .uid = uid};
	if (status == 0xffff) {
		info->code = 6;
		info->status = SIGCONT;
	} else if ((status & 0xff) == 0x7f) {
		info->code = 5;
		info->status = (int32_t)(status >> 8 & 0xff);
	} else if (status & 0x7f) {
		info->code = status & 0x80 ? 3 : 2;
		info->status = (int32_t)(status & 0x7f);
	} else {
		info->code = 1;
		info->status = (int32_t)(status >> 8 & 0xff);
	}
}

int64_t call_waitid(uint64_t type, uint64_t id, uint64_t info_out, uint64_t options, uint64_t usage_out)
{
	struct wait_info info = {0};
	struct msg m;
	int64_t result;

	options = (uint32_t)options;
	if ((options & ~(uint64_t)(WNOHANG | WUNTRACED | WCONTINUED | WEXITED | WNOWAIT | WAIT_CLONE)) ||
	    !(options & (WUNTRACED | WCONTINUED | WEXITED)) || (uint32_t)type > P_PIDFD)
		return -EINVAL;
	// No descriptor is one of a process.
	if ((uint32_t)type == P_PIDFD)
		return (int32_t)id < 0 ? -EINVAL : -EBADF;
	if ((uint32_t)type != P_ALL && ((int32_t)id < 0 || ((uint32_t)type == P_PID && id == 0)))
		return -EINVAL;
	if ((uint32_t)type == P_PGID && (uint32_t)id == 0)
		id = process_get()->pgid;
	result = wait_for(&m, (uint32_t)type, (uint32_t)id, options);
	// As Linux has it, the program is told of nothing after an error, too.
	if (result > 0)
		wait_info_fill(&info, result, (uint32_t)m.words[1], (uint32_t)m.words[4]);
	if (info_out && user_put(info_out, &info, sizeof info))
		return -EFAULT;
	if (result < 0)
		return result;
	return result > 0 && usage_put(usage_out, m.words[2], m.words[3], m.words[5]) ? -EFAULT : 0;
}

int64_t call_getrusage(uint64_t who, uint64_t out)
{
	uint64_t result = 0, user = 0, system = 0, maxrss = 0;
	err_t err;
	int64_t answer;

	if ((int32_t)who < -1 || (int32_t)who > 1)
		return -EINVAL;
	err = process_getrusage(LINUX_SLOT_PROCESS, (uint64_t)(int32_t)who, &result, &user, &system, &maxrss);
	answer = answer_get(err, result);
	if (answer)
		return answer;
	return out ? usage_put(out, user, system, maxrss) : -EFAULT;
}

#define US_PER_TICK 10000  // of times(): 100 a second

int64_t call_times(uint64_t out)
{
	uint64_t result, v[4] = {0};

	(void)process_getrusage(LINUX_SLOT_PROCESS, 0, &result, &v[0], &v[1], NULL);
	(void)process_getrusage(LINUX_SLOT_PROCESS, UINT64_MAX, &result, &v[2], &v[3], NULL);
	for (int i = 0; i < 4; i++)
		v[i] /= US_PER_TICK;
	if (out && user_put(out, v, sizeof v))
		return -EFAULT;
	return (int64_t)(clock_monotonic() / (US_PER_TICK * 1000ull));
}
