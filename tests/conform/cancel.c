// Cancel, suspend and death in the middle of a call: nobody is stranded, nothing is answered twice.
#define CATEGORY "cancel"
#include "tests/conform/conform.h"

#define MAY TAG_INTERRUPTIBLE

static uint64_t cancel(struct worker *w)
{
	uint64_t cancelled = 9;

	WORKS(thread_cancel(w->thread, &cancelled));
	rest();
	return cancelled;
}

CASE_EACH(a_waiting_send_is_cancelled)
{
	struct worker *s = worker_new(where, MIDDLE);
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct msg m;

	start_send(s, e, MAY, 0);
	EQ(cancel(s), 1);
	RETURNED(s, ERR_CANCELLED);
	EQ(take(e, 0, &m), ERR_NOT_READY);
}

CASE_EACH(a_waiting_call_is_cancelled)
{
	struct worker *c = worker_new(where, MIDDLE);
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct msg m;

	start_call(c, e, MAY, 0);
	EQ(cancel(c), 1);
	RETURNED(c, ERR_CANCELLED);
	EQ(take(e, make(TYPE_REPLY, 0), &m), ERR_NOT_READY);
}

CASE_EACH(a_call_that_was_received_is_cancelled_and_its_answer_says_so)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *c = worker_new(where, MIDDLE);
	struct msg m;

	start_call(c, e, MAY, 0);
	WORKS(take(e, reply, &m));
	EQ(cancel(c), 1);
	RETURNED(c, ERR_CANCELLED);
	EQ(answer(reply, 0, 0), ERR_CANCELLED);
	EQ(answer(reply, 0, 0), ERR_NO_REPLY);
}

CASE(reply_recv_to_a_cancelled_caller_fails_and_receives_nothing)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *c = worker_new(HERE, MIDDLE), *next = worker_new(HERE, MIDDLE);
	struct msg m;

	start_call(c, e, MAY, 0);
	WORKS(take(e, reply, &m));
	start_send(next, e, 0, 0);
	EQ(cancel(c), 1);
	m = (struct msg){0};
	EQ(sys_reply_recv(e, reply, &m), ERR_CANCELLED);
	WAITS(next);
}

CASE(a_waiting_recv_is_cancelled)
{
	struct worker *r = worker_new(HERE, MIDDLE);

	start(r, SYSCALL_RECV, make(TYPE_ENDPOINT, 0), r->reply, MAY, 0);
	EQ(cancel(r), 1);
	RETURNED(r, ERR_CANCELLED);
}

CASE(a_wait_for_a_notification_is_cancelled)
{
	struct worker *r = worker_new(HERE, MIDDLE);

	start(r, SYSCALL_RECV, make(TYPE_NOTIFICATION, 0), 0, MAY, 0);
	EQ(cancel(r), 1);
	RETURNED(r, ERR_CANCELLED);
}

CASE(a_call_that_is_not_interruptible_is_not_broken_off)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *c = worker_new(HERE, MIDDLE);

	start_call(c, e, 0, 0);
	EQ(cancel(c), 0);
	WAITS(c);
}

CASE(a_recv_that_is_not_interruptible_is_not_broken_off)
{
	struct worker *r = worker_new(HERE, MIDDLE);

	start_recv(r, make(TYPE_ENDPOINT, 0));
	EQ(cancel(r), 0);
	WAITS(r);
}

CASE(a_cancel_that_finds_nothing_is_remembered_for_the_next_interruptible_call)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *c = worker_new(HERE, MIDDLE);

	EQ(cancel(c), 0);
	start_call(c, e, MAY, 0);
	RETURNED(c, ERR_CANCELLED);
	start_call(c, e, MAY, 0);
	WAITS(c);
}

CASE(a_remembered_cancel_waits_past_calls_that_are_not_interruptible)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *c = worker_new(HERE, MIDDLE);
	struct msg m;

	EQ(cancel(c), 0);
	start_send(c, e, 0, 0);
	WORKS(take(e, 0, &m));
	rest();
	RETURNED(c, OK);
	start_send(c, e, MAY, 0);
	RETURNED(c, ERR_CANCELLED);
}

CASE(a_remembered_cancel_stops_a_receive_too)
{
	struct worker *r = worker_new(HERE, MIDDLE);

	EQ(cancel(r), 0);
	start(r, SYSCALL_RECV, make(TYPE_ENDPOINT, 0), r->reply, MAY, 0);
	RETURNED(r, ERR_CANCELLED);
}

CASE(a_remembered_cancel_stops_a_wait_too)
{
	struct worker *r = worker_new(HERE, MIDDLE);

	EQ(cancel(r), 0);
	start(r, SYSCALL_RECV, make(TYPE_NOTIFICATION, 0), 0, MAY, 0);
	RETURNED(r, ERR_CANCELLED);
}

CASE(two_cancels_are_remembered_as_one)
{
	struct worker *c = worker_new(HERE, MIDDLE);

	EQ(cancel(c), 0);
	EQ(cancel(c), 0);
	start_call(c, make(TYPE_ENDPOINT, 0), MAY, 0);
	RETURNED(c, ERR_CANCELLED);
	start_call(c, make(TYPE_ENDPOINT, 0), MAY, 0);
	WAITS(c);
}

CASE(cancel_of_a_faulted_thread_is_remembered)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *w = worker_with_fault(HERE, MIDDLE, e);

	worker_run(w, (void (*)(struct worker *))(uintptr_t)raw_illegal);
	EQ(cancel(w), 0);
	struct msg m;

	WORKS(take(e, make(TYPE_REPLY, 0), &m));
	EQ(tag_kind(m.tag), KIND_FAULT);
}

CASE(a_cancelled_caller_may_call_again)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *c = worker_new(HERE, MIDDLE);
	struct msg m;

	start_call(c, e, MAY, 0);
	EQ(cancel(c), 1);
	start_call(c, e, TAG(7, 0) | MAY, 0);
	WORKS(take(e, reply, &m));
	EQ(tag_label(m.tag), 7);
	WORKS(answer(reply, 0, 0));
	rest();
	RETURNED(c, OK);
}

// --- suspend

static void suspended(struct worker *w)
{
	WORKS(thread_suspend(w->thread));
	WORKS(thread_resume(w->thread));
	rest();
}

CASE_EACH(suspend_breaks_a_waiting_send_off)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *s = worker_new(where, MIDDLE);

	start_send(s, e, 0, 0);
	suspended(s);
	RETURNED(s, ERR_CANCELLED);
}

CASE_EACH(suspend_breaks_a_call_off_and_the_reply_says_so)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *c = worker_new(where, MIDDLE);
	struct msg m;

	start_call(c, e, 0, 0);
	WORKS(take(e, reply, &m));
	suspended(c);
	RETURNED(c, ERR_CANCELLED);
	EQ(answer(reply, 0, 0), ERR_CANCELLED);
}

CASE(suspend_breaks_a_receive_off_and_its_reply_is_idle)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *r = worker_new(HERE, MIDDLE);
	struct msg m;

	start_recv(r, e);
	suspended(r);
	RETURNED(r, ERR_CANCELLED);
	EQ(take(e, r->reply, &m), ERR_NOT_READY);
}

CASE(suspend_breaks_a_wait_off)
{
	cap_t n = make(TYPE_NOTIFICATION, 0);
	struct worker *r = worker_new(HERE, MIDDLE);

	start_wait(r, n);
	suspended(r);
	RETURNED(r, ERR_CANCELLED);
}

CASE(a_suspended_sender_is_in_no_queue)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *a = worker_new(HERE, MIDDLE), *b = worker_new(HERE, MIDDLE);
	struct msg m;

	start_send(a, e, TAG(0, 1), 1);
	start_send(b, e, TAG(0, 1), 2);
	WORKS(thread_suspend(a->thread));
	WORKS(take(e, 0, &m));
	EQ(m.words[0], 2);
}
