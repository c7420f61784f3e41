// System call results from message results.
#include "env/linux/library.h"
#include "protocol/gen/process.h"

struct abi_block *sys_block(void) { return block_get(); }

// What Linux would say. A server that is dead or refuses to speak is an input/output error.
int64_t answer_errno(err_t err)
{
	switch (err) {
	case OK:
		return 0;
	case ERR_CAP_INVALID:
	case ERR_CAP_TYPE:
		return -EBADF;
	case ERR_CAP_RIGHTS:
		return -EPERM;
	case ERR_METHOD:
		return -ENOSYS;
	case ERR_NO_MEMORY:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

int64_t answer_get(err_t err, uint64_t result)
{
	return err ? answer_errno(err) : (int64_t)result;
}

int64_t answer_call(cap_t to, struct msg *m)
{
	const struct msg sent = *m;

	for (;;) {
		err_t err = sys_call(to, m);

		if (err != ERR_CANCELLED && (err || (int64_t)m->words[0] != -ERESTARTSYS))
			return answer_get(err, m->words[0]);
		if (signal_waiting())
			return -RESTART;
		*m = sent;
	}
}

// Calls that are not there. The process server logs each number once.
int64_t call_missing(void)
{
	(void)process_log(LINUX_SLOT_PROCESS, (uint32_t)thread_get()->orig_rax, NULL);
	return -ENOSYS;
}
