// Made by tools/gen.py from protocol/socket.def. Do not edit.
// On the net capability of a Linux process, which process_net gives.
#ifndef PROTOCOL_GEN_NET_H
#define PROTOCOL_GEN_NET_H

#include "lib/sys/msg.h"

#define NET_ATTACH 0x1001
#define NET_SOCKET 0x1002

// For a server's table: X(name, words in, capabilities in), in the order above.
#define NET_METHODS(X) \
	X(attach, 2, 0) \
	X(socket, 2, 0)

// Make the calling thread's window, as file_attach does.
// old: the token of the window that this one takes the place of, or 0
// address: where to map it
// *result: 0, or -errno
// *size: 16,384
static inline err_t net_attach(cap_t to, uint64_t old, uint64_t address, uint64_t *result, uint64_t *token, uint64_t *size)
{
	struct msg m = {.tag = TAG(NET_ATTACH, 2), .words = {old, address}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (token)
		*token = m.words[1];
	if (size)
		*size = m.words[2];
	return err;
}

// Make a socket of AF_UNIX. Carries its handle.
// window: token
// type: SOCK_STREAM 1, SOCK_DGRAM 2, SOCK_SEQPACKET 5; with O_NONBLOCK
static inline err_t net_socket(cap_t to, uint64_t window, uint64_t type, uint64_t *result)
{
	struct msg m = {.tag = TAG(NET_SOCKET, 2), .words = {window, type}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

#endif
