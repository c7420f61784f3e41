// Bodies: making them from the library's image and a unit of memory.
#include "servers/process/body.h"

#include <stdlib.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "servers/process/elf.h"
#include "servers/process/shell.h"
#include "servers/process/futex.h"
#include "servers/process/thread.h"

#define LIBRARY_PAGES (ENV_TEXT_MAX / PAGE_SIZE)
#define LIBRARY_RUN 64

static cap_t endpoint, schedcontrol;
static uint64_t slice;
static uint32_t library_run[LIBRARY_PAGES / LIBRARY_RUN];
static uint32_t library_pages;
static struct linux_library library;
static cap_t slots_free[TASK_MAX * 2];
static uint32_t slots_free_count;
static uint64_t net_ended;

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

static const struct linux_fixup *fixup_at(uint64_t address)
{
	uint32_t page = (uint32_t)((address - ENV_TEXT) / PAGE_SIZE);

	return (const struct linux_fixup *)((const uint8_t *)store_at(library_run[page / LIBRARY_RUN] +
								      page % LIBRARY_RUN) + address % PAGE_SIZE);
}

uint64_t body_fixup(uint64_t ip)
{
	for (uint64_t a = library.fixup_start; a < library.fixup_end; a += sizeof(struct linux_fixup)) {
		const struct linux_fixup *fixup = fixup_at(a);

		if (a + (uint64_t)(int64_t)fixup->at == ip)
			return a + offsetof(struct linux_fixup, to) + (uint64_t)(int64_t)fixup->to;
	}
	return 0;
}

static void library_check(void)
{
	memcpy(&library, store_at(library_run[0]), sizeof(library));
	if (library.magic != LIBRARY_MAGIC || library.library_end > ENV_TEXT + library_pages * PAGE_SIZE ||
	    library.trampoline % PAGE_SIZE || !is_in_library(library.trampoline) ||
	    !is_in_library(library.entry_start) || library.fixup_start % sizeof(struct linux_fixup) ||
	    library.fixup_end % sizeof(struct linux_fixup) || library.fixup_start < ENV_TEXT ||
	    library.fixup_end > library.library_end)
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

cap_t body_endpoint(void) { return endpoint; }

uint32_t body_trampoline_page(void)
{
	uint32_t page = (uint32_t)((library.trampoline - ENV_TEXT) / PAGE_SIZE);

	return library_run[page / LIBRARY_RUN] + page % LIBRARY_RUN;
}

bool body_context_configure(cap_t context, int32_t nice)
{
	return schedcontrol_configure(schedcontrol, context, BODY_PRIORITY, nice_slice(slice, nice)) == OK;
}

cap_t body_map_pages(struct space *space, uint32_t page, uint32_t count, uint64_t address, uint64_t rights)
{
	uint32_t first;
	cap_t frame = store_frame(page, &first);

	return space_map(space, frame, first, count, address, rights);
}

bool body_space_block_map(struct space *space, uint32_t i)
{
	if (space->block_pages[i] != PAGE_NONE)
		return true;
	space->block_pages[i] = store_page();
	return space->block_pages[i] != PAGE_NONE &&
	       body_map_pages(space, space->block_pages[i], 1, ENV_SPACE + i * (uint64_t)PAGE_SIZE,
			      FRAME_READ | FRAME_WRITE);
}

// What all processes of a space share: the library, and the space's block.
static bool space_prepare(struct space *space)
{
	if (space->block_pages[0] != PAGE_NONE)
		return true;
	for (uint32_t i = 0; i * LIBRARY_RUN < library_pages; i++) {
		uint32_t left = library_pages - i * LIBRARY_RUN;

		if (!body_map_pages(space, library_run[i], left < LIBRARY_RUN ? left : LIBRARY_RUN,
				    ENV_TEXT + (uint64_t)i * LIBRARY_RUN * PAGE_SIZE,
				    FRAME_READ | FRAME_EXECUTE))
			return false;
	}
	if (!body_space_block_map(space, 0))
		return false;
	futex_share(space);
	return true;
}

bool body_share_table(struct body *body)
{
	cap_t slot = body_map_pages(body->space, body->pages, 1, env_share(body->index, 0), FRAME_READ);

	if (!slot)
		return false;
	slot_set_drop(&body->space->slots, slot);
	body->space->shares |= 1ull << body->index;
	return true;
}

void body_foreign_unmap(struct body *body)
{
	cap_t vspace = body->space->vspace;
	uint64_t block = env_process_block(body->index);

	(void)vspace_unmap_range(vspace, block, block + ENV_PROCESS_STRIDE, store_cnode);
	if (body->space->shares & 1ull << body->index)
		(void)vspace_unmap_range(vspace, env_share(body->index, 0), env_share(body->index + 1, 0), store_cnode);
	body->space->shares &= ~(1ull << body->index);
}

static bool derive(cap_t cnode, uint64_t dest, cap_t source, uint64_t rights, uint64_t data, uint64_t count)
{
	return cnode_derive(cnode, dest, store_cnode, source, rights, data, count) == OK;
}

static bool objects_make(struct body *body)
{
	cap_t cnode = body_slot(body, BODY_CNODE);

	return unit_make(body->unit, TYPE_CNODE, LINUX_CNODE_BITS, cnode) &&
	       derive(cnode, LINUX_SLOT_CNODE, cnode, CNODE_MOVE | CNODE_DELETE | CNODE_DERIVE,
		      LINUX_SLOT_HANDLES, BODY_HANDLES) &&
	       derive(cnode, LINUX_SLOT_SPACE, body->space->vspace, VSPACE_RESTRICT, 0, 0);
}

static bool block_map(struct body *body)
{
	body->block = (struct process_block *)store_at(body->pages + THREAD_PAGES);
	body->map = body_map_pages(body->space, body->pages + THREAD_PAGES, PROCESS_BLOCK_PAGES,
				   env_process_block(body->index), FRAME_READ | FRAME_WRITE);
	return body->map;
}

static bool index_take(struct body *body)
{
	struct space *space = body->space;

	if (!~space->processes)
		return false;
	body->index = (uint32_t)__builtin_ctzll(~space->processes);
	space->processes |= 1ull << body->index;
	return true;
}

static cap_t slots_take(void)
{
	return slots_free_count ? slots_free[--slots_free_count] : slot_alloc_run(BODY_SLOTS);
}

struct body *body_make(struct task *task, struct space *space)
{
	struct body *body = shell_spare_take(space, task);

	if (body)
		return body;
	body = calloc(1, sizeof(*body));
	if (!body)
		return NULL;
	body->space = space;
	space->references++;
	body->slots = slots_take();
	body->unit = unit_take(UNIT_BODY);
	body->pages = store_run(BODY_PAGES);
	body->index = ENV_PROCESS_MAX;
	body->handles = BODY_HANDLES;
	if (body->slots && body->unit && body->pages != PAGE_NONE && index_take(body) && objects_make(body) &&
	    space_prepare(space) && block_map(body) && thread_make(body, task, body->pages)) {
		body->is_whole = true;
		return body;
	}
	body_destroy(body);
	return NULL;
}

struct body *body_take(struct task *task, bool is_copy)
{
	struct body *body = shell_take(task, is_copy);
	struct space *space = body ? NULL : space_make();

	if (space) {
		body = body_make(task, space);
		space_put(space);  // the body has its own reference
	}
	return body;
}

// The net server hears of it: a shell must not be taken for the program that it was.
static void net_end(struct body *body)
{
	if (!body->net_badge)
		return;
	(void)cnode_delete(body_slot(body, BODY_CNODE), LINUX_SLOT_NET, 1);
	(void)cnode_delete(store_cnode, body_slot(body, BODY_NET), 1);
	body->net_badge = 0;
	net_ended++;
}

void body_destroy(struct body *body)
{
	net_end(body);
	if (!shell_put(body))
		body_discard(body);
}

void body_discard(struct body *body)
{
	struct space *space = body->space;

	net_end(body);
	body->is_ending = true;
	if (body->unit)
		unit_give(UNIT_BODY, body->unit);
	if (body->cspace_unit)
		unit_give(UNIT_CSPACE, body->cspace_unit);
	while (body->threads)
		thread_destroy(body->threads);
	if (body->slots) {
		(void)cnode_delete(store_cnode, body->slots, BODY_SLOTS);
		slots_free[slots_free_count++] = body->slots;
	}
	if (body->map && space->references > 1)
		slot_set_drop(&space->slots, body->map);
	if (body->index < ENV_PROCESS_MAX) {
		if (space->references > 1)
			body_foreign_unmap(body);
		space->processes &= ~(1ull << body->index);
	}
	// No page is given back before what mapped it is gone.
	space_put(space);
	if (body->pages != PAGE_NONE)
		page_release_run(&store_pages, body->pages, BODY_PAGES);
	free(body);
}

// The program's own capability over its handle slots, and the threads' CSpace, on the new CNode. What
// was in the old one has moved, but for the old capability over the old slots.
static bool cspace_exchange(struct body *body, cap_t cnode)
{
	bool is_done = derive(cnode, LINUX_SLOT_CNODE, cnode, CNODE_MOVE | CNODE_DELETE | CNODE_DERIVE,
			      LINUX_SLOT_HANDLES, LINUX_FD_MAX);

	// One that is being made has no CSpace yet.
	for (struct thread *t = body->threads; t; t = t->next)
		if (t->block)
			is_done = thread_cspace_set(t, cnode) && is_done;
	return is_done;
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

// The badge has the number of the body, too: the net server must not take the end of this one for that of
// the next, after an exec.
bool body_net_set(struct body *body, const struct task *task)
{
	static uint64_t number;
	cap_t net = component_find_cap("net", NULL), slot = body_slot(body, BODY_NET);
	uint64_t identity = (task->generation & 0xffffffull) << 16 | task->index;
	uint64_t badge = NET_BADGE | ((number + 1) & 0xffff) << 40 | identity;

	if (body->net_badge)
		return true;
	if (!net || !derive(store_cnode, slot, net, ENDPOINT_SEND | ENDPOINT_GRANT | ENDPOINT_WATCH, badge, 0))
		return false;
	if (!derive(body_slot(body, BODY_CNODE), LINUX_SLOT_NET, slot, ENDPOINT_SEND | ENDPOINT_GRANT, 0, 0)) {
		(void)cnode_delete(store_cnode, slot, 1);
		return false;
	}
	body->net_badge = badge;
	number++;
	return true;
}

uint64_t body_net_ended(void) { return net_ended; }

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

bool body_start(struct body *body, uint64_t ip) { return thread_start(body->threads, ip); }

uint64_t body_ticks(const struct body *body)
{
	uint64_t ticks = body->ticks;

	for (struct thread *t = thread_first(body); t; t = thread_next(t))
		ticks += thread_ticks(t);
	return ticks;
}
