// Made by tools/gen.py from protocol/life.def. Do not edit.
// A component's life. Every component has a capability on it, named supervisor.
#ifndef PROTOCOL_GEN_LIFE_H
#define PROTOCOL_GEN_LIFE_H

#include "lib/sys/msg.h"

#define LIFE_EXITED 0xa01
#define LIFE_POWER_OFF 0xa02
#define LIFE_RESTART 0xa03

// For a server's table: X(name, words in, capabilities in), in the order above.
#define LIFE_METHODS(X) \
	X(exited, 1, 0) \
	X(power_off, 1, 0) \
	X(restart, 1, 0)

// The component is done: main returned or exit was called. Not answered: the supervisor takes
// the component apart.
// status: exit status
static inline err_t life_exited(cap_t to, uint64_t status, uint64_t *result)
{
	struct msg m = {.tag = TAG(LIFE_EXITED, 1), .words = {status}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Power the machine off. Only with the manifest's leave (-EPERM).
// status: 0 to 255: the status of the system's run, for the log
// *result: -EPERM; not answered otherwise
static inline err_t life_power_off(cap_t to, uint64_t status, uint64_t *result)
{
	struct msg m = {.tag = TAG(LIFE_POWER_OFF, 1), .words = {status}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Reset the machine. As power_off.
// status: 0 to 255
// *result: -EPERM; not answered otherwise
static inline err_t life_restart(cap_t to, uint64_t status, uint64_t *result)
{
	struct msg m = {.tag = TAG(LIFE_RESTART, 1), .words = {status}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

#endif
