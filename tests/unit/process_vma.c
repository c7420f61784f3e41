// sources: servers/process/vma.c
// Areas against a model: an array with a byte for each page.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "servers/process/vma.h"

#define PAGES 256
#define PAGE 4096ull
#define BACKINGS 3

static uint8_t model[PAGES];  // 0: free, else 1 + prot + 8 * backing
static uint64_t model_offset[PAGES];
static uint32_t seed = 12345;
static int destroyed;

static uint32_t random_get(uint32_t limit)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % limit;
}

static void destroy(struct backing *b)
{
	(void)b;
	destroyed++;
}

static void model_check(const struct vma_list *list, struct backing *backings)
{
	uint64_t charged = 0;

	for (uint32_t i = 0; i < list->count; i++) {
		const struct vma *v = &list->items[i];

		assert_true(v->start < v->end && (i == 0 || list->items[i - 1].end <= v->start));
		if (v->flags & VMA_CHARGED)
			charged += (v->end - v->start) / PAGE;
	}
	assert_int_equal(charged, list->charged);
	for (uint32_t p = 0; p < PAGES; p++) {
		const struct vma *v = vma_find(list, p * PAGE + 7);

		assert_int_equal(!v, !model[p]);
		if (!v)
			continue;
		assert_int_equal(v->prot, (model[p] - 1) % 8);
		uint32_t backing = (uint32_t)(model[p] - 1) / 8;

		assert_ptr_equal(v->backing, backing ? &backings[backing] : NULL);
		if (backing)
			assert_int_equal(v->offset + (p * PAGE - v->start), model_offset[p]);
	}
}

static uint64_t model_gap(uint32_t length, uint32_t low, uint32_t high)
{
	for (uint32_t start = high - length + 1; start-- > low;) {
		uint32_t i = 0;

		while (i < length && !model[start + i])
			i++;
		if (i == length)
			return start * PAGE;
	}
	return 0;
}

static void random_operations(void **state)
{
	struct vma_list list = {0};
	struct backing backings[BACKINGS];

	(void)state;
	destroyed = 0;
	for (uint32_t i = 0; i < BACKINGS; i++)
		backings[i] = (struct backing){1, destroy};
	for (int round = 0; round < 20000; round++) {
		uint32_t start = random_get(PAGES), count = 1 + random_get(PAGES - start < 40 ? PAGES - start : 40);
		uint32_t end = start + count, prot = random_get(8), backing = random_get(BACKINGS);
		uint64_t offset = random_get(4) * PAGE;

		assert_true(vma_reserve(&list, 3));
		switch (random_get(3)) {
		case 0:
			vma_remove(&list, start * PAGE, end * PAGE);
			memset(model + start, 0, count);
			break;
		case 1: {
			uint64_t cost = vma_protect_cost(&list, start * PAGE, end * PAGE, (uint8_t)prot);
			uint64_t before = list.charged;

			vma_protect(&list, start * PAGE, end * PAGE, (uint8_t)prot);
			assert_int_equal(list.charged, before + cost);
			for (uint32_t p = start; p < end; p++)
				if (model[p])
					model[p] = (uint8_t)(1 + prot + (model[p] - 1u) / 8 * 8);
			break;
		}
		default:
			vma_remove(&list, start * PAGE, end * PAGE);
			vma_insert(&list, &(struct vma){.start = start * PAGE,
							.end = end * PAGE,
							.prot = (uint8_t)prot,
							.offset = offset,
							.backing = backing ? &backings[backing] : NULL});
			for (uint32_t p = start; p < end; p++) {
				model[p] = (uint8_t)(1 + prot + 8 * backing);
				model_offset[p] = offset + (p - start) * PAGE;
			}
		}
		if (round % 16 == 0)
			model_check(&list, backings);

		uint32_t length = 1 + random_get(12);

		assert_int_equal(vma_gap_find(&list, length * PAGE, 1 * PAGE, 200 * PAGE), model_gap(length, 1, 200));
	}
	uint32_t named[BACKINGS] = {0};

	for (uint32_t i = 0; i < list.count; i++)
		for (uint32_t b = 1; b < BACKINGS; b++)
			named[b] += list.items[i].backing == &backings[b];
	for (uint32_t b = 1; b < BACKINGS; b++)
		assert_int_equal(backings[b].references, named[b] + 1);
	struct vma_list copy = {0};

	assert_true(vma_copy(&copy, &list, 100 * PAGE));
	vma_clear(&copy);
	vma_clear(&list);
	for (uint32_t b = 1; b < BACKINGS; b++)
		assert_int_equal(backings[b].references, 1);
	assert_int_equal(destroyed, 0);
}

static void equal_neighbours_merge(void **state)
{
	struct vma_list list = {0};

	(void)state;
	assert_true(vma_reserve(&list, 4));
	vma_insert(&list, &(struct vma){.start = 0, .end = PAGE, .prot = 3});
	vma_insert(&list, &(struct vma){.start = 2 * PAGE, .end = 3 * PAGE, .prot = 3});
	vma_insert(&list, &(struct vma){.start = PAGE, .end = 2 * PAGE, .prot = 3});
	assert_int_equal(list.count, 1);
	assert_int_equal(list.charged, 3);
	assert_true(vma_covers(&list, 0, 3 * PAGE));
	assert_false(vma_covers(&list, 0, 4 * PAGE));
	assert_false(vma_reserve(&list, VMA_MAX));
	vma_clear(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations),
		cmocka_unit_test(equal_neighbours_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
