// No senders: the watched slot whose last child is gone.
#define CATEGORY "notifications"
#include "tests/conform/conform.h"

static cap_t watched(cap_t e) { return derive(e, ALL, 42, 0); }

CASE(a_watched_slot_tells_when_its_last_child_goes)
{
	cap_t e = make(TYPE_ENDPOINT, 0), w = watched(e), a = derive(w, ALL, 0, 0), b = derive(w, ALL, 0, 0);
	struct msg m;

	WORKS(delete(a));
	EQ(take(e, 0, &m), ERR_NOT_READY);
	WORKS(delete(b));
	WORKS(take(e, 0, &m));
	EQ(tag_kind(m.tag), KIND_NO_SENDERS);
	EQ(m.badge, 42);
	EQ(m.words[0], 2);
}
CASE(no_senders_wakes_a_receiver_that_waits)
{
	cap_t e = make(TYPE_ENDPOINT, 0), child = derive(watched(e), ALL, 0, 0);
	struct worker *r = worker_new(ELSEWHERE, MIDDLE);

	start_recv(r, e);
	WORKS(delete(child));
	rest();
	RETURNED(r, OK);
	EQ(tag_kind(r->m.tag), KIND_NO_SENDERS);
}
CASE(no_senders_is_told_once)
{
	cap_t e = make(TYPE_ENDPOINT, 0), child = derive(watched(e), ALL, 0, 0);
	struct msg m;

	WORKS(delete(child));
	WORKS(take(e, 0, &m));
	EQ(take(e, 0, &m), ERR_NOT_READY);
}
CASE(no_senders_comes_before_callers)
{
	cap_t e = make(TYPE_ENDPOINT, 0), child = derive(watched(e), ALL, 0, 0);
	struct worker *s = worker_new(HERE, MIDDLE);
	struct msg m;

	start_send(s, e, TAG(1, 0), 0);
	WORKS(delete(child));
	WORKS(take(e, 0, &m));
	EQ(tag_kind(m.tag), KIND_NO_SENDERS);
	WORKS(take(e, 0, &m));
	EQ(tag_kind(m.tag), KIND_MESSAGE);
}
CASE(a_new_child_takes_no_senders_back)
{
	cap_t e = make(TYPE_ENDPOINT, 0), w = watched(e);
	struct msg m;

	WORKS(delete(derive(w, ALL, 0, 0)));
	derive(w, ALL, 0, 0);
	EQ(take(e, 0, &m), ERR_NOT_READY);
}
CASE(a_revoke_tells_too)
{
	cap_t e = make(TYPE_ENDPOINT, 0), w = watched(e);
	struct msg m;

	derive(derive(w, ALL, 0, 0), ALL, 0, 0);
	WORKS(revoke(w));
	WORKS(take(e, 0, &m));
	EQ(m.words[0], 1);
}
CASE(an_unwatched_slot_tells_nothing)
{
	cap_t e = make(TYPE_ENDPOINT, 0), b = derive(e, ALL & ~ENDPOINT_WATCH, 42, 0), child = derive(b, ALL, 0, 0);
	struct msg m;

	WORKS(delete(child));
	EQ(take(e, 0, &m), ERR_NOT_READY);
}
CASE(a_deleted_watched_slot_tells_nothing)
{
	cap_t e = make(TYPE_ENDPOINT, 0), w = watched(e);
	struct msg m;

	WORKS(delete(derive(w, ALL, 0, 0)));
	WORKS(delete(w));
	EQ(take(e, 0, &m), ERR_NOT_READY);
}
CASE(copies_do_not_count_as_mints)
{
	cap_t e = make(TYPE_ENDPOINT, 0), w = watched(e), child = derive(w, ALL, 0, 0), twin = slots_new(1);
	struct msg m;

	WORKS(cnode_copy(CNODE, twin, CNODE, child, 1, NULL));
	WORKS(delete(child));
	EQ(take(e, 0, &m), ERR_NOT_READY);
	WORKS(delete(twin));
	WORKS(take(e, 0, &m));
	EQ(m.words[0], 1);
}
CASE(a_watched_slot_itself_cannot_be_copied)
{
	cap_t w = watched(make(TYPE_ENDPOINT, 0));

	REFUSED(ERR_CAP_TYPE, 3, CNODE, METHOD_CNODE_COPY, slots_new(1), CNODE, w, 1);
}
