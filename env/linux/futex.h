// Waiting for words of memory: what the futex call and the end of threads use.
#ifndef ENV_LINUX_FUTEX_H
#define ENV_LINUX_FUTEX_H

#include "protocol/linux.h"

struct futex {
	uint64_t address, other;  // the second of the operations with two
	uint32_t value, bitset;
	bool is_shared;           // without FUTEX_PRIVATE_FLAG
};

static inline struct space_block *space_get(void) { return (struct space_block *)ENV_SPACE; }

static inline uint32_t futex_bucket_of(uint64_t key)
{
	return (uint32_t)((key >> 2) * 0x9e3779b1u >> 8) % FUTEX_BUCKETS;
}

// May somebody wait for a word whose change the caller has seen? A waiter that is not there yet will read
// the word after it was changed.
static inline bool futex_is_awaited(uint64_t key)
{
	const struct futex_bucket *bucket = &space_get()->buckets[futex_bucket_of(key)];

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return __atomic_load_n(&bucket->first, __ATOMIC_RELAXED) || __atomic_load_n(&bucket->lock, __ATOMIC_RELAXED);
}

// 0 when woken, -EAGAIN (another value), -ETIMEDOUT, -RESTART, -EINTR, -EFAULT.
int64_t futex_wait(const struct futex *f, uint64_t until);
// How many were woken, or -EFAULT. One at least is woken, as on Linux.
int64_t futex_wake(const struct futex *f, uint64_t address, uint32_t count);
// Wake some, move others to f->other: how many were woken or moved, or -errno.
int64_t futex_requeue(const struct futex *f, uint32_t wake, uint32_t move, bool is_compared);

#endif
