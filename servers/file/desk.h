// Desks: memory that a process and this server share (protocol/linux.h, struct linux_desk).
//
// A description can be leased to a desk: then the process says by a word that it has closed it, and
// nobody else will have to be told. Invariants:
//  1. desk->leased[i] is 0, or index + 1 of the description whose desk this is and whose lease is i.
//  2. A parked description has no inode and is no idle one: the capability is its process's still, for
//     the next open.
//  3. What a word says counts only for a description that nobody else has: the kernel is asked
//     (grant_is_sole). So what somebody holds never becomes another file.
//  4. A file without a name has no leased description: its memory goes with the last close.
#ifndef FILE_DESK_H
#define FILE_DESK_H

#include "servers/file/file.h"

#include "protocol/linux.h"

struct desk {
	uint64_t token;
	struct context *context;
	struct desk *next;  // of the context
	uint32_t page;      // first of DESK_PAGES in the store
	cap_t slot;         // what is mapped for the process
	struct linux_desk *memory;
	uint32_t serial, epoch, absent;
	uint32_t next_way;  // of a set, that is given up
	const struct inode *about[ANSWER_SETS * ANSWER_WAYS];  // whose attributes an answer has; or null
	uint16_t leased[DESK_LEASES];
};

// The desk of a token, when it is the context's. Null: no such.
struct desk *desk_find(uint64_t token, const struct context *context);
void desk_context_end(struct context *context);

// For all desks whose bit is in the mask.
void desks_call(uint64_t mask, void (*call)(struct desk *desk, const void *argument), const void *argument);
static inline uint64_t desk_bit(const struct desk *desk) { return 1ull << desk->token % 64; }

// Let the handle's description be closed by word, when it is of a kind that can be.
void desk_lease(struct desk *desk, uint64_t handle, struct description *d);
// What the process has closed as handle `handle`, parked. Null: there is none, or others have it, too.
struct description *desk_reuse(struct desk *desk, uint64_t handle);
// The description is leased no more.
void desk_lease_end(struct description *d);
// From now on it is closed by message alone. False: it is closed already.
bool desk_hold(struct description *d);
// It is about to lose its inode.
void desk_inode_end(struct description *d);

// Close what was closed by word: of a file, or all.
void desk_close(struct inode *inode);
void desk_close_all(void);
// A file has lost its last name.
void desk_unlinked(struct inode *inode);

#endif
