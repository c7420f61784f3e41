// The desk: what this process has closed is said by a word, and opened again as something else in one
// message that carries nothing (protocol/linux.h, struct linux_desk).
//
// Invariants, under the lock of the descriptor table: handles[i].references is HANDLE_CLOSED exactly for
// the handles of process_block.closed. They have no descriptor; their capability is still in its slot.
// What was closed by word may be opened by nobody but the server, which looks at the word first.
#include "env/linux/library.h"
#include "protocol/gen/context.h"

#define USES_BEFORE 6         // calls with names before a desk is made
#define USES_NEVER UINT32_MAX

static struct linux_desk *memory(void) { return (struct linux_desk *)ENV_DESK; }

static bool word_move(uint32_t *word, uint32_t from, uint32_t to)
{
	uint32_t before = __atomic_load_n(word, __ATOMIC_ACQUIRE);

	return (before & LEASE_STATE) == from &&
	       __atomic_compare_exchange_n(word, &before, (before & ~LEASE_STATE) | to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

// In a space of several processes, the first one has the desk.
static void desk_make(struct process_block *process)
{
	uint64_t result = 0, token = 0;
	err_t err;

	process->desk_uses = USES_NEVER;
	if (thread_get()->process_index != 0)
		return;
	msg_set_window(ENV_DESK, DESK_PAGES);
	err = context_desk(LINUX_SLOT_CONTEXT, ENV_DESK, &result, &token);
	msg_set_window(0, 0);
	if (!err && !result)
		__atomic_store_n(&process->desk_token, token, __ATOMIC_RELEASE);
}

uint64_t desk_get(void)
{
	struct process_block *process = process_get();

	if (process->desk_token || process->desk_uses == USES_NEVER)
		return process->desk_token;
	if (__atomic_add_fetch(&process->desk_uses, 1, __ATOMIC_RELAXED) == USES_BEFORE)
		desk_make(process);
	return process->desk_token;
}

bool desk_keep(struct process_block *process, int64_t index)
{
	struct linux_handle *handle = &process->handles[index];

	if (!process->desk_token || index >= DESK_LEASES || process->closed_count >= DESK_CLOSED_MAX ||
	    handle->kind != HANDLE_FILE || !word_move(&memory()->leases[index], LEASE_OPEN, LEASE_CLOSED))
		return false;
	handle->references = HANDLE_CLOSED;
	process->closed[process->closed_count++] = (uint16_t)index;
	return true;
}

// Out of the list, to be used.
static int64_t closed_remove(struct process_block *process, uint32_t i)
{
	int64_t index = process->closed[i] % LINUX_FD_MAX;

	for (process->closed_count--; i < process->closed_count; i++)
		process->closed[i] = process->closed[i + 1];
	process->handles[index].references = 1;
	return index;
}

int64_t desk_take(struct process_block *process, uint32_t more_than)
{
	uint32_t count = process->closed_count;

	return count > more_than && count <= DESK_CLOSED_MAX ? closed_remove(process, 0) : LEASE_STALE;
}

bool desk_revive(struct process_block *process, int64_t index, uint32_t lease)
{
	uint32_t closed = (lease & ~LEASE_STATE) | LEASE_CLOSED, i = 0;

	while (i < process->closed_count && i < DESK_CLOSED_MAX && process->closed[i] != index)
		i++;
	if (i >= process->closed_count || i >= DESK_CLOSED_MAX || index >= DESK_LEASES)
		return false;
	if (!__atomic_compare_exchange_n(&memory()->leases[index], &closed, (lease & ~LEASE_STATE) | LEASE_OPEN, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return false;
	// The view is there as long as the server cannot close the file.
	if (!cview_rewind(index)) {
		(void)word_move(&memory()->leases[index], LEASE_OPEN, LEASE_CLOSED);
		return false;
	}
	(void)closed_remove(process, i);
	return true;
}

bool desk_return(struct process_block *process, int64_t index)
{
	uint32_t state = memory()->leases[index % DESK_LEASES] & LEASE_STATE;

	if (process->closed_count >= DESK_CLOSED_MAX || (state != LEASE_CLOSED && state != LEASE_PARKED))
		return false;
	process->handles[index].references = HANDLE_CLOSED;
	process->closed[process->closed_count++] = (uint16_t)index;
	return true;
}

// Others are about to have these handles, too.
void desk_share(const struct process_block *process, const uint64_t *bitmap)
{
	for (uint32_t i = 0; process->desk_token && i < DESK_LEASES / 64; i++)
		for (uint64_t bits = bitmap[i]; bits; bits &= bits - 1)
			(void)word_move(&memory()->leases[i * 64 + (uint32_t)__builtin_ctzll(bits)], LEASE_OPEN,
					LEASE_NONE);
}

void desk_share_one(uint32_t index)
{
	if (process_get()->desk_token && index < DESK_LEASES)
		(void)word_move(&memory()->leases[index], LEASE_OPEN, LEASE_NONE);
}

void desk_fork(struct process_block *process)
{
	for (uint32_t i = 0; i < process->closed_count && i < DESK_CLOSED_MAX; i++)
		process->handles[process->closed[i] % LINUX_FD_MAX].references = 0;
	process->closed_count = 0;
	process->desk_token = 0;
	process->desk_uses = 0;
}

// A question about a name, as the server keeps it.
struct question {
	uint64_t key, words;
	uint64_t path[ANSWER_PATH / 8];
};

// Only names that start where the context says.
static bool question_get(struct question *q, uint64_t key, int64_t dirfd, uint64_t path)
{
	int64_t length;

	if (!process_get()->desk_token)
		return false;
	length = user_get_string((char *)q->path, path, ANSWER_PATH);
	if (length <= 0 || length >= ANSWER_PATH)
		return false;
	q->key = key;
	q->words = (uint64_t)length / 8 + 1;
	q->path[length / 8] &= (1ull << length % 8 * 8) - 1;
	return (int32_t)dirfd == AT_FDCWD || (q->path[0] & 0xff) == '/';
}

// Is what was read of an answer still what it says?
static bool is_same(const struct linux_answer *a, uint32_t sequence)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&a->sequence, __ATOMIC_ACQUIRE) == sequence &&
	       __atomic_load_n(&a->epoch, __ATOMIC_ACQUIRE) == __atomic_load_n(&memory()->epoch, __ATOMIC_ACQUIRE);
}

static bool is_asked(const struct linux_answer *a, const struct question *q, uint32_t hash)
{
	if (a->hash != hash || a->key != q->key || a->epoch != memory()->epoch)
		return false;
	for (uint64_t i = 0; i < q->words; i++)
		if (a->path[i] != q->path[i])
			return false;
	return a->result != -ENOENT || a->absent == memory()->absent;
}

// The answer, to be read and then checked with is_same; null: ask the server.
static const struct linux_answer *answer_find(const struct question *q, uint32_t *sequence)
{
	uint32_t hash = answer_hash(q->key, q->path, q->words);
	const struct linux_answer *a = &memory()->answers[hash % ANSWER_SETS * ANSWER_WAYS];

	for (uint32_t i = 0; i < ANSWER_WAYS; i++, a++) {
		*sequence = __atomic_load_n(&a->sequence, __ATOMIC_ACQUIRE);
		if (is_asked(a, q, hash) && !(*sequence & 1))
			return a;
	}
	return NULL;
}

bool desk_stat(int64_t dirfd, uint64_t path, uint64_t flags, uint64_t out, int64_t *result)
{
	const struct linux_answer *a;
	struct question q;
	uint32_t sequence;

	if (!question_get(&q, ANSWER_STAT | flags << 8, dirfd, path))
		return false;
	a = answer_find(&q, &sequence);
	if (!a)
		return false;
	*result = a->result;
	if (*result == 0)
		*result = user_put(out, a->stat, sizeof a->stat);
	return is_same(a, sequence);
}

bool desk_access(int64_t dirfd, uint64_t path, uint64_t mode, uint64_t flags, int64_t *result)
{
	const struct linux_answer *a;
	struct question q;
	uint32_t sequence;

	if (!question_get(&q, ANSWER_ACCESS | mode << 8 | flags << 16, dirfd, path))
		return false;
	a = answer_find(&q, &sequence);
	if (!a)
		return false;
	*result = a->result;
	return is_same(a, sequence);
}

int64_t desk_open(int64_t dirfd, uint64_t path, uint64_t flags)
{
	const struct linux_answer *a;
	struct question q;
	uint32_t sequence, lease;
	int64_t index;

	if (!question_get(&q, ANSWER_OPEN | flags << 8, dirfd, path))
		return LEASE_STALE;
	a = answer_find(&q, &sequence);
	if (!a)
		return LEASE_STALE;
	index = a->result;
	lease = a->lease;
	return is_same(a, sequence) ? handle_revive(index, lease) : LEASE_STALE;
}
