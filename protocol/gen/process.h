// Made by tools/gen.py from protocol/process.def. Do not edit.
// Processes, memory, signals. Invoked on the process capability of a Linux process.
#ifndef PROTOCOL_GEN_PROCESS_H
#define PROTOCOL_GEN_PROCESS_H

#include "lib/sys/msg.h"

#define PROCESS_EXIT 0x801
#define PROCESS_FORK 0x802
#define PROCESS_EXEC 0x803
#define PROCESS_EXEC_BUFFER 0x804
#define PROCESS_WAIT 0x805
#define PROCESS_KILL 0x806
#define PROCESS_TGKILL 0x807
#define PROCESS_BRK 0x808
#define PROCESS_MMAP 0x809
#define PROCESS_MMAP_FILE 0x80a
#define PROCESS_MUNMAP 0x80b
#define PROCESS_MPROTECT 0x80c
#define PROCESS_SETPGID 0x80d
#define PROCESS_GETPGID 0x80e
#define PROCESS_SETSID 0x80f
#define PROCESS_GETSID 0x810
#define PROCESS_SET_IDS 0x811
#define PROCESS_REBOOT 0x812
#define PROCESS_STOPPED 0x813
#define PROCESS_GETRUSAGE 0x814
#define PROCESS_RANDOM 0x815
#define PROCESS_LOG 0x816
#define PROCESS_MADVISE 0x817
#define PROCESS_SYSINFO 0x818
#define PROCESS_MREMAP 0x819
#define PROCESS_FAULT_SIGNAL 0x81a
#define PROCESS_TIMER 0x81b
#define PROCESS_GROW_HANDLES 0x81c
#define PROCESS_NET 0x81d
#define PROCESS_THREAD_EXIT 0x828
#define PROCESS_THREAD_MAKE 0x829
#define PROCESS_SIGNAL_TAKE 0x82a
#define PROCESS_SIGNAL_QUEUE 0x82b
#define PROCESS_SIGNAL_FLUSH 0x82c
#define PROCESS_FUTEX_WAIT 0x82d
#define PROCESS_FUTEX_WAKE 0x82e
#define PROCESS_FUTEX_END 0x82f
#define PROCESS_FUTEX_REQUEUE 0x830
#define PROCESS_FUTEX_SIGNAL 0x831
#define PROCESS_OPTION 0x832
#define PROCESS_TABLE 0x83e
#define PROCESS_MEMORY_QUERY 0x83c
#define PROCESS_POPULATE 0x83d
#define PROCESS_TERMINAL 0x837
#define PROCESS_PRIORITY 0x838
#define PROCESS_SCHEDULE 0x839
#define PROCESS_SET_FS_IDS 0x83a
#define PROCESS_TIMER_MAKE 0x83f
#define PROCESS_TIMER_ARM 0x840
#define PROCESS_TIMER_END 0x841
#define PROCESS_VM 0x842
#define PROCESS_MEMORY_LOCK 0x843
#define PROCESS_CLOCK 0x844
#define PROCESS_LIMITS 0x845
#define PROCESS_ROBUST_LIST 0x846

// For a server's table: X(name, words in, capabilities in), in the order above.
#define PROCESS_METHODS(X) \
	X(exit, 1, 0) \
	X(fork, 4, 0) \
	X(exec, 4, 1) \
	X(exec_buffer, 1, 0) \
	X(wait, 3, 0) \
	X(kill, 2, 0) \
	X(tgkill, 5, 0) \
	X(brk, 1, 0) \
	X(mmap, 4, 0) \
	X(mmap_file, 5, 1) \
	X(munmap, 2, 0) \
	X(mprotect, 3, 0) \
	X(setpgid, 2, 0) \
	X(getpgid, 1, 0) \
	X(setsid, 0, 0) \
	X(getsid, 1, 0) \
	X(set_ids, 6, 0) \
	X(reboot, 1, 0) \
	X(stopped, 0, 0) \
	X(getrusage, 1, 0) \
	X(random, 1, 0) \
	X(log, 1, 0) \
	X(madvise, 3, 0) \
	X(sysinfo, 0, 0) \
	X(mremap, 5, 0) \
	X(fault_signal, 1, 0) \
	X(timer, 3, 0) \
	X(grow_handles, 0, 0) \
	X(net, 0, 0) \
	X(thread_exit, 1, 0) \
	X(thread_make, 4, 0) \
	X(signal_take, 1, 0) \
	X(signal_queue, 7, 0) \
	X(signal_flush, 1, 0) \
	X(futex_wait, 3, 0) \
	X(futex_wake, 3, 0) \
	X(futex_end, 0, 0) \
	X(futex_requeue, 6, 0) \
	X(futex_signal, 1, 0) \
	X(option, 2, 0) \
	X(table, 0, 0) \
	X(memory_query, 3, 0) \
	X(populate, 3, 0) \
	X(terminal, 0, 0) \
	X(priority, 3, 0) \
	X(schedule, 5, 0) \
	X(set_fs_ids, 2, 0) \
	X(timer_make, 6, 0) \
	X(timer_arm, 4, 0) \
	X(timer_end, 2, 0) \
	X(vm, 5, 0) \
	X(memory_lock, 3, 0) \
	X(clock, 2, 0) \
	X(limits, 5, 0) \
	X(robust_list, 1, 0)

// End the whole process. Not answered.
// status: wait status: code << 8, or a signal
static inline err_t process_exit(cap_t to, uint64_t status, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_EXIT, 1), .words = {status}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Make a child. The caller's saved registers (struct linux_thread of its block) are the
// child's, which starts at `child` in the library, on its own block. CLONE_VFORK: answered when
// the child has called exec or ended. CLONE_VM: shares the address space, with a block and
// table of its own.
// flags: CLONE_* and the exit signal
// child: library address at which the child's thread starts, with its stack pointer at the top
// of its library stack
// stack: the program's stack pointer for the child, or 0: as the parent's
// handles: address of a bitmap (LINUX_FD_MAX bits) of the handle slots that the child gets, in
// the caller's block
// *result: pid, or -errno
static inline err_t process_fork(cap_t to, uint64_t flags, uint64_t child, uint64_t stack, uint64_t handles, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_FORK, 4), .words = {flags, child, stack, handles}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Become another program. Carries the handle of the opened file. The strings lie at ENV_EXEC
// (made by exec_buffer) or in the top AREA_STACK_PAGES of the caller's library stack: argc +
// envc NUL-terminated strings, then the name for AT_EXECFN. Not answered when it succeeds: the
// new program runs. Handles with close-on-exec are left out by the library's table, which the
// server copies.
// size: bytes
// strings: address
// file: handle
// *result: -errno
static inline err_t process_exec(cap_t to, uint64_t argc, uint64_t envc, uint64_t size, uint64_t strings, cap_t file, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_EXEC, 4) | TAG_CAPS(1), .words = {argc, envc, size, strings}};
	msg_set_cap(0, file);
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Have fresh memory at ENV_EXEC.
// size: bytes, ENV_EXEC_MAX at most; 0 gives it back
// *result: 0, or -errno
static inline err_t process_exec_buffer(cap_t to, uint64_t size, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_EXEC_BUFFER, 1), .words = {size}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// wait4, waitid.
// idtype: P_ALL 0, P_PID 1, P_PGID 2
// options: WNOHANG, WUNTRACED, WCONTINUED, WEXITED, WNOWAIT
// *result: pid, 0, or -errno
// *status: wait status
// *usage_user: microseconds
// *uid: the child's
// *maxrss: KiB
static inline err_t process_wait(cap_t to, uint64_t idtype, uint64_t id, uint64_t options, uint64_t *result, uint64_t *status, uint64_t *usage_user, uint64_t *usage_system, uint64_t *uid, uint64_t *maxrss)
{
	struct msg m = {.tag = TAG(PROCESS_WAIT, 3) | TAG_INTERRUPTIBLE, .words = {idtype, id, options}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (status)
		*status = m.words[1];
	if (usage_user)
		*usage_user = m.words[2];
	if (usage_system)
		*usage_system = m.words[3];
	if (uid)
		*uid = m.words[4];
	if (maxrss)
		*maxrss = m.words[5];
	return err;
}

// As kill(2): pid > 0, 0, -1, < -1.
static inline err_t process_kill(cap_t to, uint64_t pid, uint64_t signal, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_KILL, 2), .words = {pid, signal}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Signal one thread.
// code: si_code
// value: si_value
static inline err_t process_tgkill(cap_t to, uint64_t tgid, uint64_t tid, uint64_t signal, uint64_t code, uint64_t value, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_TGKILL, 5), .words = {tgid, tid, signal, code, value}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// address: 0: only ask
// *result: the break
static inline err_t process_brk(cap_t to, uint64_t address, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_BRK, 1), .words = {address}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Anonymous memory.
// *result: address, or -errno
static inline err_t process_mmap(cap_t to, uint64_t address, uint64_t length, uint64_t prot, uint64_t flags, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_MMAP, 4), .words = {address, length, prot, flags}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Memory of a file. Carries its handle.
// file: handle
static inline err_t process_mmap_file(cap_t to, uint64_t address, uint64_t length, uint64_t prot, uint64_t flags, uint64_t offset, cap_t file, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_MMAP_FILE, 5) | TAG_CAPS(1), .words = {address, length, prot, flags, offset}};
	msg_set_cap(0, file);
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

static inline err_t process_munmap(cap_t to, uint64_t address, uint64_t length, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_MUNMAP, 2), .words = {address, length}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

static inline err_t process_mprotect(cap_t to, uint64_t address, uint64_t length, uint64_t prot, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_MPROTECT, 3), .words = {address, length, prot}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

static inline err_t process_setpgid(cap_t to, uint64_t pid, uint64_t pgid, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_SETPGID, 2), .words = {pid, pgid}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

static inline err_t process_getpgid(cap_t to, uint64_t pid, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_GETPGID, 1), .words = {pid}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

static inline err_t process_setsid(cap_t to, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_SETSID, 0)};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

static inline err_t process_getsid(cap_t to, uint64_t pid, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_GETSID, 1), .words = {pid}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// setuid and friends, all six at once; -1 keeps.
static inline err_t process_set_ids(cap_t to, uint64_t ruid, uint64_t euid, uint64_t suid, uint64_t rgid, uint64_t egid, uint64_t sgid, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_SET_IDS, 6), .words = {ruid, euid, suid, rgid, egid, sgid}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Power off, halt or restart the machine.
// command: LINUX_REBOOT_CMD_*
static inline err_t process_reboot(cap_t to, uint64_t command, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_REBOOT, 1), .words = {command}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// The library asks at WORK_STOP whether it may go on: answered when the process is continued.
// *result: 0
static inline err_t process_stopped(cap_t to, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_STOPPED, 0) | TAG_INTERRUPTIBLE};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// *user: microseconds
// *maxrss: KiB
static inline err_t process_getrusage(cap_t to, uint64_t who, uint64_t *result, uint64_t *user, uint64_t *system, uint64_t *maxrss)
{
	struct msg m = {.tag = TAG(PROCESS_GETRUSAGE, 1), .words = {who}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (user)
		*user = m.words[1];
	if (system)
		*system = m.words[2];
	if (maxrss)
		*maxrss = m.words[3];
	return err;
}

// Random bytes: at most 56 in words 1 on.
// *result: bytes
static inline err_t process_random(cap_t to, uint64_t count, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_RANDOM, 1), .words = {count}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// A line for the log about a system call that is not there: logged once for each number.
// number: system call
static inline err_t process_log(cap_t to, uint64_t number, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_LOG, 1), .words = {number}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

static inline err_t process_madvise(cap_t to, uint64_t address, uint64_t length, uint64_t advice, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_MADVISE, 3), .words = {address, length, advice}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Memory and processes.
// *total: bytes
// *free: bytes
// *uptime: seconds
static inline err_t process_sysinfo(cap_t to, uint64_t *result, uint64_t *total, uint64_t *free, uint64_t *processes, uint64_t *uptime)
{
	struct msg m = {.tag = TAG(PROCESS_SYSINFO, 0)};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (total)
		*total = m.words[1];
	if (free)
		*free = m.words[2];
	if (processes)
		*processes = m.words[3];
	if (uptime)
		*uptime = m.words[4];
	return err;
}

static inline err_t process_mremap(cap_t to, uint64_t address, uint64_t old_length, uint64_t new_length, uint64_t flags, uint64_t new_address, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_MREMAP, 5), .words = {address, old_length, new_length, flags, new_address}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// The library reports a fault of the program that is no page fault (bad return frame): SIGSEGV,
// not to be ignored.
static inline err_t process_fault_signal(cap_t to, uint64_t signal, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_FAULT_SIGNAL, 1), .words = {signal}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// setitimer, alarm: a signal after `value`, then every `interval`.
// value: microseconds; 0: none, -1: only ask
// interval: microseconds
// which: ITIMER_REAL 0: SIGALRM; ITIMER_VIRTUAL 1, ITIMER_PROF 2: SIGVTALRM, SIGPROF after
// processor time; RLIMIT_CPU 3: SIGXCPU, and SIGKILL when `interval` microseconds of processor
// time are used in all (-1: never)
// *result: 0, or -errno
// *value_left: what was left of the timer before, microseconds; 0: none was set
static inline err_t process_timer(cap_t to, uint64_t value, uint64_t interval, uint64_t which, uint64_t *result, uint64_t *value_left, uint64_t *interval_before)
{
	struct msg m = {.tag = TAG(PROCESS_TIMER, 3), .words = {value, interval, which}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (value_left)
		*value_left = m.words[1];
	if (interval_before)
		*interval_before = m.words[2];
	return err;
}

// Have a larger CSpace, with a slot for each of LINUX_FD_MAX handles. Nothing happens when it
// is large already.
// *result: handles that there are room for, or -errno
static inline err_t process_grow_handles(cap_t to, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_GROW_HANDLES, 0)};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Have the capability of the net server, in LINUX_SLOT_NET.
// *result: 0, or -errno
static inline err_t process_net(cap_t to, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_NET, 0)};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// End the calling thread; with the last one the process ends. Not answered. The library has
// done what its end means to memory (robust list, CLEARTID).
// status: code << 8
static inline err_t process_thread_exit(cap_t to, uint64_t status, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_THREAD_EXIT, 1), .words = {status}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Make a thread of the same process. It starts at `entry` in the library, on its own block,
// which is a copy of the caller's but for its numbers.
// entry: library address
// stack: the program's stack pointer for it, or 0: as the caller's
// tls: its FS
// tid_address: where its tid is stored before it runs, or 0
// *result: tid, or -errno
static inline err_t process_thread_make(cap_t to, uint64_t entry, uint64_t stack, uint64_t tls, uint64_t tid_address, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_THREAD_MAKE, 4), .words = {entry, stack, tls, tid_address}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Have the next queued signal of a set (the thread's, else the process's) in the caller's
// block.
// set: bit n - 1: signal n
// *result: its number, or 0
static inline err_t process_signal_take(cap_t to, uint64_t set, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_SIGNAL_TAKE, 1), .words = {set}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// rt_sigqueueinfo, rt_tgsigqueueinfo.
// tid: 0: to the process
// code: si_code
// pid: si_pid
// uid: si_uid
// value: si_value
static inline err_t process_signal_queue(cap_t to, uint64_t tgid, uint64_t tid, uint64_t signal, uint64_t code, uint64_t pid, uint64_t uid, uint64_t value, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_SIGNAL_QUEUE, 7), .words = {tgid, tid, signal, code, pid, uid, value}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// The signals of the set are ignored now: forget those that are pending. And the caller may
// block more than before: what is pending for the process finds another thread.
// set: bit n - 1: signal n
static inline err_t process_signal_flush(cap_t to, uint64_t set, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_SIGNAL_FLUSH, 1), .words = {set}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Wait for a word of memory: compared, and the caller is put down as a waiter. Its struct
// futex_waiter becomes FUTEX_WOKEN, and its notification is signalled, when it is woken.
// value: 32 bits
// *result: 0, -EAGAIN, -EFAULT
// *is_local: 1: no other space has this memory, and nothing was done
static inline err_t process_futex_wait(cap_t to, uint64_t address, uint64_t value, uint64_t bitset, uint64_t *result, uint64_t *is_local)
{
	struct msg m = {.tag = TAG(PROCESS_FUTEX_WAIT, 3), .words = {address, value, bitset}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (is_local)
		*is_local = m.words[1];
	return err;
}

// *result: how many, or -EFAULT
// *is_local: as in futex_wait
static inline err_t process_futex_wake(cap_t to, uint64_t address, uint64_t count, uint64_t bitset, uint64_t *result, uint64_t *is_local)
{
	struct msg m = {.tag = TAG(PROCESS_FUTEX_WAKE, 3), .words = {address, count, bitset}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (is_local)
		*is_local = m.words[1];
	return err;
}

// Wait no longer.
// *result: 1: it had not been woken
static inline err_t process_futex_end(cap_t to, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_FUTEX_END, 0)};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// wake: how many to wake
// move: how many to move to the other word
// is_compared: 1: only while the word is `value`
// *result: how many, or -errno
// *is_local: as in futex_wait
static inline err_t process_futex_requeue(cap_t to, uint64_t address, uint64_t other, uint64_t wake, uint64_t move, uint64_t is_compared, uint64_t value, uint64_t *result, uint64_t *is_local)
{
	struct msg m = {.tag = TAG(PROCESS_FUTEX_REQUEUE, 6), .words = {address, other, wake, move, is_compared, value}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (is_local)
		*is_local = m.words[1];
	return err;
}

// Signal the notification of a thread of another process in the same address space.
// thread: thread area
// *result: 0
static inline err_t process_futex_signal(cap_t to, uint64_t thread, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_FUTEX_SIGNAL, 1), .words = {thread}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// What prctl sets of a process.
// what: 0: the signal that it gets when its parent ends; 1: is it a subreaper?
// value: -1: only ask
// *result: the value, or -EINVAL
static inline err_t process_option(cap_t to, uint64_t what, uint64_t value, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_OPTION, 2), .words = {what, value}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Have a page table for the part of ENV_SHARE that is the process's: other servers map there.
// *result: 0, or -errno
static inline err_t process_table(cap_t to, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_TABLE, 0)};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// What lies in a range of addresses: for msync and mincore.
// length: 448 pages at most for the bitmap
// sync: 1: what was written to shared files in it is noted; with 2 added: -EBUSY where it is
// locked
// *result: 0, or -ENOMEM when not all of it is mapped; then words 1 to 7: bit i, is page i in
// memory?
static inline err_t process_memory_query(cap_t to, uint64_t address, uint64_t length, uint64_t sync, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_MEMORY_QUERY, 3), .words = {address, length, sync}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// See that pages are in memory: MAP_POPULATE, mlock, MADV_POPULATE_*.
// how: 0: for reading where that is allowed, 1: for writing where that is allowed, 2: for
// reading, 3: for writing, else fail
// *result: 0, or -errno
static inline err_t process_populate(cap_t to, uint64_t address, uint64_t length, uint64_t how, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_POPULATE, 3), .words = {address, length, how}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Have a capability of the terminal server of one's own, in LINUX_SLOT_TERMINAL: windows
// attached on it tell that server who speaks.
// *result: 0, or -errno
static inline err_t process_terminal(cap_t to, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_TERMINAL, 0)};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// getpriority, setpriority.
// which: PRIO_PROCESS 0, PRIO_PGRP 1, PRIO_USER 2
// who: 0: the caller's
// value: the new nice value, or 100: only ask
// *result: asked: 20 less the lowest nice value; set: 0; or -errno
static inline err_t process_priority(cap_t to, uint64_t which, uint64_t who, uint64_t value, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_PRIORITY, 3), .words = {which, who, value}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// The policy of a thread: it is kept and told; real-time threads get the time slice of nice
// -20, idle ones that of nice 19.
// tid: 0: the caller
// what: 0: ask; 1: set what is not -1
// policy: SCHED_*, SCHED_RESET_ON_FORK
// priority: of real time
// *result: 0, or -errno
// *users: real | effective << 32
static inline err_t process_schedule(cap_t to, uint64_t tid, uint64_t what, uint64_t policy, uint64_t priority, uint64_t nice, uint64_t *result, uint64_t *policy_now, uint64_t *priority_now, uint64_t *nice_now, uint64_t *users, uint64_t *saved_user)
{
	struct msg m = {.tag = TAG(PROCESS_SCHEDULE, 5), .words = {tid, what, policy, priority, nice}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (policy_now)
		*policy_now = m.words[1];
	if (priority_now)
		*priority_now = m.words[2];
	if (nice_now)
		*nice_now = m.words[3];
	if (users)
		*users = m.words[4];
	if (saved_user)
		*saved_user = m.words[5];
	return err;
}

// setfsuid, setfsgid: what is not allowed changes nothing.
// uid: -1 keeps
// gid: -1 keeps
// *result: 0
static inline err_t process_set_fs_ids(cap_t to, uint64_t uid, uint64_t gid, uint64_t *result, uint64_t *uid_before, uint64_t *gid_before)
{
	struct msg m = {.tag = TAG(PROCESS_SET_FS_IDS, 2), .words = {uid, gid}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (uid_before)
		*uid_before = m.words[1];
	if (gid_before)
		*gid_before = m.words[2];
	return err;
}

// timer_create.
// clock: 0: real time; processor time of 1: the process, 2: the caller
// notify: SIGEV_*
// value: si_value
// tid: of SIGEV_THREAD_ID
// is_default: 1: the value is the timer's id
// *result: id, or -errno
static inline err_t process_timer_make(cap_t to, uint64_t clock, uint64_t notify, uint64_t signal, uint64_t value, uint64_t tid, uint64_t is_default, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_TIMER_MAKE, 6), .words = {clock, notify, signal, value, tid, is_default}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// timer_settime, timer_gettime; in nanoseconds.
// flags: 1: `value` is a time (since the machine started, or of processor time); 2: only ask
// value: 0: stop
// *result: 0, or -EINVAL
// *left: 0: it did not run
static inline err_t process_timer_arm(cap_t to, uint64_t id, uint64_t flags, uint64_t value, uint64_t interval, uint64_t *result, uint64_t *left, uint64_t *interval_before)
{
	struct msg m = {.tag = TAG(PROCESS_TIMER_ARM, 4), .words = {id, flags, value, interval}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (left)
		*left = m.words[1];
	if (interval_before)
		*interval_before = m.words[2];
	return err;
}

// timer_delete, timer_getoverrun.
// is_overrun: 1: only tell the overruns
static inline err_t process_timer_end(cap_t to, uint64_t id, uint64_t is_overrun, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_TIMER_END, 2), .words = {id, is_overrun}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// process_vm_readv, process_vm_writev: copy between the caller's memory and another's.
// local: address
// remote: address
// length: 65,536 at most
// is_write: 1: to the other
// *result: bytes, or -errno
static inline err_t process_vm(cap_t to, uint64_t pid, uint64_t local, uint64_t remote, uint64_t length, uint64_t is_write, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_VM, 5), .words = {pid, local, remote, length, is_write}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// mlock and its kin.
// address: page aligned
// length: of pages; mlockall: MCL_*
// how: 0 unlock, 1 lock, 2 lock as it is touched, 3 mlockall, 4 munlockall
// *result: 0, or -errno
static inline err_t process_memory_lock(cap_t to, uint64_t address, uint64_t length, uint64_t how, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROCESS_MEMORY_LOCK, 3), .words = {address, length, how}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// The processor time of a process, or of a thread of the caller's process.
// id: 0: the caller
// *result: 0, or -EINVAL: there is none
// *ticks: of the counter
static inline err_t process_clock(cap_t to, uint64_t is_thread, uint64_t id, uint64_t *result, uint64_t *ticks)
{
	struct msg m = {.tag = TAG(PROCESS_CLOCK, 2), .words = {is_thread, id}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (ticks)
		*ticks = m.words[1];
	return err;
}

// prlimit.
// pid: 0: the caller
// resource: RLIMIT_*
// is_set: 1: soft and hard are the new ones
// *result: 0, or -errno
static inline err_t process_limits(cap_t to, uint64_t pid, uint64_t resource, uint64_t is_set, uint64_t soft, uint64_t hard, uint64_t *result, uint64_t *soft_before, uint64_t *hard_before)
{
	struct msg m = {.tag = TAG(PROCESS_LIMITS, 5), .words = {pid, resource, is_set, soft, hard}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (soft_before)
		*soft_before = m.words[1];
	if (hard_before)
		*hard_before = m.words[2];
	return err;
}

// The robust list of a thread.
// *result: 0, or -ESRCH or -EPERM
static inline err_t process_robust_list(cap_t to, uint64_t tid, uint64_t *result, uint64_t *head)
{
	struct msg m = {.tag = TAG(PROCESS_ROBUST_LIST, 1), .words = {tid}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (head)
		*head = m.words[1];
	return err;
}

#endif
