// Calls that are seldom made: other users for files, memory of others, old forms, and what only a machine's
// administrator could ask for.
#include "env/linux/library.h"
#include "protocol/gen/process.h"

static int64_t fs_ids_set(uint64_t uid, uint64_t gid, bool is_group)
{
	uint64_t result = 0, before[2] = {0, 0};
	int64_t err = answer_get(process_set_fs_ids(LINUX_SLOT_PROCESS, uid, gid, &result, &before[0], &before[1]), 0);

	return err ? err : (int64_t)before[is_group];
}

static uint64_t id_of(uint64_t id) { return (uint32_t)id == UINT32_MAX ? UINT64_MAX : (uint32_t)id; }

int64_t call_setfsuid(uint64_t uid) { return fs_ids_set(id_of(uid), UINT64_MAX, false); }
int64_t call_setfsgid(uint64_t gid) { return fs_ids_set(UINT64_MAX, id_of(gid), true); }

// Only the Linux of today can be asked for.
int64_t call_personality(uint64_t want) { return (uint32_t)want == UINT32_MAX || want == 0 ? 0 : -EINVAL; }

#define SYSLOG_LAST 10

// There is no log of a kernel to be read by programs.
int64_t call_syslog(uint64_t type) { return (uint32_t)type > SYSLOG_LAST ? -EINVAL : -EPERM; }

// The clock is the machine's, and nobody's to set.
int64_t call_clock_settime(uint64_t clock, uint64_t in)
{
	struct timespec t;

	if ((uint32_t)clock != 0)
		return -EINVAL;
	if (user_get(&t, in, sizeof t))
		return -EFAULT;
	return (uint64_t)t.tv_nsec >= NS_PER_SECOND || t.tv_sec < 0 ? -EINVAL : -EPERM;
}

int64_t call_settimeofday(uint64_t in, uint64_t zone)
{
	struct timeval t;
	uint64_t both;

	if (in && user_get(&t, in, sizeof t))
		return -EFAULT;
	if (in && ((uint64_t)t.tv_usec > 1000000 || t.tv_sec < 0))
		return -EINVAL;
	return zone && user_get(&both, zone, sizeof both) ? -EFAULT : -EPERM;
}

struct iovec {
	uint64_t base, size;
};

#define VM_PIECE 65536u

// Where a walk over buffers is.
struct walk {
	uint64_t vector, left;
	struct iovec now;
};

// 0: there is a buffer; 1: no more; -errno.
static int64_t walk_next(struct walk *w)
{
	while (w->now.size == 0) {
		if (w->left == 0)
			return 1;
		if (user_get(&w->now, w->vector, sizeof w->now))
			return -EFAULT;
		w->vector += sizeof w->now;
		w->left--;
	}
	return 0;
}

static int64_t walk_check(uint64_t vector, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		struct iovec v;

		if (user_get(&v, vector + i * sizeof v, sizeof v))
			return -EFAULT;
		if ((int64_t)v.size < 0)
			return -EINVAL;
	}
	return 0;
}

static int64_t vm_piece(uint64_t pid, uint64_t local, uint64_t remote, uint64_t n, bool is_write)
{
	uint64_t result = 0;
	err_t err;

	if (!user_is_range(local, n))
		return -EFAULT;
	err = process_vm(LINUX_SLOT_PROCESS, pid, local, remote, n, is_write, &result);
	return answer_get(err, result);
}

static int64_t vm_move(uint64_t pid, struct walk local, struct walk remote, bool is_write)
{
	int64_t done = 0;

	for (;;) {
		int64_t a = walk_next(&local), b = walk_next(&remote), got;
		uint64_t n = local.now.size < remote.now.size ? local.now.size : remote.now.size;

		if (a || b)
			return done ? done : a < 0 ? a : b < 0 ? b : vm_piece(pid, 0, 0, 0, is_write);
		n = n < VM_PIECE ? n : VM_PIECE;
		got = vm_piece(pid, local.now.base, remote.now.base, n, is_write);
		if (got < 0)
			return done ? done : got;
		done += got;
		local.now = (struct iovec){local.now.base + (uint64_t)got, local.now.size - (uint64_t)got};
		remote.now = (struct iovec){remote.now.base + (uint64_t)got, remote.now.size - (uint64_t)got};
		if ((uint64_t)got < n)
			return done;
	}
}

static int64_t vm_call(uint64_t pid, const uint64_t v[4], uint64_t flags, bool is_write)
{
	struct walk local = {v[0], v[1], {0, 0}}, remote = {v[2], v[3], {0, 0}};
	int64_t err;

	if (flags || v[1] > IOV_MAX || v[3] > IOV_MAX)
		return -EINVAL;
	err = walk_check(v[0], v[1]);
	if (!err)
		err = walk_check(v[2], v[3]);
	if (err || v[1] == 0)
		return err;
	return vm_move((uint32_t)pid, local, remote, is_write);
}

int64_t call_process_vm_readv(uint64_t pid, uint64_t local, uint64_t locals, uint64_t remote, uint64_t remotes,
			      uint64_t flags)
{
	return vm_call(pid, (uint64_t[4]){local, locals, remote, remotes}, flags, false);
}

int64_t call_process_vm_writev(uint64_t pid, uint64_t local, uint64_t locals, uint64_t remote, uint64_t remotes,
			       uint64_t flags)
{
	return vm_call(pid, (uint64_t[4]){local, locals, remote, remotes}, flags, true);
}

#define CLONE_VM 0x100u
#define CLONE_FS 0x200u
#define CLONE_FILES 0x400u
#define CLONE_SIGHAND 0x800u
#define CLONE_THREAD 0x10000u
#define CLONE_SYSVSEM 0x40000u
#define UNSHARED (CLONE_FS | CLONE_FILES | CLONE_SYSVSEM)
#define UNSHARED_ALONE (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)

// What a process with one thread shares with nobody is its own already.
int64_t call_unshare(uint64_t flags)
{
	if (flags & ~(uint64_t)(UNSHARED | UNSHARED_ALONE))
		return -EINVAL;
	return flags && process_get()->thread_count > 1 ? -EINVAL : 0;
}
