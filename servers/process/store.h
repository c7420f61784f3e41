// What the server is made of: memory for pages, slots of its CSpace, Untypeds for kernel objects.
// Everything here is bounded, and what is taken is given back by its owner.
#ifndef PROCESS_STORE_H
#define PROCESS_STORE_H

#include "abi/arch/x86_64.h"
#include "lib/sys/msg.h"
#include "servers/process/page.h"

// Read all regions named "memory", the slots and the Untypeds. Exits when one is missing.
void store_make(void);

extern cap_t store_cnode;  // the own CSpace
extern struct page_pool store_pages;

// Commit limit: pages that areas may need some day. False: it would be passed.
bool store_charge(uint64_t pages);
void store_uncharge(uint64_t pages);

uint8_t *store_at(uint32_t page);
// The Frame slot that holds a page, and the page's number in it.
cap_t store_frame(uint32_t page, uint32_t *first);
uint32_t store_page(void);  // one page of zeroes, or PAGE_NONE
uint32_t store_run(uint32_t count);  // consecutive ones (64 at most)

// A set of slots of the own CSpace, in blocks of 64: emptied with one call for each block.
struct slot_set {
	uint32_t head;   // block number + 1
	uint32_t count;  // of blocks
};

uint32_t store_slot_blocks(void);  // blocks that no set has
cap_t slot_set_take(struct slot_set *set);                // 0: none
void slot_set_drop(struct slot_set *set, cap_t slot);     // deletes what is in it
void slot_set_clear(struct slot_set *set);                // deletes all, gives the blocks back

// Slots of a set that are dropped together: consecutive ones with one call. Flush before anything that was
// mapped through them is given back.
struct slot_drops {
	struct slot_set *set;
	cap_t first;
	uint32_t count;
};

void slot_drops_add(struct slot_drops *drops, cap_t slot);
void slot_drops_flush(struct slot_drops *drops);

// Let the empty set `to` have a slot for each of `from`, and map there, in the VSpace `vspace`, what those
// map: see vspace_clone. Before: slot_clone_begin, then a mark for each slot that is to keep its right to
// write (`is_kept`) or is not to be cloned. `supply` is called when tables are short. False: no memory.
void slot_clone_begin(const struct slot_set *from);
void slot_clone_mark(cap_t slot, bool is_kept);
bool slot_clone(struct slot_set *to, const struct slot_set *from, cap_t vspace, bool (*supply)(void *),
		void *data);
cap_t slot_clone_of(cap_t slot);  // the slot of `to` for one of `from`, until the next slot_clone_begin

// An Untyped of fixed size, made into objects and later taken apart as a whole.
#define UNIT_SPACE 0  // 64 KiB: a VSpace, or its page tables
#define UNIT_BODY 1   // 16 KiB: CNode, Thread, SchedContext, Notification
#define UNIT_CSPACE 2 // 128 KiB: a large CNode
#define UNIT_THREAD 3 // 8 KiB: Thread, SchedContext, Notification
#define UNIT_KINDS 4

cap_t unit_take(unsigned kind);             // 0: none
bool unit_is_there(unsigned kind);          // could one be taken?
uint32_t unit_max(unsigned kind);           // how many of all Untypeds there can be
void unit_give(unsigned kind, cap_t unit);  // revokes what was made of it

// All memory for processes, and what of it is free: pages, and Untypeds that nothing is made of.
uint64_t store_bytes(void);
uint64_t store_free_bytes(void);

// Make one object; false: it did not work.
bool unit_make(cap_t unit, unsigned type, unsigned bits, cap_t slot);

#endif
