// Futexes in memory that several address spaces have: waiters by object and offset. Those of one space
// alone are the library's (struct space_block), but for the end of threads.
#ifndef PROCESS_FUTEX_H
#define PROCESS_FUTEX_H

#include "servers/process/space.h"

struct thread;

struct futex_key {
	struct backing *object;  // counted
	uint64_t offset;
	uint64_t id;             // of the object: a file is one, however often it was mapped
};

struct futex_wait {
	struct futex_key key;  // object null: waits for nothing
	uint32_t bitset;
	struct thread *next;
};

// Tell the library whether memory of this space may be shared.
void futex_share(struct space *space);
// A thread is gone, or ended: it waits for nothing.
void futex_forget(struct thread *thread);
// The same, for a thread that was stopped anywhere while its space goes on: locks that it held are broken.
void futex_break(struct thread *thread);
// What the end of a thread that was killed means to others who share its memory: robust list, CLEARTID.
void futex_thread_end(struct thread *thread);

#endif
