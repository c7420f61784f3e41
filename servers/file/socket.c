// Sockets in the file system: an inode that leads to an address capability of the net server, which
// registered itself. Who may write to the inode gets a copy.
//
// The net server revokes an address when its socket ends: then the slot is empty, and the inode leads to
// nobody. Slots are bounded, and empty ones are found when they run out.
#include "servers/file/file.h"

#include "abi/gen/stubs.h"

#define SOCKETS_MAX 2048u

static struct inode *inodes[SOCKETS_MAX];
static cap_t server;  // a capability of the net server, to know its others by

int64_t socket_register(cap_t capability)
{
	if (server != 0)
		return -EEXIST;
	server = capability;
	return 0;
}

static bool is_empty(cap_t slot)
{
	uint64_t type = 0;

	return cnode_info(file.cnode, slot, &type, NULL, NULL, NULL) != OK || type == 0;
}

void socket_end(struct inode *inode)
{
	(void)cnode_delete(file.cnode, inode->socket, 1);
	slot_free(inode->socket);
	inode->socket = 0;
	for (uint32_t i = 0; i < SOCKETS_MAX; i++)
		if (inodes[i] == inode)
			inodes[i] = NULL;
}

static uint32_t place_find(void)
{
	uint32_t i = 0;

	while (i < SOCKETS_MAX && inodes[i])
		i++;
	return i;
}

static void sweep(void)
{
	for (uint32_t i = 0; i < SOCKETS_MAX; i++)
		if (inodes[i] && is_empty(inodes[i]->socket))
			socket_end(inodes[i]);
}

static bool is_address(cap_t slot)
{
	uint64_t same = 0;

	return server != 0 && slot != 0 && slot == file.receive &&
	       cnode_compare(file.cnode, slot, file.cnode, server, &same) == OK && same;
}

int64_t socket_set(struct inode *inode, cap_t arrived)
{
	uint32_t place = place_find();
	cap_t next;

	if (!is_address(arrived))
		return -EINVAL;
	if (place == SOCKETS_MAX) {
		sweep();
		place = place_find();
	}
	next = place < SOCKETS_MAX ? slot_alloc() : 0;
	if (next == 0)
		return -ENOSPC;
	inodes[place] = inode;
	inode->socket = arrived;
	file.receive = next;
	msg_set_receive(next, 1);
	return 0;
}

cap_t socket_get(const struct inode *inode)
{
	return inode->socket == 0 || is_empty(inode->socket) ? 0 : inode->socket;
}
