// All mutable state of the kernel: with RAM, this is the whole machine.
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include "types.h"

struct lock {
	uint32_t held;
};

// What the core that holds all locks asks of another one: mem/mailbox.h.
struct mailbox {
	uint32_t request;                // MAIL_*; the core that was asked clears it
	unsigned pages;
	uint64_t top, address;
};

struct core {
	// --- what entry code reaches by offset (arch/PORT/offset.h), in one cache line
	struct thread *current;          // null: idle
	uint64_t scratch;
	uint64_t stack_top;
	uint64_t stops;                  // ready_bits, and bit 0 while the FPU is on
	struct lock lock;
	uint32_t number;
	uint64_t ready_bits;             // bit p: ready[p] is not empty
	struct thread *loaded;           // whose state the processor holds; out of date in user mode
	uint64_t loaded_top;             // top table in use; out of date in user mode
	// ---
	struct thread *fpu_owner;
	struct thread *woken;            // woken last, in no queue yet: may run at once
	bool fpu_on;
	bool all_locked;                 // this entry holds the locks of all cores
	bool timer_old;                  // what the timer depends on has changed: the ready queues, the deadlines
	struct list ready[PRIORITY_MAX + 1];
	struct sched_context *deadlines; // heap by `event`, the earliest first
	struct sched_context *limited;   // with a budget, ran last: the fast path may go back to it, for
	uint64_t limited_end;            // the timer comes before it is used up, so long as this is to come
	uint64_t slice_end;              // ~0: nobody else waits for this priority
	uint64_t timer;                  // what the timer is set to
	uint64_t reap_time;              // when the timer empties what is dying, 0: nothing is left
	struct mailbox mail __attribute__((aligned(64)));
	struct core_counters {
		uint64_t waits;          // times that a lock was found taken
		uint64_t requests;       // of the mailbox, served
		uint64_t crossings;      // threads woken and messages moved here by another core
	} counters;
} __attribute__((aligned(4096)));    // as far apart as the cores' entry pages: arch/x86_64/entry.S

// A context with a budget, or a watched one, is to be looked at before it runs. (Priority 1's own bit, always
// set: what else it says is found out when it stops somebody.)
#define STOP_LIMITED 2ull

static inline void core_set_stops(struct core *core)
{
	core->stops = core->ready_bits | core->fpu_on | STOP_LIMITED;
}

struct kernel {
	struct core core[CORES_MAX];
	unsigned cores;
	uint32_t turn_next, turn_now;    // who may take all locks: first come, first served
	link_t dying_first, dying_last;  // objects to be emptied, oldest first
	struct interrupt interrupt[VECTOR_COUNT];
};

extern struct kernel kernel;

#endif
