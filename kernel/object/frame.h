#ifndef KERNEL_OBJECT_FRAME_H
#define KERNEL_OBJECT_FRAME_H

#include "kernel.h"

// A map item may map so many page-table entries: few enough for one entry to the kernel.
#define MAP_ITEM_PAGES_MAX 128

// Map a whole window in one step, or not at all. Windows of at most MAP_ITEM_PAGES_MAX pages, or
// whose pages are large, succeed; a longer one fails with RANGE. `over`: as for mapping_extend.
err_t frame_map_once(struct slot *slot, struct vspace *vspace, uint64_t address, unsigned rights,
		     bool over);

// What a map item of `owner` says: derive a window from one of its Frames and map it, or map the Frame itself.
err_t frame_map_item(struct core *core, const struct thread *owner, struct vspace *vspace,
		     const struct abi_map_item *item);

#endif
