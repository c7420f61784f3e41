// Faults that follow one another through memory: how many pages to make at the next one.
//
// Pure. A sequence is known by the page where it would go on. The first fault gets one page, the second of
// a sequence AHEAD_GROWTH, and so on, so that memory which is never touched stays a part of what is.
#ifndef PROCESS_AHEAD_H
#define PROCESS_AHEAD_H

#include <stdint.h>

#define AHEAD_GROWTH 4u
#define AHEAD_MAX 16u

struct ahead {
	uint64_t next;   // page number where the sequence goes on; 0: none
	uint32_t count;  // pages made last
};

// Pages that a fault at page number `page` may have made.
static inline uint32_t ahead_get(const struct ahead *ahead, uint64_t page)
{
	if (page != ahead->next)
		return 1;
	return ahead->count < AHEAD_MAX / AHEAD_GROWTH ? ahead->count * AHEAD_GROWTH : AHEAD_MAX;
}

// `made` of the `wanted` pages from `page` on were made: as many as there was room for.
static inline void ahead_note(struct ahead *ahead, uint64_t page, uint32_t wanted, uint32_t made)
{
	ahead->next = page + made;
	ahead->count = wanted;
}

#endif
