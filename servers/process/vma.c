// Areas of an address space.
#include "servers/process/vma.h"

#include <stdlib.h>
#include <string.h>

#include "servers/process/check.h"

#define PAGE_SHIFT 12

void backing_get(struct backing *backing)
{
	if (backing)
		backing->references++;
}

void backing_put(struct backing *backing)
{
	if (backing && --backing->references == 0)
		backing->destroy(backing);
}

static uint64_t vma_charge(const struct vma *vma)
{
	return vma->flags & VMA_CHARGED ? (vma->end - vma->start) >> PAGE_SHIFT : 0;
}

// Flags that the protection brings with it: what was writable once stays charged.
static uint8_t flags_charged(const struct vma *vma, uint8_t prot)
{
	bool counts = !(vma->flags & VMA_LAZY) && !(vma->flags & VMA_FILE && vma->flags & VMA_SHARED);

	return (uint8_t)(counts && prot & VMA_WRITE ? vma->flags | VMA_CHARGED : vma->flags);
}

bool vma_reserve(struct vma_list *list, uint32_t extra)
{
	uint32_t need = list->count + extra;

	if (need > VMA_MAX)
		return false;
	if (need <= list->capacity)
		return true;

	uint32_t capacity = list->capacity ? list->capacity * 2 : 16;

	if (capacity < need)
		capacity = need;

	struct vma *items = realloc(list->items, capacity * sizeof(*items));

	if (!items)
		return false;
	list->items = items;
	list->capacity = capacity;
	return true;
}

static uint32_t index_next(const struct vma_list *list, uint64_t address)
{
	uint32_t low = 0, high = list->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (list->items[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct vma *vma_next(const struct vma_list *list, uint64_t address)
{
	uint32_t i = index_next(list, address);

	return i < list->count ? &list->items[i] : NULL;
}

struct vma *vma_find(const struct vma_list *list, uint64_t address)
{
	struct vma *vma = vma_next(list, address);

	return vma && vma->start <= address ? vma : NULL;
}

bool vma_covers(const struct vma_list *list, uint64_t start, uint64_t end)
{
	for (uint32_t i = index_next(list, start); start < end; i++) {
		if (i >= list->count || list->items[i].start > start)
			return false;
		start = list->items[i].end;
	}
	return true;
}

bool vma_is_free(const struct vma_list *list, uint64_t start, uint64_t end)
{
	struct vma *vma = vma_next(list, start);

	return !vma || vma->start >= end;
}

static bool vma_fits(const struct vma *left, const struct vma *right)
{
	if (left->end != right->start || left->prot != right->prot || left->flags != right->flags ||
	    left->backing != right->backing)
		return false;
	return !left->backing || (left->offset + (left->end - left->start) == right->offset &&
				  left->valid_end == right->valid_end);
}

static void item_open(struct vma_list *list, uint32_t at)
{
	CHECK(list->count < list->capacity);
	memmove(&list->items[at + 1], &list->items[at], (list->count - at) * sizeof(struct vma));
	list->count++;
}

static void item_close(struct vma_list *list, uint32_t at)
{
	list->count--;
	memmove(&list->items[at], &list->items[at + 1], (list->count - at) * sizeof(struct vma));
}

// Merge item `at` with the one after it, when they fit.
static void item_merge(struct vma_list *list, uint32_t at)
{
	if (at + 1 >= list->count || !vma_fits(&list->items[at], &list->items[at + 1]))
		return;

	struct backing *backing = list->items[at + 1].backing;

	list->items[at].end = list->items[at + 1].end;
	item_close(list, at + 1);
	backing_put(backing);
}

// Make `address` a border between areas, when it lies inside one.
static void item_split(struct vma_list *list, uint64_t address)
{
	uint32_t i = index_next(list, address);

	if (i >= list->count || list->items[i].start >= address)
		return;
	item_open(list, i);
	list->items[i] = list->items[i + 1];
	list->items[i].end = address;
	list->items[i + 1].offset += address - list->items[i + 1].start;
	list->items[i + 1].start = address;
	backing_get(list->items[i].backing);
}

void vma_insert(struct vma_list *list, const struct vma *vma)
{
	uint32_t i = index_next(list, vma->start);

	CHECK(vma->start < vma->end && vma_is_free(list, vma->start, vma->end));
	item_open(list, i);
	list->items[i] = *vma;
	list->items[i].flags = flags_charged(vma, vma->prot);
	list->charged += vma_charge(&list->items[i]);
	list->has_shared = list->has_shared || vma->flags & VMA_SHARED;
	backing_get(vma->backing);
	item_merge(list, i);
	if (i > 0)
		item_merge(list, i - 1);
}

void vma_remove(struct vma_list *list, uint64_t start, uint64_t end)
{
	item_split(list, start);
	item_split(list, end);

	uint32_t first = index_next(list, start), last = first;

	for (; last < list->count && list->items[last].start < end; last++) {
		list->charged -= vma_charge(&list->items[last]);
		backing_put(list->items[last].backing);
	}
	memmove(&list->items[first], &list->items[last], (list->count - last) * sizeof(struct vma));
	list->count -= last - first;
}

void vma_protect(struct vma_list *list, uint64_t start, uint64_t end, uint8_t prot)
{
	item_split(list, start);
	item_split(list, end);

	uint32_t first = index_next(list, start), i = first;

	for (; i < list->count && list->items[i].start < end; i++) {
		struct vma *vma = &list->items[i];

		list->charged -= vma_charge(vma);
		vma->prot = prot;
		vma->flags = flags_charged(vma, prot);
		list->charged += vma_charge(vma);
	}
	for (; i > first; i--)
		item_merge(list, i - 1);
	if (first > 0)
		item_merge(list, first - 1);
}

uint64_t vma_protect_cost(const struct vma_list *list, uint64_t start, uint64_t end, uint8_t prot)
{
	uint64_t pages = 0;

	for (uint32_t i = index_next(list, start); i < list->count && list->items[i].start < end; i++) {
		const struct vma *vma = &list->items[i];
		uint64_t low = vma->start > start ? vma->start : start;
		uint64_t high = vma->end < end ? vma->end : end;

		if (flags_charged(vma, prot) & ~vma->flags & VMA_CHARGED)
			pages += (high - low) >> PAGE_SHIFT;
	}
	return pages;
}

void vma_flag(struct vma_list *list, uint64_t start, uint64_t end, uint8_t set, uint8_t clear)
{
	item_split(list, start);
	item_split(list, end);

	uint32_t first = index_next(list, start), i = first;

	for (; i < list->count && list->items[i].start < end; i++)
		list->items[i].flags = (uint8_t)((list->items[i].flags | set) & ~clear);
	for (; i > first; i--)
		item_merge(list, i - 1);
	if (first > 0)
		item_merge(list, first - 1);
}

uint64_t vma_pages(const struct vma_list *list, uint64_t limit, uint8_t prot, uint8_t flags_mask, uint8_t flags)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < list->count && list->items[i].start < limit; i++) {
		const struct vma *vma = &list->items[i];

		if ((vma->prot & prot) == prot && (vma->flags & flags_mask) == flags)
			pages += (vma->end - vma->start) >> PAGE_SHIFT;
	}
	return pages;
}

uint64_t vma_gap_find(const struct vma_list *list, uint64_t length, uint64_t low, uint64_t high)
{
	uint64_t top = high;

	for (uint32_t i = index_next(list, high);; i--) {
		if (i < list->count && list->items[i].start < top)
			top = list->items[i].start;

		uint64_t bottom = i > 0 ? list->items[i - 1].end : 0;

		if (bottom < low)
			bottom = low;
		if (bottom < top && top - bottom >= length)
			return top - length;
		if (i == 0 || top <= low)
			return 0;
	}
}

bool vma_copy(struct vma_list *to, const struct vma_list *from, uint64_t limit)
{
	uint32_t end = index_next(from, limit), count = 0;

	for (uint32_t i = 0; i < end; i++)
		count += !(from->items[i].flags & VMA_NO_FORK);
	if (!vma_reserve(to, count))
		return false;
	memmove(&to->items[count], to->items, to->count * sizeof(struct vma));
	to->count += count;
	for (uint32_t i = 0, at = 0; i < end; i++) {
		if (from->items[i].flags & VMA_NO_FORK)
			continue;
		to->items[at] = from->items[i];
		to->items[at].flags &= (uint8_t)~VMA_LOCKED;
		to->charged += vma_charge(&to->items[at]);
		backing_get(to->items[at].backing);
		at++;
	}
	to->has_shared = to->has_shared || from->has_shared;
	return true;
}

void vma_clear(struct vma_list *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		backing_put(list->items[i].backing);
	free(list->items);
	*list = (struct vma_list){0};
}
