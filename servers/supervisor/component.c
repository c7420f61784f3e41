#include <stdio.h>
#include <string.h>

#include "abi/gen/names.h"
#include "abi/gen/stubs.h"
#include "protocol/names.h"
#include "servers/supervisor/block.h"
#include "servers/supervisor/component.h"
#include "servers/supervisor/give.h"

// A component's address space. lib/thread has its own area between these.
#define AT_INFO 0x10000000ull
#define AT_BLOCK 0x10001000ull
#define AT_STACK 0x10010000ull  // the page below is not mapped
#define STACK_BITS 16
#define AT_HEAP 0x20000000ull
#define AT_REGIONS 0x40000000ull

#define AT_SCRATCH 0x700000000000ull  // in the supervisor's own
#define SLICE_MS 5
#define TABLES_IN_POOL 14

// Slots that every component has.
#define SLOT_CNODE 1
#define SLOT_VSPACE 2
#define SLOT_THREAD 3
#define SLOT_CONTEXT 4
#define SLOT_LOG 5
#define SLOT_FAULT 7
#define SLOT_OTHERS 8

static cap_t scratch;

bool component_failed(const struct component *c, const char *what, err_t err)
{
	rt_log("%s cannot be made: %s: %s", c->entry->name, what, error_name(err));
	return false;
}

void scratch_unmap(void)
{
	(void)cnode_delete(BOOT_SLOT_CNODE, scratch, 1);
}

void *scratch_map(cap_t frame, uint64_t first, uint64_t pages)
{
	if (!scratch)
		scratch = slot_alloc();
	if (!scratch || cnode_derive(BOOT_SLOT_CNODE, scratch, BOOT_SLOT_CNODE, frame,
				     FRAME_READ | FRAME_WRITE, first, pages))
		return NULL;
	if (!frame_map(scratch, BOOT_SLOT_VSPACE, AT_SCRATCH, FRAME_READ | FRAME_WRITE))
		return (void *)AT_SCRATCH;
	scratch_unmap();
	return NULL;
}

// An object in a block of its own, in a slot of the supervisor.
static cap_t object_make(struct component *c, uint64_t type, unsigned block_bits, uint64_t size)
{
	cap_t block = block_alloc(c->number, block_bits);
	cap_t slot = slot_alloc();

	if (!block || !slot ||
	    untyped_retype(block, type, size, 1, BOOT_SLOT_CNODE, slot, NULL))
		return 0;
	return slot;
}

cap_t component_frame(struct component *c, unsigned bits, uint64_t flags)
{
	return object_make(c, TYPE_FRAME, bits, bits | flags);
}

bool component_make_endpoints(struct component_world *world)
{
	for (uint32_t i = 0; i < world->manifest->count; i++) {
		struct component *c = &world->components[i];
		cap_t block;

		c->entry = &world->manifest->components[i];
		c->number = i + 1;
		if (!c->entry->has_endpoint)
			continue;
		block = block_alloc(OWNER_SELF, 12);
		c->endpoint = slot_alloc();
		if (!block || !c->endpoint ||
		    untyped_retype(block, TYPE_ENDPOINT, 0, 1, BOOT_SLOT_CNODE, c->endpoint, NULL))
			return component_failed(c, "its endpoint", ERR_NO_MEMORY);
	}
	return true;
}

// Page tables beyond those that come with the VSpace.
static bool tables_supply(struct component *c, unsigned pools)
{
	for (unsigned i = 0; i < pools; i++) {
		cap_t pool = object_make(c, TYPE_UNTYPED, SIZE_BITS_VSPACE, SIZE_BITS_VSPACE);
		err_t err = pool ? vspace_supply(c->vspace, pool) : ERR_NO_MEMORY;

		if (err)
			return component_failed(c, "page tables", err);
		slot_free(pool);
	}
	return true;
}

static bool spaces_make(const struct component_world *world, struct component *c)
{
	// The image may have to be mapped by small pages.
	uint64_t image_tables = c->entry->has_image ? world->boot->image_pages / 512 + 2 : 0;
	unsigned bits = bits_down(c->entry->slots);

	c->cnode = object_make(c, TYPE_CNODE, bits + 6 > 12 ? bits + 6 : 12, bits);
	c->vspace = object_make(c, TYPE_VSPACE, SIZE_BITS_VSPACE, 0);
	if (!c->cnode || !c->vspace)
		return component_failed(c, "its spaces", ERR_NO_MEMORY);
	return tables_supply(c, (c->entry->memory.percent ? 2 : 1) +
					(unsigned)(image_tables / TABLES_IN_POOL));
}

static bool frame_place(struct component *c, cap_t frame, uint64_t address, uint64_t rights)
{
	err_t err = frame ? frame_map(frame, c->vspace, address, rights) : ERR_NO_MEMORY;

	return !err || component_failed(c, "its memory", err);
}

static bool memory_make(struct component *c, cap_t *block_frame)
{
	const struct manifest_amount *heap = &c->entry->heap;
	uint64_t bytes = heap->bytes;
	cap_t frame;

	if (heap->percent) {
		bytes = block_free_bytes() / 100 * heap->percent;
		bytes = bytes < heap->bytes ? heap->bytes : bytes;
		bytes = heap->most && bytes > heap->most ? heap->most : bytes;
		bytes = 1ull << bits_down(bytes);
	}
	c->info.heap = AT_HEAP;
	c->info.heap_size = 1ull << bits_up(bytes);
	frame = component_frame(c, bits_up(bytes), RETYPE_RAW);
	if (!frame_place(c, frame, AT_HEAP, FRAME_READ | FRAME_WRITE))
		return false;
	frame = component_frame(c, STACK_BITS, RETYPE_RAW);
	if (!frame_place(c, frame, AT_STACK, FRAME_READ | FRAME_WRITE))
		return false;
	c->sp = AT_STACK + (1ull << STACK_BITS);
	*block_frame = component_frame(c, PAGE_BITS, 0);
	if (!frame_place(c, *block_frame, AT_BLOCK, FRAME_READ | FRAME_WRITE))
		return false;
	c->info.block = AT_BLOCK;
	c->info_frame = component_frame(c, PAGE_BITS, 0);
	return frame_place(c, c->info_frame, AT_INFO, FRAME_READ);
}

static bool thread_make(struct component_world *world, struct component *c, cap_t block_frame)
{
	cap_t fault = slot_alloc();
	err_t err = cnode_derive(BOOT_SLOT_CNODE, fault, BOOT_SLOT_CNODE, world->own_endpoint,
				 ENDPOINT_SEND | ENDPOINT_GRANT, c->number, 0);

	c->fault = fault;
	c->thread = object_make(c, TYPE_THREAD, SIZE_BITS_THREAD, 0);
	if (!err)
		err = c->thread ? thread_set_space(c->thread, c->cnode, c->vspace, fault)
				: ERR_NO_MEMORY;
	if (!err)
		err = thread_set_block(c->thread, block_frame, AT_BLOCK);
	return !err || component_failed(c, "its thread", err);
}

static bool basics_give(struct component_world *world, struct component *c)
{
	uint64_t life = c->number | BADGE_LIFE | (c->entry->may_power_off ? BADGE_POWER_OFF : 0);
	int log = manifest_find_log(world->manifest);
	bool good;

	c->next_slot = SLOT_OTHERS;
	c->next_region = AT_REGIONS;
	good = give_at(c, "cnode", SLOT_CNODE, c->cnode, CNODE_RIGHTS, 0) &&
	       give_at(c, "vspace", SLOT_VSPACE, c->vspace, VSPACE_RIGHTS, 0) &&
	       give_at(c, "thread", SLOT_THREAD, c->thread, THREAD_RIGHTS, 0) &&
	       give_at(c, "supervisor", SLOT_SUPERVISOR, world->own_endpoint,
		       ENDPOINT_SEND | ENDPOINT_GRANT, life) &&
	       give_at(c, "fault", SLOT_FAULT, world->own_endpoint, ENDPOINT_SEND | ENDPOINT_GRANT,
		       c->number);
	if (good && log >= 0 && &world->components[log] != c && world->components[log].endpoint)
		good = give_at(c, "log", SLOT_LOG, world->components[log].endpoint, ENDPOINT_SEND,
			       NAMES_BADGE + c->number);
	return good;
}

// Its own scheduling context and those for further threads.
static bool contexts_make(struct component_world *world, struct component *c)
{
	uint32_t count = 1 + c->entry->contexts;
	uint64_t slice = world->boot->ticks_per_second / 1000 * SLICE_MS;

	for (uint32_t i = 0; i < count; i++) {
		cap_t context = object_make(c, TYPE_SCHEDCONTEXT, 12, 0);
		err_t err = context ? schedcontrol_configure(BOOT_SLOT_SCHEDCONTROL, context,
							     c->entry->priority, slice)
				    : ERR_NO_MEMORY;

		if (!err && i == 0)
			err = schedcontext_bind(context, c->thread);
		if (err)
			return component_failed(c, "its scheduling context", err);
		if (i == 0 ? !give_at(c, "context", SLOT_CONTEXT, context, SCHEDCONTEXT_RIGHTS, 0)
			   : !give_next(c, i == 1 ? "contexts" : NULL, context, SCHEDCONTEXT_RIGHTS, 0))
			return false;
	}
	return true;
}

bool component_make(struct component_world *world, struct component *c)
{
	cap_t block_frame;

	c->info = (struct component_info){.magic = COMPONENT_MAGIC};
	memcpy(c->info.name, c->entry->name, sizeof(c->info.name));
	c->info.ticks_per_second = world->boot->ticks_per_second;
	c->info.ticks_at_boot = world->boot->ticks_at_boot;
	c->info.epoch_ns = world->epoch_ns;
	return spaces_make(world, c) && component_load(c) && memory_make(c, &block_frame) &&
	       thread_make(world, c, block_frame) && basics_give(world, c) &&
	       contexts_make(world, c) && give_objects(c) && give_devices(c) &&
	       give_regions(world, c) && give_uses(world, c);
}

bool component_make_amounts(struct component *c, uint64_t free_bytes)
{
	return give_memory(c, free_bytes) && give_untyped(c, free_bytes);
}

static bool registers_set(struct component *c)
{
	uint64_t values[REGISTER_COUNT] = {0};
	err_t err;

	values[REGISTER_IP] = c->ip;
	values[REGISTER_SP] = c->sp;
	values[REGISTER_FLAGS] = 0x202;
	values[REGISTER_RDI] = AT_INFO;
	err = thread_write(c->thread, (1u << REGISTER_COUNT) - 1, values);
	return !err || component_failed(c, "its registers", err);
}

bool component_run(struct component_world *world, struct component *c)
{
	void *page = scratch_map(c->info_frame, 0, 1);
	err_t err;

	(void)world;
	if (!page)
		return component_failed(c, "its page", ERR_NO_MEMORY);
	c->info.free_first = c->next_slot;
	c->info.free_count = c->entry->slots - c->next_slot;
	memcpy(page, &c->info, sizeof(c->info));
	scratch_unmap();
	if (!registers_set(c))
		return false;
	err = thread_resume(c->thread);
	c->is_alive = !err;
	return !err || component_failed(c, "it does not run", err);
}

void component_destroy(struct component *c)
{
	c->is_alive = false;
	(void)thread_suspend(c->thread);
	block_free_all(c->number);
	if (!c->endpoint)
		return;
	(void)cnode_revoke(BOOT_SLOT_CNODE, c->endpoint);
	(void)cnode_delete(BOOT_SLOT_CNODE, c->endpoint, 1);
	c->endpoint = 0;
}
