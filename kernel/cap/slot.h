// Slots in the derivation tree.
#ifndef KERNEL_CAP_SLOT_H
#define KERNEL_CAP_SLOT_H

#include "types.h"

// Empty, but for nothing: every field zero.
void slot_clear(struct slot *slot);

// A root capability: no parent, no siblings.
void slot_set_root(struct slot *slot);

// Put `child` (its own fields filled in) below `parent`, or beside `source`.
void slot_add_child(struct slot *parent, struct slot *child);
void slot_add_sibling(struct slot *source, struct slot *copy);

// Take a slot out of the tree; its children take its place.
void slot_unlink(struct slot *slot);

// Move a capability to an empty slot: tree, lists and mapping follow.
void slot_move(struct slot *to, struct slot *from);

// The parent, when it can be told in one step (the slot is the first or last child); else null.
struct slot *slot_find_parent(const struct slot *slot);

// No other capability for the same object exists.
bool slot_is_last(const struct slot *slot);

#endif
