// Threads: registers, spaces, blocks, redirection and upcalls.
#define CATEGORY "threads"
#include "tests/conform/conform.h"
#include "tests/conform/stopped.h"

static cap_t fresh(void) { return make(TYPE_THREAD, 0); }

// --- registers

CASE(a_new_thread_has_zeros_in_its_registers)
{
	uint64_t values[REGISTER_COUNT];

	WORKS(thread_read(fresh(), values));
	for (unsigned i = 0; i < REGISTER_COUNT; i++)
		EQ(values[i], i == REGISTER_FLAGS ? 0x202 : 0);
}
CASE(every_register_is_written_and_read)
{
	cap_t thread = fresh();
	uint64_t values[REGISTER_COUNT], seen[REGISTER_COUNT];

	for (unsigned i = 0; i < REGISTER_COUNT; i++)
		values[i] = 0x1000 * (i + 1);
	values[REGISTER_FLAGS] = 0x202;
	WORKS(thread_write(thread, (1ull << REGISTER_COUNT) - 1, values));
	WORKS(thread_read(thread, seen));
	for (unsigned i = 0; i < REGISTER_COUNT; i++)
		EQ(seen[i], values[i]);
}
CASE(only_registers_of_the_mask_are_written)
{
	cap_t thread = fresh();

	WORKS(write_one(thread, REGISTER_RBX, 7));
	WORKS(write_one(thread, REGISTER_R12, 8));
	EQ(read_one(thread, REGISTER_RBX), 7);
	EQ(read_one(thread, REGISTER_R12), 8);
	EQ(read_one(thread, REGISTER_RDI), 0);
}
CASE(an_instruction_pointer_is_a_user_address)
{
	cap_t thread = fresh();

	EQ(write_one(thread, REGISTER_IP, USER_END), ERR_RANGE);
	EQ(write_one(thread, REGISTER_IP, ~0ull), ERR_RANGE);
	EQ(write_one(thread, REGISTER_IP, 1ull << 63), ERR_RANGE);
	WORKS(write_one(thread, REGISTER_IP, USER_END - 1));
}
CASE(a_base_is_canonical)
{
	cap_t thread = fresh();

	EQ(write_one(thread, REGISTER_FS, 1ull << 47), ERR_RANGE);
	EQ(write_one(thread, REGISTER_GS, 1ull << 62), ERR_RANGE);
}
CASE(a_refused_write_writes_nothing)
{
	cap_t thread = fresh();
	uint64_t values[REGISTER_COUNT] = {0};

	values[REGISTER_SP] = 5;
	values[REGISTER_GS] = 1ull << 62;
	EQ(thread_write(thread, 1u << REGISTER_SP | 1u << REGISTER_GS, values), ERR_RANGE);
	EQ(read_one(thread, REGISTER_SP), 0);
}
CASE(privileged_flags_are_masked)
{
	cap_t thread = fresh();

	WORKS(write_one(thread, REGISTER_FLAGS, ~0ull));
	EQ(read_one(thread, REGISTER_FLAGS) & 0x3000, 0);  // IOPL
	EQ(read_one(thread, REGISTER_FLAGS) & 0x4000, 0);  // NT
	WORKS(write_one(thread, REGISTER_FLAGS, 0));
	EQ(read_one(thread, REGISTER_FLAGS), 0x202);
}
CASE(a_running_threads_registers_are_out_of_reach)
{
	uint64_t values[REGISTER_COUNT] = {0};

	EQ(thread_read(BOOT_SLOT_THREAD, values), ERR_STATE);
	EQ(thread_write(BOOT_SLOT_THREAD, 1, values), ERR_STATE);
}
CASE(a_waiting_threads_registers_are_read)
{
	struct worker *w = worker_new(ELSEWHERE, MIDDLE);

	start_wait(w, make(TYPE_NOTIFICATION, 0));
	TRUE(read_one(w->thread, REGISTER_SP) > (uintptr_t)w->stack);
	EQ(read_one(w->thread, REGISTER_FS), 0x1000 * (w->index + 1ull));
}
CASE(write_wants_21_words)
{
	REFUSED(ERR_TAG, 2, fresh(), METHOD_THREAD_WRITE, 0, 1, 2, 3, 4, 5, 6, 7);
}
CASE(who_reads_registers_needs_a_block)
{
	struct worker *w = worker_new(HERE, MIDDLE);
	cap_t frame = make(TYPE_FRAME, 12);

	WORKS(thread_set_block(w->thread, frame, 0));
	WORKS(revoke(frame));
	start(w, SYSCALL_CALL, fresh(), 0, TAG(METHOD_THREAD_READ, 0), 0);
	RETURNED(w, ERR_BLOCK);
}

// --- spaces and life

CASE(a_thread_without_a_space_does_not_start) { EQ(thread_resume(fresh()), ERR_STATE); }
CASE(a_thread_cannot_change_its_own_space)
{
	EQ(thread_set_space(BOOT_SLOT_THREAD, CNODE, VSPACE, 0), ERR_STATE);
}
CASE(resume_of_a_thread_that_runs_changes_nothing) { WORKS(thread_resume(BOOT_SLOT_THREAD)); }
CASE(resume_of_a_thread_that_waits_changes_nothing)
{
	struct worker *w = worker_new(HERE, MIDDLE);

	start_wait(w, make(TYPE_NOTIFICATION, 0));
	WORKS(thread_resume(w->thread));
	rest();
	WAITS(w);
}
CASE(suspend_of_a_stopped_thread_works)
{
	cap_t thread = fresh();

	WORKS(thread_suspend(thread));
	WORKS(thread_suspend(thread));
}
CASE(a_thread_that_suspends_itself_finds_cancelled)
{
	struct worker *w = worker_new(HERE, MIDDLE);

	start(w, SYSCALL_CALL, w->thread, 0, TAG(METHOD_THREAD_SUSPEND, 0), 0);
	WAITS(w);
	WORKS(thread_resume(w->thread));
	rest();
	RETURNED(w, ERR_CANCELLED);
}
CASE(a_fault_endpoint_is_an_endpoint)
{
	REFUSED(ERR_CAP_TYPE, 3, fresh(), METHOD_THREAD_SET_SPACE, CNODE, VSPACE, CNODE);
	REFUSED(ERR_CAP_TYPE, 3, fresh(), METHOD_THREAD_SET_SPACE, CNODE, VSPACE, slots_new(1));
}
CASE(a_narrowed_cspace_is_the_threads_horizon)
{
	struct worker *w = worker_new(HERE, MIDDLE);
	cap_t part = derive(CNODE, ALL, 1, 100);

	worker_space(w, part, VSPACE, 0);
	w->number = SYSCALL_CALL;
	w->bell = 1;  // not what it was: the loop's wait fails, and it does the call at once, once
	WORKS(thread_resume(w->thread));
	EQ(cnode_derive(part, 100, CNODE, part, ALL, 0, 0), ERR_RANGE);
	WORKS(thread_suspend(w->thread));
}
CASE(a_revoked_cspace_leaves_a_thread_without_capabilities)
{
	struct worker *w = worker_new(HERE, MIDDLE);
	cap_t cnode = make(TYPE_CNODE, 3), e = make(TYPE_ENDPOINT, 0);

	WORKS(cnode_derive(cnode, 1, CNODE, w->bell, ALL, 0, 0));
	WORKS(cnode_derive(cnode, 2, CNODE, e, ALL, 0, 0));
	worker_space(w, cnode, VSPACE, 0);
	w->bell = 1;
	worker_run(w, w->run);
	start_call(w, 2, 0, 0);
	WAITS(w);
	WORKS(revoke(cnode));  // its CSpace was a child of this one
	WORKS(revoke(e));
	WAITS(w);
}
CASE(a_thread_whose_space_is_revoked_stops)
{
	cap_t space = make(TYPE_VSPACE, 0);
	struct worker *w = worker_new(HERE, MIDDLE);

	worker_space(w, CNODE, space, 0);
	WORKS(revoke(space));
	WORKS(thread_suspend(w->thread));
	EQ(thread_resume(w->thread), ERR_STATE);
}
CASE(a_block_is_no_device_memory)
{
	REFUSED(ERR_ARGUMENT, 1, fresh(), METHOD_THREAD_SET_BLOCK, BOOT_SLOT_DEVICE, 0);
}
CASE(a_revoked_block_takes_the_redirection_along)
{
	struct abi_block *page;
	cap_t thread = stopped(&page), frame = make(TYPE_FRAME, 12);

	WORKS(thread_set_block(thread, frame, 0));
	WORKS(thread_set_redirect(thread, 0x1000, 0, 0, 0, 0, 0));
	WORKS(revoke(frame));
	EQ(thread_upcall(thread, 0x1000, NULL), ERR_BLOCK);
}
