// Frames exported from one task to another: what the other can do, and how it ends.
#define CATEGORY "exports"
#include "tests/conform/conform.h"

#define AT FREE_AT
#define RW (FRAME_READ | FRAME_WRITE)

static void read_it(struct worker *w) { w->seen[0] = raw_load(AT), w->done = true, (void)thread_suspend(w->thread); }
static void write_it(struct worker *w) { raw_store(AT, 99), w->done = true, (void)thread_suspend(w->thread); }

// Does the other task's access work? Its fault stops it otherwise.
static bool other(struct worker *w, void (*how)(struct worker *))
{
	w->done = false;
	worker_run(w, how);
	return w->done;
}

// A frame of this task, mapped here, and its export with these rights, mapped there.
static cap_t export(cap_t *frame, uint64_t rights)
{
	cap_t out;

	*frame = make(TYPE_FRAME, 12);
	WORKS(frame_map(*frame, VSPACE, AT, RW));
	out = derive(*frame, rights, 0, 0);
	WORKS(frame_map(out, space_other(), AT, RW));
	return out;
}

CASE(what_one_task_writes_the_other_reads)
{
	struct worker *w = worker_new(ELSEWHERE, MIDDLE);
	cap_t frame;

	export(&frame, ALL);
	raw_store(AT, 1234);
	TRUE(other(w, read_it));
	EQ(w->seen[0], 1234);
}
CASE(what_the_other_writes_this_task_reads)
{
	struct worker *w = worker_new(ELSEWHERE, MIDDLE);
	cap_t frame;

	export(&frame, ALL);
	TRUE(other(w, write_it));
	EQ(raw_load(AT), 99);
}
CASE(a_read_only_export_is_not_written)
{
	struct worker *w = worker_new(ELSEWHERE, MIDDLE);
	cap_t frame;

	export(&frame, FRAME_READ);
	TRUE(other(w, read_it));
	TRUE(!other(w, write_it));
	EQ(raw_load(AT), 0);
}
CASE(a_revoked_export_is_gone_at_once)
{
	struct worker *w = worker_new(ELSEWHERE, MIDDLE);
	cap_t frame, out = export(&frame, ALL);

	TRUE(other(w, read_it));
	WORKS(revoke(frame));
	TRUE(!is_there(out));
	TRUE(!other(w, read_it));
	raw_store(AT, 1);
}
CASE(an_exports_export_is_revoked_with_it)
{
	struct worker *w = worker_new(ELSEWHERE, MIDDLE);
	cap_t frame = make(TYPE_FRAME, 12), out = derive(frame, ALL, 0, 0), again = derive(out, ALL, 0, 0);

	WORKS(frame_map(again, space_other(), AT, RW));
	TRUE(other(w, read_it));
	WORKS(revoke(frame));
	TRUE(!other(w, read_it));
}
CASE(an_export_that_its_holder_deletes_leaves_the_owners_mapping)
{
	cap_t frame, out = export(&frame, ALL);

	WORKS(delete(out));
	raw_store(AT, 3);
	EQ(raw_load(AT), 3);
}
CASE(an_exported_part_gives_no_more_than_the_part)
{
	struct worker *w = worker_new(ELSEWHERE, MIDDLE);
	cap_t frame = make(TYPE_FRAME, 13), part = derive(frame, ALL, 1, 1);

	WORKS(frame_map(frame, VSPACE, AT, RW));
	raw_store(AT, 1);
	raw_store(AT + 0x1000, 2);
	WORKS(frame_map(part, space_other(), AT, RW));
	TRUE(other(w, read_it));
	EQ(w->seen[0], 2);
}
CASE(an_export_by_message_is_a_child)
{
	struct worker *r = worker_new(ELSEWHERE, MIDDLE);
	cap_t e = make(TYPE_ENDPOINT, 0), frame = make(TYPE_FRAME, 12), to = slots_new(1);
	struct msg m = {.tag = TAG_CAPS(1)};

	r->block->recv_first = to;
	r->block->recv_count = 1;
	start_recv(r, e);
	msg_set_cap(0, frame);
	WORKS(sys_nb_send(e, &m));
	rest();
	RETURNED(r, OK);
	WORKS(frame_map(to, space_other(), AT, RW));
	TRUE(other(r, read_it));
	WORKS(revoke(frame));
	TRUE(!other(r, read_it));
}
CASE(an_export_through_a_cnode_of_the_others_is_a_child)
{
	cap_t cnode = make(TYPE_CNODE, 3), frame = make(TYPE_FRAME, 12);

	WORKS(cnode_derive(cnode, 1, CNODE, frame, FRAME_READ, 0, 0));
	WORKS(revoke(frame));
	EQ(method(cnode, METHOD_CNODE_INFO, 1, WORDS(1)).words[0], TYPE_NONE);
}
CASE(a_dead_task_gives_its_exports_back)
{
	struct worker *w = worker_new(ELSEWHERE, MIDDLE);
	cap_t space = make(TYPE_VSPACE, 0), frame = make(TYPE_FRAME, 12), out = derive(frame, ALL, 0, 0);

	WORKS(frame_map(out, space, AT, RW));
	worker_space(w, CNODE, space, 0);
	WORKS(delete(w->thread));
	WORKS(delete(space));
	WORKS(frame_map(out, VSPACE, AT, RW));
	raw_store(AT, 1);
}
