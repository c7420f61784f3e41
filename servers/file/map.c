// Frames over pages of files, handed out for memory mappings. Each comes from a slot of its own, so
// that it can be taken back when the pages become something else.
#include "servers/file/file.h"

#include "abi/gen/stubs.h"
#include "servers/file/cview.h"
#include "servers/file/data.h"
#include "servers/file/heap.h"

#define MAPS_MAX 2048
#define FILL_MAX 64u  // holes filled for one request
#define OWN_PAGES 16u // around a page that is to be written

struct map {
	struct map *next;        // of the same file
	struct map **all;        // its place in the table
	struct inode *inode;
	cap_t slot;
	uint32_t first, count;   // pages of the file
	bool is_writable;
};

static struct map *maps[MAPS_MAX];

static void map_free(struct map *map)
{
	struct map **link = &map->inode->data.maps;

	while (*link != map)
		link = &(*link)->next;
	*link = map->next;
	*map->all = NULL;
	(void)cnode_revoke(file.cnode, map->slot);
	(void)cnode_delete(file.cnode, map->slot, 1);
	slot_free(map->slot);
	heap_put(map, sizeof *map);
}

void map_unshare(struct fs *fs, struct inode *inode)
{
	(void)fs;
	cview_unshare(inode);
	while (inode->data.maps)
		map_free(inode->data.maps);
}

static struct map **map_place(void)
{
	static uint32_t hint;

	for (uint32_t n = 0; n < MAPS_MAX; n++) {
		uint32_t i = (hint + n) % MAPS_MAX;

		if (!maps[i]) {
			hint = i;
			return &maps[i];
		}
	}
	return NULL;
}

// Give back the slots from which nothing is derived any more.
static void maps_sweep(void)
{
	for (uint32_t i = 0; i < MAPS_MAX; i++) {
		uint64_t children = 1;

		if (maps[i] && cnode_info(file.cnode, maps[i]->slot, NULL, NULL, NULL,
					  &children) == OK && children == 0)
			map_free(maps[i]);
	}
}

static err_t map_derive(cap_t slot, const struct place *place, bool is_writable)
{
	cap_t frame = file.image->frame;
	uint64_t first = place->page;

	if (place->kind == PLACE_STORE) {
		const struct store_region *region = store_region(&file.fs.store, place->page);

		frame = region->frame;
		first = place->page - region->first;
	}
	return cnode_derive(file.cnode, slot, file.cnode, frame,
			    FRAME_READ | FRAME_EXECUTE | (is_writable ? FRAME_WRITE : 0), first, place->count);
}

static struct map *map_make(struct inode *inode, uint32_t first, const struct place *place, bool is_writable)
{
	struct map **all = map_place();
	struct map *map;

	if (!all) {
		maps_sweep();
		all = map_place();
	}
	map = all ? heap_get(sizeof *map, HEAP_NORMAL) : NULL;
	if (!map)
		return NULL;
	map->slot = slot_alloc();
	if (map->slot == 0 || map_derive(map->slot, place, is_writable) != OK) {
		if (map->slot != 0)
			slot_free(map->slot);
		heap_put(map, sizeof *map);
		return NULL;
	}
	map->inode = inode;
	map->first = first;
	map->count = place->count;
	map->is_writable = is_writable;
	inode_stat_changed(&file.fs, inode);
	map->next = inode->data.maps;
	inode->data.maps = map;
	map->all = all;
	*all = map;
	return map;
}

static struct map *map_find(const struct inode *inode, uint64_t page, bool is_writable)
{
	struct map *map = inode->data.maps;

	while (map && (map->is_writable != is_writable || page < map->first ||
		       page >= (uint64_t)map->first + map->count))
		map = map->next;
	return map;
}

// The run around a page: back to its start where that is a run of the image, else from the page on.
static uint32_t run_start(const struct inode *inode, uint32_t page)
{
	const struct data *data = &inode->data;

	return data->count == 0 && page < data->base_count ? 0 : page;
}

// Pages around one that are to be written are the file's own from now on. The run of them, or count 0.
static struct place run_own(struct inode *inode, uint32_t page, uint64_t pages, uint32_t *at)
{
	uint32_t start = page - page % OWN_PAGES;
	uint32_t count = (uint32_t)min_u64(OWN_PAGES, pages - start);

	if (data_own(&file.fs, inode, start, count) != 0) {
		start = page;
		if (data_own(&file.fs, inode, page, 1) != 0)
			return (struct place){0};
	}
	*at = data_run_start(&inode->data, start);
	if (data_find(&inode->data, *at).count <= page - *at)
		*at = data_run_start(&inode->data, page);
	inode->data.is_mapped = true;
	return data_find(&inode->data, *at);
}

bool map_is_writable(const struct inode *inode)
{
	for (const struct map *map = inode->data.maps; map; map = map->next) {
		uint64_t children = 0;

		if (map->is_writable && cnode_info(file.cnode, map->slot, NULL, NULL, NULL, &children) == OK && children)
			return true;
	}
	return false;
}

int64_t map_get(struct inode *inode, uint64_t page, uint64_t count, uint64_t *first, cap_t *cap)
{
	uint64_t pages = (inode->size + PAGE - 1) / PAGE;
	struct map *map;

	*first = page;
	if (page >= pages)
		return 0;
	map = map_find(inode, page, false);
	if (!map) {
		uint32_t want = (uint32_t)min_u64(min_u64(count, pages - page), FILL_MAX);
		uint32_t at = run_start(inode, (uint32_t)page);

		// Of the holes only the first matters; memory may be short for the others.
		if (data_fill(&file.fs, inode, (uint32_t)page, want ? want : 1) != 0 &&
		    data_find(&inode->data, (uint32_t)page).kind == PLACE_HOLE)
			return -ENOMEM;

		struct place place = data_find(&inode->data, at);

		place.count = (uint32_t)min_u64(place.count, pages - at);
		map = map_make(inode, at, &place, false);
	}
	if (!map)
		return -ENOMEM;
	*first = map->first;
	*cap = map->slot;
	return map->count;
}

int64_t map_get_writable(struct inode *inode, uint64_t page, uint64_t *first, cap_t *cap)
{
	uint64_t pages = (inode->size + PAGE - 1) / PAGE;
	struct map *map;
	uint32_t at;

	if (page >= pages)
		return 0;
	map = map_find(inode, page, true);
	if (!map) {
		struct place place = run_own(inode, (uint32_t)page, pages, &at);

		if (place.count == 0)
			return -ENOSPC;
		place.count = (uint32_t)min_u64(place.count, pages - at);
		map = map_make(inode, at, &place, true);
	}
	if (!map)
		return -ENOMEM;
	*first = map->first;
	*cap = map->slot;
	return map->count;
}
