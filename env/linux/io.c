// read and write, in all their forms: pieces of a window's size between the program and a server.
#include "env/linux/library.h"
#include "env/linux/segment.h"
#include "env/linux/socket.h"
#include "protocol/gen/file.h"

struct iovec {
	uint64_t base, size;
};

// The buffer in hand is the next one that is not empty. 0: there is one; 1: no more; -EFAULT.
int64_t segment_next(struct segments *s)
{
	while (s->size == 0) {
		struct iovec v;
		int64_t err;

		if (s->left == 0)
			return 1;
		err = user_get(&v, s->vector, sizeof v);
		if (err)
			return err;
		s->vector += sizeof v;
		s->left--;
		s->base = v.base;
		s->size = v.size;
	}
	return 0;
}

int64_t vector_size(uint64_t vector, uint64_t count)
{
	uint64_t total = 0;

	if (count > IOV_MAX)
		return -EINVAL;
	for (uint64_t i = 0; i < count; i++) {
		struct iovec v;
		int64_t err = user_get(&v, vector + i * sizeof v, sizeof v);

		if (err)
			return err;
		if ((int64_t)v.size < 0)
			return -EINVAL;
		if (!user_is_range(v.base, v.size))
			return -EFAULT;
		total = v.size > IO_MAX - total ? IO_MAX : total + v.size;
	}
	return (int64_t)total;
}

// Copy between the buffers and the window: bytes done.
uint64_t segments_copy(struct segments *s, char *window, uint64_t size, bool is_write)
{
	uint64_t done = 0;

	while (done < size && segment_next(s) == 0) {
		uint64_t n = s->size < size - done ? s->size : size - done;
		uint64_t not = is_write ? user_get_some(window + done, s->base, n)
					: user_put_some(s->base, window + done, n);

		done += n - not;
		s->base += n - not;
		s->size -= n - not;
		if (not)
			break;
	}
	return done;
}

int64_t segments_probe(struct segments s, uint64_t size)
{
	while (size && segment_next(&s) == 0) {
		uint64_t n = s.size < size ? s.size : size;
		int64_t err = user_probe(s.base, n);

		if (err)
			return err;
		size -= n;
		s.size = 0;
	}
	return 0;
}

void segments_advance(struct segments *s, uint64_t size)
{
	while (size && segment_next(s) == 0) {
		uint64_t step = s->size < size ? s->size : size;

		s->base += step;
		s->size -= step;
		size -= step;
	}
}

struct transfer {
	const struct handle *handle;
	struct segments segments;
	uint64_t offset;  // -1: the description's
	bool is_write;
	bool is_limited;  // by RLIMIT_FSIZE, or
	bool at_end;      // each piece goes to the end of the file
};

static struct segments *filling(struct window_call *call) { return (struct segments *)call->user[0]; }

static int64_t fill_data(struct window_call *call, char *window)
{
	// On a copy: the call may be made again.
	struct segments s = *filling(call);
	uint64_t n = segments_copy(&s, window, call->size, true);

	call->m.words[1] = n;
	call->user[1] = n;
	return n == 0 && call->size ? -EFAULT : 0;
}

// One message: bytes, or -errno.
static int64_t piece(struct transfer *t, uint64_t size)
{
	struct window_call call = {t->handle->cap, window_kind(t->handle), .size = size};
	uint64_t n = size < WINDOW_SIZE ? size : WINDOW_SIZE;
	int64_t result;

	call.size = n;
	call.m = (struct msg){.tag = TAG(t->is_write ? FILE_WRITE : FILE_READ, 3) | TAG_INTERRUPTIBLE,
			      .words = {0, n, t->offset}};
	if (t->is_limited)
		call.m = (struct msg){.tag = TAG(FILE_WRITE, 5) | TAG_INTERRUPTIBLE,
				      .words = {0, n, t->offset, limit_file(), t->at_end}};
	if (t->is_write) {
		call.fill = fill_data;
		call.user[0] = (uint64_t)&t->segments;
	} else {
		result = segments_probe(t->segments, n);
		if (result)
			return result;
	}
	result = window_call(&call);
	if (result < 0)
		return result;
	if ((uint64_t)result > n)
		return -EIO;
	if (!t->is_write)
		return (uint64_t)result == segments_copy(&t->segments, window_memory(call.kind),
							 (uint64_t)result, false) ? result : -EFAULT;
	segments_advance(&t->segments, (uint64_t)result);
	return result;
}

// May a read go on after a full piece? Not where the next one could wait.
static bool is_patient(const struct transfer *t)
{
	return t->is_write || (t->handle->kind == HANDLE_FILE && t->handle->type != 0 &&
			       t->handle->type != TYPE_FIFO);
}

uint64_t buffers_copy(void *buffers, char *at, uint64_t size, bool is_write)
{
	return segments_copy(buffers, at, size, is_write);
}

static int64_t transfer(struct transfer *t, uint64_t size)
{
	uint64_t done = 0;

	if (t->handle->type == TYPE_FIFO && t->handle->kind == HANDLE_FILE && t->offset == UINT64_MAX) {
		struct segments before = t->segments;
		int64_t result = pipe_transfer(t->handle, &t->segments, size, t->is_write, &done);

		if (result == -EPIPE)
			signal_raise(SIGPIPE, SI_USER, 0);
		if (result != RING_NONE)
			return done ? (int64_t)done : result;
		t->segments = before;
		segments_advance(&t->segments, done);
	} else if (t->handle->type == HANDLE_TYPE_SIGNAL && t->offset == UINT64_MAX && !t->is_write) {
		return signal_read(t->handle, &t->segments, size);
	}
	do {
		uint64_t want = size - done < WINDOW_SIZE ? size - done : WINDOW_SIZE;
		int64_t result = piece(t, want);

		if (result == -EPIPE)
			signal_raise(SIGPIPE, SI_USER, 0);
		if (result < 0)
			return done ? (int64_t)done : result;
		done += (uint64_t)result;
		if (t->offset != UINT64_MAX)
			t->offset += (uint64_t)result;
		// A terminal takes what it has room for: the rest waits, or fails.
		if ((uint64_t)result < want &&
		    !(t->is_write && result && t->handle->kind == HANDLE_TERMINAL))
			break;
	} while (done < size && is_patient(t));
	return (int64_t)done;
}

// Where the size of a file counts, the server is told how far it may go.
static int64_t write_limited(const struct handle *handle, const struct segments *s, uint64_t size,
			     uint64_t offset, bool at_end)
{
	struct transfer t = {handle, *s, offset, true, true, at_end};

	return limit_file_check(transfer(&t, size));
}

// With messages, what is left after `done` bytes.
static int64_t move_rest(const struct handle *handle, const struct segments *s, uint64_t size, uint64_t offset,
			 bool is_write, int64_t done)
{
	struct transfer t = {handle, *s, offset, is_write, .is_limited = false};
	int64_t rest;

	if (offset != UINT64_MAX)
		t.offset += (uint64_t)done;
	rest = transfer(&t, size - (uint64_t)done);
	return rest < 0 && done ? done : done + rest;
}

// Without a message what can be done so.
static int64_t move(const struct handle *handle, struct segments *s, uint64_t size, uint64_t offset, bool is_write)
{
	uint8_t io = process_get()->io[handle->index];
	int64_t done = 0;

	if (handle->kind == HANDLE_SOCKET)
		return socket_move(handle, s, size, offset, is_write);
	if (is_device(io))
		return device_move(io, s, size, is_write);
	if (is_write && handle->type == TYPE_REGULAR && limit_file() != UINT64_MAX)
		return write_limited(handle, s, size, offset, false);
	if (io != IO_UNKNOWN && (is_write ? cview_write(handle, s, size, offset, &done)
					  : cview_read(handle, s, size, offset, &done)))
		return done;
	return move_rest(handle, s, size, offset, is_write, done);
}

int64_t move_long(uint32_t index, uint64_t buffer, uint64_t size, uint64_t offset, bool is_write)
{
	struct segments s = {.base = buffer, .size = size < IO_MAX ? size : IO_MAX};
	struct handle handle = handle_at(process_get(), index);

	return move(&handle, &s, s.size, offset, is_write);
}

// The short ways first: a device that the library is itself, a pipe's ring, a file's view.
static inline int64_t move_one(uint64_t fd, uint64_t buffer, uint64_t size, uint64_t offset, bool is_write)
{
	const struct process_block *process = process_get();
	int64_t index = descriptor_find(process, (uint32_t)fd);
	uint8_t io;

	if (index < 0)
		return index;
	if (!user_is_range(buffer, size))
		return -EFAULT;
	io = process->io[index];
	if (is_device(io))
		return is_write ? device_write(io, size) : device_read(io, buffer, size);
	if (io >= IO_CVIEW && !is_write)
		return cview_read_short((uint32_t)index, buffer, size, offset);
	if (process->share_of[index] && offset == UINT64_MAX)
		return is_write ? pipe_write_short((uint32_t)index, buffer, size)
				: pipe_read_short((uint32_t)index, buffer, size);
	return move_long((uint32_t)index, buffer, size, offset, is_write);
}

static int64_t move_vector(uint64_t fd, uint64_t vector, uint64_t count, uint64_t offset, bool is_write)
{
	struct segments s = {.vector = vector, .left = count};
	struct handle handle;
	int64_t result = handle_find(fd, &handle);

	if (result == 0)
		result = vector_size(vector, count);
	return result <= 0 ? result : move(&handle, &s, (uint64_t)result, offset, is_write);
}

int64_t call_read(uint64_t fd, uint64_t buffer, uint64_t size)
{
	return move_one(fd, buffer, size, UINT64_MAX, false);
}

int64_t call_write(uint64_t fd, uint64_t buffer, uint64_t size)
{
	return move_one(fd, buffer, size, UINT64_MAX, true);
}

// A transfer from there would go past the last position that there is. (A size that no buffer has is
// found out later.)
static inline bool is_beyond(uint64_t offset, uint64_t size)
{
	return offset > INT64_MAX || (size <= IO_MAX && offset + size > INT64_MAX);
}

int64_t call_pread64(uint64_t fd, uint64_t buffer, uint64_t size, uint64_t offset)
{
	return is_beyond(offset, size) ? -EINVAL : move_one(fd, buffer, size, offset, false);
}

int64_t call_pwrite64(uint64_t fd, uint64_t buffer, uint64_t size, uint64_t offset)
{
	return is_beyond(offset, size) ? -EINVAL : move_one(fd, buffer, size, offset, true);
}

int64_t call_readv(uint64_t fd, uint64_t vector, uint64_t count)
{
	return move_vector(fd, vector, count, UINT64_MAX, false);
}

int64_t call_writev(uint64_t fd, uint64_t vector, uint64_t count)
{
	return move_vector(fd, vector, count, UINT64_MAX, true);
}

int64_t call_preadv(uint64_t fd, uint64_t vector, uint64_t count, uint64_t offset)
{
	return (int64_t)offset < 0 ? -EINVAL : move_vector(fd, vector, count, offset, false);
}

int64_t call_pwritev(uint64_t fd, uint64_t vector, uint64_t count, uint64_t offset)
{
	return (int64_t)offset < 0 ? -EINVAL : move_vector(fd, vector, count, offset, true);
}

#define RWF_HIPRI 1u
#define RWF_DSYNC 2u
#define RWF_SYNC 4u
#define RWF_APPEND 0x10u

// All is in memory: what is written is as safe as it will be. RWF_NOWAIT is for files that can promise it.
static int64_t flags_check(uint64_t flags, uint64_t known)
{
	return (uint32_t)flags & ~(known | RWF_HIPRI | RWF_DSYNC | RWF_SYNC) ? -EOPNOTSUPP : 0;
}

int64_t call_preadv2(uint64_t fd, uint64_t vector, uint64_t count, uint64_t offset, uint64_t high, uint64_t flags)
{
	int64_t err = flags_check(flags, 0);

	UNUSED(high);
	if ((int64_t)offset < -1)
		return -EINVAL;
	return err ? err : move_vector(fd, vector, count, offset, false);
}

static int64_t append_vector(uint64_t fd, uint64_t vector, uint64_t count, uint64_t offset)
{
	struct segments s = {.vector = vector, .left = count};
	struct handle handle;
	int64_t result = handle_find(fd, &handle);

	if (result == 0 && handle.type != TYPE_REGULAR)
		return move_vector(fd, vector, count, offset, true);
	if (result == 0)
		result = vector_size(vector, count);
	return result <= 0 ? result : write_limited(&handle, &s, (uint64_t)result, offset, true);
}

int64_t call_pwritev2(uint64_t fd, uint64_t vector, uint64_t count, uint64_t offset, uint64_t high, uint64_t flags)
{
	int64_t err = flags_check(flags, RWF_APPEND);

	UNUSED(high);
	if ((int64_t)offset < -1)
		return -EINVAL;
	if (err)
		return err;
	return flags & RWF_APPEND ? append_vector(fd, vector, count, offset)
				  : move_vector(fd, vector, count, offset, true);
}
