// What is done to a thread that runs on another core, and threads that go there. What messages do between cores is
// asked by the cases that say so themselves (CASE_EACH).
#define CATEGORY CATEGORY_CORES
#include "tests/conform/conform.h"

#define PAUSES 2000

// A thread on core 1 that does nothing but run: nobody can rest until it stops.
static void run_on(struct worker *w)
{
	spin(&w->seen[0]);
}

static void write_on(struct worker *w)
{
	for (uint64_t n = 1;; n++) {
		*(volatile uint64_t *)FREE_AT = n;
		w->seen[0] = n;
	}
}

static void await(const volatile uint64_t *count)
{
	for (uint64_t from = *count; *count == from;)
		__builtin_ia32_pause();
}

static bool stands_still(const volatile uint64_t *count)
{
	uint64_t from = *count;

	for (unsigned i = 0; i < PAUSES; i++)
		__builtin_ia32_pause();
	return *count == from;
}

static struct worker *runner(void (*run)(struct worker *), cap_t fault)
{
	struct worker *w = worker_with_fault(AFAR, MIDDLE, fault);

	worker_prepare(w, run);
	WORKS(thread_resume(w->thread));
	await(&w->seen[0]);
	return w;
}

CASE(suspend_stops_a_thread_that_runs_there)
{
	struct worker *w = runner(run_on, 0);

	WORKS(thread_suspend(w->thread));
	TRUE(stands_still(&w->seen[0]));
	WORKS(thread_resume(w->thread));
	await(&w->seen[0]);
	WORKS(thread_suspend(w->thread));
}

CASE(registers_are_of_a_thread_that_has_stopped_there)
{
	struct worker *w = runner(run_on, 0);
	uint64_t values[REGISTER_COUNT];

	EQ(thread_read(w->thread, values), ERR_STATE);
	WORKS(thread_suspend(w->thread));
	WORKS(thread_read(w->thread, values));
	EQ(values[REGISTER_RDI], (uint64_t)(uintptr_t)&w->seen[0]);
	EQ(values[REGISTER_GS], (uint64_t)(uintptr_t)w->block);
}

CASE(a_cancel_while_it_runs_there_is_remembered)
{
	struct worker *w = runner(run_on, 0);
	uint64_t cancelled = 9;

	WORKS(thread_cancel(w->thread, &cancelled));
	EQ(cancelled, 0);
	await(&w->seen[0]);
	WORKS(thread_suspend(w->thread));
}

CASE(a_thread_is_destroyed_while_it_runs_there)
{
	struct worker *w = runner(run_on, 0);

	WORKS(delete(w->thread));
	TRUE(stands_still(&w->seen[0]));
	rest();
}

CASE(a_context_is_destroyed_while_it_is_run_on_there)
{
	struct worker *w = runner(run_on, 0);

	WORKS(delete(w->context));
	TRUE(stands_still(&w->seen[0]));
	rest();
}

CASE(an_unbound_context_takes_the_core_away)
{
	struct worker *w = runner(run_on, 0);

	WORKS(schedcontext_bind(w->context, 0));
	TRUE(stands_still(&w->seen[0]));
	WORKS(schedcontext_bind(w->context, w->thread));
	await(&w->seen[0]);
	WORKS(thread_suspend(w->thread));
}

CASE(a_running_thread_comes_to_this_core_and_goes_back)
{
	struct worker *w = runner(run_on, 0);

	WORKS(configure_on(0, w->context, LOW));
	TRUE(stands_still(&w->seen[0]));  // the suite itself runs here
	WORKS(configure_on(1, w->context, LOW));
	await(&w->seen[0]);
	WORKS(thread_suspend(w->thread));
}

static struct worker *writer(cap_t frame, cap_t faults)
{
	WORKS(frame_map(frame, VSPACE, FREE_AT, FRAME_READ | FRAME_WRITE));
	return runner(write_on, faults);
}

// The writer has faulted, and its memory is not written any more.
static void has_faulted(struct worker *w, cap_t faults)
{
	struct msg m = {0};

	WORKS(sys_recv(faults, w->reply, &m));
	EQ(tag_kind(m.tag), KIND_FAULT);
	EQ(m.words[1], FREE_AT);
	TRUE(stands_still(&w->seen[0]));
}

CASE(a_page_that_is_unmapped_is_written_no_more)
{
	cap_t frame = make(TYPE_FRAME, PAGE_BITS), faults = make(TYPE_ENDPOINT, 0);
	struct worker *w = writer(frame, faults);

	WORKS(frame_unmap(frame));
	has_faulted(w, faults);
}

CASE(a_page_that_is_protected_is_written_no_more)
{
	cap_t frame = make(TYPE_FRAME, PAGE_BITS), faults = make(TYPE_ENDPOINT, 0);
	struct worker *w = writer(frame, faults);

	WORKS(frame_protect(frame, FRAME_READ));
	has_faulted(w, faults);
	WORKS(frame_protect(frame, FRAME_READ | FRAME_WRITE));
	WORKS(answer(w->reply, 0, 0));
	await(&w->seen[0]);
	WORKS(thread_suspend(w->thread));
}

CASE(a_page_that_is_revoked_is_written_no_more)
{
	cap_t frame = make(TYPE_FRAME, PAGE_BITS), faults = make(TYPE_ENDPOINT, 0);
	struct worker *w = writer(derive(frame, ALL, 0, 0), faults);

	WORKS(revoke(frame));
	has_faulted(w, faults);
}

CASE(a_page_whose_memory_is_used_again_is_written_no_more)
{
	cap_t block = block_new(PAGE_BITS), frame = slots_new(1), faults = make(TYPE_ENDPOINT, 0);

	WORKS(untyped_retype(block, TYPE_FRAME, PAGE_BITS, 1, CNODE, frame, NULL));
	struct worker *w = writer(frame, faults);

	WORKS(revoke(block));
	WORKS(untyped_reset(block));
	has_faulted(w, faults);
	WORKS(untyped_retype(block, TYPE_FRAME, PAGE_BITS, 1, CNODE, frame, NULL));
	WORKS(frame_map(frame, VSPACE, FREE_AT, FRAME_READ));
	EQ(*(volatile uint64_t *)FREE_AT, 0);
}

CASE(unmap_range_takes_pages_away_there)
{
	cap_t frame = make(TYPE_FRAME, PAGE_BITS), faults = make(TYPE_ENDPOINT, 0);
	struct worker *w = writer(frame, faults);

	WORKS(vspace_unmap_range(VSPACE, FREE_AT, FREE_AT + PAGE_SIZE, 0));
	has_faulted(w, faults);
}

// --- waiting threads move, with what they wait for

CASE(who_waits_for_a_message_moves_and_gets_it)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *r = worker_new(AFAR, MIDDLE), *s = worker_new(HERE, MIDDLE);

	start_recv(r, e);
	WORKS(configure_on(0, r->context, MIDDLE));
	start_send(s, e, TAG(5, 1), 6);
	RETURNED(s, OK);
	RETURNED(r, OK);
	EQ(r->m.words[0], 6);
}

CASE(who_waits_here_moves_there_and_gets_its_message)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *r = worker_new(HERE, MIDDLE), *s = worker_new(AFAR, MIDDLE);

	start_recv(r, e);
	WORKS(configure_on(1, r->context, MIDDLE));
	start_call(s, e, TAG(5, 1), 6);
	RETURNED(r, OK);
	WORKS(answer(r->reply, TAG(1, 1), 7));
	rest();
	RETURNED(s, OK);
	EQ(s->m.words[0], 7);
}

CASE(who_waits_for_an_answer_moves_and_gets_it)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *c = worker_new(AFAR, MIDDLE);
	struct msg m;

	start_call(c, e, 0, 0);
	WORKS(take(e, reply, &m));
	WORKS(configure_on(0, c->context, MIDDLE));
	WORKS(answer(reply, TAG(1, 1), 3));
	rest();
	RETURNED(c, OK);
	EQ(c->m.words[0], 3);
}

CASE(who_waits_for_a_signal_moves_and_hears_it)
{
	cap_t n = make(TYPE_NOTIFICATION, 0);
	struct worker *w = worker_new(AFAR, MIDDLE);

	start_wait(w, n);
	WORKS(configure_on(0, w->context, MIDDLE));
	WORKS(sys_signal(derive(n, ALL, 4, 0)));
	rest();
	RETURNED(w, OK);
	EQ(w->m.badge, 4);
}

CASE(waiters_of_both_cores_are_woken_in_their_order)
{
	cap_t n = make(TYPE_NOTIFICATION, 0);
	struct worker *a = worker_new(AFAR, MIDDLE), *b = worker_new(HERE, MIDDLE);
	cap_t one = derive(n, ALL, 1, 0);

	start_wait(a, n);
	start_wait(b, n);
	WORKS(sys_signal(one));
	rest();
	RETURNED(a, OK);
	WAITS(b);
	WORKS(sys_signal(one));
	rest();
	RETURNED(b, OK);
}

CASE(no_time_is_lent_to_another_core)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *s = worker_new(AFAR, MIDDLE), *c = worker_new(HERE, MIDDLE);

	start_recv(s, e);
	worker_make_passive(s);
	start_call(c, e, TAG(1, 1), 5);
	WAITS(s);  // it has the message and no time
	WORKS(schedcontext_bind(s->context, s->thread));
	rest();
	RETURNED(s, OK);
	EQ(s->m.words[0], 5);
	WORKS(answer(s->reply, 0, 0));
	rest();
	RETURNED(c, OK);
}
