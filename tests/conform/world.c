// What every case is given: objects from an Untyped that is reset after it, slots that are emptied, threads.
#include <string.h>

#include "lib/rt/rt.h"
#include "tests/conform/world.h"

#define WORKERS_MAX 9
#define RESTS 2  // of them let the suite rest, one on each core
#define BLOCKS_AT 0x60000000ull
#define CASE_BITS 26
#define CASE_SLOT 2048
#define CASE_SLOTS 1536
#define TABLES 4  // batches for the tables of both spaces

static struct worker workers[WORKERS_MAX];
static cap_t blocks[WORKERS_MAX], world, pool, space, rest_bell, far_bell;
static unsigned worker_count;
static bool has_far;  // the case has a thread on core 1
static cap_t slot_next;

// --- objects

cap_t case_untyped(void) { return pool; }
cap_t space_other(void) { return space; }

cap_t slots_new(unsigned count)
{
	slot_next += count;
	if (slot_next > CASE_SLOT + CASE_SLOTS)
		world_fail("no slots left");
	return slot_next - count;
}

cap_t make_many(uint64_t type, uint64_t size_bits, unsigned count)
{
	cap_t first = slots_new(count);

	if (untyped_retype(pool, type, size_bits, count, CNODE, first, NULL))
		world_fail("cannot make an object");
	return first;
}

cap_t make(uint64_t type, uint64_t size_bits) { return make_many(type, size_bits, 1); }
cap_t block_new(unsigned size_bits) { return make(TYPE_UNTYPED, size_bits); }

cap_t derive(cap_t source, uint64_t rights, uint64_t data, uint64_t count)
{
	cap_t slot = slots_new(1);

	if (cnode_derive(CNODE, slot, CNODE, source, rights, data, count))
		world_fail("cannot derive");
	return slot;
}

bool is_there(cap_t slot)
{
	uint64_t type = 0;

	return cnode_info(CNODE, slot, &type, NULL, NULL, NULL) == OK && type != TYPE_NONE;
}

err_t delete(cap_t slot) { return cnode_delete(CNODE, slot, 1); }
err_t revoke(cap_t slot) { return cnode_revoke(CNODE, slot); }

err_t configure(cap_t context, uint64_t priority, uint64_t slice)
{
	return schedcontrol_configure(BOOT_SLOT_SCHEDCONTROL, context, priority, slice);
}

err_t configure_on(unsigned core, cap_t context, uint64_t priority)
{
	return schedcontrol_configure(BOOT_SLOT_SCHEDCONTROL + core, context, priority, 0);
}

uint64_t now(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

struct answer method(cap_t cap, unsigned label, unsigned count, const uint64_t words[MSG_WORDS_REGISTERS])
{
	struct msg m = {.tag = TAG(label, count)};
	struct answer a;

	memcpy(m.words, words, sizeof m.words);
	a.err = sys_call(cap, &m);
	memcpy(a.words, m.words, sizeof a.words);
	return a;
}

// --- threads

static void loop(struct worker *w)
{
	uint64_t bits;

	for (;;) {
		(void)sys_wait(w->bell, &bits);
		w->err = sys_invoke(w->number, w->cap, w->reply_cap, &w->m);
		w->done = true;
	}
}

void worker_prepare(struct worker *w, void (*run)(struct worker *))
{
	uint64_t values[REGISTER_COUNT] = {0};

	(void)thread_suspend(w->thread);
	w->run = run;
	values[REGISTER_IP] = (uint64_t)(uintptr_t)run;
	values[REGISTER_SP] = (uint64_t)(uintptr_t)(w->stack + sizeof w->stack - 8);
	values[REGISTER_RDI] = (uint64_t)(uintptr_t)w;
	values[REGISTER_FS] = 0x1000 * (w->index + 1ull);
	values[REGISTER_GS] = (uint64_t)(uintptr_t)w->block;
	if (thread_write(w->thread, 1u << REGISTER_IP | 1u << REGISTER_SP | 1u << REGISTER_RDI |
				    1u << REGISTER_FS | 1u << REGISTER_GS, values))
		world_fail("cannot write a thread's registers");
}

void worker_run(struct worker *w, void (*run)(struct worker *))
{
	worker_prepare(w, run);
	if (thread_resume(w->thread))
		world_fail("cannot start a thread");
	rest();
}

void worker_finish(struct worker *w)
{
	w->done = true;
	for (;;)
		(void)thread_suspend(w->thread);
}

void worker_space(struct worker *w, cap_t cspace, cap_t vspace, cap_t fault)
{
	if (thread_set_space(w->thread, cspace, vspace, fault))
		world_fail("cannot give a thread its spaces");
}

struct worker *worker_with_fault(enum where where, unsigned priority, cap_t fault)
{
	struct worker *w = &workers[worker_count];

	if (worker_count == WORKERS_MAX - RESTS)
		world_fail("too many threads");
	*w = (struct worker){.index = worker_count, .priority = priority};
	w->block = (struct abi_block *)(BLOCKS_AT + PAGE_SIZE * worker_count);
	memset(w->block, 0, sizeof *w->block);
	w->block->self = (uint64_t)(uintptr_t)w->block;
	w->thread = make(TYPE_THREAD, 0);
	w->context = make(TYPE_SCHEDCONTEXT, 0);
	w->reply = make(TYPE_REPLY, 0);
	w->bell = make(TYPE_NOTIFICATION, 0);
	w->ring = derive(w->bell, ALL, 1, 0);
	worker_space(w, CNODE, where == ELSEWHERE ? space : VSPACE, fault);
	has_far = has_far || where == AFAR;
	if (thread_set_block(w->thread, blocks[worker_count], (uint64_t)(uintptr_t)w->block) ||
	    configure_on(where == AFAR, w->context, priority) || schedcontext_bind(w->context, w->thread))
		world_fail("cannot make a thread");
	worker_count++;
	worker_run(w, loop);
	return w;
}

struct worker *worker_new(enum where where, unsigned priority) { return worker_with_fault(where, priority, 0); }

void worker_make_passive(struct worker *w)
{
	if (schedcontext_bind(w->context, 0))
		world_fail("cannot unbind a context");
}

void start(struct worker *w, unsigned number, cap_t cap, cap_t reply, tag_t tag, uint64_t word0)
{
	w->number = number;
	w->cap = cap;
	w->reply_cap = reply;
	w->m = (struct msg){.tag = tag, .words = {word0}};
	w->done = false;
	(void)sys_signal(w->ring);
	rest();
}

void start_call(struct worker *w, cap_t cap, tag_t tag, uint64_t word0)
{
	start(w, SYSCALL_CALL, cap, 0, tag, word0);
}

void start_send(struct worker *w, cap_t cap, tag_t tag, uint64_t word0)
{
	start(w, SYSCALL_SEND, cap, 0, tag, word0);
}

void start_recv(struct worker *w, cap_t endpoint) { start(w, SYSCALL_RECV, endpoint, w->reply, 0, 0); }
void start_wait(struct worker *w, cap_t notification) { start(w, SYSCALL_RECV, notification, 0, 0, 0); }

err_t take(cap_t from, cap_t reply, struct msg *m)
{
	*m = (struct msg){0};
	return sys_nb_recv(from, reply, m);
}

err_t answer(cap_t reply, tag_t tag, uint64_t word0)
{
	struct msg m = {.tag = tag, .words = {word0}};

	return sys_send(reply, &m);
}

// --- rest: the lowest thread of all rings whenever it may run

static void ring(struct worker *w)
{
	for (;;)
		(void)sys_signal(w->ring);
}

// The same of core 1, when it is asked.
static void ring_once(struct worker *w)
{
	uint64_t bits;

	for (;;)
		if (!sys_wait(w->bell, &bits))
			(void)sys_signal(w->ring);
}

// What it rang while the suite waited for something else does not count.
static void rest_here(void)
{
	struct msg m = {0};
	uint64_t bits;

	(void)sys_nb_recv(rest_bell, 0, &m);
	if (sys_wait(rest_bell, &bits))
		world_fail("cannot rest");
}

static void rest_far(void)
{
	uint64_t bits;

	if (sys_signal(workers[WORKERS_MAX - 2].reply) || sys_wait(far_bell, &bits))
		world_fail("cannot rest");
}

// What one core does may give the other something to do.
void rest(void)
{
	if (!rest_bell)
		return;
	rest_here();
	for (unsigned i = 0; has_far && i < 2; i++) {
		rest_far();
		rest_here();
	}
}

void wait_ticks(uint64_t ticks)
{
	cap_t context = make(TYPE_SCHEDCONTEXT, 0), n = make(TYPE_NOTIFICATION, 0);
	uint64_t bits;

	if (schedcontext_bind_notification(context, derive(n, ALL, 1, 0)) ||
	    schedcontext_set_deadline(context, now() + ticks, NULL) || sys_wait(n, &bits))
		world_fail("cannot wait");
}

// The ringing threads live in the last workers; what they are made of stays.
static struct worker *rest_thread(unsigned index, unsigned core)
{
	struct worker *w = &workers[index];

	w->index = index;
	w->block = (struct abi_block *)(BLOCKS_AT + PAGE_SIZE * w->index);
	w->thread = make(TYPE_THREAD, 0);
	w->context = make(TYPE_SCHEDCONTEXT, 0);
	w->bell = make(TYPE_NOTIFICATION, 0);
	w->ring = derive(w->bell, ALL, 1, 0);
	worker_space(w, CNODE, VSPACE, 0);
	if (thread_set_block(w->thread, blocks[w->index], (uint64_t)(uintptr_t)w->block) ||
	    configure_on(core, w->context, 1) || schedcontext_bind(w->context, w->thread))
		world_fail("cannot make a thread");
	return w;
}

static void rest_make(void)
{
	struct worker *w = rest_thread(WORKERS_MAX - 1, 0);

	worker_run(w, ring);
	rest_bell = w->bell;
	if (rt_boot_info->cores == 1)
		return;
	w = rest_thread(WORKERS_MAX - 2, 1);
	w->reply = w->ring;  // what asks it
	far_bell = make(TYPE_NOTIFICATION, 0);
	w->ring = derive(far_bell, ALL, 1, 0);
	worker_run(w, ring_once);
}

// --- the world

static void map_both(cap_t frame, uint64_t address, uint64_t rights)
{
	cap_t copy = derive(frame, ALL, 0, 0);
	uint64_t at;

	if (frame_info(frame, NULL, &at, NULL) || (!at && frame_map(frame, VSPACE, address, rights)) ||
	    frame_map(copy, space, address, rights))
		world_fail("cannot map");
}

static void space_make(void)
{
	space = make(TYPE_VSPACE, 0);
	for (unsigned i = 0; i < TABLES; i++)
		if (vspace_supply(space, make(TYPE_UNTYPED, SIZE_BITS_VSPACE)) ||
		    vspace_supply(VSPACE, make(TYPE_UNTYPED, SIZE_BITS_VSPACE)))
			world_fail("cannot supply tables");
	for (cap_t frame = BOOT_SLOT_MEMORY; frame < BOOT_SLOT_FREE; frame++) {
		uint64_t type, address;

		if (cnode_info(CNODE, frame, &type, NULL, NULL, NULL) || type != TYPE_FRAME ||
		    frame_info(frame, NULL, &address, NULL))
			continue;
		map_both(frame, address, FRAME_READ | FRAME_WRITE | FRAME_EXECUTE);
	}
}

void world_init(void)
{
	const struct abi_boot_info *boot = rt_boot_info;
	uint32_t best = 0;

	for (uint32_t i = 0; i < boot->untyped_count; i++)
		if (boot->untyped[i].size_bits > boot->untyped[best].size_bits)
			best = i;
	pool = boot->untyped[best].slot;
	slot_next = BOOT_SLOT_FREE;
	space_make();
	for (unsigned i = 0; i < WORKERS_MAX; i++) {
		blocks[i] = make(TYPE_FRAME, PAGE_BITS);
		map_both(blocks[i], BLOCKS_AT + PAGE_SIZE * i, FRAME_READ | FRAME_WRITE);
	}
	rest_make();
	world = pool;
	pool = make(TYPE_UNTYPED, CASE_BITS);
	slot_next = CASE_SLOT;
}

// Until the next case: nothing is left of this one.
void world_reset(void)
{
	err_t err = revoke(pool);

	if (!err)
		err = cnode_delete(CNODE, CASE_SLOT, CASE_SLOTS);
	if (!err)
		err = untyped_reset(pool);
	if (err)
		world_fail("cannot clean up");
	memset(sys_block()->words, 0, sizeof sys_block()->words);
	msg_set_receive(0, 0);
	msg_set_window(0, 0);
	worker_count = 0;
	has_far = false;
	slot_next = CASE_SLOT;
}
