// An address space: its areas, the pages that are in memory, and the Frame slots that map them.
//
// Pages are kept in chunks of 16 (64 KiB of addresses). A mapping is one Frame slot over consecutive
// pages of one chunk; single pages may have been laid over it since, with slots of their own. Invariants: a
// page in a chunk counts as one user of it; a slot is named by the entries that its mapping covers, but for
// those that another is laid over, and by no other; bit i of `writable` implies entry i has a slot. A
// mapping can be dropped at any time: the next fault makes it again.
#ifndef PROCESS_SPACE_H
#define PROCESS_SPACE_H

#include "protocol/linux.h"
#include "servers/process/ahead.h"
#include "servers/process/file.h"
#include "servers/process/store.h"
#include "servers/process/vma.h"

#define CHUNK_PAGES 16
#define CHUNK_SIZE (CHUNK_PAGES * 4096ull)
#define SPACE_SUPPLIES_MAX 256
#define TABLE_SIZE 0x200000ull  // addresses that a page table is for

struct entry {
	uint32_t page;  // PAGE_NONE: none of ours (a slot then maps the file's)
	cap_t slot;     // 0: not mapped
};

struct chunk {
	uint64_t number;  // address / CHUNK_SIZE
	struct chunk *next;
	uint16_t writable;
	uint16_t holed;   // where a page was laid over a longer mapping
	struct entry entries[CHUNK_PAGES];
};

// Anonymous memory that several processes share.
struct shared {
	struct backing base;
	uint64_t count;
	uint32_t *pages;  // PAGE_NONE: not touched yet
};

// What /proc tells of the program in a space: where its parts are, and the file.
struct program {
	struct file *file;  // counted
	uint64_t code_start, code_end, stack_start;
	uint64_t arg_start, arg_end, env_start, env_end;
};

struct space {
	uint32_t references;
	struct vma_list vmas;
	uint64_t charged;  // part of the commit limit
	struct chunk **buckets;
	uint32_t bucket_count, chunk_count;
	struct slot_set slots;  // Frames of the environment's mappings
	struct slot_set pages;  // Frames of the areas' mappings
	cap_t unit, vspace;
	cap_t supplies[SPACE_SUPPLIES_MAX];
	uint32_t supply_count;
	uint64_t tables[64];  // 2 MiB regions that have a page table: number + 1, by number % 64
	uint32_t block_pages[SPACE_BLOCK_PAGES];  // struct space_block: as many as its threads need
	uint64_t threads[ENV_THREAD_MAX / 64], processes;  // thread areas and process blocks in use: bitmaps
	uint64_t shares;  // process blocks whose table for shares was made: bitmap
	uint64_t brk_start, brk, mmap_top;
	bool locks_future, locks_on_fault;  // mlockall
	uint64_t vdso;  // address of its image, or 0
	uint32_t resident, peak;  // pages
	struct ahead fresh, copies;  // faults that follow one another: on no page, on a shared one
	uint64_t runs[PROTECT_RUNS];  // as in its block: see space_protect.c
	uint32_t run_count, protects;  // how many there ever were; calls of mprotect
	struct body *spare;       // of a child that shared the space: see shell.h
	struct program program;
};

enum outcome { OUTCOME_OK, OUTCOME_NO_AREA, OUTCOME_ACCESS, OUTCOME_BEYOND, OUTCOME_MEMORY };

struct space *space_make(void);  // null: no memory
void space_put(struct space *space);
// Forget all areas but the environment's, all pages and their mappings.
void space_empty(struct space *space);

// Charge what the areas need now, more or less than before. False: over the limit, nothing is changed.
bool space_charge(struct space *space, uint64_t pages);
void space_charge_settle(struct space *space);

// Map pages of a Frame of the server's for good. The slot (drop it from the space's slots to unmap), or 0.
cap_t space_map(struct space *space, cap_t frame, uint32_t first, uint32_t count, uint64_t address,
	       uint64_t rights);

// See that the page at an address is in memory, ready for a read or a write. *page: its number, or
// PAGE_NONE for a page that is still the file's.
enum outcome space_populate(struct space *space, uint64_t address, bool is_write, uint32_t *page);
// A fault of the program, whose stack pointer was `sp`: the same, and map it, perhaps with pages around it.
// Items are added for mappings that the reply (or space_items_map: then with new tables) is to make.
struct fault {
	uint64_t address, access, sp;
};
struct map_items {
	bool makes_tables;
	uint32_t count;
	struct abi_map_item items[MSG_ITEMS_MAX];
};
enum outcome space_fault(struct space *space, const struct fault *fault, struct map_items *items);
// As for a fault that will surely come: what can be done about it is.
void space_touch(struct space *space, uint64_t address, uint64_t access, struct map_items *items);
// Make the mappings. Those that cannot be made are forgotten.
void space_items_map(struct space *space, const struct map_items *items);

// See that all pages of a range are in memory. `how`: for reading 0, for writing 1 (where the area allows
// that; what it does not is passed over); with 2 added it is an error. 0, -ENOMEM, -EFAULT.
int64_t space_populate_range(struct space *space, uint64_t start, uint64_t end, uint32_t how);
// Is the page at an address in memory?
bool space_is_resident(struct space *space, uint64_t address);

// Forget pages and mappings in a range; or only the mappings.
void space_drop(struct space *space, uint64_t start, uint64_t end);
void space_unmap(struct space *space, uint64_t start, uint64_t end);
// The protection of the areas in a range has changed.
void space_protect(struct space *space, uint64_t start, uint64_t end);
// space_protect.c: note in the areas what the library changed. Before anything looks at them. False: no memory.
bool space_settle(struct space *space);
// Let the library protect what lies around a range; areas in a range are no more.
void space_run_offer(struct space *space, uint64_t start, uint64_t end);
void space_runs_cut(struct space *space, uint64_t start, uint64_t end);
// Forget all mappings of areas: the next faults make them anew. Their slots are free for others.
void space_unmap_all(struct space *space);
// Move pages to another address (mremap); their mappings go. False: no memory, nothing is moved.
bool space_move(struct space *space, uint64_t from, uint64_t to, uint64_t length);
// Fill an empty space with the same areas, pages and mappings, copy-on-write; but the page of the stack at
// `sp`, which both write at once, is copied. False: no memory.
bool space_fork(struct space *to, struct space *from, uint64_t sp);

// Copy between the server and a program. Bytes that could be copied.
uint64_t space_read(struct space *space, uint64_t address, void *to, uint64_t length);
uint64_t space_write(struct space *space, uint64_t address, const void *from, uint64_t length);

// --- for space*.c

// May a mapping of this page in this area be written?
static inline bool page_is_writable(const struct vma *vma, uint32_t page)
{
	if (page == PAGE_NONE)
		return vma->prot & VMA_WRITE && vma_is_shared_file(vma);
	return vma->prot & VMA_WRITE && (vma->flags & VMA_SHARED || !page_is_shared(&store_pages, page));
}

// Consecutive pages of a Frame of the server's.
struct window {
	cap_t frame;
	uint32_t first, count;
};

// Map pages of an area; the slot is one of space->pages.
cap_t space_map_pages(struct space *space, const struct window *window, uint64_t address, uint64_t rights);
// 64 KiB more for page tables of the program's mappings: up to a share of what there is for all, so that
// mappings strewn over the addresses take no other's. False: that is reached, or there is no memory.
bool space_supply(struct space *space);

// The chunk of an address; made when it is missing and is_make.
struct chunk *chunk_find(struct space *space, uint64_t address, bool is_make);
void chunk_put(struct chunk *chunk);  // it is in no space any more
// Drop the mapping that covers entry i, from all entries that it covers. chunk_forget leaves the slot, which
// it returns (0: none), to the caller.
void chunk_unmap(struct space *space, struct chunk *chunk, uint32_t i);
cap_t chunk_forget(struct chunk *chunk, uint32_t i);

struct shared *shared_make(uint64_t count);
// Pages of it are gone: who touches them again finds zeroes. Spaces that have them mapped keep them until
// they let go.
void shared_forget(struct shared *shared, uint64_t first, uint64_t count);

#endif
