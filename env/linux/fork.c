// fork, vfork, clone, and the beginning of threads and children. All registers of the caller are in regs.
#include "env/linux/descriptor.h"
#include "env/linux/library.h"
#include "protocol/gen/process.h"

#define CLONE_VM 0x100u
#define CLONE_VFORK 0x4000u
#define CLONE_SETTLS 0x80000u
#define CLONE_PARENT_SETTID 0x100000u
#define CLONE_CHILD_CLEARTID 0x200000u
#define CLONE_CHILD_SETTID 0x1000000u
#define CLONE_SIGNAL 0xffu
#define CLONE_FS 0x200u
#define CLONE_FILES 0x400u
#define CLONE_SIGHAND 0x800u
#define CLONE_THREAD 0x10000u
#define CLONE_SYSVSEM 0x40000u
#define CLONE_DETACHED 0x400000u  // ignored, as on Linux
#define CLONE_UNTRACED 0x800000u
#define CLONE_IO 0x80000000u
#define CLONE_IGNORED (CLONE_SYSVSEM | CLONE_DETACHED | CLONE_UNTRACED | CLONE_IO)
#define CLONE_IDS (CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID)
#define CLONE_KNOWN (CLONE_SIGNAL | CLONE_VM | CLONE_FS | CLONE_VFORK | CLONE_IDS | CLONE_IGNORED)
// What threads of one process share here, always.
#define CLONE_SHARED (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define CALL_CLONE 56

// What the child's copy of the block starts from.
static void child_prepare(struct linux_thread *thread)
{
	// What `syscall` leaves; the child starts from regs alone.
	thread->regs[REGISTER_RCX] = thread->regs[REGISTER_IP];
	thread->regs[REGISTER_R11] = thread->regs[REGISTER_FLAGS];
	thread->fs_base = fs_get();
	thread->gs_base = gs_get();
	thread->fork_result = 0;
	fp_save_fork(thread);
}

static int64_t fork_make(uint64_t flags, uint64_t stack)
{
	struct linux_thread *thread = thread_get();
	uint64_t result = 0;
	err_t err;

	child_prepare(thread);
	descriptor_bitmap(process_get(), thread->fork_handles);
	desk_share(process_get(), thread->fork_handles);
	err = process_fork(LINUX_SLOT_PROCESS, flags, 0, stack, (uint64_t)thread->fork_handles, &result);
	return answer_get(err, result);
}

int64_t call_fork(void) { return fork_make(SIGCHLD, 0); }

int64_t call_vfork(void) { return fork_make(CLONE_VM | CLONE_VFORK | SIGCHLD, 0); }

extern const char entry_thread[] __attribute__((visibility("hidden")));

static int64_t thread_clone(uint64_t flags, uint64_t stack, uint64_t parent_tid, uint64_t tls)
{
	struct linux_thread *thread = thread_get();
	uint64_t result = 0;

	if ((flags & CLONE_SHARED) != CLONE_SHARED || flags & ~(uint64_t)(CLONE_KNOWN | CLONE_SHARED) ||
	    flags & CLONE_VFORK)
		return call_missing();  // with a table or directory of its own
	child_prepare(thread);
	err_t err = process_thread_make(LINUX_SLOT_PROCESS, (uint64_t)entry_thread, stack,
					flags & CLONE_SETTLS ? tls : thread->fs_base,
					flags & CLONE_PARENT_SETTID ? parent_tid : 0, &result);

	return answer_get(err, result);
}

int64_t call_clone(uint64_t flags, uint64_t stack, uint64_t parent_tid, uint64_t child_tid, uint64_t tls)
{
	int64_t pid;

	UNUSED(child_tid);
	if (((flags & CLONE_SIGHAND) && !(flags & CLONE_VM)) || ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND)))
		return -EINVAL;
	if ((flags & CLONE_SETTLS) && tls >= PROGRAM_END)
		return -EPERM;
	if (flags & CLONE_THREAD)
		return thread_clone(flags, stack, parent_tid, tls);
	if (flags & ~(uint64_t)CLONE_KNOWN)
		return call_missing();
	pid = fork_make(flags & (CLONE_SIGNAL | CLONE_VM | CLONE_FS | CLONE_VFORK), stack);
	if (pid > 0 && (flags & CLONE_PARENT_SETTID)) {
		int32_t tid = (int32_t)pid;

		(void)user_put(parent_tid, &tid, sizeof tid);
	}
	return pid;
}

// A new thread: FS is set, registers are its parent's.
void start_thread(void)
{
	struct linux_thread *thread = thread_get();
	uint64_t flags = thread->regs[REGISTER_RDI], tid_address = thread->regs[REGISTER_R10];

	process_set(thread);
	fp_restore_fork(thread);
	thread->clear_child_tid = flags & CLONE_CHILD_CLEARTID ? tid_address : 0;
	if (flags & CLONE_CHILD_SETTID)
		(void)user_put(tid_address, &thread->tid, sizeof thread->tid);
	thread->regs[REGISTER_RAX] = 0;
	thread->orig_rax = UINT64_MAX;
}

// The child's side: its block is a copy of its parent's.
void start_child(void)
{
	struct linux_thread *thread = thread_get();
	uint64_t flags = thread->orig_rax == CALL_CLONE ? thread->regs[REGISTER_RDI] : 0;
	uint64_t tid_address = thread->regs[REGISTER_R10];

	process_set(thread);
	for (int i = 0; i < WINDOW_KINDS; i++)
		thread->window_token[i] = 0;
	thread->clear_child_tid = flags & CLONE_CHILD_CLEARTID ? tid_address : 0;
	thread->robust_list = thread->robust_size = 0;
	fp_restore_fork(thread);
	fs_set(flags & CLONE_SETTLS ? thread->regs[REGISTER_R8] % PROGRAM_END : thread->fs_base);
	gs_set(thread->gs_base);
	if (flags & CLONE_CHILD_SETTID) {
		int32_t tid = (int32_t)thread->tid;

		(void)user_put(tid_address, &tid, sizeof tid);
	}
	if (flags && thread->regs[REGISTER_RSI])
		thread->regs[REGISTER_SP] = thread->regs[REGISTER_RSI];
	thread->regs[REGISTER_RAX] = thread->fork_result;
	thread->orig_rax = UINT64_MAX;
	if (process_get()->lock)
		handle_repair();
	desk_fork(process_get());
	cview_fork();
	waiting_reset(process_get());
}
