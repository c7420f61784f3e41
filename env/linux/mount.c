// Mounts, names of the machine, and attributes that no file system here keeps.
#include "env/linux/library.h"
#include "protocol/gen/name.h"
#include "protocol/gen/proc.h"

#define SOURCE_PLACE PATH_SECOND
#define TYPE_PLACE 0x2000u
#define OPTIONS_PLACE 0x3000u
#define REMOUNT 0x20u
#define BIND 0x1000u
#define OTHERS 0x1e2000u  // MOVE, and the kinds of propagation
#define MAGIC 0xc0ed0000u
#define MAGIC_MASK 0xffff0000u

struct mounting {
	struct window_call call;
	uint64_t source, target, type, data;
};

// An argument that may be null: then it is empty.
static int64_t text_copy(char *to, uint64_t from)
{
	int64_t n = from ? user_get_string(to, from, PATH_MAX) : window_write(to, "", 1);

	return n == PATH_MAX ? -ENAMETOOLONG : n < 0 ? n : 0;
}

static int64_t fill_mount(struct window_call *call, char *window)
{
	const struct mounting *m = (const struct mounting *)call;
	int64_t err = user_get_string(window + PATH_FIRST, m->target, PATH_MAX);

	if (err == PATH_MAX)
		err = -ENAMETOOLONG;
	if (err >= 0)
		err = text_copy(window + SOURCE_PLACE, m->source);
	if (err >= 0)
		err = text_copy(window + TYPE_PLACE, m->type);
	return err < 0 ? err : text_copy(window + OPTIONS_PLACE, m->data);
}

int64_t call_mount(uint64_t source, uint64_t target, uint64_t type, uint64_t flags, uint64_t data)
{
	struct mounting m = {{LINUX_SLOT_CONTEXT, WINDOW_FILE, .fill = fill_mount}, source, target, type, data};

	flags = (uint32_t)flags;
	if ((flags & MAGIC_MASK) == MAGIC)
		flags &= ~(uint64_t)MAGIC_MASK;
	if (flags & (REMOUNT | BIND | OTHERS))
		m.type = 0;
	else if (!type && process_get()->euid == 0)
		return -EINVAL;
	if (!source && (flags & BIND) && !(flags & REMOUNT))
		return -EINVAL;
	m.call.m = (struct msg){.tag = TAG(NAME_MOUNT, 6),
				.words = {0, PATH_FIRST, SOURCE_PLACE, TYPE_PLACE, flags, OPTIONS_PLACE}};
	return window_call(&m.call);
}

int64_t call_umount2(uint64_t target, uint64_t flags)
{
	struct msg m = {.tag = TAG(NAME_UMOUNT, 3), .words = {0, PATH_FIRST, (uint32_t)flags}};

	return path_call(AT_FDCWD, target, &m);
}

#define NAME_SIZE 64

static int64_t name_set(uint64_t which, uint64_t text, uint64_t length)
{
	uint64_t words[NAME_SIZE / 8] = {0};
	struct msg m = {.tag = TAG(PROC_SET_NAME, 2 + NAME_SIZE / 8), .words = {which, length}};

	if (process_get()->euid != 0)
		return -EPERM;
	if ((int32_t)length < 0 || (uint32_t)length > NAME_SIZE)
		return -EINVAL;
	if (length && user_get(words, text, (uint32_t)length))
		return -EFAULT;
	msg_set_words(&m, 2, words, NAME_SIZE / 8);
	err_t err = sys_call(LINUX_SLOT_PROCESS, &m);

	return answer_get(err, m.words[0]);
}

int64_t call_sethostname(uint64_t text, uint64_t length) { return name_set(0, text, length); }
int64_t call_setdomainname(uint64_t text, uint64_t length) { return name_set(1, text, length); }

#define UNAME_SIZE 65

int64_t call_uname(uint64_t out)
{
	char names[6][UNAME_SIZE] = {"Linux", "", "6.1-pith", "#1 Pith", "x86_64", ""};
	uint64_t words[(2 * UNAME_SIZE + 7) / 8];
	struct msg m = {.tag = TAG(PROC_GET_NAMES, 0)};
	err_t err = sys_call(LINUX_SLOT_PROCESS, &m);

	if (err)
		return answer_errno(err);
	msg_get_words(&m, 1, words, sizeof words / 8);
	memcpy(names[1], words, UNAME_SIZE);
	memcpy(names[5], (const char *)words + UNAME_SIZE, UNAME_SIZE);
	return user_put(out, names, sizeof names);
}

int64_t call_acct(void) { return process_get()->euid ? -EPERM : call_missing(); }

// Extended attributes: no file system here has them. A name must be there all the same.
static int64_t attribute_path(uint64_t path, uint64_t flags, int64_t answer)
{
	struct msg m = {.tag = TAG(NAME_ACCESS, 5), .words = {0, PATH_FIRST, 0, flags, UINT64_MAX}};
	int64_t err = path_call(AT_FDCWD, path, &m);

	return err ? err : answer;
}

static int64_t attribute_fd(uint64_t fd, int64_t answer)
{
	struct handle handle;
	uint64_t flags;
	int64_t err = handle_find(fd, &handle);

	if (!err)
		err = handle_flags(&handle, &flags);
	if (!err && (flags & O_PATH))
		err = -EBADF;
	return err ? err : answer;
}

int64_t call_xattr(uint64_t path) { return attribute_path(path, 0, -EOPNOTSUPP); }
int64_t call_lxattr(uint64_t path) { return attribute_path(path, AT_SYMLINK_NOFOLLOW, -EOPNOTSUPP); }
int64_t call_fxattr(uint64_t fd) { return attribute_fd(fd, -EOPNOTSUPP); }
int64_t call_listxattr(uint64_t path) { return attribute_path(path, 0, 0); }
int64_t call_llistxattr(uint64_t path) { return attribute_path(path, AT_SYMLINK_NOFOLLOW, 0); }
int64_t call_flistxattr(uint64_t fd) { return attribute_fd(fd, 0); }

#define MFD_CLOEXEC 1u
#define MFD_ALLOW_SEALING 2u
#define MEMORY_NAME_MAX 250

int64_t call_memfd_create(uint64_t name, uint64_t flags)
{
	struct window_call call = {LINUX_SLOT_CONTEXT, WINDOW_FILE,
				   .m = {.tag = TAG(NAME_OPEN, 4),
					 .words = {0, UINT64_MAX, O_TMPFILE | O_DIRECTORY | O_RDWR, 0}}};
	char text[MEMORY_NAME_MAX];
	int64_t index, err;

	// Huge pages are not there.
	if ((uint32_t)flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	call.m.words[3] = flags & MFD_ALLOW_SEALING ? 1 : 0;
	err = user_get_string(text, name, sizeof text);
	if (err < 0 || err == MEMORY_NAME_MAX)
		return err < 0 ? err : -EINVAL;
	index = handle_reserve();
	if (index < 0)
		return index;
	err = window_call(&call);
	if (!err && msg_get_cap(&call.m, 0) != handle_slot(index))
		err = -EIO;
	if (err) {
		handle_release(index);
		return err;
	}
	handle_set(index, HANDLE_FILE, TYPE_REGULAR);
	return handle_install(index, flags & MFD_CLOEXEC);
}

int64_t call_syncfs(uint64_t fd) { return attribute_fd(fd, 0); }

#define RANGE_FLAGS 7u

// Everything is in memory.
int64_t call_sync_file_range(uint64_t fd, uint64_t offset, uint64_t length, uint64_t flags)
{
	struct handle handle;
	int64_t err = handle_find(fd, &handle);

	if (err)
		return err;
	if (((uint32_t)flags & ~RANGE_FLAGS) || (int64_t)offset < 0 || (int64_t)length < 0 ||
	    (int64_t)(offset + length) < 0)
		return -EINVAL;
	return handle.kind != HANDLE_FILE || handle.type == TYPE_FIFO || handle.type == TYPE_CHARACTER ? -ESPIPE : 0;
}
