// The kernel of the host port as a process that does what it is told and tells its abstract state, so that
// a model that shares nothing with it can be held against it (tests/model/run.py).
//
// Commands come on standard input, records of COMMAND_WORDS words; the answer to each is a record of its
// own: how many words follow, then the words. Objects are named by their physical address, slots by the
// object they lie in and an index. See `answers` for what is told.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/kernel_machine.h"

#define COMMAND_WORDS 96
#define OUT_MAX (1u << 20)
#define SLOT_IN_THREAD 0x10000  // + 0 CSpace, 1 VSpace, 2 fault, 3 block
#define SLOT_IN_BATCH 0x20000

enum command { CMD_STATE, CMD_SYSCALL, CMD_ADVANCE, CMD_RAISE, CMD_FAULT, CMD_EXCEPTION, CMD_FOREIGN, CMD_RESET };
enum answers {
	ANSWER_CORE = 1, ANSWER_SLOT, ANSWER_THREAD, ANSWER_ENDPOINT, ANSWER_REPLY, ANSWER_NOTIFICATION,
	ANSWER_CONTEXT, ANSWER_INTERRUPT, ANSWER_VSPACE, ANSWER_BLOCK, ANSWER_STEP, ANSWER_WORLD,
};

struct place {
	uint64_t container, index;
};

static uint64_t out[OUT_MAX];
static unsigned out_count, record_at;
static struct place place_of[CHECK_UNITS];
static unsigned last_number;

static void put(uint64_t value)
{
	if (out_count == OUT_MAX)
		abort();
	out[out_count++] = value;
}

static void record(enum answers kind)
{
	put(kind);
	record_at = out_count;
	put(0);
}

static void record_end(void) { out[record_at] = out_count - record_at - 1; }

static uint64_t name(const void *object) { return object ? arch_virt_to_phys(object) : 0; }

static uint64_t thread_in(const struct list *node)
{
	return name(LIST_ENTRY(node, struct thread, queue));
}

static void put_threads(const struct list *list)
{
	for (const struct list *at = list->next; at != list; at = at->next)
		put(thread_in(at));
	put(0);
}

// --- slots

static void place_set(struct slot *slot, uint64_t container, uint64_t index)
{
	place_of[slot_link(slot)] = (struct place){container, index};
}

static void places_of_object(struct object *object)
{
	struct thread *thread = (struct thread *)(void *)object;
	struct vspace *vspace = (struct vspace *)(void *)object;
	struct slot *inner[] = {&thread->cspace, &thread->vspace, &thread->fault, &thread->block_frame};

	if (object->type == TYPE_CNODE)
		for (uint64_t i = 1; i < BIT(object->bits); i++)
			place_set(&cnode_slots((struct cnode *)(void *)object)[i], name(object), i);
	else if (object->type == TYPE_THREAD)
		for (unsigned i = 0; i < 4; i++)
			place_set(inner[i], name(object), SLOT_IN_THREAD + i);
	else if (object->type == TYPE_VSPACE)
		for (struct batch *b = vspace->batches; b; b = b->next)
			place_set(&b->source, name(b), SLOT_IN_BATCH);
}

static void put_place(const struct slot *slot)
{
	struct place place = slot ? place_of[slot_link(slot)] : (struct place){0, 0};

	put(place.container);
	put(place.index);
}

// The parent, however far to the left the first child is.
static struct slot *parent_of(struct slot *slot)
{
	while (!(slot->flags & SLOT_FIRST))
		slot = slot_at(slot->prev);
	return slot->prev ? slot_at(slot->prev) : NULL;
}

static uint64_t vspace_name(const struct vspace *vspace) { return align_down(name(vspace), PAGE_SIZE); }

static uint64_t object_name(const struct slot *slot)
{
	if (slot->type == TYPE_VSPACE)
		return vspace_name(slot_object(slot));
	if (slot->type == TYPE_INTERRUPT)
		return (uint64_t)((struct interrupt *)slot_object(slot) - kernel.interrupt);
	return check_has_object(slot) ? name(slot_object(slot)) : slot->object;
}

static void put_slot(struct slot *slot)
{
	bool is_mapped = slot->flags & SLOT_MAPPED;

	record(ANSWER_SLOT);
	put_place(slot);
	put(slot->type);
	put(slot->rights);
	put(object_name(slot));
	put(slot->type == TYPE_FRAME ? 0 : slot->data);
	put(slot->type == TYPE_FRAME || slot->type == TYPE_CNODE ? slot->count : 0);
	put(slot->type == TYPE_UNTYPED ? slot->size_bits : 0);
	put(slot->type == TYPE_ENDPOINT ? slot->address : 0);
	put(slot->flags & (SLOT_DEAD | SLOT_DEVICE | SLOT_POOL));
	put(is_mapped ? vspace_name(vspace_of_slot(slot)) : 0);
	put(is_mapped ? slot->address : 0);
	put(is_mapped ? slot->map_pages : 0);
	put_place(parent_of(slot));
	put_place(slot->flags & SLOT_FIRST ? NULL : slot_at(slot->prev));
	record_end();
}

// --- objects

static void put_thread(struct thread *t)
{
	bool is_sending = t->state == THREAD_SENDING, is_fault = t->flags & THREAD_FAULTED;

	record(ANSWER_THREAD);
	put(name(t));
	put(t->state);
	put(t->flags & (THREAD_STICKY | THREAD_FAULTED | THREAD_TIMEOUT));
	put(is_sending ? t->flags & THREAD_CALL : 0);
	put(t->regs.ip);
	put(*regs_error(&t->regs));
	put(*regs_cap(&t->regs));
	put(*regs_tag(&t->regs));
	put(*regs_reply(&t->regs));
	for (unsigned i = 0; i < MSG_WORDS_REGISTERS; i++)
		put(*regs_word(&t->regs, i));
	put(name(t->endpoint));
	put(name(t->waiting));
	put(name(t->reply));
	put(name(t->bound));
	put(name(t->own));
	put(name(t->running));
	put(is_sending ? t->badge : 0);
	put(is_fault && is_sending ? t->fault_label : 0);
	put(is_fault && is_sending ? t->fault_words : 0);
	for (unsigned i = 0; i < 8; i++)
		put(is_fault && is_sending ? t->fault_word[i] : 0);
	put(name(t->block));
	put(t->redirect);
	record_end();
	if (!t->block)
		return;
	record(ANSWER_BLOCK);
	put(name(t->block));
	put(t->block->redirect_ip);
	put(t->block->redirect_flags);
	for (unsigned i = 0; i < MSG_WORDS_MAX - MSG_WORDS_REGISTERS; i++)
		put(t->block->words[i]);
	for (unsigned i = 0; i < MSG_CAPS_MAX; i++)
		put(t->block->received[i]);
	record_end();
}

static void put_endpoint(struct endpoint *e)
{
	record(ANSWER_ENDPOINT);
	put(name(e));
	put_threads(&e->senders);
	if (e->core[0].fast > ENDPOINT_SLOW)
		put(name((const void *)e->core[0].fast));
	put_threads(&e->core[0].receivers);
	for (link_t at = e->dead_first; at; at = slot_at(at)->list_next)
		put_place(slot_at(at));
	record_end();
}

static void put_reply(const struct reply *r)
{
	record(ANSWER_REPLY);
	put(name(r));
	put(r->state);
	put(r->state == REPLY_PENDING ? name(r->thread) : 0);
	put(r->state == REPLY_PENDING ? r->is_fault : 0);
	put(r->state == REPLY_OFFERED ? name(r->thread) : 0);
	put(r->is_lent ? name(r->lent) : 0);
	record_end();
}

static void put_notification(const struct notification *n)
{
	record(ANSWER_NOTIFICATION);
	put(name(n));
	put(n->bits);
	put(name(n->bound));
	put_threads(&n->waiters);
	record_end();
}

static void put_context(const struct sched_context *c)
{
	record(ANSWER_CONTEXT);
	put(name(c));
	put(c->configured);
	put(c->priority);
	put(c->slice);
	put(name(c->thread));
	put(name(c->user));
	put(name(c->notification));
	put(c->notification ? c->badge : 0);
	put(c->deadline);
	put(c->budget);
	put(c->period);
	put(c->limit);
	put(c->refill);
	put(c->data);
	put(c->events);
	put(c->happened);
	put(c->has_news);
	put(c->is_used_up);
	put(c->is_reserve);
	put(context_consumed(context_core(c), c));
	for (const struct reply *at = c->lends; at; at = at->lend_next)
		put(name(at));
	record_end();
}

static void put_table(const uint64_t *table, unsigned level, uint64_t base)
{
	for (uint64_t i = 0; i < 1u << TABLE_INDEX_BITS; i++) {
		uint64_t entry = table[i], address = base + (i << (PAGE_BITS + level * TABLE_INDEX_BITS));

		if (!(entry & HOST_PRESENT) || (level == TABLE_LEVELS - 1 && i == 511))
			continue;
		if (arch_entry_is_table(entry, level)) {
			put_table(arch_phys_to_virt(arch_entry_physical(entry)), level - 1, address);
			continue;
		}
		put(address);
		put(arch_entry_physical(entry));
		put(level << 8 | (entry & (HOST_WRITE | HOST_EXECUTE | HOST_GAVE_WRITE | HOST_GAVE_EXECUTE | HOST_HIDDEN)));
	}
}

static void put_vspace(const struct vspace *v)
{
	unsigned tables = 0;

	for (const struct batch *b = v->batches; b; b = b->next)
		tables += (unsigned)__builtin_popcount(b->free);
	record(ANSWER_VSPACE);
	put(vspace_name(v));
	put(tables);
	put_table(v->top, TABLE_LEVELS - 1, 0);
	record_end();
}

static void put_object(struct object *object)
{
	void *o = object;

	switch (object->type) {
	case TYPE_THREAD:
		put_thread(o);
		break;
	case TYPE_ENDPOINT:
		put_endpoint(o);
		break;
	case TYPE_REPLY:
		put_reply(o);
		break;
	case TYPE_NOTIFICATION:
		put_notification(o);
		break;
	case TYPE_SCHEDCONTEXT:
		put_context(o);
		break;
	case TYPE_VSPACE:
		put_vspace(o);
		break;
	}
}

static void put_core(const struct core *core)
{
	record(ANSWER_CORE);
	put(name(core->current));
	put(host.time);
	put(kernel.dying_first != 0);
	for (unsigned p = 0; p <= PRIORITY_MAX; p++)
		for (const struct list *at = core->ready[p].next; at != &core->ready[p]; at = at->next) {
			put(p);
			put(name(LIST_ENTRY(at, struct sched_context, ready)->user));
		}
	record_end();
}

static void put_interrupts(void)
{
	for (unsigned v = 0; v < VECTOR_COUNT; v++) {
		const struct interrupt *irq = &kernel.interrupt[v];

		if (!irq->used)
			continue;
		record(ANSWER_INTERRUPT);
		put(v);
		put(irq->masked);
		put(irq->pending);
		put(name(irq->notification));
		put(irq->notification ? irq->badge : 0);
		put(host.vector_masked[v]);
		record_end();
	}
}

static void put_state(void)
{
	check_machine(slot_object(&task->cspace));
	put_core(&kernel.core[0]);
	put_interrupts();
	for (unsigned i = 0; i < check.objects; i++)
		places_of_object(check.object[i]);
	for (unsigned i = 0; i < check.slots; i++)
		put_slot(check.slot[i]);
	for (unsigned i = 0; i < check.objects; i++)
		if (!check.object[i]->dying)
			put_object(check.object[i]);
}

// --- the world that sequences begin in

#define PLAYERS 4
#define SPACE_BITS 5
#define GIFTS_MAX 32
#define ALARM_TICKS 5000

// Where the first task has what it needs to set the players going again.
static struct world {
	cap_t doorbell, alarm, threads[PLAYERS], contexts[PLAYERS], spaces[2], vspaces[2], endpoint;
	struct {
		cap_t space, slot, what;
	} gifts[2 * GIFTS_MAX];
	unsigned gift_count;
} world;

static void give(cap_t space, cap_t slot, cap_t what)
{
	if (derive_to(space, slot, what, ALL, 0, 0) != OK)
		abort();
	world.gifts[world.gift_count].space = space;
	world.gifts[world.gift_count].slot = slot;
	world.gifts[world.gift_count++].what = what;
}

static void retype_to(cap_t block, unsigned type, uint64_t size, uint64_t count, cap_t cnode, cap_t first)
{
	if (retype_in(block, type, size, count, cnode, first) != OK)
		abort();
}

static void give_all(unsigned s, cap_t block, cap_t notification, cap_t watched)
{
	cap_t c = world.spaces[s];

	give(c, 1, world.spaces[0]);
	give(c, 2, world.spaces[1]);
	give(c, 3, world.vspaces[s]);
	give(c, 4, world.endpoint);
	give(c, 5, notification);
	give(c, 6, watched);
	give(c, 7, make(TYPE_FRAME, 14));
	give(c, 8, BOOT_SLOT_IRQCONTROL);
	give(c, 9, BOOT_SLOT_IOPORT);
	give(c, 10, BOOT_SLOT_SCHEDCONTROL);
	retype_to(block, TYPE_UNTYPED, 16, 1, c, 11);
	retype_to(block, TYPE_REPLY, 0, 2, c, 12);
	retype_to(block, TYPE_UNTYPED, 17, 1, c, 14);
}

// The first task waits, at the highest priority, for its alarm.
static void alarm_make(void)
{
	world.doorbell = make(TYPE_NOTIFICATION, 0);
	world.alarm = make(TYPE_SCHEDCONTEXT, 0);
	method(task, world.alarm, METHOD_SCHEDCONTEXT_BIND_NOTIFICATION, 1,
	       WORDS(derive(world.doorbell, NOTIFICATION_SIGNAL, 1, 0)));
	method(task, world.alarm, METHOD_SCHEDCONTEXT_SET_DEADLINE, 1, WORDS(host.time + ALARM_TICKS));
	native(task, SYSCALL_RECV, world.doorbell, 0, 0, NO_WORDS);
}

// Two CSpaces in which every type lies, and four threads in them.
static void make_world(void)
{
	cap_t block = make(TYPE_UNTYPED, 20), n = make(TYPE_NOTIFICATION, 0), watched;

	world = (struct world){.endpoint = make(TYPE_ENDPOINT, 0)};
	watched = derive(world.endpoint, ENDPOINT_RIGHTS, 42, 0);
	for (unsigned s = 0; s < 2; s++) {
		world.vspaces[s] = make(TYPE_VSPACE, 0);
		world.spaces[s] = slots_new(1);
		retype_to(block, TYPE_CNODE, SPACE_BITS, 1, CNODE, world.spaces[s]);
	}
	for (unsigned s = 0; s < 2; s++)
		give_all(s, block, n, watched);
	for (unsigned i = 0; i < PLAYERS; i++) {
		struct player p = player_in(world.spaces[i % 2], world.vspaces[i % 2],
					    i % 2 ? world.endpoint : 0, 10 + i % 2);

		world.threads[i] = p.cap;
		world.contexts[i] = p.context;
		for (unsigned s = 0; s < 2; s++) {
			give(world.spaces[s], 16 + i, p.cap);
			give(world.spaces[s], 20 + i, p.context);
		}
	}
	alarm_make();
}

static void put_world(void)
{
	record(ANSWER_WORLD);
	put(name(task));
	put(world.doorbell);
	put(world.alarm);
	put(world.endpoint);
	for (unsigned i = 0; i < PLAYERS; i++) {
		put(world.threads[i]);
		put(world.contexts[i]);
		put(world.spaces[i % 2]);
		put(world.vspaces[i % 2]);
	}
	for (unsigned i = 0; i < world.gift_count; i++) {
		put(world.gifts[i].space);
		put(world.gifts[i].slot);
		put(world.gifts[i].what);
	}
	record_end();
}

// --- commands

// words: number, cap, tag, reply, 8 words, then the block: caps 4, receive 2, window 2, words 56, items 16.
static void syscall_do(const uint64_t *a)
{
	struct thread *t = kernel.core[0].current;
	struct abi_block *block = t->block;

	last_number = (unsigned)a[0];
	*regs_cap(&t->regs) = a[1];
	*regs_tag(&t->regs) = a[2];
	*regs_reply(&t->regs) = a[3];
	for (unsigned i = 0; i < MSG_WORDS_REGISTERS; i++)
		*regs_word(&t->regs, i) = a[4 + i];
	if (block) {
		for (unsigned i = 0; i < 4; i++)
			block->caps[i] = (uint32_t)a[12 + i];
		block->recv_first = (uint32_t)a[16];
		block->recv_count = (uint32_t)a[17];
		block->window_base = a[18];
		block->window_pages = a[19];
		for (unsigned i = 0; i < MSG_WORDS_MAX - MSG_WORDS_REGISTERS; i++)
			block->words[i] = a[20 + i];
		for (unsigned i = 0; i < 4; i++) {
			const uint64_t *item = &a[20 + MSG_WORDS_MAX - MSG_WORDS_REGISTERS + 4 * i];

			block->items[i] = (struct abi_map_item){(uint32_t)item[0], (uint32_t)(item[0] >> 32), item[1],
								(uint32_t)item[2], (uint32_t)(item[2] >> 32),
								(uint32_t)item[3], 0};
		}
	}
	uint64_t ip = t->regs.ip = USER_CODE;
	bool again = true;

	for (unsigned n = 0; n < 10000 && again && kernel.core[0].current == t; n++)
		again = host_syscall_once(last_number);
	// Broken off in the middle: the thread will go on with it, and the model does not follow.
	record(ANSWER_STEP);
	put(t->regs.ip == ip && *regs_error(&t->regs) == SYSCALL_BASE + last_number);
	record_end();
}

static void command_do(const uint64_t *command)
{
	const uint64_t *a = command + 1;

	switch (command[0]) {
	case CMD_SYSCALL:
		syscall_do(a);
		break;
	case CMD_ADVANCE:
		host_advance(a[0]);
		break;
	case CMD_RAISE:
		host_raise((unsigned)a[0]);
		break;
	case CMD_FAULT:
		kernel.core[0].current->regs.ip = USER_CODE;
		host_fault(a[0], (unsigned)a[1]);
		break;
	case CMD_EXCEPTION:
		kernel.core[0].current->regs.ip = USER_CODE;
		host_exception((unsigned)a[0], a[1]);
		break;
	case CMD_FOREIGN:
		kernel.core[0].current->regs.ip = USER_CODE;
		host_foreign(a[0]);
		break;
	case CMD_RESET:
		machine_setup(NULL);
		check_off = true;
		make_world();
		put_world();
		break;
	}
}

int main(void)
{
	uint64_t command[COMMAND_WORDS];

	while (fread(command, sizeof command, 1, stdin) == 1) {
		out_count = 1;
		command_do(command);
		put_state();
		out[0] = out_count - 1;
		fwrite(out, sizeof out[0], out_count, stdout);
		fflush(stdout);
	}
	return 0;
}
