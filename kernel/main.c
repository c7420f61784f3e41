// Boot: the order of everything, from the port's findings to the first task.
//
// The first task gets every resource there is: its CSpace holds Untypeds for all free RAM, the device
// Frame, all I/O ports, the interrupt controller, each core's time, and a Frame over the boot image. The
// kernel starts the program that the image's header names and keeps nothing.
#include "abi/image.h"
#include "base/print.h"
#include "base/string.h"
#include "boot.h"
#include "cap/cspace.h"
#include "cap/slot.h"
#include "program.h"
#include "mem/table.h"
#include "object/make.h"
#include "object/untyped.h"
#include "sched/sched.h"

#define TASK_STACK_PAGES 8
#define TASK_HEAP_PAGES 64
#define TASK_STACK_TOP 0x70000000ull
#define TASK_INFO 0x70001000ull
#define TASK_BLOCK 0x70003000ull
#define TASK_HEAP 0x71000000ull
#define TASK_SLICE_PER_SECOND 100
#define UNTYPED_BITS_MIN 12

struct kernel kernel;

static struct slot *root;  // the first task's CNode cap, before it is put into its slot
static struct slot root_slot;

static void kernel_init(unsigned cores)
{
	kernel.cores = cores ? cores : 1;
	for (unsigned c = 0; c < CORES_MAX; c++) {
		struct core *core = &kernel.core[c];

		core->number = c;
		core->slice_end = core->timer = core->limited_end = ~0ull;
		core_set_stops(core);
		for (unsigned p = 0; p <= PRIORITY_MAX; p++)
			list_init(&core->ready[p]);
	}
}

// Take zeroed memory off the free RAM, for good.
static uint64_t take(struct boot *boot, uint64_t size, uint64_t align)
{
	for (unsigned i = 0; i < boot->ram_count; i++) {
		struct boot_range *range = &boot->ram[i];
		uint64_t from = align_up(range->from, align);

		if (from + size > range->to)
			continue;
		// The gap that alignment leaves stays free, as a range of its own, where there is room.
		if (from > range->from && boot->ram_count < BOOT_RANGES_MAX)
			boot->ram[boot->ram_count++] = (struct boot_range){range->from, from};
		range->from = from + size;
		arch_zero(arch_phys_to_virt(from), size);
		return from;
	}
	panic("not enough memory: %lu bytes for the first task", size);
}

static struct slot *root_at(unsigned index)
{
	return cnode_find(root, index);
}

static void *object(struct boot *boot, unsigned slot, unsigned type, unsigned bits, unsigned size_bits)
{
	uint64_t memory = take(boot, BIT(bits), BIT(bits));
	struct slot *dest = slot ? root_at(slot) : &root_slot;

	object_make(dest, type, size_bits, memory);
	slot_set_root(dest);
	return arch_phys_to_virt(memory);
}

static struct slot *frame(unsigned slot, uint64_t from, uint64_t pages, unsigned rights, unsigned flags)
{
	struct slot *dest = root_at(slot);

	*dest = (struct slot){
		.type = TYPE_FRAME,
		.rights = (uint8_t)rights,
		.flags = (uint8_t)flags,
		.size_bits = 48,
		.count = (uint32_t)pages,
		.object = from / PAGE_SIZE,
	};
	slot_set_root(dest);
	return dest;
}

static void plain(unsigned slot, unsigned type, unsigned rights, uint64_t what, uint64_t data)
{
	struct slot *dest = root_at(slot);

	*dest = (struct slot){.type = (uint8_t)type, .rights = (uint8_t)rights, .object = what, .data = data};
	slot_set_root(dest);
}

// Map memory for the first task by a Frame of its own, in the next slot that it does not use.
static void task_map(struct thread *task, uint64_t physical, uint64_t pages, uint64_t address, unsigned rights)
{
	static unsigned next = BOOT_SLOT_MEMORY;

	ASSERT(next < BOOT_SLOT_FREE);
	struct slot *slot = frame(next++, physical, pages, FRAME_RIGHTS, 0);

	mapping_attach(slot, slot_object(&task->vspace), address);
	while (slot->map_pages < slot->count)
		if (mapping_extend(slot, rights, false))
			panic("cannot map the first task at %lx", address);
}

struct load {
	struct boot *boot;
	struct thread *task;
};

// One segment of the first task's program: copied into memory of its own.
static void load_segment(void *argument, const struct elf_segment *segment)
{
	struct load *load = argument;
	uint64_t from = align_down(segment->address, PAGE_SIZE);
	uint64_t pages = (align_up(segment->address + segment->memory_size, PAGE_SIZE) - from) / PAGE_SIZE;
	uint64_t memory = take(load->boot, pages * PAGE_SIZE, PAGE_SIZE);

	memcpy((char *)arch_phys_to_virt(memory) + (segment->address - from), segment->data, segment->file_size);
	task_map(load->task, memory, pages, from, segment->rights);
}

static void load_program(struct boot *boot, struct thread *task)
{
	const struct image_header *image = arch_phys_to_virt(boot->image.from);
	uint64_t size = boot->image.to - boot->image.from, entry;
	struct load load = {boot, task};

	if (size < sizeof *image || memcmp(image->magic, "PITHIMG1", 8))
		panic("the boot image is none of Pith's (give build/pith.img with -initrd)");
	if (!image->boot_size)
		panic("the boot image has no supervisor");
	if (image->boot_offset > size || image->boot_size > size - image->boot_offset)
		panic("the boot image is cut short: it has %lu bytes", size);
	entry = elf_load((const char *)image + image->boot_offset, image->boot_size, load_segment, &load);
	if (!entry)
		panic("the boot image's supervisor is no static ELF program for this processor");
	arch_register_set(&task->regs, REGISTER_IP, entry);
}

static void make_time(struct thread *task, struct sched_context *context)
{
	for (unsigned i = 0; i < kernel.cores; i++)
		plain(BOOT_SLOT_SCHEDCONTROL + i, TYPE_SCHEDCONTROL, SCHEDCONTROL_RIGHTS, i, PRIORITY_MAX);
	context_configure(context, PRIORITY_MAX, arch_ticks_per_second() / TASK_SLICE_PER_SECOND);
	context->thread = task;
	task->own = context;
	context_lend(context, task);
}

// Cut the free RAM into naturally aligned blocks, the largest that fit.
static void make_untyped(struct boot *boot, struct abi_boot_info *info)
{
	for (unsigned i = 0; i < boot->ram_count; i++) {
		uint64_t at = align_up(boot->ram[i].from, BIT(UNTYPED_BITS_MIN));
		uint64_t to = boot->ram[i].to;

		while (at + BIT(UNTYPED_BITS_MIN) <= to && info->untyped_count < BOOT_UNTYPED_MAX) {
			unsigned bits = highest_bit(to - at);

			if (at && lowest_bit(at) < bits)
				bits = lowest_bit(at);
			unsigned slot = BOOT_SLOT_UNTYPED + info->untyped_count;

			untyped_init(root_at(slot), at, bits, true);
			slot_set_root(root_at(slot));
			info->untyped[info->untyped_count++] = (struct abi_boot_untyped){at, bits, slot};
			at += BIT(bits);
		}
	}
}

static void fill_info(struct boot *boot, struct abi_boot_info *info)
{
	const char *line = boot->command_line;

	info->magic = ABI_BOOT_MAGIC;
	info->ticks_per_second = arch_ticks_per_second();
	info->ticks_at_boot = boot->entered;
	info->image_pages = (boot->image.to - boot->image.from) / PAGE_SIZE;
	info->device_first = boot->device.from / PAGE_SIZE;
	info->device_pages = (boot->device.to - boot->device.from) / PAGE_SIZE;
	info->block = TASK_BLOCK;
	info->heap = TASK_HEAP;
	info->heap_size = TASK_HEAP_PAGES * PAGE_SIZE;
	info->cores = kernel.cores;
	info->rsdp = boot->rsdp;
	for (unsigned i = 0; line && line[i] && i < sizeof info->command_line - 1; i++)
		info->command_line[i] = line[i];
}

static void set_slots(struct thread *task)
{
	struct slot *from[] = {root_at(BOOT_SLOT_CNODE), root_at(BOOT_SLOT_VSPACE)};
	struct slot *to[] = {&task->cspace, &task->vspace};

	for (unsigned i = 0; i < 2; i++) {
		*to[i] = *from[i];
		slot_add_child(from[i], to[i]);
	}
	task->vspace.flags |= SLOT_THREAD;
}

static struct thread *make_task(struct boot *boot, struct abi_boot_info **info)
{
	object(boot, 0, TYPE_CNODE, BOOT_CNODE_BITS + 6, BOOT_CNODE_BITS);
	root = cnode_find(&root_slot, BOOT_SLOT_CNODE);
	slot_move(root, &root_slot);
	object(boot, BOOT_SLOT_VSPACE, TYPE_VSPACE, SIZE_BITS_VSPACE, 0);
	struct thread *task = object(boot, BOOT_SLOT_THREAD, TYPE_THREAD, SIZE_BITS_THREAD, 0);

	task->flags |= THREAD_FIRST;
	set_slots(task);
	make_time(task, object(boot, BOOT_SLOT_CONTEXT, TYPE_SCHEDCONTEXT, SIZE_BITS_SCHEDCONTEXT, 0));
	load_program(boot, task);

	uint64_t pages = take(boot, (TASK_STACK_PAGES + 2) * PAGE_SIZE, PAGE_SIZE);
	uint64_t block = pages + TASK_STACK_PAGES * PAGE_SIZE;

	task_map(task, pages, TASK_STACK_PAGES, TASK_STACK_TOP - TASK_STACK_PAGES * PAGE_SIZE,
		 FRAME_READ | FRAME_WRITE);
	task_map(task, block, 1, TASK_BLOCK, FRAME_READ | FRAME_WRITE);
	task_map(task, block + PAGE_SIZE, 1, TASK_INFO, FRAME_READ);
	task_map(task, take(boot, TASK_HEAP_PAGES * PAGE_SIZE, PAGE_SIZE), TASK_HEAP_PAGES, TASK_HEAP,
		 FRAME_READ | FRAME_WRITE);
	task->block = arch_phys_to_virt(block);
	task->block_address = TASK_BLOCK;
	*info = arch_phys_to_virt(block + PAGE_SIZE);
	arch_register_set(&task->regs, REGISTER_SP, TASK_STACK_TOP);
	*regs_cap(&task->regs) = TASK_INFO;
	return task;
}

void kernel_boot(struct boot *boot)
{
	struct abi_boot_info *info;

	kernel_init(boot->cores);
	struct thread *task = make_task(boot, &info);

	plain(BOOT_SLOT_IRQCONTROL, TYPE_IRQCONTROL, IRQCONTROL_RIGHTS, 0, 0);
	plain(BOOT_SLOT_IOPORT, TYPE_IOPORT, IOPORT_RIGHTS, 0, arch_port_count());
	frame(BOOT_SLOT_DEVICE, boot->device.from, (boot->device.to - boot->device.from) / PAGE_SIZE,
	      FRAME_RIGHTS, SLOT_DEVICE);
	frame(BOOT_SLOT_IMAGE, boot->image.from, (boot->image.to - boot->image.from) / PAGE_SIZE,
	      FRAME_READ | FRAME_EXECUTE | FRAME_PHYSICAL, 0);
	make_untyped(boot, info);
	fill_info(boot, info);
	thread_wake(&kernel.core[0], task);
	sched_finish(&kernel.core[0]);
}
