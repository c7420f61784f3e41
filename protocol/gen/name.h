// Made by tools/gen.py from protocol/file.def. Do not edit.
// Operations on names. Invoked on a context capability (starting at the current directory) or
// on the handle of an open directory (starting there). Names are NUL-terminated in the window;
// a path word of -1 means what the call is invoked on. -EREMOTE: the name leads to what the
// process server makes up (/proc); its path from there is in the window at offset 0, its length
// in word 1.
#ifndef PROTOCOL_GEN_NAME_H
#define PROTOCOL_GEN_NAME_H

#include "lib/sys/msg.h"

#define NAME_OPEN 0x301
#define NAME_STAT 0x302
#define NAME_READLINK 0x303
#define NAME_CHDIR 0x304
#define NAME_GETCWD 0x305
#define NAME_MKDIR 0x306
#define NAME_UNLINK 0x307
#define NAME_RENAME 0x308
#define NAME_LINK 0x309
#define NAME_SYMLINK 0x30a
#define NAME_ACCESS 0x30b
#define NAME_CHMOD 0x30c
#define NAME_CHOWN 0x30d
#define NAME_UTIMENS 0x30e
#define NAME_MKNOD 0x30f
#define NAME_STATFS 0x310
#define NAME_PIPE 0x311
#define NAME_TRUNCATE 0x312
#define NAME_ANCHOR 0x313
#define NAME_MOUNT 0x314
#define NAME_UMOUNT 0x315
#define NAME_CHROOT 0x316
#define NAME_BIND 0x317
#define NAME_SOCKET 0x318

// For a server's table: X(name, words in, capabilities in), in the order above.
#define NAME_METHODS(X) \
	X(open, 4, 0) \
	X(stat, 3, 0) \
	X(readlink, 3, 0) \
	X(chdir, 2, 0) \
	X(getcwd, 2, 0) \
	X(mkdir, 3, 0) \
	X(unlink, 3, 0) \
	X(rename, 5, 0) \
	X(link, 5, 0) \
	X(symlink, 3, 0) \
	X(access, 5, 0) \
	X(chmod, 4, 0) \
	X(chown, 5, 0) \
	X(utimens, 4, 0) \
	X(mknod, 4, 0) \
	X(statfs, 2, 0) \
	X(pipe, 2, 0) \
	X(truncate, 3, 0) \
	X(anchor, 1, 0) \
	X(mount, 6, 0) \
	X(umount, 3, 0) \
	X(chroot, 2, 0) \
	X(bind, 3, 1) \
	X(socket, 2, 0)

// Open or create. Carries the capability of the handle, except where kind says otherwise.
// Invoked on a context with window -1: the name lies in the message, from word 8 on (-EFAULT:
// it has to lie in a window). Word 4, when it is there, is a desk's token, and word 5 the
// number of the handle, which is leased then if it can be (LEASE_OPEN); with LEASE_REUSE added
// that handle is there already and closed by the desk's word: no capability is carried, it
// means what is opened now. LEASE_STALE: it cannot. The desk gets the answer, too
// (ANSWER_OPEN), when word 6 is 1. Path -1 with O_TMPFILE: a file that never has a name
// (memfd_create); mode 1: it can be sealed.
// window: token
// path: offset of the name in the window
// flags: O_* as in Linux x86-64; 0x20: to be run, so permission to execute is what counts
// *result: 0, or -errno
// *kind: HANDLE_FILE: a handle of the file server; HANDLE_DEVICE_TERMINAL: a capability of the
// terminal server, on which terminal_open gives the handle
// *st_mode: st_mode of what was opened
// *st_rdev: of a device, as in struct stat
static inline err_t name_open(cap_t to, uint64_t window, uint64_t path, uint64_t flags, uint64_t mode, uint64_t *result, uint64_t *kind, uint64_t *st_mode, uint64_t *st_rdev)
{
	struct msg m = {.tag = TAG(NAME_OPEN, 4), .words = {window, path, flags, mode}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	if (kind)
		*kind = m.words[1];
	if (st_mode)
		*st_mode = m.words[2];
	if (st_rdev)
		*st_rdev = m.words[3];
	return err;
}

// Write struct stat (Linux x86-64) to the window at offset 0. Word 3, when it is there, is the
// token of a desk that gets the answer, too.
// flags: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH
static inline err_t name_stat(cap_t to, uint64_t window, uint64_t path, uint64_t flags, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_STAT, 3), .words = {window, path, flags}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Write the target to the window at offset 0, without NUL.
// size: at most so many bytes
// *result: bytes
static inline err_t name_readlink(cap_t to, uint64_t window, uint64_t path, uint64_t size, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_READLINK, 3), .words = {window, path, size}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Set the context's current directory. With an empty name: to the directory whose handle is
// invoked.
static inline err_t name_chdir(cap_t to, uint64_t window, uint64_t path, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_CHDIR, 2), .words = {window, path}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Write the current directory's name and a NUL to the window at offset 0.
// *result: bytes with the NUL, or -ERANGE
static inline err_t name_getcwd(cap_t to, uint64_t window, uint64_t size, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_GETCWD, 2), .words = {window, size}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

static inline err_t name_mkdir(cap_t to, uint64_t window, uint64_t path, uint64_t mode, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_MKDIR, 3), .words = {window, path, mode}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// unlink, or rmdir with AT_REMOVEDIR
static inline err_t name_unlink(cap_t to, uint64_t window, uint64_t path, uint64_t flags, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_UNLINK, 3), .words = {window, path, flags}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Both names are looked up from the invoked directory.
// from: offset
// to_path: offset
// flags: RENAME_*
// anchored: 1: the second name starts at the window's anchor
static inline err_t name_rename(cap_t to, uint64_t window, uint64_t from, uint64_t to_path, uint64_t flags, uint64_t anchored, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_RENAME, 5), .words = {window, from, to_path, flags, anchored}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// flags: AT_SYMLINK_FOLLOW, AT_EMPTY_PATH
// anchored: 1: the second name starts at the window's anchor
static inline err_t name_link(cap_t to, uint64_t window, uint64_t from, uint64_t to_path, uint64_t flags, uint64_t anchored, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_LINK, 5), .words = {window, from, to_path, flags, anchored}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// target: offset of the text
static inline err_t name_symlink(cap_t to, uint64_t window, uint64_t target, uint64_t path, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_SYMLINK, 3), .words = {window, target, path}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Word 5, when it is there, is the token of a desk that gets the answer, too.
// real: real user | real group << 32, for whom is asked without AT_EACCESS; -1: the effective
// ones
static inline err_t name_access(cap_t to, uint64_t window, uint64_t path, uint64_t mode, uint64_t flags, uint64_t real, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_ACCESS, 5), .words = {window, path, mode, flags, real}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// flags: 0x80000000: EBADF for a handle of O_PATH
static inline err_t name_chmod(cap_t to, uint64_t window, uint64_t path, uint64_t mode, uint64_t flags, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_CHMOD, 4), .words = {window, path, mode, flags}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// uid: or -1
// flags: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH; 0x80000000: EBADF for a handle of O_PATH
static inline err_t name_chown(cap_t to, uint64_t window, uint64_t path, uint64_t uid, uint64_t gid, uint64_t flags, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_CHOWN, 5), .words = {window, path, uid, gid, flags}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Two struct timespec at window offset `times`; times = -1: now.
// path: or -1: the invoked handle itself
static inline err_t name_utimens(cap_t to, uint64_t window, uint64_t path, uint64_t times, uint64_t flags, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_UTIMENS, 4), .words = {window, path, times, flags}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

static inline err_t name_mknod(cap_t to, uint64_t window, uint64_t path, uint64_t mode, uint64_t device, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_MKNOD, 4), .words = {window, path, mode, device}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Write struct statfs to the window at offset 0.
static inline err_t name_statfs(cap_t to, uint64_t window, uint64_t path, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_STATFS, 2), .words = {window, path}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Make a pipe. Carries two handles: the reading end, the writing end.
// flags: O_NONBLOCK
static inline err_t name_pipe(cap_t to, uint64_t window, uint64_t flags, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_PIPE, 2), .words = {window, flags}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Word 3, when it is there, is the length that the file must not be made longer than: -EFBIG.
static inline err_t name_truncate(cap_t to, uint64_t window, uint64_t path, uint64_t length, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_TRUNCATE, 3), .words = {window, path, length}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Let the second name of this window's next rename or link start here.
static inline err_t name_anchor(cap_t to, uint64_t window, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_ANCHOR, 1), .words = {window}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// mount(2), without the data's meaning for others than tmpfs.
// target: offset
// source: offset
// type: offset
// flags: MS_*
// options: offset
static inline err_t name_mount(cap_t to, uint64_t window, uint64_t target, uint64_t source, uint64_t type, uint64_t flags, uint64_t options, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_MOUNT, 6), .words = {window, target, source, type, flags, options}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// flags: MNT_DETACH, MNT_FORCE, UMOUNT_NOFOLLOW
static inline err_t name_umount(cap_t to, uint64_t window, uint64_t path, uint64_t flags, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_UMOUNT, 3), .words = {window, path, flags}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Set the context's root directory.
static inline err_t name_chroot(cap_t to, uint64_t window, uint64_t path, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_CHROOT, 2), .words = {window, path}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Make a socket inode that leads to the address capability which is carried.
// address: of the server that control_register named for HANDLE_SOCKET
// *result: 0, or -errno (-EADDRINUSE: the name is there)
static inline err_t name_bind(cap_t to, uint64_t window, uint64_t path, uint64_t mode, cap_t address, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_BIND, 3) | TAG_CAPS(1), .words = {window, path, mode}};
	msg_set_cap(0, address);
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

// Find the socket of that name, for which the caller must have the right to write. Carries its
// address capability.
// *result: 0, or -errno (-ECONNREFUSED: it is no socket, or nobody's)
static inline err_t name_socket(cap_t to, uint64_t window, uint64_t path, uint64_t *result)
{
	struct msg m = {.tag = TAG(NAME_SOCKET, 2), .words = {window, path}};
	err_t err = sys_call(to, &m);

	if (result)
		*result = m.words[0];
	return err;
}

#endif
