// What the kernel's unit tests share: a machine booted once and put back before every test, threads that
// the test plays, and calls of every method. After each call all invariants are checked.
#ifndef TESTS_UNIT_KERNEL_MACHINE_H
#define TESTS_UNIT_KERNEL_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel_check.h"
#include "sched/lock.h"
#include "sched/sched.h"

#define CNODE BOOT_SLOT_CNODE
#define VSPACE BOOT_SLOT_VSPACE
#define USER_CODE 0x400000ull
#define ALL 0xff

struct result {
	err_t err;
	uint64_t badge;
	tag_t tag;
	uint64_t word[MSG_WORDS_REGISTERS];
};

static struct thread *task;    // the first task's thread: it has everything
static cap_t main_untyped;     // the largest block
static cap_t next_slot;        // the first slot that no test has used
static bool check_off;         // long tests check now and then themselves
static unsigned last_entries;  // into the kernel, by the last call

static inline void check_now(void) { check_machine(slot_object(&task->cspace)); }

static inline void check_maybe(void)
{
	if (!check_off)
		check_now();
}

// --- the machine

static inline cap_t untyped_largest(void)
{
	cap_t best = BOOT_SLOT_UNTYPED;

	for (cap_t i = best; cspace_find(task, i)->type == TYPE_UNTYPED; i++)
		if (cspace_find(task, i)->size_bits > cspace_find(task, best)->size_bits)
			best = i;
	return best;
}

static struct host_state *booted;

static inline int machine_setup(void **state)
{
	(void)state;
	if (!booted) {
		host_boot();
		booted = host_save();
	}
	host_restore(booted);
	check_first_task = task = kernel.core[0].current;
	main_untyped = untyped_largest();
	next_slot = BOOT_SLOT_FREE;
	check_off = false;
	host_panic_jump = NULL;
	return 0;
}

#define TEST(f) cmocka_unit_test_setup(f, machine_setup)

// --- threads

// Make the thread current, as when those of its priority have had their turn.
static inline void as(struct thread *thread)
{
	struct core *core = &kernel.core[0];

	for (unsigned n = 0; core->current != thread && n < 64; n++) {
		lock_local(core, 0);
		sched_yield(core);
		sched_finish(core);
		lock_release(core);
	}
	assert_ptr_equal(core->current, thread);
}

static inline struct result result_of(const struct thread *thread)
{
	struct arch_registers r = thread->regs;
	struct result out = {.err = (err_t)*regs_error(&r), .badge = *regs_cap(&r), .tag = *regs_tag(&r)};

	assert_int_equal(thread->state, THREAD_READY);
	for (unsigned i = 0; i < MSG_WORDS_REGISTERS; i++)
		out.word[i] = *regs_word(&r, i);
	return out;
}

static inline bool is_blocked(const struct thread *thread) { return thread->state > THREAD_READY; }

// The thread makes a native call; it may block. Restarts are followed as long as it can run.
static inline void native(struct thread *thread, unsigned number, cap_t cap, cap_t reply, tag_t tag,
			  const uint64_t words[MSG_WORDS_REGISTERS])
{
	as(thread);
	struct arch_registers *r = &thread->regs;
	uint64_t ip = r->ip = USER_CODE + 0x100;

	*regs_cap(r) = cap;
	*regs_tag(r) = tag;
	*regs_reply(r) = reply;
	for (unsigned i = 0; i < MSG_WORDS_REGISTERS; i++)
		*regs_word(r, i) = words[i];
	for (last_entries = 0; last_entries < 100000;) {
		last_entries += host_syscall(number);
		check_maybe();
		bool again = thread->state == THREAD_READY && r->ip == ip;

		if (!again)
			break;
		as(thread);
	}
}

// --- messages

#define WORDS(...) ((const uint64_t[MSG_WORDS_REGISTERS]){__VA_ARGS__})
#define NO_WORDS WORDS(0)

static inline struct result native_now(struct thread *thread, unsigned number, cap_t cap, cap_t reply,
				       tag_t tag, const uint64_t words[MSG_WORDS_REGISTERS])
{
	native(thread, number, cap, reply, tag, words);
	return result_of(thread);
}

// A method of a kernel object, called by the thread; it does not block.
static inline struct result method(struct thread *thread, cap_t cap, unsigned label, unsigned count,
				   const uint64_t words[MSG_WORDS_REGISTERS])
{
	return native_now(thread, SYSCALL_CALL, cap, 0, TAG(label, count), words);
}

// What follows is called by the first task unless a thread is named.
static inline err_t retype_in(cap_t untyped, unsigned type, uint64_t size, uint64_t count, cap_t cnode, cap_t first)
{
	return method(task, untyped, METHOD_UNTYPED_RETYPE, 5, WORDS(type, size, count, cnode, first)).err;
}

static inline cap_t slots_new(unsigned count)
{
	next_slot += count;
	assert_true(next_slot <= 1u << BOOT_CNODE_BITS);
	return next_slot - count;
}

// New objects in consecutive slots of the first task.
static inline cap_t make_many(unsigned type, uint64_t size, unsigned count)
{
	cap_t first = slots_new(count);

	assert_int_equal(retype_in(main_untyped, type, size, count, CNODE, first), OK);
	return first;
}

static inline cap_t make(unsigned type, uint64_t size) { return make_many(type, size, 1); }

static inline err_t derive_to(cap_t cnode, cap_t dest, cap_t source, uint64_t rights, uint64_t data, uint64_t count)
{
	return method(task, cnode, METHOD_CNODE_DERIVE, 6, WORDS(dest, CNODE, source, rights, data, count)).err;
}

static inline cap_t derive(cap_t source, uint64_t rights, uint64_t data, uint64_t count)
{
	cap_t dest = slots_new(1);

	assert_int_equal(derive_to(CNODE, dest, source, rights, data, count), OK);
	return dest;
}

static inline err_t revoke(cap_t slot) { return method(task, CNODE, METHOD_CNODE_REVOKE, 1, WORDS(slot)).err; }

static inline err_t delete_many(cap_t first, unsigned count)
{
	return method(task, CNODE, METHOD_CNODE_DELETE, 2, WORDS(first, count)).err;
}

static inline err_t delete(cap_t slot) { return delete_many(slot, 1); }

static inline err_t move(cap_t dest, cap_t source)
{
	return method(task, CNODE, METHOD_CNODE_MOVE, 4, WORDS(dest, CNODE, source, 1)).err;
}

static inline err_t copy(cap_t dest, cap_t source)
{
	return method(task, CNODE, METHOD_CNODE_COPY, 4, WORDS(dest, CNODE, source, 1)).err;
}

static inline struct slot *slot_of(cap_t cap)
{
	struct slot *slot = cspace_find(task, cap);

	assert_non_null(slot);
	return slot;
}

static inline void *object_of(cap_t cap)
{
	assert_false(slot_is_empty(slot_of(cap)));
	return slot_object(slot_of(cap));
}

static inline err_t map(cap_t frame, cap_t vspace, uint64_t address, uint64_t rights)
{
	return method(task, frame, METHOD_FRAME_MAP, 3, WORDS(vspace, address, rights)).err;
}

static inline err_t unmap(cap_t frame) { return method(task, frame, METHOD_FRAME_UNMAP, 0, NO_WORDS).err; }

static inline err_t protect(cap_t frame, uint64_t rights)
{
	return method(task, frame, METHOD_FRAME_PROTECT, 1, WORDS(rights)).err;
}

static inline err_t suspend(cap_t thread) { return method(task, thread, METHOD_THREAD_SUSPEND, 0, NO_WORDS).err; }
static inline err_t resume(cap_t thread) { return method(task, thread, METHOD_THREAD_RESUME, 0, NO_WORDS).err; }

// 1 when a call was broken off.
static inline uint64_t cancel(cap_t thread)
{
	struct result r = method(task, thread, METHOD_THREAD_CANCEL, 0, NO_WORDS);

	assert_int_equal(r.err, OK);
	return r.word[0];
}

static inline err_t configure(cap_t context, uint64_t priority, uint64_t slice)
{
	return method(task, BOOT_SLOT_SCHEDCONTROL, METHOD_SCHEDCONTROL_CONFIGURE, 3,
		      WORDS(context, priority, slice)).err;
}

static inline err_t context_bind(cap_t context, cap_t thread)
{
	return method(task, context, METHOD_SCHEDCONTEXT_BIND, 1, WORDS(thread)).err;
}

// --- a thread that the test plays: in the first task's spaces unless others are given

struct player {
	struct thread *thread;
	cap_t cap, context, block;
	struct abi_block *page;
};

static inline struct player player_in(cap_t cspace, cap_t vspace, cap_t fault, unsigned priority)
{
	struct player p = {.cap = make(TYPE_THREAD, 0), .context = make(TYPE_SCHEDCONTEXT, 0),
			   .block = make(TYPE_FRAME, PAGE_BITS)};

	p.thread = object_of(p.cap);
	assert_int_equal(method(task, p.cap, METHOD_THREAD_SET_SPACE, 3, WORDS(cspace, vspace, fault)).err, OK);
	assert_int_equal(method(task, p.cap, METHOD_THREAD_SET_BLOCK, 2, WORDS(p.block, 0x1000)).err, OK);
	p.page = p.thread->block;
	assert_int_equal(configure(p.context, priority, 0), OK);
	assert_int_equal(context_bind(p.context, p.cap), OK);
	assert_int_equal(resume(p.cap), OK);
	return p;
}

static inline struct player player(void) { return player_in(CNODE, VSPACE, 0, PRIORITY_MAX); }

// As player, but without a scheduling context: it runs on what callers lend.
static inline struct player player_passive(void)
{
	struct player p = player();

	assert_int_equal(context_bind(p.context, 0), OK);
	return p;
}

#endif
