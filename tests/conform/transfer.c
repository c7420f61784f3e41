// Capabilities that travel with messages.
#define CATEGORY "transfer"
#include "tests/conform/conform.h"

// A receiver that has a run of `count` slots, and the first of them.
static struct worker *receiver(enum where where, cap_t e, unsigned count, cap_t *first)
{
	struct worker *r = worker_new(where, MIDDLE);

	*first = slots_new(count + 1);
	r->block->recv_first = *first;
	r->block->recv_count = count;
	start_recv(r, e);
	return r;
}

static err_t send_caps(cap_t e, unsigned count, cap_t what)
{
	struct msg m = {.tag = TAG_CAPS(count)};

	for (unsigned i = 0; i < count && i < MSG_CAPS_MAX; i++)
		msg_set_cap(i, what);
	err_t err = sys_nb_send(e, &m);

	rest();
	return err;
}

CASE_EACH(a_capability_arrives_in_the_receivers_slot)
{
	cap_t e = make(TYPE_ENDPOINT, 0), n = make(TYPE_NOTIFICATION, 0), first;
	struct worker *r = receiver(where, e, 1, &first);
	uint64_t same = 0;

	WORKS(send_caps(e, 1, n));
	RETURNED(r, OK);
	EQ(tag_caps(r->m.tag), 1);
	EQ(r->block->received[0], first);
	WORKS(cnode_compare(CNODE, first, CNODE, n, &same));
	EQ(same, 1);
}

CASE_EACH(four_capabilities_arrive)
{
	cap_t e = make(TYPE_ENDPOINT, 0), first;
	struct worker *r = receiver(where, e, 4, &first);

	WORKS(send_caps(e, 4, make(TYPE_NOTIFICATION, 0)));
	EQ(tag_caps(r->m.tag), 4);
	for (unsigned i = 0; i < 4; i++) {
		EQ(r->block->received[i], first + i);
		TRUE(is_there(first + i));
	}
}

CASE(five_capabilities_are_refused) { EQ(send_caps(make(TYPE_ENDPOINT, 0), 5, CNODE), ERR_TAG); }

CASE(what_travels_is_a_child)
{
	cap_t e = make(TYPE_ENDPOINT, 0), n = make(TYPE_NOTIFICATION, 0), first;

	receiver(HERE, e, 1, &first);
	WORKS(send_caps(e, 1, n));
	TRUE(is_there(first));
	WORKS(revoke(n));
	TRUE(!is_there(first));
	TRUE(is_there(n));
}

CASE(used_slots_of_the_run_are_skipped)
{
	cap_t e = make(TYPE_ENDPOINT, 0), n = make(TYPE_NOTIFICATION, 0), first;
	struct worker *r = receiver(HERE, e, 3, &first);

	WORKS(cnode_derive(CNODE, first, CNODE, e, ALL, 0, 0));
	WORKS(send_caps(e, 1, n));
	EQ(r->block->received[0], first + 1);
}

CASE(what_finds_no_slot_is_dropped_and_the_tag_says_so)
{
	cap_t e = make(TYPE_ENDPOINT, 0), n = make(TYPE_NOTIFICATION, 0), first;
	struct worker *r = receiver(HERE, e, 2, &first);

	WORKS(send_caps(e, 4, n));
	RETURNED(r, OK);
	EQ(tag_caps(r->m.tag), 2);
	TRUE(!is_there(first + 2));
}

CASE(a_receiver_without_slots_gets_the_words_alone)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *r = worker_new(HERE, MIDDLE);

	start_recv(r, e);
	WORKS(send_caps(e, 1, e));
	RETURNED(r, OK);
	EQ(tag_caps(r->m.tag), 0);
}

CASE(a_run_beyond_the_cspace_takes_nothing)
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *r = worker_new(HERE, MIDDLE);

	r->block->recv_first = 1u << BOOT_CNODE_BITS;
	r->block->recv_count = 8;
	start_recv(r, e);
	WORKS(send_caps(e, 1, e));
	EQ(tag_caps(r->m.tag), 0);
	r->block->recv_first = ~0u;
	r->block->recv_count = ~0u;
	start_recv(r, e);
	WORKS(send_caps(e, 1, e));
	RETURNED(r, OK);
}

CASE(an_empty_slot_is_not_sent)
{
	cap_t e = make(TYPE_ENDPOINT, 0), first;
	struct worker *r = receiver(HERE, e, 1, &first);

	EQ(send_caps(e, 1, slots_new(1)), ERR_CAP_INVALID);
	EQ(send_caps(e, 1, 0), ERR_CAP_INVALID);
	EQ(send_caps(e, 1, ~0u), ERR_CAP_INVALID);
	WAITS(r);
}

CASE(an_untyped_does_not_travel)
{
	cap_t e = make(TYPE_ENDPOINT, 0), first;
	struct worker *r = receiver(HERE, e, 1, &first);

	WORKS(send_caps(e, 1, block_new(12)));
	RETURNED(r, OK);
	EQ(tag_caps(r->m.tag), 0);
	TRUE(!is_there(first));
}

CASE(a_reply_does_not_travel)
{
	cap_t e = make(TYPE_ENDPOINT, 0), first;
	struct worker *r = receiver(HERE, e, 1, &first);

	WORKS(send_caps(e, 1, make(TYPE_REPLY, 0)));
	EQ(tag_caps(r->m.tag), 0);
}

CASE(a_mapped_frame_travels_without_its_mapping)
{
	cap_t e = make(TYPE_ENDPOINT, 0), frame = make(TYPE_FRAME, 12), first;
	uint64_t at = 1;

	receiver(HERE, e, 1, &first);
	WORKS(frame_map(frame, VSPACE, FREE_AT, FRAME_READ));
	WORKS(send_caps(e, 1, frame));
	WORKS(frame_info(first, NULL, &at, NULL));
	EQ(at, 0);
}

CASE(a_badge_and_rights_travel)
{
	cap_t e = make(TYPE_ENDPOINT, 0), first;
	uint64_t rights, badge;

	receiver(HERE, e, 1, &first);
	WORKS(send_caps(e, 1, derive(e, ENDPOINT_SEND, 77, 0)));
	WORKS(cnode_info(CNODE, first, NULL, &rights, &badge, NULL));
	EQ(rights, ENDPOINT_SEND);
	EQ(badge, 77);
}

CASE(capabilities_wait_with_their_sender)
{
	cap_t e = make(TYPE_ENDPOINT, 0), to = slots_new(1);
	struct worker *s = worker_new(ELSEWHERE, MIDDLE);
	struct msg m;

	s->block->caps[0] = CNODE;
	start_send(s, e, TAG_CAPS(1), 0);
	msg_set_receive(to, 1);
	WORKS(take(e, 0, &m));
	EQ(msg_get_cap(&m, 0), to);
}

CASE(a_capability_that_was_deleted_while_its_sender_waited_is_dropped)
{
	cap_t e = make(TYPE_ENDPOINT, 0), n = make(TYPE_NOTIFICATION, 0), to = slots_new(1);
	struct worker *s = worker_new(ELSEWHERE, MIDDLE);
	struct msg m;

	s->block->caps[0] = n;
	start_send(s, e, TAG_CAPS(1), 0);
	WORKS(delete(n));
	msg_set_receive(to, 1);
	WORKS(take(e, 0, &m));
	EQ(tag_caps(m.tag), 0);
	TRUE(!is_there(to));
}
