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
#define SESSION_TERMINAL 0x906
#define SESSION_WHO 0x907
#define SESSION_DROP_TERMINAL 0x908
#define SESSION_ALIVE 0x909
#define SESSION_SIGNAL_LEADER 0x90a

// For a server's table: X(name, words in, capabilities in), in the order above.
#define SESSION_METHODS(X) \
	X(append, 1, 0) \
	X(start, 2, 3) \
	X(signal_group, 3, 0) \
	X(group, 2, 0) \
	X(leader, 0, 0) \
	X(terminal, 0, 2) \
	X(who, 1, 0) \
	X(drop_terminal, 1, 0) \
	X(alive, 1, 0) \
	X(signal_leader, 2, 0)

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
// sid: the session
// *result: 0, or -ESRCH
static inline err_t session_signal_group(cap_t to, uint64_t pgid, uint64_t signal, uint64_t sid, uint64_t *result)
{
	struct msg m = {.tag = TAG(SESSION_SIGNAL_GROUP, 3), .words = {pgid, signal, sid}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Is there a process group of that number in the session?
// *result: 0, or -ESRCH or -EPERM
static inline err_t session_group(cap_t to, uint64_t pgid, uint64_t sid, uint64_t *result)
{
	struct msg m = {.tag = TAG(SESSION_GROUP, 2), .words = {pgid, sid}};
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

// Before the start: the endpoint of the terminal server, of which each process gets a
// capability with a badge of its own (TERMINAL_BADGE), and a notification to signal when the
// leader of a session has ended.
static inline err_t session_terminal(cap_t to, cap_t endpoint, cap_t ended, uint64_t *result)
{
	struct msg m = {.tag = TAG(SESSION_TERMINAL, 0) | TAG_CAPS(2)};
	msg_set_cap(0, endpoint);
	msg_set_cap(1, ended);
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Who is behind such a badge.
// *result: pid, or -ESRCH
// *groups: process group | session << 32
// *flags: WHO_*
// *ids: effective user | group << 32
static inline err_t session_who(cap_t to, uint64_t badge, uint64_t *result, uint64_t *groups, uint64_t *flags, uint64_t *ids)
{
	struct msg m = {.tag = TAG(SESSION_WHO, 1), .words = {badge}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (groups)
		*groups = m.words[1];
	if (flags)
		*flags = m.words[2];
	if (ids)
		*ids = m.words[3];
	return err;
}

// The process has no controlling terminal any more, until it makes a session.
// *result: 0, or -ESRCH
static inline err_t session_drop_terminal(cap_t to, uint64_t badge, uint64_t *result)
{
	struct msg m = {.tag = TAG(SESSION_DROP_TERMINAL, 1), .words = {badge}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Does the leader of a session live?
// *result: 1 or 0
static inline err_t session_alive(cap_t to, uint64_t sid, uint64_t *result)
{
	struct msg m = {.tag = TAG(SESSION_ALIVE, 1), .words = {sid}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Signal the leader of a session.
// *result: 0, or -ESRCH
static inline err_t session_signal_leader(cap_t to, uint64_t sid, uint64_t signal, uint64_t *result)
{
	struct msg m = {.tag = TAG(SESSION_SIGNAL_LEADER, 2), .words = {sid, signal}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

#endif
