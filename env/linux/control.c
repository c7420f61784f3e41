// fcntl, ioctl, pipes, and times of files.
#include "env/linux/library.h"
#include "protocol/gen/file.h"
#include "protocol/gen/name.h"
#include "protocol/gen/terminal.h"
#include "protocol/gen/wait.h"

#define F_DUPFD 0
#define F_GETFD 1
#define F_SETFD 2
#define F_GETFL 3
#define F_SETFL 4
#define F_GETLEASE 1025
#define F_DUPFD_CLOEXEC 1030
#define F_UNLCK 2
#define F_SETPIPE_SZ 1031
#define F_GETPIPE_SZ 1032
#define F_ADD_SEALS 1033
#define F_GET_SEALS 1034

static int64_t flags_get(const struct handle *handle)
{
	uint64_t result = 0;
	err_t err = file_get_flags(handle->cap, &result);

	return answer_get(err, result);
}

int64_t handle_flags(const struct handle *handle, uint64_t *flags)
{
	int64_t result = flags_get(handle);

	*flags = result < 0 ? 0 : (uint64_t)result;
	return result < 0 ? result : 0;
}

static int64_t pipe_size(const struct handle *handle, uint64_t size)
{
	uint64_t result = 0;
	err_t err;

	if (handle->kind != HANDLE_FILE || handle->type != TYPE_FIFO)
		return -EBADF;
	err = wait_pipe_size(handle->cap, size, &result);
	return answer_get(err, result);
}

static int64_t flags_set(const struct handle *handle, uint64_t flags)
{
	uint64_t result = 0;
	err_t err = file_set_flags(handle->cap, flags, &result);

	return answer_get(err, result);
}

static int64_t seal(const struct handle *handle, uint64_t add)
{
	uint64_t result = 0;
	err_t err;

	if (handle->kind != HANDLE_FILE)
		return -EINVAL;
	err = file_seal(handle->cap, add, &result);
	return answer_get(err, result);
}

int64_t call_fcntl(uint64_t fd, uint64_t command, uint64_t argument)
{
	struct handle handle;
	int64_t err = handle_find(fd, &handle);
	struct linux_fd *entry;

	if (err)
		return err;
	entry = &process_get()->fds[(uint32_t)fd];
	switch ((uint32_t)command) {
	case F_DUPFD:
		return handle_duplicate(fd, argument, false);
	case F_DUPFD_CLOEXEC:
		return handle_duplicate(fd, argument, true);
	case F_GETFD:
		return entry->cloexec & 1;
	case F_SETFD:
		entry->cloexec = argument & 1;
		return 0;
	case F_GETFL:
		return flags_get(&handle);
	case F_SETFL:
		return flags_set(&handle, (uint32_t)argument);
	// Nobody can take one.
	case F_GETLEASE:
		return F_UNLCK;
	case F_SETPIPE_SZ:
		return pipe_size(&handle, (uint32_t)argument ? (uint32_t)argument : 1);
	case F_GETPIPE_SZ:
		return pipe_size(&handle, 0);
	case F_ADD_SEALS:
		return seal(&handle, (uint32_t)argument);
	case F_GET_SEALS:
		return seal(&handle, UINT64_MAX);
	default:
		if (lock_is_command((uint32_t)command))
			return lock_control(fd, (uint32_t)command, argument);
		return -EINVAL;
	}
}

struct request {
	uint32_t number;
	uint16_t in;    // bytes that go in
	uint16_t out;   // bytes that come out at most
};

static const struct request requests[] = {
	{0x5401, 0, 36},  // TCGETS
	{0x5402, 36, 0}, {0x5403, 36, 0}, {0x5404, 36, 0},  // TCSETS, TCSETSW, TCSETSF
	{0x540f, 0, 4},   // TIOCGPGRP
	{0x5410, 4, 0},   // TIOCSPGRP
	{0x5411, 0, 4},   // TIOCOUTQ
	{0x5412, 1, 0},   // TIOCSTI
	{0x5413, 0, 8},   // TIOCGWINSZ
	{0x5414, 8, 0},   // TIOCSWINSZ
	{0x541b, 0, 4},   // FIONREAD
	{0x5420, 4, 0},   // TIOCPKT
	{0x80045430, 0, 4}, {0x40045431, 4, 0},  // TIOCGPTN, TIOCSPTLCK
	{0x80045438, 0, 4}, {0x80045439, 0, 4},  // TIOCGPKT, TIOCGPTLCK
	{0x5423, 4, 0},   // TIOCSETD
	{0x5424, 0, 4},   // TIOCGETD
	{0x5429, 0, 4},   // TIOCGSID
	{0x802c542a, 0, 44},  // TCGETS2
	{0x402c542b, 44, 0}, {0x402c542c, 44, 0}, {0x402c542d, 44, 0},  // TCSETS2...
};

static struct request request_find(uint32_t number)
{
	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
		if (requests[i].number == number)
			return requests[i];
	return (struct request){number, 0, 0};
}

static int64_t fill_argument(struct window_call *call, char *window)
{
	return user_get(window, call->user[0], call->size);
}

// The server sees a structure in the window, or the number itself.
static int64_t device_control(const struct handle *handle, uint32_t number, uint64_t argument)
{
	struct request request = request_find(number);
	struct window_call call = {handle->cap, window_kind(handle), .user = {argument}, .size = request.in};
	int64_t result;

	if (request.in)
		call.fill = fill_argument;
	call.m = (struct msg){.tag = TAG(FILE_IOCTL, 3) | TAG_INTERRUPTIBLE, .words = {0, number, argument}};
	result = window_call(&call);
	if (result < 0 || request.out == 0)
		return result;
	if (call.m.words[1] > request.out)
		return -EIO;
	return user_put(argument, window_memory(call.kind), call.m.words[1]) ? -EFAULT : result;
}

// Open the other side of a pseudo-terminal's master.
static int64_t open_peer(const struct handle *handle, uint64_t flags)
{
	struct msg m = {.tag = TAG(TERMINAL_PEER, 2), .words = {(uint32_t)flags & ~O_CLOEXEC}};
	int64_t err = 0, index;

	if (handle->kind != HANDLE_TERMINAL)
		return -ENOTTY;
	m.words[1] = window_get(WINDOW_TERMINAL, LINUX_SLOT_TERMINAL, &err);
	if (err)
		return err;
	index = handle_reserve();
	if (index < 0)
		return index;
	err = answer_get(sys_call(handle->cap, &m), 0);
	if (!err)
		err = (int64_t)m.words[0];
	if (!err && msg_get_cap(&m, 0) != handle_slot(index))
		err = -EIO;
	if (err) {
		handle_release(index);
		return err;
	}
	handle_set(index, HANDLE_TERMINAL, TYPE_CHARACTER);
	return handle_install(index, flags & O_CLOEXEC);
}

#define TIOCGPTPEER 0x5441
#define FIONBIO 0x5421
#define FIONCLEX 0x5450
#define FIOCLEX 0x5451

static int64_t set_nonblock(const struct handle *handle, uint64_t argument)
{
	int32_t on = 0;
	int64_t flags = user_get(&on, argument, sizeof on);

	if (flags == 0)
		flags = flags_get(handle);
	if (flags < 0)
		return flags;
	return flags_set(handle, on ? (uint64_t)flags | O_NONBLOCK : (uint64_t)flags & ~(uint64_t)O_NONBLOCK);
}

int64_t call_ioctl(uint64_t fd, uint64_t number, uint64_t argument)
{
	struct handle handle;
	int64_t err = handle_find(fd, &handle);

	if (err)
		return err;
	switch ((uint32_t)number) {
	case TIOCGPTPEER:
		return open_peer(&handle, argument);
	case FIONBIO:
		return set_nonblock(&handle, argument);
	case FIOCLEX:
	case FIONCLEX:
		process_get()->fds[(uint32_t)fd].cloexec = (uint32_t)number == FIOCLEX;
		return 0;
	default:
		return device_control(&handle, (uint32_t)number, argument);
	}
}

// Both ends become descriptors, or none does.
static int64_t pipe_install(int64_t reader, int64_t writer, uint64_t out, bool cloexec)
{
	int64_t first, second;
	int32_t pair[2];

	handle_set(reader, HANDLE_FILE, TYPE_FIFO);
	handle_set(writer, HANDLE_FILE, TYPE_FIFO);
	first = handle_install(reader, cloexec);
	if (first < 0) {
		handle_release(writer);
		return first;
	}
	second = handle_install(writer, cloexec);
	if (second < 0) {
		(void)handle_close((uint64_t)first);
		return second;
	}
	pair[0] = (int32_t)first;
	pair[1] = (int32_t)second;
	if (user_put(out, pair, sizeof pair) == 0)
		return 0;
	(void)handle_close((uint64_t)first);
	(void)handle_close((uint64_t)second);
	return -EFAULT;
}

// The two capabilities come into the two reserved slots: the empty ones of the run that spans them.
static int64_t pipe_make(int64_t reader, int64_t writer, uint64_t flags)
{
	struct window_call call = {LINUX_SLOT_CONTEXT, WINDOW_FILE,
				   .m = {.tag = TAG(NAME_PIPE, 2), .words = {0, flags & O_NONBLOCK}}};
	int64_t result;

	msg_set_receive(handle_slot(reader), (uint32_t)(writer - reader) + 1);
	result = window_call(&call);
	if (result)
		return result;
	if (msg_get_cap(&call.m, 0) != handle_slot(reader) || msg_get_cap(&call.m, 1) != handle_slot(writer))
		return -EIO;
	return 0;
}

int64_t call_pipe2(uint64_t out, uint64_t flags)
{
	int64_t reader, writer, result;

	if ((uint32_t)flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	reader = handle_reserve();
	if (reader < 0)
		return reader;
	writer = handle_reserve();
	if (writer < 0) {
		handle_release(reader);
		return writer;
	}
	result = pipe_make(reader, writer, flags);
	if (result) {
		handle_release(reader);
		handle_release(writer);
		return result;
	}
	return pipe_install(reader, writer, out, flags & O_CLOEXEC);
}

int64_t call_pipe(uint64_t out) { return call_pipe2(out, 0); }

#define TIMES_OFFSET 0x2000  // in the window, behind the names
#define UTIME_NOW 0x3fffffff
#define UTIME_OMIT 0x3ffffffe
#define OPEN_ONLY 0x80000000u  // not with O_PATH

static int64_t times_check(const struct timespec *t)
{
	for (int i = 0; i < 2; i++)
		if ((uint64_t)t[i].tv_nsec >= NS_PER_SECOND && t[i].tv_nsec != UTIME_NOW &&
		    t[i].tv_nsec != UTIME_OMIT)
			return -EINVAL;
	return 0;
}

static int64_t fill_times(struct window_call *call, char *window)
{
	int64_t err = 0;

	if (call->user[0])
		err = user_get_string(window, call->user[0], PATH_MAX);
	if (err < 0)
		return err;
	if (err == PATH_MAX)
		return -ENAMETOOLONG;
	return call->user[1] ? window_write(window + TIMES_OFFSET, (const void *)call->user[1],
					    2 * sizeof(struct timespec)) : 0;
}

// `times` is the library's copy, or null: now. Path 0: the descriptor itself.
static int64_t times_set(uint64_t dirfd, uint64_t path, const struct timespec *times, uint64_t flags)
{
	struct window_call call = {.kind = WINDOW_FILE, .fill = fill_times,
				   .user = {path, (uint64_t)times},
				   .m = {.tag = TAG(NAME_UTIMENS, 4)}};
	struct handle handle;
	int64_t err;

	if (path) {
		err = path_base((int64_t)dirfd, path, &call.cap);
	} else {
		err = handle_find(dirfd, &handle);
		call.cap = handle.cap;
		if (!err && handle.kind != HANDLE_FILE)
			return -EINVAL;
	}
	if (err)
		return err;
	call.m.words[1] = path ? PATH_FIRST : UINT64_MAX;
	call.m.words[2] = times ? TIMES_OFFSET : UINT64_MAX;
	call.m.words[3] = (uint32_t)flags | (path ? 0 : OPEN_ONLY);
	return window_call(&call);
}

int64_t call_utimensat(uint64_t dirfd, uint64_t path, uint64_t times, uint64_t flags)
{
	struct timespec t[2];
	int64_t err = times ? user_get(t, times, sizeof t) : 0;

	if (!err && times)
		err = times_check(t);
	if (err)
		return err;
	// Nothing to do: Linux does not even look at the name.
	if (times && t[0].tv_nsec == UTIME_OMIT && t[1].tv_nsec == UTIME_OMIT)
		return 0;
	if ((uint32_t)flags & ~(path ? AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH : 0))
		return -EINVAL;
	if (path == 0 && (int32_t)dirfd == AT_FDCWD)
		return -EFAULT;
	return times_set(dirfd, path, times ? t : NULL, flags);
}

static int64_t times_set_old(uint64_t dirfd, uint64_t path, uint64_t times)
{
	struct timeval v[2];
	struct timespec t[2];
	int64_t err = times ? user_get(v, times, sizeof v) : 0;

	if (err)
		return err;
	for (int i = 0; times && i < 2; i++) {
		if ((uint64_t)v[i].tv_usec >= 1000000)
			return -EINVAL;
		t[i] = (struct timespec){v[i].tv_sec, v[i].tv_usec * 1000};
	}
	return path ? times_set(dirfd, path, times ? t : NULL, 0) : -EFAULT;
}

int64_t call_utimes(uint64_t path, uint64_t times) { return times_set_old((uint64_t)AT_FDCWD, path, times); }

int64_t call_futimesat(uint64_t dirfd, uint64_t path, uint64_t times)
{
	return times_set_old(dirfd, path, times);
}

int64_t call_utime(uint64_t path, uint64_t times)
{
	int64_t seconds[2];
	int64_t err = times ? user_get(seconds, times, sizeof seconds) : 0;

	if (err)
		return err;
	if (!times)
		return path ? times_set((uint64_t)AT_FDCWD, path, NULL, 0) : -EFAULT;
	struct timespec t[2] = {{seconds[0], 0}, {seconds[1], 0}};

	return path ? times_set((uint64_t)AT_FDCWD, path, t, 0) : -EFAULT;
}
