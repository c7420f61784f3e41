// FS and GS: a program changes both unseen, and finds them again.
#define CATEGORY "TLS"
#include "tests/conform/conform.h"

static void change(struct worker *w)
{
	uint64_t block = gs_get();

	w->seen[2] = fs_get();
	fs_set(0x7000 + w->index);
	gs_set(0x8000 + w->index);
	sys_yield();
	w->seen[0] = fs_get();
	w->seen[1] = gs_get();
	gs_set(block);
	worker_finish(w);
}

static void pair(enum where where, struct worker *w[2])
{
	uint64_t values[REGISTER_COUNT] = {0};

	for (unsigned i = 0; i < 2; i++) {
		w[i] = worker_new(i ? where : HERE, LOW);
		worker_prepare(w[i], change);
		values[REGISTER_FS] = 0x3000 + i;
		WORKS(thread_write(w[i]->thread, 1u << REGISTER_FS, values));
	}
	WORKS(thread_resume(w[0]->thread));
	WORKS(thread_resume(w[1]->thread));
	rest();
}

CASE_EACH(two_threads_have_bases_of_their_own)
{
	struct worker *w[2];

	pair(where, w);
	for (unsigned i = 0; i < 2; i++) {
		EQ(w[i]->done, true);
		EQ(w[i]->seen[0], 0x7000 + i);
		EQ(w[i]->seen[1], 0x8000 + i);
	}
}
CASE_EACH(a_written_base_is_what_the_thread_finds)
{
	struct worker *w[2];

	pair(where, w);
	EQ(w[0]->seen[2], 0x3000);
	EQ(w[1]->seen[2], 0x3001);
}
CASE_EACH(read_tells_bases_that_the_program_changed)
{
	struct worker *w[2];
	uint64_t values[REGISTER_COUNT];

	pair(where, w);
	WORKS(thread_read(w[1]->thread, values));
	EQ(values[REGISTER_FS], 0x7001);
	EQ(values[REGISTER_GS], (uintptr_t)w[1]->block);
}
CASE(a_base_survives_a_system_call)
{
	uint64_t before = fs_get();

	fs_set(0x123456);
	WORKS(cnode_info(CNODE, CNODE, NULL, NULL, NULL, NULL));
	uint64_t after = fs_get();

	fs_set(before);
	EQ(after, 0x123456);
}
CASE(a_base_survives_a_rest)
{
	uint64_t before = fs_get();

	fs_set(0x654321);
	rest();
	uint64_t after = fs_get();

	fs_set(before);
	EQ(after, 0x654321);
}

static void serve(struct worker *w)
{
	struct msg m = {0};

	WORKS(sys_recv(w->cap, w->reply, &m));
	fs_set(0xbad000);
	m = (struct msg){0};
	(void)sys_reply_recv(w->cap, w->reply, &m);
}

static void call_and_look(struct worker *w)
{
	struct msg m = {0};

	fs_set(0x444000);
	w->err = sys_call(w->cap, &m);
	w->seen[0] = fs_get();
	worker_finish(w);
}

CASE_EACH(a_base_survives_a_call_to_a_server_that_changes_its_own)
{
	struct worker *s = worker_new(where, HIGH), *c = worker_new(HERE, MIDDLE);

	s->cap = c->cap = make(TYPE_ENDPOINT, 0);
	worker_run(s, serve);
	c->cap = s->cap;
	worker_run(c, call_and_look);
	RETURNED(c, OK);
	EQ(c->seen[0], 0x444000);
}

static void fault_and_look(struct worker *w)
{
	fs_set(0x555000);
	raw_load(FREE_AT);
	w->seen[0] = fs_get();
	worker_finish(w);
}

CASE(a_base_survives_a_fault)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct worker *w = worker_with_fault(ELSEWHERE, MIDDLE, e);
	struct msg m;

	worker_run(w, fault_and_look);
	WORKS(take(e, reply, &m));
	WORKS(answer(reply, TAG(FAULT_REPLY_JUMP, 1), (uintptr_t)raw_load_end));
	rest();
	EQ(w->seen[0], 0x555000);
}
CASE(a_new_threads_bases_are_0)
{
	uint64_t values[REGISTER_COUNT];

	WORKS(thread_read(make(TYPE_THREAD, 0), values));
	EQ(values[REGISTER_FS] | values[REGISTER_GS], 0);
}
