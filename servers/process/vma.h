// The areas of an address space: a sorted array without overlaps, neighbours that fit are merged.
//
// Pure. An operation that may need room says so through vma_reserve, called first; then it cannot fail.
// Backings (files, shared memory) are counted by the areas that name them.
#ifndef PROCESS_VMA_H
#define PROCESS_VMA_H

#include <stdbool.h>
#include <stdint.h>

#define VMA_MAX 8192
#define VMA_READ 1u
#define VMA_WRITE 2u
#define VMA_EXECUTE 4u

#define VMA_SHARED 1u   // pages are the backing's, for all who map it
#define VMA_FILE 2u     // the backing is a file
#define VMA_LAZY 4u     // not counted against the commit limit
#define VMA_CHARGED 8u  // counted: was writable once
#define VMA_NO_FORK 16u // the child of a fork has no such area
#define VMA_WIPE 32u    // the child of a fork has it empty
#define VMA_GROWS 64u   // downwards, where it is touched below its start (growth.c)
#define VMA_LOCKED 128u // mlock; not inherited

// Whatever is behind an area.
struct backing {
	uint32_t references;
	void (*destroy)(struct backing *backing);
};

struct vma {
	uint64_t start, end;      // page aligned
	uint64_t offset;          // bytes into the backing at start
	uint64_t valid_end;       // file: contents end at this address, zeroes follow
	struct backing *backing;  // null: anonymous and private
	uint8_t prot;             // VMA_READ...
	uint8_t flags;
};

// Its pages are the file's, always.
static inline bool vma_is_shared_file(const struct vma *vma)
{
	return (vma->flags & (VMA_SHARED | VMA_FILE)) == (VMA_SHARED | VMA_FILE);
}

struct vma_list {
	struct vma *items;
	uint32_t count, capacity;
	uint64_t charged;  // pages of areas with VMA_CHARGED
	bool has_shared;   // there was one with VMA_SHARED
};

void backing_get(struct backing *backing);
void backing_put(struct backing *backing);

// Room for `extra` more areas. False: no memory, or VMA_MAX.
bool vma_reserve(struct vma_list *list, uint32_t extra);

// The first area that ends above `address`, or null.
struct vma *vma_next(const struct vma_list *list, uint64_t address);
// The area that holds `address`, or null.
struct vma *vma_find(const struct vma_list *list, uint64_t address);
// Is all of [start, end) in areas?
bool vma_covers(const struct vma_list *list, uint64_t start, uint64_t end);
bool vma_is_free(const struct vma_list *list, uint64_t start, uint64_t end);

// Add an area (its range is free; one reserved). Takes a reference on the backing.
void vma_insert(struct vma_list *list, const struct vma *vma);
// Take areas out of [start, end), splitting at the ends (two reserved).
void vma_remove(struct vma_list *list, uint64_t start, uint64_t end);
// Set the protection in [start, end) (two reserved).
void vma_protect(struct vma_list *list, uint64_t start, uint64_t end, uint8_t prot);
// Pages that vma_protect would charge.
uint64_t vma_protect_cost(const struct vma_list *list, uint64_t start, uint64_t end, uint8_t prot);

// Set and clear flags in [start, end) (two reserved).
void vma_flag(struct vma_list *list, uint64_t start, uint64_t end, uint8_t set, uint8_t clear);
// Pages of all areas below `limit`; of those whose protection and flags, under the masks, are as given.
uint64_t vma_pages(const struct vma_list *list, uint64_t limit, uint8_t prot, uint8_t flags_mask, uint8_t flags);

// Highest free range of `length` bytes within [low, high); 0: none.
uint64_t vma_gap_find(const struct vma_list *list, uint64_t length, uint64_t low, uint64_t high);

// Copy the areas below `limit` (none crosses it), but for those with VMA_NO_FORK, to a list that has none
// there.
bool vma_copy(struct vma_list *to, const struct vma_list *from, uint64_t limit);
void vma_clear(struct vma_list *list);

#endif
