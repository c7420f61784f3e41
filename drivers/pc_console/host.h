// The host's part of the control channel (abi/control.h), played by the console itself: where no host
// started the machine, the command line says what is run.
#ifndef DRIVERS_PC_CONSOLE_HOST_H
#define DRIVERS_PC_CONSOLE_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/ring/ring.h"

// Put the START frame into the ring: program=PATH of the command line, or /bin/sh, on a terminal of that
// size.
void host_start(struct ring_end *frames, const char *command_line, uint32_t rows, uint32_t columns);

// Take the guest's frames: its exit is all that there is, and what follows it is the machine's end. True:
// the guest has to be signalled.
bool host_pump(struct ring_end *frames);

#endif
