// Free slots of the own CSpace: a bitmap. Threads of different priorities come here, so nothing is
// locked: a slot is taken by whoever sets its bit.
#include <stdatomic.h>

#include "lib/rt/rt.h"

#define SLOT_MAX 65536u

static _Atomic uint64_t taken[SLOT_MAX / 64];
static uint32_t slot_first, slot_count;
static _Atomic uint32_t hint;  // where to look first: only a guess

void slot_init(uint32_t first, uint32_t count)
{
	slot_first = first;
	slot_count = count < SLOT_MAX ? count : SLOT_MAX;
}

static bool bit_take(uint32_t i)
{
	uint64_t bit = 1ull << (i % 64);

	return !(atomic_fetch_or(&taken[i / 64], bit) & bit);
}

static void bit_give(uint32_t i)
{
	atomic_fetch_and(&taken[i / 64], ~(1ull << (i % 64)));
}

cap_t slot_alloc(void)
{
	uint32_t start = hint < slot_count ? hint : 0;

	for (uint32_t n = 0; n < slot_count; n++) {
		uint32_t i = start + n < slot_count ? start + n : start + n - slot_count;

		if (taken[i / 64] == ~0ull) {
			n += 63 - i % 64;
			continue;
		}
		if (bit_take(i)) {
			hint = i + 1;
			return slot_first + i;
		}
	}
	return 0;
}

// Take `count` bits from i on; false, with none taken, when one is not free.
static bool run_take(uint32_t i, uint32_t count)
{
	for (uint32_t n = 0; n < count; n++) {
		if (bit_take(i + n))
			continue;
		while (n--)
			bit_give(i + n);
		return false;
	}
	return true;
}

cap_t slot_alloc_run(uint32_t count)
{
	for (uint32_t i = 0; count && count <= slot_count && i <= slot_count - count; i++) {
		if (taken[i / 64] == ~0ull)
			i |= 63;
		else if (run_take(i, count))
			return slot_first + i;
	}
	return 0;
}

void slot_free(cap_t slot)
{
	if (slot < slot_first || slot - slot_first >= slot_count)
		return;
	bit_give(slot - slot_first);
	if (slot - slot_first < hint)
		hint = slot - slot_first;
}
