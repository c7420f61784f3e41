#include "servers/file/cview.h"

#include "abi/gen/stubs.h"
#include "protocol/linux.h"
#include "servers/file/clock.h"
#include "servers/file/data.h"
#include "servers/file/heap.h"


enum { SLOT_DESCRIPTION, SLOT_STATUS, SLOT_PAGES, SLOTS = SLOT_PAGES + MSG_ITEMS_MAX };
#define PAGES_MAX ENV_CVIEW_PAGES

struct cview {
	struct cview *next;  // of the same file
	struct context *context;
	struct description *d;
	uint32_t index;      // in the context
	cap_t slots;         // SLOTS of them: what is mapped
	bool is_writable;
	bool has_room;       // pages behind the end are mapped
};

static struct cview_description *page_of(const struct description *d)
{
	return (struct cview_description *)store_address(&file.fs.store, d->page);
}

static struct cview_status *status_of(const struct inode *inode)
{
	return (struct cview_status *)store_address(&file.fs.store, inode->data.status);
}

uint64_t description_offset(const struct description *d)
{
	return d->page ? __atomic_load_n(&page_of(d)->offset, __ATOMIC_ACQUIRE) : d->offset;
}

void description_set_offset(struct description *d, uint64_t offset)
{
	if (d->page)
		__atomic_store_n(&page_of(d)->offset, offset, __ATOMIC_RELEASE);
	else
		d->offset = offset;
}

// When the next read must be noted: 0 for the very next.
static uint64_t noted_until(const struct inode *inode)
{
	if (inode->atime <= inode->mtime || inode->atime <= inode->ctime)
		return 0;
	if (inode->atime > INT64_MAX - RELATIME_NS)
		return UINT64_MAX;
	return clock_counter_at(inode->atime + RELATIME_NS);
}

void cview_publish(struct fs *fs, struct inode *inode)
{
	struct cview_status *s;
	struct stat stat;

	inode_stat_changed(fs, inode);
	if (inode->data.status == 0)
		return;
	s = status_of(inode);
	inode_stat(fs, inode, &stat);
	_Static_assert(sizeof stat == sizeof s->stat, "struct stat");
	__atomic_store_n(&s->sequence, s->sequence + 1, __ATOMIC_SEQ_CST);
	s->flags = inode->data.opens == 1 ? CVIEW_ALONE : 0;
	s->noted_until = noted_until(inode);
	s->size = inode->size;
	memcpy(s->stat, &stat, sizeof stat);
	__atomic_store_n(&s->sequence, s->sequence + 1, __ATOMIC_SEQ_CST);
}

static void note_written(struct inode *inode, uint64_t counter, int64_t now)
{
	int64_t at = clock_at(counter);

	inode->mtime = inode->ctime = at < now ? at : now;
}

static void note_read(struct inode *inode, uint64_t counter, int64_t now)
{
	int64_t at = clock_at(counter);

	inode_note_read(inode, at < now ? at : now);
}

// What a description's page says happened, in the order of the two times. The page is the clients':
// a wrong time is theirs, and none is later than now.
static bool settle_one(struct inode *inode, const struct description *d)
{
	struct cview_description *page = page_of(d);
	uint64_t size = __atomic_exchange_n(&page->size, 0, __ATOMIC_ACQ_REL);
	uint64_t written = __atomic_exchange_n(&page->written, 0, __ATOMIC_ACQ_REL);
	uint64_t read = __atomic_exchange_n(&page->read, 0, __ATOMIC_ACQ_REL);
	bool is_longer = size > inode->size && size <= d->room_end;
	int64_t now;

	if (is_longer)
		inode->size = size;
	if (written == 0 && read == 0)
		return is_longer;
	now = file.fs.now();
	if (read != 0 && read < written)
		note_read(inode, read, now);
	if (written != 0)
		note_written(inode, written, now);
	if (read != 0 && read >= written)
		note_read(inode, read, now);
	return true;
}

void cview_settle(struct inode *inode)
{
	bool changed = false;

	if (!S_ISREG(inode->mode))
		return;
	for (struct description *d = inode->data.paged; d; d = d->next_paged)
		changed |= settle_one(inode, d);
	if (changed)
		cview_publish(&file.fs, inode);
}

static void pages_drop(struct cview *view)
{
	(void)cnode_delete(file.cnode, view->slots + SLOT_PAGES, MSG_ITEMS_MAX);
	view->is_writable = false;
	if (!view->has_room)
		return;
	// Nobody writes any more: how long did it get?
	view->has_room = false;
	cview_settle(view->d->inode);
	view->d->room_end = 0;
	data_trim(&file.fs, view->d->inode);
}

// Those who look at the generation need no fault to learn that the pages are gone.
static void generation_next(struct inode *inode)
{
	if (inode->data.status != 0)
		__atomic_add_fetch(&status_of(inode)->generation, 1, __ATOMIC_SEQ_CST);
}

void cview_unshare(struct inode *inode)
{
	generation_next(inode);
	for (struct cview *view = inode->data.cviews; view; view = view->next)
		pages_drop(view);
}

void cview_write_end(struct inode *inode)
{
	bool any = false;

	for (struct cview *view = inode->data.cviews; view && !any; view = view->next)
		any = view->is_writable;
	if (any)
		cview_unshare(inode);
	cview_settle(inode);
}

static void cview_free(struct cview *view)
{
	struct cview **link = &view->d->inode->data.cviews;

	while (*link != view)
		link = &(*link)->next;
	pages_drop(view);
	*link = view->next;
	view->context->cviews[view->index] = NULL;
	(void)cnode_delete(file.cnode, view->slots, SLOTS);
	for (uint32_t i = 0; i < SLOTS; i++)
		slot_free(view->slots + i);
	heap_put(view, sizeof *view);
}

void cview_context_end(struct context *context)
{
	for (unsigned i = 0; i < CONTEXT_CVIEWS; i++)
		if (context->cviews[i])
			cview_free(context->cviews[i]);
}

void cview_description_add(struct description *d)
{
	if (!S_ISREG(d->inode->mode))
		return;
	if (++d->inode->data.opens == 1 && d->inode->size == 0)
		d->inode->data.fresh = d;
	if (d->inode->data.opens == 2) {
		d->inode->data.fresh = NULL;
		cview_write_end(d->inode);
		cview_publish(&file.fs, d->inode);
	}
}

static void page_give(struct description *d)
{
	struct data *data = &d->inode->data;
	struct description **link = &data->paged;

	while (*link != d)
		link = &(*link)->next_paged;
	*link = d->next_paged;
	store_put(&file.fs.store, d->page, 1);
	d->page = 0;
	if (data->paged || data->status == 0)
		return;
	store_put(&file.fs.store, data->status, 1);
	data->status = 0;
}

void cview_description_end(struct description *d)
{
	struct inode *inode = d->inode;

	if (!S_ISREG(inode->mode))
		return;
	for (struct cview *view = inode->data.cviews, *next; view; view = next) {
		next = view->next;
		if (view->d == d)
			cview_free(view);
	}
	cview_settle(inode);
	if (d->page)
		page_give(d);
	if (inode->data.fresh == d)
		inode->data.fresh = NULL;
	if (--inode->data.opens == 1)
		cview_publish(&file.fs, inode);
}

static uint32_t page_take(void)
{
	uint32_t page = store_get_data(&file.fs.store, 0);

	if (page != 0)
		memset(store_address(&file.fs.store, page), 0, PAGE);
	return page;
}

// The two pages that a view begins with. False: no memory.
static bool pages_make(struct description *d)
{
	struct data *data = &d->inode->data;

	if (data->status == 0) {
		data->status = page_take();
		if (data->status == 0)
			return false;
		cview_publish(&file.fs, d->inode);
	}
	if (d->page != 0)
		return true;

	uint32_t page = page_take();

	if (page == 0) {
		if (!data->paged) {
			store_put(&file.fs.store, data->status, 1);
			data->status = 0;
		}
		return false;
	}
	((struct cview_description *)store_address(&file.fs.store, page))->offset = d->offset;
	inode_stat_changed(&file.fs, d->inode);
	d->page = page;
	d->next_paged = data->paged;
	data->paged = d;
	return true;
}

static void room_end(struct inode *inode)
{
	for (struct cview *view = inode->data.cviews; view; view = view->next)
		if (view->has_room) {
			cview_unshare(inode);
			return;
		}
}

static struct cview *cview_make(struct context *context, uint32_t index, struct description *d)
{
	struct cview *view = heap_get(sizeof *view, HEAP_NORMAL);

	// Only a view that is alone has room.
	room_end(d->inode);

	if (!view)
		return NULL;
	view->slots = slot_alloc_run(SLOTS);
	if (view->slots == 0 || !pages_make(d)) {
		for (uint32_t i = 0; view->slots != 0 && i < SLOTS; i++)
			slot_free(view->slots + i);
		heap_put(view, sizeof *view);
		return NULL;
	}
	view->context = context;
	view->index = index;
	view->d = d;
	view->next = d->inode->data.cviews;
	d->inode->data.cviews = view;
	context->cviews[index] = view;
	return view;
}

static void item_add(struct request *r, const struct cview *view, uint32_t slot, uint64_t at,
		     const struct place *place, uint64_t rights)
{
	struct abi_map_item *item = &sys_block()->items[r->items++];

	*item = (struct abi_map_item){.dest = view->slots + slot, .address = r->words[2] + at * PAGE,
				      .first = place->page, .count = place->count,
				      .rights = (uint32_t)rights};
	if (place->kind == PLACE_IMAGE) {
		item->source = file.image->frame;
	} else {
		const struct store_region *region = store_region(&file.fs.store, place->page);

		item->source = region->frame;
		item->first -= region->first;
	}
}

// A page that can be written can be read, too: for O_WRONLY only what it wrote itself.
static bool may_write_past(const struct description *d)
{
	const struct data *data = &d->inode->data;
	uint32_t mode = d->flags & O_ACCMODE;

	if (d->inode->seals & (SEAL_WRITE | SEAL_FUTURE_WRITE | SEAL_GROW))
		return false;
	return (mode == O_RDWR || (mode == O_WRONLY && data->fresh == d)) && !(d->flags & O_APPEND) &&
	       data->opens == 1 && !(d->inode->mode & (S_ISUID | S_ISGID));
}

// Pages behind the end, so that the file can become longer in this view, which must be its only one.
// Returns the pages that the file then has.
static uint64_t room_make(struct cview *view, uint64_t first)
{
	struct inode *inode = view->d->inode;
	uint64_t end = (inode->size + PAGE - 1) / PAGE, to = first + PAGES_MAX;

	if (!may_write_past(view->d) || inode->data.is_mapped || inode->data.base_count > 0 || inode->data.cviews != view ||
	    view->next || first > end || to <= end || to > (uint64_t)FILE_SIZE_LIMIT / PAGE)
		return end;
	// With less memory there is less room.
	(void)data_fill(&file.fs, inode, (uint32_t)end, (uint32_t)(to - end));
	while (end < to && data_find(&inode->data, (uint32_t)end).kind == PLACE_STORE)
		end++;
	view->has_room = true;
	return end;
}

// Map cached pages from page `first` of the file on. A hole ends them, and so does what needs more
// items than there are. Pages of the image are nobody's to write.
static uint32_t pages_map(struct request *r, struct cview *view, uint64_t first)
{
	const struct inode *inode = view->d->inode;
	struct place places[MSG_ITEMS_MAX];
	uint64_t end = r->words[4] & CVIEW_EXTEND ? room_make(view, first)
						  : (inode->size + PAGE - 1) / PAGE;
	uint32_t room = MSG_ITEMS_MAX - r->items, runs = 0, count = 0;
	uint64_t want = first < end ? min_u64(end - first, PAGES_MAX) : 0;

	view->is_writable = may_write_past(view->d);
	while (runs < room && count < want) {
		struct place place = data_find(&inode->data, (uint32_t)first + count);

		if (place.kind == PLACE_HOLE)
			break;
		view->is_writable &= place.kind == PLACE_STORE;
		place.count = (uint32_t)min_u64(place.count, want - count);
		places[runs++] = place;
		count += place.count;
	}
	view->is_writable &= count > 0;
	if (view->has_room)
		view->d->room_end = view->is_writable ? (first + count) * PAGE : 0;
	for (uint32_t i = 0, at = 2; i < runs; at += places[i++].count)
		item_add(r, view, SLOT_PAGES + i, at, &places[i],
			 FRAME_READ | (view->is_writable ? FRAME_WRITE : 0));
	return count;
}

static void heads_map(struct request *r, const struct cview *view)
{
	const struct description *d = view->d;

	item_add(r, view, SLOT_DESCRIPTION, 0, &(struct place){PLACE_STORE, d->page, 1},
		 FRAME_READ | FRAME_WRITE);
	item_add(r, view, SLOT_STATUS, 1, &(struct place){PLACE_STORE, d->inode->data.status, 1},
		 FRAME_READ);
}

static int view_check(const struct request *r)
{
	const struct description *d = r->description;

	if (d->flags & O_PATH)
		return -EBADF;
	if (!S_ISREG(d->inode->mode))
		return -ENODEV;
	return r->words[1] >= CONTEXT_CVIEWS || r->words[2] % PAGE != 0 || r->words[2] == 0 ||
	       r->words[3] > UINT32_MAX ? -EINVAL : 0;
}

request_method file_op_view;
int64_t file_op_view(struct request *r)
{
	struct description *d = r->description;
	int error = request_window(r, r->words[0]);
	struct cview *view;

	if (error == 0)
		error = view_check(r);
	if (error != 0)
		return error;
	view = r->context->cviews[r->words[1]];
	if (view && (view->d != d || !(r->words[4] & CVIEW_AGAIN))) {
		cview_free(view);
		view = NULL;
	}
	if (view) {
		pages_drop(view);
	} else {
		view = cview_make(r->context, (uint32_t)r->words[1], d);
		if (!view)
			return -ENOMEM;
		heads_map(r, view);
	}
	bool may_read = (d->flags & O_ACCMODE) == O_RDONLY || (d->flags & O_ACCMODE) == O_RDWR;

	r->out[1] = may_read || may_write_past(d) ? pages_map(r, view, r->words[3]) : 0;
	r->out[2] = (may_read ? CVIEW_READ : 0) | (view->is_writable ? CVIEW_WRITE : 0) |
		    (view->is_writable && view->has_room ? CVIEW_ROOM : 0) |
		    (d->flags & O_NOATIME ? CVIEW_NOATIME : 0);
	r->out_words = 3;
	return 0;
}
