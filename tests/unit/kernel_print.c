// What print and panic write.
#include "kernel_machine.h"

static jmp_buf caught;

#define PRINTS(text, ...) do { \
	memset(host_panic_text, 0, sizeof host_panic_text); \
	print(__VA_ARGS__); \
	assert_string_equal(host_panic_text, text); \
} while (0)

static void numbers_are_printed_as_asked(void **state)
{
	(void)state;
	host_panic_jump = &caught;  // so that nothing goes to the error output
	PRINTS("0 7 -7", "%u %d %d", 0u, 7, -7);
	PRINTS("ff ffffffffffffffff", "%x %lx", 255u, ~0ul);
	PRINTS("18446744073709551615 -9223372036854775808", "%lu %ld", ~0ul, INT64_MIN);
	PRINTS("00ff   12", "%04x%5u", 255u, 12u);
	PRINTS("00000000deadbeef", "%p", (void *)0xdeadbeef);
}

static void texts_are_printed_as_asked(void **state)
{
	const char *volatile nothing = NULL;

	(void)state;
	host_panic_jump = &caught;
	PRINTS("a word, a letter: x", "a %s, a letter: %c", "word", 'x');
	PRINTS("ab  |abcdef|", "%4s|%2s|", "ab", "abcdef");
	PRINTS("(null) 100%", "%s 100%%", nothing);
}

static void a_panic_says_why_and_does_not_come_back(void **state)
{
	(void)state;
	host_panic_jump = &caught;
	memset(host_panic_text, 0, sizeof host_panic_text);
	if (!setjmp(caught)) {
		panic("%u things are wrong", 3u);
		fail();
	}
	assert_string_equal(host_panic_text, "\npith: panic: 3 things are wrong\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(numbers_are_printed_as_asked),
		TEST(texts_are_printed_as_asked),
		TEST(a_panic_says_why_and_does_not_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
