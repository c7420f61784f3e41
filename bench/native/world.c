// Threads, the second address space, and how rows are kept and printed.
#include <stdio.h>
#include <string.h>

#include "bench/native/native.h"
#include "lib/rt/rt.h"

#define WORKERS_MAX 32
#define BLOCKS_AT 0x60000000ull
#define ROWS_MAX 160
#define NAME_MAX_LENGTH 48
#define COM1 0x3f8
#define COM1_STATUS 5
#define COM1_EMPTY 0x20

struct row {
	char name[NAME_MAX_LENGTH];
	uint64_t least;
};

static struct worker workers[WORKERS_MAX];
static unsigned worker_count;
static cap_t untyped, space, rest_bell;
static struct row rows[ROWS_MAX];
static unsigned row_count;
static uint64_t pair;

static void put(char c)
{
	uint64_t status = 0;

	while (!(status & COM1_EMPTY))
		must(ioport_in(BOOT_SLOT_IOPORT, COM1 + COM1_STATUS, 1, &status), "console");
	must(ioport_out(BOOT_SLOT_IOPORT, COM1, 1, (uint8_t)c), "console");
}

static void print(const char *text)
{
	for (; *text; text++)
		put(*text);
}

void must(err_t err, const char *what)
{
	char line[96];

	if (!err)
		return;
	snprintf(line, sizeof(line), "bench\tfailed\t%s: error %u\n", what, (unsigned)err);
	print(line);
	for (;;)
		thread_suspend(BOOT_SLOT_THREAD);
}

// --- rows

void row_add_value(const char *name, uint64_t value)
{
	unsigned i = 0;

	while (i < row_count && strcmp(rows[i].name, name))
		i++;
	if (i == ROWS_MAX)
		must(ERR_NO_MEMORY, "rows");
	if (i == row_count) {
		snprintf(rows[i].name, sizeof(rows[i].name), "%s", name);
		rows[i].least = value;
		row_count++;
	}
	if (value < rows[i].least)
		rows[i].least = value;
}

void row_add(const char *name, uint64_t start, uint64_t end) { row_add_value(name, end - start - pair); }
uint64_t row_pair(void) { return pair; }

void row_print_all(void)
{
	char number[24];

	for (unsigned i = 0; i < row_count; i++) {
		snprintf(number, sizeof(number), "\t%lu\n", rows[i].least);
		print("bench\t");
		print(rows[i].name);
		print(number);
	}
	print("bench\tdone\n");
}

uint64_t invoke(const char *name, cap_t cap, unsigned label, unsigned count,
		const uint64_t words[MSG_WORDS_REGISTERS])
{
	struct probe p = {.number = SYSCALL_BASE + SYSCALL_CALL, .cap = cap, .tag = TAG(label, count)};

	memcpy(p.words, words, sizeof(p.words));
	probe_call(&p);
	must((err_t)p.err, name);
	row_add(name, p.start, p.end);
	return p.end - p.start - row_pair();
}

// --- objects

cap_t make(uint64_t type, uint64_t size_bits)
{
	cap_t slot = slot_alloc();

	must(slot ? untyped_retype(untyped, type, size_bits, 1, BOOT_SLOT_CNODE, slot, NULL) : ERR_NO_MEMORY,
	     "make");
	return slot;
}

cap_t badge(cap_t notification)
{
	cap_t slot = slot_alloc();

	must(cnode_derive(BOOT_SLOT_CNODE, slot, BOOT_SLOT_CNODE, notification, NOTIFICATION_RIGHTS, 1, 0), "badge");
	return slot;
}

cap_t world_untyped(void) { return make(TYPE_UNTYPED, 22); }

static void map_both(cap_t frame, uint64_t address)
{
	const uint64_t rights = FRAME_READ | FRAME_WRITE;
	cap_t copy = slot_alloc();

	must(cnode_derive(BOOT_SLOT_CNODE, copy, BOOT_SLOT_CNODE, frame, FRAME_RIGHTS, 0, 0), "derive");
	must(frame_map(frame, BOOT_SLOT_VSPACE, address, rights), "map");
	must(frame_map(copy, space, address, rights), "map");
}

// The second address space has the same memory at the same addresses.
static void space_make(void)
{
	space = make(TYPE_VSPACE, 0);
	must(vspace_supply(space, make(TYPE_UNTYPED, SIZE_BITS_VSPACE)), "tables");
	must(vspace_supply(BOOT_SLOT_VSPACE, make(TYPE_UNTYPED, SIZE_BITS_VSPACE)), "tables");
	for (cap_t frame = BOOT_SLOT_MEMORY; frame < BOOT_SLOT_FREE; frame++) {
		uint64_t type, address;
		cap_t copy;

		must(cnode_info(BOOT_SLOT_CNODE, frame, &type, NULL, NULL, NULL), "info");
		if (type != TYPE_FRAME)
			continue;
		must(frame_info(frame, NULL, &address, NULL), "info");
		copy = slot_alloc();
		must(cnode_derive(BOOT_SLOT_CNODE, copy, BOOT_SLOT_CNODE, frame, FRAME_RIGHTS, 0, 0), "derive");
		must(frame_map(copy, space, address, FRAME_READ | FRAME_WRITE | FRAME_EXECUTE), "map");
	}
}

// --- threads

static void context_set(struct worker *w, unsigned priority, uint64_t slice)
{
	must(schedcontrol_configure(BOOT_SLOT_SCHEDCONTROL, w->context, priority, slice), "configure");
	must(schedcontext_bind(w->context, w->thread), "bind");
}

static void registers_set(struct worker *w)
{
	uint64_t values[REGISTER_COUNT] = {0};

	values[REGISTER_IP] = (uint64_t)(uintptr_t)w->run;
	values[REGISTER_SP] = (uint64_t)(uintptr_t)(w->stack + sizeof(w->stack) - 8);
	values[REGISTER_RDI] = (uint64_t)(uintptr_t)w;
	values[REGISTER_FS] = 0x1000 * (w->number + 1ull);
	values[REGISTER_GS] = (uint64_t)(uintptr_t)w->block;
	must(thread_write(w->thread, 1u << REGISTER_IP | 1u << REGISTER_SP | 1u << REGISTER_RDI |
				     1u << REGISTER_FS | 1u << REGISTER_GS, values), "registers");
}

struct worker *worker_make(void (*run)(struct worker *), enum where where, unsigned priority, uint64_t slice,
			   cap_t fault)
{
	struct worker *w = &workers[worker_count];
	cap_t block = make(TYPE_FRAME, PAGE_BITS);

	if (worker_count == WORKERS_MAX)
		must(ERR_NO_MEMORY, "workers");
	w->run = run;
	w->thread = make(TYPE_THREAD, 0);
	w->context = make(TYPE_SCHEDCONTEXT, 0);
	w->endpoint = make(TYPE_ENDPOINT, 0);
	w->reply = make(TYPE_REPLY, 0);
	w->notification = make(TYPE_NOTIFICATION, 0);
	w->bell = badge(w->notification);
	w->block = (struct abi_block *)(BLOCKS_AT + PAGE_SIZE * worker_count);
	map_both(block, (uint64_t)(uintptr_t)w->block);
	w->block->self = (uint64_t)(uintptr_t)w->block;
	must(thread_set_space(w->thread, BOOT_SLOT_CNODE, where == HERE ? BOOT_SLOT_VSPACE : space, fault), "space");
	must(thread_set_block(w->thread, block, (uint64_t)(uintptr_t)w->block), "block");
	w->number = worker_count++;
	registers_set(w);
	context_set(w, priority, slice);
	must(thread_resume(w->thread), "resume");
	rest();
	return w;
}

void worker_make_passive(struct worker *w) { must(schedcontext_bind(w->context, 0), "unbind"); }
void worker_restart(struct worker *w)
{
	worker_end(w);
	registers_set(w);
	must(thread_resume(w->thread), "resume");
}

void worker_end(struct worker *w) { must(thread_suspend(w->thread), "suspend"); }

static void ring(struct worker *w)
{
	for (;;)
		(void)sys_signal(w->bell);
}

// The lowest thread of all rings whenever it may run.
void rest(void)
{
	uint64_t bits;

	if (rest_bell)
		must(sys_wait(rest_bell, &bits), "rest");
}

static void rest_make(void)
{
	rest_bell = worker_make(ring, HERE, 1, 0, 0)->notification;
}

static void pair_measure(void)
{
	struct probe p = {0};

	pair = ~0ull;
	for (unsigned i = 0; i < 20; i++) {
		probe_empty(&p);
		if (p.end - p.start < pair)
			pair = p.end - p.start;
	}
}

void world_init(void)
{
	const struct abi_boot_info *boot = rt_boot_info;
	uint32_t best = 0;

	for (uint32_t i = 0; i < boot->untyped_count; i++)
		if (boot->untyped[i].size_bits > boot->untyped[best].size_bits)
			best = i;
	untyped = boot->untyped[best].slot;
	space_make();
	rest_make();
	pair_measure();
}
