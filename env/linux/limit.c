// Limits of resources: kept in the process block, where those who enforce them look.
#include "env/linux/library.h"
#include "protocol/gen/process.h"

#define RLIMIT_CPU 0
#define SECONDS_MAX 0x7fffffffull
#define US_PER_SECOND 1000000ull

// Processor time is measured by the process server. A limit of 0 seconds is one of 1, as in Linux.
static int64_t cpu_limit_set(const uint64_t new[2])
{
	uint64_t soft = new[0] ? new[0] : 1, hard = new[1] ? new[1] : 1;

	return timer_set(TIMER_CPU_LIMIT, soft > SECONDS_MAX ? 0 : soft * US_PER_SECOND,
			 hard > SECONDS_MAX ? UINT64_MAX : hard * US_PER_SECOND, NULL, NULL);
}

static int64_t limit_set(uint32_t resource, const uint64_t new[2])
{
	struct process_block *process = process_get();
	uint64_t *limit = process->limits[resource];
	int64_t err;

	if (new[0] > new[1])
		return -EINVAL;
	if (resource == RLIMIT_NOFILE && new[1] > LINUX_FD_MAX)
		return -EPERM;
	if (new[1] > limit[1] && process->euid != 0)
		return -EPERM;
	err = resource == RLIMIT_CPU ? cpu_limit_set(new) : 0;
	if (err)
		return err;
	limit[0] = new[0];
	limit[1] = new[1];
	if (resource == RLIMIT_NOFILE)
		process->fd_limit = (uint32_t)new[0];
	return 0;
}

static int64_t limit_other(uint32_t pid, uint32_t resource, const uint64_t *new, uint64_t old_out)
{
	uint64_t result = 0, old[2];
	err_t err = process_limits(LINUX_SLOT_PROCESS, pid, resource, new != NULL, new ? new[0] : 0, new ? new[1] : 0,
				   &result, &old[0], &old[1]);
	int64_t answer = answer_get(err, result);

	return answer || !old_out ? answer : user_put(old_out, old, sizeof old);
}

int64_t call_prlimit64(uint64_t pid, uint64_t resource, uint64_t new_in, uint64_t old_out)
{
	uint64_t new[2], old[2];

	if ((uint32_t)resource >= RLIMIT_COUNT)
		return -EINVAL;
	if (new_in && user_get(new, new_in, sizeof new))
		return -EFAULT;
	if (pid && (uint32_t)pid != process_get()->pid)
		return limit_other((uint32_t)pid, (uint32_t)resource, new_in ? new : NULL, old_out);
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
	if ((uint32_t)resource >= RLIMIT_COUNT)
		return -EINVAL;
	return user_put(out, process_get()->limits[(uint32_t)resource], 16);
}

int64_t call_setrlimit(uint64_t resource, uint64_t in)
{
	return in ? call_prlimit64(0, resource, in, 0) : -EFAULT;
}

uint64_t limit_file(void) { return process_get()->limits[RLIMIT_FSIZE][0]; }

// A file that would become too long for the limit.
int64_t limit_file_check(int64_t result)
{
	if (result == -EFBIG && limit_file() != UINT64_MAX)
		signal_raise(SIGXFSZ, SI_USER, 0);
	return result;
}
