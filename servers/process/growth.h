// Areas that grow down (growth.c), and pages that are locked (lock.c).
#ifndef PROCESS_GROWTH_H
#define PROCESS_GROWTH_H

#include "servers/process/server.h"

#define GROWTH_LOW 0x10000ull

// A fault where no area is: is it now the lower part of one that grows?
bool growth_try(struct task *task, uint64_t address);

// mapping.c: would `more` bytes pass RLIMIT_AS, or those of private writable memory RLIMIT_DATA?
bool mapping_is_over_limit(const struct task *task, uint64_t more, uint8_t prot, uint8_t flags);

// lock.c: may `more` bytes be locked on top of what is? 0, -ENOMEM, or -EPERM.
int64_t lock_check(const struct task *task, uint64_t more);

#endif
