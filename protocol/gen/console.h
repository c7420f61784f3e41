// Made by tools/gen.py from protocol/console.def. Do not edit.
// A device with up to four byte streams. There is one consumer: who attaches last.
#ifndef PROTOCOL_GEN_CONSOLE_H
#define PROTOCOL_GEN_CONSOLE_H

#include "lib/sys/msg.h"

#define CONSOLE_ATTACH 0xb01

// For a server's table: X(name, words in, capabilities in), in the order above.
#define CONSOLE_METHODS(X) \
	X(attach, 1, 1)

// Become the consumer. Takes a notification capability (SIGNAL), which the driver signals when
// a ring changes that the consumer sleeps on. The reply carries one map item, CONSOLE_SIZE
// bytes at `address` (inside the caller's receive window), and one capability: the notification
// with which the consumer wakes the driver. The ring of an output that is empty has been taken
// over by the device whole: that is what a final flush waits for.
// address: where to map the rings, page aligned
// notification: signalled by the driver
// *result: 0, or -errno
static inline err_t console_attach(cap_t to, uint64_t address, cap_t notification, uint64_t *result)
{
	struct msg m = {.tag = TAG(CONSOLE_ATTACH, 1) | TAG_CAPS(1), .words = {address}};
	msg_set_cap(0, notification);
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

#endif
