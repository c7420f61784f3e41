// Threads, objects, and how results are told.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/cores/cores.h"
#include "tests/lib/serial.h"

#define WORKERS_MAX 24
#define FREE_AT 0x60000000ull

static struct worker workers[WORKERS_MAX];
static cap_t untyped;
static uint64_t free_at = FREE_AT;

void say(const char *format, ...)
{
	char line[160];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	for (const char *at = line; *at; at++)
		serial_put(*at);
	serial_put('\n');
}

void must(err_t err, const char *what)
{
	if (!err)
		return;
	say("not ok\t%s: error %u", what, (unsigned)err);
	say("end");
	for (;;)
		thread_suspend(BOOT_SLOT_THREAD);
}

static bool failed;

void check(bool holds, const char *test, const char *what)
{
	if (holds)
		return;
	say("not ok\t%s: %s", test, what);
	failed = true;
}

void test_end(const char *test)
{
	if (!failed)
		say("ok\t%s", test);
	failed = false;
}

cap_t make(uint64_t type, uint64_t size_bits)
{
	cap_t slot = slot_alloc();

	must(slot ? untyped_retype(untyped, type, size_bits, 1, BOOT_SLOT_CNODE, slot, NULL) : ERR_NO_MEMORY,
	     "make");
	return slot;
}

void drop(cap_t slot)
{
	must(cnode_delete(BOOT_SLOT_CNODE, slot, 1), "delete");
	slot_free(slot);
}

cap_t badge(cap_t notification, uint64_t bits)
{
	cap_t slot = slot_alloc();

	must(cnode_derive(BOOT_SLOT_CNODE, slot, BOOT_SLOT_CNODE, notification, NOTIFICATION_RIGHTS, bits, 0),
	     "badge");
	return slot;
}

uint64_t address_take(void)
{
	free_at += PAGE_SIZE;
	return free_at - PAGE_SIZE;
}

// --- the second address space

void space_map(cap_t space, cap_t frame, uint64_t address)
{
	cap_t copy = slot_alloc();

	must(cnode_derive(BOOT_SLOT_CNODE, copy, BOOT_SLOT_CNODE, frame, FRAME_RIGHTS, 0, 0), "derive");
	must(frame_map(copy, space, address, FRAME_READ | FRAME_WRITE | FRAME_EXECUTE), "map");
}

cap_t space_make(void)
{
	cap_t space = make(TYPE_VSPACE, 0);

	must(vspace_supply(space, make(TYPE_UNTYPED, SIZE_BITS_VSPACE)), "tables");
	for (cap_t frame = BOOT_SLOT_MEMORY; frame < BOOT_SLOT_FREE; frame++) {
		uint64_t type, address;

		must(cnode_info(BOOT_SLOT_CNODE, frame, &type, NULL, NULL, NULL), "info");
		if (type != TYPE_FRAME)
			continue;
		must(frame_info(frame, NULL, &address, NULL), "info");
		space_map(space, frame, address);
	}
	return space;
}

// --- threads

static void registers_set(struct worker *w)
{
	uint64_t values[REGISTER_COUNT] = {0};

	values[REGISTER_IP] = (uint64_t)(uintptr_t)w->run;
	values[REGISTER_SP] = (uint64_t)(uintptr_t)(w->stack + sizeof(w->stack) - 8);
	values[REGISTER_RDI] = (uint64_t)(uintptr_t)w;
	values[REGISTER_GS] = (uint64_t)(uintptr_t)w->block;
	must(thread_write(w->thread, 1u << REGISTER_IP | 1u << REGISTER_SP | 1u << REGISTER_RDI |
				     1u << REGISTER_GS, values), "registers");
}

struct worker *worker_make(void (*run)(struct worker *), unsigned core, cap_t space, cap_t fault)
{
	unsigned number = 0;

	while (number < WORKERS_MAX - 1 && workers[number].thread)
		number++;
	struct worker *w = &workers[number];
	cap_t block = make(TYPE_FRAME, PAGE_BITS);
	uint64_t address = address_take();

	memset(w, 0, sizeof(*w));
	w->number = number;
	w->run = run;
	w->thread = make(TYPE_THREAD, 0);
	w->context = make(TYPE_SCHEDCONTEXT, 0);
	w->endpoint = make(TYPE_ENDPOINT, 0);
	w->reply = make(TYPE_REPLY, 0);
	w->notification = make(TYPE_NOTIFICATION, 0);
	space_map(BOOT_SLOT_VSPACE, block, address);
	if (space != BOOT_SLOT_VSPACE)
		space_map(space, block, address);
	w->block = (struct abi_block *)address;
	w->block->self = address;
	must(thread_set_space(w->thread, BOOT_SLOT_CNODE, space, fault), "space");
	must(thread_set_block(w->thread, block, address), "block");
	registers_set(w);
	worker_move(w, core);
	must(schedcontext_bind(w->context, w->thread), "bind");
	return w;
}

void worker_start(struct worker *w) { must(thread_resume(w->thread), "resume"); }

void worker_move(struct worker *w, unsigned core)
{
	must(schedcontrol_configure(BOOT_SLOT_SCHEDCONTROL + core, w->context, PRIORITY_WORKER,
				    rt_boot_info->ticks_per_second / 1000), "configure");
}

void worker_destroy(struct worker *w)
{
	drop(w->thread);
	drop(w->context);
	drop(w->endpoint);
	drop(w->reply);
	drop(w->notification);
	w->thread = 0;
}

_Noreturn void worker_rest(struct worker *w)
{
	uint64_t bits;

	for (;;)
		(void)sys_wait(w->notification, &bits);
}

void worker_await(struct worker *w, uint64_t more)
{
	uint64_t from = w->count;

	while (w->count - from < more)
		__asm__ volatile("pause");
}

unsigned world_cores(void) { return rt_boot_info->cores; }

void world_init(void)
{
	uint32_t best = 0;

	for (uint32_t i = 0; i < rt_boot_info->untyped_count; i++)
		if (rt_boot_info->untyped[i].size_bits > rt_boot_info->untyped[best].size_bits)
			best = i;
	untyped = rt_boot_info->untyped[best].slot;
	must(vspace_supply(BOOT_SLOT_VSPACE, make(TYPE_UNTYPED, SIZE_BITS_VSPACE)), "tables");
}
