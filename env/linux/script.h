// The first line of a script.
#ifndef ENV_LINUX_SCRIPT_H
#define ENV_LINUX_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

// Take `#! interpreter [argument]` apart; both have room for 256 bytes, argument may become empty.
// False: no interpreter, or its name does not end within the `size` bytes (at most 256).
bool script_parse(const char *head, size_t size, char *interpreter, char *argument);

#endif
