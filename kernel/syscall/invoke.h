// Calling the kernel's objects.
#ifndef KERNEL_SYSCALL_INVOKE_H
#define KERNEL_SYSCALL_INVOKE_H

#include "kernel.h"

// Carry out the method that the current thread's registers name on the object of `slot`.
void invoke(struct core *core, struct thread *thread, struct slot *slot);

#endif
