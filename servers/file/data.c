#include "servers/file/data.h"

#include "servers/file/heap.h"
#include "servers/file/inode.h"

// The first extent that ends behind the page.
static uint32_t extent_find(const struct data *data, uint32_t index)
{
	uint32_t low = 0, high = data->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct extent *e = &data->extents[middle];

		if (e->first + e->count <= index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct place data_find(const struct data *data, uint32_t index)
{
	uint32_t i = extent_find(data, index);
	uint32_t limit = i < data->count ? data->extents[i].first : UINT32_MAX;

	if (limit <= index) {
		const struct extent *e = &data->extents[i];
		uint32_t skip = index - e->first;

		return (struct place){PLACE_STORE, e->page + skip, e->count - skip};
	}
	if (index >= data->base_count)
		return (struct place){PLACE_HOLE, 0, limit - index};
	if (limit > data->base_count)
		limit = data->base_count;
	return (struct place){PLACE_IMAGE, data->base + index, limit - index};
}

uint64_t data_pages(const struct data *data)
{
	uint64_t pages = data->base_count;

	for (uint32_t i = 0; i < data->count; i++) {
		const struct extent *e = &data->extents[i];
		uint32_t end = e->first + e->count;
		uint32_t from = e->first > data->base_count ? e->first : data->base_count;

		if (end > from)
			pages += end - from;
	}
	return pages;
}

uint64_t data_own_pages(const struct data *data)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < data->count; i++)
		pages += data->extents[i].count;
	return pages;
}

// Make room for one more extent.
static bool extent_reserve(struct data *data)
{
	if (data->count < data->room)
		return true;

	uint32_t room = data->room ? data->room * 2 : 2;
	struct extent *extents = heap_get(room * sizeof *extents, HEAP_NORMAL);

	if (!extents)
		return false;
	if (data->count > 0)
		memcpy(extents, data->extents, data->count * sizeof *extents);
	heap_put(data->extents, data->room * sizeof *extents);
	data->extents = extents;
	data->room = room;
	return true;
}

// Put store page `page` in as page `index`, before extent i; there is room for an extent.
static void extent_add(struct data *data, uint32_t i, uint32_t index, uint32_t page)
{
	struct extent *next = &data->extents[i];
	struct extent *last = i > 0 ? next - 1 : NULL;

	if (last && last->first + last->count == index && last->page + last->count == page) {
		last->count++;
		return;
	}
	if (i < data->count && next->first == index + 1 && next->page == page + 1) {
		next->first--;
		next->page--;
		next->count++;
		return;
	}
	memmove(next + 1, next, (data->count - i) * sizeof *next);
	*next = (struct extent){index, page, 1};
	data->count++;
}

// A page of the file that may be written; null: no memory. `whole`: all of it will be.
static uint8_t *page_own(struct fs *fs, struct inode *inode, uint32_t index, bool whole)
{
	struct data *data = &inode->data;
	struct place place = data_find(data, index);

	if (place.kind == PLACE_STORE)
		return store_address(&fs->store, place.page);
	if (inode->super->page_limit && inode->super->pages >= inode->super->page_limit)
		return NULL;
	if (!extent_reserve(data))
		return NULL;

	uint32_t i = extent_find(data, index), after = 0;

	if (i > 0 && data->extents[i - 1].first + data->extents[i - 1].count == index)
		after = data->extents[i - 1].page + data->extents[i - 1].count - 1;

	uint32_t page = store_get_data(&fs->store, after);

	if (page == 0)
		return NULL;

	uint8_t *bytes = store_address(&fs->store, page);

	if (place.kind == PLACE_IMAGE) {
		fs->unshare(fs, inode);
		memcpy(bytes, fs->image.base + (uint64_t)place.page * PAGE, PAGE);
	} else if (!whole) {
		memset(bytes, 0, PAGE);
	}
	extent_add(data, i, index, page);
	inode->super->pages++;
	inode_stat_changed(fs, inode);
	return bytes;
}

uint64_t data_read(struct fs *fs, struct inode *inode, uint64_t offset, void *to, uint64_t length)
{
	uint8_t *out = to;
	uint64_t done = 0;

	if (offset >= inode->size)
		return 0;
	length = min_u64(length, inode->size - offset);
	while (done < length) {
		uint64_t at = offset + done, skip = at % PAGE;
		struct place place = data_find(&inode->data, (uint32_t)(at / PAGE));
		uint64_t n = min_u64(length - done, (uint64_t)place.count * PAGE - skip);

		if (place.kind == PLACE_HOLE)
			memset(out + done, 0, n);
		else if (place.kind == PLACE_IMAGE)
			memcpy(out + done, fs->image.base + (uint64_t)place.page * PAGE + skip, n);
		else
			memcpy(out + done, store_address(&fs->store, place.page) + skip, n);
		done += n;
	}
	return length;
}

// What lies behind the end is about to be read: zeroes, whatever a mapping wrote there.
static void tail_clear(struct fs *fs, const struct inode *inode)
{
	struct place last = data_find(&inode->data, (uint32_t)(inode->size / PAGE));
	uint32_t skip = (uint32_t)(inode->size % PAGE);

	if (inode->data.is_mapped && skip > 0 && last.kind == PLACE_STORE)
		memset(store_address(&fs->store, last.page) + skip, 0, PAGE - skip);
}

int64_t data_write(struct fs *fs, struct inode *inode, uint64_t offset, const void *from,
		   uint64_t length)
{
	const uint8_t *in = from;
	uint64_t done = 0;

	if (offset >= (uint64_t)FILE_SIZE_LIMIT)
		return -EFBIG;
	if (offset > inode->size)
		tail_clear(fs, inode);
	length = min_u64(length, (uint64_t)FILE_SIZE_LIMIT - offset);
	while (done < length) {
		uint64_t at = offset + done, skip = at % PAGE;
		uint64_t n = min_u64(length - done, PAGE - skip);
		uint8_t *bytes = page_own(fs, inode, (uint32_t)(at / PAGE), n == PAGE);

		if (!bytes)
			break;
		memcpy(bytes + skip, in + done, n);
		done += n;
	}
	if (done > 0 && offset + done > inode->size)
		inode->size = offset + done;
	return done == 0 && length > 0 ? -ENOSPC : (int64_t)done;
}

// Drop the store pages from page `end` of the file on.
static void extents_cut(struct fs *fs, struct data *data, uint32_t end)
{
	while (data->count > 0) {
		struct extent *e = &data->extents[data->count - 1];
		uint32_t keep = e->first >= end ? 0 : end - e->first;

		if (keep >= e->count)
			return;
		store_put(&fs->store, e->page + keep, e->count - keep);
		e->count = keep;
		if (keep > 0)
			return;
		data->count--;
	}
}

int data_truncate(struct fs *fs, struct inode *inode, uint64_t size)
{
	struct data *data = &inode->data;

	if (size > (uint64_t)FILE_SIZE_LIMIT)
		return -EFBIG;
	if (inode->seals & (size < inode->size ? SEAL_SHRINK : size > inode->size ? SEAL_GROW : 0))
		return -EPERM;
	if (data->paged)
		fs->settle(inode);
	if (size < inode->size) {
		uint32_t end = (uint32_t)((size + PAGE - 1) / PAGE);
		uint32_t last = (uint32_t)(size / PAGE);

		fs->unshare(fs, inode);
		if (size % PAGE != 0 && data_find(data, last).kind != PLACE_HOLE) {
			uint8_t *bytes = page_own(fs, inode, last, false);

			if (!bytes)
				return -ENOSPC;
			memset(bytes + size % PAGE, 0, PAGE - size % PAGE);
		}
		inode->super->pages -= data_own_pages(data);
		extents_cut(fs, data, end);
		inode->super->pages += data_own_pages(data);
		if (data->base_count > end)
			data->base_count = end;
		if (data->kept > end)
			data->kept = end;
	} else if (size > inode->size) {
		tail_clear(fs, inode);
	}
	inode->size = size;
	return 0;
}

int data_fill(struct fs *fs, struct inode *inode, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct place place = data_find(&inode->data, first + i);

		if (place.kind == PLACE_HOLE && !page_own(fs, inode, first + i, false))
			return -ENOSPC;
		if (place.kind != PLACE_HOLE)
			i += (place.count < count - i ? place.count : count - i) - 1;
	}
	return 0;
}

int data_own(struct fs *fs, struct inode *inode, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct place place = data_find(&inode->data, first + i);

		if (place.kind != PLACE_STORE && !page_own(fs, inode, first + i, false))
			return -ENOSPC;
		if (place.kind == PLACE_STORE)
			i += (place.count < count - i ? place.count : count - i) - 1;
	}
	return 0;
}

uint32_t data_run_start(const struct data *data, uint32_t index)
{
	return data->extents[extent_find(data, index)].first;
}

// Drop the store pages [first, end) of the file. There is room for one extent more.
static void extents_remove(struct fs *fs, struct data *data, uint32_t first, uint32_t end)
{
	uint32_t i = extent_find(data, first);

	while (i < data->count && data->extents[i].first < end) {
		struct extent *e = &data->extents[i];
		uint32_t from = e->first < first ? first - e->first : 0;
		uint32_t to = e->count < end - e->first ? e->count : end - e->first;
		struct extent tail = {e->first + to, e->page + to, e->count - to};
		uint32_t rest = data->count - i - 1;

		store_put(&fs->store, e->page + from, to - from);
		e->count = from;
		if (tail.count > 0 && from > 0) {
			memmove(e + 2, e + 1, rest * sizeof *e);
			e[1] = tail;
			data->count++;
			return;
		}
		if (tail.count > 0) {
			*e = tail;
			return;
		}
		if (from > 0) {
			i++;
			continue;
		}
		memmove(e, e + 1, rest * sizeof *e);
		data->count--;
	}
}

// Zeroes in a part of a page.
static int page_clear(struct fs *fs, struct inode *inode, uint64_t from, uint64_t to)
{
	uint32_t index = (uint32_t)(from / PAGE);
	uint8_t *bytes;

	if (from >= to || data_find(&inode->data, index).kind == PLACE_HOLE)
		return 0;
	bytes = page_own(fs, inode, index, false);
	if (!bytes)
		return -ENOSPC;
	memset(bytes + from % PAGE, 0, to - from);
	return 0;
}

// Pages of the image cannot go, unless they are the last: then zeroes lie over them.
static int base_clear(struct fs *fs, struct inode *inode, uint32_t first, uint32_t end)
{
	struct data *data = &inode->data;

	if (end >= data->base_count) {
		data->base_count = first < data->base_count ? first : data->base_count;
		return 0;
	}
	for (uint32_t i = first; i < end; i++) {
		int error = page_clear(fs, inode, (uint64_t)i * PAGE, (uint64_t)(i + 1) * PAGE);

		if (error != 0)
			return error;
	}
	return 0;
}

int data_punch(struct fs *fs, struct inode *inode, uint64_t offset, uint64_t length)
{
	struct data *data = &inode->data;
	uint64_t end = offset + length, head = (offset + PAGE - 1) / PAGE * PAGE, tail = end / PAGE * PAGE;
	uint32_t first = (uint32_t)(head / PAGE), last = (uint32_t)(tail / PAGE);
	int error = extent_reserve(data) ? 0 : -ENOSPC;

	fs->unshare(fs, inode);
	if (error == 0)
		error = page_clear(fs, inode, offset, end < head ? end : head);
	if (error == 0 && tail >= head)
		error = page_clear(fs, inode, tail, end);
	if (error == 0 && first < last)
		error = base_clear(fs, inode, first, last);
	if (error != 0 || first >= last)
		return error;
	first = first > data->base_count ? first : data->base_count;
	if (first < last && !extent_reserve(data))
		return -ENOSPC;
	if (first < last)
		extents_remove(fs, data, first, last);
	return 0;
}

int64_t data_seek(const struct inode *inode, uint64_t offset, bool data)
{
	uint64_t at = offset;

	if (offset >= inode->size)
		return -ENXIO;
	while (at < inode->size) {
		struct place place = data_find(&inode->data, (uint32_t)(at / PAGE));

		if ((place.kind != PLACE_HOLE) == data)
			return (int64_t)at;
		at = (at / PAGE + place.count) * PAGE;
	}
	return data ? -ENXIO : (int64_t)inode->size;
}

void data_trim(struct fs *fs, struct inode *inode)
{
	struct data *data = &inode->data;
	uint32_t end = (uint32_t)((inode->size + PAGE - 1) / PAGE);
	uint32_t skip = (uint32_t)(inode->size % PAGE);
	struct place last = data_find(data, (uint32_t)(inode->size / PAGE));

	inode_stat_changed(fs, inode);
	inode->super->pages -= data_own_pages(data);
	extents_cut(fs, data, end > data->kept ? end : data->kept);
	inode->super->pages += data_own_pages(data);
	if (skip > 0 && last.kind == PLACE_STORE)
		memset(store_address(&fs->store, last.page) + skip, 0, PAGE - skip);
}

void data_free(struct fs *fs, struct data *data)
{
	extents_cut(fs, data, 0);
	heap_put(data->extents, data->room * sizeof data->extents[0]);
}
