// /dev/null, /dev/zero and /dev/full: what is read from them and becomes of what is written is known.
#include "env/linux/segment.h"

#define CLEAR_MAX 0x10000ull  // bytes between two looks for signals

static int64_t buffers_clear(struct segments *s, uint64_t size)
{
	struct linux_thread *thread = thread_get();
	uint64_t done = 0;

	if (!s->vector && !s->left && size <= CLEAR_MAX) {
		done = size - ucopy_zero((void *)s->base, size);
		return done || !size ? (int64_t)done : -EFAULT;
	}
	while (done < size && segment_next(s) == 0) {
		uint64_t n = s->size < size - done ? s->size : size - done;
		uint64_t not;

		n = n < CLEAR_MAX ? n : CLEAR_MAX;
		not = ucopy_zero((void *)s->base, n);
		done += n - not;
		s->base += n - not;
		s->size -= n - not;
		if (not)
			break;
		if (done < size && __atomic_load_n(&thread->work, __ATOMIC_RELAXED))
			return (int64_t)done;
	}
	return done || !size ? (int64_t)done : -EFAULT;
}

int64_t device_move(uint8_t io, struct segments *s, uint64_t size, bool is_write)
{
	uint8_t device = (uint8_t)((io - IO_DEVICE) / 4), mode = (uint8_t)((io - IO_DEVICE) % 4);

	if (mode == (is_write ? 0 : O_WRONLY) || mode == O_ACCMODE)
		return -EBADF;
	if (is_write)
		return device == IO_FULL ? -ENOSPC : (int64_t)size;
	return device == IO_NULL ? 0 : buffers_clear(s, size);
}
