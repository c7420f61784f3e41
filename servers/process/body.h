// What a process is to the kernel: CNode, Thread, SchedContext, Notification, and the pages of its
// thread area and process block. Fork and exec make a new one; the old one is taken apart as a whole.
#ifndef PROCESS_BODY_H
#define PROCESS_BODY_H

#include "servers/process/space.h"
#include "servers/process/task.h"

enum body_slot {
	BODY_CNODE,
	BODY_THREAD,
	BODY_CONTEXT,
	BODY_NOTIFY,
	BODY_WORK,      // the notification, badge LINUX_NOTIFY_WORK
	BODY_DEADLINE,  // the notification, badge LINUX_NOTIFY_DEADLINE
	BODY_FAULT,
	BODY_FILES,     // the file context
	BODY_OWNER,     // and its owner's capability
	BODY_GROWN,     // the CNode that takes the place of BODY_CNODE, while it is made
	BODY_SLOTS,
};

#define BODY_STACK_PAGES ((AREA_STACK_END - AREA_STACK) / PAGE_SIZE)
#define BODY_PAGES (BODY_STACK_PAGES + 1 + PROCESS_BLOCK_PAGES)
#define BODY_MAPS 5
#define BODY_HANDLES ((1u << LINUX_CNODE_BITS) - LINUX_SLOT_HANDLES)
#define BODY_PRIORITY 8

struct body {
	struct space *space;
	cap_t slots, unit;
	cap_t cspace_unit;              // of a CNode that has grown, or 0
	uint32_t handles;               // handle slots that there are
	uint32_t pages;
	cap_t maps[BODY_MAPS];          // of the space's slots: they go before the pages do
	uint32_t map_count;
	uint32_t area, index;           // thread area, process block
	struct abi_block *kernel;       // the thread's block
	struct linux_thread *thread;    // in it
	struct process_block *block;
};

// Badges of the server's endpoint.
#define BADGE_SESSION 1
#define BADGE_PROCESS (1ull << 56)
#define BADGE_FAULT (2ull << 56)

// Read the library (region "linux"). Exits when it is not right.
void body_library_make(cap_t endpoint);
const struct linux_library *body_library(void);

// A body for a task in a space (which it takes a reference on): all but registers, handles, files. Null: no memory.
struct body *body_make(const struct task *task, struct space *space);
void body_destroy(struct body *body);

// Let its files' context be the one that its slots BODY_FILES, BODY_OWNER hold.
bool body_files_set(struct body *body);
// Give copies of handles: bit i is handle slot i.
bool body_handles_copy(struct body *to, const struct body *from, const uint64_t *bitmap);
// Have a handle slot for each of LINUX_FD_MAX. The thread must not be running. False: no memory.
bool body_handles_grow(struct body *body);
// Processor time that it had.
uint64_t body_ticks(const struct body *body);
// Start it in the library with its library stack empty.
bool body_start(struct body *body, uint64_t ip);

static inline cap_t body_slot(const struct body *body, enum body_slot slot) { return body->slots + slot; }

#endif
