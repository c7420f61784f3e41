// Made by tools/gen.py from protocol/process.def. Do not edit.
// For the terminal server: start the first program, and job control. On the session capability.
#ifndef PROTOCOL_GEN_SESSION_H
#define PROTOCOL_GEN_SESSION_H

#include "lib/sys/msg.h"

#define SESSION_APPEND 0x901
#define SESSION_START 0x902
#define SESSION_SIGNAL_GROUP 0x903
#define SESSION_GROUP 0x904
#define SESSION_LEADER 0x905

// For a server's table: X(name, words in, capabilities in), in the order above.
#define SESSION_METHODS(X) \
	X(append, 1, 0) \
	X(start, 2, 3) \
	X(signal_group, 2, 0) \
	X(group, 1, 0) \
	X(leader, 0, 0)

// Add bytes to the argument strings being collected: word 0 is how many, the bytes are in words
// 1 on (440 at most).
static inline err_t session_append(cap_t to, uint64_t length, uint64_t *result)
{
	struct msg m = {.tag = TAG(SESSION_APPEND, 1), .words = {length}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Start the first program with the strings collected (argc + envc of them, NUL-terminated) and
// three handles of the terminal server. argv[0] without a slash is looked up along PATH.
// Answered when it has ended.
// *result: wait status, or -errno when it could not start
static inline err_t session_start(cap_t to, uint64_t argc, uint64_t envc, cap_t standard_in, cap_t standard_out, cap_t standard_err, uint64_t *result)
{
	struct msg m = {.tag = TAG(SESSION_START, 2) | TAG_CAPS(3), .words = {argc, envc}};
	msg_set_cap(0, standard_in);
	msg_set_cap(1, standard_out);
	msg_set_cap(2, standard_err);
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Signal a process group (Ctrl-C, Ctrl-Z, hang-up, window size).
// pgid: 0: the session's first group
static inline err_t session_signal_group(cap_t to, uint64_t pgid, uint64_t signal, uint64_t *result)
{
	struct msg m = {.tag = TAG(SESSION_SIGNAL_GROUP, 2), .words = {pgid, signal}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Is there a process group of that number in the session?
// *result: 0, or -ESRCH or -EPERM
static inline err_t session_group(cap_t to, uint64_t pgid, uint64_t *result)
{
	struct msg m = {.tag = TAG(SESSION_GROUP, 1), .words = {pgid}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// The session's first process: its group is the terminal's foreground group to start with.
// *result: pid
static inline err_t session_leader(cap_t to, uint64_t *result)
{
	struct msg m = {.tag = TAG(SESSION_LEADER, 0)};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

#endif
