// sources: drivers/pc_console/font.c drivers/pc_console/keyboard.c lib/boot/framebuffer.c lib/boot/command_line.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "abi/gen/stubs.h"
#include "drivers/pc_console/font.h"
#include "drivers/pc_console/keyboard.h"
#include "lib/boot/command_line.h"
#include "protocol/framebuffer.h"

// What the controller's status and data ports say, in turn; all ones at the end.
static const uint8_t *bytes_of_controller;
static size_t byte_count;

err_t sys_invoke(unsigned number, cap_t cap, cap_t reply, struct msg *m)
{
	(void)number;
	(void)cap;
	(void)reply;
	if (tag_label(m->tag) != METHOD_IOPORT_IN)
		return OK;
	if (m->words[0] == 4) {
		m->words[0] = byte_count > 0;
	} else {
		m->words[0] = 0xff;
		if (byte_count) {
			m->words[0] = *bytes_of_controller++;
			byte_count--;
		}
	}
	return OK;
}

static struct keyboard keyboard;

static void codes_set(const uint8_t *codes, size_t count)
{
	bytes_of_controller = codes;
	byte_count = count;
}

static void assert_key(uint32_t character, unsigned special)
{
	struct key key;

	assert_true(keyboard_read(&keyboard, &key));
	assert_int_equal(key.character, character);
	assert_int_equal(key.special, special);
}

static void keys_mean_characters(void **state)
{
	static const uint8_t codes[] = {0x1e, 0x9e,                    // a
					0x2a, 0x1e, 0x9e, 0x03, 0xaa,  // Shift: A, @
					0x3a, 0xba, 0x1e, 0x02,        // Caps Lock: A, and 1 as ever
					0x36, 0x1e, 0xb6, 0x3a};       // with Shift: a again
	struct key key;

	(void)state;
	keyboard = (struct keyboard){0};
	codes_set(codes, sizeof(codes));
	for (const char *c = "aA@A1a"; *c; c++)
		assert_key((uint8_t)*c, KEY_NONE);
	assert_false(keyboard_read(&keyboard, &key));
}

static void keys_mean_control_characters(void **state)
{
	static const uint8_t codes[] = {0x1d, 0x2e, 0x39, 0x1b, 0x35, 0x02, 0x9d, 0x2e};

	(void)state;
	keyboard = (struct keyboard){0};
	codes_set(codes, sizeof(codes));
	assert_key(3, KEY_NONE);       // Ctrl-C
	assert_key(0, KEY_NUL);        // Ctrl-Space
	assert_key(0x1d, KEY_NONE);    // Ctrl-]
	assert_key(0x1f, KEY_NONE);    // Ctrl-/
	assert_key('1', KEY_NONE);     // there is no Ctrl-1
	assert_key('c', KEY_NONE);
}

static void extended_codes_and_sequences(void **state)
{
	static const uint8_t codes[] = {0xe0, 0x48, 0xe0, 0xc8,              // up
					0xe0, 0x2a, 0xe0, 0x53, 0xe0, 0xaa,  // Delete, in a shift of its own
					0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5,  // Pause: nothing
					0x3b, 0x58, 0x1e};                   // F1, F12, a: no Ctrl is held
	struct key key;

	(void)state;
	keyboard = (struct keyboard){0};
	codes_set(codes, sizeof(codes));
	assert_key(0, KEY_UP);
	assert_key(0, KEY_DELETE);
	assert_key(0, KEY_FUNCTION + 1);
	assert_key(0, KEY_FUNCTION + 12);
	assert_key('a', KEY_NONE);
	assert_false(keyboard_read(&keyboard, &key));
}

static void every_code_is_harmless(void **state)
{
	struct key key;

	(void)state;
	keyboard = (struct keyboard){0};
	for (unsigned i = 0; i < 0x20000; i++)
		if (keyboard_decode(&keyboard, (uint8_t)(i * 2654435761u >> 13), &key))
			assert_true(key.special <= KEY_FUNCTION + 12 && (key.special || key.character < 0x7f));
}

static uint8_t file[4 + 512 * 16 + 64];

static size_t font_make(void)
{
	uint8_t *table = file + 4 + 256 * 16;

	memset(file, 0, sizeof(file));
	memcpy(file, "\x36\x04\x02\x10", 4);
	memset(file + 4 + 3 * 16, 0x81, 16);
	memset(file + 4 + 5 * 16, 0x3f, 16);
	for (unsigned glyph = 0; glyph < 8; glyph++) {
		if (glyph == 3)
			memcpy(table, "\x41\x00\x91\x03\xfe\xff\x42\x00", 8), table += 8;  // A, Alpha, a sequence
		if (glyph == 5)
			memcpy(table, "?\0", 2), table += 2;
		memcpy(table, "\xff\xff", 2), table += 2;
	}
	return (size_t)(table - file);
}

static void characters_have_glyphs(void **state)
{
	static struct font font;
	size_t size = font_make();

	(void)state;
	assert_true(font_open(&font, file, size));
	assert_int_equal(font.height, 16);
	assert_int_equal(font_find(&font, 'A')[15], 0x81);
	assert_int_equal(font_find(&font, 0x391)[0], 0x81);
	assert_int_equal(font_find(&font, ' ')[0], 0);
	for (const uint32_t *c = (const uint32_t[]){'B', 0x2fff, 0x10ffff, UINT32_MAX, 0}; *c; c++)
		assert_int_equal(font_find(&font, *c)[0], 0x3f);  // a question mark
}

static void what_is_no_font_is_refused(void **state)
{
	static struct font font;
	size_t size = font_make();

	(void)state;
	assert_false(font_open(&font, file, 3));
	assert_false(font_open(&font, file, 4 + 256 * 16 - 1));
	file[3] = 0;
	assert_false(font_open(&font, file, size));
	file[3] = 33;
	assert_false(font_open(&font, file, size));
	file[3] = 16;
	file[0] = 0;
	assert_false(font_open(&font, file, size));
}

static void framebuffers_are_read(void **state)
{
	struct framebuffer f;

	(void)state;
	assert_true(framebuffer_parse("a=b framebuffer=0xfd000000,1024,768,0x1000,32,16,8,0 c", &f));
	assert_int_equal(f.address, 0xfd000000);
	assert_int_equal(f.width, 1024);
	assert_int_equal(f.pitch, 4096);
	assert_int_equal(f.red, 16);
	assert_int_equal(framebuffer_bytes(&f), 4096 * 768);
	assert_true(framebuffer_parse("framebuffer=1,8,8,24,24,0,8,16", &f));
}

static void what_is_no_framebuffer_is_refused(void **state)
{
	static const char *const lines[] = {
		"", "framebuffer=", "xframebuffer=1,8,8,32,32,0,8,16", "framebuffer=1,8,8,32,32,0,8",
		"framebuffer=1,8,8,32,32,0,8,16,3", "framebuffer=1,8,8,32,32,0,8,x",
		"framebuffer=1,7,8,32,32,0,8,16", "framebuffer=1,8,20000,32,32,0,8,16",
		"framebuffer=1,8,8,31,32,0,8,16", "framebuffer=1,8,8,32,16,0,8,16",
		"framebuffer=1,8,8,32,24,0,8,17", "framebuffer=-1,8,8,32,32,0,8,16",
		"framebuffer=1,8,8,99999999999999999999,32,0,8,16",
	};
	struct framebuffer f;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_false(framebuffer_parse(lines[i], &f));
}

static void words_are_found_whole(void **state)
{
	(void)state;
	assert_string_equal(command_line_find("  program=/a program=/b", "program="), "/a program=/b");
	assert_null(command_line_find("myprogram=/a", "program="));
	assert_null(command_line_find("", "program="));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_mean_characters),
		cmocka_unit_test(keys_mean_control_characters),
		cmocka_unit_test(extended_codes_and_sequences),
		cmocka_unit_test(every_code_is_harmless),
		cmocka_unit_test(characters_have_glyphs),
		cmocka_unit_test(what_is_no_font_is_refused),
		cmocka_unit_test(framebuffers_are_read),
		cmocka_unit_test(what_is_no_framebuffer_is_refused),
		cmocka_unit_test(words_are_found_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
