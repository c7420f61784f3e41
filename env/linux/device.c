// /dev/null, /dev/zero and /dev/full: what is read from them and becomes of what is written is known.
#include "env/linux/segment.h"

#define CLEAR_MAX 0x10000ull  // bytes between two looks for signals

static int64_t buffers_clear(struct segments *s, uint64_t size)
{
	const struct linux_thread *thread = thread_get();
	uint64_t done = 0;

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

static unsigned device_of(uint8_t io) { return (io - IO_DEVICE) / 4u; }

static bool may_move(uint8_t io, bool is_write)
{
	unsigned mode = (io - IO_DEVICE) % 4u;

	return mode != (is_write ? 0 : O_WRONLY) && mode != O_ACCMODE;
}

int64_t device_write(uint8_t io, uint64_t size)
{
	if (!may_move(io, true))
		return -EBADF;
	return device_of(io) == IO_FULL ? -ENOSPC : (int64_t)size;
}

int64_t device_move(uint8_t io, struct segments *s, uint64_t size, bool is_write)
{
	if (is_write)
		return device_write(io, size);
	if (!may_move(io, false))
		return -EBADF;
	return device_of(io) == IO_NULL ? 0 : buffers_clear(s, size);
}

static __attribute__((noinline)) int64_t read_long(uint8_t io, uint64_t buffer, uint64_t size)
{
	struct segments s = {.base = buffer, .size = size};

	return device_move(io, &s, size, false);
}

int64_t device_read(uint8_t io, uint64_t buffer, uint64_t size)
{
	if (size - 1 < CLEAR_MAX && may_move(io, false) && device_of(io) != IO_NULL && !ucopy_zero((void *)buffer, size))
		return (int64_t)size;
	return read_long(io, buffer, size);
}
