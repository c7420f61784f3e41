// Scheduling contexts: bound, lent along a call, taken away.
#define CATEGORY "contexts"
#include "tests/conform/conform.h"

static void finish(struct worker *w) { worker_finish(w); }
static void count_on(struct worker *w) { spin(&w->seen[0]); }

CASE(a_context_is_inert_until_it_is_configured)
{
	REFUSED(ERR_STATE, 1, make(TYPE_SCHEDCONTEXT, 0), METHOD_SCHEDCONTEXT_BIND, make(TYPE_THREAD, 0));
}
CASE(a_priority_has_a_limit)
{
	EQ(configure(make(TYPE_SCHEDCONTEXT, 0), PRIORITY_MAX + 1, 0), ERR_RANGE);
	EQ(configure(make(TYPE_SCHEDCONTEXT, 0), ~0ull, 0), ERR_RANGE);
	WORKS(configure(make(TYPE_SCHEDCONTEXT, 0), PRIORITY_MAX, 0));
}
CASE(only_a_context_is_configured) { EQ(configure(make(TYPE_THREAD, 0), LOW, 0), ERR_CAP_TYPE); }
CASE(a_context_is_bound_to_a_thread)
{
	cap_t context = make(TYPE_SCHEDCONTEXT, 0);

	WORKS(configure(context, LOW, 0));
	REFUSED(ERR_CAP_TYPE, 1, context, METHOD_SCHEDCONTEXT_BIND, CNODE);
	REFUSED(ERR_CAP_TYPE, 1, context, METHOD_SCHEDCONTEXT_BIND, slots_new(1));
}
CASE(a_thread_has_one_context)
{
	struct worker *w = worker_new(HERE, LOW);
	cap_t other = make(TYPE_SCHEDCONTEXT, 0);

	WORKS(configure(other, LOW, 0));
	REFUSED(ERR_BUSY, 1, other, METHOD_SCHEDCONTEXT_BIND, w->thread);
}
CASE(a_bound_context_may_be_bound_to_another_thread)
{
	struct worker *a = worker_new(HERE, LOW), *b = worker_new(HERE, LOW);

	worker_make_passive(b);
	worker_prepare(b, finish);
	WORKS(thread_resume(b->thread));
	rest();
	EQ(b->done, false);
	WORKS(schedcontext_bind(a->context, b->thread));
	rest();
	EQ(b->done, true);
	worker_prepare(a, finish);
	WORKS(thread_resume(a->thread));
	rest();
	EQ(a->done, false);
}
CASE(a_thread_without_context_does_not_run)
{
	struct worker *w = worker_new(HERE, LOW);

	worker_make_passive(w);
	worker_prepare(w, finish);
	WORKS(thread_resume(w->thread));
	rest();
	EQ(w->done, false);
	WORKS(schedcontext_bind(w->context, w->thread));
	rest();
	EQ(w->done, true);
}
CASE(a_destroyed_context_stops_its_thread)
{
	struct worker *w = worker_new(HERE, LOW);

	WORKS(delete(w->context));
	worker_prepare(w, finish);
	WORKS(thread_resume(w->thread));
	rest();
	EQ(w->done, false);
}
CASE(unbind_of_what_is_not_bound_works) { WORKS(schedcontext_bind(make(TYPE_SCHEDCONTEXT, 0), 0)); }
CASE(consumed_time_only_grows)
{
	struct worker *w = worker_new(HERE, LOW);
	uint64_t before = 0, after = 0;

	WORKS(schedcontext_consumed(w->context, &before));
	worker_prepare(w, count_on);
	WORKS(thread_resume(w->thread));
	wait_ticks(100000);
	WORKS(thread_suspend(w->thread));
	WORKS(schedcontext_consumed(w->context, &after));
	TRUE(after > before);
	WORKS(schedcontext_consumed(w->context, &before));
	EQ(after, before);
}

// --- lending

CASE_BOTH(a_passive_server_runs_on_the_callers_time)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *s = worker_new(where, HIGH), *c = worker_new(HERE, LOW);

	start_recv(s, e);
	worker_make_passive(s);
	start_call(c, e, TAG(1, 1), 5);
	RETURNED(s, OK);
	EQ(s->m.words[0], 5);
	WAITS(c);
}
CASE(a_passive_servers_answer_gives_the_time_back)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *s = worker_new(HERE, HIGH), *c = worker_new(HERE, LOW);

	start_recv(s, e);
	worker_make_passive(s);
	start_call(c, e, 0, 0);
	RETURNED(s, OK);
	WORKS(answer(s->reply, TAG(2, 0), 0));
	rest();
	RETURNED(c, OK);
}
CASE(a_send_lends_nothing)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *s = worker_new(HERE, HIGH), *c = worker_new(HERE, LOW);

	start_recv(s, e);
	worker_make_passive(s);
	start_send(c, e, 0, 0);
	RETURNED(c, OK);
	EQ(s->done, false);  // it has its message and no time
}
CASE(lent_time_comes_back_when_the_server_dies)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *s = worker_new(HERE, HIGH), *c = worker_new(HERE, LOW);

	start_recv(s, e);
	worker_make_passive(s);
	start_call(c, e, 0, 0);
	WORKS(delete(s->thread));
	WORKS(delete(s->reply));
	rest();
	RETURNED(c, ERR_DEAD);
}
CASE(lent_time_comes_back_when_the_caller_is_suspended)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *s = worker_new(HERE, HIGH), *c = worker_new(HERE, LOW);

	start_recv(s, e);
	worker_make_passive(s);
	start_call(c, e, 0, 0);
	WORKS(thread_suspend(c->thread));
	WORKS(thread_resume(c->thread));
	rest();
	RETURNED(c, ERR_CANCELLED);
}
CASE(lent_time_comes_back_when_the_context_is_bound_anew)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *s = worker_new(HERE, HIGH), *c = worker_new(HERE, LOW), *other = worker_new(HERE, LOW);

	start_recv(s, e);
	worker_make_passive(s);
	worker_make_passive(other);
	worker_prepare(other, finish);
	WORKS(thread_resume(other->thread));
	start_call(c, e, 0, 0);
	WORKS(schedcontext_bind(c->context, other->thread));
	rest();
	EQ(other->done, true);
	WORKS(answer(s->reply, 0, 0));
	rest();
	WAITS(c);  // it has its answer and no time
}
CASE(time_is_lent_on_along_a_chain)
{
	cap_t first = make(TYPE_ENDPOINT, 0), second = make(TYPE_ENDPOINT, 0);
	struct worker *a = worker_new(HERE, HIGH), *b = worker_new(ELSEWHERE, HIGH), *c = worker_new(HERE, LOW);

	start_recv(b, second);
	worker_make_passive(b);
	start_recv(a, first);
	start_call(c, first, 0, 0);  // a serves c on its own time, and calls b
	start_call(a, second, 0, 0);
	RETURNED(b, OK);
	WORKS(answer(b->reply, 0, 0));
	rest();
	RETURNED(a, OK);
	WORKS(answer(a->reply, 0, 0));
	rest();
	RETURNED(c, OK);
}

static void serve_two(struct worker *w)
{
	struct msg m = {0};

	WORKS(sys_recv(w->cap, w->reply, &m));
	while (!w->seen[0])  // on the first caller's time, until the second waits
		(void)sys_wait(w->bell, &m.badge);
	m = (struct msg){0};
	WORKS(sys_reply_recv(w->cap, w->reply, &m));
	worker_finish(w);
}

CASE(the_second_callers_time_is_charged_from_when_it_is_lent)
{
	struct worker *s = worker_new(HERE, HIGH), *a = worker_new(HERE, LOW), *b = worker_new(HERE, LOW);
	uint64_t before = now(), consumed = 0;

	s->cap = make(TYPE_ENDPOINT, 0);
	worker_run(s, serve_two);
	worker_make_passive(s);
	start_call(a, s->cap, 0, 0);
	start_call(b, s->cap, 0, 0);
	s->seen[0] = 1;
	WORKS(sys_signal(s->ring));
	rest();
	RETURNED(a, OK);
	WORKS(schedcontext_consumed(b->context, &consumed));
	TRUE(consumed <= now() - before);
}
