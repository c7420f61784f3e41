// Frames of the suite's own space, and what becomes of those who touch them.
#ifndef TESTS_CONFORM_MAPPING_H
#define TESTS_CONFORM_MAPPING_H

#include "tests/conform/conform.h"

cap_t frame_of(unsigned bits);

// A new Frame, mapped.
cap_t mapped(unsigned bits, uint64_t at, uint64_t rights);

// Where it is mapped.
uint64_t address_of(cap_t frame);

// For worker_run, with the address in seen[1].
void touch_read(struct worker *w);
void touch_write(struct worker *w);

// What happens when another thread of that space touches the address: the access of the fault, or ~0.
uint64_t touch(enum where where, uint64_t at, void (*how)(struct worker *));

#endif
