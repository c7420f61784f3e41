// Pipes whose ends processes hold: the bytes and positions lie in memory that is mapped for them.
#ifndef FILE_RING_H
#define FILE_RING_H

#include "servers/file/board.h"

// Let a process hold an end; what is mapped goes into the reply. 0 or -errno.
int64_t ring_hold(struct request *r, struct board *board, uint64_t address);
// The share of an end goes: its position is the server's again.
void ring_release(struct share *share);
// Take back one end or both, because somebody else comes.
void ring_take(struct pipe *pipe, bool is_writer);
void ring_take_all(struct pipe *pipe);
// Tell holders what they have said that they wait for, and the flags.
void ring_notify(struct pipe *pipe);
// Put into the answer what signals the thread of the other end, if both are held.
void ring_bell(struct request *r);
// The flags of one end: O_NONBLOCK as its description has it.
void ring_flags_set(struct pipe *pipe);

#endif
