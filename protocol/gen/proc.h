// Made by tools/gen.py from protocol/process.def. Do not edit.
// What is made up for programs: the names below /proc, groups and names of the machine. Invoked
// on the process capability of a Linux process.
#ifndef PROTOCOL_GEN_PROC_H
#define PROTOCOL_GEN_PROC_H

#include "lib/sys/msg.h"

#define PROC_OPEN 0xa01
#define PROC_SET_GROUPS 0xa02
#define PROC_GET_GROUPS 0xa03
#define PROC_SET_NAME 0xa04
#define PROC_GET_NAMES 0xa05

// For a server's table: X(name, words in, capabilities in), in the order above.
#define PROC_METHODS(X) \
	X(open, 3, 0) \
	X(set_groups, 1, 0) \
	X(get_groups, 0, 0) \
	X(set_name, 2, 0) \
	X(get_names, 0, 0)

// Find a name below /proc, and have the file server make what it leads to, or find the file.
// Carries its handle. The name is in words 3 on, length bytes, 424 at most.
// operation: the call of the interface name that is to be made on it: contents are made up for
// NAME_OPEN only
// follow: 1: a symbolic link as last name is followed
// length: of the name
// *result: 0, or -errno
// *used: bytes of the name; the rest is to be looked up from the handle
// *kind: HANDLE_FILE; HANDLE_TERMINAL: the very handle of the process that was asked for
static inline err_t proc_open(cap_t to, uint64_t operation, uint64_t follow, uint64_t length, uint64_t *result, uint64_t *used, uint64_t *kind)
{
	struct msg m = {.tag = TAG(PROC_OPEN, 3), .words = {operation, follow, length}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (used)
		*used = m.words[1];
	if (kind)
		*kind = m.words[2];
	return err;
}

// setgroups: words 1 on hold two groups each.
static inline err_t proc_set_groups(cap_t to, uint64_t count, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROC_SET_GROUPS, 1), .words = {count}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// getgroups: words 1 on of the answer hold two groups each.
// *result: how many
static inline err_t proc_get_groups(cap_t to, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROC_GET_GROUPS, 0)};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// sethostname (0), setdomainname (1): the bytes are in words 2 on.
// length: 64 at most
static inline err_t proc_set_name(cap_t to, uint64_t which, uint64_t length, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROC_SET_NAME, 2), .words = {which, length}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// uname's nodename and domainname: 65 bytes each, in words 1 on of the answer.
static inline err_t proc_get_names(cap_t to, uint64_t *result)
{
	struct msg m = {.tag = TAG(PROC_GET_NAMES, 0)};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

#endif
