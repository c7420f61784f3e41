// The short way of the calls that move nothing but words and wake at most one thread of this core: signal,
// wait, send, yield.
#ifndef KERNEL_SYSCALL_SHORT_H
#define KERNEL_SYSCALL_SHORT_H

#include "kernel.h"

// The core's lock is held, `thread` is its current one, with a native call in its registers. WAY_SLOW: nothing
// was changed, and the call is to be made the usual way. Else it was made, and it is decided who runs.
enum syscall_way short_call(struct core *core, struct thread *thread);

#endif
