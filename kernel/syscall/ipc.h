// The IPC system calls, slow path: every message can go this way.
#ifndef KERNEL_SYSCALL_IPC_H
#define KERNEL_SYSCALL_IPC_H

#include "kernel.h"

// Each works on the registers of the current thread and leaves the result there, or the thread
// blocked. `slot` is what its first argument names, null when that is nothing. ipc_needs_all tells, without writing anything, whether the locks of all cores are needed.
bool ipc_needs_all(struct core *core, struct thread *thread, const struct slot *slot, unsigned number);
void ipc_send(struct core *core, struct thread *thread, struct slot *slot, bool may_block);
void ipc_call(struct core *core, struct thread *thread, struct slot *slot);
void ipc_receive(struct core *core, struct thread *thread, struct slot *slot, bool may_block);
void ipc_reply_receive(struct core *core, struct thread *thread, struct slot *slot);

// The thread has met a fault: a message of kind FAULT goes to its fault endpoint, and it waits for the
// answer. Without an endpoint it stops.
void ipc_fault(struct core *core, struct thread *thread, unsigned label, const uint64_t *words, unsigned count);

// The context is used up: its thread goes on with its reserve, or faults, or waits.
void ipc_used_up(struct core *core, struct sched_context *context);

#endif
