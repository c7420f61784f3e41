// Shells: bodies whose process has ended, kept for the next process. Making a body from nothing, and taking
// it apart, costs several times what cleaning one does.
//
// Invariant: nothing of the old process is left in a shell when it is taken: no mapping but the
// environment's own, no capability but the body's own, no capability anywhere that was derived from those,
// no byte in its pages.
#ifndef PROCESS_SHELL_H
#define PROCESS_SHELL_H

#include "servers/process/body.h"

// A body in an empty space of its own; null: there is none. `is_copy`: its process block is not cleaned.
struct body *shell_take(struct task *task, bool is_copy);
// The body of a child that shared this space (vfork), for the next such child; null: there is none.
struct body *shell_spare_take(struct space *space, struct task *task);
// Keep a body. False: it cannot be kept, or there are enough.
bool shell_put(struct body *body);
// Give all memory back that shells hold. False: they held none.
bool shell_drop_all(void);
// The space ends.
void shell_spare_drop(struct space *space);

#endif
