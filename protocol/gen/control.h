// Made by tools/gen.py from protocol/file.def. Do not edit.
// For the process server and the supervisor, on the file server's control capability.
#ifndef PROTOCOL_GEN_CONTROL_H
#define PROTOCOL_GEN_CONTROL_H

#include "lib/sys/msg.h"

#define CONTROL_MAKE 0x501
#define CONTROL_REGISTER 0x502
#define CONTROL_NODE 0x503
#define CONTROL_APPEND 0x504
#define CONTROL_MOUNTS 0x505
#define CONTROL_TERMINAL_NODE 0x506
#define CONTROL_TERMINAL_REMOVE 0x507

// For a server's table: X(name, words in, capabilities in), in the order above.
#define CONTROL_METHODS(X) \
	X(make, 0, 0) \
	X(register, 2, 1) \
	X(node, 6, 0) \
	X(append, 3, 0) \
	X(mounts, 2, 0) \
	X(terminal_node, 4, 1) \
	X(terminal_remove, 1, 0)

// Make the first context: root directory, umask 022, user 0. Carries two: the context
// capability, which programs get, and its owner capability, which the process server keeps (its
// children count as users of the context too).
static inline err_t control_make(cap_t to, uint64_t *result)
{
	struct msg m = {.tag = TAG(CONTROL_MAKE, 0)};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Let a device node (as made in /dev by name) be answered with a capability of another server.
// Takes one capability.
// device: (major << 8 | minor): 5:0 tty, 5:1 console; nothing for HANDLE_SOCKET
// kind: HANDLE_DEVICE_*; HANDLE_SOCKET: the capability is one of the server whose capabilities
// name_bind takes
// capability: what open hands out copies of
static inline err_t control_register(cap_t to, uint64_t device, uint64_t kind, cap_t capability, uint64_t *result)
{
	struct msg m = {.tag = TAG(CONTROL_REGISTER, 2) | TAG_CAPS(1), .words = {device, kind}};
	msg_set_cap(0, capability);
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Make what was made up for a name below /proc: its path lies in the window at offset 0 with
// its NUL, its content (struct linux_dirent64 entries, text, a link's target) at 4,096. Carries
// a handle as of O_PATH.
// mode: st_mode
// owner: user | group << 32
// number: of the inode
// length: of the content; more is appended
// *id: for append
static inline err_t control_node(cap_t to, uint64_t window, uint64_t mode, uint64_t owner, uint64_t number, uint64_t links, uint64_t length, uint64_t *result, uint64_t *id)
{
	struct msg m = {.tag = TAG(CONTROL_NODE, 6), .words = {window, mode, owner, number, links, length}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (id)
		*id = m.words[1];
	return err;
}

// Append to the content of a node.
// length: bytes, in the window at offset 0
static inline err_t control_append(cap_t to, uint64_t window, uint64_t id, uint64_t length, uint64_t *result)
{
	struct msg m = {.tag = TAG(CONTROL_APPEND, 3), .words = {window, id, length}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Write lines as of /proc/mounts to the window at offset 0.
// first: number of the first mount
// *result: bytes
// *next: first number that did not fit, or the end: then nothing is written for it
static inline err_t control_mounts(cap_t to, uint64_t window, uint64_t first, uint64_t *result, uint64_t *next)
{
	struct msg m = {.tag = TAG(CONTROL_MOUNTS, 2), .words = {window, first}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (next)
		*next = m.words[1];
	return err;
}

// As register, and make the node: a pseudo-terminal's in /dev/pts. Takes one capability.
// device: 136:n
// kind: HANDLE_DEVICE_*
// mode: permission bits
// owner: user | group << 32
// *result: 0, or -errno
static inline err_t control_terminal_node(cap_t to, uint64_t device, uint64_t kind, uint64_t mode, uint64_t owner, cap_t capability, uint64_t *result)
{
	struct msg m = {.tag = TAG(CONTROL_TERMINAL_NODE, 4) | TAG_CAPS(1), .words = {device, kind, mode, owner}};
	msg_set_cap(0, capability);
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Remove such a node, and forget its capability.
static inline err_t control_terminal_remove(cap_t to, uint64_t device, uint64_t *result)
{
	struct msg m = {.tag = TAG(CONTROL_TERMINAL_REMOVE, 1), .words = {device}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

#endif
