// The head of the library, the start of a program, and the checks of assembly's offsets.
#include "env/linux/library.h"

extern const char entry_start[], entry_child[], trampoline[], library_end[];
extern const char trampoline_exit[], trampoline_exit_end[], trampoline_slow_exit[];
extern const char fixup_start[], fixup_end[];

__attribute__((section(".library"), used)) const struct linux_library library = {
	.magic = LIBRARY_MAGIC,
	.entry_start = (uint64_t)entry_start,
	.entry_child = (uint64_t)entry_child,
	.trampoline = (uint64_t)trampoline,
	.library_end = (uint64_t)library_end,
	.exit_start = (uint64_t)trampoline_exit,
	.exit_end = (uint64_t)trampoline_exit_end,
	.slow_exit = (uint64_t)trampoline_slow_exit,
	.fixup_start = (uint64_t)fixup_start,
	.fixup_end = (uint64_t)fixup_end,
};

// A new program: the process server has set regs; a fresh thread's other registers are in order.
void start_program(void)
{
	struct linux_thread *thread = thread_get();

	process_set(thread);
	thread->orig_rax = UINT64_MAX;
	for (int i = 0; i < WINDOW_KINDS; i++)
		thread->window_token[i] = 0;
	thread->regs[REGISTER_FLAGS] = 0x202;
	fs_set(0);
	gs_set(0);
}

#define CHECK(offset, member) _Static_assert(offset == offsetof(struct linux_thread, member), #member)
CHECK(OFFSET_REGS, regs);
CHECK(OFFSET_IP, regs[REGISTER_IP]);
CHECK(OFFSET_SP, regs[REGISTER_SP]);
CHECK(OFFSET_FLAGS, regs[REGISTER_FLAGS]);
CHECK(OFFSET_RAX, regs[REGISTER_RAX]);
CHECK(OFFSET_RBX, regs[REGISTER_RBX]);
CHECK(OFFSET_RCX, regs[REGISTER_RCX]);
CHECK(OFFSET_RDX, regs[REGISTER_RDX]);
CHECK(OFFSET_RSI, regs[REGISTER_RSI]);
CHECK(OFFSET_RDI, regs[REGISTER_RDI]);
CHECK(OFFSET_RBP, regs[REGISTER_RBP]);
CHECK(OFFSET_R8, regs[REGISTER_R8]);
CHECK(OFFSET_R15, regs[REGISTER_R15]);
CHECK(OFFSET_ORIG_RAX, orig_rax);
CHECK(OFFSET_WORK, work);
CHECK(OFFSET_TID, tid);
CHECK(OFFSET_PROCESS, process);
#define CHECK_PROCESS(offset, member) _Static_assert(offset == offsetof(struct process_block, member), #member)
CHECK_PROCESS(PROCESS_PID, pid);
CHECK_PROCESS(PROCESS_PPID, ppid);
CHECK_PROCESS(PROCESS_PGID, pgid);
CHECK_PROCESS(PROCESS_UID, uid);
CHECK_PROCESS(PROCESS_EUID, euid);
CHECK_PROCESS(PROCESS_GID, gid);
CHECK_PROCESS(PROCESS_EGID, egid);
CHECK_PROCESS(PROCESS_THREADS, thread_count);
CHECK_PROCESS(PROCESS_FDS, fds);
CHECK_PROCESS(PROCESS_IO, io);
_Static_assert(FD_MAX == LINUX_FD_MAX && sizeof(struct linux_fd) == 4, "descriptors");
_Static_assert(VIEW_FIRST == IO_CVIEW && VIEW_COUNT == ENV_CVIEW_MAX && VIEW_BASE == ENV_CVIEW &&
	       VIEW_STRIDE == ENV_CVIEW_STRIDE && offsetof(struct cview_description, offset) == 0, "views");
_Static_assert(TRAMPOLINE_UPCALL == TRAMPOLINE_SIGNAL, "the upcall entry");
_Static_assert(OFFSET_THREAD == offsetof(struct abi_block, user), "struct linux_thread in the block");
_Static_assert(AREA_TOP == AREA_STACK_END && AREA_TOP == AREA_TRAMPOLINE, "the stack ends at the trampoline");
_Static_assert(AREA_THREAD == AREA_BLOCK + OFFSET_THREAD, "the block");
_Static_assert((OFFSET_THREAD + offsetof(struct linux_thread, fp)) % 16 == 0, "FXSAVE alignment");
_Static_assert(ENV_THREAD_STRIDE == AREA_MASK + 1, "thread areas");
