// What the cores of tests/race share: one CSpace with everything in it, players who make calls out of it, and a
// keeper on each core, which nobody can touch: it puts back what the players break, so that they never all wait.
#ifndef TESTS_RACE_WORLD_H
#define TESTS_RACE_WORLD_H

#include "kernel_machine.h"

#define RACE_CORES_MAX 4
#define PLAYERS 8

// The players' CSpace.
enum place {
	AT_SPACE = 1,
	AT_IRQCONTROL = 2,
	AT_CONTROL = 4,       // one for each core
	AT_VSPACE = 8,        // 2
	AT_ENDPOINT = 10,     // 2 watched, and 2 with a badge that are derived from them
	AT_NOTIFICATION = 14, // 3
	AT_INTERRUPT = 17,
	AT_UNTYPED = 18,      // 4, each with room for a few objects
	AT_FRAME = 22,        // 4 of 4 pages
	AT_THREAD = 32,
	AT_CONTEXT = 40,
	AT_REPLY = 48,        // 8
	AT_WATCHED = 56,      // 2 endpoints whose last child is heard of
	AT_POOL = 58,         // what is supplied to VSpaces
	AT_FREE = 64,         // for what the players make
	AT_END = 128,
};
#define SPACE_BITS 7
#define UNTYPED_BITS 18
#define UNTYPEDS 4
#define FRAMES 4
#define REPLIES 8
#define MAP_FROM 0x40000000ull
#define MAP_PAGES 16
#define KEEPER_PRIORITY (PRIORITY_MAX - 1)

struct keeper {
	struct player player;
	cap_t doorbell, alarm;  // notification; the context whose deadline signals it
	unsigned turn;          // of its work: calls.h
};

static struct world {
	cap_t space, source[AT_FREE];  // where the first task has what belongs into the players' CSpace
	cap_t doorbell, alarm, block;
	cap_t vspace[2];
	struct player player[PLAYERS];
	struct keeper keeper[RACE_CORES_MAX];
} world;

static inline cap_t control_of(unsigned core) { return BOOT_SLOT_SCHEDCONTROL + core; }

static inline void give(unsigned place, cap_t what)
{
	world.source[place] = what;
	assert_int_equal(derive_to(world.space, place, what, ALL, 0, 0), OK);
}

static inline void put_on(cap_t context, unsigned core, uint64_t priority, uint64_t slice)
{
	assert_int_equal(method(task, control_of(core), METHOD_SCHEDCONTROL_CONFIGURE, 3,
				WORDS(context, priority, slice)).err, OK);
}

static inline void bind_alarm(cap_t context, cap_t notification, uint64_t time)
{
	assert_int_equal(method(task, context, METHOD_SCHEDCONTEXT_BIND_NOTIFICATION, 1,
				WORDS(derive(notification, NOTIFICATION_SIGNAL, 1, 0))).err, OK);
	assert_int_equal(method(task, context, METHOD_SCHEDCONTEXT_SET_DEADLINE, 1, WORDS(time)).err, OK);
}

static inline void world_make_objects(void)
{
	cap_t endpoint[2], interrupt = slots_new(1);

	give(AT_SPACE, world.space);
	give(AT_IRQCONTROL, BOOT_SLOT_IRQCONTROL);
	for (unsigned i = 0; i < kernel.cores; i++)
		give(AT_CONTROL + i, control_of(i));
	for (unsigned i = 0; i < 2; i++) {
		give(AT_VSPACE + i, world.vspace[i] = make(TYPE_VSPACE, 0));
		give(AT_ENDPOINT + i, endpoint[i] = make(TYPE_ENDPOINT, 0));
		give(AT_ENDPOINT + 2 + i, derive(endpoint[i], ALL, 7 + i, 0));
	}
	for (unsigned i = 0; i < 3; i++)
		give(AT_NOTIFICATION + i, derive(make(TYPE_NOTIFICATION, 0), ALL, 1u << i, 0));
	assert_int_equal(method(task, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_MESSAGE, 2, WORDS(CNODE, interrupt)).err, OK);
	give(AT_INTERRUPT, interrupt);
	for (unsigned i = 0; i < UNTYPEDS; i++)
		assert_int_equal(retype_in(world.block, TYPE_UNTYPED, UNTYPED_BITS, 1, world.space, AT_UNTYPED + i), OK);
	for (unsigned i = 0; i < FRAMES; i++)
		give(AT_FRAME + i, make(TYPE_FRAME, PAGE_BITS + 2));
	assert_int_equal(retype_in(world.block, TYPE_REPLY, 0, REPLIES, world.space, AT_REPLY), OK);
	assert_int_equal(retype_in(world.block, TYPE_ENDPOINT, 0, 2, world.space, AT_WATCHED), OK);
}

static inline void world_make_threads(void)
{
	for (unsigned i = 0; i < PLAYERS; i++) {
		struct player *p = &world.player[i];

		*p = player_in(world.space, world.vspace[i % 2], world.source[AT_ENDPOINT + 2 + i % 2], 10 + i % 3);
		give(AT_THREAD + i, p->cap);
		give(AT_CONTEXT + i, p->context);
		put_on(p->context, i % kernel.cores, 10 + i % 3, 500);
	}
	for (unsigned i = 0; i < kernel.cores; i++) {
		struct keeper *k = &world.keeper[i];

		k->doorbell = make(TYPE_NOTIFICATION, 0);
		k->alarm = make(TYPE_SCHEDCONTEXT, 0);
		put_on(k->alarm, i, 0, 0);
		bind_alarm(k->alarm, k->doorbell, arch_time() + 1);
		k->player = player_in(CNODE, VSPACE, 0, KEEPER_PRIORITY);
		k->turn = 0;
		put_on(k->player.context, i, KEEPER_PRIORITY, 0);
	}
}

#define FAR 0x10000000000ull

// The first task makes everything, and waits until it is woken by a deadline that is far away.
static inline void world_make(void)
{
	next_slot = BOOT_SLOT_FREE;
	world.block = make(TYPE_UNTYPED, 22);
	world.space = slots_new(1);
	assert_int_equal(retype_in(world.block, TYPE_CNODE, SPACE_BITS, 1, CNODE, world.space), OK);
	world_make_objects();
	world_make_threads();
	world.doorbell = make(TYPE_NOTIFICATION, 0);
	world.alarm = make(TYPE_SCHEDCONTEXT, 0);
	bind_alarm(world.alarm, world.doorbell, arch_time() + FAR);
	native(task, SYSCALL_RECV, world.doorbell, 0, 0, NO_WORDS);
}

// It wakes and ends it all; every byte comes back.
static inline void world_end(void)
{
	host_advance(FAR);
	while (host.core[0].timer <= arch_time())
		host_advance(0);
	assert_ptr_equal(kernel.core[0].current, task);
	assert_int_equal(method(task, BOOT_SLOT_CNODE, METHOD_CNODE_REVOKE, 1, WORDS(BOOT_SLOT_IRQCONTROL)).err, OK);
	assert_int_equal(revoke(main_untyped), OK);
	assert_false(slot_has_children(slot_of(main_untyped)));
	assert_int_equal(method(task, main_untyped, METHOD_UNTYPED_RESET, 0, NO_WORDS).err, OK);
}

#endif
