// One call of a kernel object's method: decoded and checked by syscall/invoke.c, carried out by the
// handler that abi/gen/decode.h names.
#ifndef KERNEL_OBJECT_INVOCATION_H
#define KERNEL_OBJECT_INVOCATION_H

#include "kernel.h"

#define INVOCATION_CAPS_MAX 2

// A handler that has done a bounded piece returns this: the caller makes the call again, with the
// arguments as the handler has changed them.
#define RESTART 0xffffffffu

struct invocation {
	struct core *core;
	struct thread *caller;
	struct slot *slot;                      // what is invoked
	struct slot *cap[INVOCATION_CAPS_MAX];  // the capability arguments, in order
	uint64_t *arg;                          // the eight words in the caller's registers
	unsigned words;                         // how many the message has
	// --- results, of which there are none at first
	uint64_t out[MSG_WORDS_REGISTERS];
	unsigned out_count;                     // what lies beyond stays 0
	unsigned wrong;                         // on an error: which argument
	uint64_t limit, done;                   // on an error: the limit it broke; how far it came
};

// Fail because of argument `wrong` (1 is the first; 0 the invoked capability).
static inline err_t invocation_fail(struct invocation *call, err_t err, unsigned wrong, uint64_t limit)
{
	call->wrong = wrong;
	call->limit = limit;
	return err;
}

#endif
