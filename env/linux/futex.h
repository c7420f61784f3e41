// Waiting for words of memory: what the futex call and the end of threads use.
#ifndef ENV_LINUX_FUTEX_H
#define ENV_LINUX_FUTEX_H

#include <stdbool.h>
#include <stdint.h>

struct futex {
	uint64_t address, other;  // the second of the operations with two
	uint32_t value, bitset;
	bool is_shared;           // without FUTEX_PRIVATE_FLAG
};

// 0 when woken, -EAGAIN (another value), -ETIMEDOUT, -RESTART, -EINTR, -EFAULT.
int64_t futex_wait(const struct futex *f, uint64_t until);
// How many were woken, or -EFAULT. One at least is woken, as on Linux.
int64_t futex_wake(const struct futex *f, uint64_t address, uint32_t count);
// Wake some, move others to f->other: how many were woken or moved, or -errno.
int64_t futex_requeue(const struct futex *f, uint32_t wake, uint32_t move, bool is_compared);

#endif
