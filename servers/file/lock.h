// Locks of files: ranges of a process (fcntl), ranges and whole files of an open file description (OFD,
// flock). Pure lists; who waits is lock_op.c's.
//
// Invariants: ranges of one owner and kind do not overlap, and neighbours of one type are one lock; a
// change is prepared (it may need two locks more) and then made, which cannot fail.
#ifndef FILE_LOCK_H
#define FILE_LOCK_H

#include "servers/file/fs.h"

#define LOCKS_MAX 4096u
#define LOCK_END INT64_MAX

enum lock_kind { KIND_RANGE, KIND_WHOLE };  // fcntl's, flock's: they do not see each other
enum lock_type { HELD_READ, HELD_WRITE, HELD_NONE };  // F_RDLCK, F_WRLCK, F_UNLCK

struct lock {
	struct lock *next;
	const void *owner;  // a context, or a description
	int64_t first, last;
	enum lock_kind kind;
	enum lock_type type;
	int32_t pid;        // as the owner says; -1: of a description
};

struct lock_list {
	struct lock *first;
};

// A lock of another owner that stands in the way, or null.
const struct lock *lock_conflict(const struct inode *inode, const struct lock *want);

// Memory for lock_set: -ENOLCK.
struct lock_spare {
	struct lock *locks[2];
};
int lock_prepare(struct inode *inode, struct lock_spare *spare);
void lock_spare_free(struct lock_spare *spare);

// Let the owner have just that in its range (HELD_NONE: nothing). Takes what it needs of the spare.
void lock_set(struct inode *inode, const struct lock *want, struct lock_spare *spare);

// Take away all locks of an owner. Were there any?
bool lock_drop(struct inode *inode, const void *owner);

// The inode goes.
void lock_list_free(struct inode *inode);

#endif
