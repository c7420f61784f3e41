#include "servers/process/futex.h"

#include <errno.h>

#include "servers/process/server.h"

#define BUCKETS 64
#define ROBUST_MAX 2048
#define ROBUST_PI 1ull
#define WAITERS 0x80000000u
#define OWNER_DIED 0x40000000u
#define TID_MASK 0x3fffffffu

static struct thread *buckets[BUCKETS];

// The block of a space; all of it can be written by its programs. Only its first page must be there.
static struct space_block *block_of(const struct space *space)
{
	return (struct space_block *)store_at(space->block_pages[0]);
}

static struct futex_waiter *waiter_of(const struct space *space, uint32_t area)
{
	uint64_t offset = offsetof(struct space_block, waiters) + area * sizeof(struct futex_waiter);

	return (struct futex_waiter *)(store_at(space->block_pages[offset / PAGE_SIZE]) + offset % PAGE_SIZE);
}

void futex_share(struct space *space)
{
	if (space->vmas.has_shared && space->block_pages[0] != PAGE_NONE)
		__atomic_store_n(&block_of(space)->has_shared, 1, __ATOMIC_SEQ_CST);
}

static struct thread **bucket_of(const struct futex_key *key)
{
	uint64_t hash = (key->id >> 4 ^ key->offset >> 2) * 0x9e3779b97f4a7c15ull;

	return &buckets[hash >> 58];
}

static bool is_same(const struct futex_key *a, const struct futex_key *b)
{
	return a->id == b->id && a->offset == b->offset;
}

// What lies at an address: 0, 1 (this space's alone), or -EFAULT.
static int64_t key_find(struct space *space, uint64_t address, struct futex_key *key)
{
	const struct vma *vma = address % 4 ? NULL : vma_find(&space->vmas, address);

	if (!vma || !vma->prot)
		return -EFAULT;
	if (!(vma->flags & VMA_SHARED))
		return 1;
	*key = (struct futex_key){vma->backing, vma->offset + (address - vma->start), (uint64_t)(uintptr_t)vma->backing};
	if (vma->flags & VMA_FILE)
		key->id = ((const struct file *)vma->backing)->number << 4 | 1;
	return 0;
}

static void thread_link(struct thread *thread, const struct futex_key *key)
{
	struct thread **end = bucket_of(key);

	while (*end)
		end = &(*end)->futex.next;
	*end = thread;
	thread->futex.key = *key;
	thread->futex.next = NULL;
}

static void thread_unlink(struct thread *thread)
{
	struct thread **link = bucket_of(&thread->futex.key);

	while (*link != thread)
		link = &(*link)->futex.next;
	*link = thread->futex.next;
}

void futex_forget(struct thread *thread)
{
	if (!thread->futex.key.object)
		return;
	thread_unlink(thread);
	backing_put(thread->futex.key.object);
	thread->futex.key.object = NULL;
}

static void thread_woken(struct thread *thread)
{
	__atomic_store_n(&waiter_of(thread->body->space, thread->area)->state, FUTEX_WOKEN, __ATOMIC_SEQ_CST);
	(void)sys_signal(thread_slot(thread, THREAD_WORK));
}

static void answer_two(struct msg *m, int64_t result)
{
	answer_set(m, result == 1 ? 0 : result);
	m->words[1] = result == 1;
}

void futex_wait_handle(struct task *task, struct msg *m)
{
	uint32_t value = (uint32_t)m->words[1], bitset = (uint32_t)m->words[2], now;
	struct futex_key key;
	int64_t error = key_find(task->body->space, m->words[0], &key);

	if (!error && space_read(task->body->space, m->words[0], &now, sizeof(now)) != sizeof(now))
		error = -EFAULT;
	if (!error && now != value)
		error = -EAGAIN;
	if (!error) {
		futex_forget(caller);
		backing_get(key.object);
		caller->futex.bitset = bitset;
		thread_link(caller, &key);
	}
	answer_two(m, error);
}

static int64_t key_wake(const struct futex_key *key, uint64_t count, uint32_t bitset)
{
	int64_t woken = 0;

	for (struct thread *t = *bucket_of(key), *next; t && woken < (int64_t)count; t = next) {
		next = t->futex.next;
		if (!is_same(&t->futex.key, key) || !(t->futex.bitset & bitset))
			continue;
		futex_forget(t);
		thread_woken(t);
		woken++;
	}
	return woken;
}

void futex_wake_handle(struct task *task, struct msg *m)
{
	uint64_t count = m->words[1] & 0x7fffffff;
	uint32_t bitset = (uint32_t)m->words[2];
	struct futex_key key;
	int64_t error = key_find(task->body->space, m->words[0], &key);

	answer_two(m, error);
	if (!error)
		answer_set(m, key_wake(&key, count, bitset));
}

void futex_end_handle(struct task *task, struct msg *m)
{
	bool was_waiting = caller->futex.key.object;

	(void)task;
	futex_forget(caller);
	answer_set(m, was_waiting);
}

static int64_t key_move(const struct futex_key *from, const struct futex_key *to, uint64_t count)
{
	int64_t moved = 0;

	for (struct thread *t = *bucket_of(from), *next; t && moved < (int64_t)count; t = next) {
		next = t->futex.next;
		if (!is_same(&t->futex.key, from))
			continue;
		moved++;
		if (is_same(from, to))
			continue;
		backing_get(to->object);
		futex_forget(t);
		thread_link(t, to);
	}
	return moved;
}

void futex_requeue_handle(struct task *task, struct msg *m)
{
	uint64_t wake = m->words[2] & 0x7fffffff, move = m->words[3] & 0x7fffffff;
	struct space *space = task->body->space;
	uint32_t now = 0, value = (uint32_t)m->words[5];
	struct futex_key from, to;
	int64_t first = key_find(space, m->words[0], &from), second = key_find(space, m->words[1], &to);
	int64_t error = first < 0 ? first : second < 0 ? second : first != second ? -EINVAL : first;

	if (!error && m->words[4]) {
		if (space_read(space, m->words[0], &now, sizeof(now)) != sizeof(now))
			error = -EFAULT;
		else if (now != value)
			error = -EAGAIN;
	}
	answer_two(m, error);
	if (error)
		return;

	int64_t woken = key_wake(&from, wake, ~0u);

	answer_set(m, woken + key_move(&from, &to, move));
}

void futex_signal_handle(struct task *task, struct msg *m)
{
	answer_set(m, 0);
	for (uint32_t i = 0; i < THREAD_TABLE_MAX; i++) {
		struct thread *thread = thread_get(i);

		if (!thread || thread->body->space != task->body->space || thread->area != m->words[0])
			continue;
		(void)sys_signal(thread_slot(thread, THREAD_WORK));
		return;
	}
}

void futex_break(struct thread *thread)
{
	struct space_block *block = block_of(thread->body->space);
	struct futex_waiter *waiter = waiter_of(thread->body->space, thread->area);

	__atomic_store_n(&waiter->state, FUTEX_IDLE, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < FUTEX_BUCKETS; i++) {
		uint32_t owner = thread->tid;

		(void)__atomic_compare_exchange_n(&block->buckets[i].lock, &owner, 0, false, __ATOMIC_SEQ_CST,
						  __ATOMIC_RELAXED);
	}
}

// Waiters of the library's, in a space that goes on.
static void local_wake(struct space *space, uint64_t address, uint64_t count)
{
	for (uint32_t i = 0; count && i < THREAD_TABLE_MAX; i++) {
		struct thread *t = thread_get(i);
		uint32_t state = FUTEX_WAITING;

		if (!t || t->body->space != space || !t->tid)
			continue;

		struct futex_waiter *w = waiter_of(space, t->area);

		if (w->key == (address | FUTEX_SHARED) &&
		    __atomic_compare_exchange_n(&w->state, &state, FUTEX_WOKEN, false, __ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED)) {
			(void)sys_signal(thread_slot(t, THREAD_WORK));
			count--;
		}
	}
}

static void word_wake(struct space *space, uint64_t address)
{
	struct futex_key key;
	int64_t found = key_find(space, address, &key);

	if (!found)
		(void)key_wake(&key, 1, ~0u);
	else if (found == 1)
		local_wake(space, address, 1);
}

// A word of a program's memory: here, or of a file.
struct word {
	uint32_t *at;
	struct file *file;
	uint64_t offset;
};

static bool word_find(struct space *space, uint64_t address, struct word *word)
{
	const struct vma *vma = address % 4 || address >= PROGRAM_END ? NULL : vma_find(&space->vmas, address);
	uint32_t page;

	if (!vma || !(vma->prot & VMA_WRITE) || space_populate(space, address, true, &page) != OUTCOME_OK)
		return false;
	*word = (struct word){0};
	if (page != PAGE_NONE) {
		word->at = (uint32_t *)(store_at(page) + address % PAGE_SIZE);
	} else {
		word->file = (struct file *)vma->backing;
		word->offset = vma->offset + (address - vma->start);
	}
	return true;
}

// Exchange it when it is *value; *value is what was there. False: it was not, or cannot be reached.
static bool word_exchange(const struct word *word, uint32_t *value, uint32_t new)
{
	uint32_t old = *value;

	if (word->at)
		return __atomic_compare_exchange_n(word->at, value, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	if (file_swap(word->file, word->offset, value, new))
		*value = 0;
	return *value == old;
}

static void lock_release(struct space *space, uint64_t address, uint32_t tid, bool is_pi, bool is_pending)
{
	struct word word;
	uint32_t value = 0;

	if (!word_find(space, address, &word))
		return;
	(void)word_exchange(&word, &value, 0);
	if (is_pending && !is_pi && value == 0)
		word_wake(space, address);
	while ((value & TID_MASK) == tid) {
		if (!word_exchange(&word, &value, (value & WAITERS) | OWNER_DIED))
			continue;
		if (!is_pi && value & WAITERS)
			word_wake(space, address);
		return;
	}
}

static void robust_end(struct thread *thread)
{
	struct space *space = thread->body->space;
	uint64_t head[3], list = thread->block->robust_list, entry, next;  // next, offset, pending

	if (!list || list >= PROGRAM_END || space_read(space, list, head, sizeof(head)) != sizeof(head))
		return;
	entry = head[0];
	for (int i = 0; i < ROBUST_MAX && (entry & ~ROBUST_PI) != list; i++) {
		uint64_t at = entry & ~ROBUST_PI;
		bool is_good = at < PROGRAM_END && space_read(space, at, &next, sizeof(next)) == sizeof(next);

		if (at != (head[2] & ~ROBUST_PI))
			lock_release(space, at + head[1], thread->tid, entry & ROBUST_PI, false);
		if (!is_good)
			break;
		entry = next;
	}
	if (head[2] & ~ROBUST_PI)
		lock_release(space, (head[2] & ~ROBUST_PI) + head[1], thread->tid, head[2] & ROBUST_PI, true);
}

void futex_thread_end(struct thread *thread)
{
	struct space *space = thread->body->space;
	uint64_t clear = thread->block->clear_child_tid;
	struct word word;

	futex_forget(thread);
	// Nobody else has this memory, and it goes.
	if (space->references == 1 && !space->vmas.has_shared)
		return;
	robust_end(thread);
	if (clear && word_find(space, clear, &word)) {
		if (word.at)
			__atomic_store_n(word.at, 0, __ATOMIC_SEQ_CST);
		else
			(void)file_store(word.file, word.offset, (const uint8_t *)"\0\0\0", 4);
		word_wake(space, clear);
	}
	if (space->references > 1)
		futex_break(thread);
}
