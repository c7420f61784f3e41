// Made by tools/gen.py from protocol/wait.def. Do not edit.
// Boards, epoll sets, events, and the rings of pipes.
#ifndef PROTOCOL_GEN_WAIT_H
#define PROTOCOL_GEN_WAIT_H

#include "lib/sys/msg.h"

#define WAIT_BOARD 0xc01
#define WAIT_WATCH 0xc02
#define WAIT_SLEEP 0xc03
#define WAIT_SET_MAKE 0xc04
#define WAIT_SET_SHARE 0xc05
#define WAIT_SET_CONTROL 0xc06
#define WAIT_EVENT_MAKE 0xc07
#define WAIT_TIMER_MAKE 0xc08
#define WAIT_TIMER_SET 0xc09
#define WAIT_SIGNAL_MAKE 0xc0a
#define WAIT_SIGNAL_MASK 0xc0b
#define WAIT_RING 0xc0c
#define WAIT_KICK 0xc0d
#define WAIT_PIPE_SIZE 0xc0e
#define WAIT_OPEN_WAIT 0xc0f

// For a server's table: X(name, words in, capabilities in), in the order above.
#define WAIT_METHODS(X) \
	X(board, 1, 0) \
	X(watch, 3, 0) \
	X(sleep, 3, 0) \
	X(set_make, 0, 0) \
	X(set_share, 2, 0) \
	X(set_control, 5, 0) \
	X(event_make, 2, 0) \
	X(timer_make, 2, 0) \
	X(timer_set, 3, 0) \
	X(signal_make, 2, 0) \
	X(signal_mask, 2, 0) \
	X(ring, 3, 0) \
	X(kick, 1, 0) \
	X(pipe_size, 1, 0) \
	X(open_wait, 1, 0)

// Make a process's board and map it at `address`, two pages inside the caller's receive window.
// Boards of the same context that are mapped nowhere any more go.
// *result: 0, or -errno
static inline err_t wait_board(cap_t to, uint64_t address, uint64_t *result, uint64_t *token)
{
	struct msg m = {.tag = TAG(WAIT_BOARD, 1), .words = {address}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (token)
		*token = m.words[1];
	return err;
}

// Keep word `index` of a board true for this handle, and wake the board's sleepers by `events`;
// what was watched there is not any more. A handle that never waits is -EPERM.
// board: token
// index: 0 to 1023
// events: POLL*; 0: not any more
// *result: POLL* bits that are ready now, or -errno
static inline err_t wait_watch(cap_t to, uint64_t board, uint64_t index, uint64_t events, uint64_t *result)
{
	struct msg m = {.tag = TAG(WAIT_WATCH, 3), .words = {board, index, events}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Signal the window's notification once when a watched handle of the board becomes ready. It is
// carried when the server has none for this window (-EAGAIN says so).
// window: token
// board: token of a board or set, or 0: none
// forget: 1: forget the sleeps before
// *result: 0, or -errno
static inline err_t wait_sleep(cap_t to, uint64_t window, uint64_t board, uint64_t forget, uint64_t *result)
{
	struct msg m = {.tag = TAG(WAIT_SLEEP, 3), .words = {window, board, forget}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Make an epoll set. Carries its handle.
static inline err_t wait_set_make(cap_t to, uint64_t *result)
{
	struct msg m = {.tag = TAG(WAIT_SET_MAKE, 0)};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Map this set for the process of a board: SET_PAGES at `address`, of which those of the states
// are writable.
// board: token
// *result: 0, or -errno
// *token: the set's
static inline err_t wait_set_share(cap_t to, uint64_t board, uint64_t address, uint64_t *result, uint64_t *token)
{
	struct msg m = {.tag = TAG(WAIT_SET_SHARE, 2), .words = {board, address}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (token)
		*token = m.words[1];
	return err;
}

// epoll_ctl, on the handle that is added, changed or removed. A handle of another server has no
// words here: then it is on the set itself, `kind` says what it is, and who waits asks there.
// set: token, not looked at when `kind` is not 0
// operation: EPOLL_CTL_*
// fd: descriptor | handle << 32 | kind << 48
static inline err_t wait_set_control(cap_t to, uint64_t set, uint64_t operation, uint64_t fd, uint64_t events, uint64_t data, uint64_t *result)
{
	struct msg m = {.tag = TAG(WAIT_SET_CONTROL, 5), .words = {set, operation, fd, events, data}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// eventfd. Carries its handle.
// flags: EFD_SEMAPHORE 1, O_NONBLOCK
static inline err_t wait_event_make(cap_t to, uint64_t count, uint64_t flags, uint64_t *result)
{
	struct msg m = {.tag = TAG(WAIT_EVENT_MAKE, 2), .words = {count, flags}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// timerfd_create. Carries its handle.
// flags: O_NONBLOCK
static inline err_t wait_timer_make(cap_t to, uint64_t is_realtime, uint64_t flags, uint64_t *result)
{
	struct msg m = {.tag = TAG(WAIT_TIMER_MAKE, 2), .words = {is_realtime, flags}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// timerfd_settime, timerfd_gettime. Times in nanoseconds of the timer's clock.
// flags: TFD_TIMER_*; -1: only ask
// value: 0: stop
// *value_before: what was left
static inline err_t wait_timer_set(cap_t to, uint64_t flags, uint64_t value, uint64_t interval, uint64_t *result, uint64_t *value_before, uint64_t *interval_before)
{
	struct msg m = {.tag = TAG(WAIT_TIMER_SET, 3), .words = {flags, value, interval}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (value_before)
		*value_before = m.words[1];
	if (interval_before)
		*interval_before = m.words[2];
	return err;
}

// signalfd. Carries its handle. The server keeps the mask; signals are the process's and its
// library's.
// flags: O_NONBLOCK
static inline err_t wait_signal_make(cap_t to, uint64_t mask, uint64_t flags, uint64_t *result)
{
	struct msg m = {.tag = TAG(WAIT_SIGNAL_MAKE, 2), .words = {mask, flags}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// The mask of a signalfd.
// set: 1: make it the mask
// *result: 0, or -errno
static inline err_t wait_signal_mask(cap_t to, uint64_t mask, uint64_t set, uint64_t *result, uint64_t *mask_now)
{
	struct msg m = {.tag = TAG(WAIT_SIGNAL_MASK, 2), .words = {mask, set}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (mask_now)
		*mask_now = m.words[1];
	return err;
}

// Hold this end of a pipe: its memory is mapped at `address` for the process of a board, and
// this end's index is the process's from now on (struct linux_ring_*). Whoever else uses the
// end takes it back: then nothing is mapped there any more. Carries the thread's notification
// when the server has none for its window.
// window: token
// board: token
// address: RING_PAGES, inside the receive window
// *result: 0; -EBUSY: not now; -EPERM: never
static inline err_t wait_ring(cap_t to, uint64_t window, uint64_t board, uint64_t address, uint64_t *result, uint64_t *is_writer)
{
	struct msg m = {.tag = TAG(WAIT_RING, 3), .words = {window, board, address}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (is_writer)
		*is_writer = m.words[1];
	return err;
}

// An index of the ring moved, and the other end has said that it wants to know. `bell` asks for
// a capability, which the answer carries when there is one: it signals the other end's thread,
// until that end is held by another.
// bell: 1: carry it
static inline err_t wait_kick(cap_t to, uint64_t bell, uint64_t *result)
{
	struct msg m = {.tag = TAG(WAIT_KICK, 1), .words = {bell}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// F_GETPIPE_SZ, F_SETPIPE_SZ.
// size: 0: only ask
// *result: the size, or -errno
static inline err_t wait_pipe_size(cap_t to, uint64_t size, uint64_t *result)
{
	struct msg m = {.tag = TAG(WAIT_PIPE_SIZE, 1), .words = {size}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// After opening a FIFO: until somebody has opened its other end.
// window: token
// *result: 0, or -errno
static inline err_t wait_open_wait(cap_t to, uint64_t window, uint64_t *result)
{
	struct msg m = {.tag = TAG(WAIT_OPEN_WAIT, 1) | TAG_INTERRUPTIBLE, .words = {window}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

#endif
