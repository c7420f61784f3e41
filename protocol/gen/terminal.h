// Made by tools/gen.py from protocol/terminal.def. Do not edit.
// On a device capability that the terminal server registered with the file server: /dev/tty,
// /dev/console, /dev/ptmx, each of /dev/pts.
#ifndef PROTOCOL_GEN_TERMINAL_H
#define PROTOCOL_GEN_TERMINAL_H

#include "lib/sys/msg.h"

#define TERMINAL_OPEN 0x601
#define TERMINAL_PEER 0x602

// For a server's table: X(name, words in, capabilities in), in the order above.
#define TERMINAL_METHODS(X) \
	X(open, 2, 0) \
	X(peer, 2, 0)

// Open the terminal; of /dev/ptmx: make a pseudo-terminal and open its master. Carries the
// handle.
// flags: O_*
// window: token of the calling thread's window, by which the caller is known
static inline err_t terminal_open(cap_t to, uint64_t flags, uint64_t window, uint64_t *result)
{
	struct msg m = {.tag = TAG(TERMINAL_OPEN, 2), .words = {flags, window}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// On a master's handle: open the other side (TIOCGPTPEER). Carries the handle.
// flags: O_*
// *result: -ENOTTY: it is no master
static inline err_t terminal_peer(cap_t to, uint64_t flags, uint64_t window, uint64_t *result)
{
	struct msg m = {.tag = TAG(TERMINAL_PEER, 2), .words = {flags, window}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

#endif
