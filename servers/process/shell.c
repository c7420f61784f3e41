#include "servers/process/shell.h"

#include <string.h>

#include "abi/gen/stubs.h"
#include "servers/process/thread.h"

#define SHELLS_MAX 8
#define SUPPLIES_MAX 1  // of page tables that a shell may hold

static struct body *shells[SHELLS_MAX];
static uint32_t shell_count;

// One thread, and nothing that has grown.
static bool is_simple(const struct body *body)
{
	const struct thread *thread = body->threads;

	return body->is_whole && !body->cspace_unit && thread && !thread->next && thread->is_first &&
	       thread->number == 0;
}

static bool is_alone(const struct space *space)
{
	if (space->references > 1 || space->supply_count > SUPPLIES_MAX || space->threads[0] != 1 ||
	    space->processes != 1)
		return false;
	for (uint32_t i = 1; i < SPACE_BLOCK_PAGES; i++)
		if (space->block_pages[i] != PAGE_NONE)
			return false;
	return true;
}

// The thread stops; its capabilities, what it had, and what it sent of them to others are gone.
static bool body_clean(struct body *body)
{
	cap_t cnode = body_slot(body, BODY_CNODE);

	body->has_terminal = false;
	thread_retire(body->threads);
	body->thread_count = body->parked = 0;
	body->ticks = 0;
	return !cnode_revoke_run(cnode, 1, LINUX_SLOT_HANDLES - 1) &&
	       !cnode_delete(cnode, LINUX_SLOT_THREADS + 2, LINUX_SLOT_HANDLES + BODY_HANDLES -
							     LINUX_SLOT_THREADS - 2) &&
	       !cnode_delete(store_cnode, body_slot(body, BODY_FILES), 2);
}

// Other servers map windows and views; where they do is not known here. What stays is this server's: the
// library, the space's block, process block 0, thread area 0, and what keeps the table of its windows.
static bool space_clean(struct space *space)
{
	space_empty(space);
	return !vspace_unmap_range(space->vspace, 0, USER_END, store_cnode);
}

static bool spare_put(struct body *body)
{
	struct space *space = body->space;

	if (space->spare || space->references < 2 || !is_simple(body) || !body_clean(body))
		return false;
	thread_windows_end(body->threads);
	body_foreign_unmap(body);
	space->spare = body;
	space->references--;
	return true;
}

bool shell_put(struct body *body)
{
	if (body->space->references > 1)
		return spare_put(body);
	shell_spare_drop(body->space);
	if (shell_count == SHELLS_MAX || !is_simple(body) || !is_alone(body->space) || !body_clean(body) ||
	    !space_clean(body->space))
		return false;
	shells[shell_count++] = body;
	return true;
}

static void pages_clean(const struct body *body, bool is_copy)
{
	uint32_t count = is_copy ? THREAD_PAGES : BODY_PAGES;

	memset(store_at(body->pages), 0, count * (size_t)PAGE_SIZE);
}

struct body *shell_take(struct task *task, bool is_copy)
{
	struct body *body = shell_count ? shells[--shell_count] : NULL;

	if (!body)
		return NULL;
	pages_clean(body, is_copy);
	memset(store_at(body->space->block_pages[0]), 0, PAGE_SIZE);
	thread_renew(body->threads, task);
	return body;
}

struct body *shell_spare_take(struct space *space, struct task *task)
{
	struct body *body = space->spare;

	if (!body)
		return NULL;
	space->spare = NULL;
	space->references++;
	// Nobody but this very space sees them. A child's process block is a copy of its parent's.
	memset(body->threads->kernel, 0, PAGE_SIZE);
	thread_renew(body->threads, task);
	return body;
}

void shell_spare_drop(struct space *space)
{
	struct body *body = space->spare;

	if (!body)
		return;
	space->spare = NULL;
	space->references++;
	body_discard(body);
}

bool shell_drop_all(void)
{
	bool is_any = shell_count;

	while (shell_count)
		body_discard(shells[--shell_count]);
	return is_any;
}
