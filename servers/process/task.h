// The table of processes: pids, parents, groups, sessions, credentials, what a wait can find.
//
// Pure. Invariants: a pid is the number of at most one entry, and is not given out while it is a live
// group or session; every entry but init has a parent; init's own children are reaped at once.
#ifndef PROCESS_TASK_H
#define PROCESS_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/types.h"
#include "servers/process/queue.h"

#define TASK_MAX 256
#define TASK_INIT_PID 1
#define TASK_PID_MAX 32768
#define TASK_NAME_MAX 16
#define TASK_TID 0x8000
#define TASK_GROUPS_MAX 32

enum task_state { TASK_FREE, TASK_RUNNING, TASK_STOPPED, TASK_ZOMBIE };

struct body;
struct thread;

struct task_ids {
	uint32_t ruid, euid, suid, rgid, egid, sgid;
};

struct task {
	enum task_state state;
	uint32_t index, generation;
	uint32_t pid, pgid, sid;
	struct task *parent, *child, *next, *before;  // children: a list
	struct task_ids ids;
	char name[TASK_NAME_MAX];
	uint32_t exit_signal;
	uint32_t status;          // wait status, once a zombie
	bool is_ended;            // its end is under way
	bool has_exec;            // setpgid by the parent is too late
	bool stop_news, continue_news;  // not yet seen by a wait
	uint32_t stop_signal;
	uint64_t start;                 // counter when it was made
	uint64_t seen_at, seen_ticks;   // counter and processor time when /proc last told its state
	int32_t nice;
	uint32_t fsuid, fsgid;          // for whom names are checked: the effective ids, unless setfsuid said so
	bool has_no_terminal;           // it gave up its session's
	uint64_t ticks, child_ticks;    // processor time: own at the end, reaped children's
	uint32_t page_peak;

	uint32_t death_signal;          // sent when its parent ends; 0: none
	bool is_subreaper;              // orphans among its descendants become its children
	struct thread *vfork_parent;    // who waits for this one's exec or end
	struct signal_queue queue;      // signals for any thread
	uint32_t group_count;
	uint32_t groups[TASK_GROUPS_MAX];  // supplementary
	struct body *body;              // null: init, zombies
};

struct task_table {
	struct task items[TASK_MAX];
	uint16_t by_pid[TASK_PID_MAX];  // index + 1; TASK_TID and a number: a thread's tid
	uint32_t free_first;            // chain through generation-stamped entries: see task.c
	uint32_t count, pid_next;
	uint32_t pid_clear;             // no task has a pid, group or session from pid_next to here
	uint16_t free_next[TASK_MAX];
};

#define WAIT_ALL 0
#define WAIT_PID 1
#define WAIT_PGID 2
#define WAIT_NOHANG 1u
#define WAIT_STOPPED 2u
#define WAIT_EXITED 4u
#define WAIT_CONTINUED 8u
#define WAIT_NOWAIT 0x1000000u
#define WAIT_WALL 0x40000000u    // children of both kinds: those whose end sends SIGCHLD,
#define WAIT_WCLONE 0x80000000u  // and only the others

enum wait_news { WAIT_NOTHING, WAIT_NO_CHILD, WAIT_ZOMBIE, WAIT_STOP, WAIT_CONTINUE };

// Empties the table and makes init (pid 1).
void task_table_make(struct task_table *table);

// A new entry, child of parent, in its group and session. Null: table full.
struct task *task_make(struct task_table *table, struct task *parent);
// Forget an entry: no children are left.
void task_destroy(struct task_table *table, struct task *task);
// Give all children to the nearest ancestor that is a subreaper, or init. Who has them now.
struct task *task_orphan(struct task_table *table, struct task *task);

struct task *task_find(struct task_table *table, uint64_t pid);  // zombies too
// Tids of threads other than the first come from the same numbers: `number` below TASK_TID is the thread's.
uint32_t tid_make(struct task_table *table, uint32_t number);
void tid_forget(struct task_table *table, uint32_t tid);
bool tid_find(const struct task_table *table, uint64_t tid, uint32_t *number);
struct task *task_init(struct task_table *table);

// A member of the group (in the session, unless it is 0) that is no zombie; null: none.
struct task *task_group_find(struct task_table *table, uint64_t pgid, uint32_t sid);
bool task_group_is_orphaned(struct task_table *table, uint32_t pgid, uint32_t sid);

// setpgid, setsid, getpgid, getsid: 0 (or the number), or -errno.
int64_t task_set_group(struct task_table *table, struct task *caller, uint64_t pid, uint64_t pgid);
int64_t task_set_session(struct task_table *table, struct task *caller);

// May `from` signal `to`?
bool task_may_signal(const struct task *from, const struct task *to, uint32_t signal);

// New ids (-1 keeps). 0, -EPERM or -EINVAL.
int64_t task_set_ids(struct task *task, const uint64_t want[6]);

// What a wait finds now.
enum wait_news task_wait_find(struct task *parent, uint32_t type, uint32_t id, uint32_t options,
			      struct task **found);
bool task_wait_matches(const struct task *child, uint32_t type, uint32_t id);

#endif
