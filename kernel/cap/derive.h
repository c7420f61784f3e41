// Making capabilities from capabilities.
#ifndef KERNEL_CAP_DERIVE_H
#define KERNEL_CAP_DERIVE_H

#include "types.h"

// What a derivation makes, found by the check and put in place by the commit.
struct derivation {
	struct slot *source;
	struct slot made;  // without links
};

// Can a child of `source` be made? `data` and `count` as in cnode_derive; *wrong: which of rights 1,
// data 2, count 3 is at fault; *limit: what it broke.
err_t derive_check(struct slot *source, unsigned rights, uint64_t data, uint64_t count,
		   struct derivation *out, unsigned *wrong, uint64_t *limit);

// The child as it is: same rights (but WATCH), same window.
err_t derive_check_whole(struct slot *source, struct derivation *out);

// Put it into an empty slot.
void derive_commit(const struct derivation *derivation, struct slot *dest);

// Can a sibling of the slot be made?
bool copy_is_possible(const struct slot *source);
void copy_commit(struct slot *source, struct slot *dest);

#endif
