// Futexes. Words of memory that no other address space has are waited for in the space block, without
// a message; others at the process server, which knows what lies at an address.
//
// A waiter is linked into its bucket under the bucket's lock, after the word was compared under it; who
// wakes changes the word before it takes the lock, so no wake is missed. A waiter's state goes from
// waiting to woken once, by an exchange: whoever does it owes the signal.
#include "env/linux/futex.h"

#include "env/linux/library.h"
#include "protocol/gen/process.h"

static struct futex_waiter *waiter_get(uint32_t i) { return &space_get()->waiters[i % ENV_THREAD_MAX]; }

static struct futex_bucket *bucket_lock(uint32_t i)
{
	struct futex_bucket *bucket = &space_get()->buckets[i];
	uint32_t owner = thread_get()->tid;

	for (;;) {
		uint32_t free = 0;

		if (__atomic_compare_exchange_n(&bucket->lock, &free, owner ? owner : 1, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return bucket;
		sys_yield();
	}
}

static void bucket_unlock(struct futex_bucket *bucket) { __atomic_store_n(&bucket->lock, 0, __ATOMIC_RELEASE); }

// Where the link to waiter i is, or to the end (i 0). A list longer than there are threads is not ours.
static uint32_t *link_find(struct futex_bucket *bucket, uint32_t i)
{
	uint32_t *link = &bucket->first;

	for (uint32_t n = 0; *link && *link != i && n < ENV_THREAD_MAX; n++)
		link = &waiter_get(*link - 1)->next;
	return link;
}

static void waiter_link(struct futex_bucket *bucket, uint32_t number, struct futex_waiter *w)
{
	uint32_t *end = link_find(bucket, 0);

	w->next = 0;
	w->bucket = number + 1;
	__atomic_store_n(end, (uint32_t)(w - space_get()->waiters) + 1, __ATOMIC_RELEASE);
}

static void waiter_unlink(uint32_t *link, struct futex_waiter *w)
{
	__atomic_store_n(link, w->next, __ATOMIC_RELEASE);
	__atomic_store_n(&w->bucket, 0, __ATOMIC_RELEASE);
}

static bool state_change(struct futex_waiter *w, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&w->state, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

// A waiter of another process in this address space has its notification in another CSpace.
static void waiter_signal(struct futex_waiter *w)
{
	uint64_t result;

	if (w->process_index == thread_get()->process_index)
		(void)native_signal(w->slot_notify);
	else
		(void)process_futex_signal(LINUX_SLOT_PROCESS, (uint64_t)(w - space_get()->waiters), &result);
}

static uint64_t key_of(const struct futex *f, uint64_t address)
{
	return address | (f->is_shared ? FUTEX_SHARED : 0);
}

// 0: waiting, or -errno.
static int64_t wait_begin(const struct futex *f, struct futex_waiter *w)
{
	uint64_t key = key_of(f, f->address);
	uint32_t number = futex_bucket_of(key), now;
	struct futex_bucket *bucket = bucket_lock(number);
	int64_t err = user_get_u32(&now, f->address) ? 0 : -EFAULT;

	if (!err && now != f->value)
		err = -EAGAIN;
	if (!err) {
		w->key = key;
		w->bitset = f->bitset;
		w->process_index = thread_get()->process_index;
		w->slot_notify = notification_get();
		__atomic_store_n(&w->state, FUTEX_WAITING, __ATOMIC_SEQ_CST);
		waiter_link(bucket, number, w);
	}
	bucket_unlock(bucket);
	return err;
}

// Leave the bucket, whichever it is by now. False: somebody has woken it.
static bool wait_end(struct futex_waiter *w)
{
	uint32_t i = (uint32_t)(w - space_get()->waiters) + 1, in;
	bool was_waiting = state_change(w, FUTEX_WAITING, FUTEX_IDLE);

	while ((in = __atomic_load_n(&w->bucket, __ATOMIC_ACQUIRE)) != 0 && in <= FUTEX_BUCKETS) {
		struct futex_bucket *bucket = bucket_lock(in - 1);

		if (__atomic_load_n(&w->bucket, __ATOMIC_RELAXED) == in) {
			uint32_t *link = link_find(bucket, i);

			if (*link == i)
				waiter_unlink(link, w);
			w->bucket = 0;
		}
		bucket_unlock(bucket);
	}
	w->state = FUTEX_IDLE;
	return was_waiting;
}

// Wake up to `count` waiters of a bucket that is locked.
static int64_t bucket_wake(struct futex_bucket *bucket, uint64_t key, uint32_t count, uint32_t bitset)
{
	uint32_t *link = &bucket->first;
	int64_t woken = 0;

	for (uint32_t n = 0; *link && n < ENV_THREAD_MAX; n++) {
		struct futex_waiter *w = waiter_get(*link - 1);

		// Whose thread was killed, or who is leaving, is passed over.
		if (w->key != key || !(w->bitset & bitset) || !state_change(w, FUTEX_WAITING, FUTEX_WOKEN)) {
			link = &w->next;
			continue;
		}
		waiter_unlink(link, w);
		waiter_signal(w);
		if (++woken >= (int64_t)count)
			break;
	}
	return woken;
}

static int64_t wake_local(uint64_t key, uint32_t count, uint32_t bitset)
{
	struct futex_bucket *bucket;
	int64_t woken;

	if (!futex_is_awaited(key))
		return 0;
	bucket = bucket_lock(futex_bucket_of(key));
	woken = bucket_wake(bucket, key, count, bitset);
	bucket_unlock(bucket);
	return woken;
}

// Move up to `count` waiters between two buckets that are locked.
static int64_t waiters_move(struct futex_bucket *from, struct futex_bucket *to, uint64_t key, uint64_t new_key,
			    uint32_t count)
{
	uint32_t *link = &from->first, number = (uint32_t)(to - space_get()->buckets);
	int64_t moved = 0;

	for (uint32_t n = 0; *link && moved < (int64_t)count && n < ENV_THREAD_MAX; n++) {
		struct futex_waiter *w = waiter_get(*link - 1);

		if (w->key != key || w->state != FUTEX_WAITING) {
			link = &w->next;
			continue;
		}
		moved++;
		w->key = new_key;
		if (from == to)
			continue;
		waiter_unlink(link, w);
		waiter_link(to, number, w);
	}
	return moved;
}

static int64_t requeue_local(const struct futex *f, uint32_t wake, uint32_t move, bool is_compared)
{
	uint64_t key = key_of(f, f->address), other = key_of(f, f->other);
	uint32_t a = futex_bucket_of(key), b = futex_bucket_of(other), now = f->value;
	struct futex_bucket *first = bucket_lock(a < b ? a : b);
	struct futex_bucket *second = a == b ? NULL : bucket_lock(a < b ? b : a);
	struct futex_bucket *from = a <= b ? first : second, *to = a == b || a > b ? first : second;
	int64_t result = is_compared ? user_get(&now, f->address, sizeof now) : 0;

	if (!result && now != f->value)
		result = -EAGAIN;
	if (!result && wake)
		result = bucket_wake(from, key, wake, ~0u);
	if (result >= 0)
		result += waiters_move(from, to, key, other, move);
	if (second)
		bucket_unlock(second);
	bucket_unlock(first);
	return result;
}

// Is it the process server's business? Only what may be shared with another address space.
static bool is_remote(const struct futex *f) { return f->is_shared && space_get()->has_shared; }

#define REMOTE_IS_LOCAL 1  // its answer: nobody else has that memory

int64_t futex_wake(const struct futex *f, uint64_t address, uint32_t count)
{
	uint64_t result = 0, is_local = 0;
	uint32_t probe;

	if (!f->is_shared)
		return wake_local(address, count, f->bitset);
	if (is_remote(f)) {
		err_t err = process_futex_wake(LINUX_SLOT_PROCESS, address, count, f->bitset, &result, &is_local);
		int64_t answer = answer_get(err, result);

		if (answer || is_local != REMOTE_IS_LOCAL)
			return answer;
	}
	int64_t err = user_get(&probe, address, sizeof probe);

	return err ? err : wake_local(key_of(f, address), count, f->bitset);
}

int64_t futex_requeue(const struct futex *f, uint32_t wake, uint32_t move, bool is_compared)
{
	uint64_t result = 0, is_local = 0;

	if (is_remote(f)) {
		err_t err = process_futex_requeue(LINUX_SLOT_PROCESS, f->address, f->other, wake, move, is_compared,
						  f->value, &result, &is_local);
		int64_t answer = answer_get(err, result);

		if (answer || is_local != REMOTE_IS_LOCAL)
			return answer;
	}
	return requeue_local(f, wake, move, is_compared);
}

// 0: waiting; *is_there: at the process server.
static int64_t begin(const struct futex *f, struct futex_waiter *w, bool *is_there)
{
	uint64_t result = 0, is_local = 0;

	*is_there = false;
	if (is_remote(f)) {
		w->state = FUTEX_WAITING;
		err_t err = process_futex_wait(LINUX_SLOT_PROCESS, f->address, f->value, f->bitset, &result, &is_local);
		int64_t answer = answer_get(err, result);

		*is_there = !answer && is_local != REMOTE_IS_LOCAL;
		if (answer)
			w->state = FUTEX_IDLE;
		if (answer || *is_there)
			return answer;
	}
	// The thread that had this number before may have been killed in a list.
	if (w->bucket)
		(void)wait_end(w);
	return wait_begin(f, w);
}

// It waits no longer. False: it had been woken.
static bool end(struct futex_waiter *w, bool is_there)
{
	uint64_t was_waiting = 0;

	if (!is_there)
		return wait_end(w);
	(void)process_futex_end(LINUX_SLOT_PROCESS, &was_waiting);
	w->state = FUTEX_IDLE;
	return was_waiting;
}

int64_t futex_wait(const struct futex *f, uint64_t until)
{
	struct futex_waiter *w = waiter_get(thread_get()->index);
	bool is_there, is_broken = false;
	int64_t err = begin(f, w, &is_there);

	if (err)
		return err;
	while (__atomic_load_n(&w->state, __ATOMIC_ACQUIRE) == FUTEX_WAITING) {
		is_broken = wait_until(until);
		if (is_broken || (until != FOREVER && clock_monotonic() >= until))
			break;
	}
	if (__atomic_load_n(&w->state, __ATOMIC_ACQUIRE) == FUTEX_WOKEN && w->bucket == 0) {
		w->state = FUTEX_IDLE;
		return 0;
	}
	if (!end(w, is_there))
		return 0;
	return !is_broken ? -ETIMEDOUT : until == FOREVER ? -RESTART : -EINTR;
}

void futex_wake_shared(uint64_t address, uint32_t count)
{
	const struct futex f = {.address = address, .bitset = ~0u, .is_shared = true};

	(void)futex_wake(&f, address, count);
}
