// The terminal that the screen and the keyboard make: bytes of the program become characters on the screen,
// keys become the bytes that programs expect of TERM=xterm. The work is libvterm's.
#ifndef DRIVERS_PC_CONSOLE_EMULATOR_H
#define DRIVERS_PC_CONSOLE_EMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/pc_console/keyboard.h"
#include "drivers/pc_console/screen.h"

// False: no memory. `answer` is called with bytes for the program: of keys, and replies to its questions.
bool emulator_open(struct screen *screen, void (*answer)(const char *bytes, size_t length));

void emulator_write(const uint8_t *bytes, size_t length);

// Bring the screen up to date.
void emulator_show(void);

void emulator_key(const struct key *key);

#endif
