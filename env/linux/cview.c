// Cache views: reads, writes, seeks and questions about open regular files without a message.
//
// A view belongs to one handle. Whoever uses it holds its lock, also over the message that maps other
// pages: nobody waits for it but threads of this process, and the file server answers at once. The
// view's pages can go at any moment (the file is cut, another opens it); then a copy ends early, or
// the generation says so before, and the server is asked.
#include "env/linux/segment.h"
#include "protocol/gen/file.h"

#define USES_BEFORE 5           // the use that makes a view: one costs as much as five messages
#define USES_AGAIN 10           // before one is made again that was given up for another
#define PATIENCE 64             // extending writes after room was refused
#define MOVE_MIN 0x2000ull      // a read of so much is worth other pages, wherever it is

// A view, and where it lies.
struct view {
	struct linux_cview *record;
	struct cview_description *description;
	const volatile struct cview_status *status;
	char *pages;
	uint32_t index;
};

static struct view view_of(struct process_block *process, uint32_t index)
{
	uint64_t base = env_cview(index);

	return (struct view){&process->cviews[index], (struct cview_description *)base,
			     (const struct cview_status *)(base + PAGE_SIZE), (char *)(base + 2 * PAGE_SIZE),
			     index};
}

static bool view_try(struct linux_cview *record)
{
	uint32_t free = 0, tid = thread_get()->tid;

	return __atomic_compare_exchange_n(&record->lock, &free, tid ? tid : 1, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static void view_unlock(struct linux_cview *record) { __atomic_store_n(&record->lock, 0, __ATOMIC_RELEASE); }

// Ask for pages from `page` on, with CVIEW_AGAIN and CVIEW_EXTEND. 0 or -errno.
static int64_t view_ask(const struct handle *handle, const struct view *view, uint64_t page, uint64_t flags)
{
	struct linux_cview *record = view->record;
	uint64_t address = env_cview(view->index);
	struct window_call call = {handle->cap, WINDOW_FILE,
				   .m = {.tag = TAG(FILE_VIEW, 5), .words = {0, view->index, address, page, flags}}};
	int64_t error = 0;

	record->count = 0;
	// Attaching the window sets the receive window, too.
	if (!window_get(WINDOW_FILE, handle->cap, &error))
		return error;
	msg_set_window(address, ENV_CVIEW_STRIDE / PAGE_SIZE);
	error = window_call(&call);
	msg_set_window(0, 0);
	if (error)
		return error;
	record->first = (uint32_t)page;
	record->count = call.m.words[1] <= ENV_CVIEW_PAGES ? (uint32_t)call.m.words[1] : 0;
	record->rights = (uint8_t)call.m.words[2];
	record->generation = view->status->generation;
	record->asked = view->status->sequence;
	return 0;
}

// A view that is free, or that was not used since the last search; locked. False: all are in use now.
static bool view_find(struct process_block *process, struct view *out)
{
	for (uint32_t n = 0; n < 2 * ENV_CVIEW_MAX; n++) {
		uint32_t index = n % ENV_CVIEW_MAX, handle;
		struct linux_cview *record = &process->cviews[index];

		if (record->handle && record->is_used) {
			record->is_used = 0;
			continue;
		}
		if (!view_try(record))
			continue;
		handle = (record->handle - 1u) % LINUX_FD_MAX;
		if (record->handle && process->io[handle] == IO_CVIEW + index)
			process->io[handle] = IO_READY - USES_AGAIN;
		record->handle = 0;
		*out = view_of(process, index);
		return true;
	}
	return false;
}

static void view_attach(struct process_block *process, const struct handle *handle)
{
	struct view view;
	int64_t error;

	process->has_views = true;
	if (!view_find(process, &view))
		return;
	error = view_ask(handle, &view, 0, 0);
	if (!error) {
		view.record->handle = (uint16_t)(handle->index + 1);
		view.record->is_used = 1;
	}
	process->io[handle->index] = error ? IO_REFUSED : (uint8_t)(IO_CVIEW + view.index);
	view_unlock(view.record);
}

// One use more of a handle without a view. In a space of several processes, the first one has the views.
static uint8_t use_count(struct process_block *process, const struct handle *handle)
{
	uint8_t io = process->io[handle->index];

	if (io == IO_REGULAR)
		io = IO_READY - USES_BEFORE;
	if (io < IO_READY && io > IO_REGULAR && thread_get()->process_index == 0) {
		process->io[handle->index] = ++io;
		if (io == IO_READY)
			view_attach(process, handle);
	}
	return process->io[handle->index];
}

// The handle's view, locked; false: there is none.
static bool view_take(const struct handle *handle, struct view *view)
{
	struct process_block *process = process_get();
	uint8_t io = process->io[handle->index];

	if (io < IO_CVIEW)
		io = use_count(process, handle);
	if (io < IO_CVIEW || io >= IO_CVIEW + ENV_CVIEW_MAX)
		return false;
	*view = view_of(process, io - IO_CVIEW);
	while (!process_is_alone(process) && !view_try(view->record))
		sys_yield();
	if (view->record->handle == handle->index + 1) {
		view->record->is_used = 1;
		return true;
	}
	view_unlock(view->record);
	return false;
}

void cview_release(int64_t index)
{
	struct process_block *process = process_get();
	uint8_t io = process->io[index];
	struct linux_cview *view;

	process->io[index] = IO_UNKNOWN;
	if (io < IO_CVIEW || io >= IO_CVIEW + ENV_CVIEW_MAX)
		return;
	view = &process->cviews[io - IO_CVIEW];
	while (!process_is_alone(process) && !view_try(view))
		sys_yield();
	if (view->handle == index + 1)
		view->handle = 0;
	view_unlock(view);
}

bool cview_rewind(int64_t index)
{
	uint8_t io = process_get()->io[index];
	bool is_there;
	struct view view;

	if (io == IO_REGULAR)
		return true;
	if (io < IO_CVIEW || io >= IO_CVIEW + ENV_CVIEW_MAX)
		return false;
	view = view_of(process_get(), io - IO_CVIEW);
	if (!view_try(view.record))
		return false;
	is_there = view.record->handle == index + 1;
	if (is_there)
		view.description->offset = 0;
	view_unlock(view.record);
	return is_there;
}

bool cview_forgo(const struct handle *handle)
{
	uint8_t *io = &process_get()->io[handle->index];

	if (*io == IO_REGULAR)
		*io = IO_READY - USES_BEFORE;
	return *io < IO_CVIEW;
}

void cview_fork(void)
{
	struct process_block *process = process_get();

	for (uint32_t i = 0; process->has_views && i < ENV_CVIEW_MAX; i++) {
		struct linux_cview *view = &process->cviews[i];

		if (view->handle)
			process->io[(view->handle - 1u) % LINUX_FD_MAX] = IO_REGULAR;
		*view = (struct linux_cview){0};
	}
	process->has_views = false;
}

// How many bytes at `at` the mapped pages show.
static uint64_t view_covers(const struct view *view, uint64_t at, uint64_t size)
{
	const struct linux_cview *record = view->record;
	uint64_t skip = at - (uint64_t)record->first * PAGE_SIZE, shown = (uint64_t)record->count * PAGE_SIZE;

	if (skip >= shown || record->generation != view->status->generation)
		return 0;
	return size < shown - skip ? size : shown - skip;
}

// Other pages, where that is cheaper than to have them read: of a small file, in sequence, or many.
static uint64_t view_move(const struct handle *handle, const struct view *view, uint64_t at, uint64_t size,
			  uint64_t flags)
{
	const struct linux_cview *record = view->record;
	uint64_t page = at / PAGE_SIZE, behind = (uint64_t)record->first + record->count;
	bool is_small = view->status->size <= ENV_CVIEW_PAGES * PAGE_SIZE;
	uint64_t first = is_small ? 0 : page;

	if (!is_small && page != behind && size < MOVE_MIN)
		return 0;
	// The answer would be the same as before: a hole.
	if (record->first == first && record->asked == view->status->sequence &&
	    record->generation == view->status->generation)
		return 0;
	if (view_ask(handle, view, first, CVIEW_AGAIN | flags))
		return 0;
	return view_covers(view, at, size);
}

static uint64_t view_show(const struct handle *handle, const struct view *view, uint64_t at, uint64_t size)
{
	uint64_t n = view_covers(view, at, size);

	return n ? n : view_move(handle, view, at, size, 0);
}

// How long the file is, as far as this description's holders know.
static uint64_t view_end(const struct view *view)
{
	uint64_t noted = view->status->size, made = view->description->size;

	return noted > made ? noted : made;
}

static char *view_address(const struct view *view, uint64_t at)
{
	return view->pages + (at - (uint64_t)view->record->first * PAGE_SIZE);
}

// A read must change the file's access time where one has not since the last write. True: it need not,
// or the server will look for it.
static bool read_note(const struct view *view)
{
	struct cview_description *d = view->description;
	uint64_t now = clock_counter();

	if ((view->record->rights & CVIEW_NOATIME) || (!d->written && now < view->status->noted_until))
		return true;
	if (!(view->status->flags & CVIEW_ALONE))
		return false;
	d->read = now;
	return true;
}

// Move the description's offset from `at` on. False: somebody else has moved it.
static bool offset_move(struct cview_description *d, uint64_t at, uint64_t to)
{
	return __atomic_compare_exchange_n(&d->offset, &at, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

// One piece from the pages that are mapped. > 0: bytes; 0: the end of the file; -EAGAIN: ask.
static int64_t read_piece(const struct handle *handle, const struct view *view, struct segments *s, uint64_t size,
			  uint64_t offset)
{
	uint64_t at = offset == UINT64_MAX ? view->description->offset : offset;
	uint64_t end = view_end(view), n, done;
	struct segments before = *s;

	if (!(view->record->rights & CVIEW_READ) || (int64_t)at < 0)
		return -EAGAIN;
	if (at >= end)
		return 0;
	n = view_show(handle, view, at, size < end - at ? size : end - at);
	if (n == 0 || !read_note(view))
		return -EAGAIN;
	done = segments_copy_piece(s, view_address(view, at), n, false);
	if (done == 0)
		return -EAGAIN;
	if (offset == UINT64_MAX && !offset_move(view->description, at, at + done)) {
		*s = before;
		return -EAGAIN;
	}
	return (int64_t)done;
}

// The file gets longer to `end`. False: the pages may have gone before that was known.
static bool size_move(const struct view *view, uint64_t end)
{
	uint64_t *size = &view->description->size, before = *size;

	while (before < end && !__atomic_compare_exchange_n(size, &before, end, false, __ATOMIC_ACQ_REL,
							    __ATOMIC_RELAXED))
		;
	return view->record->generation == view->status->generation;
}

// Bytes that can be written at the end of the file or across it, into pages that the server has put
// there. Large writes are left to it: it need not clear what is written anyway.
static uint64_t view_extend(const struct handle *handle, const struct view *view, uint64_t at, uint64_t size)
{
	struct linux_cview *record = view->record;
	uint64_t n = record->rights & CVIEW_ROOM ? view_covers(view, at, size) : 0;

	if (n || size >= WINDOW_SIZE)
		return n;
	if (record->patience) {
		record->patience--;
		return 0;
	}
	if (view_ask(handle, view, at / PAGE_SIZE, CVIEW_AGAIN | CVIEW_EXTEND))
		return 0;
	n = record->rights & CVIEW_ROOM ? view_covers(view, at, size) : 0;
	record->patience = n ? 0 : PATIENCE;
	return n;
}

// One piece into the pages that are mapped. > 0: bytes; -EAGAIN: ask.
static int64_t write_piece(const struct handle *handle, const struct view *view, struct segments *s, uint64_t size,
			   uint64_t offset)
{
	struct cview_description *d = view->description;
	uint64_t at = offset == UINT64_MAX ? d->offset : offset;
	uint64_t end = view_end(view), n, done;
	struct segments before = *s;

	if (at > end)
		return -EAGAIN;
	if (size <= end - at)
		n = view->record->rights & CVIEW_WRITE ? view_show(handle, view, at, size) : 0;
	else
		n = view_extend(handle, view, at, size);
	if (n == 0 || !(view->record->rights & CVIEW_WRITE))
		return -EAGAIN;
	if (offset == UINT64_MAX && !offset_move(d, at, at + n))
		return -EAGAIN;
	d->written = clock_counter();
	done = segments_copy_piece(s, view_address(view, at), n, true);
	if (at + done > end && !size_move(view, at + done)) {
		*s = before;
		done = 0;
	}
	if (done < n && offset == UINT64_MAX)
		(void)offset_move(d, at + n, at + done);
	return done ? (int64_t)done : -EAGAIN;
}

bool cview_read(const struct handle *handle, struct segments *s, uint64_t size, uint64_t offset, int64_t *done)
{
	struct view view;
	int64_t n = -EAGAIN;

	if (!view_take(handle, &view))
		return false;
	while ((uint64_t)*done < size) {
		n = read_piece(handle, &view, s, size - (uint64_t)*done,
			       offset == UINT64_MAX ? offset : offset + (uint64_t)*done);
		if (n <= 0)
			break;
		*done += n;
	}
	view_unlock(view.record);
	return n >= 0;
}

static int64_t read_short(struct process_block *process, uint32_t index, uint64_t buffer, uint64_t size,
			  uint64_t offset)
{
	uint32_t number = process->io[index] - (uint32_t)IO_CVIEW;
	struct view view;
	uint64_t at, end, n;

	if (!process_is_alone(process) || number >= ENV_CVIEW_MAX)
		return -EAGAIN;
	view = view_of(process, number);
	at = offset == UINT64_MAX ? view.description->offset : offset;
	end = view_end(&view);
	if (view.record->handle != index + 1 || !(view.record->rights & CVIEW_READ) || (int64_t)at < 0 || at >= end)
		return -EAGAIN;
	n = size < end - at ? size : end - at;
	if (n == 0 || view_covers(&view, at, n) != n || !read_note(&view) ||
	    ucopy_bytes((void *)buffer, view_address(&view, at), n) ||
	    (offset == UINT64_MAX && !offset_move(view.description, at, at + n)))
		return -EAGAIN;
	view.record->is_used = 1;
	return (int64_t)n;
}

int64_t cview_read_short(uint32_t index, uint64_t buffer, uint64_t size, uint64_t offset)
{
	int64_t result = read_short(process_get(), index, buffer, size, offset);

	return result >= 0 ? result : move_long(index, buffer, size, offset, false);
}

bool cview_may_write(const struct handle *handle)
{
	struct process_block *process = process_get();
	uint32_t number = process->io[handle->index] - (uint32_t)IO_CVIEW;
	struct view view;

	if (!process_is_alone(process) || number >= ENV_CVIEW_MAX)
		return false;
	// When somebody lets the file be appended to, its pages are taken back.
	view = view_of(process, number);
	return view.record->handle == handle->index + 1 && view.record->rights & CVIEW_WRITE &&
	       view.record->generation == view.status->generation;
}

bool cview_write(const struct handle *handle, struct segments *s, uint64_t size, uint64_t offset, int64_t *done)
{
	struct view view;
	int64_t n = -EAGAIN;

	if (!view_take(handle, &view))
		return false;
	while ((uint64_t)*done < size) {
		n = write_piece(handle, &view, s, size - (uint64_t)*done,
				offset == UINT64_MAX ? offset : offset + (uint64_t)*done);
		if (n <= 0)
			break;
		*done += n;
	}
	view_unlock(view.record);
	return n >= 0;
}

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2

static int64_t seek(const struct view *view, int64_t offset, uint64_t whence)
{
	struct cview_description *d = view->description;
	uint64_t before;
	int64_t to;

	do {
		before = d->offset;
		to = whence == SEEK_CUR ? (int64_t)before : whence == SEEK_END ? (int64_t)view_end(view) : 0;
		if (__builtin_add_overflow(to, offset, &to) || to < 0)
			return -EINVAL;
	} while (!offset_move(d, before, (uint64_t)to));
	return to;
}

bool cview_seek(const struct handle *handle, uint64_t offset, uint64_t whence, int64_t *result)
{
	struct view view;

	if (whence > SEEK_END || !view_take(handle, &view))
		return false;
	*result = seek(&view, (int64_t)offset, whence);
	view_unlock(view.record);
	return true;
}

static bool status_put(const struct view *view, uint64_t out, int64_t *result)
{
	const struct cview_description *d = view->description;
	uint64_t sequence = view->status->sequence;

	if (d->written || d->read || (sequence & 1))
		return false;
	*result = user_put(out, (const void *)view->status->stat, sizeof(struct stat));
	return view->status->sequence == sequence;
}

bool cview_stat(const struct handle *handle, uint64_t out, int64_t *result)
{
	struct view view;
	bool is_done;

	if (!view_take(handle, &view))
		return false;
	is_done = status_put(&view, out, result);
	view_unlock(view.record);
	return is_done;
}
