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

int64_t desk_take(struct process_block *process)
{
	uint32_t count = process->closed_count;
	int64_t index;

	if (count == 0 || count > DESK_CLOSED_MAX)
		return LEASE_STALE;
	index = process->closed[count - 1] % LINUX_FD_MAX;
	process->closed_count = count - 1;
	process->handles[index].references = 1;
	return index;
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
