// The rest: the machine, limits, the thread, small things.
#include "env/linux/library.h"
#include "protocol/gen/process.h"

#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004

int64_t call_arch_prctl(uint64_t code, uint64_t address)
{
	uint64_t base;

	switch ((uint32_t)code) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (address >= USER_END)
			return -EPERM;
		if ((uint32_t)code == ARCH_SET_FS)
			fs_set(address);
		else
			gs_set(address);
		return 0;
	case ARCH_GET_FS:
	case ARCH_GET_GS:
		base = (uint32_t)code == ARCH_GET_FS ? fs_get() : gs_get();
		return user_put(address, &base, sizeof base);
	default:
		return -EINVAL;
	}
}

int64_t call_set_tid_address(uint64_t address)
{
	thread_get()->clear_child_tid = address;
	return thread_get()->tid;
}

// One core.
int64_t call_sched_getaffinity(uint64_t pid, uint64_t size, uint64_t out)
{
	uint64_t mask = 1;

	if (pid && (uint32_t)pid != process_get()->pid && (uint32_t)pid != thread_get()->tid)
		return -ESRCH;
	if (size < sizeof mask || size % 8)
		return -EINVAL;
	return user_put(out, &mask, sizeof mask) ? -EFAULT : (int64_t)sizeof mask;
}

int64_t call_getcpu(uint64_t cpu, uint64_t node)
{
	uint32_t zero = 0;

	if (cpu && user_put(cpu, &zero, sizeof zero))
		return -EFAULT;
	return node ? user_put(node, &zero, sizeof zero) : 0;
}

#define RANDOM_PIECE 56
#define GRND_RANDOM 2u
#define GRND_INSECURE 4u

int64_t call_getrandom(uint64_t buffer, uint64_t size, uint64_t flags)
{
	uint64_t done = 0;

	if ((uint32_t)flags & ~7u || ((uint32_t)flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if (size > IO_MAX)
		size = IO_MAX;
	while (done < size) {
		uint64_t n = size - done < RANDOM_PIECE ? size - done : RANDOM_PIECE;
		struct msg m = {.tag = TAG(PROCESS_RANDOM, 1), .words = {n}};
		err_t failed = sys_call(LINUX_SLOT_PROCESS, &m);
		int64_t got = answer_get(failed, m.words[0]);

		if (got <= 0 || (uint64_t)got > n)
			return done ? (int64_t)done : got < 0 ? got : -EIO;
		if (user_put(buffer + done, &m.words[1], (size_t)got))
			return done ? (int64_t)done : -EFAULT;
		done += (uint64_t)got;
	}
	return (int64_t)done;
}

struct sysinfo {
	int64_t uptime;
	uint64_t loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	uint16_t procs, pad[3];
	uint64_t totalhigh, freehigh;
	uint32_t mem_unit, pad2;
};
_Static_assert(sizeof(struct sysinfo) == 112, "struct sysinfo");

int64_t call_sysinfo(uint64_t out)
{
	struct sysinfo info = {.mem_unit = 1};
	uint64_t result = 0, processes = 0, uptime = 0;
	err_t err = process_sysinfo(LINUX_SLOT_PROCESS, &result, &info.totalram, &info.freeram, &processes, &uptime);
	int64_t answer = answer_get(err, result);

	info.procs = (uint16_t)processes;
	info.uptime = (int64_t)uptime;
	return answer ? answer : user_put(out, &info, sizeof info);
}

#define REBOOT_MAGIC1 0xfee1dead
#define REBOOT_MAGIC2 672274793
#define REBOOT_CAD_ON 0x89abcdef
#define REBOOT_CAD_OFF 0

int64_t call_reboot(uint64_t magic1, uint64_t magic2, uint64_t command)
{
	static const uint32_t second[] = {REBOOT_MAGIC2, 85072278, 369367448, 537993216};
	uint64_t result = 0;
	bool is_known = false;

	if (process_get()->euid != 0)
		return -EPERM;
	for (size_t i = 0; i < sizeof second / sizeof second[0]; i++)
		is_known = is_known || (uint32_t)magic2 == second[i];
	if ((uint32_t)magic1 != REBOOT_MAGIC1 || !is_known)
		return -EINVAL;
	// There is no Ctrl-Alt-Del to turn off: off is how it is.
	if ((uint32_t)command == REBOOT_CAD_OFF)
		return 0;
	if ((uint32_t)command == REBOOT_CAD_ON)
		return -EINVAL;
	err_t err = process_reboot(LINUX_SLOT_PROCESS, (uint32_t)command, &result);

	return answer_get(err, result);
}


// Everything is in memory, or written when the server answers: nothing is left to do.
int64_t call_sync(void) { return 0; }
