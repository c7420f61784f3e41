// The process server as a whole: its table, its loop, and what its parts do for one another.
#ifndef PROCESS_SERVER_H
#define PROCESS_SERVER_H

#include "lib/msg/server.h"
#include "servers/process/body.h"
#include "servers/process/task.h"
#include "servers/process/thread.h"

extern struct server process_server;
extern struct task_table tasks;

// Leave a result as the answer of the message in hand.
static inline void answer_set(struct msg *m, int64_t result)
{
	*m = (struct msg){.tag = TAG(0, 8), .words = {(uint64_t)result}};
}

// Answer a kept caller with a result, and forget it.
err_t reply_answer(cap_t *reply, int64_t result);

// Each handles one message of a task, sent by `caller`, and leaves the answer in m.
void fork_handle(struct task *task, struct msg *m);
void exec_handle(struct task *task, struct msg *m);
void exec_buffer_handle(struct task *task, struct msg *m);
void wait_handle(struct task *task, struct msg *m);
void kill_handle(struct task *task, struct msg *m);
void tgkill_handle(struct task *task, struct msg *m);
void brk_handle(struct task *task, struct msg *m);
void mmap_handle(struct task *task, struct msg *m);
void mmap_file_handle(struct task *task, struct msg *m);
void munmap_handle(struct task *task, struct msg *m);
void mprotect_handle(struct task *task, struct msg *m);
void mremap_handle(struct task *task, struct msg *m);
void madvise_handle(struct task *task, struct msg *m);
void populate_handle(struct task *task, struct msg *m);
void memory_query_handle(struct task *task, struct msg *m);
void memory_lock_handle(struct task *task, struct msg *m);
void set_ids_handle(struct task *task, struct msg *m);
void clock_handle(struct task *task, struct msg *m);
void limits_handle(struct task *task, struct msg *m);
void robust_list_handle(struct task *task, struct msg *m);
void limits_make(uint64_t limits[16][2]);  // those of the first program
void timer_limit_set(struct task *task, uint64_t soft, uint64_t hard);  // RLIMIT_CPU, seconds
struct task *signal_target_find(uint64_t pid);  // the process of a pid, or of a tid
void group_handle(struct task *task, struct msg *m);  // setpgid, getpgid, setsid, getsid
void usage_handle(struct task *task, struct msg *m);
void timer_handle(struct task *task, struct msg *m);
void misc_handle(struct task *task, struct msg *m);   // random, log, sysinfo, reboot
void priority_handle(struct task *task, struct msg *m);
void schedule_handle(struct task *task, struct msg *m);
void set_fs_ids_handle(struct task *task, struct msg *m);
void vm_handle(struct task *task, struct msg *m);  // process_vm_readv, process_vm_writev
void timer_make_handle(struct task *task, struct msg *m);  // timer_create and its kin: posix_timer.c
void timer_arm_handle(struct task *task, struct msg *m);
void timer_end_handle(struct task *task, struct msg *m);
void stopped_handle(struct task *task, struct msg *m);
void thread_make_handle(struct task *task, struct msg *m);
void thread_exit_handle(struct task *task, struct msg *m);
void signal_take_handle(struct task *task, struct msg *m);
void signal_flush_handle(struct task *task, struct msg *m);
void signal_queue_handle(struct task *task, struct msg *m);
void option_handle(struct task *task, struct msg *m);
void futex_wait_handle(struct task *task, struct msg *m);
void futex_wake_handle(struct task *task, struct msg *m);
void futex_end_handle(struct task *task, struct msg *m);
void futex_requeue_handle(struct task *task, struct msg *m);
void futex_signal_handle(struct task *task, struct msg *m);
void session_handle(struct msg *m);
void proc_handle(struct task *task, struct msg *m);   // proc_op.c
void terminal_handle(struct msg *m);  // the part of it about controlling terminals
// Give a process its capability of the terminal server.
void terminal_give_handle(struct task *task, struct msg *m);
void terminal_session_ended(void);
void fault_handle(struct task *task, struct msg *m);

// End a process: wait status. Its body is gone before the next message.
void task_end(struct task *task, uint32_t status);
// What a thread waited for is no longer asked for.
void thread_replies_end(struct thread *thread);
// Tell the parent that something about a child is there to be waited for.
void wait_notify(struct task *child);

// Send a signal to a process, or to one of its threads. 0, or -EAGAIN: a queue is full.
int64_t signal_post(struct task *task, const struct signal_info *info);
int64_t signal_post_thread(struct thread *thread, const struct signal_info *info);
// A signal of a fault: a handler runs, or the process ends; it cannot be ignored or blocked.
void signal_force(struct thread *thread, const struct signal_info *info);
// Before a process has its second thread: what its block holds for all of them goes into the queue.
void signal_share(struct thread *thread);
// A thread has ended, or blocks more than before: others may have to look at what is queued.
void signal_retarget(struct task *task);
// To every process of a group; how many there were.
uint32_t signal_group(uint64_t pgid, uint32_t sid, uint32_t signal);

// The kernel's fields of the process block follow the table.
void block_update(const struct task *task);

// What the memory's processes and the session are, for /proc.
uint64_t counter_read(void);
uint64_t uptime_ns(void);

// A new image for a task, in a body of its own that has no handles yet. `strings`: argc + envc
// NUL-terminated strings and the name of the program. 0 or -errno; then nothing is left.
struct image {
	const char *strings;
	uint64_t size, argc, envc;
	cap_t handle;  // the file's handle where it arrived; taken over
};
int64_t exec_build(struct task *task, const struct image *image, struct body **out);
void exec_name_set(struct task *task, const struct image *image);

// The supervisor: power off, restart. Come back when it refuses.
int64_t supervisor_power_off(uint64_t status);
int64_t supervisor_restart(void);

void timer_make(void);
void timer_expire(void);
void timer_clear(const struct task *task);
// A child has its parent's limit of processor time, for its own.
void timer_fork(const struct task *child, const struct task *parent);
// A process has ended: when it is the session's first, all others end too.
void session_end(uint32_t pid, uint32_t status);
// Switch the machine off: the session ends with status 0, so that the terminal server writes out what
// is left and says the status outside. Without a session the supervisor does it at once. 0 or -errno.
int64_t session_power_off(void);

#endif
