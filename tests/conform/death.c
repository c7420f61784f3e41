// Death in the middle: whoever waits for what dies is woken, and what is dead takes part in nothing.
#define CATEGORY "death"
#include "tests/conform/conform.h"

CASE_EACH(a_destroyed_endpoint_wakes_its_senders_with_dead)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *a = worker_new(where, MIDDLE), *b = worker_new(where, MIDDLE);

	start_send(a, e, 0, 0);
	start_call(b, e, 0, 0);
	WORKS(delete(e));
	rest();
	RETURNED(a, ERR_DEAD);
	RETURNED(b, ERR_DEAD);
}

CASE_EACH(a_destroyed_endpoint_wakes_its_receivers_with_dead)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *a = worker_new(where, MIDDLE), *b = worker_new(where, MIDDLE);

	start_recv(a, e);
	start_recv(b, e);
	WORKS(delete(e));
	rest();
	RETURNED(a, ERR_DEAD);
	RETURNED(b, ERR_DEAD);
}

CASE(a_call_in_progress_survives_its_endpoint)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *c = worker_new(HERE, MIDDLE);
	struct msg m;

	start_call(c, e, 0, 0);
	WORKS(take(e, reply, &m));
	WORKS(delete(e));
	WAITS(c);
	WORKS(answer(reply, 0, 0));
	rest();
	RETURNED(c, OK);
}

CASE_EACH(a_destroyed_notification_wakes_its_waiters_with_dead)
{
	cap_t n = make(TYPE_NOTIFICATION, 0);
	struct worker *a = worker_new(HERE, MIDDLE), *b = worker_new(where, MIDDLE);

	start_wait(a, n);
	start_wait(b, n);
	WORKS(delete(n));
	rest();
	RETURNED(a, ERR_DEAD);
	RETURNED(b, ERR_DEAD);
}

CASE(a_revoked_badge_leaves_who_waits_through_it_waiting)
{
	cap_t e = make(TYPE_ENDPOINT, 0), b = derive(e, ALL, 3, 0);
	struct worker *s = worker_new(HERE, MIDDLE);
	struct msg m;

	start_send(s, b, TAG(5, 0), 0);
	WORKS(revoke(e));
	WAITS(s);
	WORKS(take(e, 0, &m));
	EQ(m.badge, 3);
}

CASE(a_dead_sender_is_in_no_queue)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *a = worker_new(HERE, MIDDLE);
	struct msg m;

	start_send(a, e, 0, 0);
	WORKS(delete(a->thread));
	EQ(take(e, 0, &m), ERR_NOT_READY);
}

CASE(a_dead_receiver_is_in_no_queue)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *r = worker_new(HERE, MIDDLE);
	struct msg m = {0};

	start_recv(r, e);
	WORKS(delete(r->thread));
	EQ(sys_nb_send(e, &m), ERR_NOT_READY);
	EQ(take(e, r->reply, &m), ERR_NOT_READY);
}

CASE(a_dead_waiter_does_not_take_the_signal)
{
	cap_t n = make(TYPE_NOTIFICATION, 0);
	struct worker *r = worker_new(HERE, MIDDLE);
	struct msg m;

	start_wait(r, n);
	WORKS(delete(r->thread));
	WORKS(sys_signal(derive(n, ALL, 1, 0)));
	WORKS(take(n, 0, &m));
	EQ(m.badge, 1);
}

CASE(a_dead_server_that_received_without_dying_reply_strands_nobody)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *s = worker_new(HERE, HIGH), *c = worker_new(HERE, MIDDLE);

	start_recv(s, e);
	start_call(c, e, 0, 0);
	RETURNED(s, OK);
	WORKS(delete(s->thread));
	WAITS(c);
	WORKS(delete(s->reply));
	rest();
	RETURNED(c, ERR_DEAD);
}

static void delete_itself(struct worker *w)
{
	w->err = delete(w->thread);
	w->done = true;
}

CASE(a_thread_that_deletes_itself_is_gone)
{
	struct worker *w = worker_new(HERE, MIDDLE);

	worker_run(w, delete_itself);
	EQ(w->done, false);
	TRUE(!is_there(w->thread));
}
