// fcntl and flock: requests for locks, and who waits for one.
//
// Ranges belong to the caller's context, which is its process's; those of OFD and flock to the open file
// description. A lock that was waited for is set only once the answer has reached its caller.
#include "servers/file/file.h"

#include "servers/file/desk.h"
#include "servers/file/heap.h"
#include "servers/file/lock.h"

#include <sys/file.h>
#include <unistd.h>

request_method file_op_lock, file_op_unlock;

enum command { GET, SET, SET_WAIT, DESCRIPTION_GET, DESCRIPTION_SET, DESCRIPTION_SET_WAIT, FLOCK, FLOCK_WAIT };

#define DEPTH 32  // of a chain of waits that is looked through

struct lock_wait {
	struct lock_wait *next;
	struct window *window;
	struct inode *inode;  // held
	struct lock want;
	struct lock_spare spare;
	cap_t reply;
};

static struct lock_wait *waits;

static void wait_free(struct lock_wait *wait)
{
	lock_spare_free(&wait->spare);
	inode_put(&file.fs, wait->inode);
	heap_put(wait, sizeof *wait);
}

static err_t wait_answer(struct lock_wait *wait, int64_t result)
{
	struct msg m = {.tag = TAG(0, 8), .words = {(uint64_t)result}};

	return server_answer(&file.server, wait->reply, &m);
}

// Answer those that need wait no longer, in the order in which they came.
static void waits_wake(void)
{
	struct lock_wait **link = &waits;

	while (*link) {
		struct lock_wait *wait = *link;

		if (lock_conflict(wait->inode, &wait->want)) {
			link = &wait->next;
			continue;
		}
		*link = wait->next;
		if (wait_answer(wait, 0) == OK)
			lock_set(wait->inode, &wait->want, &wait->spare);
		wait_free(wait);
		link = &waits;
	}
}

// A thread asks for something else; or an owner is gone (a window goes with its context).
void lock_window_end(const struct window *window)
{
	struct lock_wait **link = &waits;

	while (*link) {
		struct lock_wait *wait = *link;

		if (wait->window != window) {
			link = &wait->next;
			continue;
		}
		*link = wait->next;
		(void)wait_answer(wait, -EINTR);
		wait_free(wait);
	}
}

// Locks of ranges belong to processes that have the file open: with the last description they are
// nobody's any more, in whatever order a process that is killed loses its capabilities.
void lock_description_end(struct description *d)
{
	struct inode *inode = d->inode;
	uint32_t i = 0;

	if (!inode->locks || !inode->locks->first)
		return;
	(void)lock_drop(inode, d);
	while (i < DESCRIPTIONS_MAX && description_inode(i) != inode)
		i++;
	if (i == DESCRIPTIONS_MAX)
		lock_list_free(inode);
	waits_wake();
}

// Does the owner wait, through others, for `self`?
static bool is_deadlock(const void *owner, const void *self)
{
	for (unsigned i = 0; i < DEPTH; i++) {
		const struct lock_wait *wait = waits;
		const struct lock *conflict;

		if (owner == self)
			return true;
		while (wait && wait->want.owner != owner)
			wait = wait->next;
		conflict = wait ? lock_conflict(wait->inode, &wait->want) : NULL;
		if (!conflict)
			return false;
		owner = conflict->owner;
	}
	return false;
}

static int64_t wait_start(struct request *r, const struct lock *want, struct lock_spare *spare)
{
	struct lock_wait **link = &waits, *wait = heap_get(sizeof *wait, HEAP_NORMAL);
	cap_t reply = wait ? server_keep(r->server) : 0;

	if (reply == 0) {
		heap_put(wait, sizeof *wait);
		lock_spare_free(spare);
		return -ENOLCK;
	}
	*wait = (struct lock_wait){NULL, r->window, r->description->inode, *want, *spare, reply};
	inode_hold(wait->inode);
	while (*link)
		link = &(*link)->next;
	*link = wait;
	r->kept = true;
	return 0;
}

static int64_t set(struct request *r, const struct lock *want, bool may_wait)
{
	struct inode *inode = r->description->inode;
	struct lock_spare spare = {{NULL, NULL}};
	const struct lock *conflict = NULL;
	int error;

	if (want->type == HELD_NONE && !inode->locks)
		return 0;
	error = lock_prepare(inode, &spare);
	if (error != 0)
		return error;
	if (want->type != HELD_NONE)
		conflict = lock_conflict(inode, want);
	if (conflict && may_wait && want->kind == KIND_RANGE && want->pid >= 0 &&
	    is_deadlock(conflict->owner, want->owner)) {
		lock_spare_free(&spare);
		return -EDEADLK;
	}
	if (conflict && may_wait)
		return wait_start(r, want, &spare);
	if (!conflict)
		lock_set(inode, want, &spare);
	lock_spare_free(&spare);
	if (!conflict)
		waits_wake();
	return conflict ? -EAGAIN : 0;
}

// Words: 3 whence, 4 start, 5 length. 0, -EINVAL or -EOVERFLOW.
static int range_get(const struct request *r, struct lock *lock)
{
	int64_t start = (int64_t)r->words[4], length = (int64_t)r->words[5];

	if (r->words[3] == SEEK_END) {
		if (__builtin_add_overflow(start, (int64_t)r->description->inode->size, &start))
			return -EOVERFLOW;
	} else if (r->words[3] != SEEK_SET) {
		return -EINVAL;
	}
	if (start < 0)
		return -EINVAL;
	lock->first = start;
	lock->last = LOCK_END;
	if (length > 0 && __builtin_add_overflow(start, length - 1, &lock->last))
		return -EOVERFLOW;
	if (length < 0) {
		if (start + length < 0)
			return -EINVAL;
		lock->first = start + length;
		lock->last = start - 1;
	}
	return 0;
}

static int64_t get(struct request *r, const struct lock *want)
{
	const struct lock *found = lock_conflict(r->description->inode, want);

	if (want->type == HELD_NONE)
		return -EINVAL;
	r->out_words = 5;
	r->out[1] = HELD_NONE;
	if (!found)
		return 0;
	r->out[1] = found->type;
	r->out[2] = (uint64_t)found->first;
	r->out[3] = found->last == LOCK_END ? 0 : (uint64_t)(found->last - found->first + 1);
	r->out[4] = (uint64_t)(int64_t)found->pid;
	return 0;
}

static int64_t flock_do(struct request *r, struct lock *want)
{
	struct inode *inode = r->description->inode;

	want->kind = KIND_WHOLE;
	want->owner = r->description;
	want->pid = -1;
	want->last = LOCK_END;
	// Another type is taken in two steps: what was there is given up first.
	for (const struct lock *l = inode->locks ? inode->locks->first : NULL; l; l = l->next)
		if (l->kind == KIND_WHOLE && l->owner == want->owner && l->type != want->type) {
			struct lock none = *want;

			none.type = HELD_NONE;
			(void)set(r, &none, false);
			break;
		}
	return set(r, want, r->words[1] == FLOCK_WAIT);
}

int64_t file_op_lock(struct request *r)
{
	struct description *d = r->description;
	struct lock want = {.type = (enum lock_type)r->words[2], .pid = (int32_t)r->words[6]};
	uint64_t command = r->words[1];
	int error = request_window(r, r->words[0]);

	if (error != 0)
		return error;
	// Others may wait for its close.
	if (!desk_hold(d) || (d->flags & O_PATH))
		return -EBADF;
	if (command > FLOCK_WAIT || r->words[2] > HELD_NONE)
		return -EINVAL;
	if (command >= FLOCK)
		return flock_do(r, &want);
	error = range_get(r, &want);
	if (error != 0)
		return error;
	want.owner = command < DESCRIPTION_GET ? (const void *)r->context : d;
	want.pid = command < DESCRIPTION_GET ? want.pid & INT32_MAX : -1;
	if (command % 3 == GET)
		return get(r, &want);
	if ((want.type == HELD_READ && (d->flags & O_ACCMODE) == O_WRONLY) ||
	    (want.type == HELD_WRITE && (d->flags & O_ACCMODE) == O_RDONLY))
		return -EBADF;
	if (command < DESCRIPTION_GET && want.type != HELD_NONE)
		r->context->locked = true;
	return set(r, &want, command % 3 == SET_WAIT);
}

// A process closes a descriptor of the file: all its ranges go.
int64_t file_op_unlock(struct request *r)
{
	int error = request_window(r, r->words[0]);

	if (error != 0)
		return error;
	if (lock_drop(r->description->inode, r->context))
		waits_wake();
	return 0;
}

// A context is gone: which files its locks are in is not recorded, so all that are open are looked at.
void lock_context_end(const struct context *context)
{
	struct inode *inode;
	bool any = false;

	if (!context->locked)
		return;
	for (uint32_t i = 0; i < DESCRIPTIONS_MAX; i++)
		if ((inode = description_inode(i)))
			any = lock_drop(inode, context) || any;
	if (any)
		waits_wake();
}
