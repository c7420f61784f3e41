// From the first instruction to the C library's start: the block, the auxiliary vector, the
// redirection of system calls.
#include <elf.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "lib/rt/rt.h"

extern const Elf64_Ehdr __ehdr_start;
extern const char rt_redirect[], rt_redirect_end[];
void rt_prepare(void *from, uint64_t *stack);

const struct abi_boot_info *rt_boot_info;  // only in the first task

static const struct component_info *info;
static struct component_info first_task;  // the first task has no page of its own

struct abi_block *sys_block(void)
{
	uint64_t block;

	__asm__("mov %%gs:%c1, %0" : "=r"(block) : "i"(BLOCK_SELF));
	return (struct abi_block *)(uintptr_t)block;
}

const struct component_info *component_get(void) { return info; }

void rt_set_clock(uint64_t epoch_ns)
{
	first_task.epoch_ns = epoch_ns;
}

static void cap_name(struct component_cap *cap, const char *name, cap_t slot)
{
	memcpy(cap->name, name, strlen(name) + 1);
	cap->slot = slot;
	cap->count = 1;
}

static void first_task_prepare(const struct abi_boot_info *boot)
{
	uint32_t own = BOOT_SLOT_FREE;

	first_task.magic = COMPONENT_MAGIC;
	memcpy(first_task.name, "supervisor", 11);
	first_task.ticks_per_second = boot->ticks_per_second;
	first_task.ticks_at_boot = boot->ticks_at_boot;
	first_task.block = boot->block;
	first_task.heap = boot->heap;
	first_task.heap_size = boot->heap_size;
	first_task.free_first = own;
	first_task.free_count = (1u << BOOT_CNODE_BITS) - own;
	cap_name(&first_task.caps[0], "cnode", BOOT_SLOT_CNODE);
	cap_name(&first_task.caps[1], "vspace", BOOT_SLOT_VSPACE);
	cap_name(&first_task.caps[2], "thread", BOOT_SLOT_THREAD);
	cap_name(&first_task.caps[3], "context", BOOT_SLOT_CONTEXT);
	first_task.cap_count = 4;
	info = &first_task;
}

static void block_set(uint64_t address)
{
	__asm__ volatile("wrgsbase %0" : : "r"(address));
	((struct abi_block *)(uintptr_t)address)->self = address;
}

// argc 1, argv, no environment, and what the C library needs of the auxiliary vector.
static void stack_fill(uint64_t *stack)
{
	static uint64_t seed[2];
	uint64_t header = (uint64_t)(uintptr_t)&__ehdr_start;
	const uint64_t vector[] = {
		1, (uint64_t)(uintptr_t)info->name, 0, 0,
		AT_PAGESZ, PAGE_SIZE,
		AT_PHDR, header + __ehdr_start.e_phoff,
		AT_PHNUM, __ehdr_start.e_phnum,
		AT_PHENT, __ehdr_start.e_phentsize,
		AT_RANDOM, (uint64_t)(uintptr_t)seed,
		AT_SECURE, 0,
		AT_NULL, 0,
	};

	seed[0] = info->ticks_at_boot ^ info->block << 20;
	seed[1] = info->epoch_ns;
	memcpy(stack, vector, sizeof(vector));
}

void rt_prepare(void *from, uint64_t *stack)
{
	uint64_t magic = *(uint64_t *)from;

	if (magic == ABI_BOOT_MAGIC) {
		rt_boot_info = from;
		first_task_prepare(from);
	} else {
		info = from;
	}
	block_set(info->block);
	page_init(info->heap, info->heap_size);
	slot_init(info->free_first, info->free_count);
	stack_fill(stack);

	// No upcalls come here, so the exit range is empty.
	uint64_t entry = (uint64_t)(uintptr_t)rt_redirect;
	uint64_t end = (uint64_t)(uintptr_t)rt_redirect_end;

	if (thread_set_redirect(component_find_cap("thread", NULL), entry, entry, end, end, end, end))
		__builtin_trap();
}
