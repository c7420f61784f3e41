// sources: servers/terminal/line.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "servers/terminal/line.h"
#include "servers/terminal/linux_tty.h"

static struct line line;
static char echoed[16384];
static size_t echo_count;
static int last_signal;

static void on_echo(void *context, const char *bytes, uint32_t count)
{
	(void)context;
	memcpy(echoed + echo_count, bytes, count);
	echo_count += count;
	echoed[echo_count] = 0;
}

static void on_signal(void *context, int number)
{
	(void)context;
	last_signal = number;
}

static int setup(void **state)
{
	const struct line_sink sink = {on_echo, on_signal, NULL, NULL};

	(void)state;
	line_init(&line, &sink);
	echo_count = 0;
	echoed[0] = 0;
	last_signal = 0;
	return 0;
}

static void type(const char *text)
{
	for (; *text; text++)
		line_input(&line, (uint8_t)*text);
}

static void expect_read(uint32_t size, const char *text)
{
	uint8_t got[8192];
	uint32_t used, count = line_peek(&line, got, size, &used);

	assert_int_equal(count, strlen(text));
	assert_memory_equal(got, text, count);
	line_take(&line, used);
}

static void nothing_is_read_before_the_line_ends(void **state)
{
	bool ended;

	(void)state;
	type("ab");
	assert_int_equal(line_available(&line, &ended), 0);
	type("\r");
	expect_read(100, "ab\n");
	assert_string_equal(echoed, "ab\n");
}

static void reads_take_one_line_each_and_may_take_part_of_it(void **state)
{
	(void)state;
	type("one\ntwo\n");
	expect_read(2, "on");
	expect_read(100, "e\n");
	expect_read(100, "two\n");
}

static void erase_kill_and_word_erase_edit_the_line(void **state)
{
	(void)state;
	type("abx\x7f" "c\n");
	expect_read(100, "abc\n");
	type("wrong\x15right\n");
	expect_read(100, "right\n");
	type("one two\x17three\n");
	expect_read(100, "one three\n");
}

static void erase_echoes_the_width_of_what_it_takes(void **state)
{
	(void)state;
	type("a\x01\x7f");
	assert_string_equal(echoed, "a^A\b \b\b \b");
	setup(state);
	type("\xc3\xa9\x7f");
	assert_string_equal(echoed, "\xc3\xa9\b \b");
	expect_read(100, "");
	setup(state);
	type("ab\t\x7f");
	assert_int_equal(line.column, 2);
}

static void end_of_file_ends_the_line_or_the_file(void **state)
{
	bool ended;

	(void)state;
	type("ab\x04");
	assert_int_equal(line_available(&line, &ended), 2);
	assert_false(ended);
	expect_read(2, "ab");
	assert_int_equal(line_available(&line, &ended), 0);
	assert_false(ended);
	type("\x04");
	assert_int_equal(line_available(&line, &ended), 0);
	assert_true(ended);
	expect_read(100, "");
	line_available(&line, &ended);
	assert_false(ended);
}

static void interrupt_signals_and_flushes(void **state)
{
	(void)state;
	type("abc\x03");
	assert_int_equal(last_signal, TTY_SIGINT);
	assert_string_equal(echoed, "abc^C");
	type("d\n");
	expect_read(100, "d\n");
	type("\x1a");
	assert_int_equal(last_signal, TTY_SIGTSTP);
}

static void raw_mode_gives_every_byte_at_once(void **state)
{
	struct line_settings raw = line.settings;
	bool ended;

	(void)state;
	raw.input = raw.local = raw.output = 0;
	line_set(&line, &raw);
	type("\x03\r\x7f");
	assert_int_equal(line_available(&line, &ended), 3);
	expect_read(100, "\x03\r\x7f");
	assert_int_equal(echo_count, 0);
}

static void a_line_too_long_can_still_be_ended(void **state)
{
	uint8_t got[8192];
	uint32_t used;

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		assert_true(line_has_room(&line));
		line_input(&line, 'x');
	}
	type("\n");
	assert_int_equal(line_peek(&line, got, sizeof(got), &used), LINE_SIZE);
	assert_int_equal(got[LINE_SIZE - 1], '\n');
}

static void output_ends_lines_with_carriage_return(void **state)
{
	uint8_t out[16];
	uint32_t used;

	(void)state;
	assert_int_equal(line_output(&line, (const uint8_t *)"a\nb", 3, out, 16, true, &used), 4);
	assert_memory_equal(out, "a\r\nb", 4);
	assert_int_equal(line_output(&line, (const uint8_t *)"a\nb", 3, out, 16, false, &used), 3);
	assert_int_equal(line_output(&line, (const uint8_t *)"abcdef", 6, out, 3, true, &used), 2);
	assert_int_equal(used, 2);
}

static void literal_next_takes_control_characters(void **state)
{
	(void)state;
	type("\x16\x03\n");
	assert_int_equal(last_signal, 0);
	expect_read(100, "\x03\n");
}

static void stop_and_start_hold_output(void **state)
{
	(void)state;
	type("\x13");
	assert_true(line.stopped);
	type("\x11");
	assert_false(line.stopped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_read_before_the_line_ends, setup),
		cmocka_unit_test_setup(reads_take_one_line_each_and_may_take_part_of_it, setup),
		cmocka_unit_test_setup(erase_kill_and_word_erase_edit_the_line, setup),
		cmocka_unit_test_setup(erase_echoes_the_width_of_what_it_takes, setup),
		cmocka_unit_test_setup(end_of_file_ends_the_line_or_the_file, setup),
		cmocka_unit_test_setup(interrupt_signals_and_flushes, setup),
		cmocka_unit_test_setup(raw_mode_gives_every_byte_at_once, setup),
		cmocka_unit_test_setup(a_line_too_long_can_still_be_ended, setup),
		cmocka_unit_test_setup(output_ends_lines_with_carriage_return, setup),
		cmocka_unit_test_setup(literal_next_takes_control_characters, setup),
		cmocka_unit_test_setup(stop_and_start_hold_output, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
