// Made by tools/gen.py from protocol/socket.def. Do not edit.
// On the handle of a socket.
#ifndef PROTOCOL_GEN_SOCKET_H
#define PROTOCOL_GEN_SOCKET_H

#include "lib/sys/msg.h"

#define SOCKET_SEND 0x1101
#define SOCKET_SEND_WAIT 0x1102
#define SOCKET_RECV 0x1103
#define SOCKET_SEND_MESSAGE 0x1104
#define SOCKET_RECV_MESSAGE 0x1105
#define SOCKET_STAGE_RIGHT 0x1106
#define SOCKET_TAKE_RIGHT 0x1107
#define SOCKET_STAGE_DATA 0x1108
#define SOCKET_FETCH_DATA 0x1109
#define SOCKET_PAIR 0x110a
#define SOCKET_BIND_BEGIN 0x110b
#define SOCKET_BIND 0x110c
#define SOCKET_CONNECT 0x110d
#define SOCKET_LISTEN 0x110e
#define SOCKET_ACCEPT 0x110f
#define SOCKET_SHUTDOWN 0x1110
#define SOCKET_GET_NAME 0x1111
#define SOCKET_GET_OPTION 0x1112
#define SOCKET_SET_OPTION 0x1113

// For a server's table: X(name, words in, capabilities in), in the order above.
#define SOCKET_METHODS(X) \
	X(send, 2, 0) \
	X(send_wait, 2, 0) \
	X(recv, 2, 0) \
	X(send_message, 5, 0) \
	X(recv_message, 3, 0) \
	X(stage_right, 2, 1) \
	X(take_right, 2, 0) \
	X(stage_data, 3, 0) \
	X(fetch_data, 3, 0) \
	X(pair, 1, 0) \
	X(bind_begin, 1, 0) \
	X(bind, 2, 0) \
	X(connect, 2, 0) \
	X(listen, 2, 0) \
	X(accept, 2, 0) \
	X(shutdown, 1, 0) \
	X(get_name, 2, 0) \
	X(get_option, 2, 0) \
	X(set_option, 5, 0)

// Send without waiting: to the peer, without a name or anything else along. A socket that would
// have to wait and may answers -512: then send_wait.
// window: token
// size: bytes | MSG_* << 32; the data follows in words 2 to 7, or lies in the window
// *result: bytes
static inline err_t socket_send(cap_t to, uint64_t window, uint64_t size, uint64_t *result)
{
	struct msg m = {.tag = TAG(SOCKET_SEND, 2), .words = {window, size}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// As send, but waits for room.
static inline err_t socket_send_wait(cap_t to, uint64_t window, uint64_t size, uint64_t *result)
{
	struct msg m = {.tag = TAG(SOCKET_SEND_WAIT, 2) | TAG_INTERRUPTIBLE, .words = {window, size}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Receive. Up to 48 bytes come in words 2 to 7, more in the window.
// size: bytes | MSG_* << 32
// *result: bytes; with MSG_TRUNC more than came
// *info: MSG_* of the message; SOCKET_INFO_WINDOW: the data lies in the window
static inline err_t socket_recv(cap_t to, uint64_t window, uint64_t size, uint64_t *result, uint64_t *info)
{
	struct msg m = {.tag = TAG(SOCKET_RECV, 2) | TAG_INTERRUPTIBLE, .words = {window, size}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (info)
		*info = m.words[1];
	return err;
}

// Send with a name, descriptors or credentials. The data lies in the window, or was staged. May
// carry the address capability that name_socket gave.
// size: bytes | MSG_* << 32
// what: bytes of an abstract name in the window | SOCKET_WITH_* << 32
// pid: SCM_CREDENTIALS
// ids: uid | gid << 32
static inline err_t socket_send_message(cap_t to, uint64_t window, uint64_t size, uint64_t what, uint64_t pid, uint64_t ids, uint64_t *result)
{
	struct msg m = {.tag = TAG(SOCKET_SEND_MESSAGE, 5) | TAG_INTERRUPTIBLE, .words = {window, size, what, pid, ids}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Receive with the sender's name, descriptors and credentials. The data lies in the window, the
// name in its place there.
// size: bytes | MSG_* << 32
// rights: descriptors that the caller has room for; the others are dropped
// *result: bytes
// *info: MSG_* | SOCKET_INFO_*
// *name: bytes of the name, 0: it has none
// *came: descriptors that came, to be fetched by take_right
// *pid: credentials, when the socket passes them (SO_PASSCRED): then SOCKET_INFO_CREDENTIALS
// *ids: uid | gid << 32
static inline err_t socket_recv_message(cap_t to, uint64_t window, uint64_t size, uint64_t rights, uint64_t *result, uint64_t *info, uint64_t *name, uint64_t *came, uint64_t *pid, uint64_t *ids)
{
	struct msg m = {.tag = TAG(SOCKET_RECV_MESSAGE, 3) | TAG_INTERRUPTIBLE, .words = {window, size, rights}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (info)
		*info = m.words[1];
	if (name)
		*name = m.words[2];
	if (came)
		*came = m.words[3];
	if (pid)
		*pid = m.words[4];
	if (ids)
		*ids = m.words[5];
	return err;
}

// Add a descriptor to what send_message of this thread sends along.
// first: 1: forget what was staged before
// handle: of the file, the terminal or this server
// *result: -EBADF: it is none of these; -ETOOMANYREFS: too many are under way; -EINVAL: more
// than 253
static inline err_t socket_stage_right(cap_t to, uint64_t window, uint64_t first, cap_t handle, uint64_t *result)
{
	struct msg m = {.tag = TAG(SOCKET_STAGE_RIGHT, 2) | TAG_CAPS(1), .words = {window, first}};
	msg_set_cap(0, handle);
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Take the next descriptor that recv_message brought. Carries its handle.
// drops: 1: drop all that are left instead
// *result: HANDLE_*, or -errno
static inline err_t socket_take_right(cap_t to, uint64_t window, uint64_t drops, uint64_t *result)
{
	struct msg m = {.tag = TAG(SOCKET_TAKE_RIGHT, 2), .words = {window, drops}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Copy a part of a large message out of the window.
// offset: in the message; 0: forget what was staged before
// size: bytes in the window
static inline err_t socket_stage_data(cap_t to, uint64_t window, uint64_t offset, uint64_t size, uint64_t *result)
{
	struct msg m = {.tag = TAG(SOCKET_STAGE_DATA, 3), .words = {window, offset, size}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Copy a further part of a large message that recv has left in the window's care.
// offset: in the message
// *result: bytes
static inline err_t socket_fetch_data(cap_t to, uint64_t window, uint64_t offset, uint64_t size, uint64_t *result)
{
	struct msg m = {.tag = TAG(SOCKET_FETCH_DATA, 3), .words = {window, offset, size}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Make a socket of the same type that this one is connected with. Carries its handle.
static inline err_t socket_pair(cap_t to, uint64_t window, uint64_t *result)
{
	struct msg m = {.tag = TAG(SOCKET_PAIR, 1), .words = {window}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Carries the address capability of the socket, to be put under a name of the file system
// (name_bind).
// *result: -EINVAL: it has a name
static inline err_t socket_bind_begin(cap_t to, uint64_t window, uint64_t *result)
{
	struct msg m = {.tag = TAG(SOCKET_BIND_BEGIN, 1), .words = {window}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Give it a name, which lies in the window: of the file system (bind_begin came before),
// abstract (its first byte is zero), or none (size 0): an abstract one is chosen.
static inline err_t socket_bind(cap_t to, uint64_t window, uint64_t size, uint64_t *result)
{
	struct msg m = {.tag = TAG(SOCKET_BIND, 2), .words = {window, size}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Connect, for datagrams: choose where they go. To an abstract name, or to the address
// capability that is carried. Size 0 without a capability: to nobody.
// size: of an abstract name in the window
static inline err_t socket_connect(cap_t to, uint64_t window, uint64_t size, uint64_t *result)
{
	struct msg m = {.tag = TAG(SOCKET_CONNECT, 2) | TAG_INTERRUPTIBLE, .words = {window, size}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

static inline err_t socket_listen(cap_t to, uint64_t window, uint64_t backlog, uint64_t *result)
{
	struct msg m = {.tag = TAG(SOCKET_LISTEN, 2), .words = {window, backlog}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Carries the handle of the connection; the peer's name lies in the window.
// flags: O_NONBLOCK
// *name: bytes of the name
static inline err_t socket_accept(cap_t to, uint64_t window, uint64_t flags, uint64_t *result, uint64_t *name)
{
	struct msg m = {.tag = TAG(SOCKET_ACCEPT, 2) | TAG_INTERRUPTIBLE, .words = {window, flags}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (name)
		*name = m.words[1];
	return err;
}

// how: 0 receiving, 1 sending, 2 both
static inline err_t socket_shutdown(cap_t to, uint64_t how, uint64_t *result)
{
	struct msg m = {.tag = TAG(SOCKET_SHUTDOWN, 1), .words = {how}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Put a name into its place in the window.
// which: 0: its own, 1: the peer's
// *result: bytes of the name; 0: it has none
static inline err_t socket_get_name(cap_t to, uint64_t window, uint64_t which, uint64_t *result)
{
	struct msg m = {.tag = TAG(SOCKET_GET_NAME, 2), .words = {window, which}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// The value is in words 1 on.
// option: SO_*
// *result: bytes of the value
static inline err_t socket_get_option(cap_t to, uint64_t window, uint64_t option, uint64_t *result, uint64_t *value)
{
	struct msg m = {.tag = TAG(SOCKET_GET_OPTION, 2), .words = {window, option}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (value)
		*value = m.words[1];
	return err;
}

// size: bytes that the program gave
static inline err_t socket_set_option(cap_t to, uint64_t window, uint64_t option, uint64_t size, uint64_t value, uint64_t value2, uint64_t *result)
{
	struct msg m = {.tag = TAG(SOCKET_SET_OPTION, 5), .words = {window, option, size, value, value2}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

#endif
