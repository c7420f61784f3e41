#include "servers/file/board.h"

#include "abi/gen/stubs.h"
#include "lib/rt/random.h"
#include "servers/file/epoll.h"
#include "servers/file/heap.h"

#include <poll.h>

#define BOARDS_MAX 4096

static struct board *boards[BOARDS_MAX];

static uint32_t board_place(void)
{
	static uint32_t hint;

	for (uint32_t n = 0; n < BOARDS_MAX; n++) {
		uint32_t i = (hint + n) % BOARDS_MAX;

		if (!boards[i]) {
			hint = i;
			return i;
		}
	}
	return BOARDS_MAX;
}

static bool board_memory(struct board *board, uint32_t pages)
{
	board->page = store_get(&file.fs.store, pages);
	if (board->page == 0)
		return false;
	board->pages = pages;
	board->words = (struct linux_word *)store_address(&file.fs.store, board->page);
	memset(board->words, 0, (size_t)pages * PAGE);
	return true;
}

struct board *board_make(struct context *context, struct set *set, uint32_t pages)
{
	uint32_t i = board_place();
	struct board *board = i < BOARDS_MAX ? heap_get(sizeof *board, HEAP_NORMAL) : NULL;

	if (!board)
		return NULL;
	if (!board_memory(board, pages)) {
		heap_put(board, sizeof *board);
		return NULL;
	}
	rt_random(&board->token, sizeof board->token);
	board->token = board->token << 16 | i;
	board->set = set;
	board->context = context;
	if (context) {
		board->next = context->boards;
		context->boards = board;
	}
	boards[i] = board;
	return board;
}

struct board *board_find(uint64_t token)
{
	uint64_t i = token & 0xffff;

	return i < BOARDS_MAX && boards[i] && boards[i]->token == token ? boards[i] : NULL;
}

static void sleeper_free(struct sleeper *s)
{
	struct sleeper **link = &s->board->sleepers;

	while (*link != s)
		link = &(*link)->board_next;
	*link = s->board_next;
	link = &s->window->sleepers;
	while (*link != s)
		link = &(*link)->window_next;
	*link = s->window_next;
	s->window->sleeper_count--;
	heap_put(s, sizeof *s);
}

void board_wake(struct board *board)
{
	while (board->sleepers) {
		(void)sys_signal(board->sleepers->window->notification);
		sleeper_free(board->sleepers);
	}
}

void board_free(struct board *board)
{
	board_wake(board);
	while (board->shares)
		share_free(board->shares);
	for (uint32_t i = 0; i < BOARD_WORDS; i++)
		if (board->watches[i])
			watch_free(board->watches[i]);
	if (board->context) {
		struct board **link = &board->context->boards;

		while (*link != board)
			link = &(*link)->next;
		*link = board->next;
	}
	if (board->slot != 0) {
		(void)cnode_delete(file.cnode, board->slot, 1);
		slot_free(board->slot);
	}
	boards[board->token & 0xffff] = NULL;
	store_put(&file.fs.store, board->page, board->pages);
	heap_put(board, sizeof *board);
}

void board_sweep(struct context *context)
{
	for (struct board *board = context->boards, *next; board; board = next) {
		uint64_t address = 1;

		next = board->next;
		if (frame_info(board->slot, NULL, &address, NULL) != OK || address == 0)
			board_free(board);
	}
}

// What the word says: of a set's, what the entry is there for.
static uint32_t watch_bits(const struct watch *watch)
{
	uint32_t bits = description_ready(watch->description);

	return watch->board->set ? set_entry_bits(watch->board->set, watch->index, bits) : bits;
}

struct watch *watch_make(struct board *board, uint32_t index, struct description *d, uint32_t events)
{
	struct watch *watch = board->watches[index];

	if (watch && watch->description != d) {
		watch_free(watch);
		watch = NULL;
	}
	if (!watch) {
		watch = heap_get(sizeof *watch, HEAP_NORMAL);
		if (!watch)
			return NULL;
		*watch = (struct watch){d->source->watches, board, d, index, 0};
		d->source->watches = watch;
		board->watches[index] = watch;
	}
	watch->events = events;
	board->words[index].mask = watch_bits(watch);
	return watch;
}

void watch_free(struct watch *watch)
{
	struct watch **link = &watch->description->source->watches;

	while (*link != watch)
		link = &(*link)->next;
	*link = watch->next;
	watch->board->watches[watch->index] = NULL;
	watch->board->words[watch->index].mask = 0;
	heap_put(watch, sizeof *watch);
}

void source_event(struct source *source, uint32_t events)
{
	for (struct watch *watch = source->watches; watch; watch = watch->next) {
		struct board *board = watch->board;
		struct linux_word word = board->words[watch->index];

		word.mask = watch_bits(watch);
		word.count += (word.mask & events) != 0;
		__atomic_store(&board->words[watch->index], &word, __ATOMIC_RELEASE);
		if (!(word.mask & events & (watch->events | POLLERR | POLLHUP)))
			continue;
		board_wake(board);
		if (board->set)
			source_event(&board->set->source, POLLIN | POLLRDNORM);
	}
}

void source_end(struct source *source, const struct description *d)
{
	for (struct watch *watch = source->watches, *next; watch; watch = next) {
		next = watch->next;
		if (watch->description != d)
			continue;
		if (watch->board->set)
			set_entry_end(watch->board->set, watch->index);
		watch_free(watch);
	}
}

int64_t sleeper_make(struct board *board, struct window *window)
{
	struct sleeper *s;

	for (s = window->sleepers; s; s = s->window_next)
		if (s->board == board)
			return 0;
	if (window->sleeper_count >= SLEEPERS_MAX)
		return -ENOSPC;
	s = heap_get(sizeof *s, HEAP_NORMAL);
	if (!s)
		return -ENOMEM;
	*s = (struct sleeper){board->sleepers, window->sleepers, board, window};
	board->sleepers = s;
	window->sleepers = s;
	window->sleeper_count++;
	return 0;
}

void sleeper_window_end(struct window *window)
{
	while (window->sleepers)
		sleeper_free(window->sleepers);
}
