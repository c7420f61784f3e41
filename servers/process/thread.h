// Threads of processes: what each is to the kernel (Thread, SchedContext, Notification, a thread area),
// its capabilities in the CSpace of its process, and the calls that it waits in.
//
// Invariants: a thread is in its body's list and in the table from thread_make to thread_destroy; one
// that has ended is parked: it has no tid, runs nothing, and keeps its objects for the next.
#ifndef PROCESS_THREAD_H
#define PROCESS_THREAD_H

#include "servers/process/body.h"
#include "servers/process/futex.h"
#include "servers/process/queue.h"
#include "servers/process/task.h"

enum thread_slot {
	THREAD_THREAD,
	THREAD_CONTEXT,
	THREAD_NOTIFY,
	THREAD_WORK,      // the notification, badge LINUX_NOTIFY_WORK
	THREAD_DEADLINE,  // the notification, badge LINUX_NOTIFY_DEADLINE
	THREAD_FAULT,
	THREAD_SLOTS,
};

#define THREAD_PAGES (BODY_STACK_PAGES + 1)
#define THREAD_MAPS 4
#define THREAD_TABLE_MAX 2048
#define THREAD_PARKED_MAX 8

struct thread {
	struct thread *next;  // of the body
	struct task *task;
	struct body *body;
	uint32_t index, tid;  // in the table; 0: parked
	int32_t nice;         // that its time slice follows
	uint8_t policy, priority;  // schedule.c
	bool resets;          // its children do not inherit those
	uint32_t serial;      // tells it from those that had the index before: in its badge
	uint32_t area, number;  // thread area; of its slots in the CSpace
	cap_t slots, unit;    // unit 0: its objects lie in the body's
	uint32_t pages;
	bool is_first;        // its pages are the body's
	cap_t maps[THREAD_MAPS];  // of the space's slots: they go before the pages do
	uint32_t map_count;
	cap_t window_map;     // keeps the table of its windows
	struct abi_block *kernel;    // its block
	struct linux_thread *block;  // in it
	uint64_t ticks_start;        // of its SchedContext, when it began
	uint64_t ticks_seen;         // when it was last asked: at the end of what it was
	struct signal_queue queue;   // signals for it that have no room in the block

	// Callers that wait for an answer: Replies, 0 when none.
	cap_t wait_reply, vfork_reply, stopped_reply;
	uint32_t wait_type, wait_id, wait_options;

	struct futex_wait futex;  // what it waits for, in memory that several spaces have
};

// The thread whose message is in hand; null: not a thread's.
extern struct thread *caller;

// A further thread of a body, or its first (then `pages` is its run; else PAGE_NONE). Everything but its
// registers. Null: no memory.
struct thread *thread_make(struct body *body, struct task *task, uint32_t pages);
// A parked thread of the body, or a new one.
struct thread *thread_take(struct body *body, struct task *task);
// It has ended, its process goes on: stop it, and keep it or take it apart.
void thread_put(struct thread *thread);
void thread_destroy(struct thread *thread);

// The only thread of a body that is kept for another process: it stops, and nothing is left of what it was;
// later it is the first of a new process. Its pages are not cleaned here.
void thread_retire(struct thread *thread);
// What other servers have mapped for a thread that is gone is in the way of the next in its area.
void thread_windows_end(struct thread *thread);
// What its block says of the thread itself.
void thread_block_set(struct thread *thread);
void thread_renew(struct thread *thread, struct task *task);

// The CSpace has been exchanged.
bool thread_cspace_set(struct thread *thread, cap_t cnode);
// Let its time slice follow the nice value of its process, or its policy (schedule.c: what it amounts to).
int32_t thread_nice(const struct thread *thread);
bool nice_is_allowed(const struct task *task, int32_t nice);  // by RLIMIT_NICE
void schedule_inherit(struct thread *thread, const struct thread *from);  // of a child or another thread
void schedule_keep(struct thread *thread, const struct thread *from);     // over exec
void thread_nice_settle(struct thread *thread);
bool thread_start(struct thread *thread, uint64_t ip);
uint64_t thread_ticks(struct thread *thread);  // processor time that it had

struct thread *thread_get(uint64_t index);  // by its number in a badge
struct thread *thread_find(uint64_t tid);   // one that runs
// Any thread that runs.
struct thread *thread_first(const struct body *body);
struct thread *thread_next(const struct thread *thread);

static inline cap_t thread_slot(const struct thread *thread, enum thread_slot slot)
{
	return thread->slots + slot;
}

#endif
