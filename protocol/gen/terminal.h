// Made by tools/gen.py from protocol/terminal.def. Do not edit.
// On the device capability that the terminal server registered with the file server.
#ifndef PROTOCOL_GEN_TERMINAL_H
#define PROTOCOL_GEN_TERMINAL_H

#include "lib/sys/msg.h"

#define TERMINAL_OPEN 0x601

// For a server's table: X(name, words in, capabilities in), in the order above.
#define TERMINAL_METHODS(X) \
	X(open, 1, 0)

// Open the terminal. Carries the handle.
// flags: O_*
static inline err_t terminal_open(cap_t to, uint64_t flags, uint64_t *result)
{
	struct msg m = {.tag = TAG(TERMINAL_OPEN, 1), .words = {flags}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

#endif
