// Scan codes: "PS/2 Keyboard", IBM PS/2 Hardware Interface Technical Reference; the controller: the same,
// "Keyboard and Auxiliary Device Controller".
#include "drivers/pc_console/keyboard.h"

#include <stddef.h>

#include "abi/gen/stubs.h"

#define PORT_DATA 0
#define PORT_STATUS 4  // read; written: command
#define STATUS_FULL 0x01
#define STATUS_BUSY 0x02
#define STATUS_SECOND 0x20  // the byte is the second port's: a mouse
#define COMMAND_READ 0x20
#define COMMAND_WRITE 0x60
#define COMMAND_SECOND_OFF 0xa7
#define COMMAND_FIRST_ON 0xae
#define CONFIG_INTERRUPT 0x01
#define CONFIG_SECOND_INTERRUPT 0x02
#define CONFIG_FIRST_OFF 0x10
#define CONFIG_TRANSLATE 0x40
#define PATIENCE 10000u
#define BYTES_MAX 64u  // looked at in one go

#define CODE_RELEASED 0x80
#define CODE_EXTENDED 0xe0
#define CODE_PAUSE 0xe1  // two codes follow
#define CODE_CONTROL 0x1d
#define CODE_SHIFT_LEFT 0x2a
#define CODE_SHIFT_RIGHT 0x36
#define CODE_ALT 0x38
#define CODE_CAPS 0x3a

// By scan code, without and with Shift. The digits of the keypad are its keys without Num Lock.
static const char plain[] = "\0\0" "1234567890-=\0\0qwertyuiop[]\0\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted[] = "\0\0" "!@#$%^&*()_+\0\0QWERTYUIOP{}\0\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";

static const struct {
	uint8_t code, special;
} specials[] = {
	{0x01, KEY_ESCAPE}, {0x0e, KEY_BACKSPACE}, {0x0f, KEY_TAB}, {0x1c, KEY_ENTER},
	{0x47, KEY_HOME}, {0x48, KEY_UP}, {0x49, KEY_PAGE_UP}, {0x4b, KEY_LEFT}, {0x4d, KEY_RIGHT},
	{0x4f, KEY_END}, {0x50, KEY_DOWN}, {0x51, KEY_PAGE_DOWN}, {0x52, KEY_INSERT},
	{0x53, KEY_DELETE}, {0x57, KEY_FUNCTION + 11}, {0x58, KEY_FUNCTION + 12},
};

static uint8_t port_read(const struct keyboard *keyboard, unsigned number)
{
	uint64_t value = 0xff;

	(void)ioport_in(keyboard->ports, number, 1, &value);
	return (uint8_t)value;
}

static void port_write(const struct keyboard *keyboard, unsigned number, uint8_t value)
{
	for (unsigned n = 0; n < PATIENCE && port_read(keyboard, PORT_STATUS) & STATUS_BUSY; n++)
		;
	(void)ioport_out(keyboard->ports, number, 1, value);
}

static void empty(const struct keyboard *keyboard)
{
	for (unsigned n = 0; n < BYTES_MAX && port_read(keyboard, PORT_STATUS) & STATUS_FULL; n++)
		(void)port_read(keyboard, PORT_DATA);
}

void keyboard_init(struct keyboard *keyboard, cap_t ports)
{
	uint8_t config;

	*keyboard = (struct keyboard){.ports = ports};
	if (port_read(keyboard, PORT_STATUS) == 0xff)
		return;  // there is no controller
	port_write(keyboard, PORT_STATUS, COMMAND_SECOND_OFF);
	empty(keyboard);
	port_write(keyboard, PORT_STATUS, COMMAND_READ);
	for (unsigned n = 0; n < PATIENCE && !(port_read(keyboard, PORT_STATUS) & STATUS_FULL); n++)
		;
	config = port_read(keyboard, PORT_DATA);
	config |= CONFIG_INTERRUPT | CONFIG_TRANSLATE;
	config &= (uint8_t)~(CONFIG_SECOND_INTERRUPT | CONFIG_FIRST_OFF);
	port_write(keyboard, PORT_STATUS, COMMAND_WRITE);
	port_write(keyboard, PORT_DATA, config);
	port_write(keyboard, PORT_STATUS, COMMAND_FIRST_ON);
	empty(keyboard);
}

// Keys that change the meaning of others.
static bool modifier_decode(struct keyboard *keyboard, uint8_t code, bool is_pressed)
{
	switch (code) {
	case CODE_CONTROL:
		keyboard->control = is_pressed;
		return true;
	case CODE_SHIFT_LEFT:
	case CODE_SHIFT_RIGHT:
		keyboard->shift = is_pressed;
		return true;
	case CODE_ALT:
		keyboard->alt = is_pressed;
		return true;
	case CODE_CAPS:
		keyboard->has_caps ^= is_pressed;
		return true;
	default:
		return false;
	}
}

static unsigned special_find(uint8_t code)
{
	if (code >= 0x3b && code <= 0x44)
		return KEY_FUNCTION + 1 + code - 0x3bu;
	for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++)
		if (specials[i].code == code)
			return specials[i].special;
	return KEY_NONE;
}

// With Ctrl a key means a control character, where there is one.
static void control_apply(struct key *key)
{
	uint32_t c = key->character;

	if (c == ' ' || c == '@')
		*key = (struct key){.special = KEY_NUL, .alt = key->alt};
	else if (c > '@' && c < 0x7f)
		key->character = c & 0x1f;
	else if (c == '/')
		key->character = 0x1f;
}

static uint32_t character_find(const struct keyboard *keyboard, uint8_t code)
{
	uint32_t c = code < sizeof(plain) ? (uint8_t)plain[code] : 0;
	bool shift = keyboard->shift;

	if (!c)
		return 0;
	if (c >= 'a' && c <= 'z')
		shift ^= keyboard->has_caps;
	return shift ? (uint8_t)shifted[code] : c;
}

bool keyboard_decode(struct keyboard *keyboard, uint8_t code, struct key *key)
{
	bool is_extended = keyboard->is_extended, is_pressed = !(code & CODE_RELEASED);
	uint8_t number = code & (CODE_RELEASED - 1);

	keyboard->is_extended = code == CODE_EXTENDED;
	if (keyboard->skip) {
		keyboard->skip--;
		return false;
	}
	if (code == CODE_PAUSE)
		keyboard->skip = 2;
	if (code == CODE_EXTENDED || code == CODE_PAUSE)
		return false;
	// An extended shift is no key: some keys send it around their own code.
	if (is_extended && (number == CODE_SHIFT_LEFT || number == CODE_SHIFT_RIGHT))
		return false;
	if (modifier_decode(keyboard, number, is_pressed) || !is_pressed)
		return false;
	*key = (struct key){.special = special_find(number), .shift = keyboard->shift,
			    .alt = keyboard->alt, .control = keyboard->control};
	if (!key->special)
		key->character = character_find(keyboard, number);
	if (key->control && !key->special)
		control_apply(key);
	return key->special || key->character;
}

bool keyboard_read(struct keyboard *keyboard, struct key *key)
{
	for (unsigned n = 0; n < BYTES_MAX; n++) {
		uint8_t status = port_read(keyboard, PORT_STATUS), code;

		if (status == 0xff || !(status & STATUS_FULL))
			return false;
		code = port_read(keyboard, PORT_DATA);
		if (!(status & STATUS_SECOND) && keyboard_decode(keyboard, code, key))
			return true;
	}
	return false;
}
