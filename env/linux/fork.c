// fork, vfork, and the forms of clone that are one of them. All registers of the caller are in regs.
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
#define CLONE_KNOWN (CLONE_SIGNAL | CLONE_VM | CLONE_VFORK | CLONE_SETTLS | CLONE_PARENT_SETTID | \
		     CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID)
#define CALL_CLONE 56

static int64_t fork_make(uint64_t flags, uint64_t stack)
{
	struct linux_thread *thread = thread_get();
	uint64_t result = 0;
	err_t err;

	// What `syscall` leaves; the child starts from regs alone.
	thread->regs[REGISTER_RCX] = thread->regs[REGISTER_IP];
	thread->regs[REGISTER_R11] = thread->regs[REGISTER_FLAGS];
	thread->fs_base = fs_get();
	thread->gs_base = gs_get();
	thread->fork_result = 0;
	fp_save_fork(thread);
	descriptor_bitmap(process_get(), thread->fork_handles);
	err = process_fork(LINUX_SLOT_PROCESS, flags, 0, stack, (uint64_t)thread->fork_handles, &result);
	return answer_get(err, result);
}

int64_t call_fork(void) { return fork_make(SIGCHLD, 0); }

int64_t call_vfork(void) { return fork_make(CLONE_VM | CLONE_VFORK | SIGCHLD, 0); }

int64_t call_clone(uint64_t flags, uint64_t stack, uint64_t parent_tid)
{
	int64_t pid;

	// A child in the same memory is there only while its parent waits; threads are not there yet.
	if ((flags & ~(uint64_t)CLONE_KNOWN) || ((flags & CLONE_VM) && !(flags & CLONE_VFORK)))
		return call_missing();
	pid = fork_make(flags & (CLONE_SIGNAL | CLONE_VM | CLONE_VFORK), stack);
	if (pid > 0 && (flags & CLONE_PARENT_SETTID)) {
		int32_t tid = (int32_t)pid;

		(void)user_put(parent_tid, &tid, sizeof tid);
	}
	return pid;
}

// The child's side: its block is a copy of its parent's.
void start_child(void)
{
	struct linux_thread *thread = thread_get();
	uint64_t flags = thread->orig_rax == CALL_CLONE ? thread->regs[REGISTER_RDI] : 0;
	uint64_t tid_address = thread->regs[REGISTER_R10];

	for (int i = 0; i < WINDOW_KINDS; i++)
		thread->window_token[i] = 0;
	thread->clear_child_tid = flags & CLONE_CHILD_CLEARTID ? tid_address : 0;
	thread->robust_list = thread->robust_size = 0;
	thread->fault_ip = 0;
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
	process_get()->lock = 0;
}
