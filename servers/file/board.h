// Boards: words that say what is ready, and the threads that sleep until one says so. A board is a
// process's (its words go by handle) or an epoll set's (by entry).
//
// Invariants: word i of a board is what description_ready says of watch i's description, and its count
// changes with every event that makes it ready. A watch is in its board's table and in its source's
// list, and goes with whichever goes first. A sleeper is in its board's and its window's list.
#ifndef FILE_BOARD_H
#define FILE_BOARD_H

#include "servers/file/file.h"

#include "protocol/linux.h"

#define SLEEPERS_MAX 64  // of one window: a thread waits for a few boards at most

struct watch {
	struct watch *next;  // of the same source
	struct board *board;
	struct description *description;
	uint32_t index, events;
};

struct sleeper {
	struct sleeper *board_next, *window_next;
	struct board *board;
	struct window *window;
};

struct share;

struct board {
	uint64_t token;
	struct context *context;  // of a process's
	struct board *next;       // of the context
	struct set *set;          // of an epoll set's
	uint32_t page, pages;     // words first
	struct linux_word *words;
	struct watch *watches[BOARD_WORDS];
	struct sleeper *sleepers;
	cap_t slot;               // of a process's: what is mapped
	struct share *shares;     // memory that was mapped for the process
};

// Memory of the server's (of a pipe, of a set) that is mapped for a process.
#define SHARE_ITEMS 2
struct share {
	struct share *next;         // of the process's board
	struct share *object_next;  // of the set
	struct board *board;
	struct set *set;
	struct pipe *pipe;
	struct window *window;      // of a pipe's end: the thread that is woken
	struct description *description;
	bool is_writer;
	cap_t bell;                 // of a pipe's end, 0: none. What the other end's holder signals comes of it
	uint64_t address;
	cap_t slots[SHARE_ITEMS];
};

// Of a context, or of a set. Null: no memory.
struct board *board_make(struct context *context, struct set *set, uint32_t pages);
void board_free(struct board *board);
// Free those of the context whose process is gone: its memory is mapped nowhere.
void board_sweep(struct context *context);
// A process's board, or a set's. Null: not a token.
struct board *board_find(uint64_t token);

struct watch *watch_make(struct board *board, uint32_t index, struct description *d, uint32_t events);
void watch_free(struct watch *watch);

// Something happened that makes `events` ready for whoever watches for it.
void source_event(struct source *source, uint32_t events);
void source_end(struct source *source, const struct description *d);

// Signal who sleeps on it.
void board_wake(struct board *board);
int64_t sleeper_make(struct board *board, struct window *window);
void sleeper_window_end(struct window *window);

// Derive the item-th part of `count` pages from `page` on, to be mapped at `address` by the reply.
struct share *share_make(struct board *board, uint64_t address);
void share_free(struct share *share);
// A thread that shares would wake is gone.
void share_window_end(const struct window *window);
void board_item(struct request *r, struct board *board, uint64_t address);
void share_item(struct request *r, struct share *share, uint32_t page, uint32_t count, uint64_t address,
		uint32_t rights);

#endif
