// Shares: what is mapped of pipes and sets for a process. A process has one at an address: the one
// that was there before goes.
#include "servers/file/board.h"

#include "abi/gen/stubs.h"
#include "servers/file/epoll.h"
#include "servers/file/heap.h"
#include "servers/file/ring.h"

struct share *share_make(struct board *board, uint64_t address)
{
	struct share *share = board->shares;

	while (share && share->address != address)
		share = share->next;
	if (share)
		share_free(share);
	share = heap_get(sizeof *share, HEAP_NORMAL);
	if (!share)
		return NULL;
	share->board = board;
	share->address = address;
	share->next = board->shares;
	board->shares = share;
	return share;
}

void share_free(struct share *share)
{
	struct share **link = &share->board->shares;

	while (*link != share)
		link = &(*link)->next;
	*link = share->next;
	for (unsigned i = 0; i < SHARE_ITEMS; i++) {
		if (share->slots[i] == 0)
			continue;
		(void)cnode_delete(file.cnode, share->slots[i], 1);
		slot_free(share->slots[i]);
	}
	if (share->bell != 0) {
		(void)cnode_revoke(file.cnode, share->bell);
		(void)cnode_delete(file.cnode, share->bell, 1);
		slot_free(share->bell);
	}
	if (share->set)
		set_share_end(share);
	if (share->pipe)
		ring_release(share);
	heap_put(share, sizeof *share);
}

// Have the reply derive `count` pages from `page` on into a slot, and map them.
static void item_put(struct request *r, cap_t slot, uint32_t page, uint32_t count, uint64_t address,
		     uint32_t rights)
{
	const struct store_region *region = store_region(&file.fs.store, page);

	sys_block()->items[r->items++] = (struct abi_map_item){
		.source = region->frame,
		.dest = slot,
		.address = address,
		.first = page - region->first,
		.count = count,
		.rights = rights,
	};
}

void board_item(struct request *r, struct board *board, uint64_t address)
{
	item_put(r, board->slot, board->page, BOARD_PAGES, address, FRAME_READ);
}

void share_item(struct request *r, struct share *share, uint32_t page, uint32_t count, uint64_t address,
		uint32_t rights)
{
	item_put(r, share->slots[r->items], page, count, address, rights);
}

void share_window_end(const struct window *window)
{
	for (struct board *board = window->context->boards; board; board = board->next)
		for (struct share *share = board->shares, *next; share; share = next) {
			next = share->next;
			if (share->window == window)
				share_free(share);
		}
}
