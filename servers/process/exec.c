// exec: a new image in a new body; the old one goes only when nothing can fail any more.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "lib/rt/random.h"
#include "servers/process/check.h"
#include "servers/process/elf.h"
#include "servers/process/pressure.h"
#include "servers/process/posix_timer.h"
#include "servers/process/server.h"
#include "servers/process/vdso.h"

#define PROGRAM_LOW 0x10000ull
#define MOVABLE_BASE 0x0000555555554000ull
#define STACK_GAP 0x1000000ull
#define STACK_FIRST 0x21000ull  // what a stack has from the start, with its strings on top
#define STACK_RESERVE_MIN 0x8000000ull
#define STACK_RESERVE_MAX 0x1000000000ull
#define AUX_WORDS 64  // of the vector, argc and the two ends of pointers included
#define HWCAP2_FSGSBASE 2u  // the instructions work: the kernel needs them itself

// Random numbers for one exec, made at once.
static struct {
	uint64_t top, base, brk, mmap;
	uint8_t bytes[16];  // AT_RANDOM
} chance;

static uint64_t random_pages(uint64_t value, unsigned bits)
{
	return (value & ((1ull << bits) - 1)) * PAGE_SIZE;
}

// The program headers mostly lie just behind the file's, and one message brings both.
static int64_t image_read(cap_t handle, struct elf_image *elf)
{
	uint8_t bytes[ELF_SEGMENTS_MAX * ELF_SEGMENT_SIZE], *segments = bytes;
	int64_t got = file_peek_at(handle, 0, bytes, FILE_PEEK_MAX);

	if (got < 0)
		return got;
	if (elf_header_check(bytes, (uint64_t)got, elf))
		return -ENOEXEC;

	uint64_t size = (uint64_t)elf->header_offset_count * ELF_SEGMENT_SIZE;

	if (elf->header_offset <= (uint64_t)got && size <= (uint64_t)got - elf->header_offset) {
		segments += elf->header_offset;
		got -= (int64_t)elf->header_offset;
	} else {
		got = file_peek_at(handle, elf->header_offset, bytes, size);
	}
	if (got < 0)
		return got;
	if (elf_segments_check(segments, (uint64_t)got, PROGRAM_LOW, PROGRAM_STACK_TOP - (1ull << 40), elf))
		return -ENOEXEC;
	// No dynamic linker can be loaded yet: as when it is missing.
	return elf->has_interpreter ? -ENOENT : 0;
}

static bool area_add(struct space *space, const struct vma *vma)
{
	uint64_t pages = (vma->end - vma->start) / PAGE_SIZE;

	if (!vma_reserve(&space->vmas, 1) || !space_charge(space, pages))
		return false;
	vma_insert(&space->vmas, vma);
	space_charge_settle(space);
	return true;
}

// Addresses that are left to a stack: as much as it may have, within reason.
static uint64_t stack_reserve(uint64_t limit)
{
	uint64_t least = limit < STACK_RESERVE_MIN ? STACK_RESERVE_MIN : limit;

	return least > STACK_RESERVE_MAX ? STACK_RESERVE_MAX : (least + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1ull);
}

// The loads, moved by `base`, then break, stack and the top of mmap.
static int64_t areas_make(struct space *space, const struct elf_image *elf, uint64_t base, struct file *file,
			  uint64_t stack_top, uint64_t room, uint64_t limit)
{
	for (uint32_t i = 0; i < elf->load_count; i++) {
		const struct elf_load *load = &elf->loads[i];
		struct vma vma = {.start = load->start + base,
				  .end = load->end + base,
				  .offset = load->offset,
				  .valid_end = load->valid_end + base,
				  .backing = &file->base,
				  .prot = load->prot,
				  .flags = VMA_FILE};

		if (!area_add(space, &vma))
			return -ENOMEM;
	}
	struct vma stack = {.start = stack_top - room,
			    .end = stack_top,
			    .prot = VMA_READ | VMA_WRITE,
			    .flags = VMA_LAZY | VMA_GROWS};

	space->brk_start = space->brk = elf->high + base + random_pages(chance.brk, 13);
	space->mmap_top = stack_top - stack_reserve(limit) - STACK_GAP - random_pages(chance.mmap, 16);
	return area_add(space, &stack) ? 0 : -ENOMEM;
}

struct stack {
	struct space *space;
	uint64_t strings, random, platform;  // addresses
	uint64_t *words;
	uint64_t count, room;
};

static void stack_push(struct stack *s, uint64_t word)
{
	CHECK(s->count < s->room);
	s->words[s->count++] = word;
}

static void aux_push(struct stack *s, uint64_t type, uint64_t value)
{
	stack_push(s, type);
	stack_push(s, value);
}

// Pointers to the next `count` strings; false when they run out.
static bool pointers_push(struct stack *s, const struct image *image, uint64_t *at, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		const char *end = *at < image->size ? memchr(image->strings + *at, 0, image->size - *at) : NULL;

		if (!end)
			return false;
		stack_push(s, s->strings + *at);
		*at = (uint64_t)(end - image->strings) + 1;
	}
	stack_push(s, 0);
	return true;
}

// As Linux has it: what CPUID leaf 1 says in edx.
static uint64_t processor_features(void)
{
	uint32_t a = 1, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return d;
}

static void aux_all(struct stack *s, const struct task *task, const struct elf_image *elf, uint64_t base,
		    uint64_t name)
{
	aux_push(s, 6, PAGE_SIZE);
	aux_push(s, 3, elf->headers ? elf->headers + base : 0);
	aux_push(s, 4, ELF_SEGMENT_SIZE);
	aux_push(s, 5, elf->header_offset_count);
	aux_push(s, 7, 0);
	aux_push(s, 8, 0);
	aux_push(s, 9, elf->entry + base);
	aux_push(s, 11, task->ids.ruid);
	aux_push(s, 12, task->ids.euid);
	aux_push(s, 13, task->ids.rgid);
	aux_push(s, 14, task->ids.egid);
	aux_push(s, 15, s->platform);
	aux_push(s, 16, processor_features());
	aux_push(s, 17, 100);
	aux_push(s, 23, 0);
	aux_push(s, 25, s->random);
	aux_push(s, 26, HWCAP2_FSGSBASE);
	aux_push(s, 31, s->strings + name);
	if (s->space->vdso)
		aux_push(s, 33, s->space->vdso);
	aux_push(s, 0, 0);
}

// Strings at the top, below them 16 random bytes and the platform's name, below those the words.
static int64_t stack_write(struct stack *s, const struct image *image, const struct task *task,
			   const struct elf_image *elf, uint64_t base, uint64_t top, uint64_t *sp)
{
	uint8_t extra[32] = {0};
	uint64_t at = 0, args_size;

	memcpy(extra, chance.bytes, sizeof(chance.bytes));
	memcpy(extra + 16, "x86_64", 7);
	s->strings = (top - 16 - image->size) & ~15ull;
	s->random = s->strings - 32;
	s->platform = s->random + 16;
	stack_push(s, image->argc);
	if (!pointers_push(s, image, &at, image->argc))
		return -EFAULT;
	args_size = at;
	if (!pointers_push(s, image, &at, image->envc) || at >= image->size || !memchr(image->strings + at, 0, image->size - at))
		return -EFAULT;
	s->space->program.arg_start = s->strings;
	s->space->program.arg_end = s->strings + args_size;
	s->space->program.env_start = s->strings + args_size;
	s->space->program.env_end = s->strings + at;
	aux_all(s, task, elf, base, at);
	*sp = (s->random - s->count * 8) & ~15ull;
	if (space_write(s->space, s->strings, image->strings, image->size) != image->size ||
	    space_write(s->space, s->random, extra, sizeof(extra)) != sizeof(extra) ||
	    space_write(s->space, *sp, s->words, s->count * 8) != s->count * 8)
		return -ENOMEM;
	return 0;
}

static int64_t stack_make(struct space *space, const struct image *image, const struct task *task,
			  const struct elf_image *elf, uint64_t base, uint64_t top, uint64_t *sp)
{
	struct stack s = {.space = space};
	int64_t error;

	// The strings' own size bounds how many there can be.
	if (image->argc > image->size || image->envc > image->size ||
	    (image->argc + image->envc) * 8 + image->size > PROGRAM_STACK_MAX / 4)
		return -E2BIG;
	s.room = image->argc + image->envc + AUX_WORDS;
	s.words = malloc(s.room * sizeof(*s.words));
	if (!s.words)
		return -ENOMEM;
	error = stack_write(&s, image, task, elf, base, top, sp);
	free(s.words);
	return error;
}

static void block_make(struct body *body, const struct elf_image *elf, uint64_t base, uint64_t sp)
{
	const struct component_info *info = component_get();

	body->threads->block->regs[REGISTER_IP] = elf->entry + base;
	body->threads->block->regs[REGISTER_SP] = sp;
	body->threads->block->regs[REGISTER_FLAGS] = 0x202;
	body->block->brk_start = body->block->brk = body->space->brk_start;
	body->block->epoch_ns = info->epoch_ns;
	body->block->ticks_per_second = info->ticks_per_second;
	body->block->ticks_at_boot = info->ticks_at_boot;
	body->block->exe_base = base;
	body->block->exe_entry = elf->entry + base;
	body->block->umask = 022;
	body->block->fd_limit = LINUX_FD_MAX;
	body->block->handle_count = BODY_HANDLES;
	limits_make(body->block->limits);
}

// The two pages that every program touches first.
static void first_pages_map(struct space *space, uint64_t sp, uint64_t entry)
{
	struct map_items items = {.makes_tables = true};

	space_touch(space, sp, FAULT_ACCESS_WRITE, &items);
	space_touch(space, entry, FAULT_ACCESS_EXECUTE, &items);
	space_items_map(space, &items);
}

static int64_t body_fill(struct task *task, const struct image *image, const struct elf_image *elf, struct file *file,
			 struct body *body)
{
	uint64_t top = PROGRAM_STACK_TOP - random_pages(chance.top, 18), base = 0, sp = 0;
	uint64_t strings = image->size + (image->argc + image->envc) * 8 + PAGE_SIZE;
	uint64_t room = (STACK_FIRST + (strings < PROGRAM_STACK_MAX / 2 ? strings : 0)) & ~(PAGE_SIZE - 1ull);
	uint64_t limit = task->body ? task->body->block->limits[3][0] : PROGRAM_STACK_MAX;
	int64_t error;

	if (elf->is_movable)
		base = MOVABLE_BASE + random_pages(chance.base, 24) - elf->low;
	error = areas_make(body->space, elf, base, file, top, room, limit);
	if (!error)
		vdso_add(body->space, top);
	if (!error)
		error = stack_make(body->space, image, task, elf, base, top, &sp);
	if (error)
		return error;
	body->space->program.file = file;
	backing_get(&file->base);
	body->space->program.code_start = elf->low + base;
	body->space->program.code_end = elf->high + base;
	body->space->program.stack_start = sp;
	block_make(body, elf, base, sp);
	first_pages_map(body->space, sp, elf->entry + base);
	// As many handles as it had: now, while the exec can still fail.
	if (task->body && task->body->cspace_unit && !body_handles_grow(body))
		return -ENOMEM;
	return 0;
}

int64_t exec_build(struct task *task, const struct image *image, struct body **out)
{
	struct elf_image elf;
	int64_t error;
	struct file *file = file_make(image->handle, &error);

	if (!file)
		return error;
	rt_random(&chance, sizeof(chance));
	error = file_client_make() ? image_read(file->handle, &elf) : -EIO;
	*out = error ? NULL : body_take(task, false);
	if (!error && !*out && pressure_relieve())
		*out = body_take(task, false);
	if (!error)
		error = *out ? body_fill(task, image, &elf, file, *out) : -ENOMEM;
	if (error && *out) {
		body_destroy(*out);
		*out = NULL;
	}
	backing_put(&file->base);
	return error;
}

void exec_name_set(struct task *task, const struct image *image)
{
	const char *name = image->strings, *slash;
	uint64_t at = 0;

	for (uint64_t i = 0; i < image->argc + image->envc; i++)
		at += strlen(image->strings + at) + 1;
	name = image->strings + at;
	slash = strrchr(name, '/');
	name = slash ? slash + 1 : name;
	memset(task->name, 0, sizeof(task->name));
	memcpy(task->name, name, strnlen(name, sizeof(task->name) - 1));
}

// What is pending for the thread that calls exec, and for its process, stays so.
static void signals_move(struct thread *to, struct thread *from)
{
	to->block->sigmask = from->block->sigmask;
	to->block->pending = from->block->pending;
	to->block->shared = from->block->shared;
	to->block->queued = from->block->queued;
	memcpy(to->block->info, from->block->info, sizeof(to->block->info));
	to->queue = from->queue;
	from->queue = (struct signal_queue){0};
	to->block->work = to->block->pending | to->block->queued | to->task->queue.mask ? WORK_SIGNAL : 0;
}

// The tables of the new program: descriptors without close-on-exec, handlers back to the default.
static void tables_move(struct body *to, const struct body *from, uint64_t *bitmap)
{
	struct process_block *new = to->block;
	const struct process_block *old = from->block;

	memset(bitmap, 0, LINUX_FD_MAX / 8);
	for (uint32_t i = 0; i < LINUX_FD_MAX && i < old->fd_end; i++) {
		struct linux_fd fd = old->fds[i];

		if (!fd.handle || fd.handle > from->handles || fd.cloexec)
			continue;

		uint32_t handle = fd.handle - 1u;

		new->fds[i] = (struct linux_fd){fd.handle, 0};
		new->fd_end = i + 1;
		if (!new->handles[handle].references)
			new->handles[handle] = (struct linux_handle){0, old->handles[handle].kind,
								     old->handles[handle].type,
								     LINUX_SLOT_HANDLES + handle};
		new->handles[handle].references++;
		new->io[handle] = io_carried(old->io[handle]);
		bitmap[handle / 64] |= 1ull << handle % 64;
	}
	for (uint32_t i = 0; i < LINUX_NSIG; i++)
		if (old->actions[i].handler == 1) {
			new->actions[i].handler = 1;
			new->ignored |= 1ull << i;
		}
	new->umask = old->umask;
	new->locks = old->locks;
	new->fd_limit = old->fd_limit;
	new->handle_count = old->handle_count;
	memcpy(new->limits, old->limits, sizeof(new->limits));
	new->no_new_privileges = old->no_new_privileges;
	new->has_no_huge_pages = old->has_no_huge_pages;
	new->pending = old->pending;
	signals_move(to->threads, caller);
}

// From here on nothing fails but for want of a working kernel: then the process ends.
static void body_exchange(struct task *task, struct body *body)
{
	struct body *old = task->body;
	uint64_t bitmap[LINUX_FD_MAX / 64];

	tables_move(body, old, bitmap);
	bool is_good = body_handles_copy(body, old, bitmap) &&
		       cnode_move(store_cnode, body_slot(body, BODY_FILES), store_cnode,
				  body_slot(old, BODY_FILES), 2, NULL) == OK &&
		       body_files_set(body);

	for (struct thread *t = thread_first(old); t; t = thread_next(t)) {
		futex_thread_end(t);
		thread_replies_end(t);
	}
	task->body = body;
	task->has_exec = true;
	block_update(task);
	task->ticks += body_ticks(old);
	body_destroy(old);
	if (task->vfork_parent) {
		(void)reply_answer(&task->vfork_parent->vfork_reply, task->pid);
		task->vfork_parent = NULL;
	}
	if (!is_good || !body_start(body, body_library()->entry_start))
		task_end(task, 9);
}

// The strings lie at ENV_EXEC, or in those pages of the caller's library stack that are always there.
static bool strings_read(const struct task *task, uint64_t address, char *to, uint64_t size)
{
	uint64_t end = env_thread_area(caller->area) + AREA_STACK_END, length = BODY_STACK_PAGES * PAGE_SIZE;

	if (address < end - length || address >= end)
		return space_read(task->body->space, address, to, size) == size;
	if (size > end - address)
		return false;
	memcpy(to, store_at(caller->pages) + (address - (end - length)), size);
	return true;
}

void exec_handle(struct task *task, struct msg *m)
{
	uint64_t address = m->words[3];
	struct image image = {NULL, m->words[2], m->words[0], m->words[1], msg_get_cap(m, 0)};
	struct body *body = NULL;
	char *strings;
	int64_t error = 0;

	if (image.size == 0 || image.size > ENV_EXEC_MAX) {
		answer_set(m, -E2BIG);
		return;
	}
	strings = malloc(image.size);
	image.strings = strings;
	if (!strings)
		error = -ENOMEM;
	else if (!strings_read(task, address, strings, image.size))
		error = -EFAULT;
	else
		error = exec_build(task, &image, &body);
	if (!error) {
		exec_name_set(task, &image);
		schedule_keep(thread_first(body), caller);
		posix_timer_clear(task);
		body_exchange(task, body);
	}
	free(strings);
	answer_set(m, error);
}

void exec_buffer_handle(struct task *task, struct msg *m)
{
	struct space *space = task->body->space;
	uint64_t size = (m->words[0] + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1ull);
	struct vma vma = {.start = ENV_EXEC, .end = ENV_EXEC + size, .prot = VMA_READ | VMA_WRITE};

	if (m->words[0] > ENV_EXEC_MAX) {
		answer_set(m, -E2BIG);
		return;
	}
	if (!vma_reserve(&space->vmas, 2)) {
		answer_set(m, -ENOMEM);
		return;
	}
	vma_remove(&space->vmas, ENV_EXEC, ENV_EXEC + ENV_EXEC_MAX);
	space_drop(space, ENV_EXEC, ENV_EXEC + ENV_EXEC_MAX);
	space_charge_settle(space);
	answer_set(m, size && !area_add(space, &vma) ? -ENOMEM : 0);
}
