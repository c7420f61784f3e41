// Page tables, and the mappings that Frame slots hold in them.
#ifndef KERNEL_MEM_TABLE_H
#define KERNEL_MEM_TABLE_H

#include "kernel.h"

// Make a VSpace in 64 KiB of zeroed memory.
struct vspace *vspace_make(void *memory);

// Make a batch of table pages of 64 KiB and give it to the VSpace. `source` is the Untyped it is made
// of: the capability moves into the batch's header.
void vspace_add_batch(struct vspace *vspace, void *memory, struct slot *source);

// Take a batch's tables out of its VSpace: the Untyped behind it is being deleted. False: the budget of
// steps is used up, go on later; no table is made of the batch meanwhile.
bool batch_detach(struct batch *batch, unsigned *budget);

// Map the next piece of the Frame's window: the slot says where, and how far it has come.
// OK with slot->map_pages advanced (all of it is mapped when it equals slot->count); NO_MEMORY: a
// table is needed and the pool is empty; MAPPED: something else is mapped there. `over`: then small
// pages are laid over small pages, which are no longer part of the mapping that put them there.
err_t mapping_extend(struct slot *slot, unsigned rights, bool over);

// Unmap the last piece that is still mapped; true when nothing is left.
bool mapping_shrink(struct slot *slot);

// Change the rights of the whole mapping, from page *done on; true when finished.
bool mapping_protect(struct slot *slot, unsigned rights, uint64_t *done);

// Map the next piece of what `from` maps, at the same addresses, through `to`: a copy of it that is
// attached to another VSpace. Without `keep` both lose the right to write. *left: how many entries may
// still be changed in this entry to the kernel. Errors as for mapping_extend; to->map_pages says how far.
err_t mapping_clone(struct slot *to, struct slot *from, bool keep, unsigned *left);

// Restrict the pages that are mapped in the next piece of [*at, end) to rights that their mappings gave. OK
// with *at advanced (finished when it equals end); MAPPED: a large page lies across an end of the range.
err_t range_restrict(struct vspace *vspace, uint64_t *at, uint64_t end, unsigned rights);

// Give tables without entries back to the pool, from batch number *done on. True when all were looked at.
bool vspace_trim(struct vspace *vspace, uint64_t *done);

// Begin and end: the slot enters and leaves its VSpace's list.
void mapping_attach(struct slot *slot, struct vspace *vspace, uint64_t address);
void mapping_drop(struct slot *slot);

// Where a VSpace's links begin: unit number of the VSpace's header page.
struct vspace *vspace_of_slot(const struct slot *slot);

#endif
