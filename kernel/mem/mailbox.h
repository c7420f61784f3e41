// What one core asks of others: to forget translations, or to let go of everything that its processor
// holds.
//
// A request is served wherever the other core is: in user mode and idle by the interrupt that comes with
// it, in the kernel by the loop in which it waits for a lock. So nobody waits for a core that waits for it.
//
// Invariants:
//  1. Only the core that holds all locks asks, and it waits for the answers before it goes on: at most
//     one core asks, and its own mailbox is empty.
//  2. A core that has served is in the kernel: the registers of its current thread are in memory, and it
//     looks at `current` again once it has its lock. Only thus does another core change its `current`.
#ifndef KERNEL_MEM_MAILBOX_H
#define KERNEL_MEM_MAILBOX_H

#include "kernel.h"

enum mail_request { MAIL_NONE, MAIL_FLUSH, MAIL_LEAVE };

// Do what was asked of this core, if anything. A current thread that is made to leave will execute the
// last `rewind` bytes of its instructions again: the system call that waits for a lock.
void mailbox_serve(struct core *core, unsigned rewind);

// The core stores what its processor holds of threads (FS and GS, FPU) and uses no VSpace any more.
void core_leave(struct core *core);

// All cores forget the translations of `pages` pages of the VSpace from an address on (0: of all of it).
void space_flush(uint64_t top_physical, uint64_t address, unsigned pages);

// The VSpace dies; no thread has it any more. No core has it loaded afterwards.
void space_retire(uint64_t top_physical);

#endif
