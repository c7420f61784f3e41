// Notifications: bits, waiters, and the thread that is bound.
#define CATEGORY "notifications"
#include "tests/conform/conform.h"

static cap_t bit(cap_t n, uint64_t badge) { return derive(n, ALL, badge, 0); }

CASE(a_signal_is_kept_until_somebody_waits)
{
	cap_t n = make(TYPE_NOTIFICATION, 0);
	uint64_t bits = 0;

	WORKS(sys_signal(bit(n, 4)));
	WORKS(sys_wait(n, &bits));
	EQ(bits, 4);
}
CASE(signals_are_ored)
{
	cap_t n = make(TYPE_NOTIFICATION, 0);
	uint64_t bits = 0;

	WORKS(sys_signal(bit(n, 1)));
	WORKS(sys_signal(bit(n, 1ull << 63)));
	WORKS(sys_signal(bit(n, 1)));
	WORKS(sys_wait(n, &bits));
	EQ(bits, 1ull << 63 | 1);
}
CASE(a_wait_clears_all_bits)
{
	cap_t n = make(TYPE_NOTIFICATION, 0);
	struct msg m;

	WORKS(sys_signal(bit(n, 3)));
	WORKS(take(n, 0, &m));
	EQ(take(n, 0, &m), ERR_NOT_READY);
}
CASE(a_wait_for_nothing_without_waiting_fails)
{
	struct msg m;

	EQ(take(make(TYPE_NOTIFICATION, 0), 0, &m), ERR_NOT_READY);
}
CASE(a_signal_through_a_capability_without_badge_changes_nothing)
{
	cap_t n = make(TYPE_NOTIFICATION, 0);
	struct worker *r = worker_new(HERE, MIDDLE);

	start_wait(r, n);
	WORKS(sys_signal(n));
	rest();
	WAITS(r);
}
CASE(what_is_waited_for_comes_as_a_notification)
{
	cap_t n = make(TYPE_NOTIFICATION, 0);
	struct msg m;

	WORKS(sys_signal(bit(n, 3)));
	WORKS(take(n, 0, &m));
	EQ(tag_kind(m.tag), KIND_NOTIFICATION);
	EQ(tag_words(m.tag), 0);
	EQ(m.badge, 3);
}
CASE_EACH(a_signal_wakes_who_waits)
{
	cap_t n = make(TYPE_NOTIFICATION, 0);
	struct worker *r = worker_new(where, MIDDLE);
	struct msg m;

	start_wait(r, n);
	WORKS(sys_signal(bit(n, 6)));
	rest();
	RETURNED(r, OK);
	EQ(r->m.badge, 6);
	EQ(take(n, 0, &m), ERR_NOT_READY);
}
CASE(a_signal_wakes_one_and_the_first_of_those_who_wait)
{
	cap_t n = make(TYPE_NOTIFICATION, 0), one = bit(n, 1);
	struct worker *a = worker_new(HERE, LOW), *b = worker_new(ELSEWHERE, HIGH);

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
CASE(a_signal_does_not_wait_and_needs_nobody)
{
	struct msg m = {0};
	cap_t one = bit(make(TYPE_NOTIFICATION, 0), 1);

	WORKS(sys_send(one, &m));
	WORKS(sys_nb_send(one, &m));
}
CASE(call_of_a_notification_is_no_method)
{
	struct msg m = {.tag = TAG(1, 0)};

	EQ(sys_call(make(TYPE_NOTIFICATION, 0), &m), ERR_METHOD);
}
CASE(reply_recv_on_a_notification_is_refused)
{
	struct msg m = {0};

	EQ(sys_reply_recv(make(TYPE_NOTIFICATION, 0), make(TYPE_REPLY, 0), &m), ERR_CAP_TYPE);
}

// --- bound

CASE_EACH(who_receives_hears_its_bound_notification)
{
	cap_t n = make(TYPE_NOTIFICATION, 0), e = make(TYPE_ENDPOINT, 0);
	struct worker *r = worker_new(where, MIDDLE);

	WORKS(thread_bind(r->thread, n));
	start_recv(r, e);
	WAITS(r);
	WORKS(sys_signal(bit(n, 8)));
	rest();
	RETURNED(r, OK);
	EQ(tag_kind(r->m.tag), KIND_NOTIFICATION);
	EQ(r->m.badge, 8);
}
CASE(bits_that_are_set_come_before_callers)
{
	cap_t n = make(TYPE_NOTIFICATION, 0), e = make(TYPE_ENDPOINT, 0);
	struct worker *r = worker_new(HERE, MIDDLE), *s = worker_new(HERE, LOW);

	WORKS(thread_bind(r->thread, n));
	start_send(s, e, TAG(3, 0), 0);
	WORKS(sys_signal(bit(n, 8)));
	start_recv(r, e);
	RETURNED(r, OK);
	EQ(r->m.badge, 8);
	WAITS(s);
	start_recv(r, e);
	EQ(tag_label(r->m.tag), 3);
}
CASE(a_bound_notification_does_not_stop_messages)
{
	cap_t n = make(TYPE_NOTIFICATION, 0), e = make(TYPE_ENDPOINT, 0);
	struct worker *r = worker_new(HERE, MIDDLE);
	struct msg m = {.tag = TAG(3, 0)};

	WORKS(thread_bind(r->thread, n));
	start_recv(r, e);
	WORKS(sys_nb_send(e, &m));
	rest();
	RETURNED(r, OK);
	EQ(tag_label(r->m.tag), 3);
	EQ(tag_kind(r->m.tag), KIND_MESSAGE);
}
CASE(reply_recv_hears_the_bound_notification_after_its_answer)
{
	cap_t n = make(TYPE_NOTIFICATION, 0), e = make(TYPE_ENDPOINT, 0);
	struct worker *s = worker_new(HERE, HIGH), *c = worker_new(HERE, LOW);

	WORKS(thread_bind(s->thread, n));
	start_recv(s, e);
	start_call(c, e, 0, 0);
	WORKS(sys_signal(bit(n, 2)));
	start(s, SYSCALL_REPLY_RECV, e, s->reply, TAG(5, 0), 0);
	RETURNED(s, OK);
	EQ(s->m.badge, 2);
	RETURNED(c, OK);
	EQ(tag_label(c->m.tag), 5);
}
CASE(a_notification_is_bound_to_one_thread)
{
	cap_t n = make(TYPE_NOTIFICATION, 0), a = make(TYPE_THREAD, 0), b = make(TYPE_THREAD, 0);

	WORKS(thread_bind(a, n));
	REFUSED(ERR_BUSY, 1, b, METHOD_THREAD_BIND, n);
	WORKS(thread_bind(a, 0));
	WORKS(thread_bind(b, n));
}
CASE(a_thread_has_one_bound_notification)
{
	cap_t n = make(TYPE_NOTIFICATION, 0), other = make(TYPE_NOTIFICATION, 0), a = make(TYPE_THREAD, 0);

	WORKS(thread_bind(a, n));
	WORKS(thread_bind(a, other));
	WORKS(thread_bind(make(TYPE_THREAD, 0), n));
}
CASE(binding_what_is_no_notification_fails)
{
	REFUSED(ERR_CAP_TYPE, 1, make(TYPE_THREAD, 0), METHOD_THREAD_BIND, CNODE);
	REFUSED(ERR_CAP_TYPE, 1, make(TYPE_THREAD, 0), METHOD_THREAD_BIND, slots_new(1));
}
CASE(binding_wakes_a_receiver_when_bits_are_set)
{
	cap_t n = make(TYPE_NOTIFICATION, 0);
	struct worker *r = worker_new(HERE, MIDDLE);

	start_recv(r, make(TYPE_ENDPOINT, 0));
	WORKS(sys_signal(bit(n, 8)));
	WORKS(thread_bind(r->thread, n));
	rest();
	RETURNED(r, OK);
	EQ(r->m.badge, 8);
}
CASE(an_unbound_notification_is_not_heard)
{
	cap_t n = make(TYPE_NOTIFICATION, 0);
	struct worker *r = worker_new(HERE, MIDDLE);

	WORKS(thread_bind(r->thread, n));
	WORKS(thread_bind(r->thread, 0));
	start_recv(r, make(TYPE_ENDPOINT, 0));
	WORKS(sys_signal(bit(n, 8)));
	rest();
	WAITS(r);
}
CASE(a_destroyed_bound_notification_leaves_the_receiver_waiting)
{
	cap_t n = make(TYPE_NOTIFICATION, 0), e = make(TYPE_ENDPOINT, 0);
	struct worker *r = worker_new(HERE, MIDDLE);
	struct msg m = {0};

	WORKS(thread_bind(r->thread, n));
	start_recv(r, e);
	WORKS(delete(n));
	rest();
	WAITS(r);
	WORKS(sys_nb_send(e, &m));
}
CASE(a_dead_threads_notification_may_be_bound_again)
{
	cap_t n = make(TYPE_NOTIFICATION, 0), a = make(TYPE_THREAD, 0);

	WORKS(thread_bind(a, n));
	WORKS(delete(a));
	WORKS(thread_bind(make(TYPE_THREAD, 0), n));
}
CASE(a_waiter_comes_before_the_bound_receiver)
{
	cap_t n = make(TYPE_NOTIFICATION, 0);
	struct worker *bound = worker_new(HERE, MIDDLE), *waiter = worker_new(HERE, MIDDLE);

	WORKS(thread_bind(bound->thread, n));
	start_recv(bound, make(TYPE_ENDPOINT, 0));
	start_wait(waiter, n);
	WORKS(sys_signal(bit(n, 1)));
	rest();
	RETURNED(waiter, OK);
	WAITS(bound);
}
