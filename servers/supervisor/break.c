#include "servers/supervisor/break.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "protocol/gen/life.h"
#include "servers/supervisor/image.h"

#define BREAKS_MAX 8
#define WORD "break="
#define MS_MAX 10000000ull
#define EXIT_STATUS 3
#define NOWHERE 8  // never mapped: it is in the first page

enum how { HOW_NULL, HOW_STACK, HOW_ILLEGAL, HOW_EXIT, HOW_COUNT };

struct planned {
	struct component *component;  // null: the supervisor
	uint64_t due;                 // BREAK_NEVER: done
	enum how how;
};

static const char *const how_names[HOW_COUNT] = {"null", "stack", "illegal", "exit"};
static struct planned planned[BREAKS_MAX];
static unsigned planned_count;

static bool is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && !memcmp(text, word, length);
}

static struct component *component_find(struct component_world *world, const char *name, size_t length)
{
	for (uint32_t i = 0; i < world->manifest->count; i++)
		if (is_word(name, length, world->manifest->components[i].name))
			return &world->components[i];
	return NULL;
}

// NAME@MS[:HOW], up to end. False: it is none.
static bool plan(struct component_world *world, const char *text, const char *end)
{
	const char *at = memchr(text, '@', (size_t)(end - text));
	struct planned *p = &planned[planned_count];
	char *after;
	uint64_t ms;

	if (!at || planned_count == BREAKS_MAX || at[1] < '0' || at[1] > '9')
		return false;
	ms = strtoull(at + 1, &after, 10);
	p->component = component_find(world, text, (size_t)(at - text));
	p->how = HOW_NULL;
	if (after < end && *after == ':')
		while (p->how < HOW_COUNT &&
		       !is_word(after + 1, (size_t)(end - after - 1), how_names[p->how]))
			p->how++;
	else if (after != end)
		return false;
	if ((!p->component && !is_word(text, (size_t)(at - text), "supervisor")) ||
	    p->how == HOW_COUNT || ms > MS_MAX)
		return false;
	p->due = world->boot->ticks_at_boot + ms * (world->boot->ticks_per_second / 1000);
	planned_count++;
	return true;
}

void break_init(struct component_world *world)
{
	const char *line = world->boot->command_line;

	while (*(line += strspn(line, " "))) {
		size_t length = strcspn(line, " ");

		if (!strncmp(line, WORD, strlen(WORD)) &&
		    !plan(world, line + strlen(WORD), line + length))
			rt_log("'%.*s' is not break=NAME@MS[:null|stack|illegal|exit]", (int)length, line);
		line += length;
	}
}

uint64_t break_next(void)
{
	uint64_t next = BREAK_NEVER;

	for (unsigned i = 0; i < planned_count; i++)
		next = planned[i].due < next ? planned[i].due : next;
	return next;
}

// Where these bytes stand in the component's code, or 0. Its program has been checked (elf.c).
static uint64_t code_find(const struct component *c, const char *bytes, size_t count)
{
	char path[MANIFEST_PATH_MAX + 8] = "system/";
	struct image_file file;
	Elf64_Ehdr header;

	strcat(path, c->entry->program);
	if (!image_find(path, &file))
		return 0;
	memcpy(&header, file.data, sizeof(header));
	for (unsigned i = 0; i < header.e_phnum; i++) {
		const uint8_t *found;
		Elf64_Phdr p;

		memcpy(&p, file.data + header.e_phoff + i * sizeof(p), sizeof(p));
		if (p.p_type != PT_LOAD || !(p.p_flags & PF_X))
			continue;
		found = memmem(file.data + p.p_offset, p.p_filesz, bytes, count);
		if (found)
			return p.p_vaddr + (uint64_t)(found - (file.data + p.p_offset));
	}
	return 0;
}

static uint64_t one(unsigned number) { return 1ull << number; }

// Fills in registers, and returns which.
static uint64_t registers_break(const struct component *c, enum how how, uint64_t values[REGISTER_COUNT])
{
	switch (how) {
	case HOW_STACK:
		values[REGISTER_SP] = NOWHERE;
		return one(REGISTER_SP);
	case HOW_ILLEGAL:
		values[REGISTER_IP] = code_find(c, "\xf4", 1);  // hlt
		return one(REGISTER_IP);
	case HOW_EXIT:
		values[REGISTER_IP] = code_find(c, "\x0f\x05", 2);  // syscall
		values[REGISTER_RAX] = SYSCALL_BASE + SYSCALL_CALL;
		values[REGISTER_RDI] = SLOT_SUPERVISOR;
		values[REGISTER_RSI] = TAG(LIFE_EXITED, 1);
		values[REGISTER_R8] = EXIT_STATUS;
		return one(REGISTER_IP) | one(REGISTER_RAX) | one(REGISTER_RDI) | one(REGISTER_RSI) |
		       one(REGISTER_R8);
	default:
		return one(REGISTER_IP);
	}
}

static void self_break(enum how how)
{
	switch (how) {
	case HOW_STACK:
		__asm__ volatile("mov %0, %%rsp; push %%rax" ::"r"((uint64_t)NOWHERE));
		break;
	case HOW_ILLEGAL:
		__asm__ volatile("hlt");
		break;
	case HOW_EXIT:
		exit(EXIT_STATUS);
	default:
		__asm__ volatile("jmp *%0" ::"r"(0ull));
	}
}

static void carry_out(const struct planned *p)
{
	uint64_t values[REGISTER_COUNT] = {0}, mask;
	err_t err;

	rt_log("breaking %s: %s", p->component ? p->component->entry->name : "the supervisor",
	       how_names[p->how]);
	if (!p->component)
		self_break(p->how);
	else if (p->component->is_alive) {
		err = thread_suspend(p->component->thread);
		mask = registers_break(p->component, p->how, values);
		if (!err)
			err = thread_write(p->component->thread, mask, values);
		if (!err)
			err = thread_resume(p->component->thread);
		if (err)
			rt_log("it does not break: error %u", (unsigned)err);
	}
}

void break_serve(uint64_t now)
{
	for (unsigned i = 0; i < planned_count; i++) {
		if (planned[i].due > now)
			continue;
		planned[i].due = BREAK_NEVER;
		carry_out(&planned[i]);
	}
}
