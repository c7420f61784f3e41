// What a process is to the kernel: CNode, process block, threads (thread.h). Fork and exec make a new
// one; the old one is taken apart as a whole.
#ifndef PROCESS_BODY_H
#define PROCESS_BODY_H

#include "servers/process/space.h"
#include "servers/process/task.h"

enum body_slot {
	BODY_CNODE,
	BODY_FILES,     // the file context
	BODY_OWNER,     // and its owner's capability
	BODY_GROWN,     // the CNode that takes the place of BODY_CNODE, while it is made
	BODY_NET,       // the net server's, with a badge of its own: parent of what the program gets
	BODY_SLOTS,
};

#define BODY_STACK_PAGES AREA_STACK_PAGES
#define BODY_PAGES (BODY_STACK_PAGES + 1 + PROCESS_BLOCK_PAGES)
// Threads that the slots of a large CSpace are enough for.
#define BODY_THREADS (8 + ((1u << LINUX_CNODE_BITS_LARGE) - LINUX_SLOT_HANDLES - LINUX_FD_MAX) / 3)
#define BODY_HANDLES ((1u << LINUX_CNODE_BITS) - LINUX_SLOT_HANDLES)
#define BODY_PRIORITY 8

struct body {
	struct space *space;
	cap_t slots, unit;
	cap_t cspace_unit;              // of a CNode that has grown, or 0
	uint32_t handles;               // handle slots that there are
	uint32_t pages;                 // of the first thread and the process block
	cap_t map;                      // the process block's: of the space's slots
	uint32_t index;                 // process block
	uint64_t net_badge;             // of BODY_NET; 0: it has none
	struct process_block *block;
	struct thread *threads;         // parked ones, too
	uint32_t thread_count, parked;  // that run; that are kept for the next
	uint64_t numbers[(BODY_THREADS + 63) / 64];
	uint64_t ticks;                 // processor time of threads that have ended
	bool is_ending;
	bool is_whole;                  // made to the end: may be kept when its process ends (shell.h)
	bool has_terminal;              // LINUX_SLOT_TERMINAL is set
};

// Badges of the server's endpoint. Below the kind: index of the thread, its serial number.
#define BADGE_SESSION 1
#define BADGE_IDENTITY 2
#define BADGE_PROCESS (1ull << 56)
#define BADGE_FAULT (2ull << 56)

// Read the library (region "linux"). Exits when it is not right.
void body_library_make(cap_t endpoint);
const struct linux_library *body_library(void);
// Where a fault of the library's instruction at `ip` continues; 0: none is expected there.
uint64_t body_fixup(uint64_t ip);

// A body for a task in a space (which it takes a reference on), with one thread: all but registers, handles,
// files. Null: no memory.
struct body *body_make(struct task *task, struct space *space);
// The same, in an empty space of its own. `is_copy`: the process block will be overwritten whole.
struct body *body_take(struct task *task, bool is_copy);
// Without keeping anything of it.
void body_discard(struct body *body);
void body_destroy(struct body *body);

// Let its files' context be the one that its slots BODY_FILES, BODY_OWNER hold.
bool body_files_set(struct body *body);
// Give copies of handles: bit i is handle slot i.
bool body_handles_copy(struct body *to, const struct body *from, const uint64_t *bitmap);
// Have a handle slot for each of LINUX_FD_MAX. No thread may be running. False: no memory.
bool body_handles_grow(struct body *body);
// Have a page table where other servers map its shares. False: no memory.
bool body_share_table(struct body *body);
// What other servers have mapped for it in a space that goes on is in the way of the next body there.
void body_foreign_unmap(struct body *body);
// Processor time that it had.
uint64_t body_ticks(const struct body *body);
// Give it the capability of the net server. False: it cannot be.
bool body_net_set(struct body *body, const struct task *task);
// How many that had it are gone.
uint64_t body_net_ended(void);
// Start its one thread in the library with its library stack empty.
bool body_start(struct body *body, uint64_t ip);

// For thread.c: the server's endpoint, the page of the trampoline, mappings that stay, a SchedContext's settings.
cap_t body_endpoint(void);
uint32_t body_trampoline_page(void);
cap_t body_map_pages(struct space *space, uint32_t page, uint32_t count, uint64_t address, uint64_t rights);
bool body_context_configure(cap_t context, int32_t nice);  // its slice follows the nice value
uint64_t nice_slice(uint64_t slice, int32_t nice);         // nice.c
bool body_space_block_map(struct space *space, uint32_t i);  // page i of the space's block; once

static inline cap_t body_slot(const struct body *body, enum body_slot slot) { return body->slots + slot; }

#endif
