// A thread that does not run, and its registers.
#ifndef TESTS_CONFORM_STOPPED_H
#define TESTS_CONFORM_STOPPED_H

#include "tests/conform/conform.h"

// A thread with a space and a block, stopped; the suite sees the block at `page`.
cap_t stopped(struct abi_block **page);

// One register of it, by REGISTER_*.
err_t write_one(cap_t thread, unsigned which, uint64_t value);
uint64_t read_one(cap_t thread, unsigned which);

#endif
