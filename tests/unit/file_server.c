// sources: servers/file/answer.c servers/file/board.c servers/file/context.c servers/file/clock.c servers/file/context_op.c servers/file/cview.c servers/file/data.c servers/file/description.c servers/file/desk.c servers/file/device.c servers/file/dir.c servers/file/epoll.c servers/file/event.c servers/file/file_op.c servers/file/fs.c servers/file/grant.c servers/file/heap.c servers/file/image.c servers/file/inode.c servers/file/list.c servers/file/map.c servers/file/name.c servers/file/name_op.c servers/file/pipe.c servers/file/pipeend.c servers/file/rename.c servers/file/request.c servers/file/ring.c servers/file/share.c servers/file/store.c servers/file/timer.c servers/file/wait_op.c servers/file/walk.c servers/file/lock.c servers/file/lock_op.c servers/file/mount.c servers/file/mount_line.c servers/file/mount_op.c servers/file/node.c servers/file/super.c servers/file/socket.c servers/file/pts.c lib/rt/random.c
// The whole server but its main, on a kernel that does what it is told: hostile messages, and what
// is left when all clients are gone.
#include "servers/file/answer.h"
#include "servers/file/board.h"
#include "servers/file/cview.h"
#include "servers/file/file.h"
#include "tests/unit/file_image.h"

#include "protocol/gen/context.h"
#include "protocol/gen/control.h"
#include "protocol/gen/file.h"
#include "protocol/gen/name.h"
#include "protocol/gen/wait.h"
#include "protocol/linux.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define SLOTS 40000u
#define REPLIES 64u
#define HANDLES 200u
#define CONTEXTS_USED 64u  // whose desks are scribbled on

struct file file;

static struct abi_block block;
static uint64_t badges[SLOTS];
static uint8_t slots[SLOTS], kept[REPLIES];
static int64_t kept_result[REPLIES];
static struct component_region image_region;
static uint32_t slots_used;
static bool all_arrive;  // answers; otherwise some callers are gone
static uint32_t signals[SLOTS];
static uint64_t arrived_type = TYPE_NOTIFICATION;
static uint64_t children;  // of every slot that is asked for
static uint64_t sixth;     // word 5 of an open
static bool is_mapped = true;  // what boards are asked for
static struct component_info info = {.ticks_per_second = 1000000000};

const struct component_info *component_get(void) { return &info; }
cap_t component_find_cap(const char *name, uint32_t *count) { return (void)name, (void)count, 0; }
cap_t component_get_cap(const char *name) { return (void)name, 1; }

struct abi_block *sys_block(void) { return &block; }

err_t sys_invoke(unsigned number, cap_t cap, cap_t reply, struct msg *m)
{
	uint32_t label = tag_label(m->tag);

	(void)reply;
	if (number == SYSCALL_SEND)
		signals[cap]++;
	if (label == METHOD_CNODE_DERIVE) {
		assert_in_range(m->words[0], 1, SLOTS - 1);
		badges[m->words[0]] = m->words[4];
	}
	memset(m->words, 0, sizeof m->words);
	if (label == METHOD_CNODE_INFO && cap == file.cnode) {
		m->words[0] = arrived_type;
		m->words[3] = children;
	}
	else if (label == METHOD_FRAME_INFO)
		m->words[1] = is_mapped;
	return OK;
}

cap_t slot_alloc(void)
{
	static cap_t hint = 1;

	for (cap_t n = 0; n < SLOTS - 1; n++) {
		hint = hint % (SLOTS - 1) + 1;
		if (!slots[hint]) {
			slots[hint] = 1;
			slots_used++;
			return hint;
		}
	}
	return 0;
}

cap_t slot_alloc_run(uint32_t count)
{
	for (cap_t first = 1, n = 0; first + n < SLOTS; n++) {
		if (slots[first + n]) {
			first += n + 1;
			n = UINT32_MAX;
		} else if (n + 1 == count) {
			memset(slots + first, 1, count);
			slots_used += count;
			return first;
		}
	}
	return 0;
}

void slot_free(cap_t slot)
{
	assert_true(slots[slot]);
	slots[slot] = 0;
	slots_used--;
}

cap_t server_keep(struct server *server)
{
	(void)server;
	for (cap_t i = 1; i < REPLIES; i++)
		if (!kept[i]) {
			kept[i] = 1;
			kept_result[i] = 0x7777;
			return i;
		}
	return 0;
}

err_t server_answer(struct server *server, cap_t reply, struct msg *m)
{
	(void)server;
	assert_true(kept[reply]);
	kept[reply] = 0;
	kept_result[reply] = (int64_t)m->words[0];
	return all_arrive || rand() % 4 ? OK : ERR_CANCELLED;
}

void rt_log(const char *format, ...) { (void)format; }
uint64_t rt_clock_real(void) { return 0; }

static uint64_t handles[HANDLES];  // badges
static uint64_t tokens[8];
static uint64_t boards[4];
static uint64_t desk_token;
static uint32_t handle_count, token_count, board_count;

static int64_t call(uint64_t badge, uint32_t label, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
		    uint64_t e)
{
	// Words that may be missing are, when they are 0.
	uint32_t words = label == FILE_WRITE && d == 0 ? 3 : label == FILE_TRUNCATE && b == 0 ? 1 :
			 label == NAME_OPEN ? 7 : label == NAME_ACCESS ? 6 : 5;
	struct msg m = {.tag = TAG(label, words), .badge = badge, .words = {a, b, c, d, e, sixth, sixth % 2}};

	if (label == WAIT_SLEEP || label == WAIT_RING) {
		m.tag |= TAG_CAPS(1);
		block.received[0] = file.receive;
	}
	request_handle(&file.server, &m);
	for (uint32_t i = 0; i < tag_caps(m.tag); i++)
		if (label != FILE_MAP && handle_count < HANDLES)
			handles[handle_count++] = badges[block.caps[i]];
	if (label == CONTEXT_ATTACH && tag_items(m.tag) && token_count < 8)
		tokens[token_count++] = m.words[1];
	if (label == CONTEXT_DESK && tag_items(m.tag))
		desk_token = m.words[1];
	if ((label == WAIT_BOARD || label == WAIT_SET_SHARE) && tag_items(m.tag))
		boards[board_count++ % 4] = m.words[1];
	return (int64_t)m.words[0];
}

static void no_senders(uint64_t badge)
{
	struct msg m = {.tag = TAG(0, 1) | (tag_t)KIND_NO_SENDERS << TAG_KIND_SHIFT,
			.badge = badge, .words = {1}};

	request_handle(&file.server, &m);
}

static int setup(void **state)
{
	(void)state;
	descriptions_trim();
	memset(&file, 0, sizeof file);
	heap_init(1 << 22);
	image_region = (struct component_region){.address = (uint64_t)image_build(), .frame = 5};
	file.image = &image_region;
	store_init(&file.fs.store);
	store_add(&file.fs.store, aligned_alloc(PAGE, STORE_PAGES * PAGE), STORE_PAGES * PAGE, 6);
	assert_true(store_start(&file.fs.store));
	file.fs.now = test_now;
	file.fs.unshare = map_unshare;
	file.fs.publish = cview_publish;
	file.fs.settle = cview_settle;
	file.fs.unlinked = desk_unlinked;
	file.fs.forget_way = answer_forget_way;
	file.fs.forget_stat = answer_forget_stat;
	file.fs.forget_absent = answer_forget_absent;
	assert_int_equal(image_open(&file.fs.image, (void *)image_region.address, IMAGE_BYTES), 0);
	assert_int_equal(fs_init(&file.fs), 0);
	file.receive = slot_alloc();
	handle_count = token_count = board_count = 0;
	is_mapped = true;
	children = sixth = desk_token = 0;
	all_arrive = false;
	assert_int_equal(call(BADGE_CONTROL, CONTROL_MAKE, 0, 0, 0, 0, 0), 0);
	assert_int_equal(handle_count, 2);
	assert_int_equal(call(handles[0], CONTEXT_ATTACH, 3, 0x10000, 0, 0, 0), 0);
	return 0;
}

static uint8_t *window(void) { return window_find(tokens[0])->bytes; }

static void open_read_write_close(void **state)
{
	uint64_t t = tokens[0], context = handles[0];
	uint32_t used = slots_used;

	(void)state;
	strcpy((char *)window() + 100, "hello");
	assert_int_equal(call(context, NAME_OPEN, t, 100, O_RDWR, 0, 0), 0);

	uint64_t h = handles[2];

	assert_int_equal(call(h, FILE_READ, t, 4, NO_OFFSET, 0, 0), 4);
	assert_memory_equal(window(), "0123", 4);
	assert_int_equal(call(h, FILE_READ, t, 100, NO_OFFSET, 0, 0), 6);
	assert_int_equal(call(h, FILE_READ, t, 100, NO_OFFSET, 0, 0), 0);
	assert_int_equal(call(h, FILE_READ, t ^ 1ull << 40, 100, 0, 0, 0), -EFAULT);
	assert_int_equal(call(h, FILE_MAP, 0, 1, 0, 0, 0), 1);
	assert_int_equal(call(h, FILE_WRITE, t, 2, 1, 0, 0), 2);
	assert_int_equal(call(h, FILE_PEEK, 0, 440, 0, 0, 0), 10);
	assert_int_equal(call(h, FILE_SEEK, (uint64_t)-3, 2, 0, 0, 0), 7);
	assert_int_equal(call(h, FILE_TRUNCATE, 3, 0, 0, 0, 0), 0);
	assert_int_equal(call(context, NAME_STAT, t, WINDOW_BYTES, 0, 0, 0), -EFAULT);
	memset(window(), 'x', WINDOW_BYTES);
	assert_int_equal(call(context, NAME_STAT, t, 0, 0, 0, 0), -ENAMETOOLONG);
	assert_int_equal(call(context, NAME_STAT, t, WINDOW_BYTES - 9, 0, 0, 0), -EFAULT);
	assert_int_equal(call(context, FILE_READ, t, 1, 0, 0, 0), -EBADF);
	assert_int_equal(call(context, CONTEXT_FORK, 0, 0, 0, 0, 0), -EPERM);
	no_senders(h);
	descriptions_trim();
	assert_int_equal(slots_used, used);
	assert_int_equal(call(h, FILE_READ, t, 1, 0, 0, 0), -EBADF);
}

static struct cview_description *page_of(uint64_t handle)
{
	struct description *d = description_find(handle);

	return d && d->page ? (void *)store_address(&file.fs.store, d->page) : NULL;
}

static const struct cview_status *status_of(uint64_t handle)
{
	uint32_t page = description_find(handle)->inode->data.status;

	return (const void *)store_address(&file.fs.store, page);
}

#define VIEW(h, i, page, flags) call(h, FILE_VIEW, t, i, 0x100000, page, flags)

static void views_show_what_is(void **state)
{
	uint64_t t = tokens[0], context = handles[0], h, other;
	uint32_t used = slots_used, free_pages = file.fs.store.free;

	(void)state;
	strcpy((char *)window(), "hello");
	assert_int_equal(call(context, NAME_OPEN, t, 0, O_RDWR, 0, 0), 0);
	h = handles[2];
	assert_int_equal(call(h, FILE_SEEK, 4, 0, 0, 0, 0), 4);
	assert_int_equal(VIEW(h, 31, 0, 0), 0);
	assert_int_equal(block.items[2].rights, 1);  // the image's page is nobody's to write
	assert_int_equal(page_of(h)->offset, 4);
	assert_int_equal(status_of(h)->size, 10);
	assert_int_equal(status_of(h)->flags, CVIEW_ALONE);
	page_of(h)->offset = 6;
	assert_int_equal(call(h, FILE_SEEK, 1, 1, 0, 0, 0), 7);
	assert_int_equal(page_of(h)->offset, 7);
	page_of(h)->offset = UINT64_MAX - 3;
	assert_int_equal(call(h, FILE_READ, t, 4, NO_OFFSET, 0, 0), -EINVAL);

	uint64_t generation = status_of(h)->generation;

	assert_int_equal(call(h, FILE_WRITE, t, 2, 1, 0, 0), 2);  // a page of its own now
	assert_int_not_equal(status_of(h)->generation, generation);
	assert_int_equal(VIEW(h, 31, 0, 1), 0);
	assert_int_equal(block.items[0].rights, 3);
	generation = status_of(h)->generation;
	page_of(h)->written = 1;
	strcpy((char *)window(), "hello");
	assert_int_equal(call(context, NAME_OPEN, t, 0, O_RDONLY, 0, 0), 0);
	other = handles[3];
	assert_int_equal(page_of(h)->written, 0);
	assert_int_not_equal(status_of(h)->generation, generation);
	assert_int_equal(status_of(h)->flags, 0);
	assert_int_equal(VIEW(h, 31, 0, 1), 0);
	assert_int_equal(block.items[0].rights, 1);
	generation = status_of(h)->generation;
	assert_int_equal(VIEW(other, 0, 0, 0), 0);
	assert_int_equal(call(h, FILE_TRUNCATE, 3, 0, 0, 0, 0), 0);
	assert_int_not_equal(status_of(h)->generation, generation);
	assert_int_equal(status_of(h)->size, 3);
	assert_int_equal(VIEW(h, 32, 0, 0), -EINVAL);
	assert_int_equal(VIEW(h, 0, 0, 0), 0);  // in the place of the other's
	assert_int_equal(VIEW(h, 0, 1ull << 40, 0), -EINVAL);
	assert_int_equal(VIEW(h, 0, 7, 0), 0);
	no_senders(h);
	no_senders(other);
	descriptions_trim();
	assert_int_equal(slots_used, used);
	assert_in_range(free_pages - file.fs.store.free, 0, 1);  // the file's own
}

static void files_grow_in_their_room(void **state)
{
	uint64_t t = tokens[0], context = handles[0], h;
	uint32_t free_pages = file.fs.store.free;

	(void)state;
	strcpy((char *)window(), "tmp/grows");
	assert_int_equal(call(context, NAME_OPEN, t, 0, O_CREAT | O_WRONLY, 0600, 0), 0);
	h = handles[2];
	assert_int_equal(VIEW(h, 0, 0, CVIEW_EXTEND), 0);
	assert_int_equal(block.items[2].rights, 3);
	assert_int_equal(free_pages - file.fs.store.free, 2 + 16);
	page_of(h)->size = 5000;
	assert_int_equal(call(h, FILE_SEEK, 0, 2, 0, 0, 0), 5000);
	page_of(h)->size = 16 * PAGE + 1;  // more than there is
	assert_int_equal(call(h, FILE_SEEK, 0, 2, 0, 0, 0), 5000);
	memset(store_address(&file.fs.store, description_find(h)->inode->data.extents[0].page), 'x', 2 * PAGE);
	page_of(h)->size = 6000;
	strcpy((char *)window(), "tmp/grows");
	assert_int_equal(call(context, NAME_OPEN, t, 0, O_RDONLY, 0, 0), 0);
	assert_int_equal(free_pages - file.fs.store.free, 2 + 2);
	assert_int_equal(call(handles[3], FILE_PEEK, 5990, 440, 0, 0, 0), 10);
	assert_int_equal(call(h, FILE_TRUNCATE, 6001, 0, 0, 0, 0), 0);
	assert_int_equal(call(handles[3], FILE_READ, t, 1, 6000, 0, 0), 1);
	assert_int_equal(window()[0], 0);
	assert_int_equal(VIEW(h, 0, 1, CVIEW_EXTEND | CVIEW_AGAIN), 0);
	page_of(h)->size = 7000;  // no room: two descriptions
	assert_int_equal(call(h, FILE_SEEK, 0, 2, 0, 0, 0), 6001);
	no_senders(handles[3]);
	assert_int_equal(VIEW(h, 0, 1, CVIEW_EXTEND | CVIEW_AGAIN), 0);
	assert_int_equal(description_find(h)->room_end, 0);  // O_WRONLY, and not all its own any more
	no_senders(h);
	assert_int_equal(free_pages - file.fs.store.free, 2);
}

static void next_request_ends_a_wait(void **state)
{
	uint64_t t = tokens[0];

	(void)state;
	assert_int_equal(call(handles[0], NAME_PIPE, t, 0, 0, 0, 0), 0);
	call(handles[2], FILE_READ, t, 10, NO_OFFSET, 0, 0);
	assert_int_equal(kept[1], 1);
	assert_int_equal(call(handles[2], FILE_STAT, t, 0, 0, 0, 0), 0);
	assert_int_equal(kept[1], 0);
	assert_int_equal(kept_result[1], -EINTR);
	call(handles[2], FILE_READ, t, 10, NO_OFFSET, 0, 0);
	no_senders(handles[3]);
	assert_int_equal(kept_result[1], 0);
	no_senders(handles[2]);
}

static uint64_t board(void)
{
	assert_int_equal(call(handles[0], WAIT_BOARD, 0x10000, 0, 0, 0, 0), 0);
	return boards[0];
}

// The slot that is signalled for the window from now on.
static cap_t sleep_on(uint64_t token)
{
	cap_t arrives = file.receive;

	assert_int_equal(call(handles[0], WAIT_SLEEP, tokens[0], token, 1, 0, 0), 0);
	return arrives;
}

static void pipe_get(uint64_t ends[2])
{
	assert_int_equal(call(handles[0], NAME_PIPE, tokens[0], 0, 0, 0, 0), 0);
	ends[0] = handles[handle_count - 2];
	ends[1] = handles[handle_count - 1];
}

static void words_follow_and_sleepers_are_signalled_once(void **state)
{
	uint64_t t = tokens[0], b = board(), ends[2];
	struct linux_word *words = board_find(b)->words;
	cap_t slot;

	(void)state;
	all_arrive = true;
	pipe_get(ends);
	assert_int_equal(call(ends[0], WAIT_WATCH, b, 7, POLLIN, 0, 0), 0);
	assert_int_equal(call(ends[1], WAIT_WATCH, b, 8, POLLOUT, 0, 0), POLLOUT | POLLWRNORM);
	assert_int_equal(call(ends[1], WAIT_WATCH, b ^ 1ull << 40, 8, POLLOUT, 0, 0), -EFAULT);
	assert_int_equal(call(ends[1], WAIT_WATCH, b, 1024, POLLOUT, 0, 0), -EINVAL);
	slot = sleep_on(b);
	signals[slot] = 0;
	call(ends[1], FILE_WRITE, t, 10, NO_OFFSET, 0, 0);
	assert_int_equal(signals[slot], 1);
	assert_int_equal(words[7].mask, POLLIN | POLLRDNORM);
	assert_int_equal(words[7].count, 1);
	call(ends[1], FILE_WRITE, t, 10, NO_OFFSET, 0, 0);
	assert_int_equal(signals[slot], 1);
	assert_int_equal(words[7].count, 2);
	call(ends[0], FILE_READ, t, 20, NO_OFFSET, 0, 0);
	assert_int_equal(words[7].mask, 0);
	slot = sleep_on(b);
	signals[slot] = 0;
	no_senders(ends[1]);
	assert_int_equal(signals[slot], 1);
	assert_int_equal(words[7].mask, POLLHUP);
	assert_int_equal(words[8].mask, 0);
	no_senders(ends[0]);
	assert_int_equal(words[7].mask, 0);
	arrived_type = TYPE_ENDPOINT;
	assert_int_equal(call(handles[0], WAIT_SLEEP, t, b, 1, 0, 0), -EINVAL);
	arrived_type = TYPE_NOTIFICATION;
	is_mapped = false;
	(void)board();
	assert_null(board_find(b));
}

static void sets_keep_what_they_are_told(void **state)
{
	uint64_t ends[2], set, inner;
	struct linux_set_entry *entries;

	(void)state;
	all_arrive = true;
	(void)board();
	pipe_get(ends);
	assert_int_equal(call(handles[0], WAIT_SET_MAKE, 0, 0, 0, 0, 0), 0);
	set = handles[handle_count - 1];
	assert_int_equal(call(set, WAIT_SET_SHARE, boards[0], 0x20000, 0, 0, 0), 0);
	entries = (void *)((uint8_t *)board_find(boards[1])->words + BOARD_PAGES * PAGE);
	assert_int_equal(call(ends[0], WAIT_SET_CONTROL, boards[1], EPOLL_CTL_ADD, 5, EPOLLIN, 99), 0);
	assert_int_equal(call(ends[0], WAIT_SET_CONTROL, boards[1], EPOLL_CTL_ADD, 5, EPOLLIN, 99), -EEXIST);
	assert_int_equal(call(ends[0], WAIT_SET_CONTROL, boards[1], EPOLL_CTL_MOD, 6, EPOLLIN, 99), -ENOENT);
	assert_int_equal(entries[1].data, 99);
	assert_int_equal(board_find(boards[1])->words[0].mask, 2);
	assert_int_equal(call(set, FILE_POLL, POLLIN, 0, 0, 0, 0), 0);
	call(ends[1], FILE_WRITE, tokens[0], 10, NO_OFFSET, 0, 0);
	assert_int_equal(call(set, FILE_POLL, POLLIN, 0, 0, 0, 0), POLLIN);
	assert_int_equal(call(handles[0], WAIT_SET_MAKE, 0, 0, 0, 0, 0), 0);
	inner = handles[handle_count - 1];
	assert_int_equal(call(inner, WAIT_SET_CONTROL, boards[1], EPOLL_CTL_ADD, 7, EPOLLIN, 1), 0);
	assert_int_equal(call(inner, WAIT_SET_SHARE, boards[0], 0x30000, 0, 0, 0), 0);
	assert_int_equal(call(set, WAIT_SET_CONTROL, boards[2], EPOLL_CTL_ADD, 7, EPOLLIN, 1), -ELOOP);
	assert_int_equal(call(inner, WAIT_SET_CONTROL, boards[2], EPOLL_CTL_ADD, 7, EPOLLIN, 1), -EINVAL);
	no_senders(inner);
	assert_int_equal(board_find(boards[1])->words[0].mask, 2);
	no_senders(ends[0]);
	assert_int_equal(board_find(boards[1])->words[0].mask, 1);
	no_senders(ends[1]);
	no_senders(set);
	assert_null(board_find(boards[1]));
}

// What a process says of its end's position is believed as far as there are bytes.
static void positions_of_holders_are_clamped(void **state)
{
	uint64_t ends[2];
	struct pipe *pipe;

	(void)state;
	all_arrive = true;
	(void)board();
	pipe_get(ends);
	pipe = description_find(ends[0])->pipe;
	call(ends[1], FILE_WRITE, tokens[0], 10, NO_OFFSET, 0, 0);
	assert_int_equal(call(ends[1], WAIT_RING, tokens[0], boards[0], 0x20000, 0, 0), 0);
	assert_int_equal(call(ends[0], WAIT_RING, tokens[0], boards[0], 0x40000, 0, 0), 0);
	assert_non_null(pipe->writer);
	assert_int_equal(pipe_fill(pipe), 10);
	pipe->head->position = 0x80000000;
	assert_int_equal(pipe_fill(pipe), RING_BYTES);
	assert_int_equal(call(ends[0], WAIT_KICK, 0, 0, 0, 0, 0), 0);
	call(ends[0], FILE_READ, tokens[0], 16, NO_OFFSET, 0, 0);  // takes the reading end back
	assert_null(pipe->reader);
	call(ends[1], FILE_WRITE, tokens[0], 16, NO_OFFSET, 0, 0);
	assert_null(pipe->writer);
	assert_true(pipe_fill(pipe) <= RING_BYTES);
	while (pipe_fill(pipe) > 0)
		call(ends[0], FILE_READ, tokens[0], 16384, NO_OFFSET, 0, 0);
	assert_int_equal(pipe->ring, 0);
	no_senders(ends[0]);
	no_senders(ends[1]);
}

static uint32_t *lease_word(uint32_t handle)
{
	return &desk_find(desk_token, context_find(handles[0]))->memory->leases[handle];
}

static int64_t open_leased(const char *path, uint64_t flags, uint64_t handle)
{
	strcpy((char *)window(), path);
	sixth = handle;
	return call(handles[0], NAME_OPEN, tokens[0], 0, flags, 0600, desk_token);
}

static void what_is_closed_by_word_is_opened_again(void **state)
{
	(void)state;
	assert_int_equal(call(handles[0], CONTEXT_DESK, 0x20000, 0, 0, 0, 0), 0);
	assert_int_equal(open_leased("tmp/a", O_CREAT | O_RDWR, 7), 0);
	assert_int_equal(*lease_word(7) & LEASE_STATE, LEASE_OPEN);
	assert_int_equal(handle_count, 3);
	assert_int_equal(open_leased("tmp/b", O_CREAT | O_RDWR, 7 | LEASE_REUSE), LEASE_STALE);
	assert_int_equal(*lease_word(7), LEASE_NONE);
	assert_int_equal(open_leased("tmp/a", O_RDWR, 8), 0);
	children = 1;
	*lease_word(8) += LEASE_CLOSED - LEASE_OPEN;
	assert_int_equal(open_leased("tmp/none", O_RDONLY, 8 | LEASE_REUSE), -ENOENT);
	assert_int_equal(*lease_word(8) & LEASE_STATE, LEASE_PARKED);
	assert_int_equal(call(handles[3], FILE_SEEK, 0, 0, 0, 0, 0), -EBADF);
	assert_int_equal(open_leased("tmp/b", O_CREAT | O_RDWR, 8 | LEASE_REUSE), 0);
	assert_int_equal(handle_count, 4);
	assert_int_equal(call(handles[3], FILE_WRITE, tokens[0], 5, NO_OFFSET, 0, 0), 5);
	// A device cannot take its place, nor can anything where others have it.
	*lease_word(8) += LEASE_CLOSED - LEASE_OPEN;
	assert_int_equal(open_leased("dev/null", O_RDONLY, 8 | LEASE_REUSE), LEASE_STALE);
	assert_int_equal(open_leased("tmp/a", O_RDONLY, 8 | LEASE_REUSE), 0);
	*lease_word(8) += LEASE_CLOSED - LEASE_OPEN;
	children = 2;
	assert_int_equal(open_leased("tmp/b", O_RDONLY, 8 | LEASE_REUSE), LEASE_STALE);
	assert_int_equal(call(handles[3], FILE_SEEK, 0, 1, 0, 0, 0), 0);
	no_senders(handles[3]);
}

static void words_are_looked_at_where_a_close_shows(void **state)
{
	uint32_t free;

	(void)state;
	children = 1;
	assert_int_equal(call(handles[0], CONTEXT_DESK, 0x20000, 0, 0, 0, 0), 0);
	free = file.fs.store.free;
	assert_int_equal(open_leased("tmp/a", O_CREAT | O_RDWR, 1), 0);
	assert_int_equal(call(handles[2], FILE_WRITE, tokens[0], 16384, NO_OFFSET, 0, 0), 16384);
	*lease_word(1) += LEASE_CLOSED - LEASE_OPEN;
	strcpy((char *)window(), "tmp/a");
	assert_int_equal(call(handles[0], NAME_UNLINK, tokens[0], 0, 0, 0, 0), 0);
	assert_int_equal(file.fs.store.free, free);
	assert_int_equal(open_leased("tmp/a", O_CREAT | O_RDWR, 1 | LEASE_REUSE), 0);
	strcpy((char *)window(), "tmp/a");
	assert_int_equal(call(handles[0], NAME_UNLINK, tokens[0], 0, 0, 0, 0), 0);
	assert_int_equal(*lease_word(1) & LEASE_STATE, LEASE_NONE);
	no_senders(handles[2]);
	// A second opening knows that it is alone.
	assert_int_equal(open_leased("hello", O_RDONLY, 2), 0);
	*lease_word(2) += LEASE_CLOSED - LEASE_OPEN;
	assert_int_equal(open_leased("hello", O_RDONLY, 3), 0);
	assert_int_equal(description_find(handles[4])->inode->data.opens, 1);
	// A desk that goes leaves its parked descriptions to their capabilities.
	no_senders(handles[3]);
	is_mapped = false;
	assert_int_equal(call(handles[0], CONTEXT_DESK, 0x20000, 0, 0, 0, 0), 0);
	no_senders(handles[4]);
	assert_null(description_find(handles[4]));
}

// How many answers are valid.
static int answers(void)
{
	const struct linux_desk *desk = desk_find(desk_token, context_find(handles[0]))->memory;
	int count = 0;

	for (uint32_t i = 0; i < ANSWER_SETS * ANSWER_WAYS; i++)
		count += desk->answers[i].epoch == desk->epoch &&
			 (desk->answers[i].result != -ENOENT || desk->answers[i].absent == desk->absent);
	return count;
}

static int64_t ask(const char *path)
{
	strcpy((char *)window(), path);
	return call(handles[0], NAME_STAT, tokens[0], 0, 0, desk_token, 0);
}

static int64_t do_at(uint32_t label, const char *path, uint64_t argument)
{
	strcpy((char *)window(), path);
	return call(handles[0], label, tokens[0], 0, argument, 0, 0);
}

static void answers_stay_until_something_changes_them(void **state)
{
	(void)state;
	children = 1;
	assert_int_equal(call(handles[0], CONTEXT_DESK, 0x20000, 0, 0, 0, 0), 0);
	assert_int_equal(ask("hello"), 0);
	assert_int_equal(ask("tmp/none"), -ENOENT);
	assert_int_equal(ask("hello"), 0);
	assert_int_equal(ask("/dev/null"), 0);  // a device has no answer there
	assert_int_equal(answers(), 2);
	assert_int_equal(do_at(NAME_MKDIR, "tmp/other", 0755), 0);
	assert_int_equal(answers(), 1);
	assert_int_equal(ask("tmp/none"), -ENOENT);
	assert_int_equal(do_at(NAME_MKDIR, "tmp/none", 0755), 0);
	assert_int_equal(answers(), 1);
	assert_int_equal(ask("tmp/none"), 0);
	assert_int_equal(do_at(NAME_CHMOD, "hello", 0600), 0);
	assert_int_equal(answers(), 0);
	assert_int_equal(ask("hello"), 0);
	assert_int_equal(ask("tmp/none"), 0);
	assert_int_equal(do_at(NAME_CHDIR, "tmp", 0), 0);
	assert_int_equal(answers(), 0);
	assert_int_equal(ask("none"), 0);
	assert_int_equal(ask("/hello"), 0);
	assert_int_equal(do_at(NAME_UNLINK, "none", 0x200), 0);
	assert_int_equal(answers(), 0);
	assert_int_equal(ask("/hello"), 0);
	assert_int_equal(call(handles[1], CONTEXT_SET_IDS, 5, 5, 0, 0, 0), 0);
	assert_int_equal(answers(), 0);
	assert_int_equal(call(handles[1], CONTEXT_SET_IDS, 0, 0, 0, 0, 0), 0);
	assert_int_equal(ask("/hello"), 0);
	assert_int_equal(open_leased("/hello", O_RDWR, 3), 0);
	assert_int_equal(answers(), 2);
	assert_int_equal(call(handles[2], FILE_WRITE, tokens[0], 9, 0, 0, 0), 9);
	assert_int_equal(answers(), 1);
	assert_int_equal(do_at(NAME_UNLINK, "/hello", 0), 0);
	assert_int_equal(answers(), 0);
}

// Whoever holds an end writes into its pages what it likes.
static void scribble(void)
{
	for (uint32_t i = 0; i < CONTEXTS_USED; i++) {
		struct context *context = context_find(badge_make(BADGE_CONTEXT, i, 1));

		for (struct desk *desk = context ? context->desks : NULL; desk; desk = desk->next)
			desk->memory->leases[rand() % 16] ^= (uint32_t)rand() % 4;
	}
	for (uint32_t i = 0; i < handle_count; i++) {
		struct description *d = (handles[i] & 0xff) == BADGE_DESCRIPTION ? description_find(handles[i]) : NULL;

		if (!d || !d->pipe || rand() % 8)
			continue;
		if (d->pipe->writer)
			d->pipe->head->position = (uint32_t)rand() * 3u;
		if (d->pipe->reader)
			d->pipe->tail->wants = (uint32_t)rand();
	}
}

static uint64_t any_word(void)
{
	static const uint64_t special[] = {0, 1, 2, 3, 4095, 4096, 16383, 16384, 65536, O_RDWR,
					   O_CREAT | O_RDWR, O_PATH, INT64_MAX, 1ull << 63,
					   UINT64_MAX, S_IFREG | 0666, O_NONBLOCK};

	return rand() % 3 ? special[(size_t)rand() % (sizeof special / sizeof special[0])] :
			    (uint64_t)rand() % 20000;
}

static void fill_window(uint64_t token)
{
	static const char *const parts[] = {"/", "hello", "bin/", "tmp/", "a", "b", "..", "./",
					    "link", "dev/null", "dev/zero", "etc/", ""};
	struct window *w = window_find(token);
	size_t at = 0;

	for (int i = 0; w && i < 8 && at < 60; i++) {
		strcpy((char *)w->bytes + at, parts[(size_t)rand() % 13]);
		at += strlen((char *)w->bytes + at) + (size_t)(rand() % 2);
	}
}

static void hostile_messages_do_no_harm(void **state)
{
	(void)state;
	srand(5);
	for (int round = 0; round < 300000; round++) {
		uint64_t badge = handles[(uint32_t)rand() % handle_count];
		uint64_t token = tokens[(uint32_t)rand() % token_count];
		uint32_t label = (uint32_t)(2 + rand() % 4) << 8 | (uint32_t)(rand() % 20);
		uint64_t first = token;

		if (rand() % 3 == 0) {
			label = WAIT_BOARD >> 8 << 8 | (uint32_t)(rand() % 17);
			first = label == WAIT_SLEEP || label == WAIT_RING || label == WAIT_OPEN_WAIT
					? token : boards[rand() % 4];
			is_mapped = rand() % 16;
		}

		fill_window(token);
		if (page_of(badge))
			*page_of(badge) = (struct cview_description){any_word(), any_word(), any_word(), any_word()};
		if (rand() % 50 == 0)
			badge ^= 1ull << rand() % 64;
		if (handle_count > 150 || rand() % 30 == 0) {
			uint32_t i = 2 + (uint32_t)rand() % (handle_count - 1);

			if (i < handle_count) {
				no_senders(handles[i]);
				handles[i] = handles[--handle_count];
			}
			continue;
		}
		if (label == CONTROL_REGISTER || badge == BADGE_CONTROL)
			continue;
		if (label == CONTEXT_ATTACH && token_count == 8)
			token_count = 1;
		children = (uint64_t)rand() % 3;
		sixth = label == NAME_ACCESS ? desk_token :
					       (uint64_t)(rand() % 16) | (rand() % 2 ? LEASE_REUSE : 0);
		if (label == CONTEXT_DESK)
			first = 0x10000;
		call(badge, label, label == CONTEXT_ATTACH ? (uint64_t)rand() % 70 : first,
		     rand() % 2 ? any_word() : boards[rand() % 4], any_word(),
		     label == NAME_STAT ? desk_token : any_word(),
		     label == NAME_OPEN && rand() % 2 ? desk_token : any_word());
		scribble();
		if (!window_find(tokens[0])) {
			token_count = 0;
			call(handles[0], CONTEXT_ATTACH, 3, 0x10000, 0, 0, 0);
		}
	}
	while (handle_count > 0)
		no_senders(handles[--handle_count]);
	for (cap_t i = 1; i < REPLIES; i++)
		assert_false(kept[i]);
}

static void nothing_is_left_after_a_client(void **state)
{
	uint32_t before = file.fs.store.free + WINDOW_PAGES, used = slots_used - 3;
	uint64_t t = tokens[0];

	(void)state;
	strcpy((char *)window(), "tmp/gone");
	assert_int_equal(call(handles[0], NAME_OPEN, t, 0, O_CREAT | O_RDWR, 0600, 0), 0);
	assert_int_equal(call(handles[0], NAME_UNLINK, t, 0, 0, 0, 0), 0);
	assert_int_equal(call(handles[2], FILE_WRITE, t, 16384, 0, 0, 0), 16384);
	assert_int_equal(call(handles[2], FILE_MAP, 0, 1, 0, 0, 0), 4);
	assert_int_equal(call(handles[0], NAME_PIPE, t, 0, 0, 0, 0), 0);
	call(handles[4], FILE_WRITE, t, 16384, NO_OFFSET, 0, 0);
	while (handle_count > 0)
		no_senders(handles[--handle_count]);
	assert_int_equal(file.fs.store.free, before);
	descriptions_trim();
	assert_int_equal(slots_used, used);
	assert_null(window_find(t));
}

__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(open_read_write_close, setup),
		cmocka_unit_test_setup(views_show_what_is, setup),
		cmocka_unit_test_setup(files_grow_in_their_room, setup),
		cmocka_unit_test_setup(next_request_ends_a_wait, setup),
		cmocka_unit_test_setup(words_follow_and_sleepers_are_signalled_once, setup),
		cmocka_unit_test_setup(sets_keep_what_they_are_told, setup),
		cmocka_unit_test_setup(positions_of_holders_are_clamped, setup),
		cmocka_unit_test_setup(what_is_closed_by_word_is_opened_again, setup),
		cmocka_unit_test_setup(words_are_looked_at_where_a_close_shows, setup),
		cmocka_unit_test_setup(answers_stay_until_something_changes_them, setup),
		cmocka_unit_test_setup(nothing_is_left_after_a_client, setup),
		cmocka_unit_test_setup(hostile_messages_do_no_harm, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
