// The invariants of docs/spec/invariants.md, checked over the whole machine of the host port. All
// capabilities are found from the first task's CNode and from the objects that they name. INVARIANT is the
// number of the one that the lines after its definition check.
#ifndef TESTS_UNIT_KERNEL_CHECK_H
#define TESTS_UNIT_KERNEL_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#include "arch/host/host.h"
#include "base/print.h"
#include "cap/cspace.h"
#include "cap/slot.h"
#include "mem/table.h"
#include "sched/sched.h"

#define CHECK_SLOTS_MAX 40000
#define CHECK_OBJECTS_MAX 4000
#define CHECK_UNITS (HOST_RAM_SIZE / 64)

#define CHECK(x) ((x) ? (void)0 : check_fail(INVARIANT, #x, __LINE__))

struct check {
	struct slot *slot[CHECK_SLOTS_MAX];
	unsigned slots;
	struct object *object[CHECK_OBJECTS_MAX];
	unsigned heads[CHECK_OBJECTS_MAX];  // groups of capabilities for it: exactly 1
	unsigned objects;
	uint8_t is_slot[CHECK_UNITS / 8];
	uint8_t is_taken[CHECK_UNITS / 8];
};

static struct check check;
static const struct thread *check_first_task;

static inline void check_fail(unsigned number, const char *what, int line)
{
	fprintf(stderr, "invariant %u broken (line %d): %s\n", number, line, what);
	abort();
}

static inline bool check_has_object(const struct slot *slot)
{
	switch (slot->type) {
	case TYPE_CNODE:
	case TYPE_VSPACE:
	case TYPE_THREAD:
	case TYPE_SCHEDCONTEXT:
	case TYPE_ENDPOINT:
	case TYPE_REPLY:
	case TYPE_NOTIFICATION:
	case TYPE_INTERRUPT:
		return true;
	default:
		return false;
	}
}

static inline unsigned check_object_number(const struct object *object)
{
	for (unsigned i = 0; i < check.objects; i++)
		if (check.object[i] == object)
			return i;
	return ~0u;
}

static inline bool check_is_slot(link_t link)
{
	return link < CHECK_UNITS && (check.is_slot[link / 8] >> (link % 8) & 1);
}

#define INVARIANT 1
static inline void check_add_slot(struct slot *slot)
{
	static const struct slot empty;
	link_t link = slot_link(slot);

	if (slot_is_empty(slot)) {
		CHECK(!__builtin_memcmp(slot, &empty, sizeof empty));
		return;
	}
	CHECK(check.slots < CHECK_SLOTS_MAX && !check_is_slot(link));
	check.is_slot[link / 8] |= (uint8_t)(1u << (link % 8));
	check.slot[check.slots++] = slot;
	if (check_has_object(slot) && check_object_number(slot_object(slot)) == ~0u) {
		CHECK(check.objects < CHECK_OBJECTS_MAX);
		check.heads[check.objects] = 0;
		check.object[check.objects++] = slot_object(slot);
	}
}

static inline void check_add_inner(struct object *object)
{
	struct thread *thread = (struct thread *)(void *)object;
	struct vspace *vspace = (struct vspace *)(void *)object;

	if (object->type == TYPE_CNODE) {
		for (uint64_t i = 1; i < BIT(object->bits); i++)
			check_add_slot(&cnode_slots((struct cnode *)(void *)object)[i]);
	} else if (object->type == TYPE_THREAD) {
		check_add_slot(&thread->cspace);
		check_add_slot(&thread->vspace);
		check_add_slot(&thread->fault);
		check_add_slot(&thread->block_frame);
	} else if (object->type == TYPE_VSPACE) {
		for (struct batch *b = vspace->batches; b; b = b->next)
			check_add_slot(&b->source);
	}
}

// A CNode whose only capabilities lie in itself is found as a child of its Untyped.
static inline bool check_find_hidden(void)
{
	for (unsigned i = 0; i < check.slots; i++) {
		link_t first = check.slot[i]->first;

		for (link_t at = first; at && at != slot_link(check.slot[i]); at = slot_at(at)->next) {
			if (!check_is_slot(at) && slot_at(at)->type == TYPE_CNODE &&
			    check_object_number(slot_object(slot_at(at))) == ~0u) {
				check.heads[check.objects] = 0;
				check.object[check.objects++] = slot_object(slot_at(at));
				return true;
			}
			if (slot_at(at)->flags & SLOT_LAST)
				break;
		}
	}
	return false;
}

#undef INVARIANT
#define INVARIANT 5
// Everything: the objects that are found grow the list that is gone through.
static inline void check_collect(struct object *root)
{
	check.slots = check.objects = 0;
	__builtin_memset(check.is_slot, 0, sizeof check.is_slot);
	check.object[check.objects] = root;
	check.heads[check.objects++] = 0;
	unsigned added = 0;

	do
		while (added < check.objects)
			check_add_inner(check.object[added++]);
	while (check_find_hidden());
	for (link_t d = kernel.dying_first; d; d = ((struct object *)arch_phys_to_virt((uint64_t)d * 64))->next) {
		struct object *object = arch_phys_to_virt((uint64_t)d * 64);

		CHECK(object->dying && check_object_number(object) == ~0u);
		unsigned first = check.objects;

		check.heads[check.objects] = 1;
		check.object[check.objects++] = object;
		for (unsigned i = first; i < check.objects; i++)
			check_add_inner(check.object[i]);
	}
}

// --- the derivation tree

#undef INVARIANT
#define INVARIANT 1
static inline void check_links(const struct slot *s)
{
	link_t self = slot_link(s);

	CHECK((s->first == 0) == (s->last == 0));
	CHECK(!s->prev || check_is_slot(s->prev));
	CHECK(!s->next || check_is_slot(s->next));
	if (s->flags & SLOT_FIRST)
		CHECK(!s->prev || slot_at(s->prev)->first == self);
	else
		CHECK(s->prev && slot_at(s->prev)->next == self && !(slot_at(s->prev)->flags & SLOT_LAST));
	if (s->flags & SLOT_LAST)
		CHECK(!s->next || slot_at(s->next)->last == self);
	else
		CHECK(s->next && slot_at(s->next)->prev == self && !(slot_at(s->next)->flags & SLOT_FIRST));
	if (!s->first)
		return;
	CHECK(check_is_slot(s->first) && check_is_slot(s->last));
	CHECK((slot_at(s->first)->flags & SLOT_FIRST) && slot_at(s->first)->prev == self);
	CHECK((slot_at(s->last)->flags & SLOT_LAST) && slot_at(s->last)->next == self);
}

static inline bool check_same(const struct slot *a, const struct slot *b)
{
	return a && b && a->type == b->type && a->object == b->object;
}

#undef INVARIANT
#define INVARIANT 3
// What a child may be of its parent.
static inline void check_child(const struct slot *parent, const struct slot *child)
{
	if (parent->type == TYPE_UNTYPED) {
		uint64_t at = child->type == TYPE_UNTYPED ? child->object
			      : child->type == TYPE_FRAME ? child->object * PAGE_SIZE
							  : arch_virt_to_phys(slot_object(child)) & ~0xfffull;

		CHECK(at + 0xfff >= parent->object && at < parent->object + parent->data);
	} else if (parent->type != TYPE_IRQCONTROL || child->type == TYPE_IRQCONTROL) {
		CHECK(parent->type == child->type && (child->rights & ~parent->rights) == 0);
		if (check_has_object(parent))
			CHECK(parent->object == child->object);
		if (child->type == TYPE_FRAME)
			CHECK(child->object >= parent->object &&
			      child->object + child->count <= parent->object + parent->count);
	}
}

#undef INVARIANT
#define INVARIANT 2
// Go through the trees without recursion: down, along, up.
static inline void check_tree(void)
{
	unsigned seen = 0;

	for (unsigned i = 0; i < check.slots; i++) {
		struct slot *root = check.slot[i], *at = root, *parent = NULL;

		if (!(root->flags & SLOT_FIRST) || root->prev)
			continue;
		CHECK((root->flags & SLOT_LAST) && !root->next);
		while (at) {
			struct slot *before = at->flags & SLOT_FIRST ? NULL : slot_at(at->prev);

			CHECK(++seen <= check.slots);
			if (parent)
				check_child(parent, at);
			if (check_has_object(at) && !check_same(parent, at) && !check_same(before, at))
				check.heads[check_object_number(slot_object(at))]++;
			if (at->first) {
				parent = at;
				at = slot_at(at->first);
				continue;
			}
			while (at != root && (at->flags & SLOT_LAST)) {
				at = slot_at(at->next);
				parent = slot_find_parent(at);
				for (struct slot *s = at; !parent && s != root; s = slot_at(s->prev))
					parent = slot_find_parent(s);
			}
			at = at == root ? NULL : slot_at(at->next);
		}
	}
	CHECK(seen == check.slots);
}

#include "kernel_check_memory.h"

// --- objects

#undef INVARIANT
#define INVARIANT 10
static inline bool check_in_list(const struct list *list, const struct list *node)
{
	unsigned n = 0;

	for (const struct list *at = list->next; at != list; at = at->next) {
		CHECK(at->next->prev == at && at->prev->next == at && ++n < CHECK_OBJECTS_MAX);
		if (at == node)
			return true;
	}
	return false;
}

static inline void check_thread(struct thread *t)
{
	bool queued = !list_is_empty(&t->queue);

	bool fast = t->state == THREAD_RECEIVING && t->endpoint->core[t->head.home].fast == (uintptr_t)t;

	CHECK(queued == (t->state == THREAD_SENDING || (t->state == THREAD_RECEIVING && !fast) ||
			 t->state == THREAD_WAITING));
	CHECK((t->endpoint != NULL) == (t->state == THREAD_SENDING || t->state == THREAD_RECEIVING));
	CHECK((t->waiting != NULL) == (t->state == THREAD_WAITING));
	if (t->state == THREAD_SENDING)
		CHECK(check_in_list(&t->endpoint->senders, &t->queue) && !t->reply);
	if (t->state == THREAD_RECEIVING) {
		CHECK(fast || check_in_list(&t->endpoint->core[t->head.home].receivers, &t->queue));
		CHECK(!t->reply || (t->reply->state == REPLY_OFFERED && t->reply->thread == t));
		CHECK(!fast || (t->reply && !slot_is_empty(&t->vspace)));
	}
	if (t->state == THREAD_WAITING)
		CHECK(check_in_list(&t->waiting->waiters, &t->queue));
	if (t->state == THREAD_ANSWER)
		CHECK(t->reply && t->reply->thread == t && t->reply->state == REPLY_PENDING);
	if (t->state == THREAD_READY || t->state == THREAD_STOPPED)
		CHECK(!t->reply);
	CHECK(!t->bound || t->bound->bound == t);
	bool slow = t->flags & THREAD_STICKY || (t->bound && t->bound->bits) || (t->running && t->running->is_slow);

	CHECK(t->fast_tags == (slow ? 0 : 9ull << 32));
	CHECK(t->state != THREAD_READY || t->running || !t->own || t->own->user);
	CHECK(slot_is_empty(&t->vspace) || (t->vspace.flags & SLOT_THREAD));
	CHECK(!t->own || t->own->thread == t);
	CHECK(!t->running || (t->running->user == t && t->running->core == t->head.home));
	CHECK(t->head.home < kernel.cores);
	CHECK(!t->bound || t->bound->head.home == t->head.home || t->bound->head.home == HOME_NONE);
	// The kernel itself gave the first task its block.
	CHECK(!t->block || t == check_first_task || !slot_is_empty(&t->block_frame));
}

#undef INVARIANT
#define INVARIANT 14
static inline void check_context(struct sched_context *c)
{
	struct core *core = &kernel.core[c->core];
	bool waits = c->user && c->user->state == THREAD_READY && c->user != core->current && !c->is_used_up;
	uint64_t event = c->has_news ? 0 : c->is_used_up && c->refill < c->deadline ? c->refill : c->deadline;

	CHECK(c->event == event);
	CHECK(c->is_slow == (c->is_reserve || c->events) && c->is_limited == (c->is_slow || c->budget));
	CHECK(!(c->above & STOP_LIMITED) == !(c->is_limited || c->higher & STOP_LIMITED));
	CHECK(!c->is_used_up || (c->budget && c->user != core->current && c != core->limited));
	CHECK(!c->has_news || c->events);
	CHECK(c != core->limited || (c->budget && !c->is_slow && core->timer <= core->limited_end));

	CHECK(!c->thread || c->thread->own == c);
	CHECK(!c->user || c->user->running == c);
	CHECK(waits == !list_is_empty(&c->ready));
	unsigned lends = 0;

	for (const struct reply *at = c->lends; at; at = at->lend_next, lends++)
		CHECK(at->is_lent && at->lent == c && lends < LENDS_MAX);
	CHECK(lends == c->lend_count);
	if (waits)
		CHECK(check_in_list(&core->ready[c->priority], &c->ready));
	CHECK((c->notification != NULL) == !list_is_empty(&c->binding));
	if (c->notification)
		CHECK(check_in_list(&c->notification->sources, &c->binding));
}

#undef INVARIANT
#define INVARIANT 12
static inline bool check_is_lent(const struct reply *r)
{
	for (const struct reply *at = r->lent->lends; at; at = at->lend_next)
		if (at == r)
			return true;
	return false;
}

static inline void check_reply(const struct reply *r)
{
	const struct thread *t = r->thread;
	bool pending = r->state == REPLY_PENDING;

	CHECK((t != NULL) == (pending || r->state == REPLY_OFFERED));
	CHECK(!t || (t->reply == r && t->state == (pending ? THREAD_ANSWER : THREAD_RECEIVING)));
	CHECK(pending || !(r->is_fault || r->is_lent || r->is_slow));
	CHECK(!r->is_lent || check_is_lent(r));
	// What the fast path takes for granted.
	CHECK(!pending || r->is_slow || (!slot_is_empty(&t->vspace) && t->head.home == r->home));
	CHECK(r->state != REPLY_OFFERED || t->head.home == r->home);
	CHECK(!r->is_lent || r->lent->core == r->home);
	CHECK(!pending || r->is_slow || (t->running == NULL) == r->is_lent);
}

#undef INVARIANT
#define INVARIANT 11
static inline void check_endpoint(const struct endpoint *e)
{
	link_t before = 0;
	unsigned n = 0;

	for (link_t at = e->dead_first; at; before = at, at = slot_at(at)->list_next) {
		const struct slot *s = slot_at(at);

		CHECK(check_is_slot(at) && (s->flags & SLOT_DEAD) && !s->first);
		CHECK(s->list_prev == before && slot_object(s) == e && ++n < CHECK_SLOTS_MAX);
	}
	CHECK(e->dead_last == before);
	for (unsigned i = 0; i < kernel.cores; i++) {
		const struct endpoint_core *at = &e->core[i];
		bool any = !list_is_empty(&e->senders) || e->dead_first, queued = !list_is_empty(&at->receivers);

		CHECK(!any || (!queued && at->fast == ENDPOINT_SLOW));
		CHECK(at->fast > ENDPOINT_SLOW ? !queued
					       : at->fast == (any || queued ? ENDPOINT_SLOW : ENDPOINT_IDLE));
		CHECK(at->fast <= ENDPOINT_SLOW || ((const struct thread *)at->fast)->head.home == i);
	}
}

#undef INVARIANT
#define INVARIANT 13
static inline void check_notification(const struct notification *n)
{
	CHECK(list_is_empty(&n->waiters) || !n->bits);
	CHECK(!n->bound || n->bound->bound == n);
	CHECK(!n->bound || n->bound->state != THREAD_RECEIVING || !n->bits);
}

// --- page tables

#undef INVARIANT
#define INVARIANT 6
static inline const struct slot *check_owner(const struct vspace *v, uint64_t address, uint64_t physical)
{
	for (const struct slot *s = slot_at(v->mappings.list_next); s != &v->mappings; s = slot_at(s->list_next)) {
		uint64_t page = (address - s->address) / PAGE_SIZE;

		if (address >= s->address && page < s->map_pages && (s->object + page) * PAGE_SIZE == physical)
			return s;
	}
	return NULL;
}

// The entry is its owner's, and gives no right that the owner lacks.
static inline void check_leaf(const struct vspace *v, uint64_t address, uint64_t entry)
{
	const struct slot *owner = check_owner(v, address, arch_entry_physical(entry));

	CHECK(owner);
	CHECK(!(entry & HOST_WRITE) || (owner->rights & FRAME_WRITE));
	CHECK(!(entry & HOST_EXECUTE) || (owner->rights & FRAME_EXECUTE));
}

static inline void check_table(struct vspace *v, uint64_t *table, unsigned level, uint64_t base)
{
	const struct batch *own = (const struct batch *)align_down((uintptr_t)table, BATCH_SIZE);
	unsigned present = 0;

	for (uint64_t i = 0; i < 1u << TABLE_INDEX_BITS; i++) {
		uint64_t entry = table[i], address = base + (i << (PAGE_BITS + level * TABLE_INDEX_BITS));

		if (!(entry & HOST_PRESENT) || (level == TABLE_LEVELS - 1 && i == 511))
			continue;
		present++;
		if (!arch_entry_is_table(entry, level)) {
			CHECK(level <= LARGE_PAGE_LEVEL_MAX);
			check_leaf(v, address, entry);
			continue;
		}
#undef INVARIANT
#define INVARIANT 8
		uint64_t *child = arch_phys_to_virt(arch_entry_physical(entry));
		struct batch *batch = (struct batch *)align_down((uintptr_t)child, BATCH_SIZE), *b;
		unsigned index = (unsigned)((uintptr_t)child / PAGE_SIZE % BATCH_TABLES);

		for (b = v->batches; b && b != batch; b = b->next)
			;
		CHECK(b && !(b->free & BIT(index)) && b->parent[index] == &table[i]);
		CHECK(b->level[index] == level - 1);
		check_table(v, child, level - 1, address);
	}
	CHECK(own->used[(uintptr_t)table / PAGE_SIZE % BATCH_TABLES] == present);
}

#undef INVARIANT
#define INVARIANT 7
static inline void check_vspace(struct vspace *v)
{
	unsigned listed = 0, mapped = 0;

	for (struct slot *s = slot_at(v->mappings.list_next); s != &v->mappings; s = slot_at(s->list_next)) {
		CHECK(check_is_slot(slot_link(s)) && (s->flags & SLOT_MAPPED) && vspace_of_slot(s) == v);
		CHECK(slot_at(s->list_next)->list_prev == slot_link(s) && ++listed <= check.slots);
		CHECK(s->map_pages <= s->count);
	}
	for (unsigned i = 0; i < check.slots; i++)
		mapped += check.slot[i]->type == TYPE_FRAME && (check.slot[i]->flags & SLOT_MAPPED) &&
			  vspace_of_slot(check.slot[i]) == v;
	CHECK(mapped == listed && listed == v->mapping_count);
	check_table(v, v->top, TABLE_LEVELS - 1, 0);
}

// --- time

#undef INVARIANT
#define INVARIANT 16
static inline unsigned check_heap(const struct sched_context *node, const struct sched_context *up)
{
	if (!node)
		return 0;
	CHECK(node->heap_up == up && node->event != ~0ull && (!up || up->event <= node->event));
	unsigned left = check_heap(node->heap_left, node), right = check_heap(node->heap_right, node);

	CHECK(left >= right && node->heap_rank == right + 1);
	return right + 1;
}

#undef INVARIANT
#define INVARIANT 15
static inline void check_core(struct core *core)
{
	const struct thread *current = core->current;

#undef INVARIANT
#define INVARIANT 18
	CHECK(!core->woken && !core->lock.held && !core->all_locked);
#undef INVARIANT
#define INVARIANT 15
	CHECK(core->stops == (core->ready_bits | STOP_LIMITED));
	for (unsigned p = 0; p <= PRIORITY_MAX; p++)
		CHECK(!list_is_empty(&core->ready[p]) == (core->ready_bits >> p & 1));
	if (host.core[core->number].signalled) {
		CHECK(!current || (current->state == THREAD_READY && current->running));
	} else if (current) {
		CHECK(current->state == THREAD_READY && current->running && !slot_is_empty(&current->vspace));
		CHECK(!core->ready_bits || current->running->priority >= highest_bit(core->ready_bits));
	} else {
		CHECK(!core->ready_bits);
	}
	check_heap(core->deadlines, NULL);
#undef INVARIANT
#define INVARIANT 16
	if (core->deadlines)
		CHECK(host.core[core->number].signalled ||
		      host.core[core->number].timer <= core->deadlines->event);
}

// All that was consumed, by the contexts that are left, is time that has passed.
#undef INVARIANT
#define INVARIANT 17
static inline void check_time(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < check.objects; i++) {
		const struct sched_context *c = (const void *)check.object[i];

		if (check.object[i]->type == TYPE_SCHEDCONTEXT && !check.object[i]->dying)
			sum += context_consumed(&kernel.core[c->core], c);
	}
	CHECK(sum <= kernel.cores * arch_time());
}

static inline void check_object(struct object *object)
{
	void *o = object;

	switch (object->type) {
	case TYPE_THREAD:
		check_thread(o);
		break;
	case TYPE_SCHEDCONTEXT:
		check_context(o);
		break;
	case TYPE_REPLY:
		check_reply(o);
		break;
	case TYPE_ENDPOINT:
		check_endpoint(o);
		break;
	case TYPE_NOTIFICATION:
		check_notification(o);
		break;
	case TYPE_VSPACE:
		check_vspace(o);
		break;
	}
}

#undef INVARIANT
#define INVARIANT 5
// Check everything that can be reached from the first task's CNode.
static inline void check_machine(struct object *root)
{
	check_collect(root);
	for (unsigned i = 0; i < check.slots; i++) {
		const struct slot *s = check.slot[i];

		check_links(s);
		if (s->flags & SLOT_DEAD)
			CHECK(s->list_prev || ((struct endpoint *)slot_object(s))->dead_first == slot_link(s));
	}
	check_tree();
	for (unsigned i = 0; i < check.objects; i++) {
		CHECK(check.heads[i] == 1);
		if (!check.object[i]->dying)
			check_object(check.object[i]);
	}
	for (unsigned i = 0; i < kernel.cores; i++)
		check_core(&kernel.core[i]);
	check_time();
	check_memory();
#undef INVARIANT
#define INVARIANT 9
	for (unsigned i = 0; i < kernel.cores; i++)
		CHECK(host_tlb_is_true(i));
}

#endif
