// Made by tools/gen.py from protocol/log.def. Do not edit.
// Lines for the log. The text travels in the message: word 0 is its length, its bytes are words
// 1 on (8 to a word, in the thread's block beyond word 7).
#ifndef PROTOCOL_GEN_LOG_H
#define PROTOCOL_GEN_LOG_H

#include "lib/sys/msg.h"

#define LOG_WRITE 0x101

// For a server's table: X(name, words in, capabilities in), in the order above.
#define LOG_METHODS(X) \
	X(write, 1, 0)

// Append one line. The driver puts the name before it that belongs to the caller's badge.
// length: bytes, at most 440
// *result: 0, or a negative errno
static inline err_t log_write(cap_t to, uint64_t length, uint64_t *result)
{
	struct msg m = {.tag = TAG(LOG_WRITE, 1), .words = {length}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

#endif
