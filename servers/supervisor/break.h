// Deaths on purpose, for tests of what follows: words of the kernel's command line.
//
//   break=NAME@MS[:HOW]   MS milliseconds after boot the first thread of component NAME, or the
//                         supervisor itself, is made to
//                           null     jump to address 0 (the default)
//                           stack    use a stack that is not mapped, where it is
//                           illegal  execute a privileged instruction
//                           exit     say that it is done, with status 3
#ifndef SERVERS_SUPERVISOR_BREAK_H
#define SERVERS_SUPERVISOR_BREAK_H

#include "servers/supervisor/component.h"

#define BREAK_NEVER (~0ull)

// Read the command line. What cannot be understood is logged and left out.
void break_init(struct component_world *world);

// The counter when the next one is due, or BREAK_NEVER.
uint64_t break_next(void);

// Carry out those that are due.
void break_serve(uint64_t now);

#endif
