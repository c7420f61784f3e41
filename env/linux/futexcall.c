// The futex call, robust lists.
#include "env/linux/futex.h"
#include "env/linux/library.h"
#include "protocol/gen/process.h"

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_REQUEUE 3
#define FUTEX_CMP_REQUEUE 4
#define FUTEX_WAKE_OP 5
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10
#define FUTEX_PRIVATE 0x80u
#define FUTEX_CLOCK_REALTIME 0x100u

// The point of clock_monotonic() at which a wait ends.
static int64_t until_get(uint64_t timeout, bool is_absolute, bool is_realtime, uint64_t *until)
{
	uint64_t epoch = is_realtime ? process_get()->epoch_ns : 0, ns;
	struct timespec t;
	int64_t err;

	*until = FOREVER;
	if (!timeout)
		return 0;
	err = user_get_timespec(timeout, &t);
	if (err)
		return err;
	if (!is_absolute) {
		*until = clock_until(&t);
		return 0;
	}
	if ((uint64_t)t.tv_sec > UINT64_MAX / 2 / NS_PER_SECOND)
		return 0;
	ns = (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec;
	*until = ns > epoch ? ns - epoch : 0;
	return 0;
}

// What FUTEX_WAKE_OP does to the second word: the word before, or -EFAULT, -ENOSYS.
static int64_t word_change(uint64_t address, uint32_t code, uint32_t *before)
{
	uint32_t operand = (uint32_t)((int32_t)(code << 8) >> 20), new;
	int64_t done = user_is_range(address, 4) ? user_get(before, address, 4) : -EFAULT;

	if (code & 1u << 31)
		operand = 1u << (operand & 31);
	while (done == 0) {
		switch (code >> 28 & 7) {
		case 0:
			new = operand;
			break;
		case 1:
			new = *before + operand;
			break;
		case 2:
			new = *before | operand;
			break;
		case 3:
			new = *before & ~operand;
			break;
		case 4:
			new = *before ^ operand;
			break;
		default:
			return -ENOSYS;
		}
		done = ucopy_exchange((uint32_t *)address, before, new);
	}
	return done < 0 ? done : 0;
}

static bool word_compare(uint32_t code, uint32_t before)
{
	int32_t now = (int32_t)before, with = (int32_t)(code << 20) >> 20;

	switch (code >> 24 & 15) {
	case 0:
		return now == with;
	case 1:
		return now != with;
	case 2:
		return now < with;
	case 3:
		return now <= with;
	case 4:
		return now > with;
	default:
		return now >= with;
	}
}

static int64_t wake_op(const struct futex *f, uint32_t count, uint32_t count_other, uint32_t code)
{
	uint32_t before;
	int64_t err, woken, more = 0;

	if ((code >> 24 & 15) > 5)
		return -ENOSYS;
	err = word_change(f->other, code, &before);
	if (err)
		return err;
	woken = futex_wake(f, f->address, count);
	if (woken >= 0 && word_compare(code, before))
		more = futex_wake(f, f->other, count_other);
	return woken < 0 ? woken : more < 0 ? more : woken + more;
}

static int64_t wait_op(const struct futex *f, uint64_t timeout, uint32_t op)
{
	bool is_absolute = (op & 0x7f) == FUTEX_WAIT_BITSET;
	uint64_t until;
	int64_t err = until_get(timeout, is_absolute, is_absolute && op & FUTEX_CLOCK_REALTIME, &until);

	if (err)
		return err;
	return f->bitset ? futex_wait(f, until) : -EINVAL;
}

static int64_t requeue_op(const struct futex *f, uint64_t wake, uint64_t move, bool is_compared)
{
	if ((int32_t)wake < 0 || (int32_t)move < 0)
		return -EINVAL;
	return futex_requeue(f, (uint32_t)wake, (uint32_t)move, is_compared);
}

static int64_t futex_do(struct futex *f, uint32_t op, uint64_t value, uint64_t timeout, uint64_t value3)
{
	switch (op & 0x7f) {
	case FUTEX_WAIT_BITSET:
		f->bitset = (uint32_t)value3;
		return wait_op(f, timeout, op);
	case FUTEX_WAIT:
		return wait_op(f, timeout, op);
	case FUTEX_WAKE_BITSET:
		f->bitset = (uint32_t)value3;
		return f->bitset ? futex_wake(f, f->address, (uint32_t)value) : -EINVAL;
	case FUTEX_WAKE:
		return futex_wake(f, f->address, (int32_t)value < 1 ? 1 : (uint32_t)value);
	case FUTEX_REQUEUE:
		return requeue_op(f, value, timeout, false);
	case FUTEX_CMP_REQUEUE:
		f->value = (uint32_t)value3;
		return requeue_op(f, value, timeout, true);
	case FUTEX_WAKE_OP:
		return wake_op(f, (uint32_t)value, (uint32_t)timeout, (uint32_t)value3);
	default:
		return call_missing();
	}
}

static bool has_second(uint32_t command)
{
	return command == FUTEX_REQUEUE || command == FUTEX_CMP_REQUEUE || command == FUTEX_WAKE_OP;
}

#define PRIVATE_WAKE (FUTEX_WAKE | FUTEX_PRIVATE)

int64_t call_futex(uint64_t address, uint64_t op, uint64_t value, uint64_t timeout, uint64_t other,
		   uint64_t value3)
{
	uint32_t command = (uint32_t)op & 0x7f;
	struct futex f = {address, other, (uint32_t)value, ~0u, !(op & FUTEX_PRIVATE)};

	if ((uint32_t)op == PRIVATE_WAKE && address % 4 == 0 && user_is_range(address, 4) &&
	    !futex_is_awaited(address))
		return 0;
	if ((op & FUTEX_CLOCK_REALTIME) && command != FUTEX_WAIT_BITSET)
		return -ENOSYS;
	if (address % 4 || (has_second(command) && other % 4))
		return -EINVAL;
	if (!user_is_range(address, 4) || (has_second(command) && !user_is_range(other, 4)))
		return -EFAULT;
	return futex_do(&f, (uint32_t)op, value, timeout, value3);
}

#define ROBUST_MAX 2048
#define ROBUST_PI 1ull
#define FUTEX_WAITERS 0x80000000u
#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_TID 0x3fffffffu

// A lock whose owner has ended: say so, and wake one that waits.
static void lock_release(uint64_t address, uint32_t tid, bool is_pi, bool is_pending)
{
	uint32_t value, new;
	int64_t done = address % 4 || !user_is_range(address, 4) ? -EFAULT : user_get(&value, address, 4);

	while (done == 0) {
		if (is_pending && !is_pi && value == 0)
			futex_wake_shared(address, 1);
		if ((value & FUTEX_TID) != tid)
			return;
		new = (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
		done = ucopy_exchange((uint32_t *)address, &value, new);
	}
	if (done > 0 && !is_pi && value & FUTEX_WAITERS)
		futex_wake_shared(address, 1);
}

void futex_robust_end(struct linux_thread *thread)
{
	uint64_t head[3], list = thread->robust_list, entry, next;  // next, offset, pending

	thread->robust_list = 0;
	if (!list || user_get(head, list, sizeof head))
		return;
	entry = head[0];
	for (int i = 0; i < ROBUST_MAX && (entry & ~ROBUST_PI) != list; i++) {
		bool is_good = user_get(&next, entry & ~ROBUST_PI, sizeof next) == 0;

		if ((entry & ~ROBUST_PI) != (head[2] & ~ROBUST_PI))
			lock_release((entry & ~ROBUST_PI) + head[1], thread->tid, entry & ROBUST_PI, false);
		if (!is_good)
			break;
		entry = next;
	}
	if (head[2] & ~ROBUST_PI)
		lock_release((head[2] & ~ROBUST_PI) + head[1], thread->tid, head[2] & ROBUST_PI, true);
}

int64_t call_set_robust_list(uint64_t head, uint64_t size)
{
	if (size != 24)
		return -EINVAL;
	thread_get()->robust_list = head;
	thread_get()->robust_size = size;
	return 0;
}

int64_t call_get_robust_list(uint64_t tid, uint64_t head_out, uint64_t size_out)
{
	const struct linux_thread *thread = thread_get();
	uint64_t size = 24, head = thread->robust_list, result = 0;
	err_t failed = OK;
	int64_t err;

	if (tid && (uint32_t)tid != thread->tid)
		failed = process_robust_list(LINUX_SLOT_PROCESS, (uint32_t)tid, &result, &head);
	err = answer_get(failed, result);
	if (err)
		return err;
	if (user_put(size_out, &size, sizeof size))
		return -EFAULT;
	return user_put(head_out, &head, sizeof head);
}
