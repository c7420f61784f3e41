// Made by tools/gen.py from protocol/file.def. Do not edit.
// A program's view of the file system: root, current directory, umask, user. CLONE_FS shares
// it. Invoked on a context capability.
#ifndef PROTOCOL_GEN_CONTEXT_H
#define PROTOCOL_GEN_CONTEXT_H

#include "lib/sys/msg.h"

#define CONTEXT_ATTACH 0x201
#define CONTEXT_FORK 0x202
#define CONTEXT_UMASK 0x203
#define CONTEXT_SET_IDS 0x204
#define CONTEXT_SET_GROUPS 0x205
#define CONTEXT_PLACE 0x206
#define CONTEXT_DESK 0x207

// For a server's table: X(name, words in, capabilities in), in the order above.
#define CONTEXT_METHODS(X) \
	X(attach, 2, 0) \
	X(fork, 0, 0) \
	X(umask, 1, 0) \
	X(set_ids, 2, 0) \
	X(set_groups, 1, 0) \
	X(place, 1, 0) \
	X(desk, 1, 0)

// Make (or make anew, the old one is revoked) window number `index` of this context. The reply
// carries one map item: the caller's receive window (msg_set_window) must have room.
// index: 0 to 63
// address: where to map it: page aligned, inside the caller's receive window
// *result: 0, or -errno
// *token: the window's token
// *size: its bytes, 16,384
static inline err_t context_attach(cap_t to, uint64_t index, uint64_t address, uint64_t *result, uint64_t *token, uint64_t *size)
{
	struct msg m = {.tag = TAG(CONTEXT_ATTACH, 2), .words = {index, address}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (token)
		*token = m.words[1];
	if (size)
		*size = m.words[2];
	return err;
}

// Make a context like this one. Only on an owner capability. Carries two: the new context
// capability, and its owner capability.
// *result: 0, or -errno
static inline err_t context_fork(cap_t to, uint64_t *result)
{
	struct msg m = {.tag = TAG(CONTEXT_FORK, 0)};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Set the file creation mask.
// *result: the old one
static inline err_t context_umask(cap_t to, uint64_t mask, uint64_t *result)
{
	struct msg m = {.tag = TAG(CONTEXT_UMASK, 1), .words = {mask}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Set the user and group that names are checked for. Only on an owner capability.
static inline err_t context_set_ids(cap_t to, uint64_t uid, uint64_t gid, uint64_t *result)
{
	struct msg m = {.tag = TAG(CONTEXT_SET_IDS, 2), .words = {uid, gid}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Set the supplementary groups, 32 at most. Words 1 on hold two of them each. Only on an owner
// capability.
static inline err_t context_set_groups(cap_t to, uint64_t count, uint64_t *result)
{
	struct msg m = {.tag = TAG(CONTEXT_SET_GROUPS, 1), .words = {count}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// A handle of the current directory (0) or the root (1). Only on an owner capability. Carries
// it.
static inline err_t context_place(cap_t to, uint64_t which, uint64_t *result)
{
	struct msg m = {.tag = TAG(CONTEXT_PLACE, 1), .words = {which}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Make the process's desk (struct linux_desk, protocol/linux.h) and map it at `address`,
// DESK_PAGES inside the caller's receive window. Desks of the same context that are mapped
// nowhere any more go.
// *result: 0, or -errno
static inline err_t context_desk(cap_t to, uint64_t address, uint64_t *result, uint64_t *token)
{
	struct msg m = {.tag = TAG(CONTEXT_DESK, 1), .words = {address}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (token)
		*token = m.words[1];
	return err;
}

#endif
