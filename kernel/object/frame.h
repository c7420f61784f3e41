#ifndef KERNEL_OBJECT_FRAME_H
#define KERNEL_OBJECT_FRAME_H

#include "kernel.h"

// A map item may map so many page-table entries: few enough for one entry to the kernel.
#define MAP_ITEM_PAGES_MAX 128

// Map a whole window in one step, or not at all. Windows of at most MAP_ITEM_PAGES_MAX pages, or
// whose pages are large, succeed; a longer one fails with RANGE. `over`: as for mapping_extend.
err_t frame_map_once(struct slot *slot, struct vspace *vspace, uint64_t address, unsigned rights,
		     bool over);

// Can a map item be of these slots (null: there is none)? A Frame, and a place for a window of it.
static inline bool frame_item_fits(const struct slot *source, const struct slot *dest)
{
	return source && dest && source->type == TYPE_FRAME;
}

// What a map item says: derive a window of `source` into `dest` and map it, or map the Frame itself when both are one.
err_t frame_map_item(struct core *core, struct slot *source, struct slot *dest, struct vspace *vspace,
		     const struct abi_map_item *item);

#endif
