// The vDSO: two pages that all programs share, variables and code, at a random address of each.
#ifndef PROCESS_VDSO_H
#define PROCESS_VDSO_H

#include "servers/process/space.h"

// Once, at the start. False: no memory, and programs go without.
bool vdso_make(void);

// Put it into a new space, near the top of the stack; the space remembers where. Without memory, or
// where there is no place, the program goes without.
void vdso_add(struct space *space, uint64_t stack_top);

// Where the image is: AT_SYSINFO_EHDR; 0: there is none.
uint64_t vdso_address(const struct space *space);

#endif
