// Bodies: making them from the library's image and a unit of memory.
#include "servers/process/body.h"

#include <stdlib.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "servers/process/elf.h"

#define LIBRARY_PAGES (ENV_TEXT_MAX / PAGE_SIZE)
#define LIBRARY_RUN 64

static cap_t endpoint, schedcontrol;
static uint64_t slice;
static uint32_t library_run[LIBRARY_PAGES / LIBRARY_RUN];
static uint32_t library_pages;
static struct linux_library library;
static cap_t slots_free[TASK_MAX * 2];
static uint32_t slots_free_count;

static void fail(const char *what)
{
	rt_log("cannot start: %s", what);
	exit(1);
}

const struct linux_library *body_library(void) { return &library; }

static void library_copy(const uint8_t *file, uint64_t size, const struct elf_load *load)
{
	for (uint64_t a = load->start; a < load->valid_end; a += PAGE_SIZE) {
		uint64_t offset = load->offset + (a - load->start), page = (a - ENV_TEXT) / PAGE_SIZE;
		uint64_t length = load->valid_end - a < PAGE_SIZE ? load->valid_end - a : PAGE_SIZE;

		if (offset > size || length > size - offset)
			fail("the library's file is short");
		memcpy(store_at(library_run[page / LIBRARY_RUN] + (uint32_t)(page % LIBRARY_RUN)), file + offset,
		       length);
	}
}

static bool is_in_library(uint64_t address)
{
	return address >= ENV_TEXT && address < library.library_end;
}

static void library_check(void)
{
	memcpy(&library, store_at(library_run[0]), sizeof(library));
	if (library.magic != LIBRARY_MAGIC || library.library_end > ENV_TEXT + library_pages * PAGE_SIZE ||
	    library.trampoline % PAGE_SIZE || !is_in_library(library.trampoline) ||
	    !is_in_library(library.entry_start))
		fail("the library's header is wrong");
}

void body_library_make(cap_t own_endpoint)
{
	const struct component_region *region = component_find_region("linux");
	struct elf_image image;

	endpoint = own_endpoint;
	schedcontrol = component_get_cap("schedcontrol");
	slice = component_get()->ticks_per_second / 100;
	if (!region || elf_header_check((const uint8_t *)region->address, region->size, &image))
		fail("no library");
	if (image.header_offset > region->size ||
	    elf_segments_check((const uint8_t *)region->address + image.header_offset,
			       region->size - image.header_offset, ENV_TEXT, ENV_TEXT + ENV_TEXT_MAX, &image) ||
	    image.low != ENV_TEXT)
		fail("the library's file is wrong");
	library_pages = (uint32_t)((image.high - ENV_TEXT) / PAGE_SIZE);
	for (uint32_t i = 0; i * LIBRARY_RUN < library_pages; i++) {
		uint32_t left = library_pages - i * LIBRARY_RUN;

		library_run[i] = store_run(left < LIBRARY_RUN ? left : LIBRARY_RUN);
		if (library_run[i] == PAGE_NONE)
			fail("no memory for the library");
	}
	for (uint32_t i = 0; i < image.load_count; i++)
		library_copy((const uint8_t *)region->address, region->size, &image.loads[i]);
	library_check();
}

static cap_t map_pages(struct space *space, uint32_t page, uint32_t count, uint64_t address, uint64_t rights)
{
	uint32_t first;
	cap_t frame = store_frame(page, &first);

	return space_map(space, frame, first, count, address, rights);
}

// What all processes of a space share: the library, and the space's block.
static bool space_prepare(struct space *space)
{
	if (space->block_page != PAGE_NONE)
		return true;
	space->block_page = store_page();
	if (space->block_page == PAGE_NONE)
		return false;
	for (uint32_t i = 0; i * LIBRARY_RUN < library_pages; i++) {
		uint32_t left = library_pages - i * LIBRARY_RUN;

		if (!map_pages(space, library_run[i], left < LIBRARY_RUN ? left : LIBRARY_RUN,
			       ENV_TEXT + (uint64_t)i * LIBRARY_RUN * PAGE_SIZE, FRAME_READ | FRAME_EXECUTE))
			return false;
	}
	return map_pages(space, space->block_page, 1, ENV_SPACE, FRAME_READ | FRAME_WRITE);
}

static bool area_map(struct body *body, uint32_t page, uint32_t count, uint64_t address, uint64_t rights)
{
	cap_t slot = map_pages(body->space, page, count, address, rights);

	if (slot)
		body->maps[body->map_count++] = slot;
	return slot;
}

// The table for the thread's windows: other servers map there by their replies, and have no memory for
// tables. A mapping makes it, and it stays when the mapping goes.
static bool windows_prepare(struct body *body)
{
	cap_t slot = map_pages(body->space, body->pages + BODY_STACK_PAGES, 1, env_window(body->area, 0),
			       FRAME_READ);

	if (slot)
		slot_set_drop(&body->space->slots, slot);
	return slot;
}

static bool areas_map(struct body *body)
{
	uint64_t area = env_thread_area(body->area), rights = FRAME_READ | FRAME_WRITE;
	uint32_t trampoline = (uint32_t)((library.trampoline - ENV_TEXT) / PAGE_SIZE);

	return area_map(body, body->pages, BODY_STACK_PAGES,
			area + AREA_STACK_END - BODY_STACK_PAGES * PAGE_SIZE, rights) &&
	       area_map(body, library_run[trampoline / LIBRARY_RUN] + trampoline % LIBRARY_RUN, 1,
			area + AREA_TRAMPOLINE, FRAME_READ | FRAME_EXECUTE) &&
	       area_map(body, body->pages + BODY_STACK_PAGES, 1, area + AREA_BLOCK, rights) &&
	       area_map(body, body->pages + BODY_STACK_PAGES + 1, PROCESS_BLOCK_PAGES,
			env_process_block(body->index), rights) &&
	       windows_prepare(body);
}

static bool derive(cap_t cnode, uint64_t dest, cap_t source, uint64_t rights, uint64_t data, uint64_t count)
{
	return cnode_derive(cnode, dest, store_cnode, source, rights, data, count) == OK;
}

static bool objects_make(struct body *body)
{
	return unit_make(body->unit, TYPE_CNODE, LINUX_CNODE_BITS, body_slot(body, BODY_CNODE)) &&
	       unit_make(body->unit, TYPE_THREAD, 0, body_slot(body, BODY_THREAD)) &&
	       unit_make(body->unit, TYPE_SCHEDCONTEXT, 0, body_slot(body, BODY_CONTEXT)) &&
	       unit_make(body->unit, TYPE_NOTIFICATION, 0, body_slot(body, BODY_NOTIFY));
}

// The program's own capabilities, and the server's badged ones.
static bool capabilities_make(struct body *body, uint64_t identity)
{
	cap_t cnode = body_slot(body, BODY_CNODE), notify = body_slot(body, BODY_NOTIFY);

	return derive(cnode, LINUX_SLOT_PROCESS, endpoint, ENDPOINT_SEND | ENDPOINT_GRANT,
		      BADGE_PROCESS | identity, 0) &&
	       derive(cnode, LINUX_SLOT_CNODE, cnode, CNODE_MOVE | CNODE_DELETE | CNODE_DERIVE,
		      LINUX_SLOT_HANDLES, BODY_HANDLES) &&
	       derive(cnode, LINUX_SLOT_THREADS, notify, NOTIFICATION_SIGNAL | NOTIFICATION_WAIT,
		      LINUX_NOTIFY_READY, 0) &&
	       derive(cnode, LINUX_SLOT_THREADS + 1, body_slot(body, BODY_CONTEXT), SCHEDCONTEXT_DEADLINE, 0,
		      0) &&
	       derive(store_cnode, body_slot(body, BODY_WORK), notify, NOTIFICATION_SIGNAL, LINUX_NOTIFY_WORK,
		      0) &&
	       derive(store_cnode, body_slot(body, BODY_DEADLINE), notify, NOTIFICATION_SIGNAL,
		      LINUX_NOTIFY_DEADLINE, 0) &&
	       derive(store_cnode, body_slot(body, BODY_FAULT), endpoint, ENDPOINT_SEND | ENDPOINT_GRANT,
		      BADGE_FAULT | identity, 0);
}

static bool thread_prepare(struct body *body)
{
	cap_t thread = body_slot(body, BODY_THREAD), context = body_slot(body, BODY_CONTEXT);
	uint64_t area = env_thread_area(body->area), page = area + AREA_TRAMPOLINE - library.trampoline;
	uint32_t first;
	cap_t frame = store_frame(body->pages + BODY_STACK_PAGES, &first);
	cap_t slot = slot_set_take(&body->space->slots);

	// The block's Frame: a window of its own, kept like the mappings.
	if (!slot)
		return false;
	body->maps[body->map_count++] = slot;
	if (!derive(store_cnode, slot, frame, FRAME_READ | FRAME_WRITE, first, 1))
		return false;
	return thread_set_space(thread, body_slot(body, BODY_CNODE), body->space->vspace,
				body_slot(body, BODY_FAULT)) == OK &&
	       thread_set_block(thread, slot, area + AREA_BLOCK) == OK &&
	       thread_set_redirect(thread, area + AREA_TRAMPOLINE + TRAMPOLINE_SYSCALL, ENV_BASE, USER_END,
				   page + library.exit_start, page + library.exit_end,
				   page + library.slow_exit) == OK &&
	       schedcontrol_configure(schedcontrol, context, BODY_PRIORITY, slice) == OK &&
	       schedcontext_bind_notification(context, body_slot(body, BODY_DEADLINE)) == OK &&
	       schedcontext_bind(context, thread) == OK;
}

static bool numbers_take(struct body *body)
{
	struct space *space = body->space;

	if (!~space->threads || !~space->processes)
		return false;
	body->area = (uint32_t)__builtin_ctzll(~space->threads);
	body->index = (uint32_t)__builtin_ctzll(~space->processes);
	space->threads |= 1ull << body->area;
	space->processes |= 1ull << body->index;
	return true;
}

static cap_t slots_take(void)
{
	return slots_free_count ? slots_free[--slots_free_count] : slot_alloc_run(BODY_SLOTS);
}

static void blocks_prepare(struct body *body, const struct task *task)
{
	uint8_t *pages = store_at(body->pages);
	uint64_t area = env_thread_area(body->area);

	body->kernel = (struct abi_block *)(pages + BODY_STACK_PAGES * PAGE_SIZE);
	body->thread = (struct linux_thread *)body->kernel->user;
	body->block = (struct process_block *)(pages + (BODY_STACK_PAGES + 1) * PAGE_SIZE);
	body->kernel->self = area + AREA_BLOCK;
	body->thread->library_stack = area + AREA_STACK_END;
	body->thread->index = body->area;
	body->thread->process_index = body->index;
	body->thread->tid = task->pid;
}

struct body *body_make(const struct task *task, struct space *space)
{
	struct body *body = calloc(1, sizeof(*body));
	uint64_t identity = (task->generation & 0xffffffull) << 16 | task->index;

	if (!body)
		return NULL;
	body->space = space;
	space->references++;
	body->slots = slots_take();
	body->unit = unit_take(UNIT_BODY);
	body->pages = store_run(BODY_PAGES);
	body->area = body->index = 64;
	body->handles = BODY_HANDLES;
	if (body->slots && body->unit && body->pages != PAGE_NONE && numbers_take(body)) {
		blocks_prepare(body, task);
		if (objects_make(body) && space_prepare(space) && areas_map(body) &&
		    capabilities_make(body, identity) && thread_prepare(body))
			return body;
	}
	body_destroy(body);
	return NULL;
}

void body_destroy(struct body *body)
{
	struct space *space = body->space;

	if (body->unit)
		unit_give(UNIT_BODY, body->unit);
	if (body->cspace_unit)
		unit_give(UNIT_CSPACE, body->cspace_unit);
	if (body->slots) {
		(void)cnode_delete(store_cnode, body->slots, BODY_SLOTS);
		slots_free[slots_free_count++] = body->slots;
	}
	// A space that goes on loses this body's areas; one that ends loses all at once.
	for (uint32_t i = 0; space->references > 1 && i < body->map_count; i++)
		slot_set_drop(&space->slots, body->maps[i]);
	if (body->area < 64)
		space->threads &= ~(1ull << body->area);
	if (body->index < 64)
		space->processes &= ~(1ull << body->index);
	// No page is given back before what mapped it is gone.
	space_put(space);
	if (body->pages != PAGE_NONE)
		page_release_run(&store_pages, body->pages, BODY_PAGES);
	free(body);
}

// The program's own capability over its handle slots, and the thread's CSpace, on the new CNode. What
// was in the old one has moved, but for the old capability over the old slots.
static bool cspace_exchange(struct body *body, cap_t cnode)
{
	return derive(cnode, LINUX_SLOT_CNODE, cnode, CNODE_MOVE | CNODE_DELETE | CNODE_DERIVE,
		      LINUX_SLOT_HANDLES, LINUX_FD_MAX) &&
	       thread_set_space(body_slot(body, BODY_THREAD), cnode, body->space->vspace,
				body_slot(body, BODY_FAULT)) == OK;
}

bool body_handles_grow(struct body *body)
{
	cap_t old = body_slot(body, BODY_CNODE), new = body_slot(body, BODY_GROWN);
	cap_t unit = body->cspace_unit ? 0 : unit_take(UNIT_CSPACE);
	uint64_t left = 0;

	if (!unit)
		return body->cspace_unit;
	if (!unit_make(unit, TYPE_CNODE, LINUX_CNODE_BITS_LARGE, new)) {
		unit_give(UNIT_CSPACE, unit);
		return false;
	}
	// Nothing of this can fail: the slots are there, and empty.
	(void)cnode_delete(old, LINUX_SLOT_CNODE, 1);
	if (cnode_move(new, 1, old, 1, (1u << LINUX_CNODE_BITS) - 1, &left) || !cspace_exchange(body, new))
		rt_log("a CSpace could not be exchanged: its process has lost capabilities");
	(void)cnode_delete(store_cnode, old, 1);
	(void)cnode_move(store_cnode, old, store_cnode, new, 1, &left);
	body->cspace_unit = unit;
	body->handles = LINUX_FD_MAX;
	return true;
}

bool body_files_set(struct body *body)
{
	return derive(body_slot(body, BODY_CNODE), LINUX_SLOT_CONTEXT, body_slot(body, BODY_FILES),
		      ENDPOINT_SEND | ENDPOINT_GRANT, 0, 0);
}

// A bitmap may name empty slots (it is the program's): then the copies are made one by one.
static void handles_copy_each(struct body *to, const struct body *from, uint64_t bits, uint32_t base)
{
	for (; bits; bits &= bits - 1) {
		uint64_t slot = base + (uint64_t)__builtin_ctzll(bits);

		(void)cnode_copy(body_slot(to, BODY_CNODE), slot, body_slot(from, BODY_CNODE), slot, 1, NULL);
	}
}

bool body_handles_copy(struct body *to, const struct body *from, const uint64_t *bitmap)
{
	if (from->cspace_unit && !body_handles_grow(to))
		return false;
	for (uint32_t i = 0; i < from->handles; i += 64) {
		uint32_t base = LINUX_SLOT_HANDLES + i, count = from->handles - i;
		uint64_t bits = count < 64 ? bitmap[i / 64] & ((1ull << count) - 1) : bitmap[i / 64], left = 0;

		if (!bits)
			continue;
		if (cnode_copy(body_slot(to, BODY_CNODE), base, body_slot(from, BODY_CNODE), base, bits, &left))
			handles_copy_each(to, from, bits, base);
	}
	return true;
}

bool body_start(struct body *body, uint64_t ip)
{
	uint64_t values[REGISTER_COUNT] = {0};
	uint64_t fs = body->thread->fs_base, gs = body->thread->gs_base;

	values[REGISTER_IP] = ip;
	values[REGISTER_SP] = env_thread_area(body->area) + AREA_STACK_END;
	values[REGISTER_FLAGS] = 0x202;
	values[REGISTER_FS] = fs < USER_END ? fs : 0;
	values[REGISTER_GS] = gs < USER_END ? gs : 0;
	return thread_write(body_slot(body, BODY_THREAD), (1ull << REGISTER_COUNT) - 1, values) == OK &&
	       thread_resume(body_slot(body, BODY_THREAD)) == OK;
}

uint64_t body_ticks(const struct body *body)
{
	uint64_t ticks = 0;

	return schedcontext_consumed(body_slot(body, BODY_CONTEXT), &ticks) ? 0 : ticks;
}
