// What the pure part of the server asks of the rest of it, which speaks to the kernel.
#ifndef SERVERS_NET_HOOK_H
#define SERVERS_NET_HOOK_H

#include "servers/net/socket.h"

// A socket gets its handle capability, and loses all that were handed out. False: no slot.
bool hook_socket_make(struct socket *s);
void hook_socket_end(struct socket *s);
// Does anybody hold a handle of it?
bool hook_has_handles(const struct socket *s);
// The capability of a right is not needed any more.
void hook_right_end(uint32_t slot);
// A copy of it in a slot of its own; 0: none can be had.
uint32_t hook_right_copy(uint32_t slot);
// Calls fn for each socket that a window takes care of: rights that a thread has not fetched yet.
void hook_each_kept(void (*fn)(struct socket *s));

#endif
