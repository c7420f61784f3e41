// Pipes: bytes in a ring, and who waits for them.
//
// What an answer delivers is consumed only when the answer reached its caller. A waiting write
// needs room for all of it (a transfer is at most a window), or for a page where the pipe is smaller,
// which keeps every write of PIPE_ATOMIC in one piece, and a cancelled one without effect.
//
// The positions lie in the pipe, or, once a process held an end, in pages of a ring (ring.c). The
// position of an end that a process holds is whatever it says: every look is clamped.
#ifndef FILE_PIPE_H
#define FILE_PIPE_H

#include "protocol/linux.h"
#include "servers/file/source.h"
#include "servers/file/store.h"

#define PIPE_SIZE RING_BYTES
#define PIPE_SIZE_MAX (1u << 20)
#define PIPE_ATOMIC 4096u

// One caller that reads or writes.
struct pipe_wait {
	struct pipe_wait *next;
	struct pipe_wait **queue;  // the one that it is in, or null
	uint8_t *data;             // the caller's window
	uint32_t length;
	uint32_t reply;
	void *owner;               // its open file description
	uint64_t value;            // of an event
};

struct pipe {
	struct source source;
	uint32_t size;                // a power of two
	uint32_t *pages;              // size / PAGE of them; 0: none there
	uint32_t ring;                // first of RING_PAGES pages that take the place of those, or 0
	struct linux_ring_index *head, *tail;  // bytes ever written and read
	struct linux_ring_index own_head, own_tail;
	struct share *writer, *reader;  // processes that hold the ends
	uint32_t takeovers;
	uint32_t readers, writers;    // open file descriptions
	uint32_t readers_opened, writers_opened;  // ever
	struct pipe_wait *read_queue, *write_queue, *open_queue;
	struct store *store;
	// Answer a caller. False: it did not get the answer.
	bool (*answer)(struct pipe_wait *wait, int64_t result);
};

// Ready to be used. False: no memory.
bool pipe_init(struct pipe *pipe, struct store *store);

uint32_t pipe_fill(const struct pipe *pipe);
static inline uint32_t pipe_room(const struct pipe *pipe) { return pipe->size - pipe_fill(pipe); }

// Read or write, at once or later; `block` is false for O_NONBLOCK. Answers through pipe->answer
// now or then; the wait is the pipe's until that.
void pipe_read(struct pipe *pipe, struct pipe_wait *wait, bool block);
void pipe_write(struct pipe *pipe, struct pipe_wait *wait, bool block);

// Queues of waits.
void pipe_wait_append(struct pipe_wait **queue, struct pipe_wait *wait);
// Take a wait out of the queue that it may be in; it is not answered.
void pipe_forget(struct pipe_wait *wait);

// Answer all waits of an owner.
void pipe_answer_owner(struct pipe *pipe, const void *owner, int64_t result);

// Answer whoever can be, after readers or writers went, or a position moved.
void pipe_wake(struct pipe *pipe);

// Another capacity. 0, -EBUSY: more is in it, -ENOMEM.
int pipe_resize(struct pipe *pipe, uint32_t size);

// Copy between the bytes at a position and memory. False: a page is missing and there is no memory.
bool pipe_copy(struct pipe *pipe, uint32_t position, uint8_t *data, uint32_t length, bool in);

// Give the pages back.
void pipe_clear(struct pipe *pipe);

#endif
