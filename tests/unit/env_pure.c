// sources: env/linux/descriptor.c env/linux/script.c env/linux/frame.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "env/linux/descriptor.h"
#include "env/linux/frame.h"
#include "env/linux/script.h"

static struct process_block *process_make(void)
{
	struct process_block *p = calloc(1, sizeof *p);

	assert_non_null(p);
	p->fd_limit = 64;
	p->handle_count = 40;
	return p;
}

static void handles_run_out(void **state)
{
	struct process_block *p = process_make();

	(void)state;
	for (int i = 0; i < 40; i++)
		assert_int_equal(descriptor_reserve(p), i);
	assert_int_equal(descriptor_reserve(p), -24);
	p->handles[7].references = 0;
	assert_int_equal(descriptor_reserve(p), 7);
	assert_int_equal(p->handles[7].slot, LINUX_SLOT_HANDLES + 7);
	free(p);
}

static void descriptors_are_lowest_first(void **state)
{
	struct process_block *p = process_make();
	uint64_t bitmap[LINUX_FD_MAX / 64];

	(void)state;
	assert_int_equal(descriptor_find_free(p, 0), 0);
	for (uint32_t fd = 0; fd < 64; fd++)
		descriptor_set(p, fd, fd % 5, false);
	assert_int_equal(descriptor_find_free(p, 0), -24);
	assert_int_equal(descriptor_remove(p, 9), 4);
	assert_int_equal(descriptor_remove(p, 9), -9);
	assert_int_equal(descriptor_find_free(p, 3), 9);
	assert_int_equal(descriptor_find(p, 1u << 31), -9);
	descriptor_bitmap(p, bitmap);
	assert_int_equal(bitmap[0], 31);
	p->fds[3].handle = 0xffff;  // the program may write anything
	assert_int_equal(descriptor_find(p, 3), -9);
	free(p);
}

static bool parse(const char *text, const char *interpreter, const char *argument)
{
	char i[256] = "?", a[256] = "?";

	return script_parse(text, strlen(text), i, a) && !strcmp(i, interpreter) && !strcmp(a, argument);
}

static void scripts(void **state)
{
	char head[256], i[256], a[256];

	(void)state;
	assert_true(parse("#!/bin/sh\necho", "/bin/sh", ""));
	assert_true(parse("#! \t/bin/sh  -e x \t\n", "/bin/sh", "-e x"));
	assert_true(parse("#!/bin/sh", "/bin/sh", ""));
	assert_false(parse("#!", "", ""));
	assert_false(parse("#!   \n/bin/sh", "", ""));
	memset(head, 'a', sizeof head);
	memcpy(head, "#!", 2);
	assert_false(script_parse(head, sizeof head, i, a));
	head[100] = ' ';
	assert_true(script_parse(head, sizeof head, i, a));
	assert_int_equal(strlen(i), 98);
	assert_int_equal(strlen(a), 155);
}

static void frames_there_and_back(void **state)
{
	struct linux_thread t = {0}, u = {0};
	struct linux_sigaction action = {.restorer = 0x1234};
	struct linux_siginfo info = {.signo = 11, .code = 1, .value = 0xdead};
	struct signal_frame frame;
	uint64_t fp, sp;

	(void)state;
	for (int i = 0; i < 18; i++)
		t.regs[i] = 0x1000u * (unsigned)(i + 1);
	t.regs[REGISTER_SP] = 0x7000003;
	t.sigmask = 0xff0;
	sp = frame_place(&t, &action, 512, &fp);
	assert_true(sp % 16 == 8 && fp % 64 == 0 && fp + 512 <= 0x7000003 - 128 && sp + sizeof frame <= fp);
	frame_fill(&frame, &t, 11, &info, &action);
	assert_int_equal(frame.restorer, 0x1234);
	assert_int_equal(frame.info.rest[0], 0xdead);
	assert_int_equal(frame.context.cr2, 0xdead);
	frame_take(&frame, &u);
	for (int i = 0; i < 18; i++)
		if (i != REGISTER_FLAGS)
			assert_int_equal(u.regs[i], t.regs[i]);
	assert_int_equal(u.sigmask, t.sigmask & ~(1ull << 8));
	action.flags = 0x08000000;
	t.altstack_sp = 0x10000;
	t.altstack_size = 0x4000;
	sp = frame_place(&t, &action, 512, &fp);
	assert_true(sp > 0x10000 && sp < 0x14000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handles_run_out), cmocka_unit_test(descriptors_are_lowest_first),
		cmocka_unit_test(scripts), cmocka_unit_test(frames_there_and_back)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
