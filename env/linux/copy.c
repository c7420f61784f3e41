// sendfile and copy_file_range: from one descriptor to another, by way of the windows.
//
// Each piece is read at an offset that is not moved before it is known how much could be written; where the
// server alone has the offset, a read moves it, and what could not be written moves it back: that saves the
// questions for it. Between two objects of the file server a piece stays in its window, and is copied by nobody.
#include "env/linux/library.h"
#include "env/linux/segment.h"
#include "protocol/gen/file.h"

#define NOT_MOVED UINT64_MAX

struct copy {
	struct handle in, out;
	uint64_t in_offset, out_offset;  // NOT_MOVED: the description's own
};

static int64_t window_fill(struct window_call *call, char *window)
{
	const char *from = (const char *)call->user[0];

	return from == window ? 0 : window_write(window, from, call->size);
}

static int64_t piece_read(struct copy *c, uint64_t size)
{
	struct window_call call = {c->in.cap, WINDOW_FILE, .size = size};

	call.m = (struct msg){.tag = TAG(FILE_READ, 3), .words = {0, size, c->in_offset}};
	return window_call(&call);
}

// Into a view of the output, as far as it goes: bytes, or 0.
static int64_t piece_show(const struct copy *c, uint64_t size)
{
	struct segments s = {.base = (uint64_t)window_memory(WINDOW_FILE), .size = size};
	int64_t done = 0;

	if (limit_file() == UINT64_MAX && cview_may_write(&c->out))
		(void)cview_write(&c->out, &s, size, c->out_offset, &done);
	return done;
}

// What is left behind `shown` bytes, by message.
static int64_t piece_send(const struct copy *c, uint64_t size, uint64_t shown)
{
	struct window_call call = {c->out.cap, window_kind(&c->out), .fill = window_fill, .size = size - shown,
				   .user = {(uint64_t)window_memory(WINDOW_FILE) + shown}};
	bool is_regular = c->out.type == TYPE_REGULAR;
	uint64_t offset = c->out_offset == NOT_MOVED ? NOT_MOVED : c->out_offset + shown;

	call.m = (struct msg){.tag = TAG(FILE_WRITE, is_regular ? 4 : 3) | TAG_INTERRUPTIBLE,
			      .words = {0, size - shown, offset, is_regular ? limit_file() : 0}};
	return is_regular ? limit_file_check(window_call(&call)) : window_call(&call);
}

static int64_t piece_write(const struct copy *c, uint64_t size)
{
	int64_t shown = piece_show(c, size), sent;

	if (shown == (int64_t)size)
		return shown;
	sent = piece_send(c, size, (uint64_t)shown);
	return sent < 0 ? (shown ? shown : sent) : shown + sent;
}

#define SEEK_SET 0
#define SEEK_CUR 1

// Of `got` bytes of a piece only `put` have gone on, or none.
static void piece_return(const struct copy *c, int64_t got, int64_t put)
{
	struct msg m = {.tag = TAG(FILE_SEEK, 2), .words = {(uint64_t)((put > 0 ? put : 0) - got), SEEK_CUR}};

	if (c->in_offset == NOT_MOVED)
		(void)sys_call(c->in.cap, &m);
}

static int64_t copy_run(struct copy *c, uint64_t size)
{
	uint64_t done = 0;

	while (done < size) {
		uint64_t want = size - done < WINDOW_SIZE ? size - done : WINDOW_SIZE;
		int64_t got = piece_read(c, want), put = got > 0 ? piece_write(c, (uint64_t)got) : got;

		if (put < got)
			piece_return(c, got, put);
		if (put == -EPIPE)
			signal_raise(SIGPIPE, SI_USER, 0);
		if (put <= 0)
			return done ? (int64_t)done : put;
		done += (uint64_t)put;
		if (c->in_offset != NOT_MOVED)
			c->in_offset += (uint64_t)put;
		if (c->out_offset != NOT_MOVED)
			c->out_offset += (uint64_t)put;
		// A regular file that gives less has ended.
		if (put < got || (uint64_t)got < want || __atomic_load_n(&thread_get()->work, __ATOMIC_RELAXED))
			break;
	}
	return (int64_t)done;
}

static int64_t flags_get(const struct handle *handle)
{
	struct msg m = {.tag = TAG(FILE_GET_FLAGS, 0)};
	err_t err = sys_call(handle->cap, &m);

	return answer_get(err, m.words[0]);
}

#define O_APPEND 0x400u

// Both descriptors, and what they are open for.
static int64_t copy_open(struct copy *c, uint64_t in, uint64_t out, int64_t *out_flags)
{
	int64_t err = handle_find(in, &c->in), flags;

	if (!err)
		err = handle_find(out, &c->out);
	if (err)
		return err;
	flags = flags_get(&c->in);
	*out_flags = flags_get(&c->out);
	if (flags < 0 || *out_flags < 0)
		return flags < 0 ? flags : *out_flags;
	if ((flags & O_PATH) || (flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	return (*out_flags & O_PATH) || (*out_flags & O_ACCMODE) == 0 ? -EBADF : 0;
}

// Where the input starts: the program's word, or the description's offset.
static int64_t offset_get(uint64_t fd, uint64_t pointer, uint64_t *offset)
{
	int64_t at;

	if (pointer)
		return user_get(offset, pointer, sizeof *offset);
	at = call_lseek(fd, 0, SEEK_CUR);
	*offset = (uint64_t)at;
	return at < 0 ? at : 0;
}

static int64_t offset_put(uint64_t fd, uint64_t pointer, uint64_t offset)
{
	int64_t at;

	if (pointer)
		return user_put(pointer, &offset, sizeof offset);
	at = call_lseek(fd, offset, SEEK_SET);
	return at < 0 ? at : 0;
}

// The short way from a file whose offset the server has: the read tells whether it is allowed. False: not this
// way, and nothing is done.
static bool send_unasked(uint64_t out, uint64_t in, uint64_t size, int64_t *result)
{
	struct copy c = {.in_offset = NOT_MOVED, .out_offset = NOT_MOVED};
	int64_t flags = 0;
	bool is_shown;

	if (!size || handle_find(in, &c.in) || handle_find(out, &c.out) || c.in.kind != HANDLE_FILE ||
	    c.in.type != TYPE_REGULAR)
		return false;
	// What has a view that may be written is open for writing, and not to append.
	is_shown = cview_may_write(&c.out);
	if (!is_shown)
		flags = flags_get(&c.out);
	if (!is_shown && (flags < 0 || (flags & (O_PATH | O_APPEND)) || (flags & O_ACCMODE) == 0))
		return false;
	if (!cview_forgo(&c.in))
		return false;
	*result = copy_run(&c, size < IO_MAX ? size : IO_MAX);
	return true;
}

int64_t call_sendfile(uint64_t out, uint64_t in, uint64_t pointer, uint64_t size)
{
	struct copy c = {.out_offset = NOT_MOVED};
	int64_t out_flags, result, err;

	if (!pointer && send_unasked(out, in, size, &result))
		return result;
	result = copy_open(&c, in, out, &out_flags);
	if (result)
		return result;
	if (c.in.kind != HANDLE_FILE || c.in.type != TYPE_REGULAR || (out_flags & O_APPEND))
		return -EINVAL;
	result = offset_get(in, pointer, &c.in_offset);
	if (!result && (int64_t)c.in_offset < 0)
		result = -EINVAL;
	if (result)
		return result;
	result = copy_run(&c, size < IO_MAX ? size : IO_MAX);
	err = result > 0 || pointer ? offset_put(in, pointer, c.in_offset) : 0;
	return result < 0 ? result : err ? err : result;
}

static int64_t identity(const struct handle *handle, struct stat *st)
{
	struct window_call call = {handle->cap, WINDOW_FILE, .m = {.tag = TAG(FILE_STAT, 1)}};
	int64_t err = window_call(&call);

	return err ? err : window_read(st, window_memory(WINDOW_FILE), sizeof *st);
}

static int64_t range_check(const struct copy *c, uint64_t size)
{
	uint64_t a = c->in_offset, b = c->out_offset;
	struct stat in, out;
	int64_t err = identity(&c->in, &in);

	if (!err)
		err = identity(&c->out, &out);
	if (err || in.st_ino != out.st_ino || in.st_dev != out.st_dev)
		return err;
	return a < b + size && b < a + size ? -EINVAL : 0;
}

static int64_t kinds_check(const struct copy *c, int64_t out_flags)
{
	if (c->in.type == TYPE_FOLDER || c->out.type == TYPE_FOLDER)
		return -EISDIR;
	if (c->in.kind != HANDLE_FILE || c->out.kind != HANDLE_FILE || c->in.type != TYPE_REGULAR ||
	    c->out.type != TYPE_REGULAR)
		return -EINVAL;
	return out_flags & O_APPEND ? -EBADF : 0;
}

int64_t call_copy_file_range(uint64_t in, uint64_t in_pointer, uint64_t out, uint64_t out_pointer, uint64_t size,
			     uint64_t flags)
{
	struct copy c;
	int64_t out_flags, result, err;

	if ((uint32_t)flags)
		return -EINVAL;
	result = copy_open(&c, in, out, &out_flags);
	if (!result)
		result = kinds_check(&c, out_flags);
	if (!result)
		result = offset_get(in, in_pointer, &c.in_offset);
	if (!result)
		result = offset_get(out, out_pointer, &c.out_offset);
	if (!result && (c.in_offset + size < size || c.out_offset + size < size))
		result = -EOVERFLOW;
	if (!result && ((int64_t)c.in_offset < 0 || (int64_t)c.out_offset < 0))
		result = -EINVAL;
	size = size < IO_MAX ? size : IO_MAX;
	if (!result)
		result = size ? range_check(&c, size) : 0;
	if (result)
		return result;
	result = copy_run(&c, size);
	if (result <= 0)
		return result;
	err = offset_put(in, in_pointer, c.in_offset);
	if (!err)
		err = offset_put(out, out_pointer, c.out_offset);
	return err ? err : result;
}

#define ADVICE_MAX 5

// What a program says about its use of a file changes nothing where all of it is in memory.
int64_t call_fadvise64(uint64_t fd, uint64_t offset, uint64_t length, uint64_t advice)
{
	struct handle handle;
	int64_t err = handle_find(fd, &handle);

	UNUSED(offset);
	if (err)
		return err;
	if (handle.type == TYPE_FIFO)
		return -ESPIPE;
	return (int64_t)length < 0 || (uint32_t)advice > ADVICE_MAX ? -EINVAL : 0;
}

int64_t call_readahead(uint64_t fd, uint64_t offset, uint64_t size)
{
	struct handle handle;
	int64_t err = handle_find(fd, &handle), flags;

	UNUSED(offset);
	UNUSED(size);
	if (err)
		return err;
	flags = flags_get(&handle);
	if (flags < 0 || (flags & O_PATH) || (flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	return handle.type == TYPE_REGULAR ? 0 : -EINVAL;
}
