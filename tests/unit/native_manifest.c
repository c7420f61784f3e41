// sources: servers/supervisor/manifest.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "servers/supervisor/manifest.h"

static struct manifest manifest;
static struct manifest_error error;

static bool parse(const char *text)
{
	return manifest_parse(text, strlen(text), &manifest, &error);
}

static void the_manifest_of_the_system_is_right(void **state)
{
	static char text[16384];
	FILE *file = fopen("servers/supervisor/manifest", "r");
	size_t length;

	(void)state;
	assert_non_null(file);
	length = fread(text, 1, sizeof(text), file);
	fclose(file);
	assert_true(manifest_parse(text, length, &manifest, &error));
	assert_int_equal(manifest.count, 6);
	assert_int_equal(manifest_find(&manifest, "process"), 3);
	assert_int_equal(manifest.components[3].memory.percent, 64);
	assert_int_equal(manifest.components[3].more_slots, 65536);
	assert_int_equal(manifest.components[1].pci, 0x1af41043);
	assert_int_equal(manifest.components[4].use_count, 3);
}

static void errors_are_named_by_line(void **state)
{
	(void)state;
	assert_false(parse("# nothing\ncomponent a\n\tprogram x\n\tpriority 64\n"));
	assert_int_equal(error.line, 4);
	assert_false(parse("priority 1\n"));
	assert_int_equal(error.line, 1);
	assert_false(parse("component a\nprogram x\nfrobnicate\n"));
	assert_int_equal(error.line, 3);
	assert_false(parse("component a\nprogram x\ncomponent a\n"));
	assert_int_equal(error.line, 3);
	assert_false(parse("component a\nprogram x\nuses b badge 1 as b\n"));
	assert_false(parse("component a\n"));
}

static void amounts_are_bytes_or_shares(void **state)
{
	(void)state;
	assert_true(parse("component a\nprogram x\nheap 2M\nmemory 10%\nuntyped 3% 64K 1M"));
	assert_int_equal(manifest.components[0].heap.bytes, 2 << 20);
	assert_int_equal(manifest.components[0].memory.percent, 10);
	assert_int_equal(manifest.components[0].untyped.bytes, 64 << 10);
	assert_int_equal(manifest.components[0].untyped.most, 1 << 20);
	assert_false(parse("component a\nprogram x\nheap 2X"));
	assert_false(parse("component a\nprogram x\nheap 101%"));
	assert_false(parse("component a\nprogram x\nheap 99999999999999999999"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manifest_of_the_system_is_right),
		cmocka_unit_test(errors_are_named_by_line),
		cmocka_unit_test(amounts_are_bytes_or_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
