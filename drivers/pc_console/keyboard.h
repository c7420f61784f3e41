// A PS/2 keyboard behind the PC's controller: scan codes of set 1 (the controller translates), the US
// layout.
#ifndef DRIVERS_PC_CONSOLE_KEYBOARD_H
#define DRIVERS_PC_CONSOLE_KEYBOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/types.h"

enum key_special {
	KEY_NONE, KEY_ENTER, KEY_TAB, KEY_BACKSPACE, KEY_ESCAPE, KEY_UP, KEY_DOWN, KEY_LEFT, KEY_RIGHT,
	KEY_INSERT, KEY_DELETE, KEY_HOME, KEY_END, KEY_PAGE_UP, KEY_PAGE_DOWN,
	KEY_NUL,
	KEY_FUNCTION,  // + 1 to 12
};

struct key {
	uint32_t character;  // a control character when Ctrl was held; 0: a special key
	unsigned special;    // enum key_special
	bool shift, alt, control;
};

struct keyboard {
	cap_t ports;  // from 0x60 on, five of them
	bool is_extended, shift, alt, control, has_caps;
	unsigned skip;  // scan codes of a sequence that means nothing here
};

// Take the controller over: first port on, second off, translation and interrupt on.
void keyboard_init(struct keyboard *keyboard, cap_t ports);

// One scan code. True: *key was pressed.
bool keyboard_decode(struct keyboard *keyboard, uint8_t code, struct key *key);

// The next key that was pressed. False: nothing more is there.
bool keyboard_read(struct keyboard *keyboard, struct key *key);

#endif
