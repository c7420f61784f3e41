#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "servers/supervisor/block.h"

#define BLOCK_MAX 1024
#define BITS_MIN 12

struct block {
	cap_t slot;
	uint8_t bits;
	uint8_t owner;
	bool is_used;
};

static struct block blocks[BLOCK_MAX];
static unsigned block_count;

void block_init(const struct abi_boot_info *boot)
{
	for (uint32_t i = 0; i < boot->untyped_count && i < BOOT_UNTYPED_MAX; i++)
		if (boot->untyped[i].size_bits >= BITS_MIN)
			blocks[block_count++] = (struct block){
				.slot = boot->untyped[i].slot,
				.bits = (uint8_t)boot->untyped[i].size_bits,
			};
}

static struct block *block_find(unsigned bits)
{
	struct block *best = NULL;

	for (unsigned i = 0; i < block_count; i++) {
		struct block *b = &blocks[i];

		if (!b->is_used && b->bits >= bits && (!best || b->bits < best->bits))
			best = b;
	}
	return best;
}

// Make two blocks of one: the first takes its place in the table.
static bool block_split(struct block *b)
{
	cap_t first;

	if (block_count == BLOCK_MAX)
		return false;
	first = slot_alloc_run(2);
	if (!first || untyped_retype(b->slot, TYPE_UNTYPED, b->bits - 1u, 2, BOOT_SLOT_CNODE, first,
				     NULL))
		return false;
	b->bits--;
	b->slot = first;
	blocks[block_count++] = (struct block){.slot = first + 1, .bits = b->bits};
	return true;
}

cap_t block_alloc(unsigned owner, unsigned bits)
{
	struct block *b = block_find(bits);

	if (!b)
		return 0;
	while (b->bits > bits)
		if (!block_split(b))
			return 0;
	b->is_used = true;
	b->owner = (uint8_t)owner;
	return b->slot;
}

void block_free_all(unsigned owner)
{
	for (unsigned i = 0; i < block_count; i++) {
		struct block *b = &blocks[i];

		if (!b->is_used || b->owner != owner)
			continue;
		if (!cnode_revoke(BOOT_SLOT_CNODE, b->slot) && !untyped_reset(b->slot))
			b->is_used = false;
	}
}

uint64_t block_free_bytes(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < block_count; i++)
		if (!blocks[i].is_used)
			sum += 1ull << blocks[i].bits;
	return sum;
}

unsigned bits_up(uint64_t bytes)
{
	unsigned bits = BITS_MIN;

	while (bits < 62 && 1ull << bits < bytes)
		bits++;
	return bits;
}

unsigned bits_down(uint64_t bytes)
{
	unsigned bits = 0;

	while (bits < 62 && 2ull << bits <= bytes)
		bits++;
	return bits;
}
