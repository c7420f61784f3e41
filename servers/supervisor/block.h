// The machine's memory: power-of-two blocks of untyped, split as needed. Each block that is in use
// belongs to a component, so that taking a component apart is revoking its blocks.
#ifndef SERVERS_SUPERVISOR_BLOCK_H
#define SERVERS_SUPERVISOR_BLOCK_H

#include "abi/types.h"

#define OWNER_SELF 0  // the supervisor; components have numbers from 1 on

void block_init(const struct abi_boot_info *boot);

// A block of 2^bits bytes (12 at least). 0: none is left.
cap_t block_alloc(unsigned owner, unsigned bits);

// Revoke and take back all that an owner has. What the kernel cannot reset stays lost.
void block_free_all(unsigned owner);

// Bytes that are free.
uint64_t block_free_bytes(void);

// The smallest number of bits that hold `bytes`, 12 at least; the largest that fit in.
unsigned bits_up(uint64_t bytes);
unsigned bits_down(uint64_t bytes);

#endif
