// The supervisor: the first task. It reads the manifest, makes every component with exactly what its
// entry says, and hears of their deaths.
//
// It waits for no component: it answers or notices, and what it logs goes to the log driver only when
// that is waiting for a line.
#include <errno.h>
#include <string.h>

#include "abi/gen/names.h"
#include "abi/gen/stubs.h"
#include "lib/msg/server.h"
#include "lib/rt/rt.h"
#include "protocol/gen/life.h"
#include "servers/supervisor/block.h"
#include "servers/supervisor/break.h"
#include "servers/supervisor/component.h"
#include "servers/supervisor/image.h"
#include "servers/supervisor/machine.h"

#define AT_IMAGE 0x700040000000ull
#define AT_NAMES 0x700020000000ull
#define REPLY_COUNT 32
#define MUCH_MEMORY (100ull << 20)
#define LARGE_PAGE 0x200000ull
#define TABLES_IN_POOL 14

#define STATUS_BROKEN 70   // of the system's run, when a component that it needs has died
#define LAST_WORDS_SECONDS 5
#define SETTLE_MS 5       // the log driver's time for the 16 bytes that the port takes, and more
#define SETTLE_STEPS_MAX 40

static struct component_world world;
static struct manifest manifest;
static struct names *names;
static cap_t replies, alarm;
static bool is_stopping;
static uint64_t last_words_end = BREAK_NEVER;  // when the terminal should have switched off

static _Noreturn void give_up(const char *why, err_t err)
{
	rt_log("%s (%s); status %d", why, error_name(err), STATUS_BROKEN);
	machine_power_off();
}

static cap_t own_object(uint64_t type, unsigned block_bits, uint64_t size, uint32_t count)
{
	cap_t block = block_alloc(OWNER_SELF, block_bits);
	cap_t slot = slot_alloc_run(count);
	err_t err = block && slot ? untyped_retype(block, type, size, count, BOOT_SLOT_CNODE, slot,
						   NULL)
				  : ERR_NO_MEMORY;

	if (err)
		give_up("no memory for the supervisor", err);
	return slot;
}

// Page tables for itself: enough for the image by small pages, when it is not aligned.
static void tables_supply(uint64_t pages)
{
	for (uint64_t n = 0; n <= pages / 512 / TABLES_IN_POOL; n++) {
		cap_t pool = own_object(TYPE_UNTYPED, SIZE_BITS_VSPACE, SIZE_BITS_VSPACE, 1);
		err_t err = vspace_supply(BOOT_SLOT_VSPACE, pool);

		if (err)
			give_up("no page tables", err);
		slot_free(pool);
	}
}

static void image_map(void)
{
	uint64_t physical = 0, address;
	err_t err;

	(void)frame_info(BOOT_SLOT_IMAGE, NULL, NULL, &physical);
	address = AT_IMAGE + physical % LARGE_PAGE;
	tables_supply(physical ? 512 * 4 : world.boot->image_pages + 512 * 4);
	err = frame_map(BOOT_SLOT_IMAGE, BOOT_SLOT_VSPACE, address, FRAME_READ);
	if (err)
		give_up("the boot image cannot be mapped", err);
	if (!image_open((const void *)address, world.boot->image_pages * PAGE_SIZE))
		give_up("the boot image is damaged or cut short", ERR_ARGUMENT);
}

static void manifest_read(void)
{
	struct manifest_error error;
	struct image_file file;

	if (!image_find("system/manifest", &file))
		give_up("the boot image has no file system/manifest", ERR_CAP_INVALID);
	if (!manifest_parse((const char *)file.data, file.size, &manifest, &error)) {
		rt_log("manifest, line %u: %s", (unsigned)error.line, error.text);
		give_up("the manifest cannot be read", ERR_ARGUMENT);
	}
	for (uint32_t i = 0; i < manifest.count; i++)
		if (manifest.components[i].more_slots && block_free_bytes() >= MUCH_MEMORY)
			manifest.components[i].slots = manifest.components[i].more_slots;
	world.manifest = &manifest;
}

static void names_make(void)
{
	err_t err;

	world.names_frame = own_object(TYPE_FRAME, PAGE_BITS, PAGE_BITS, 1);
	err = frame_map(world.names_frame, BOOT_SLOT_VSPACE, AT_NAMES, FRAME_READ | FRAME_WRITE);
	if (err)
		give_up("no page for names", err);
	names = (struct names *)AT_NAMES;
	strcpy(names->name[0], "supervisor");
	for (uint32_t i = 0; i < manifest.count && i + 1 < NAMES_MAX; i++)
		memcpy(names->name[i + 1], manifest.components[i].name, NAMES_LENGTH);
}

static void clock_set(void)
{
	uint64_t now = machine_clock();
	uint64_t since_boot = rt_clock_monotonic();

	if (!now)
		rt_log("the battery clock does not run; time starts in 1970");
	world.epoch_ns = now > since_boot ? now - since_boot : 0;
	rt_set_clock(world.epoch_ns);
}

static void own_objects_make(void)
{
	err_t err;

	world.own_endpoint = own_object(TYPE_ENDPOINT, 12, 0, 1);
	replies = own_object(TYPE_REPLY, 12, 0, REPLY_COUNT);
	alarm = own_object(TYPE_NOTIFICATION, 12, 0, 1);

	cap_t signal = slot_alloc();

	err = cnode_derive(BOOT_SLOT_CNODE, signal, BOOT_SLOT_CNODE, alarm, NOTIFICATION_SIGNAL, 1, 0);
	if (!err)
		err = thread_bind(BOOT_SLOT_THREAD, alarm);
	if (!err)
		err = schedcontext_bind_notification(BOOT_SLOT_CONTEXT, signal);
	if (err)
		give_up("no alarm", err);
}

static uint64_t ticks_now(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

// The one deadline there is, for whichever is first.
static void alarm_set(void)
{
	uint64_t next = break_next();

	next = last_words_end < next ? last_words_end : next;
	(void)schedcontext_set_deadline(BOOT_SLOT_CONTEXT, next == BREAK_NEVER ? 0 : next, NULL);
}

// Let the log driver, which is below us, write what it has, so that nothing is lost when the machine
// stops. It is not waited for longer than it may need: it may be the one that is broken.
static void log_settle(void)
{
	uint64_t step = SETTLE_MS * world.boot->ticks_per_second / 1000, bits;
	unsigned idle = 0;

	for (unsigned n = 0; n < SETTLE_STEPS_MAX && idle < 2; n++) {
		if (schedcontext_set_deadline(BOOT_SLOT_CONTEXT, ticks_now() + step, NULL) ||
		    sys_wait(alarm, &bits))
			break;
		idle = machine_log_is_idle() ? idle + 1 : 0;
	}
	alarm_set();
}

// Lines of the supervisor go through the log driver as well, as those of component 0.
static void log_connect(void)
{
	int log = manifest_find_log(&manifest);
	cap_t slot = slot_alloc();

	if (log >= 0 && slot && world.components[log].endpoint &&
	    !cnode_derive(BOOT_SLOT_CNODE, slot, BOOT_SLOT_CNODE, world.components[log].endpoint,
			  ENDPOINT_SEND, NAMES_BADGE, 0))
		machine_log_to(slot, log_settle);
}

static void components_make(void)
{
	if (!component_make_endpoints(&world))
		give_up("not enough memory", ERR_NO_MEMORY);
	for (uint32_t i = 0; i < manifest.count; i++)
		if (!component_make(&world, &world.components[i]))
			give_up("the system cannot be made; too little memory, or a wrong manifest",
				ERR_STATE);
	// What is fixed first; the shares are of what that leaves.
	for (unsigned round = 0; round < 2; round++) {
		uint64_t free_bytes = round ? block_free_bytes() : 0;

		for (uint32_t i = 0; i < manifest.count; i++)
			if (!component_make_amounts(&world.components[i], free_bytes))
				give_up("not enough memory", ERR_NO_MEMORY);
	}
	for (uint32_t i = 0; i < manifest.count; i++)
		if (!component_run(&world, &world.components[i]))
			give_up("the system cannot be made; too little memory, or a wrong manifest",
				ERR_STATE);
}

static struct component *component_by_name(const char *name)
{
	int i = manifest_find(&manifest, name);

	return i >= 0 ? &world.components[i] : NULL;
}

static bool is_alive(const char *name)
{
	const struct component *c = component_by_name(name);

	return c && c->is_alive;
}

static _Noreturn void power_off(void)
{
	log_settle();
	machine_power_off();
}

static void alarm_serve(void)
{
	uint64_t now = ticks_now();

	if (now >= last_words_end) {
		rt_log("the terminal does not answer; status %d", STATUS_BROKEN);
		power_off();
	}
	break_serve(now);
	alarm_set();
}

// A component that the system needs is gone. While the terminal can still speak to the host, it is
// made to: it waits for the process server's answer, hears that there will be none, drains what was
// written, reports the status and asks for power-off. The alarm is for when it does not.
static void system_stop(void)
{
	struct component *process = component_by_name("process");

	if (!is_alive("console") || !is_alive("terminal")) {
		rt_log("the system cannot go on; status %d", STATUS_BROKEN);
		power_off();
	}
	if (is_stopping)
		return;
	is_stopping = true;
	// Before anything that may wait (a line of the log does): a program that saw a call fail would end
	// with a status of its own.
	if (process && process->is_alive)
		component_destroy(process);
	last_words_end = ticks_now() + LAST_WORDS_SECONDS * world.boot->ticks_per_second;
	alarm_set();
	rt_log("the system cannot go on");
}

static void component_gone(struct component *c)
{
	if (c->endpoint && c->entry->takes_log)
		machine_log_to(0, NULL);
	component_destroy(c);
	if (!c->entry->is_dispensable)
		system_stop();
}

static void fault_log(const struct component *c, const struct msg *m)
{
	unsigned long long ip = m->words[0], a = m->words[1], b = m->words[2], sp = m->words[3];
	const char *access = b & FAULT_ACCESS_EXECUTE ? "execute" : b & FAULT_ACCESS_WRITE ? "write"
										       : "read";

	if (tag_label(m->tag) == FAULT_PAGE)
		rt_log("%s died: page fault at 0x%llx (%s%s), ip 0x%llx, sp 0x%llx", c->entry->name, a,
		       access, b & FAULT_ACCESS_PRESENT ? ", forbidden" : "", ip, sp);
	else if (tag_label(m->tag) == FAULT_EXCEPTION)
		rt_log("%s died: exception %llu, error code 0x%llx, ip 0x%llx, sp 0x%llx",
		       c->entry->name, a, b, ip, sp);
	else
		rt_log("%s died: system call %llu without a handler, ip 0x%llx", c->entry->name, a, ip);
}

static struct component *component_by_badge(uint64_t badge)
{
	uint64_t number = badge & BADGE_NUMBER;

	return number && number <= manifest.count ? &world.components[number - 1] : NULL;
}

// Nobody is to be answered; destroying the component makes the Reply usable again.
static void caller_destroy(struct server *server, struct component *c)
{
	cap_t reply = server_keep(server);
	struct msg none = {0};

	component_gone(c);
	if (reply)
		(void)server_answer(server, reply, &none);
}

static void life_call(struct server *server, struct component *c, struct msg *m)
{
	uint64_t status = tag_words(m->tag) ? m->words[0] : 0;
	bool may = m->badge & BADGE_POWER_OFF;
	uint32_t label = tag_label(m->tag);

	if (label == LIFE_EXITED) {
		rt_log("%s ended with status %llu", c->entry->name, (unsigned long long)status);
		caller_destroy(server, c);
		return;
	}
	if (may && (label == LIFE_POWER_OFF || label == LIFE_RESTART)) {
		rt_log("%s by %s, status %llu", label == LIFE_RESTART ? "restart" : "power off",
		       c->entry->name, (unsigned long long)status);
		if (label == LIFE_RESTART)
			machine_restart();
		power_off();
	}
	*m = (struct msg){.tag = TAG(0, 1)};
	m->words[0] = (uint64_t)(label == LIFE_POWER_OFF || label == LIFE_RESTART ? -EPERM : -ENOSYS);
}

static void handle(struct server *server, struct msg *m)
{
	struct component *c = component_by_badge(m->badge);

	if (tag_kind(m->tag) == KIND_NOTIFICATION) {
		alarm_serve();
		return;
	}
	if (tag_kind(m->tag) == KIND_FAULT && c) {
		fault_log(c, m);
		caller_destroy(server, c);
	} else if (tag_kind(m->tag) == KIND_MESSAGE && c && m->badge & BADGE_LIFE) {
		life_call(server, c, m);
	} else if (tag_kind(m->tag) == KIND_MESSAGE) {
		*m = (struct msg){.tag = TAG(0, 1), .words = {(uint64_t)-ENOSYS}};
	}
}

int main(void)
{
	struct server server;

	world.boot = rt_boot_info;
	block_init(world.boot);
	image_map();
	manifest_read();
	clock_set();
	own_objects_make();
	names_make();
	components_make();
	log_connect();
	break_init(&world);
	alarm_set();
	if (!server_make(&server, world.own_endpoint, replies, REPLY_COUNT))
		give_up("no memory", ERR_NO_MEMORY);
	server_run(&server, handle);
}
