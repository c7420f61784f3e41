// The queues of an endpoint, calls that do not wait, and threads without a block.
#define CATEGORY "IPC"
#include "tests/conform/conform.h"

CASE(senders_are_taken_in_their_order)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct msg m;

	for (unsigned i = 0; i < 4; i++)
		start_send(worker_new(i % 2 ? HERE : ELSEWHERE, HIGH - i), e, TAG(1, 1), i);
	for (unsigned i = 0; i < 4; i++) {
		WORKS(take(e, 0, &m));
		EQ(m.words[0], i);
	}
}

CASE(receivers_are_served_in_their_order)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *r[4];

	for (unsigned i = 0; i < 4; i++)
		start_recv(r[i] = worker_new(i % 2 ? HERE : ELSEWHERE, LOW + i), e);
	for (unsigned i = 0; i < 4; i++) {
		struct msg m = {.tag = TAG(1, 1), .words = {i}};

		WORKS(sys_nb_send(e, &m));
		rest();
		RETURNED(r[i], OK);
		EQ(r[i]->m.words[0], i);
	}
}

CASE(nb_send_to_nobody_fails)
{
	struct msg m = {0};

	EQ(sys_nb_send(make(TYPE_ENDPOINT, 0), &m), ERR_NOT_READY);
}

CASE(nb_recv_from_nobody_fails)
{
	struct msg m;

	EQ(take(make(TYPE_ENDPOINT, 0), 0, &m), ERR_NOT_READY);
	EQ(take(make(TYPE_ENDPOINT, 0), make(TYPE_REPLY, 0), &m), ERR_NOT_READY);
}

CASE_EACH(nb_send_reaches_a_receiver_that_waits)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *r = worker_new(where, MIDDLE);
	struct msg m = {.tag = TAG(6, 1), .words = {1}};

	start_recv(r, e);
	WORKS(sys_nb_send(e, &m));
	rest();
	RETURNED(r, OK);
	EQ(tag_label(r->m.tag), 6);
}

CASE_EACH(nb_recv_takes_a_sender_that_waits)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *s = worker_new(where, MIDDLE);
	struct msg m;

	start_send(s, e, TAG(6, 1), 4);
	WORKS(take(e, 0, &m));
	EQ(m.words[0], 4);
	rest();
	RETURNED(s, OK);
}

CASE(two_endpoints_do_not_mix)
{
	cap_t a = make(TYPE_ENDPOINT, 0), b = make(TYPE_ENDPOINT, 0);
	struct worker *s = worker_new(HERE, MIDDLE);
	struct msg m;

	start_send(s, a, 0, 0);
	EQ(take(b, 0, &m), ERR_NOT_READY);
	WAITS(s);
	WORKS(take(a, 0, &m));
}

CASE(a_thread_that_both_calls_and_serves_does_not_meet_itself)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct msg m = {0};

	EQ(sys_nb_send(e, &m), ERR_NOT_READY);
	EQ(take(e, 0, &m), ERR_NOT_READY);
}

// A thread whose block's Frame was revoked has none any more.
static struct worker *worker_without_block(void)
{
	struct worker *w = worker_new(HERE, MIDDLE);
	cap_t frame = make(TYPE_FRAME, 12);

	WORKS(thread_set_block(w->thread, frame, 0));
	WORKS(revoke(frame));
	return w;
}

CASE(to_send_words_beyond_the_registers_takes_a_block)
{
	struct worker *s = worker_without_block();

	start_send(s, make(TYPE_ENDPOINT, 0), TAG(1, 9), 0);
	RETURNED(s, ERR_BLOCK);
}

CASE(to_send_a_capability_takes_a_block)
{
	struct worker *s = worker_without_block();

	start_send(s, make(TYPE_ENDPOINT, 0), TAG_CAPS(1), 0);
	RETURNED(s, ERR_BLOCK);
}

CASE(who_has_no_block_receives_the_registers_alone)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *r = worker_without_block();
	struct msg m = {.tag = TAG(1, 20), .words = {5}};

	start_recv(r, e);
	WORKS(sys_nb_send(e, &m));
	rest();
	RETURNED(r, OK);
	EQ(tag_words(r->m.tag), 8);
	EQ(r->m.words[0], 5);
}
