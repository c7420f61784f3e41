// fcntl's locks and flock.
#include "env/linux/library.h"
#include "protocol/gen/file.h"

#define F_RDLCK 0
#define F_UNLCK 2
#define SEEK_CUR 1
#define F_GETLK 5
#define F_SETLKW 7
#define F_OFD_GETLK 36
#define F_OFD_SETLKW 38
#define LOCK_SH 1u
#define LOCK_EX 2u
#define LOCK_NB 4u
#define LOCK_UN 8u
#define LOCK_MAND 32u

struct flock {
	int16_t type, whence;
	int32_t pad;
	int64_t start, length;
	int32_t pid, pad2;
};
_Static_assert(sizeof(struct flock) == 32, "struct flock");

static int64_t lock_call(const struct handle *handle, struct msg *m)
{
	struct window_call call = {handle->cap, WINDOW_FILE, .m = *m};
	int64_t result;

	if (handle->kind != HANDLE_FILE)
		return -ENOLCK;
	call.m.tag = TAG(FILE_LOCK, 7) | TAG_INTERRUPTIBLE;
	result = window_call(&call);
	*m = call.m;
	return result;
}

bool lock_is_command(uint32_t command)
{
	return (command >= F_GETLK && command <= F_SETLKW) ||
	       (command >= F_OFD_GETLK && command <= F_OFD_SETLKW);
}

static int64_t found_put(uint64_t to, struct flock lock, const struct msg *m)
{
	lock.type = (int16_t)m->words[1];
	if (lock.type != F_UNLCK) {
		lock.whence = 0;
		lock.start = (int64_t)m->words[2];
		lock.length = (int64_t)m->words[3];
		lock.pid = (int32_t)m->words[4];
	}
	return user_put(to, &lock, sizeof lock);
}

int64_t lock_control(uint64_t fd, uint32_t command, uint64_t argument)
{
	uint64_t number = command >= F_OFD_GETLK ? command - F_OFD_GETLK + 3 : command - F_GETLK;
	struct handle handle;
	struct flock lock;
	int64_t result = handle_find(fd, &handle);

	if (result)
		return result;
	if (user_get(&lock, argument, sizeof lock))
		return -EFAULT;
	if (number >= 3 && lock.pid)
		return -EINVAL;
	if ((uint16_t)lock.type > F_UNLCK || (uint16_t)lock.whence > 2)
		return -EINVAL;
	if (lock.whence == SEEK_CUR) {
		result = call_lseek(fd, 0, SEEK_CUR);
		if (result < 0)
			return result;
		if (__builtin_add_overflow(lock.start, result, &lock.start))
			return -EOVERFLOW;
	}
	struct msg m = {.words = {0, number, (uint64_t)lock.type, lock.whence == SEEK_CUR ? 0 : (uint64_t)lock.whence,
				  (uint64_t)lock.start, (uint64_t)lock.length, process_get()->pid}};

	if (number == 1 || number == 2)
		process_get()->locks = 1;
	result = lock_call(&handle, &m);
	if (result < 0 || number % 3)
		return result;
	return found_put(argument, lock, &m);
}

// Closing any descriptor of a file drops the process's locks on it.
void lock_close(uint64_t fd)
{
	struct handle handle;

	if (handle_find(fd, &handle) || handle.kind != HANDLE_FILE)
		return;
	struct window_call call = {handle.cap, WINDOW_FILE, .m = {.tag = TAG(FILE_UNLOCK, 1)}};

	(void)window_call(&call);
}

int64_t call_flock(uint64_t fd, uint64_t operation)
{
	uint32_t op = (uint32_t)operation & ~LOCK_NB;
	uint64_t type = op == LOCK_SH ? 0 : op == LOCK_EX ? 1 : F_UNLCK;
	struct msg m = {.words = {0, (uint32_t)operation & LOCK_NB ? 6 : 7, type}};
	struct handle handle;
	int64_t err = handle_find(fd, &handle);

	if (err)
		return err;
	// Mandatory locks are no more: asking for one does nothing.
	if ((uint32_t)operation & LOCK_MAND)
		return 0;
	if (op != LOCK_SH && op != LOCK_EX && op != LOCK_UN)
		return -EINVAL;
	return lock_call(&handle, &m);
}
