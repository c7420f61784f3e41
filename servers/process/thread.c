#include "servers/process/thread.h"

#include <stdlib.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "servers/process/server.h"

#define FIRST_NUMBERS 8  // threads that a small CSpace has slots for, the first thread included
#define SLOTS_PER_THREAD 3
// What a thread starts with; all other registers are zero.
#define REGISTERS_FIRST (1ull << REGISTER_IP | 1ull << REGISTER_SP | 1ull << REGISTER_FLAGS | 1ull << REGISTER_FS | \
			 1ull << REGISTER_GS)

struct thread *caller;

static struct thread *table[THREAD_TABLE_MAX];
static cap_t slots_free[THREAD_TABLE_MAX];
static uint32_t slots_free_count, table_hint, table_serial;

// The three slots of a body's thread `number`: process server, notification, SchedContext.
static void cspace_slots(uint32_t number, uint32_t out[3])
{
	uint32_t first = LINUX_SLOT_THREADS + 2 + (number - 1) * SLOTS_PER_THREAD;

	if (number >= FIRST_NUMBERS)
		first = LINUX_SLOT_HANDLES + LINUX_FD_MAX + (number - FIRST_NUMBERS) * SLOTS_PER_THREAD;
	out[0] = number ? first : LINUX_SLOT_PROCESS;
	out[1] = number ? first + 1 : LINUX_SLOT_THREADS;
	out[2] = number ? first + 2 : LINUX_SLOT_THREADS + 1;
}

static bool derive(cap_t cnode, uint64_t dest, cap_t source, uint64_t rights, uint64_t data, uint64_t count)
{
	return cnode_derive(cnode, dest, store_cnode, source, rights, data, count) == OK;
}

static bool objects_make(struct thread *thread)
{
	cap_t unit = thread->unit ? thread->unit : thread->body->unit;

	return unit_make(unit, TYPE_THREAD, 0, thread_slot(thread, THREAD_THREAD)) &&
	       unit_make(unit, TYPE_SCHEDCONTEXT, 0, thread_slot(thread, THREAD_CONTEXT)) &&
	       unit_make(unit, TYPE_NOTIFICATION, 0, thread_slot(thread, THREAD_NOTIFY));
}

static bool capabilities_make(struct thread *thread)
{
	cap_t cnode = body_slot(thread->body, BODY_CNODE), notify = thread_slot(thread, THREAD_NOTIFY);
	uint64_t identity = (uint64_t)thread->index << 40 | (thread->serial & 0xffffffull) << 16;
	uint32_t slots[3];

	cspace_slots(thread->number, slots);
	return derive(cnode, slots[0], body_endpoint(), ENDPOINT_SEND | ENDPOINT_GRANT, BADGE_PROCESS | identity,
		      0) &&
	       derive(cnode, slots[1], notify, NOTIFICATION_SIGNAL | NOTIFICATION_WAIT, LINUX_NOTIFY_READY, 0) &&
	       derive(cnode, slots[2], thread_slot(thread, THREAD_CONTEXT), SCHEDCONTEXT_DEADLINE, 0, 0) &&
	       derive(store_cnode, thread_slot(thread, THREAD_WORK), notify, NOTIFICATION_SIGNAL,
		      LINUX_NOTIFY_WORK, 0) &&
	       derive(store_cnode, thread_slot(thread, THREAD_DEADLINE), notify, NOTIFICATION_SIGNAL,
		      LINUX_NOTIFY_DEADLINE, 0) &&
	       derive(store_cnode, thread_slot(thread, THREAD_FAULT), body_endpoint(),
		      ENDPOINT_SEND | ENDPOINT_GRANT, BADGE_FAULT | identity, 0);
}

static bool area_map(struct thread *thread, uint32_t page, uint32_t count, uint64_t address, uint64_t rights)
{
	cap_t slot = body_map_pages(thread->body->space, page, count, address, rights);

	if (slot)
		thread->maps[thread->map_count++] = slot;
	return slot;
}

#define WINDOW_KEEP 0x8000  // behind the first window: nobody's

// The table for the thread's windows: other servers map there by their replies, and have no memory for
// tables. A mapping makes it, and keeps it.
static bool windows_prepare(struct thread *thread)
{
	struct space *space = thread->body->space;

	thread->window_map = body_map_pages(space, thread->pages + BODY_STACK_PAGES, 1,
					    env_window(thread->area, 0) + WINDOW_KEEP, FRAME_READ);
	return thread->window_map;
}

void thread_windows_end(struct thread *thread)
{
	(void)vspace_unmap_range(thread->body->space->vspace, env_window(thread->area, 0),
				 env_window(thread->area + 1, 0), store_cnode);
}

// The pages of the library's stack that are there from the start are the top ones. Few calls need more.
static bool stack_area_make(struct thread *thread)
{
	uint64_t area = env_thread_area(thread->area);
	struct vma vma = {.start = area + AREA_STACK,
			  .end = area + AREA_STACK_END - BODY_STACK_PAGES * PAGE_SIZE,
			  .prot = VMA_READ | VMA_WRITE,
			  .flags = VMA_LAZY};

	if (!vma_reserve(&thread->body->space->vmas, 3))
		return false;
	vma_insert(&thread->body->space->vmas, &vma);
	return true;
}

// Room for this was reserved when it was made.
static void stack_area_end(struct thread *thread)
{
	uint64_t start = env_thread_area(thread->area) + AREA_STACK, end = start + AREA_STACK_END - AREA_STACK;
	struct space *space = thread->body->space;

	if (vma_is_free(&space->vmas, start, end))
		return;
	vma_remove(&space->vmas, start, end);
	space_drop(space, start, end);
}

static bool areas_map(struct thread *thread)
{
	uint64_t area = env_thread_area(thread->area), rights = FRAME_READ | FRAME_WRITE;

	return stack_area_make(thread) && area_map(thread, thread->pages, BODY_STACK_PAGES,
			area + AREA_STACK_END - BODY_STACK_PAGES * PAGE_SIZE, rights) &&
	       area_map(thread, body_trampoline_page(), 1, area + AREA_TRAMPOLINE,
			FRAME_READ | FRAME_EXECUTE) &&
	       area_map(thread, thread->pages + BODY_STACK_PAGES, 1, area + AREA_BLOCK, rights) &&
	       windows_prepare(thread);
}

bool thread_cspace_set(struct thread *thread, cap_t cnode)
{
	return thread_set_space(thread_slot(thread, THREAD_THREAD), cnode, thread->body->space->vspace,
				thread_slot(thread, THREAD_FAULT)) == OK;
}

static bool kernel_prepare(struct thread *thread)
{
	const struct linux_library *library = body_library();
	cap_t object = thread_slot(thread, THREAD_THREAD), context = thread_slot(thread, THREAD_CONTEXT);
	uint64_t area = env_thread_area(thread->area), page = area + AREA_TRAMPOLINE - library->trampoline;
	uint32_t first;
	cap_t frame = store_frame(thread->pages + BODY_STACK_PAGES, &first);
	cap_t slot = slot_set_take(&thread->body->space->slots);

	// The block's Frame: a window of its own, kept like the mappings.
	if (!slot)
		return false;
	thread->maps[thread->map_count++] = slot;
	return derive(store_cnode, slot, frame, FRAME_READ | FRAME_WRITE, first, 1) &&
	       thread_cspace_set(thread, body_slot(thread->body, BODY_CNODE)) &&
	       thread_set_block(object, slot, area + AREA_BLOCK) == OK &&
	       thread_set_redirect(object, area + AREA_TRAMPOLINE + TRAMPOLINE_SYSCALL, ENV_BASE, USER_END,
				   page + library->exit_start, page + library->exit_end,
				   page + library->slow_exit) == OK &&
	       body_context_configure(context, 0) &&
	       schedcontext_bind_notification(context, thread_slot(thread, THREAD_DEADLINE)) == OK &&
	       schedcontext_bind(context, object) == OK;
}

void thread_block_set(struct thread *thread)
{
	uint8_t *page = store_at(thread->pages + BODY_STACK_PAGES);
	uint64_t area = env_thread_area(thread->area);
	uint32_t slots[3];

	thread->kernel = (struct abi_block *)page;
	thread->block = (struct linux_thread *)thread->kernel->user;
	thread->kernel->self = area + AREA_BLOCK;
	thread->block->library_stack = area + AREA_STACK_END;
	thread->block->index = thread->area;
	thread->block->process_index = thread->body->index;
	cspace_slots(thread->number, slots);
	thread->block->slot_process = slots[0];
	thread->block->slot_notify = slots[1];
	thread->block->slot_context = slots[2];
	thread->block->tid = thread->tid;
	thread->block->ticks_start = thread->ticks_start;
}

// It counts from now on.
static void count_add(struct thread *thread)
{
	struct body *body = thread->body;

	thread->tid = body->thread_count ? tid_make(&tasks, thread->index) : thread->task->pid;
	thread->block->tid = thread->tid;
	body->block->thread_count = ++body->thread_count;
}

static void count_drop(struct thread *thread)
{
	if (!thread->tid)
		return;
	if (thread->tid != thread->task->pid)
		tid_forget(&tasks, thread->tid);
	thread->tid = 0;
	thread->body->block->thread_count = --thread->body->thread_count;
}

// A number among the first `count` of a bitmap that is free; count: none.
static uint32_t bit_take(uint64_t *bitmap, uint32_t count)
{
	for (uint32_t i = 0; i < count; i += 64) {
		uint32_t bit = ~bitmap[i / 64] ? (uint32_t)__builtin_ctzll(~bitmap[i / 64]) : 64;

		if (bit == 64 || i + bit >= count)
			continue;
		bitmap[i / 64] |= 1ull << bit;
		return i + bit;
	}
	return count;
}

static void bit_put(uint64_t *bitmap, uint32_t bit) { bitmap[bit / 64] &= ~(1ull << bit % 64); }

static bool numbers_take(struct thread *thread)
{
	struct body *body = thread->body;
	bool is_small = !body->cspace_unit;

	thread->number = bit_take(body->numbers, is_small ? FIRST_NUMBERS : BODY_THREADS);
	if (is_small && thread->number == FIRST_NUMBERS) {
		thread->number = body_handles_grow(body) ? bit_take(body->numbers, BODY_THREADS) : BODY_THREADS;
		body->block->handle_count = body->handles;
	}
	if (thread->number >= BODY_THREADS)
		return false;
	thread->area = bit_take(body->space->threads, ENV_THREAD_MAX);
	return thread->area < ENV_THREAD_MAX &&
	       body_space_block_map(body->space, (uint32_t)SPACE_BLOCK_PAGE(thread->area));
}

static bool table_add(struct thread *thread)
{
	for (uint32_t n = 0; n < THREAD_TABLE_MAX; n++) {
		uint32_t i = (table_hint + n) % THREAD_TABLE_MAX;

		if (table[i])
			continue;
		table[i] = thread;
		thread->index = i;
		thread->serial = ++table_serial;
		table_hint = i + 1;
		return true;
	}
	return false;
}

static bool memory_take(struct thread *thread, uint32_t pages)
{
	thread->is_first = pages != PAGE_NONE;
	thread->pages = thread->is_first ? pages : store_run(THREAD_PAGES);
	thread->unit = thread->is_first ? 0 : unit_take(UNIT_THREAD);
	thread->slots = slots_free_count ? slots_free[--slots_free_count] : slot_alloc_run(THREAD_SLOTS);
	return thread->pages != PAGE_NONE && (thread->is_first || thread->unit) && thread->slots;
}

struct thread *thread_make(struct body *body, struct task *task, uint32_t pages)
{
	struct thread *thread = calloc(1, sizeof(*thread));

	if (!thread)
		return NULL;
	thread->body = body;
	thread->task = task;
	thread->index = THREAD_TABLE_MAX;
	thread->number = BODY_THREADS;
	thread->area = ENV_THREAD_MAX;
	thread->next = body->threads;
	body->threads = thread;
	if (memory_take(thread, pages) && table_add(thread) && numbers_take(thread)) {
		thread_block_set(thread);
		if (objects_make(thread) && areas_map(thread) && capabilities_make(thread) &&
		    kernel_prepare(thread)) {
			count_add(thread);
			return thread;
		}
	}
	thread_destroy(thread);
	return NULL;
}

// What names it in a CSpace that goes on.
static void cspace_clear(struct thread *thread)
{
	uint32_t slots[3];

	cspace_slots(thread->number, slots);
	for (uint32_t i = 0; i < SLOTS_PER_THREAD; i++)
		(void)cnode_delete(body_slot(thread->body, BODY_CNODE), slots[i], 1);
}

void thread_destroy(struct thread *thread)
{
	struct body *body = thread->body;
	struct thread **link = &body->threads;

	count_drop(thread);
	while (*link != thread)
		link = &(*link)->next;
	*link = thread->next;
	queue_remove(&thread->queue, ~0ull);
	if (thread->number < BODY_THREADS && !body->is_ending)
		cspace_clear(thread);
	if (thread->unit)
		unit_give(UNIT_THREAD, thread->unit);
	if (thread->slots) {
		(void)cnode_delete(store_cnode, thread->slots, THREAD_SLOTS);
		slots_free[slots_free_count++] = thread->slots;
	}
	// A space that goes on loses this thread's area; what an ending body's first thread mapped goes with
	// all of the space.
	bool is_last = thread->is_first && body->is_ending && body->space->references == 1;

	for (uint32_t i = 0; !is_last && i < thread->map_count; i++)
		slot_set_drop(&body->space->slots, thread->maps[i]);
	if (thread->area < ENV_THREAD_MAX) {
		if (!is_last) {
			thread_windows_end(thread);
			if (thread->window_map)
				slot_set_drop(&body->space->slots, thread->window_map);
			stack_area_end(thread);
		}
		bit_put(body->space->threads, thread->area);
	}
	if (thread->number < BODY_THREADS)
		bit_put(body->numbers, thread->number);
	if (thread->index < THREAD_TABLE_MAX)
		table[thread->index] = NULL;
	if (!thread->is_first && thread->pages != PAGE_NONE)
		page_release_run(&store_pages, thread->pages, THREAD_PAGES);
	free(thread);
}

static struct thread *parked_find(const struct body *body)
{
	struct thread *t = body->threads;

	while (t && t->tid)
		t = t->next;
	return t;
}

struct thread *thread_take(struct body *body, struct task *task)
{
	struct thread *thread = body->parked ? parked_find(body) : NULL;

	if (!thread)
		return thread_make(body, task, PAGE_NONE);
	body->parked--;
	thread_block_set(thread);
	count_add(thread);
	return thread;
}

static uint64_t consumed(struct thread *thread)
{
	uint64_t ticks = 0;

	if (!schedcontext_consumed(thread_slot(thread, THREAD_CONTEXT), &ticks))
		thread->ticks_seen = ticks;
	return thread->ticks_seen;
}

uint64_t thread_ticks(struct thread *thread) { return consumed(thread) - thread->ticks_start; }

void thread_put(struct thread *thread)
{
	struct body *body = thread->body;

	(void)thread_suspend(thread_slot(thread, THREAD_THREAD));
	body->ticks += thread_ticks(thread);
	thread->ticks_start = thread->block->ticks_start = consumed(thread);
	queue_remove(&thread->queue, ~0ull);
	count_drop(thread);
	if (body->parked == THREAD_PARKED_MAX) {
		thread_destroy(thread);
		return;
	}
	body->parked++;
}

// The deadline and what has been signalled are the old program's.
void thread_retire(struct thread *thread)
{
	struct msg m;

	(void)thread_suspend(thread_slot(thread, THREAD_THREAD));
	(void)schedcontext_set_deadline(thread_slot(thread, THREAD_CONTEXT), 0, NULL);
	(void)sys_nb_recv(thread_slot(thread, THREAD_NOTIFY), 0, &m);
	queue_remove(&thread->queue, ~0ull);
	count_drop(thread);
	thread->task = NULL;
}

void thread_renew(struct thread *thread, struct task *task)
{
	thread->task = task;
	thread->policy = thread->priority = 0;
	thread->resets = false;
	thread->ticks_start = thread->ticks_seen;
	thread_block_set(thread);
	count_add(thread);
}

void thread_nice_settle(struct thread *thread)
{
	int32_t nice = thread_nice(thread);

	if (thread->nice == nice)
		return;
	if (body_context_configure(thread_slot(thread, THREAD_CONTEXT), nice))
		thread->nice = nice;
}

bool thread_start(struct thread *thread, uint64_t ip)
{
	uint64_t values[REGISTER_COUNT] = {0};
	uint64_t fs = thread->block->fs_base, gs = thread->block->gs_base;

	thread_nice_settle(thread);
	values[REGISTER_IP] = ip;
	values[REGISTER_SP] = env_thread_area(thread->area) + AREA_STACK_END;
	values[REGISTER_FLAGS] = 0x202;
	values[REGISTER_FS] = fs < USER_END ? fs : 0;
	values[REGISTER_GS] = gs < USER_END ? gs : 0;
	return thread_write(thread_slot(thread, THREAD_THREAD),
			    THREAD_WRITE_FRESH | REGISTERS_FIRST, values) == OK &&
	       thread_resume(thread_slot(thread, THREAD_THREAD)) == OK;
}

struct thread *thread_find(uint64_t tid)
{
	uint32_t number;
	struct task *task = task_find(&tasks, tid);

	if (!task)
		return tid_find(&tasks, tid, &number) ? table[number] : NULL;
	for (struct thread *t = task->body ? thread_first(task->body) : NULL; t; t = thread_next(t))
		if (t->tid == tid)
			return t;
	return NULL;
}

struct thread *thread_get(uint64_t index) { return index < THREAD_TABLE_MAX ? table[index] : NULL; }

struct thread *thread_next(const struct thread *thread)
{
	struct thread *t = thread->next;

	while (t && !t->tid)
		t = t->next;
	return t;
}

struct thread *thread_first(const struct body *body)
{
	return body->threads && !body->threads->tid ? thread_next(body->threads) : body->threads;
}
