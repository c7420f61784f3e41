// sources: servers/process/elf.c
// The ELF check: good files pass, and no mutation of one gets an image out that breaks its promises.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <elf.h>

#include "servers/process/elf.h"

#define FLOOR 0x10000ull
#define LIMIT 0x700000000000ull

struct file {
	Elf64_Ehdr header;
	Elf64_Phdr segments[4];
};

static struct file good_make(void)
{
	struct file f = {.header = {.e_type = ET_EXEC,
				    .e_machine = EM_X86_64,
				    .e_entry = 0x400100,
				    .e_phoff = sizeof(Elf64_Ehdr),
				    .e_phentsize = sizeof(Elf64_Phdr),
				    .e_phnum = 3}};

	memcpy(f.header.e_ident, ELFMAG, SELFMAG);
	f.header.e_ident[EI_CLASS] = ELFCLASS64;
	f.header.e_ident[EI_DATA] = ELFDATA2LSB;
	f.segments[0] = (Elf64_Phdr){PT_LOAD, PF_R | PF_X, 0, 0x400000, 0, 0x2000, 0x2000, 0x1000};
	f.segments[1] = (Elf64_Phdr){PT_LOAD, PF_R | PF_W, 0x2e00, 0x403e00, 0, 0x300, 0x1000, 0x1000};
	f.segments[2] = (Elf64_Phdr){PT_NOTE, PF_R, 0, 0, 0, 0, 0, 0};
	return f;
}

static int check(const struct file *f, struct elf_image *image)
{
	const uint8_t *bytes = (const uint8_t *)f;

	if (elf_header_check(bytes, sizeof(*f), image))
		return -1;
	if (image->header_offset > sizeof(*f))
		return -1;
	return elf_segments_check(bytes + image->header_offset, sizeof(*f) - image->header_offset, FLOOR, LIMIT, image);
}

static void good_file(void **state)
{
	struct file f = good_make();
	struct elf_image image;

	(void)state;
	assert_int_equal(check(&f, &image), 0);
	assert_int_equal(image.load_count, 2);
	assert_int_equal(image.headers, 0x400040);
	assert_int_equal(image.loads[1].start, 0x403000);
	assert_int_equal(image.loads[1].end, 0x405000);
	assert_int_equal(image.loads[1].offset, 0x2000);
	assert_int_equal(image.loads[1].valid_end, 0x404100);
	f.segments[2].p_type = PT_INTERP;
	assert_int_equal(check(&f, &image), 0);
	assert_true(image.has_interpreter);
}

static void refused(void **state)
{
	struct file f = good_make();
	struct elf_image image;

	(void)state;
	f.segments[1].p_vaddr = 0x401e00;
	assert_int_not_equal(check(&f, &image), 0);  // overlaps
	f = good_make();
	f.segments[1].p_memsz = ~0ull - 0x1000;
	assert_int_not_equal(check(&f, &image), 0);  // wraps
	f = good_make();
	f.segments[1].p_offset++;
	assert_int_not_equal(check(&f, &image), 0);  // not congruent
	f = good_make();
	f.segments[1].p_filesz = 0x1001;
	assert_int_not_equal(check(&f, &image), 0);  // more in the file than in memory
	f = good_make();
	f.segments[1].p_vaddr = LIMIT - 0x200;
	assert_int_not_equal(check(&f, &image), 0);  // above the limit
	f = good_make();
	f.header.e_entry = 0x500000;
	assert_int_not_equal(check(&f, &image), 0);
	f = good_make();
	f.header.e_phnum = 65;
	assert_int_not_equal(check(&f, &image), 0);
	assert_int_not_equal(elf_header_check((const uint8_t *)&f, 63, &image), 0);
}

static void mutations(void **state)
{
	uint32_t seed = 1, passed = 0;

	(void)state;
	for (int round = 0; round < 400000; round++) {
		struct file f = good_make();
		struct elf_image image;

		for (int i = 0; i < 1 + round % 3; i++) {
			seed = seed * 1664525u + 1013904223u;
			((uint8_t *)&f)[(seed >> 8) % sizeof(f)] = (uint8_t)(seed >> 24 ^ seed >> 3);
		}
		if (check(&f, &image))
			continue;
		passed++;
		assert_in_range(image.load_count, 1, ELF_LOADS_MAX);
		for (uint32_t i = 0; i < image.load_count; i++) {
			const struct elf_load *l = &image.loads[i];

			assert_true(l->start < l->end && l->end <= LIMIT && l->valid_end <= l->end);
			assert_true(l->start % 4096 == 0 && l->end % 4096 == 0 && l->offset % 4096 == 0);
			assert_true(l->valid_end >= l->start && (image.is_movable || l->start >= FLOOR));
			assert_true(i == 0 || image.loads[i - 1].end <= l->start);
		}
		assert_true(image.entry >= image.low && image.entry < image.high);
	}
	assert_true(passed > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_file),
		cmocka_unit_test(refused),
		cmocka_unit_test(mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
