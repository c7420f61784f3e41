// Moving a message from one thread to another.
#ifndef KERNEL_SYSCALL_TRANSFER_H
#define KERNEL_SYSCALL_TRANSFER_H

#include "kernel.h"

// Is the tag that the thread wants to send well formed, and what it names there? `items`: map items
// are allowed (replies).
err_t transfer_check(const struct thread *from, tag_t tag, bool may_grant, bool items);

// Copy words and capabilities (or the fault) of `from` to `to`, whose receive it ends.
void transfer_message(struct thread *from, struct thread *to, tag_t tag, uint64_t badge);

// Carry out the map items of a reply to `to`. *done: how many were mapped before an error.
err_t transfer_items(struct core *core, struct thread *from, struct thread *to, tag_t tag, bool anywhere,
		     unsigned *done);

#endif
