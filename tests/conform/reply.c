// Replies: pending, answered, reused, dead.
#define CATEGORY "replies"
#include "tests/conform/conform.h"

// A call of a new thread that the suite has received with `reply`.
static struct worker *caller(cap_t e, cap_t reply, enum where where)
{
	struct worker *c = worker_new(where, MIDDLE);
	struct msg m;

	start_call(c, e, TAG(1, 0), 0);
	WORKS(take(e, reply, &m));
	return c;
}

CASE(an_idle_reply_answers_nobody) { EQ(answer(make(TYPE_REPLY, 0), 0, 0), ERR_NO_REPLY); }

CASE_EACH(a_reply_answers_once)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *c = caller(e, reply, where);

	WORKS(answer(reply, 0, 0));
	EQ(answer(reply, 0, 0), ERR_NO_REPLY);
	rest();
	RETURNED(c, OK);
}

CASE(a_pending_reply_receives_nothing_more)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *c = caller(e, reply, HERE);
	struct msg m;

	EQ(take(e, reply, &m), ERR_BUSY);
	WAITS(c);
}

CASE(a_reply_is_offered_by_one_receiver_only)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *r = worker_new(HERE, MIDDLE);
	struct msg m;

	start_recv(r, e);
	EQ(take(e, r->reply, &m), ERR_BUSY);
}

CASE(an_offered_reply_answers_nobody)
{
	struct worker *r = worker_new(HERE, MIDDLE);

	start_recv(r, make(TYPE_ENDPOINT, 0));
	EQ(answer(r->reply, 0, 0), ERR_NO_REPLY);
	WAITS(r);
}

CASE(two_replies_answer_in_any_order)
{
	cap_t e = make(TYPE_ENDPOINT, 0), one = make(TYPE_REPLY, 0), two = make(TYPE_REPLY, 0);
	struct worker *a = caller(e, one, HERE), *b = caller(e, two, ELSEWHERE);

	WORKS(answer(two, TAG(0, 1), 2));
	rest();
	RETURNED(b, OK);
	WAITS(a);
	WORKS(answer(one, TAG(0, 1), 1));
	rest();
	RETURNED(a, OK);
	EQ(a->m.words[0], 1);
	EQ(b->m.words[0], 2);
}

CASE(whoever_holds_the_reply_may_answer)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0), cnode = make(TYPE_CNODE, 3);
	struct worker *c = caller(e, reply, HERE), *other = worker_new(ELSEWHERE, LOW);

	WORKS(cnode_move(cnode, 1, CNODE, reply, 1, NULL));
	WORKS(cnode_derive(cnode, 2, CNODE, other->bell, ALL, 0, 0));
	worker_space(other, cnode, space_other(), 0);
	other->bell = 2;
	worker_run(other, other->run);
	start_send(other, 1, TAG(8, 0), 0);
	RETURNED(other, OK);
	RETURNED(c, OK);
	EQ(tag_label(c->m.tag), 8);
}

CASE(a_moved_reply_still_answers)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0), to = slots_new(1);
	struct worker *c = caller(e, reply, HERE);

	WORKS(cnode_move(CNODE, to, CNODE, reply, 1, NULL));
	EQ(answer(reply, 0, 0), ERR_CAP_INVALID);
	WORKS(answer(to, 0, 0));
	rest();
	RETURNED(c, OK);
}

CASE(a_reply_cannot_be_derived_or_copied)
{
	cap_t reply = make(TYPE_REPLY, 0), to = slots_new(1);

	REFUSED(ERR_CAP_TYPE, 3, CNODE, METHOD_CNODE_DERIVE, to, CNODE, reply, ALL, 0, 0);
	REFUSED(ERR_CAP_TYPE, 3, CNODE, METHOD_CNODE_COPY, to, CNODE, reply, 1);
}

CASE_EACH(a_destroyed_reply_wakes_the_caller_with_dead)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *c = caller(e, reply, where);

	WORKS(delete(reply));
	rest();
	RETURNED(c, ERR_DEAD);
}

CASE(a_destroyed_reply_wakes_the_receiver_that_offers_it)
{
	struct worker *r = worker_new(HERE, MIDDLE);

	start_recv(r, make(TYPE_ENDPOINT, 0));
	WORKS(delete(r->reply));
	rest();
	RETURNED(r, ERR_DEAD);
}

CASE(a_call_to_a_receiver_without_reply_is_dead)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *c = worker_new(HERE, MIDDLE);
	struct msg m;

	start_call(c, e, TAG(1, 1), 3);
	WORKS(take(e, 0, &m));
	EQ(m.words[0], 3);
	rest();
	RETURNED(c, ERR_DEAD);
}

CASE(reply_recv_with_an_idle_reply_receives_nothing)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *s = worker_new(HERE, MIDDLE);
	struct msg m = {0};

	start_send(s, e, 0, 0);
	EQ(sys_reply_recv(e, reply, &m), ERR_NO_REPLY);
	WAITS(s);
}

CASE(reply_recv_without_a_reply_fails)
{
	struct msg m = {0};

	EQ(sys_reply_recv(make(TYPE_ENDPOINT, 0), 0, &m), ERR_CAP_INVALID);
}

CASE(reply_recv_with_what_is_no_reply_fails)
{
	struct msg m = {0};

	EQ(sys_reply_recv(make(TYPE_ENDPOINT, 0), CNODE, &m), ERR_CAP_TYPE);
	EQ(sys_recv(make(TYPE_ENDPOINT, 0), CNODE, &m), ERR_CAP_TYPE);
}

CASE(an_answer_with_a_bad_tag_leaves_the_reply_pending)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *c = caller(e, reply, HERE);

	EQ(answer(reply, TAG(0, 65), 0), ERR_TAG);
	EQ(answer(reply, (tag_t)KIND_FAULT << TAG_KIND_SHIFT, 0), ERR_TAG);
	WAITS(c);
	WORKS(answer(reply, 0, 0));
	rest();
	RETURNED(c, OK);
}

CASE(an_answer_brings_capabilities)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0), to = slots_new(1);
	struct worker *c = worker_new(HERE, MIDDLE);
	struct msg m;

	c->block->recv_first = to;
	c->block->recv_count = 1;
	start_call(c, e, 0, 0);
	WORKS(take(e, reply, &m));
	msg_set_cap(0, e);
	WORKS(answer(reply, TAG_CAPS(1), 0));
	rest();
	RETURNED(c, OK);
	EQ(tag_caps(c->m.tag), 1);
	EQ(c->block->received[0], to);
	TRUE(is_there(to));
}

CASE(a_reply_is_free_after_its_caller_died)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *c = caller(e, reply, HERE);
	struct msg m;

	WORKS(delete(c->thread));
	EQ(answer(reply, 0, 0), ERR_CANCELLED);
	EQ(answer(reply, 0, 0), ERR_NO_REPLY);
	EQ(take(e, reply, &m), ERR_NOT_READY);
}

CASE(a_reply_of_a_dead_caller_may_receive_at_once)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *c = caller(e, reply, HERE), *next = worker_new(HERE, MIDDLE);
	struct msg m;

	WORKS(delete(c->thread));
	start_call(next, e, TAG(9, 0), 0);
	WORKS(take(e, reply, &m));
	EQ(tag_label(m.tag), 9);
	WORKS(answer(reply, 0, 0));
	rest();
	RETURNED(next, OK);
}

CASE(nb_send_answers_too)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *c = caller(e, reply, HERE);
	struct msg m = {.tag = TAG(2, 0)};

	WORKS(sys_nb_send(reply, &m));
	rest();
	RETURNED(c, OK);
}
