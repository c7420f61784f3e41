// Messages: who meets whom, in which order, and what arrives.
#define CATEGORY "IPC"
#include "tests/conform/conform.h"

CASE_EACH(a_send_reaches_a_receiver_that_waits)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *r = worker_new(where, MIDDLE), *s = worker_new(HERE, LOW);

	start_recv(r, e);
	WAITS(r);
	start_send(s, e, TAG(17, 1), 99);
	RETURNED(s, OK);
	RETURNED(r, OK);
	EQ(tag_label(r->m.tag), 17);
	EQ(r->m.words[0], 99);
}

CASE_EACH(a_send_waits_for_a_receiver)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *r = worker_new(where, LOW), *s = worker_new(HERE, MIDDLE);

	start_send(s, e, TAG(3, 1), 5);
	WAITS(s);
	start_recv(r, e);
	RETURNED(r, OK);
	RETURNED(s, OK);
	EQ(r->m.words[0], 5);
}

CASE_EACH(a_call_comes_back_with_the_answer)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *c = worker_new(where, MIDDLE), *s = worker_new(HERE, HIGH);

	start_recv(s, e);
	start_call(c, e, TAG(1, 1), 7);
	WAITS(c);
	RETURNED(s, OK);
	EQ(s->m.words[0], 7);
	start(s, SYSCALL_REPLY_RECV, e, s->reply, TAG(4, 1), 8);
	WAITS(s);
	RETURNED(c, OK);
	EQ(tag_label(c->m.tag), 4);
	EQ(c->m.words[0], 8);
}

CASE_EACH(a_call_waits_for_a_server)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *c = worker_new(where, HIGH), *s = worker_new(HERE, LOW);

	start_call(c, e, TAG(1, 1), 7);
	WAITS(c);
	start_recv(s, e);
	RETURNED(s, OK);
	WAITS(c);
	WORKS(answer(s->reply, TAG(2, 1), 9));
	rest();
	RETURNED(c, OK);
	EQ(c->m.words[0], 9);
}

CASE_EACH(reply_recv_takes_the_next_caller_at_once)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *a = worker_new(where, MIDDLE), *b = worker_new(where, MIDDLE), *s = worker_new(HERE, HIGH);

	start_call(a, e, TAG(1, 1), 1);
	start_call(b, e, TAG(1, 1), 2);
	start_recv(s, e);
	EQ(s->m.words[0], 1);
	start(s, SYSCALL_REPLY_RECV, e, s->reply, 0, 0);
	RETURNED(s, OK);
	EQ(s->m.words[0], 2);
	RETURNED(a, OK);
	WAITS(b);
}

static void send_eight(struct worker *w)
{
	w->m = (struct msg){.tag = TAG(1, 8), .words = {10, 11, 12, 13, 14, 15, 16, 17}};
	w->err = sys_send(w->cap, &w->m);
	w->done = true;
	for (;;)
		(void)thread_suspend(w->thread);
}

CASE_EACH(eight_words_travel_in_registers)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *s = worker_new(where, MIDDLE);
	struct msg m;

	s->cap = e;
	worker_run(s, send_eight);
	WAITS(s);
	WORKS(take(e, 0, &m));
	EQ(tag_words(m.tag), 8);
	for (unsigned i = 0; i < 8; i++)
		EQ(m.words[i], 10 + i);
	rest();
	RETURNED(s, OK);
}

CASE_EACH(eight_words_reach_a_receiver_that_waits)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *r = worker_new(where, HIGH), *s = worker_new(HERE, MIDDLE);

	start_recv(r, e);
	s->cap = e;
	worker_run(s, send_eight);
	RETURNED(r, OK);
	for (unsigned i = 0; i < 8; i++)
		EQ(r->m.words[i], 10 + i);
}

CASE_EACH(sixty_four_words_arrive)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *s = worker_new(where, MIDDLE);
	struct msg m;

	for (unsigned i = 0; i < MSG_WORDS_MAX - MSG_WORDS_REGISTERS; i++)
		s->block->words[i] = 1000 + i;
	start_send(s, e, TAG(1, 64), 1);
	WORKS(take(e, 0, &m));
	EQ(tag_words(m.tag), 64);
	for (unsigned i = 8; i < 64; i++)
		EQ(msg_get_word(&m, i), 1000 + i - 8);
}

CASE_EACH(an_answer_of_64_words_arrives)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *c = worker_new(where, MIDDLE);
	struct msg m;

	start_call(c, e, TAG(1, 0), 0);
	WORKS(take(e, reply, &m));
	for (unsigned i = 0; i < 56; i++)
		sys_block()->words[i] = 7 * i;
	WORKS(answer(reply, TAG(2, 64), 3));
	rest();
	RETURNED(c, OK);
	EQ(tag_words(c->m.tag), 64);
	for (unsigned i = 0; i < 56; i++)
		EQ(c->block->words[i], 7 * i);
}

CASE(words_beyond_the_count_are_not_copied_to_the_block)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *s = worker_new(HERE, MIDDLE);
	struct msg m;

	s->block->words[0] = 1;
	s->block->words[1] = 2;
	sys_block()->words[1] = 77;
	start_send(s, e, TAG(1, 9), 1);
	WORKS(take(e, 0, &m));
	EQ(sys_block()->words[0], 1);
	EQ(sys_block()->words[1], 77);
}

CASE(a_message_of_65_words_is_refused)
{
	struct msg m = {.tag = TAG(1, 65)};

	EQ(sys_nb_send(make(TYPE_ENDPOINT, 0), &m), ERR_TAG);
}

CASE(a_message_with_a_kind_is_refused)
{
	cap_t e = make(TYPE_ENDPOINT, 0);

	for (tag_t kind = 1; kind < 256; kind <<= 1) {
		struct msg m = {.tag = kind << TAG_KIND_SHIFT};

		EQ(sys_nb_send(e, &m), ERR_TAG);
	}
}

CASE(bits_of_the_tag_that_mean_nothing_are_refused_or_dropped)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *r = worker_new(HERE, MIDDLE);
	struct msg m = {.tag = TAG(1, 0) | 1ull << 63};

	start_recv(r, e);
	if (sys_nb_send(e, &m) == OK)
		EQ(r->m.tag >> 56, 0);
}

CASE(map_items_in_a_send_are_refused)
{
	struct msg m = {.tag = TAG_ITEMS(1)};

	EQ(sys_nb_send(make(TYPE_ENDPOINT, 0), &m), ERR_TAG);
}

CASE(the_label_has_31_bits)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *s = worker_new(HERE, MIDDLE);
	struct msg m;

	start_send(s, e, TAG(TAG_LABEL_MASK, 0), 0);
	WORKS(take(e, 0, &m));
	EQ(tag_label(m.tag), TAG_LABEL_MASK);
	EQ(m.tag & TAG_INTERRUPTIBLE, 0);
}

CASE(the_receiver_sees_that_a_call_is_interruptible)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *c = worker_new(HERE, MIDDLE);
	struct msg m;

	start_call(c, e, TAG(1, 0) | TAG_INTERRUPTIBLE, 0);
	WORKS(take(e, reply, &m));
	TRUE(m.tag & TAG_INTERRUPTIBLE);
}

CASE_EACH(the_badge_tells_which_capability_was_used)
{
	cap_t e = make(TYPE_ENDPOINT, 0), b = derive(e, ALL, 0xfeedfacecafebeefull, 0);
	struct worker *s = worker_new(where, MIDDLE);
	struct msg m;

	start_send(s, b, 0, 0);
	WORKS(take(e, 0, &m));
	EQ(m.badge, 0xfeedfacecafebeefull);
	start_send(s, e, 0, 0);
	WORKS(take(b, 0, &m));
	EQ(m.badge, 0);
}

CASE(an_answer_has_no_badge)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *c = worker_new(HERE, MIDDLE);
	struct msg m;

	start_call(c, derive(e, ALL, 5, 0), 0, 0);
	WORKS(take(e, reply, &m));
	WORKS(answer(reply, 0, 0));
	rest();
	EQ(c->m.badge, 0);
}
