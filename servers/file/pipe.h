// Pipes: 65,536 bytes, and who waits for them.
//
// What an answer delivers is consumed only when the answer reached its caller. A waiting write
// needs room for all of it (a transfer is at most a window, so there can be), which keeps every
// write in one piece, and a cancelled one without effect.
#ifndef FILE_PIPE_H
#define FILE_PIPE_H

#include "servers/file/store.h"

#define PIPE_PAGES 16u
#define PIPE_SIZE (PIPE_PAGES * PAGE)
#define PIPE_ATOMIC 4096u

// One caller that reads or writes.
struct pipe_wait {
	struct pipe_wait *next;
	struct pipe_wait **queue;  // the one that it is in, or null
	uint8_t *data;             // the caller's window
	uint32_t length;
	uint32_t reply;
	void *owner;               // its open file description
};

struct pipe {
	uint64_t head, tail;  // bytes ever written and read
	uint32_t pages[PIPE_PAGES];
	uint32_t readers, writers;  // open file descriptions
	struct pipe_wait *read_queue, *write_queue;
	struct arming *armings;     // for arming.c
	struct store *store;
	// Answer a caller. False: it did not get the answer.
	bool (*answer)(struct pipe_wait *wait, int64_t result);
};

static inline uint32_t pipe_fill(const struct pipe *pipe)
{
	return (uint32_t)(pipe->head - pipe->tail);
}

// Read or write, at once or later; `block` is false for O_NONBLOCK. Answers through pipe->answer
// now or then; the wait is the pipe's until that.
void pipe_read(struct pipe *pipe, struct pipe_wait *wait, bool block);
void pipe_write(struct pipe *pipe, struct pipe_wait *wait, bool block);

// Take a wait out of the queue that it may be in; it is not answered.
void pipe_forget(struct pipe_wait *wait);

// Answer all waits of an owner.
void pipe_answer_owner(struct pipe *pipe, const void *owner, int64_t result);

// Answer whoever can be, after readers or writers went.
void pipe_wake(struct pipe *pipe);

// Give the pages back.
void pipe_clear(struct pipe *pipe);

#endif
