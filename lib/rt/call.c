// The few system calls that the C library makes. Whatever is not here is refused, and logged once.
//
// This runs on the program's stack in the middle of its code: no floating point, no printf. Only the
// component's first thread may use the C library's parts that come here (lib/thread/thread.h).
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "lib/rt/random.h"
#include "lib/rt/rt.h"
#include "protocol/gen/life.h"

#define ARCH_SET_FS 0x1002
#define FUTEX_WAKE 1
#define FUTEX_COMMAND 0x7f
#define STATUS_ABORTED 134

int64_t rt_call(const struct rt_call *call);

static struct {
	char text[400];
	size_t length;
} line;

_Noreturn void rt_exit(uint64_t status)
{
	cap_t life = component_find_cap("supervisor", NULL);
	uint64_t result;

	if (line.length)
		rt_log_line(line.text, line.length);
	line.length = 0;
	if (life)
		(void)life_exited(life, status, &result);
	for (;;)
		__builtin_trap();  // a fault: the supervisor hears of it in any case
}

static void output_byte(char c)
{
	if (c != '\n')
		line.text[line.length++] = c;
	if (c == '\n' || line.length == sizeof(line.text)) {
		rt_log_line(line.text, line.length);
		line.length = 0;
	}
}

static int64_t call_write(uint64_t fd, const char *text, size_t length)
{
	if (fd != 1 && fd != 2)
		return -EBADF;
	for (size_t i = 0; i < length; i++)
		output_byte(text[i]);
	return (int64_t)length;
}

static int64_t call_writev(uint64_t fd, const struct iovec *parts, uint64_t count)
{
	int64_t sum = 0;

	if (count > 1024)
		return -EINVAL;
	for (uint64_t i = 0; i < count; i++) {
		int64_t result = call_write(fd, parts[i].iov_base, parts[i].iov_len);

		if (result < 0)
			return result;
		sum += result;
	}
	return sum;
}

// Memory for data only, wherever there is room.
static int64_t call_mmap(uint64_t bytes, uint64_t protection, uint64_t flags)
{
	uint64_t address;

	if (!(flags & MAP_ANONYMOUS) || flags & MAP_FIXED)
		return -ENODEV;
	if (protection & PROT_EXEC)
		return -EACCES;
	address = page_alloc(bytes);
	return address ? (int64_t)address : -ENOMEM;
}

static int64_t call_munmap(uint64_t address, uint64_t bytes)
{
	if (!bytes || !page_contains(address, bytes))
		return -EINVAL;
	page_free(address, bytes);
	return 0;
}

static int64_t call_mremap(uint64_t address, uint64_t old, uint64_t new, uint64_t flags)
{
	uint64_t old_end = (old + PAGE_SIZE - 1) & -(uint64_t)PAGE_SIZE;
	uint64_t new_end = (new + PAGE_SIZE - 1) & -(uint64_t)PAGE_SIZE;
	uint64_t moved;

	if (!old || !new || new_end < new || flags & ~(uint64_t)MREMAP_MAYMOVE ||
	    !page_contains(address, old))
		return -EINVAL;
	if (new_end < old_end)
		page_free(address + new_end, old_end - new_end);
	if (new_end <= old_end || page_grow(address, old_end, new_end))
		return (int64_t)address;
	moved = flags & MREMAP_MAYMOVE ? page_alloc(new) : 0;
	if (!moved)
		return -ENOMEM;
	memcpy((void *)(uintptr_t)moved, (void *)(uintptr_t)address, old_end);
	page_free(address, old_end);
	return (int64_t)moved;
}

// The heap can always be read and written; only that may be asked for.
static int64_t call_mprotect(uint64_t address, uint64_t bytes, uint64_t protection)
{
	if (bytes && !page_contains(address, bytes))
		return -ENOMEM;
	return protection == (PROT_READ | PROT_WRITE) ? 0 : -EACCES;
}

static int64_t call_clock(uint64_t clock, struct timespec *time)
{
	uint64_t ns;

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return -EINVAL;
	ns = clock == CLOCK_REALTIME ? rt_clock_real() : rt_clock_monotonic();
	time->tv_sec = (time_t)(ns / 1000000000);
	time->tv_nsec = (long)(ns % 1000000000);
	return 0;
}

static int64_t call_random(void *buffer, uint64_t bytes)
{
	rt_random(buffer, bytes);
	return (int64_t)bytes;
}

static int64_t call_arch_prctl(uint64_t code, uint64_t address)
{
	if (code != ARCH_SET_FS)
		return -EINVAL;
	__asm__ volatile("wrfsbase %0" : : "r"(address));
	return 0;
}

static int64_t call_absent(uint64_t number)
{
	static uint64_t logged[8];

	if (number >= 512) {
		rt_log_plain("no such system call: ", &number);
	} else if (!(logged[number / 64] >> (number % 64) & 1)) {
		logged[number / 64] |= 1ull << (number % 64);
		rt_log_plain("the runtime has no system call ", &number);
	}
	return -ENOSYS;
}

static _Noreturn void call_killed(uint64_t signal)
{
	rt_log_plain("killed itself with signal ", &signal);
	rt_exit(signal < 64 ? 128 + signal : STATUS_ABORTED);
}

static int64_t call_memory(const struct rt_call *call)
{
	const uint64_t *a = call->args;

	switch (call->number) {
	case SYS_brk:
		return 0;  // there is no break: the C library turns to mmap
	case SYS_mmap:
		return call_mmap(a[1], a[2], a[3]);
	case SYS_munmap:
		return call_munmap(a[0], a[1]);
	case SYS_mremap:
		return call_mremap(a[0], a[1], a[2], a[3]);
	case SYS_mprotect:
		return call_mprotect(a[0], a[1], a[2]);
	case SYS_madvise:
		return a[2] == MADV_DONTNEED ? -EINVAL : 0;  // the others are advice, free to ignore
	default:
		return call_absent(call->number);
	}
}

int64_t rt_call(const struct rt_call *call)
{
	const uint64_t *a = call->args;

	switch (call->number) {
	case SYS_write:
		return call_write(a[0], (const char *)(uintptr_t)a[1], a[2]);
	case SYS_writev:
		return call_writev(a[0], (const struct iovec *)(uintptr_t)a[1], a[2]);
	case SYS_ioctl:
		return -ENOTTY;  // stdio asks whether its output is a terminal
	case SYS_arch_prctl:
		return call_arch_prctl(a[0], a[1]);
	case SYS_set_tid_address:
	case SYS_gettid:
	case SYS_getpid:
		return 1;
	case SYS_clock_gettime:
		return call_clock(a[0], (struct timespec *)(uintptr_t)a[1]);
	case SYS_getrandom:
		return call_random((void *)(uintptr_t)a[0], a[1]);
	case SYS_futex:
		// One thread only: nobody waits, and a wait would be for ever.
		return (a[1] & FUTEX_COMMAND) == FUTEX_WAKE ? 0 : -EDEADLK;
	case SYS_rt_sigprocmask:
		return 0;  // no signal ever comes, whatever the mask
	case SYS_tkill:
	case SYS_tgkill:
	case SYS_kill:
		call_killed(call->number == SYS_tgkill ? a[2] : a[1]);
	case SYS_exit:
	case SYS_exit_group:
		rt_exit(a[0] & 0xff);
	default:
		return call_memory(call);
	}
}
