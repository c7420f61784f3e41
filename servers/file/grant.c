// Watched slots: the parents of all capabilities that are handed out for one object.
#include "servers/file/file.h"

#include "abi/gen/stubs.h"

bool grant_make(struct grant *grant, uint64_t badge)
{
	*grant = (struct grant){.slot = slot_alloc()};
	if (grant->slot == 0)
		return false;
	if (cnode_derive(file.cnode, grant->slot, file.cnode, file.endpoint,
			 ENDPOINT_SEND | ENDPOINT_GRANT | ENDPOINT_WATCH, badge, 0) == OK)
		return true;
	slot_free(grant->slot);
	grant->slot = 0;
	return false;
}

cap_t grant_hand(struct grant *grant)
{
	grant->handed++;
	return grant->slot;
}

bool grant_is_unused(const struct grant *grant)
{
	uint64_t children = 1;

	return cnode_info(file.cnode, grant->slot, NULL, NULL, NULL, &children) == OK &&
	       children == 0;
}

bool grant_is_sole(const struct grant *grant)
{
	uint64_t children = 2;

	return cnode_info(file.cnode, grant->slot, NULL, NULL, NULL, &children) == OK &&
	       children == 1;
}

// Is a report of no senders still true? When the counts differ, the slot itself is asked.
bool grant_is_gone(struct grant *grant, uint64_t minted)
{
	if (grant->slot == 0 || grant->gone)
		return false;
	return minted == grant->handed || grant_is_unused(grant);
}

void grant_free(struct grant *grant)
{
	if (grant->slot == 0)
		return;
	(void)cnode_revoke(file.cnode, grant->slot);
	(void)cnode_delete(file.cnode, grant->slot, 1);
	slot_free(grant->slot);
	grant->slot = 0;
}
