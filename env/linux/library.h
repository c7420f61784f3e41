// The Linux emulation library: what its files share.
//
// Foreign system calls of a Linux program continue in the trampoline page (trampoline.S), which calls
// the function that the table (table.S) has for the number: int64_t call_x(six words). It returns as
// Linux does: a result, or a negative errno, or -RESTART.
//
// Invariants:
// 1. No writable variable: these pages belong to all processes. State lies in the blocks.
// 2. General registers only, no thread-local storage, the library's own stack.
// 3. Only ucopy_* and guard.h touch the program's memory; every range is checked against PROGRAM_END before.
// 4. The program can write the blocks: what is read from them may hurt this process, nobody else.
#ifndef ENV_LINUX_LIBRARY_H
#define ENV_LINUX_LIBRARY_H

#include "env/linux/constant.h"
#include "env/linux/descriptor.h"
#include "env/linux/errno.h"
#include "env/linux/guard.h"
#include "env/linux/offset.h"
#include "lib/sys/msg.h"
#include "protocol/linux.h"

// Arguments that a call does not look at.
#define UNUSED(x) ((void)(x))

static inline uint64_t stack_get(void)
{
	uint64_t sp;

	__asm__ volatile("mov %%rsp, %0" : "=r"(sp));
	return sp;
}

static inline struct abi_block *block_get(void)
{
	return (struct abi_block *)((stack_get() & ~(uint64_t)AREA_MASK) + AREA_BLOCK);
}

static inline struct linux_thread *thread_get(void)
{
	return (struct linux_thread *)((stack_get() & ~(uint64_t)AREA_MASK) + AREA_THREAD);
}

static inline struct process_block *process_get(void)
{
	return (struct process_block *)thread_get()->process;
}

// Does nobody else use what threads share? Only a thread of the process makes another: so while a call
// of the only thread runs, it stays the only one, and needs no locks but those of what other processes
// share.
static inline bool process_is_alone(const struct process_block *process) { return process->thread_count == 1; }

// At the beginning of a thread.
static inline void process_set(struct linux_thread *thread)
{
	thread->process = env_process_block(thread->process_index % ENV_PROCESS_MAX);
}

// Each thread has its own capabilities: the process server learns from its badge who is calling.
#undef LINUX_SLOT_PROCESS
#define LINUX_SLOT_PROCESS ((cap_t)thread_get()->slot_process)
static inline cap_t notification_get(void) { return thread_get()->slot_notify; }
static inline cap_t schedcontext_get(void) { return thread_get()->slot_context; }

// leaf.S: a native call on a notification.
err_t native_short(unsigned number, cap_t cap, tag_t tag);
static inline err_t native_signal(cap_t notification) { return native_short(SYSCALL_SEND, notification, 0); }

// string.c. Freestanding C needs them, too.
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
void *memmove(void *to, const void *from, size_t size);
size_t strlen(const char *text);

// answer.c: results of system calls from results of messages.
int64_t answer_errno(err_t err);
int64_t answer_get(err_t err, uint64_t result);
// Send an interruptible message, again as long as no handler is to run: result, -errno, -RESTART.
int64_t answer_call(cap_t to, struct msg *m);
int64_t call_missing(void);

// user.c: the program's memory. 0 or -EFAULT.
// Nothing of the environment is ever the program's, and nothing wraps.
static inline bool user_is_range(uint64_t address, uint64_t size)
{
	return address <= PROGRAM_END && size <= PROGRAM_END - address;
}
// One word of the program's memory: false when it cannot be had.
static inline bool user_get_u32(uint32_t *to, uint64_t from)
{
	uint32_t value;

	if (!user_is_range(from, sizeof value))
		return false;
	GUARD_LOAD(value, (const uint32_t *)from, bad);
	*to = value;
	return true;
bad:
	return false;
}
int64_t user_get(void *to, uint64_t from, size_t size);
int64_t user_put(uint64_t to, const void *from, size_t size);
// As much as can be had: bytes that were not copied.
size_t user_get_some(void *to, uint64_t from, size_t size);
size_t user_put_some(uint64_t to, const void *from, size_t size);
// Length without NUL, -EFAULT, or `size` when the text does not end within it.
int64_t user_get_string(char *to, uint64_t from, size_t size);
// Can all of it be written?
int64_t user_probe(uint64_t address, size_t size);
int64_t user_get_timespec(uint64_t from, struct timespec *to);

// ucopy.S
size_t ucopy_bytes(void *to, const void *from, size_t size);
size_t ucopy_zero(void *to, size_t size);
int64_t ucopy_string(char *to, const char *from, size_t size);
int64_t ucopy_probe(void *at);
int64_t ucopy_exchange(uint32_t *at, uint32_t *expected, uint32_t value);
int64_t ucopy_compare(uint64_t *at, uint64_t old, uint64_t new);

// handle.c: descriptors and the capabilities behind them (the bare table: descriptor.h).
int64_t handle_find(uint64_t fd, struct handle *handle);
// An empty handle whose slot is the receive slot: its index, or -EMFILE.
int64_t handle_reserve(void);
// A handle that was closed by word, whose capability is in its slot: its index, LEASE_STALE: there is
// none, or -EMFILE. And what becomes of it when nothing was opened.
int64_t handle_reserve_closed(void);
// What was closed by word is open again: the index, LEASE_STALE: it cannot be, or -EMFILE.
int64_t handle_revive(int64_t index, uint32_t lease);
void handle_return(int64_t index);
// The same for a capability that is used in passing and will be no descriptor.
int64_t handle_reserve_spare(void);
cap_t handle_slot(int64_t index);
// Drop one reference; the last one deletes the capability.
void handle_release(int64_t index);
void handle_set(int64_t index, uint8_t kind, uint8_t type);
// Name a reserved handle by the lowest free descriptor; drops the handle when there is none.
int64_t handle_install(int64_t index, bool cloexec);
int64_t handle_close(uint64_t fd);
// O_* flags of its description.
int64_t handle_flags(const struct handle *handle, uint64_t *flags);
int64_t handle_duplicate(uint64_t fd, uint64_t from, bool cloexec);
// In the child of a process with threads: the table may have been copied in the middle of a change.
void handle_repair(void);
// Delete the capability of a handle that stays reserved.
void handle_clear(int64_t index);

// window.c: transfer windows.
#define PATH_FIRST 0       // where names lie in a window
#define PATH_SECOND 0x1000
char *window_memory(uint8_t kind);
uint8_t window_kind(const struct handle *handle);
// The token of this thread's window at the server of `cap`: 0 when none can be had (*error: -errno).
uint64_t window_get(uint8_t kind, cap_t cap, int64_t *error);
// A call on an open handle whose word 0 is the window token: attaches, and once more when the server
// does not know the token any more. `fill` puts into the window what the call needs (null: nothing).
struct window_call {
	cap_t cap;
	uint8_t kind;
	struct msg m;
	int64_t (*fill)(struct window_call *call, char *window);
	uint64_t user[2];  // for fill: addresses in the program
	uint64_t size;
	const char *rest;  // a name that takes the place of the filled one at rest_place; null: none
	uint32_t rest_place;
	uint64_t remote_length;  // after -EREMOTE: of the name in the window
};
int64_t window_call(struct window_call *call);
// The same, without what a name below /proc needs: -EREMOTE.
int64_t window_call_once(struct window_call *call);
// lock.c
bool lock_is_command(uint32_t command);
int64_t lock_control(uint64_t fd, uint32_t command, uint64_t argument);
void lock_close(uint64_t fd);
int64_t call_lseek(uint64_t fd, uint64_t offset, uint64_t whence);
// remote.c: go on after -EREMOTE.
int64_t remote_call(struct window_call *call);

// Copies between the library's memory and the window: 0 or -EFAULT.
int64_t window_read(void *to, const char *window, size_t size);
int64_t window_write(char *window, const void *from, size_t size);

// io.c: read or write from or to one buffer, whose range is good, in whichever way.
int64_t move_long(uint32_t index, uint64_t buffer, uint64_t size, uint64_t offset, bool is_write);

// cview.c: open regular files, as far as no server need be asked (protocol/linux.h, struct cview_*).
// False: ask.
struct segments;
bool cview_read(const struct handle *handle, struct segments *s, uint64_t size, uint64_t offset, int64_t *done);
bool cview_write(const struct handle *handle, struct segments *s, uint64_t size, uint64_t offset, int64_t *done);
// A read into one buffer, whose range is good: from the view at once, when there is one thread.
int64_t cview_read_short(uint32_t index, uint64_t buffer, uint64_t size, uint64_t offset);
bool cview_may_write(const struct handle *handle);  // has it a view for writing? False where that is not sure
bool cview_seek(const struct handle *handle, uint64_t offset, uint64_t whence, int64_t *result);
bool cview_stat(const struct handle *handle, uint64_t out, int64_t *result);
// The handle names nothing any more; all do so in the child of a fork.
void cview_release(int64_t index);
// Is a handle at the start of its file, or can it be set there without a message?
bool cview_rewind(int64_t index);
// The handle's offset is about to be moved by a message. False: it has a view, and the offset is there.
bool cview_forgo(const struct handle *handle);
void cview_fork(void);

// desk.c: what is closed by a word that the file server looks at. desk_get counts a call with a name, and
// gives the desk's token, or 0. The next three are called with the table's lock.
uint64_t desk_get(void);
// Close the handle so: true. It keeps its slot, for the next open.
bool desk_keep(struct process_block *process, int64_t index);
// The one of them that was closed first, with one reference; LEASE_STALE: there are not more than that.
int64_t desk_take(struct process_block *process, uint32_t more_than);
// Open one again as what it was, at its start: it had this lease when it was opened.
bool desk_revive(struct process_block *process, int64_t index, uint32_t lease);
// It was not opened after all. False: it has to be given up.
bool desk_return(struct process_block *process, int64_t index);
// Others will have handles of this process, too: those are closed by message.
void desk_share(const struct process_block *process, const uint64_t *bitmap);
void desk_share_one(uint32_t index);
void desk_fork(struct process_block *process);
// Questions whose answer is on the desk. False, LEASE_STALE: ask. `out`: struct stat, the program's memory.
bool desk_stat(int64_t dirfd, uint64_t path, uint64_t flags, uint64_t out, int64_t *result);
bool desk_access(int64_t dirfd, uint64_t path, uint64_t mode, uint64_t flags, int64_t *result);
// The handle of a file that was opened so before and is closed by word: it is open again.
int64_t desk_open(int64_t dirfd, uint64_t path, uint64_t flags);

// protect.c: [start, end) of whole pages below PROGRAM_END. False: ask the server, whatever was done.
bool protect_set(uint64_t start, uint64_t end, uint64_t prot);

// limit.c: RLIMIT_FSIZE, UINT64_MAX for none; and the signal that goes with -EFBIG.
uint64_t limit_file(void);
int64_t limit_file_check(int64_t result);
// share.c: memory of pipes and epoll sets, and the board. What they keep of a handle ends with it.
void waiting_reset(struct process_block *process);  // of a child: it has nothing yet
void waiting_forget(const struct handle *handle);
// Make a share for a handle, locked; its number, or -errno.
int64_t share_make(const struct handle *handle);
// The share of a handle, locked: its number, or -1: none, or it is another's by now.
int64_t share_lock(const struct handle *handle);
void share_unlock(uint32_t share);
// It is no more.
void share_drop(uint32_t share);
uint64_t share_address(uint32_t share);
// Give up what signals the other end of a pipe, of one share or of all; true: there was one.
void bell_drop(struct linux_share *share);
bool bells_drop(void);
// The board's token, or 0.
uint64_t board_get(void);
void board_renew(void);
// A call to the context whose word 0 is the window; it brings the thread's notification when it must.
int64_t notify_call(cap_t cap, struct msg *m);

// ready.c: what would not wait (POLL* bits; more than `events` may come), and sleeping until that changes.
uint32_t ready_get(const struct handle *handle, uint32_t events);
// The same of a handle whose word on the board tells all of `events`; -1: there is none.
static inline int64_t ready_published(const struct process_block *process, uint32_t index, uint32_t events)
{
	uint32_t have = process->watched[index];
	const volatile struct linux_word *words =
		(const volatile struct linux_word *)((const char *)process + ENV_BOARD_OFFSET);

	if (!(have & WATCHED_IN))
		return -1;
	if ((events & (POLLOUT | POLLWRNORM | POLLWRBAND) && !(have & WATCHED_OUT)) ||
	    (events & POLLPRI && !(have & WATCHED_PRI)))
		return -1;
	return words[index].mask;
}
// The same of any server's, by a message, and its count of events.
uint32_t ready_ask(const struct handle *handle, uint32_t events, uint64_t *count);
struct sleep {
	bool is_first;   // the sleeps of before are still armed
	bool must_ask;   // somebody cannot say when it changes
	bool is_ready;   // something is ready already
	bool has_rings;  // pipe_want was said
	bool has_board;
	uint64_t signals;  // of signalfds
};
void sleep_arm(struct sleep *sleep, const struct handle *handle, uint32_t events);
void sleep_board(struct sleep *sleep, uint64_t token);
bool sleep_wait(const struct sleep *sleep, uint64_t until);  // as wait_until

// epoll.c
#define SET_DEPTH_MAX 8
uint32_t set_ready(const struct handle *handle, uint32_t depth);
void set_sleep(struct sleep *sleep, const struct handle *handle, uint32_t depth);

// event.c
// A message to the context that brings a handle, as a descriptor.
int64_t handle_make(const struct msg *m, uint8_t type, bool cloexec);
uint32_t signal_ready(const struct handle *handle);
uint64_t signal_mask(const struct handle *handle);
int64_t signal_read(const struct handle *handle, void *buffers, uint64_t size);

// pipe.c: pipes that this process holds an end of.
#define RING_NONE INT64_MIN  // no result of a transfer: ask the server
// From or to one buffer, whose range is good: through the handle's share, when there is one thread and
// nothing to wait for.
int64_t pipe_read_short(uint32_t index, uint64_t buffer, uint64_t size);
int64_t pipe_write_short(uint32_t index, uint64_t buffer, uint64_t size);
// The program's buffers: copied in or out of memory of the library's or a ring, bytes done.
uint64_t buffers_copy(void *buffers, char *at, uint64_t size, bool is_write);
// *done: bytes that were written; the result says how it ended (0: all were).
int64_t pipe_transfer(const struct handle *handle, void *buffers, uint64_t size, bool is_write, uint64_t *done);
// POLL* bits, or -1: no end of this pipe is held here.
int64_t pipe_ready(const struct handle *handle);
// Say that this thread waits: 1 when it is ready, 0, or -1: it cannot be said.
int64_t pipe_want(const struct handle *handle, bool wants);
// A FIFO was opened: wait for its other end.
int64_t pipe_open_wait(const struct handle *handle);

// path.c: calls with names.
int64_t path_base(int64_t dirfd, uint64_t path, cap_t *base);
// m->words: word 0 is the window, the words that name a path are PATH_FIRST.
int64_t path_call(int64_t dirfd, uint64_t path, struct msg *m);
// Two names: at PATH_FIRST and PATH_SECOND.
int64_t path_call_two(cap_t base, uint64_t first, uint64_t second, struct msg *m);
// Calls for a name that lies in the library's memory, from the current directory.
int64_t path_call_text(const char *path, struct msg *m);
// Open into a reserved handle, with the kind set: 0 or -errno. st_mode may be null.
int64_t path_open_text(const char *path, uint64_t flags, int64_t index, uint64_t *st_mode);

// file_attribute.c
int64_t call_lseek(uint64_t fd, uint64_t offset, uint64_t whence);
int64_t stat_get(int64_t dirfd, uint64_t path, uint64_t flags, struct stat *out);

// clock.c
uint64_t clock_counter(void);
uint64_t clock_ticks_to_ns(uint64_t ticks, uint64_t per_second);
uint64_t clock_ns_to_ticks(uint64_t ns, uint64_t per_second);
uint64_t clock_monotonic(void);
uint64_t clock_realtime(void);
#define NS_PER_SECOND 1000000000ull
#define FOREVER UINT64_MAX
uint64_t clock_until(const struct timespec *t);  // that long from now

// timer.c: `which` as in process_timer (protocol/process.def); left, before: of the timer until now.
#define TIMER_CPU_LIMIT 3
int64_t timer_set(uint64_t which, uint64_t value, uint64_t interval, uint64_t *left, uint64_t *before);

// wait.c: sleeping. `until`: clock_monotonic() nanoseconds, or FOREVER. Returns true when a handler is
// to run; false: the time has come, or somebody signalled the notification.
bool wait_until(uint64_t until);

// signal.c
// Look at what there is to do. True: a signal with a handler is pending and not blocked (it is left
// for the boundary). Ignored ones are dropped, defaults and stops are carried out.
bool signal_waiting(void);
// Pending signals of a set, and taking one: false, there is none.
uint64_t signal_pending(uint64_t set);
struct linux_siginfo;
bool signal_take(uint64_t set, struct linux_siginfo *info);
void signal_recheck(void);
void signal_raise(int signo, int code, uint64_t value);
// Wait with another mask until a handler is to run; the mask comes back after its frame is built.
void signal_mask_replace(uint64_t mask);
void signal_mask_restore(void);
void signal_boundary(void);
int64_t signal_stack_set(const uint64_t *user_stack, uint64_t sp, bool on_stack_ok);

// futex.c: wake waiters of a word of this process's memory, as FUTEX_WAKE without FUTEX_PRIVATE_FLAG.
void futex_wake_shared(uint64_t address, uint32_t count);
// The robust list of a thread that ends.
void futex_robust_end(struct linux_thread *thread);

// fpu.c
#define FP_SIZE_MAX 4096
size_t fp_save(void *image);  // in the layout of a signal frame: bytes
void fp_restore(void *image, size_t size);
void fp_save_fork(struct linux_thread *thread);
void fp_restore_fork(struct linux_thread *thread);
size_t fp_frame_size(void);

// base.c: FS and GS.
static inline uint64_t fs_get(void)
{
	uint64_t base;

	__asm__ volatile("rdfsbase %0" : "=r"(base));
	return base;
}

static inline uint64_t gs_get(void)
{
	uint64_t base;

	__asm__ volatile("rdgsbase %0" : "=r"(base));
	return base;
}

static inline void fs_set(uint64_t base) { __asm__ volatile("wrfsbase %0" : : "r"(base)); }
static inline void gs_set(uint64_t base) { __asm__ volatile("wrgsbase %0" : : "r"(base)); }

#endif
