// prctl: what a process says of itself. What would change nothing here is refused.
#include "env/linux/library.h"
#include "protocol/gen/process.h"

#define PR_SET_PDEATHSIG 1
#define PR_GET_PDEATHSIG 2

#define PR_GET_DUMPABLE 3
#define PR_SET_DUMPABLE 4
#define PR_GET_KEEPCAPS 7
#define PR_SET_KEEPCAPS 8
#define PR_GET_TIMING 13
#define PR_SET_TIMING 14
#define PR_SET_NAME 15
#define PR_GET_NAME 16
#define PR_GET_SECCOMP 21
#define PR_CAPBSET_READ 23
#define PR_GET_TSC 25
#define PR_GET_SECUREBITS 27
#define PR_SET_TIMERSLACK 29
#define PR_GET_TIMERSLACK 30
#define PR_SET_CHILD_SUBREAPER 36
#define PR_GET_CHILD_SUBREAPER 37
#define PR_SET_NO_NEW_PRIVS 38
#define PR_GET_NO_NEW_PRIVS 39
#define PR_GET_TID_ADDRESS 40
#define PR_SET_THP_DISABLE 41
#define PR_GET_THP_DISABLE 42

#define CAP_LAST 40
#define TSC_ENABLED 1
#define TIMER_SLACK_NS 50000

static int64_t name_set(uint64_t argument)
{
	struct linux_thread *thread = thread_get();
	char name[sizeof thread->name] = {0};

	if (user_get_string(name, argument, sizeof name) < 0)
		return -EFAULT;
	name[sizeof name - 1] = 0;
	memcpy(thread->name, name, sizeof name);
	return 0;
}

static int64_t int_put(uint64_t to, uint32_t value) { return user_put(to, &value, sizeof value); }

static int64_t no_new_privileges_set(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	if (a != 1 || b || c || d)
		return -EINVAL;
	process_get()->no_new_privileges = 1;
	return 0;
}

// What the process server keeps (process_option); -1 only asks.
#define OPTION_DEATH_SIGNAL 0
#define OPTION_SUBREAPER 1
#define ASK UINT64_MAX

static int64_t option(uint64_t what, uint64_t value)
{
	uint64_t result = 0;
	err_t err = process_option(LINUX_SLOT_PROCESS, what, value, &result);

	return answer_get(err, result);
}

static int64_t option_set(uint64_t what, uint64_t value)
{
	int64_t result = option(what, value);

	return result < 0 ? result : 0;
}

static int64_t option_put(uint64_t what, uint64_t to)
{
	int64_t value = option(what, ASK);

	return value < 0 ? value : int_put(to, (uint32_t)value);
}

static int64_t flag_set(uint32_t *flag, bool on)
{
	*flag = on;
	return 0;
}

int64_t call_prctl(uint64_t code, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	struct process_block *process = process_get();

	switch ((uint32_t)code) {
	case PR_SET_PDEATHSIG:
		return a > LINUX_NSIG ? -EINVAL : option_set(OPTION_DEATH_SIGNAL, a);
	case PR_GET_PDEATHSIG:
		return option_put(OPTION_DEATH_SIGNAL, a);
	case PR_SET_CHILD_SUBREAPER:
		return option_set(OPTION_SUBREAPER, a != 0);
	case PR_GET_CHILD_SUBREAPER:
		return option_put(OPTION_SUBREAPER, a);
	case PR_SET_NAME:
		return name_set(a);
	case PR_GET_NAME:
		return user_put(a, thread_get()->name, sizeof thread_get()->name);
	case PR_GET_DUMPABLE:
		return !process->is_undumpable;
	case PR_SET_DUMPABLE:
		return a > 1 ? -EINVAL : flag_set(&process->is_undumpable, !a);
	// Kept and told; who changes from root to another user has no capabilities to keep.
	case PR_SET_KEEPCAPS:
		return a > 1 ? -EINVAL : flag_set(&process->keeps_capabilities, a != 0);
	case PR_GET_KEEPCAPS:
		return process->keeps_capabilities;
	case PR_SET_TIMING:
		return a ? -EINVAL : 0;
	case PR_GET_TIMING:
	case PR_GET_SECCOMP:
	case PR_GET_SECUREBITS:
		return 0;
	case PR_CAPBSET_READ:
		return a > CAP_LAST ? -EINVAL : 1;
	case PR_GET_TSC:
		return int_put(a, TSC_ENABLED);
	// Kept and told: no timer here is late on purpose.
	case PR_SET_TIMERSLACK:
		thread_get()->timer_slack = (int64_t)a > 0 ? a : 0;
		return 0;
	case PR_GET_TIMERSLACK:
		return thread_get()->timer_slack ? (int64_t)thread_get()->timer_slack : TIMER_SLACK_NS;
	case PR_SET_NO_NEW_PRIVS:
		return no_new_privileges_set(a, b, c, d);
	case PR_GET_NO_NEW_PRIVS:
		return a || b || c || d ? -EINVAL : (int64_t)process->no_new_privileges;
	case PR_GET_TID_ADDRESS:
		return user_put(a, &thread_get()->clear_child_tid, sizeof(uint64_t));
	case PR_GET_THP_DISABLE:
		return a || b || c || d ? -EINVAL : (int64_t)process->has_no_huge_pages;
	// There are none in any case.
	case PR_SET_THP_DISABLE:
		return b || c || d ? -EINVAL : flag_set(&process->has_no_huge_pages, a != 0);
	default:
		return -EINVAL;
	}
}
