// Calls with names: where a name starts, and its way into the window.
#include "abi/gen/stubs.h"
#include "env/linux/library.h"
#include "protocol/gen/name.h"
#include "protocol/gen/terminal.h"

#define NAME_SHORT 256

// The capability where the name starts: the context, or the handle of the directory.
int64_t path_base(int64_t dirfd, uint64_t path, cap_t *base)
{
	struct handle handle;
	char first = 0;
	int64_t err;

	*base = LINUX_SLOT_CONTEXT;
	if ((int32_t)dirfd == AT_FDCWD)
		return 0;
	err = user_get(&first, path, 1);
	if (err || first == '/')
		return err;
	err = handle_find((uint64_t)dirfd, &handle);
	if (err)
		return err;
	*base = handle.cap;
	return handle.kind == HANDLE_FILE ? 0 : -ENOTDIR;
}

static int64_t path_copy(char *window, uint64_t path)
{
	int64_t length = user_get_string(window, path, PATH_MAX);

	return length == PATH_MAX ? -ENAMETOOLONG : length;
}

static int64_t fill_one(struct window_call *call, char *window)
{
	return path_copy(window + PATH_FIRST, call->user[0]);
}

static int64_t fill_two(struct window_call *call, char *window)
{
	int64_t err = path_copy(window + PATH_FIRST, call->user[0]);

	return err < 0 ? err : path_copy(window + PATH_SECOND, call->user[1]);
}

static int64_t fill_text(struct window_call *call, char *window)
{
	return window_write(window + PATH_FIRST, (const void *)call->user[0], call->size);
}

static int64_t finish(struct window_call *call, struct msg *m)
{
	int64_t result;

	call->m = *m;
	result = window_call(call);
	*m = call->m;
	return result;
}

int64_t path_call(int64_t dirfd, uint64_t path, struct msg *m)
{
	struct window_call call = {.kind = WINDOW_FILE, .fill = fill_one, .user = {path}};
	int64_t err = path_base(dirfd, path, &call.cap);

	return err ? err : finish(&call, m);
}

int64_t path_call_two(cap_t base, uint64_t first, uint64_t second, struct msg *m)
{
	struct window_call call = {base, WINDOW_FILE, .fill = fill_two, .user = {first, second}};

	return finish(&call, m);
}

int64_t path_call_text(const char *path, struct msg *m)
{
	struct window_call call = {LINUX_SLOT_CONTEXT, WINDOW_FILE, .fill = fill_text,
				   .user = {(uint64_t)path}, .size = strlen(path) + 1};

	return finish(&call, m);
}

// A name that leads to another server's object: what arrived is that server's device, and the handle
// takes its place in the slot.
static int64_t device_open(int64_t index, uint64_t flags)
{
	struct msg m = {.tag = TAG(TERMINAL_OPEN, 2), .words = {flags}};
	int64_t other, err = 0;

	m.words[1] = window_get(WINDOW_TERMINAL, LINUX_SLOT_TERMINAL, &err);
	if (err)
		return err;
	other = handle_reserve();
	if (other < 0)
		return other;
	err = answer_get(sys_call(handle_slot(index), &m), 0);
	if (err == 0)
		err = (int64_t)m.words[0];
	if (err == 0 && msg_get_cap(&m, 0) != handle_slot(other))
		err = -EIO;
	if (err == 0) {
		handle_clear(index);
		err = answer_errno(cnode_move(LINUX_SLOT_CNODE, (uint64_t)index, LINUX_SLOT_CNODE,
					      (uint64_t)other, 1, NULL));
	}
	handle_release(other);
	if (err == 0)
		handle_set(index, HANDLE_TERMINAL, TYPE_CHARACTER);
	return err;
}

#define DEVICE(major, minor) ((uint64_t)(major) << 8 | (minor))

// What is known of the handle from the first.
static uint8_t io_of(const struct msg *m, uint64_t flags)
{
	uint64_t type = (m->words[2] & S_IFMT) >> TYPE_SHIFT;
	uint8_t mode = flags & O_ACCMODE;

	if (type == TYPE_REGULAR)
		return IO_REGULAR;
	if (type != TYPE_CHARACTER)
		return IO_UNKNOWN;
	switch (m->words[3]) {
	case DEVICE(1, 3):
		return IO_DEVICE + 4 * IO_NULL + mode;
	case DEVICE(1, 5):
		return IO_DEVICE + 4 * IO_ZERO + mode;
	case DEVICE(1, 7):
		return IO_DEVICE + 4 * IO_FULL + mode;
	default:
		return IO_UNKNOWN;
	}
}

// What arrived with the answer to an open is the handle, or leads to it.
static int64_t open_finish(struct msg *m, int64_t index, uint64_t flags, uint64_t *st_mode)
{
	uint64_t kind = m->words[1];

	if (msg_get_cap(m, 0) != handle_slot(index))
		return -EIO;
	if (st_mode)
		*st_mode = m->words[2];
	if (kind != HANDLE_DEVICE_TERMINAL) {
		if (!(flags & O_PATH))
			process_get()->io[index] = io_of(m, flags);
		handle_set(index, (uint8_t)kind, (uint8_t)((m->words[2] & S_IFMT) >> TYPE_SHIFT));
		return kind == HANDLE_FILE || kind == HANDLE_TERMINAL ? 0 : -EIO;
	}
	return device_open(index, flags);
}

// A process that opens little needs no window for it: a short name goes with the message. -EFAULT: it has to
// go through a window.
static int64_t open_in_message(const uint64_t *name, uint64_t length, struct msg *m)
{
	struct msg sent = *m;
	unsigned words = (unsigned)(length / 8 + 1);
	int64_t result;
	err_t err;

	sent.tag = TAG(NAME_OPEN, MSG_WORDS_REGISTERS + words);
	sent.words[0] = WINDOW_NONE;
	msg_set_words(&sent, MSG_WORDS_REGISTERS, name, words);
	err = sys_call(LINUX_SLOT_CONTEXT, &sent);
	result = answer_get(err, sent.words[0]);
	*m = result ? *m : sent;
	return result == -EREMOTE ? -EFAULT : result;
}

static bool is_little(void)
{
	return !thread_get()->window_token[WINDOW_FILE] && !process_get()->desk_token;
}

static int64_t open_user(int64_t dirfd, uint64_t path, struct msg *m)
{
	uint64_t name[NAME_SHORT / 8];
	int64_t length = is_little() ? user_get_string((char *)name, path, NAME_SHORT) : -EFAULT;

	if (length < 0 || length == NAME_SHORT || ((int32_t)dirfd != AT_FDCWD && (name[0] & 0xff) != '/'))
		return -EFAULT;
	return open_in_message(name, (uint64_t)length, m);
}

static int64_t open_text(const char *path, struct msg *m)
{
	uint64_t name[NAME_SHORT / 8];
	size_t length = strlen(path);

	if (!is_little() || length >= NAME_SHORT)
		return -EFAULT;
	memcpy(name, path, length + 1);
	return open_in_message(name, length, m);
}

int64_t path_open_text(const char *path, uint64_t flags, int64_t index, uint64_t *st_mode)
{
	struct msg m = {.tag = TAG(NAME_OPEN, 4), .words = {0, PATH_FIRST, flags, 0}};
	int64_t result;

	msg_set_receive(handle_slot(index), 1);
	result = open_text(path, &m);
	if (result == -EFAULT)
		result = path_call_text(path, &m);
	return result ? result : open_finish(&m, index, flags, st_mode);
}

// Open into a handle that was closed by word, which has its capability already: its index, or -errno.
// LEASE_STALE: it takes another one.
static int64_t open_again(int64_t dirfd, uint64_t path, const struct msg *m)
{
	struct window_call call = {.kind = WINDOW_FILE, .fill = fill_one, .user = {path}, .m = *m};
	int64_t index = m->words[4] ? handle_reserve_closed() : LEASE_STALE, result;

	if (index < 0)
		return index;
	result = path_base(dirfd, path, &call.cap);
	call.m.words[5] = (uint64_t)index | LEASE_REUSE;
	if (!result)
		result = window_call_once(&call);
	if (result == LEASE_STALE) {
		handle_release(index);
		return result;
	}
	if (result) {
		handle_return(index);
		return result == -EREMOTE ? LEASE_STALE : result;
	}
	process_get()->io[index] = m->words[2] & O_PATH ? IO_UNKNOWN : io_of(&call.m, m->words[2]);
	handle_set(index, HANDLE_FILE, (uint8_t)((call.m.words[2] & S_IFMT) >> TYPE_SHIFT));
	return index;
}

// Such an open can be made again without the server (desk_open).
static bool is_repeatable(uint64_t flags)
{
	return !(flags & ~(uint64_t)(O_LARGEFILE | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY));
}

static int64_t open_at(int64_t dirfd, uint64_t path, uint64_t flags, uint64_t mode)
{
	struct msg m = {.tag = TAG(NAME_OPEN, 7), .words = {0, PATH_FIRST, flags & ~(uint64_t)O_CLOEXEC,
							    mode & 07777, desk_get()}};
	int64_t index, result;

	m.words[2] &= ~(uint64_t)O_EXECUTE;
	m.words[6] = is_repeatable(m.words[2]);
	index = m.words[6] ? desk_open(dirfd, path, m.words[2]) : LEASE_STALE;
	if (index == LEASE_STALE)
		index = open_again(dirfd, path, &m);
	if (index >= 0)
		return handle_install(index, flags & O_CLOEXEC);
	if (index == LEASE_STALE)
		index = handle_reserve();
	if (index < 0)
		return index;
	m.words[5] = (uint64_t)index;
	result = open_user(dirfd, path, &m);
	if (result == -EFAULT)
		result = path_call(dirfd, path, &m);
	if (result == 0)
		result = open_finish(&m, index, flags & ~(uint64_t)O_CLOEXEC, NULL);
	if (result == 0 && process_get()->handles[index].type == TYPE_FIFO && !(flags & O_PATH))
		result = pipe_open_wait(&(struct handle){handle_slot(index), HANDLE_FILE, TYPE_FIFO, (uint16_t)index});
	if (result) {
		handle_release(index);
		return result;
	}
	return handle_install(index, flags & O_CLOEXEC);
}

int64_t call_open(uint64_t path, uint64_t flags, uint64_t mode)
{
	return open_at(AT_FDCWD, path, (uint32_t)flags, mode);
}

int64_t call_creat(uint64_t path, uint64_t mode)
{
	return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int64_t call_openat(uint64_t dirfd, uint64_t path, uint64_t flags, uint64_t mode)
{
	return open_at((int64_t)dirfd, path, (uint32_t)flags, mode);
}
