// Faults: what their handler is told, and what its answer does.
#define CATEGORY "faults"
#include "tests/conform/conform.h"

#define HOLE FREE_AT

static cap_t handler, reply;
static struct msg told;

static void load(struct worker *w)
{
	w->seen[0] = raw_load(HOLE);
	worker_finish(w);
}

static void store(struct worker *w)
{
	raw_store(HOLE, 5);
	worker_finish(w);
}

static void jump(struct worker *w)
{
	(void)w;
	raw_jump(HOLE);
}

static void foreign(struct worker *w)
{
	w->seen[0] = raw_foreign(39, 5);
	worker_finish(w);
}

static void divide(struct worker *w) { (void)w, raw_divide(); }
static void illegal(struct worker *w) { (void)w, raw_illegal(); }
static void breakpoint(struct worker *w) { (void)w, raw_breakpoint(); }
static void privileged(struct worker *w) { (void)w, raw_privileged(); }
static void port(struct worker *w) { (void)w, raw_port(0x80); }
static void noncanonical(struct worker *w) { (void)w, raw_load(1ull << 63); }
static void kernel_half(struct worker *w) { (void)w, raw_load(0xffffffff80000000ull); }
static void null(struct worker *w) { (void)w, raw_load(8); }

// A thread that runs `run` and faults; what its handler is told is in `told`.
static struct worker *faulting(enum where where, void (*run)(struct worker *))
{
	handler = make(TYPE_ENDPOINT, 0);
	reply = make(TYPE_REPLY, 0);

	struct worker *w = worker_with_fault(where, MIDDLE, derive(handler, ENDPOINT_SEND | ENDPOINT_GRANT, 55, 0));

	worker_run(w, run);
	WORKS(take(handler, reply, &told));
	return w;
}

CASE_EACH(a_fault_is_told_with_kind_and_badge)
{
	faulting(where, load);
	EQ(tag_kind(told.tag), KIND_FAULT);
	EQ(told.badge, 55);
}
CASE_EACH(a_read_fault_tells_address_and_access)
{
	faulting(where, load);
	EQ(tag_label(told.tag), FAULT_PAGE);
	EQ(tag_words(told.tag), 4);
	EQ(told.words[0], (uintptr_t)raw_load);
	EQ(told.words[1], HOLE);
	EQ(told.words[2], 0);
	TRUE(told.words[3]);
}
CASE(a_write_fault_tells_so)
{
	faulting(HERE, store);
	EQ(told.words[1], HOLE);
	EQ(told.words[2], FAULT_ACCESS_WRITE);
}
CASE(a_fault_of_a_jump_tells_so)
{
	faulting(HERE, jump);
	EQ(told.words[0], HOLE);
	EQ(told.words[1], HOLE);
	EQ(told.words[2], FAULT_ACCESS_EXECUTE);
}
CASE(a_write_to_a_read_only_page_tells_that_it_is_there)
{
	WORKS(frame_map(make(TYPE_FRAME, 12), VSPACE, HOLE, FRAME_READ));
	faulting(HERE, store);
	EQ(told.words[2], FAULT_ACCESS_WRITE | FAULT_ACCESS_PRESENT);
}
CASE(a_jump_to_a_page_without_execute_tells_that_it_is_there)
{
	WORKS(frame_map(make(TYPE_FRAME, 12), VSPACE, HOLE, FRAME_READ | FRAME_WRITE));
	faulting(HERE, jump);
	EQ(told.words[2], FAULT_ACCESS_EXECUTE | FAULT_ACCESS_PRESENT);
}
CASE(a_kernel_address_faults)
{
	faulting(HERE, kernel_half);
	EQ(tag_label(told.tag), FAULT_PAGE);
	EQ(told.words[1], 0xffffffff80000000ull);
}
CASE(page_0_faults)
{
	faulting(HERE, null);
	EQ(told.words[1], 8);
}
CASE(a_division_by_zero_is_exception_0)
{
	faulting(HERE, divide);
	EQ(tag_label(told.tag), FAULT_EXCEPTION);
	EQ(told.words[1], 0);
}
CASE(an_illegal_instruction_is_exception_6)
{
	faulting(HERE, illegal);
	EQ(told.words[0], (uintptr_t)raw_illegal);
	EQ(told.words[1], 6);
}
CASE(a_breakpoint_is_exception_3)
{
	faulting(HERE, breakpoint);
	EQ(told.words[1], 3);
	EQ(told.words[0], (uintptr_t)raw_breakpoint + 1);
}
CASE(a_privileged_instruction_is_exception_13)
{
	faulting(HERE, privileged);
	EQ(told.words[1], 13);
}
CASE(a_port_instruction_is_exception_13)
{
	faulting(HERE, port);
	EQ(told.words[1], 13);
}
CASE(a_noncanonical_address_is_exception_13)
{
	faulting(HERE, noncanonical);
	EQ(tag_label(told.tag), FAULT_EXCEPTION);
	EQ(told.words[1], 13);
}
CASE(a_foreign_call_without_redirection_is_told_with_its_number_and_arguments)
{
	faulting(HERE, foreign);
	EQ(tag_label(told.tag), FAULT_SYSCALL);
	EQ(told.words[1], 39);
	EQ(told.words[4], 5);
}

// --- the answer

CASE_EACH(resume_runs_the_instruction_again)
{
	struct worker *w = faulting(where, load);
	cap_t frame = make(TYPE_FRAME, 12);

	WORKS(frame_map(frame, where == ELSEWHERE ? space_other() : VSPACE, HOLE, FRAME_READ));
	WORKS(answer(reply, TAG(FAULT_REPLY_RESUME, 0), 0));
	rest();
	EQ(w->done, true);
	EQ(w->seen[0], 0);
}
CASE(resume_without_a_mapping_faults_again)
{
	struct worker *w = faulting(HERE, load);

	WORKS(answer(reply, TAG(FAULT_REPLY_RESUME, 0), 0));
	rest();
	EQ(w->done, false);
	WORKS(take(handler, reply, &told));
	EQ(told.words[1], HOLE);
}
CASE(jump_goes_on_elsewhere)
{
	struct worker *w = faulting(HERE, load);

	WORKS(answer(reply, TAG(FAULT_REPLY_JUMP, 1), (uintptr_t)raw_load_end));
	rest();
	EQ(w->done, true);
}
CASE(a_jump_out_of_user_space_is_refused_and_the_reply_stays_pending)
{
	struct worker *w = faulting(HERE, load);

	EQ(answer(reply, TAG(FAULT_REPLY_JUMP, 1), USER_END), ERR_RANGE);
	EQ(answer(reply, TAG(FAULT_REPLY_JUMP, 1), ~0ull), ERR_RANGE);
	WORKS(answer(reply, TAG(FAULT_REPLY_JUMP, 1), (uintptr_t)raw_load_end));
	rest();
	EQ(w->done, true);
}
CASE(a_foreign_call_resumes_behind_its_instruction)
{
	struct worker *w = faulting(HERE, foreign);

	WORKS(answer(reply, TAG(FAULT_REPLY_RESUME, 0), 0));
	rest();
	EQ(w->done, true);
}
CASE_EACH(an_answer_maps_the_page_that_was_missed)
{
	struct worker *w = faulting(where, load);
	cap_t frame = make(TYPE_FRAME, 14);

	sys_block()->items[0] = (struct abi_map_item){frame, slots_new(1), HOLE, 2, 1, FRAME_READ, 0};
	WORKS(answer(reply, TAG(FAULT_REPLY_RESUME, 0) | TAG_ITEMS(1), 0));
	rest();
	EQ(w->done, true);
}
CASE(a_handlers_map_item_needs_no_window)
{
	struct worker *w = faulting(HERE, load);

	w->block->window_pages = 0;
	sys_block()->items[0] = (struct abi_map_item){make(TYPE_FRAME, 12), slots_new(1), HOLE, 0, 1, FRAME_READ, 0};
	WORKS(answer(reply, TAG(FAULT_REPLY_RESUME, 0) | TAG_ITEMS(1), 0));
}
CASE(registers_survive_a_fault)
{
	struct worker *w = faulting(HERE, load);
	uint64_t before[REGISTER_COUNT], after[REGISTER_COUNT];

	WORKS(thread_read(w->thread, before));
	WORKS(answer(reply, TAG(FAULT_REPLY_RESUME, 0), 0));
	rest();
	WORKS(take(handler, reply, &told));
	WORKS(thread_read(w->thread, after));
	for (unsigned i = 0; i < REGISTER_COUNT; i++)
		EQ(after[i], before[i]);
}
CASE(an_answers_words_do_not_reach_a_faulted_thread)
{
	struct worker *w = faulting(HERE, load);
	uint64_t values[REGISTER_COUNT];

	sys_block()->words[0] = 77;
	WORKS(answer(reply, TAG(FAULT_REPLY_RESUME, 8), 1234));
	rest();
	WORKS(thread_read(w->thread, values));
	TRUE(values[REGISTER_R8] != 1234);
}

// --- nobody to answer

CASE(a_fault_without_a_handler_stops_the_thread)
{
	struct worker *w = worker_new(HERE, MIDDLE);
	uint64_t values[REGISTER_COUNT];

	worker_run(w, illegal);
	WORKS(thread_read(w->thread, values));
	EQ(values[REGISTER_IP], (uintptr_t)raw_illegal);
}
CASE(a_fault_whose_handler_is_dead_stops_the_thread)
{
	struct worker *w = faulting(HERE, illegal);

	WORKS(delete(reply));
	rest();
	EQ(w->done, false);
	EQ(method(w->thread, METHOD_THREAD_SUSPEND, 0, WORDS(0)).err, OK);
}
CASE(a_fault_that_waits_at_a_destroyed_endpoint_stops_the_thread)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *w = worker_with_fault(HERE, MIDDLE, e);
	uint64_t values[REGISTER_COUNT];

	worker_run(w, illegal);
	WORKS(revoke(e));
	WORKS(delete(e));
	rest();
	WORKS(thread_read(w->thread, values));
	EQ(values[REGISTER_IP], (uintptr_t)raw_illegal);
}
CASE(a_stopped_thread_goes_on_when_it_is_resumed)
{
	struct worker *w = worker_new(HERE, MIDDLE);

	worker_run(w, load);
	EQ(w->done, false);
	WORKS(frame_map(make(TYPE_FRAME, 12), VSPACE, HOLE, FRAME_READ));
	WORKS(thread_resume(w->thread));
	rest();
	EQ(w->done, true);
}
CASE(a_fault_to_a_receiver_without_reply_stops_the_thread)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *w = worker_with_fault(HERE, MIDDLE, e);

	worker_run(w, illegal);
	WORKS(take(e, 0, &told));
	EQ(tag_kind(told.tag), KIND_FAULT);
	rest();
	EQ(w->done, false);
}
CASE(a_suspended_faulted_thread_is_not_answered)
{
	struct worker *w = faulting(HERE, illegal);

	WORKS(thread_suspend(w->thread));
	EQ(answer(reply, TAG(FAULT_REPLY_JUMP, 1), (uintptr_t)raw_illegal_end), ERR_CANCELLED);
}
