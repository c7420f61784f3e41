// Made by tools/gen.py from protocol/file.def. Do not edit.
// Operations on an open file, pipe, terminal: on its handle. Copies of a handle (dup, fork) are
// the same open file description.
#ifndef PROTOCOL_GEN_FILE_H
#define PROTOCOL_GEN_FILE_H

#include "lib/sys/msg.h"

#define FILE_READ 0x401
#define FILE_WRITE 0x402
#define FILE_SEEK 0x403
#define FILE_STAT 0x404
#define FILE_GETDENTS 0x405
#define FILE_TRUNCATE 0x406
#define FILE_GET_FLAGS 0x407
#define FILE_SET_FLAGS 0x408
#define FILE_IOCTL 0x409
#define FILE_SYNC 0x40a
#define FILE_POLL 0x40b
#define FILE_PEEK 0x40c
#define FILE_MAP 0x40d
#define FILE_CHMOD 0x40e
#define FILE_CHOWN 0x40f
#define FILE_FALLOCATE 0x410
#define FILE_ATTACH 0x411
#define FILE_ARM 0x412
#define FILE_VIEW 0x413
#define FILE_PATH 0x414
#define FILE_LOCK 0x415
#define FILE_UNLOCK 0x416
#define FILE_POKE 0x417
#define FILE_EXCHANGE 0x418
#define FILE_SEAL 0x419

// For a server's table: X(name, words in, capabilities in), in the order above.
#define FILE_METHODS(X) \
	X(read, 3, 0) \
	X(write, 3, 0) \
	X(seek, 2, 0) \
	X(stat, 1, 0) \
	X(getdents, 2, 0) \
	X(truncate, 1, 0) \
	X(get_flags, 0, 0) \
	X(set_flags, 1, 0) \
	X(ioctl, 3, 0) \
	X(sync, 0, 0) \
	X(poll, 1, 0) \
	X(peek, 2, 0) \
	X(map, 3, 0) \
	X(chmod, 1, 0) \
	X(chown, 2, 0) \
	X(fallocate, 3, 0) \
	X(attach, 2, 0) \
	X(arm, 2, 1) \
	X(view, 5, 0) \
	X(path, 1, 0) \
	X(lock, 7, 0) \
	X(unlock, 1, 0) \
	X(poke, 2, 0) \
	X(exchange, 3, 0) \
	X(seal, 1, 0)

// Read into the window at offset 0. May wait (pipes, terminals).
// window: token
// length: at most the window's size is read
// offset: -1: the description's, which advances
// *result: bytes, 0 at the end, or -errno
static inline err_t file_read(cap_t to, uint64_t window, uint64_t length, uint64_t offset, uint64_t *result)
{
	struct msg m = {.tag = TAG(FILE_READ, 3) | TAG_INTERRUPTIBLE, .words = {window, length, offset}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Write from the window at offset 0. May wait. Regular files: word 3, when it is there, is the
// offset at which the file must end (-EFBIG when nothing can be written before it); word 4,
// when it is there and 1, has the end of the file for the offset.
// offset: -1: the description's, which advances
static inline err_t file_write(cap_t to, uint64_t window, uint64_t length, uint64_t offset, uint64_t *result)
{
	struct msg m = {.tag = TAG(FILE_WRITE, 3) | TAG_INTERRUPTIBLE, .words = {window, length, offset}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// *result: the new offset
static inline err_t file_seek(cap_t to, uint64_t offset, uint64_t whence, uint64_t *result)
{
	struct msg m = {.tag = TAG(FILE_SEEK, 2), .words = {offset, whence}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Write struct stat to the window at offset 0.
static inline err_t file_stat(cap_t to, uint64_t window, uint64_t *result)
{
	struct msg m = {.tag = TAG(FILE_STAT, 1), .words = {window}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Write struct linux_dirent64 entries to the window at offset 0.
// *result: bytes
static inline err_t file_getdents(cap_t to, uint64_t window, uint64_t length, uint64_t *result)
{
	struct msg m = {.tag = TAG(FILE_GETDENTS, 2), .words = {window, length}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Word 1, when it is there, is the length that the file must not be made longer than: -EFBIG.
static inline err_t file_truncate(cap_t to, uint64_t length, uint64_t *result)
{
	struct msg m = {.tag = TAG(FILE_TRUNCATE, 1), .words = {length}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// The description's O_* flags (access mode, O_APPEND, O_NONBLOCK).
static inline err_t file_get_flags(cap_t to, uint64_t *result)
{
	struct msg m = {.tag = TAG(FILE_GET_FLAGS, 0)};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Set O_APPEND and O_NONBLOCK.
static inline err_t file_set_flags(cap_t to, uint64_t flags, uint64_t *result)
{
	struct msg m = {.tag = TAG(FILE_SET_FLAGS, 1), .words = {flags}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Device control; a structure goes in and comes out in the window at offset 0. The library
// knows each request's size (TCGETS 36, TIOCGWINSZ 8, ints 4).
// argument: requests whose argument is a number
// *size: bytes of the window that the caller should copy out
static inline err_t file_ioctl(cap_t to, uint64_t window, uint64_t request, uint64_t argument, uint64_t *result, uint64_t *size)
{
	struct msg m = {.tag = TAG(FILE_IOCTL, 3) | TAG_INTERRUPTIBLE, .words = {window, request, argument}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (size)
		*size = m.words[1];
	return err;
}

static inline err_t file_sync(cap_t to, uint64_t *result)
{
	struct msg m = {.tag = TAG(FILE_SYNC, 0)};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// What would not wait: POLL* bits of `events` (POLLERR, POLLHUP always).
// *result: the bits
// *count: changes with everything that comes to be ready, or more of it: edges for epoll; 0:
// this server does not count
static inline err_t file_poll(cap_t to, uint64_t events, uint64_t *result, uint64_t *count)
{
	struct msg m = {.tag = TAG(FILE_POLL, 1), .words = {events}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (count)
		*count = m.words[1];
	return err;
}

// Read up to 440 bytes at an offset without a window: the bytes are in words 1 on of the reply.
// *result: bytes
static inline err_t file_peek(cap_t to, uint64_t offset, uint64_t length, uint64_t *result)
{
	struct msg m = {.tag = TAG(FILE_PEEK, 2), .words = {offset, length}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// For memory mappings: carries a Frame over cached pages of the file, read-only (and executable
// when the file may be run). Only regular files.
// page: first page of the file wanted
// count: pages wanted; 0: only say what the file is; then `first` is 1 when a writable mapping
// must not go without a Frame, for it could be sealed
// write: 1: a Frame that can be written, over pages that are the file's own; the file must be
// open for reading and writing
// *result: pages that the Frame covers, at least 1; 0: wholly beyond the end; or -errno
// (-EACCES, -ENODEV, -ENOSPC)
// *first: the page of the file that the Frame's first page holds; at most `page`
// *size: the file's size in bytes
// *number: of the inode
static inline err_t file_map(cap_t to, uint64_t page, uint64_t count, uint64_t write, uint64_t *result, uint64_t *first, uint64_t *size, uint64_t *number)
{
	struct msg m = {.tag = TAG(FILE_MAP, 3), .words = {page, count, write}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (first)
		*first = m.words[1];
	if (size)
		*size = m.words[2];
	if (number)
		*number = m.words[3];
	return err;
}

static inline err_t file_chmod(cap_t to, uint64_t mode, uint64_t *result)
{
	struct msg m = {.tag = TAG(FILE_CHMOD, 1), .words = {mode}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

static inline err_t file_chown(cap_t to, uint64_t uid, uint64_t gid, uint64_t *result)
{
	struct msg m = {.tag = TAG(FILE_CHOWN, 2), .words = {uid, gid}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Word 3, when it is there: as word 1 of truncate.
// mode: FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE
static inline err_t file_fallocate(cap_t to, uint64_t mode, uint64_t offset, uint64_t length, uint64_t *result)
{
	struct msg m = {.tag = TAG(FILE_FALLOCATE, 3), .words = {mode, offset, length}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// As context_attach, for servers without contexts (terminal): makes or remakes the calling
// thread's window there. `old` is the token of the window that this one takes the place of, or
// 0.
static inline err_t file_attach(cap_t to, uint64_t old, uint64_t address, uint64_t *result, uint64_t *token, uint64_t *size)
{
	struct msg m = {.tag = TAG(FILE_ATTACH, 2), .words = {old, address}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (token)
		*token = m.words[1];
	if (size)
		*size = m.words[2];
	return err;
}

// Poll, and when nothing is ready signal the notification that is carried once, as soon as any
// of `events` (POLLERR, POLLHUP always) would not wait. A thread has one arming for each open
// file description, kept under its window; a new one takes the place of the old, events 0 takes
// it away, and it goes with the window. All armings of a thread may signal the notification
// that came last. A full table is -ENOSPC: then the caller asks again from time to time.
// window: token of the calling thread's window at this server
// events: POLL*
// notification: to signal
// *result: the bits that are ready now (then nothing is armed), 0: armed, or -errno
static inline err_t file_arm(cap_t to, uint64_t window, uint64_t events, cap_t notification, uint64_t *result)
{
	struct msg m = {.tag = TAG(FILE_ARM, 2) | TAG_CAPS(1), .words = {window, events}};
	msg_set_cap(0, notification);
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Make (or make anew) cache view number `index` of the context, on this open regular file. Maps
// by up to four items, inside the receive window, at `address`: the description's page
// (writable), the status page, and behind them cached pages from `page` on as far as they are
// there. Shrinking the file, or another description where pages are writable, takes the cached
// pages away again.
// window: token of the calling thread's window
// index: 0 to 31
// address: page aligned
// page: first page of the file wanted
// flags: CVIEW_AGAIN: the first two pages are mapped already, and stay; CVIEW_EXTEND: pages
// behind the end are wanted, too
// *result: 0, or -errno
// *count: cached pages mapped; 0: none
// *rights: CVIEW_READ, CVIEW_WRITE: of the cached pages; CVIEW_NOATIME; CVIEW_ROOM: the pages
// behind the end are there, and the file may be made longer within them
static inline err_t file_view(cap_t to, uint64_t window, uint64_t index, uint64_t address, uint64_t page, uint64_t flags, uint64_t *result, uint64_t *count, uint64_t *rights)
{
	struct msg m = {.tag = TAG(FILE_VIEW, 5), .words = {window, index, address, page, flags}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (count)
		*count = m.words[1];
	if (rights)
		*rights = m.words[2];
	return err;
}

// Write the name of the open file to the window at offset 0, without NUL.
// *result: bytes
// *flags: O_*
// *number: of the inode
static inline err_t file_path(cap_t to, uint64_t window, uint64_t *result, uint64_t *flags, uint64_t *offset, uint64_t *st_mode, uint64_t *number)
{
	struct msg m = {.tag = TAG(FILE_PATH, 1), .words = {window}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (flags)
		*flags = m.words[1];
	if (offset)
		*offset = m.words[2];
	if (st_mode)
		*st_mode = m.words[3];
	if (number)
		*number = m.words[4];
	return err;
}

// Record locks and flock. Ranges belong to the window's context, or (as F_OFD_*, flock) to the
// open file description.
// command: 0 F_GETLK, 1 F_SETLK, 2 F_SETLKW, 3 to 5 the same as F_OFD_*, 6 flock with LOCK_NB,
// 7 flock
// type: F_RDLCK, F_WRLCK, F_UNLCK
// whence: SEEK_SET, SEEK_END
// pid: what F_GETLK tells others
// *found: of F_GETLK: the type, F_UNLCK when there is none
// *owner: its pid
static inline err_t file_lock(cap_t to, uint64_t window, uint64_t command, uint64_t type, uint64_t whence, uint64_t start, uint64_t length, uint64_t pid, uint64_t *result, uint64_t *found, uint64_t *first, uint64_t *count, uint64_t *owner)
{
	struct msg m = {.tag = TAG(FILE_LOCK, 7) | TAG_INTERRUPTIBLE, .words = {window, command, type, whence, start, length, pid}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (found)
		*found = m.words[1];
	if (first)
		*first = m.words[2];
	if (count)
		*count = m.words[3];
	if (owner)
		*owner = m.words[4];
	return err;
}

// Give up the ranges of the window's context: it has closed a descriptor of the file.
static inline err_t file_unlock(cap_t to, uint64_t window, uint64_t *result)
{
	struct msg m = {.tag = TAG(FILE_UNLOCK, 1), .words = {window}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// For memory mappings: write up to 440 bytes at an offset, not beyond the end of the file. They
// are in words 2 on. A length of 0 notes the time, for the pages of a mapping have been
// written.
// *result: bytes
static inline err_t file_poke(cap_t to, uint64_t offset, uint64_t length, uint64_t *result)
{
	struct msg m = {.tag = TAG(FILE_POKE, 2), .words = {offset, length}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// For memory mappings: compare and exchange 32 bits.
// offset: a multiple of 4
// *result: 0, or -errno
// *now: what was there
static inline err_t file_exchange(cap_t to, uint64_t offset, uint64_t old, uint64_t new, uint64_t *result, uint64_t *now)
{
	struct msg m = {.tag = TAG(FILE_EXCHANGE, 3), .words = {offset, old, new}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (now)
		*now = m.words[1];
	return err;
}

// F_ADD_SEALS, F_GET_SEALS.
// add: F_SEAL_*; -1: only ask
// *result: what there is, 0 when some were added, or -errno
static inline err_t file_seal(cap_t to, uint64_t add, uint64_t *result)
{
	struct msg m = {.tag = TAG(FILE_SEAL, 1), .words = {add}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

#endif
