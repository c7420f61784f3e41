// Pages by number: which are free, and how many users each has (copy-on-write shares them).
//
// Pure: knows nothing of where the pages are. Invariants: a page is free exactly when its count is 0;
// summary bit w is set exactly when word w of `free` is not 0.
#ifndef PROCESS_PAGE_H
#define PROCESS_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_NONE 0xffffffffu

struct page_pool {
	uint64_t *free;     // bit set: free
	uint64_t *summary;  // bit set: that word of `free` has a free page
	uint16_t *users;
	uint32_t count;     // a multiple of 64
	uint32_t free_count;
};

// A pool of `count` pages (rounded up to 64), none of them free yet.
bool page_pool_make(struct page_pool *pool, uint32_t count);
void page_pool_destroy(struct page_pool *pool);

// Pages [first, first + count) may be used from now on.
void page_pool_add(struct page_pool *pool, uint32_t first, uint32_t count);

// `count` (1 to 64) consecutive pages, each with one user; PAGE_NONE when there are none. A run never
// crosses a multiple of 64.
uint32_t page_take(struct page_pool *pool, uint32_t count);

// One user more; false when the count is full (the caller copies then).
bool page_share(struct page_pool *pool, uint32_t page);

// One user less; the page is free when it was the last.
void page_release(struct page_pool *pool, uint32_t page);
void page_release_run(struct page_pool *pool, uint32_t page, uint32_t count);

static inline bool page_is_shared(const struct page_pool *pool, uint32_t page)
{
	return pool->users[page] > 1;
}

#endif
