// What the kernel's data looks like: slots and objects. No code but accessors.
#ifndef KERNEL_TYPES_H
#define KERNEL_TYPES_H

#include "abi/types.h"
#include "arch/arch.h"
#include "base/bits.h"
#include "base/list.h"

// --- A slot: one capability and its place in the derivation tree, in one cache line.
// docs/decisions/0001-slot.md. Links are numbers of 64-byte units of physical memory; 0 is none.

typedef uint32_t link_t;

#define SLOT_FIRST 0x01u    // prev is the parent
#define SLOT_LAST 0x02u     // next is the parent
#define SLOT_MAPPED 0x04u   // Frame: holds a mapping
#define SLOT_DEVICE 0x08u   // Untyped, Frame: not RAM
#define SLOT_DEAD 0x10u     // Endpoint: in its endpoint's dead list
#define SLOT_THREAD 0x40u    // Frame, VSpace: lies in a thread, as `block_frame` or `vspace`
#define SLOT_POOL 0x20u     // Untyped: has become a batch of page tables

struct slot {
	link_t prev, next, first, last;
	uint8_t type, rights, flags;
	uint8_t size_bits;    // Untyped, Frame: of the block; CNode: of the table
	uint32_t count;       // Frame: pages; CNode: first slot of the window
	uint64_t object;      // kernel address of the object; Frame: physical number of the first page;
			      // Untyped: physical base; SchedControl: core; IoPort: first port
	uint64_t data;        // badge; Untyped: cursor; CNode: window count; IoPort: count;
			      // SchedControl: highest priority; Frame: physical base of the block
	uint64_t address;     // Frame: virtual address; Endpoint: mint count; Untyped: clean (see untyped.c);
			      // CNode: kernel address of the window's first slot; VSpace: of its top table
	uint32_t vspace;      // Frame: unit number of the VSpace; with the next: Untyped: dirty
	uint32_t map_pages;   // Frame: pages mapped so far, from the first on
	link_t list_prev, list_next;  // Frame: VSpace's mappings; Endpoint: dead list
} __attribute__((aligned(64)));   // a link can name nothing else
_Static_assert(sizeof(struct slot) == 64, "a slot is one cache line");

static inline struct slot *slot_at(link_t link) { return arch_phys_to_virt((uint64_t)link * 64); }
static inline link_t slot_link(const struct slot *slot) { return (link_t)(arch_virt_to_phys(slot) / 64); }
static inline bool slot_is_empty(const struct slot *slot) { return slot->type == TYPE_NONE; }
static inline void *slot_object(const struct slot *slot) { return (void *)(uintptr_t)slot->object; }
static inline bool slot_has_fixed_address(const struct slot *slot)
{
	return slot->type == TYPE_CNODE || slot->type == TYPE_VSPACE;
}
static inline bool slot_has_children(const struct slot *slot) { return slot->first != 0; }

// Threads of several cores wait for it or are bound to it: all locks guard it.
#define HOME_NONE 0xffu

// --- The objects. Each begins with struct object, by which a dying one is listed.

struct object {
	uint8_t type;    // TYPE_*
	uint8_t dying;   // its last capability is gone: every use fails, the reaper empties it
	uint8_t bits;    // CNode: log2 of the slots
	uint8_t home;    // Thread, Notification: the core whose lock guards it; or HOME_NONE
	link_t next;     // in the list of the dying: unit number, 0 ends it
	uint64_t cursor; // of the reaper
};

// A CNode: slot 0 of the table holds its header, so that index 0 is never a capability.
struct cnode {
	struct object head;
	uint64_t reserved[6];
};
_Static_assert(sizeof(struct cnode) == sizeof(struct slot), "the header takes the place of slot 0");

static inline struct slot *cnode_slots(struct cnode *cnode) { return (struct slot *)(void *)cnode; }

enum thread_state {
	THREAD_STOPPED,    // new, suspended, or dead: does not run
	THREAD_READY,      // runs, or will when its context has its turn
	THREAD_SENDING,    // in an endpoint's send queue (send, call or fault)
	THREAD_ANSWER,     // waits for the answer of a call or a fault: `reply` is set
	THREAD_RECEIVING,  // in an endpoint's receive queue
	THREAD_WAITING,    // in a notification's queue
};

#define THREAD_FULL 0x01u      // leaves by the way that restores every register
#define THREAD_CALL 0x02u      // sending: a call (or fault), not a send
#define THREAD_FAULTED 0x04u   // sending or waiting: its message is a fault
#define THREAD_STICKY 0x08u    // a cancel came when nothing could be cancelled
#define THREAD_FIRST 0x20u     // the first task: nobody would hear of its fault
#define THREAD_HALTED 0x10u    // suspended while something was under way
#define THREAD_TIMEOUT 0x40u   // faults when the budget that it runs on is used up

struct sched_context;
struct endpoint;
struct reply;
struct notification;

struct thread {
	struct object head;
	// --- what entry code reaches by offset (arch/PORT/offset.h)
	struct arch_registers regs;
	uint64_t redirect;        // entry of foreign calls, 0: a fault
	struct abi_block *block;  // kernel address, null: none
	uint32_t flags;           // THREAD_*
	uint32_t state;           // enum thread_state
	uint64_t fast_tags;       // tags below this may go the fast path: see fast.h in the port
	// --- capabilities: slots in the derivation tree
	struct slot cspace __attribute__((aligned(64)));
	struct slot vspace;
	struct slot fault;
	struct slot block_frame;
	// --- links, two-way
	struct list queue;               // an endpoint's or notification's queue
	struct endpoint *endpoint;       // sending, receiving: where
	struct notification *waiting;    // waiting: for what
	struct reply *reply;             // answer: the one it waits for; receiving: the one it offers
	struct notification *bound;      // heard by every receive
	struct sched_context *own;       // bound context
	struct sched_context *running;   // the context it runs on: own, lent, or null
	// --- the message of a blocked sender
	uint64_t badge;
	uint32_t fault_label;
	uint32_t fault_words;
	uint64_t fault_word[8];
	uint64_t block_address;          // where user mode sees the block
	uint64_t library_start, library_end, exit_start, exit_end, slow_exit;
	struct arch_fpu fpu;
};
_Static_assert(sizeof(struct thread) <= 1u << SIZE_BITS_THREAD, "SIZE_BITS_THREAD");

#define LENDS_MAX 16  // times that a context is lent on; a server beyond waits for time of its own

struct sched_context {
	struct object head;
	struct list ready;               // in its core's ready queue, else empty
	struct thread *thread;           // bound thread
	struct thread *user;             // who runs on it: the bound one, or whom it was lent to
	struct notification *notification;
	struct list binding;             // in the notification's sources
	uint64_t badge;
	uint16_t core;
	uint8_t priority;
	uint8_t configured;
	uint64_t slice;
	uint64_t above;                  // bits of `core.stops` that keep it from running at once: `higher`, its
					 // own with a slice, bit 0, and STOP_LIMITED with a budget or if `is_slow`
	uint64_t higher;                 // bits of the priorities above this one
	uint64_t deadline;               // ~0: none
	struct sched_context *heap_left, *heap_right, *heap_up;  // by `event`
	uint32_t heap_rank;
	uint64_t consumed;               // of who runs now: less the time when it began to
	uint64_t turn;                   // `consumed` when the turn began: at the queue's end
	struct reply *lends;             // Replies that will give it back, the latest first
	uint64_t lend_count;
	uint64_t event;                  // when the timer is to look at it (deadline, refill, news), ~0: never
	uint64_t budget, period;         // 0: no limit
	uint64_t limit;                  // with a budget: `consumed` when it is used up
	uint64_t refill;                 // and when it is full again, at the earliest
	uint64_t data;                   // told in a timeout fault
	uint8_t events, happened;        // CONTEXT_*: watched for, and not yet asked for
	bool has_news;                   // of what happened nobody was told
	bool is_used_up;                 // its user waits for the refill
	bool is_reserve;                 // its thread runs on it only when it has no lent time
	bool is_slow;                    // reserve or watched: its user's calls do not go the fast path
	bool is_limited;                 // that, or it has a budget
};
_Static_assert(sizeof(struct sched_context) <= 1u << SIZE_BITS_SCHEDCONTEXT, "SIZE_BITS_SCHEDCONTEXT");

// Who waits at an endpoint on one core. Either `fast` is a thread, which offers a Reply and has an address
// space, and the queue is empty; or it says whether anything waits at the endpoint: docs/decisions/0009-fast-receiver.md.
#define ENDPOINT_IDLE 0u  // nothing: no receiver here, no sender, no dead slot
#define ENDPOINT_SLOW 1u  // something
struct endpoint_core {
	uintptr_t fast;
	struct list receivers;
};

struct endpoint {
	struct object head;
	struct list senders;             // threads, written under all locks
	link_t dead_first, dead_last;    // watched slots without children, through list_next
	uint64_t reserved;
	struct endpoint_core core[CORES_MAX];
};
_Static_assert(sizeof(struct endpoint) <= 1u << SIZE_BITS_ENDPOINT, "SIZE_BITS_ENDPOINT");

enum reply_state { REPLY_IDLE, REPLY_OFFERED, REPLY_PENDING, REPLY_CANCELLED };

struct reply {
	struct object head;
	struct thread *thread;           // offered: who receives with it; pending: who waits for the answer
	struct sched_context *lent;      // lent: the caller's, given to the receiver
	// The fast path takes a Reply of its core that is pending and nothing of this, or pending and lent:
	uint8_t home;                    // the core whose lock guards it
	bool is_fault : 1;
	bool is_lent : 1;
	bool is_slow : 1;                // the caller's time or address space has changed, or its registers, or
					 // it is at home on another core
	uint8_t state;
	struct reply *lend_next;         // lent: the one before in the context's list
};
_Static_assert(sizeof(struct reply) <= 1u << SIZE_BITS_REPLY, "SIZE_BITS_REPLY");

struct notification {
	struct object head;
	uint64_t bits;
	struct list waiters;
	struct list sources;             // contexts and interrupts that signal it
	struct thread *bound;
};
_Static_assert(sizeof(struct notification) <= 1u << SIZE_BITS_NOTIFICATION, "SIZE_BITS_NOTIFICATION");

// Lives in the kernel, one for each vector: the capability names the vector.
struct interrupt {
	struct object head;
	struct list binding;
	struct notification *notification;
	uint64_t badge;
	uint64_t address, data;          // message to raise it
	bool used, masked, pending;
} __attribute__((aligned(64)));

#define BATCH_TABLES 16
#define BATCH_SIZE (BATCH_TABLES * PAGE_SIZE)

// A batch of page tables: 64 KiB, naturally aligned, its first page is this header. See mem/table.c.
struct batch {
	struct slot source;              // the Untyped it was made of; empty in a VSpace's own batch
	struct batch *next;
	struct vspace *vspace;
	uint32_t free;                   // bit i: page i is a free table
	bool is_closing;                 // it is being deleted: no table is taken from it
	uint64_t *parent[BATCH_TABLES];  // the entry that points to table i, null when cut off
	uint8_t level[BATCH_TABLES];
	uint16_t used[BATCH_TABLES];     // entries of table i that are present
};

struct vspace {
	struct object head;
	struct batch *batches;
	uint64_t *top;
	uint64_t top_physical;
	uint64_t mapping_count;
	struct slot mappings __attribute__((aligned(64)));  // sentinel of the list of mapped Frame slots
} __attribute__((aligned(64)));
_Static_assert(offsetof(struct vspace, mappings) % 64 == 0, "links count in units of 64 bytes");
_Static_assert(offsetof(struct batch, source) % 64 == 0, "links count in units of 64 bytes");
_Static_assert(offsetof(struct thread, cspace) % 64 == 0, "links count in units of 64 bytes");

// A VSpace and its own batch share the first page of its 64 KiB.
struct vspace_page {
	struct batch batch;
	struct vspace vspace;
};
_Static_assert(sizeof(struct vspace_page) <= PAGE_SIZE, "one page");

#endif
