// The pages that the server was given: file data, pipe buffers, windows.
//
// Pages have numbers from 1 on, over all regions; a run never crosses from one region into another.
#ifndef FILE_STORE_H
#define FILE_STORE_H

#include "servers/file/base.h"

#define STORE_REGIONS_MAX 16

struct store_region {
	uint8_t *base;
	uint32_t first;  // number of its first page
	uint32_t pages;
	uint32_t frame;  // the capability that covers it
};

struct store {
	struct store_region regions[STORE_REGIONS_MAX];
	uint32_t region_count;
	uint32_t end;      // first number that is no page
	uint32_t total, free;
	uint32_t reserve;  // file data does not take the last ones
	uint32_t hint;     // where the next search starts
	uint64_t *used;    // a bit for each number
};

void store_init(struct store *store);

// Add a region, before the first allocation. False: too many.
bool store_add(struct store *store, void *base, uint64_t size, uint32_t frame);

// Make the table, when all regions are there. False: no memory.
bool store_start(struct store *store);

// `count` consecutive pages, not cleared; 0: none. Data leaves the reserve alone.
uint32_t store_get(struct store *store, uint32_t count);

// One page, behind page `after` if it can be.
uint32_t store_get_data(struct store *store, uint32_t after);
void store_put(struct store *store, uint32_t page, uint32_t count);

uint8_t *store_address(const struct store *store, uint32_t page);

// The region that a page lies in.
const struct store_region *store_region(const struct store *store, uint32_t page);

#endif
