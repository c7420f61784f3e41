// Deleting capabilities, and emptying the objects that die of it, without recursion and in bounded
// pieces.
#ifndef KERNEL_CAP_DELETE_H
#define KERNEL_CAP_DELETE_H

#include "kernel.h"

// How many steps one entry to the kernel may do. A step is of the order of a hundred instructions.
#define DELETE_BUDGET 48

// What an object type does when it dies or when a watched slot loses its children. Defined by the
// object floor (object/ops.c); a null entry: nothing to do.
struct object_ops {
	// Do a bounded part of emptying a dying object, *budget steps at most; true when it is empty.
	bool (*empty)(struct core *core, struct object *object, unsigned *budget);
};
extern const struct object_ops object_ops[TYPE_COUNT];

// A watched slot has lost its last child. Defined by object/endpoint.c.
void endpoint_childless(struct core *core, struct slot *slot);

// A blocked thread cannot be answered on the fast path any more. Defined by object/message.c.
void thread_make_slow(struct thread *thread);

// Delete a capability; what was derived from it moves up. False: its mapping, or what was
// made of it for a VSpace, is large: go on later.
bool slot_delete(struct core *core, struct slot *slot, unsigned *budget);

// Empty the dying; false when the budget ran out before.
bool reap(struct core *core, unsigned *budget);

#endif
