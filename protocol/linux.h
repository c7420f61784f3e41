// What the process server and the emulation library share: the layout of the environment's part of
// an address space, and the blocks in it. ../docs/decisions/0004-environment.md says why.
//
// Everything in the blocks can be written by the program. The process server believes none of it:
// a value from a block decides only what happens to that very process.
#ifndef PROTOCOL_LINUX_H
#define PROTOCOL_LINUX_H

#include "abi/arch/x86_64.h"
#include "abi/types.h"

// One top-level page-table entry at the end of user space; all of it within 1 GiB, so that few tables do.
#define ENV_BASE 0x00007f8000000000ull
#define ENV_TEXT ENV_BASE                        // the library: read, execute
#define ENV_TEXT_MAX 0x200000ull
#define ENV_SPACE (ENV_BASE + 0x200000ull)       // struct space_block: one for an address space
#define ENV_CVIEW (ENV_BASE + 0x210000ull)       // cache view number i: see below; shares the page table of ENV_SPACE
#define ENV_CVIEW_PAGES 16                       // cached pages of a file that a view shows
#define ENV_CVIEW_STRIDE ((2 + ENV_CVIEW_PAGES) * 0x1000ull)
#define ENV_CVIEW_MAX 27
#define ENV_PROCESS (ENV_BASE + 0x400000ull)   // struct process_block number i
#define ENV_PROCESS_STRIDE 0x10000ull
#define ENV_PROCESS_MAX 64                       // processes that share one address space
#define ENV_THREAD (ENV_BASE + 0x1000000ull)    // thread area number i
#define ENV_THREAD_STRIDE 0x10000ull
#define ENV_THREAD_MAX 1024
#define ENV_WINDOW (ENV_BASE + 0x8000000ull)    // windows of thread i: WINDOW_KINDS of them
#define ENV_WINDOW_STRIDE 0x10000ull
#define ENV_SHARE (ENV_BASE + 0x18000000ull)    // of process number i: pipes and epoll sets, LINUX_SHARES of them
#define ENV_SHARE_STRIDE 0x200000ull             // one page table, made by process_table
#define ENV_EXEC (ENV_BASE + 0x20000000ull)      // argument strings for exec
#define ENV_EXEC_MAX 0x200000ull
#define ENV_END 0x0000800000000000ull

// Ordinary areas of a program, before randomisation.
#define PROGRAM_END ENV_BASE                     // user pointers are below this
#define PROGRAM_STACK_TOP (PROGRAM_END - 0x40000000ull)
#define PROGRAM_STACK_MAX 0x800000ull

// A thread area: guard page, library stack, trampoline page, block. The library finds its block from
// its stack pointer, the trampoline finds it behind its own page.
#define AREA_STACK 0x1000
#define AREA_STACK_END 0xe000
#define AREA_STACK_PAGES 2  // the top ones: they are there from the start, the others when they are touched
#define AREA_TRAMPOLINE 0xe000
#define AREA_BLOCK 0xf000

// The trampoline page is the page-aligned symbol `trampoline` of env/linux; its entries:
#define TRAMPOLINE_SYSCALL 0x00  // redirect entry
#define TRAMPOLINE_SIGNAL 0x80   // upcall entry

// The net server's windows: what is where (protocol/socket.def).
#define SOCKET_INLINE 48        // bytes of data in words 2 to 7
#define SOCKET_NAME 0x3f00      // names lie here, up to SOCKET_NAME_MAX bytes
#define SOCKET_NAME_MAX 110
#define SOCKET_DATA_MAX 0x3f00  // data before
#define SOCKET_WAIT (-512)      // result of send: it would have to wait
#define SOCKET_WITH_RIGHTS 1u
#define SOCKET_WITH_CREDENTIALS 2u
#define SOCKET_WITH_STAGED 4u   // the data was staged
#define SOCKET_INFO_WINDOW (1ull << 32)
#define SOCKET_INFO_CREDENTIALS (1ull << 33)
#define SOCKET_RIGHTS_MAX 253
// Badges that the process server gives out of the net server: the task's identity and the number of
// its body, so that the end of one program is not taken for that of the next.
#define NET_BADGE (1ull << 63)

// Transfer windows: one for each kind of server.
#define WINDOW_FILE 0
#define WINDOW_TERMINAL 1
#define WINDOW_NET 2
#define WINDOW_KINDS 4
#define WINDOW_SIZE 0x4000
#define WINDOW_NONE UINT64_MAX  // token: what else lies in a window lies in the message (name_open)

// CSpace of a Linux process. The program's own CNode capability reaches the handle slots only.
#define LINUX_SLOT_PROCESS 1       // process server, badge of the first thread
#define LINUX_SLOT_CNODE 2         // the window of handle slots: move, delete, derive within it
#define LINUX_SLOT_SPACE 3         // its address space: restrict
#define LINUX_SLOT_THREADS 4       // the first thread's notification (wait, signal), + 1 its SchedContext
                                   // (deadline only; the deadline signals bit 0), + 2 on further threads':
                                   // linux_thread.slot_* say which
// All before are a thread's and its body's, for as long as they live; from here on they are one program's.
#define LINUX_SLOT_CONTEXT 28      // file server, the context
#define LINUX_SLOT_TERMINAL 29     // terminal server, once process_terminal was called
#define LINUX_SLOT_NET 30          // net server, once process_net was called
#define LINUX_SLOT_HANDLES 32      // first handle slot
#define LINUX_CNODE_BITS 7         // 128 slots to start with
#define LINUX_CNODE_BITS_LARGE 11  // after process_grow_handles
#define LINUX_NOTIFY_DEADLINE 1u
#define LINUX_NOTIFY_WORK 2u      // process server, with every WORK_* it sets
#define LINUX_NOTIFY_READY 4u     // badge of the slot: what file_arm signals

// At ENV_TEXT: what the process server must know of the library (env/linux). All are addresses in
// [ENV_TEXT, library_end), checked once when the server starts.
#define LIBRARY_MAGIC 0x7972617262696c50ull
struct linux_library {
	uint64_t magic;
	uint64_t entry_start;  // exec and first program: stack pointer AREA_STACK_END, the program's first
			       // registers in linux_thread.regs; all other registers 0
	uint64_t entry_child;  // child of a fork, where the fork message's `child` is 0
	uint64_t trampoline;   // the trampoline page, page aligned
	uint64_t library_end;  // end of text and read-only data
	// These three lie in the trampoline page, which every thread has at its own address: give the
	// kernel area + AREA_TRAMPOLINE + (exit_start - trampoline), and so on. The library range for
	// thread_set_redirect is ENV_BASE to ENV_END: the trampoline pages and all text.
	uint64_t exit_start, exit_end, slow_exit;
	uint64_t fixup_start, fixup_end;  // struct linux_fixup: instructions of the library that may fault
};

// Where a fault of an instruction continues: both from the address of the word itself.
struct linux_fixup {
	int32_t at, to;
} __attribute__((aligned(8)));

// Badges that the process server gives out of the terminal server: the task's identity. session_who tells
// about them: WHO_*.
#define TERMINAL_BADGE (1ull << 63)
#define WHO_NO_TERMINAL 1u   // it gave up its session's terminal
#define WHO_ORPHANED 2u      // its group is
#define WHO_NO_TTIN 4u       // it ignores or blocks SIGTTIN
#define WHO_NO_TTOU 8u
#define ERESTARTSYS 512      // a server's answer: a signal was sent, ask again

// Kinds of handle.
#define HANDLE_NONE 0
#define HANDLE_FILE 1
#define HANDLE_TERMINAL 2
#define HANDLE_SOCKET 3
#define HANDLE_DEVICE_TERMINAL 16  // open again there

#define LINUX_NSIG 64
#define LINUX_FD_MAX 1024

struct linux_sigaction {
	uint64_t handler;  // 0 default, 1 ignore
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

struct linux_siginfo {
	int32_t signo, errno_, code, pad;
	int32_t pid;
	uint32_t uid;
	uint64_t value;    // status of SIGCHLD, sigval, or the address of a fault
};

// A fork's child gets a copy of its parent's struct linux_thread, in which the process server has set
// work and pending to 0, and index, tid and process_index to the child's.
//
// In the user part of the thread's abi_block (offset BLOCK_USER). Assembly uses offsets: see
// env/linux/offset.h, checked by _Static_assert there.
struct linux_thread {
	// Saved by the entry: the program's registers. ip and flags: from redirect_ip, redirect_flags.
	uint64_t regs[18];         // in the order of REGISTER_* up to R15
	uint64_t orig_rax;
	uint64_t library_stack;    // top of the library's stack
	uint64_t work;             // process server ORs WORK_*; looked at on the way out
	uint64_t sigmask;          // blocked signals: bit n - 1
	uint64_t saved_mask;       // of sigsuspend, while WORK_RESTORE_MASK
	uint64_t pending;          // process server ORs bits; the library takes them
	struct linux_siginfo info[LINUX_NSIG];  // of pending signals
	uint64_t altstack_sp, altstack_size;
	uint32_t altstack_flags;
	uint32_t index;            // thread area number
	uint32_t tid;
	uint32_t process_index;    // process block number
	uint64_t clear_child_tid;
	uint64_t robust_list, robust_size;
	uint64_t window_token[WINDOW_KINDS];  // 0: not attached yet
	uint64_t process;          // the library: address of its struct process_block
	uint64_t fs_base, gs_base; // for the child of a fork
	uint64_t fork_result;      // what the child's copy of this block returns
	uint64_t fork_handles[LINUX_FD_MAX / 64];  // the bitmap of process_fork: bit i is handle i
	char name[16];             // PR_SET_NAME
	uint32_t slot_process;     // CSpace slots of this thread: the process server with its badge,
	uint32_t slot_notify;      // its notification,
	uint32_t slot_context;     // its SchedContext
	uint32_t reserved;
	uint64_t shared;           // of pending: sent to the process, not to this thread
	uint64_t queued;           // process server: signals that it has more of (process_signal_take)
	uint64_t wait_set;         // blocked signals that the thread waits for
	uint64_t ticks_start;      // what the SchedContext had consumed when the thread began
	uint64_t timer_slack;      // prctl: nanoseconds, 0: the default
	uint8_t fp[512] __attribute__((aligned(16)));  // FXSAVE image for the child of a fork
};
_Static_assert(sizeof(struct linux_thread) <= 3072, "fits the user part of a block");

#define WORK_SIGNAL 1u        // pending has something
#define WORK_STOP 2u          // ask the process server (process_stopped) before going on
#define WORK_RESTORE_MASK 4u  // the mask is saved_mask again after the next delivery

// Descriptor -> handle; handle -> capability slot.
struct linux_fd {
	uint16_t handle;  // 0: closed; else index + 1 in handles
	uint16_t cloexec;
};

struct linux_handle {
	uint16_t references;  // descriptors that name it; 0: free
	uint8_t kind;         // HANDLE_*
	uint8_t type;         // st_mode >> 12 of what was opened; 0: not known
	uint32_t slot;        // LINUX_SLOT_HANDLES + index of the handle
};

// What the library knows of a handle, so that it need not ask: process_block.io[handle].
#define IO_UNKNOWN 0         // every call is a message
#define IO_REGULAR 1         // a regular file; counts up with each message
#define IO_READY 16          // used so often that a view pays
#define IO_REFUSED 17        // the server gives no view
#define IO_DEVICE 20         // + 4 * IO_NULL... + access mode: what it reads and writes needs no server
#define IO_NULL 0
#define IO_ZERO 1
#define IO_FULL 2
#define IO_DEVICE_END (IO_DEVICE + 12)
#define IO_CVIEW 64          // + number of the view

// A cache view: what a process may see of a regular file that it has open without asking the file
// server. Three things lie at env_cview(i): a page of the open file description, which all who hold it
// read and write; the file's status page, read-only; and cached pages, read-only but where
// CVIEW_WRITE was granted. docs/decisions/0013-cache-views.md
struct cview_description {
	uint64_t offset;
	uint64_t written, read;  // the counter at the last write and read that the server has not noted; 0: none
	uint64_t size;           // what the file has become by writes that the server has not noted; or less
};

struct cview_status {
	uint64_t sequence;    // odd: being changed
	uint64_t generation;  // of the cached pages: when it changes they are not mapped any more
	uint64_t flags;       // CVIEW_ALONE
	uint64_t noted_until; // reads before this value of the counter change no time of the file
	uint64_t size;
	uint8_t stat[144];    // struct stat
};
#define CVIEW_ALONE 1u  // no other description of the file: the server looks at written and read itself

// Word `rights` of file_view.
#define CVIEW_READ 1u
#define CVIEW_WRITE 2u
#define CVIEW_NOATIME 4u  // reads change no time at all
#define CVIEW_ROOM 8u     // the file may be made longer within the cached pages
// Word `flags` of file_view.
#define CVIEW_AGAIN 1u
#define CVIEW_EXTEND 2u

struct linux_cview {
	uint32_t lock;        // tid of the thread that uses it
	uint16_t handle;      // index + 1; 0: free
	uint8_t rights;       // of the cached pages
	uint8_t is_used;      // since the last search for one to give up
	uint32_t first, count;  // cached pages
	uint64_t generation;
	uint32_t patience;      // extending writes to go before room is asked for again
	uint64_t asked;         // cview_status.sequence when the pages were asked for
};

// A desk: memory that a process and the file server share, so that fewer calls need a message. It lies
// behind the views, and only the first process of an address space has one. The process can write all
// of it; the server believes only the words of leases, and those only as far as they say that this very
// process has closed something that nobody else has. docs/decisions/0020-desk.md
#define ENV_DESK (ENV_CVIEW + ENV_CVIEW_MAX * ENV_CVIEW_STRIDE)
#define DESK_PAGES 5
#define DESK_LEASES 512

// leases[handle]: LEASE_*, and above it the number of the opening.
#define LEASE_NONE 0u    // closing it takes a message
#define LEASE_OPEN 1u    // the process may make it LEASE_CLOSED,
#define LEASE_CLOSED 2u  // and this LEASE_OPEN again, or the server makes it
#define LEASE_PARKED 3u  // nothing is open there; the capability waits for the next open
#define LEASE_STATE 3u
#define LEASE_SERIAL 4u  // one opening
#define LEASE_REUSE 0x10000u  // in word 5 of name_open
#define LEASE_STALE (-514)    // its answer
#define HANDLE_CLOSED 0xffff  // linux_handle.references of what is closed by word
#define DESK_CLOSED_MAX 8     // handles that are kept for the next open

// What the server answered to a question about a name. The same question has the same answer as long as
// `epoch` is the desk's, and, where the answer is that there is no such name, `absent` the desk's, too.
#define ANSWER_PATH 80    // longer names are not kept
#define ANSWER_WAYS 4     // places for one hash
#define ANSWER_SETS 16
#define ANSWER_STAT 1ull    // keys: struct stat; + flags << 8
#define ANSWER_ACCESS 2ull  // + mode << 8 | flags << 16
#define ANSWER_OPEN 3ull    // handle, and its lease then; + flags << 8
struct linux_answer {
	uint32_t sequence;  // odd: being changed
	uint32_t hash;
	uint32_t epoch, absent;
	uint64_t key;
	int32_t result;
	uint32_t lease;
	uint64_t path[ANSWER_PATH / 8];  // with zeroes behind it
	uint8_t stat[144];               // struct stat
};
_Static_assert(sizeof(struct linux_answer) == 256, "struct linux_answer");

// `path` is filled up with zeroes to the next multiple of eight, its NUL included.
static inline uint32_t answer_hash(uint64_t key, const uint64_t *path, uint64_t words)
{
	uint64_t hash = key;

	for (uint64_t i = 0; i < words; i++) {
		hash = (hash ^ path[i]) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
	}
	return (uint32_t)hash;
}

struct linux_desk {
	uint32_t leases[DESK_LEASES];
	uint32_t epoch, absent;
	uint8_t reserved[2040];
	struct linux_answer answers[ANSWER_SETS * ANSWER_WAYS];
};
_Static_assert(sizeof(struct linux_desk) == DESK_PAGES * 4096, "struct linux_desk");
_Static_assert(ENV_DESK + DESK_PAGES * 4096 <= ENV_PROCESS, "the desk lies before the blocks");

// What is ready, in memory of a server that the process may read (protocol/wait.def).
struct linux_word {
	uint32_t mask;   // POLL* bits that are ready now
	uint32_t count;  // events so far: it changes whenever something new is ready
} __attribute__((aligned(8)));  // read and written as one
#define BOARD_PAGES 2
#define BOARD_WORDS 1024
#define ENV_BOARD_OFFSET 0xa000ull  // in a process's ENV_PROCESS_STRIDE: of the file server

// An epoll set: its words, its entries, and the states of the entries, which every process that uses
// the set changes with single atomic operations. Word 0's mask is one more than the last entry in use;
// state 0 is where the next scan starts.
struct linux_set_entry {
	uint64_t data;
	uint32_t events;   // EPOLL*; 0: no entry here
	int32_t fd;        // where it was added
	uint16_t handle;   // there: index
	uint16_t kind;     // 0: the word is true. HANDLE_*: another server's, ask there. SET_KIND_SET
	uint32_t number;   // of the addition: tells an entry from the one before in its place
	uint64_t reserved;
};
struct linux_set_state {
	uint32_t seen;     // edge triggered: the count that was reported
	uint32_t off;      // one-shot, and reported
};
#define SET_KIND_SET 0xffff
#define SET_ENTRY_PAGES (BOARD_WORDS * 32 / PAGE_SIZE)
#define SET_STATE_PAGES (BOARD_WORDS * 8 / PAGE_SIZE)
#define SET_PAGES (BOARD_PAGES + SET_ENTRY_PAGES + SET_STATE_PAGES)
_Static_assert(sizeof(struct linux_set_entry) == 32 && sizeof(struct linux_set_state) == 8, "sizes of a set");

// The memory of a pipe: RING_BYTES of data; the head's page, the server's page, the tail's page. The
// words lie where one look sees those that its reader needs: head, then flags; flags, then tail.
#define RING_BYTES 65536u
#define RING_DATA_PAGES (RING_BYTES / PAGE_SIZE)
#define RING_HEAD (RING_BYTES + PAGE_SIZE - 8)          // struct linux_ring_index, the writer's
#define RING_FLAGS (RING_BYTES + PAGE_SIZE)             // struct linux_ring_flags, for the reader
#define RING_FLAGS_WRITER (RING_BYTES + 2 * PAGE_SIZE - 16)  // the same, for the writer
#define RING_TAIL (RING_BYTES + 2 * PAGE_SIZE)          // struct linux_ring_index, the reader's
#define RING_PAGES (RING_DATA_PAGES + 3)
struct linux_ring_index {
	uint32_t position;  // bytes ever written or read, modulo 2^32
	uint32_t wants;     // bytes that it waits for; 0: it does not wait
};
struct linux_ring_flags {
	uint32_t no_writers, no_readers;
	uint32_t is_nonblock;  // of the end that the copy is for
	uint32_t reserved;
};

// What of a share lies at ENV_SHARE + i * LINUX_SHARE_STRIDE.
#define LINUX_SHARES 25
#define LINUX_SHARE_STRIDE 0x14000ull
struct linux_share {
	uint32_t lock;     // tid of the thread that uses it
	uint16_t handle;   // index + 1; 0: free
	uint16_t thread;   // that the server wakes
	uint64_t token;    // of a set; of a pipe 1: its writing end
	uint64_t address;  // the library: where it is mapped
	// Of a pipe, the library's: the slot of the other end's bell (0: none); kicks so far; bytes moved so far;
	// and when the bell was rung last: that, and what the other end said then.
	uint32_t bell, kicks;
	uint64_t moved, rung_moved;
	uint32_t rung_position, rung_wants;
};
_Static_assert(RING_PAGES * PAGE_SIZE <= LINUX_SHARE_STRIDE && SET_PAGES * PAGE_SIZE <= LINUX_SHARE_STRIDE &&
	       LINUX_SHARES * LINUX_SHARE_STRIDE <= ENV_SHARE_STRIDE, "shares fit");

// Types of handles that are no st_mode >> 12.
#define HANDLE_TYPE_EVENT 0x21   // eventfd, timerfd
#define HANDLE_TYPE_SIGNAL 0x22
#define HANDLE_TYPE_SET 0x23

struct process_block {
	uint32_t lock;          // of the descriptor table
	uint32_t pid, ppid, pgid, sid;  // kept true by the process server
	uint32_t uid, euid, suid, gid, egid, sgid;
	uint32_t umask;
	uint32_t locks;         // has asked for locks of its own: a close must tell
	uint64_t brk_start, brk;
	uint64_t epoch_ns, ticks_per_second, ticks_at_boot;  // clocks
	uint64_t exe_base, exe_entry;
	uint32_t fd_limit, handle_count;
	uint32_t thread_count;  // process server
	uint32_t fd_end;        // no descriptor from here on is open
	uint64_t pending;       // process server: signals that any thread may take (process_signal_take)
	uint64_t ignored;       // bit n - 1: signal n would be ignored (from actions; kept by the library)
	uint64_t caught;        // bit n - 1: signal n has a handler
	uint64_t limits[16][2]; // RLIMIT_*: soft, hard
	uint32_t is_undumpable, no_new_privileges;  // prctl
	struct linux_sigaction actions[LINUX_NSIG];
	struct linux_fd fds[LINUX_FD_MAX];
	struct linux_handle handles[LINUX_FD_MAX];
	uint8_t io[LINUX_FD_MAX];  // IO_*, by handle
	struct linux_cview cviews[ENV_CVIEW_MAX];
	// Waiting: nothing of it is inherited by a fork or an exec.
	uint64_t board_token;   // of the file server's board; 0: none
	uint32_t has_share_table;
	uint32_t has_views;     // there was one in `cviews`
	struct linux_share shares[LINUX_SHARES];
	uint8_t share_of[LINUX_FD_MAX];  // by handle: number of the share + 1
	uint8_t watched[LINUX_FD_MAX];   // by handle: WATCHED_*
	uint64_t desk_token;    // 0: none
	uint32_t desk_uses;     // calls with names before there was one
	uint32_t closed_count;  // handles that are closed by their word, the last one last
	uint16_t closed[DESK_CLOSED_MAX];
	uint32_t keeps_capabilities, has_no_huge_pages;  // prctl
};
#define WATCHED_IN 1u    // the board's word is true, and wakes for these
#define WATCHED_OUT 2u
#define WATCHED_PRI 4u
#define WATCHED_USES 0xf0u  // pipes: transfers by message so far; all ones: no ring
_Static_assert(sizeof(struct process_block) <= 5 * PAGE_SIZE, "five pages");
#define PROCESS_BLOCK_PAGES 5

// The page before the vDSO: nanoseconds since boot = ticks * multiplier >> VVAR_SHIFT.
#define VVAR_SHIFT 56
struct linux_vvar {
	uint64_t ticks_at_boot, multiplier;
	uint64_t epoch_ns;
};

// Futexes of an address space. Waiter i is thread area i's; its page is there when the area is. A lock's
// value is its owner's tid. Lists are changed by single stores, so that they hold whoever is killed.
#define FUTEX_BUCKETS 108
#define FUTEX_SHARED 1u  // in a key: the operation was without FUTEX_PRIVATE_FLAG

enum futex_state { FUTEX_IDLE, FUTEX_WAITING, FUTEX_WOKEN };

struct futex_bucket {
	uint32_t lock;
	uint32_t first;  // waiter + 1
};

struct futex_waiter {
	uint64_t key;     // address, FUTEX_SHARED
	uint32_t bitset;
	uint32_t next;    // waiter + 1
	uint32_t state;   // enum futex_state
	uint32_t bucket;  // + 1: the one it is in; 0: none
	uint32_t process_index, slot_notify;
};

// mprotect without a message: docs/decisions/0023-protection.md. A range of pages and its protection in one
// word, so that it is read and written as one; 0: none.
#define PROTECT_PAGES_MAX 0xffffffull
#define PROTECT_VALID 8u
#define PROTECT_PROT 7ull  // PROT_READ, PROT_WRITE, PROT_EXEC
#define PROTECT_RUNS 4
#define PROTECT_CHANGES 8
struct space_protect {
	uint64_t runs[PROTECT_RUNS];        // process server: in here every protection is allowed
	uint64_t changes[PROTECT_CHANGES];  // library: protections in force that the server has not noted
};

static inline uint64_t protect_word(uint64_t start, uint64_t end, uint64_t prot)
{
	return start / PAGE_SIZE << 28 | (end - start) / PAGE_SIZE << 4 | PROTECT_VALID | prot;
}
static inline uint64_t protect_start(uint64_t word) { return (word >> 28) * PAGE_SIZE; }
static inline uint64_t protect_end(uint64_t word)
{
	return protect_start(word) + (word >> 4 & PROTECT_PAGES_MAX) * PAGE_SIZE;
}

struct space_block {
	uint32_t has_shared;  // process server: memory in here may be shared with other address spaces
	uint32_t reserved[15];
	struct space_protect protect;
	struct futex_bucket buckets[FUTEX_BUCKETS];
	struct futex_waiter waiters[ENV_THREAD_MAX];
};
#define SPACE_BLOCK_PAGES ((sizeof(struct space_block) + PAGE_SIZE - 1) / PAGE_SIZE)
#define SPACE_BLOCK_PAGE(thread) \
	((offsetof(struct space_block, waiters) + (uint64_t)(thread) * sizeof(struct futex_waiter)) / PAGE_SIZE)
_Static_assert(offsetof(struct space_block, waiters) == 1024, "no waiter crosses a page");
_Static_assert(sizeof(struct space_block) <= ENV_CVIEW - ENV_SPACE, "views lie behind it");

static inline uint64_t env_thread_area(uint32_t index) { return ENV_THREAD + index * ENV_THREAD_STRIDE; }
static inline uint64_t env_process_block(uint32_t index) { return ENV_PROCESS + index * ENV_PROCESS_STRIDE; }
static inline uint64_t env_cview(uint32_t index) { return ENV_CVIEW + index * ENV_CVIEW_STRIDE; }

// What stays true of a handle in another address space: no view.
static inline uint8_t io_carried(uint8_t io) { return io >= IO_CVIEW ? IO_REGULAR : io; }

static inline uint64_t env_share(uint32_t process, uint32_t i)
{
	return ENV_SHARE + process * ENV_SHARE_STRIDE + i * LINUX_SHARE_STRIDE;
}
static inline uint64_t env_window(uint32_t thread, uint32_t kind)
{
	return ENV_WINDOW + (thread * WINDOW_KINDS + kind) * ENV_WINDOW_STRIDE;
}

#endif
