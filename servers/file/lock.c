#include "servers/file/lock.h"

#include "servers/file/heap.h"

static uint32_t count;

static struct lock *lock_make(void)
{
	struct lock *lock = count < LOCKS_MAX ? heap_get(sizeof *lock, HEAP_NORMAL) : NULL;

	count += lock != NULL;
	return lock;
}

static void lock_free(struct lock *lock)
{
	if (!lock)
		return;
	count--;
	heap_put(lock, sizeof *lock);
}

const struct lock *lock_conflict(const struct inode *inode, const struct lock *want)
{
	const struct lock *found = NULL;

	for (const struct lock *l = inode->locks ? inode->locks->first : NULL; l; l = l->next) {
		if (l->kind != want->kind || l->owner == want->owner || l->last < want->first ||
		    l->first > want->last || (l->type == HELD_READ && want->type == HELD_READ))
			continue;
		if (!found || l->first < found->first)
			found = l;
	}
	return found;
}

void lock_spare_free(struct lock_spare *spare)
{
	for (unsigned i = 0; i < 2; i++) {
		lock_free(spare->locks[i]);
		spare->locks[i] = NULL;
	}
}

int lock_prepare(struct inode *inode, struct lock_spare *spare)
{
	if (!inode->locks)
		inode->locks = heap_get(sizeof *inode->locks, HEAP_NORMAL);
	for (unsigned i = 0; i < 2; i++)
		spare->locks[i] = lock_make();
	if (inode->locks && spare->locks[0] && spare->locks[1])
		return 0;
	lock_spare_free(spare);
	return -ENOLCK;
}

static struct lock *take(struct lock_spare *spare)
{
	unsigned i = spare->locks[0] ? 0 : 1;
	struct lock *lock = spare->locks[i];

	spare->locks[i] = NULL;
	return lock;
}

static void add(struct inode *inode, struct lock *lock, const struct lock *like)
{
	*lock = *like;
	lock->next = inode->locks->first;
	inode->locks->first = lock;
}

// What is left of a lock when [first, last] is taken out of it. True: nothing.
static bool cut(struct inode *inode, struct lock *lock, const struct lock *out,
		struct lock_spare *spare)
{
	struct lock rest = *lock;

	if (lock->first < out->first && lock->last > out->last) {
		rest.first = out->last + 1;
		lock->last = out->first - 1;
		add(inode, take(spare), &rest);
		return false;
	}
	if (lock->first < out->first) {
		lock->last = out->first - 1;
		return false;
	}
	if (lock->last > out->last) {
		lock->first = out->last + 1;
		return false;
	}
	return true;
}

static bool touches(const struct lock *a, const struct lock *b)
{
	return (b->last == LOCK_END || a->first <= b->last + 1) &&
	       (a->last == LOCK_END || b->first <= a->last + 1);
}

// Neighbours of the same type become one with what is wanted.
static void widen(const struct inode *inode, struct lock *want)
{
	for (const struct lock *l = inode->locks->first; l; l = l->next) {
		if (l->kind != want->kind || l->owner != want->owner || l->type != want->type ||
		    !touches(l, want))
			continue;
		want->first = l->first < want->first ? l->first : want->first;
		want->last = l->last > want->last ? l->last : want->last;
	}
}

void lock_set(struct inode *inode, const struct lock *want, struct lock_spare *spare)
{
	struct lock new = *want, **link = &inode->locks->first;

	if (want->type != HELD_NONE)
		widen(inode, &new);
	while (*link) {
		struct lock *l = *link;

		if (l->kind == new.kind && l->owner == new.owner && l->first <= new.last &&
		    l->last >= new.first && cut(inode, l, &new, spare)) {
			// What cut() adds goes to the front, never between link and lock but for
			// the first one, and then nothing is removed.
			*link = l->next;
			lock_free(l);
			continue;
		}
		link = &l->next;
	}
	if (new.type != HELD_NONE)
		add(inode, take(spare), &new);
}

bool lock_drop(struct inode *inode, const void *owner)
{
	struct lock **link = inode->locks ? &inode->locks->first : NULL;
	bool any = false;

	while (link && *link) {
		struct lock *l = *link;

		if (l->owner != owner) {
			link = &l->next;
			continue;
		}
		*link = l->next;
		lock_free(l);
		any = true;
	}
	return any;
}

void lock_list_free(struct inode *inode)
{
	if (!inode->locks)
		return;
	while (inode->locks->first) {
		struct lock *l = inode->locks->first;

		inode->locks->first = l->next;
		lock_free(l);
	}
	heap_put(inode->locks, sizeof *inode->locks);
	inode->locks = NULL;
}
