// Made by tools/gen.py from protocol/process.def. Do not edit.
// For the servers that programs have badged capabilities of, on the identity capability.
#ifndef PROTOCOL_GEN_IDENTITY_H
#define PROTOCOL_GEN_IDENTITY_H

#include "lib/sys/msg.h"

#define IDENTITY_CREDENTIALS 0x1201

// For a server's table: X(name, words in, capabilities in), in the order above.
#define IDENTITY_METHODS(X) \
	X(credentials, 2, 0)

// Who is behind a badge that the process server gave out (NET_BADGE).
// pid: a process to look for
// *result: pid, or -ESRCH
// *real: uid | gid << 32
// *exists: 1: `pid` is a process
// *ended: how many programs that had such a badge have ended since the start: who has heard of
// fewer has missed one
static inline err_t identity_credentials(cap_t to, uint64_t badge, uint64_t pid, uint64_t *result, uint64_t *real, uint64_t *effective, uint64_t *saved, uint64_t *exists, uint64_t *ended)
{
	struct msg m = {.tag = TAG(IDENTITY_CREDENTIALS, 2), .words = {badge, pid}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (real)
		*real = m.words[1];
	if (effective)
		*effective = m.words[2];
	if (saved)
		*saved = m.words[3];
	if (exists)
		*exists = m.words[4];
	if (ended)
		*ended = m.words[5];
	return err;
}

#endif
