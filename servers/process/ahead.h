// Faults that follow one another through memory: how many pages to make at the next one.
//
// Pure. A sequence is known by the page where it would go on: a fault just there says that all of its pages so
// far were gone through. Beside the page that is touched it gets a part of as many more, so that memory which is
// never touched stays a small part of what is.
#ifndef PROCESS_AHEAD_H
#define PROCESS_AHEAD_H

#include <stdint.h>

#define AHEAD_PART 4u
#define AHEAD_MAX 16u

struct ahead {
	uint64_t next;    // page number where the sequence goes on; 0: none
	uint64_t length;  // pages made in it
};

// Pages that a fault at page number `page` may have made.
static inline uint32_t ahead_get(const struct ahead *ahead, uint64_t page)
{
	uint64_t more = page == ahead->next ? ahead->length / AHEAD_PART : 0;

	return more < AHEAD_MAX - 1 ? (uint32_t)more + 1 : AHEAD_MAX;
}

// `made` pages from `page` on were made.
static inline void ahead_note(struct ahead *ahead, uint64_t page, uint32_t made)
{
	ahead->length = (page == ahead->next ? ahead->length : 0) + made;
	ahead->next = page + made;
}

#endif
