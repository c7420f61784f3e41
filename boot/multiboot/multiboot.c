// From Multiboot2 to PVH: GRUB loads this program and, as modules, the kernel (first) and the boot image
// (second). It puts the kernel in its place and starts it as QEMU does, so that the kernel knows one way to
// be started and is the same file everywhere.
//
// What the kernel reads before it has copied it (start info, memory map, module list, command line, a copy
// of the ACPI root pointer) goes to memory below 1 MiB, which the kernel never hands out.
//
// Multiboot2 specification 2.0, section 3.6; Xen, include/public/arch-x86/hvm/start_info.h.
#include <stdint.h>

#include "boot/multiboot/text.h"

#define BOOT_MAGIC 0x36d76289
#define START_MAGIC 0x336ec578
#define MEMORY_MAX 128
#define LINE_BYTES 1024

enum { TAG_END = 0, TAG_LINE = 1, TAG_MODULE = 3, TAG_MEMORY = 6, TAG_FRAMEBUFFER = 8, TAG_RSDP_OLD = 14,
       TAG_RSDP_NEW = 15 };
#define MEMORY_RAM 1
#define MEMORY_RESERVED 2
#define FRAMEBUFFER_RGB 1
#define RSDP_BYTES_MAX 64

struct tag {
	uint32_t type, size;
};

struct tag_module {
	struct tag tag;
	uint32_t from, to;
	char line[];
};

struct memory_entry {
	uint64_t address, size;
	uint32_t type, reserved;
};

struct tag_memory {
	struct tag tag;
	uint32_t entry_size, version;
	uint8_t entries[];
};

struct tag_framebuffer {
	struct tag tag;
	uint64_t address;
	uint32_t pitch, width, height;
	uint8_t bits, type;
	uint16_t reserved;
	uint8_t red, red_bits, green, green_bits, blue, blue_bits;
};

struct start_info {
	uint32_t magic, version, flags, module_count;
	uint64_t modules, command_line, rsdp;
	uint64_t memory_map;
	uint32_t memory_map_count, reserved;
};

struct module {
	uint64_t address, size, command_line, reserved;
};

// All that is left behind below 1 MiB.
struct low {
	struct start_info start;
	struct module image;
	struct memory_entry memory[MEMORY_MAX];
	uint8_t rsdp[RSDP_BYTES_MAX];
	char line[LINE_BYTES];
};

// ELF-64 Object File Format 1.5, figures 2 and 6: the host's elf.h is not for 32-bit programs.
struct elf {
	uint8_t magic[4], class, rest[11];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, segments, sections;
	uint32_t flags;
	uint16_t size, segment_size, segment_count;
};

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, address, physical, file_size, memory_size, align;
};

#define ELF_CLASS_64 2
#define ELF_X86_64 62
#define SEGMENT_LOAD 1

extern char kernel_place[], kernel_place_end[];

void multiboot_main(uint32_t magic, const struct tag *info);
_Noreturn void kernel_enter(uint32_t entry, const struct start_info *info);

static struct low low __attribute__((section(".low")));
static const struct tag_module *kernel;
static struct text line = {low.line, LINE_BYTES, 0};

static void copy(void *to, const void *from, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
}

static void zero(void *to, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		((volatile uint8_t *)to)[i] = 0;
}

static void read_module(const struct tag_module *module)
{
	if (!kernel) {
		kernel = module;
		return;
	}
	low.image = (struct module){.address = module->from, .size = module->to - module->from};
	low.start.module_count = 1;
	low.start.modules = (uint32_t)&low.image;
}

static void read_memory(const struct tag_memory *map)
{
	const uint8_t *end = (const uint8_t *)map + map->tag.size;

	for (const uint8_t *at = map->entries; at + sizeof(struct memory_entry) <= end;
	     at += map->entry_size) {
		struct memory_entry *to = &low.memory[low.start.memory_map_count];

		if (low.start.memory_map_count == MEMORY_MAX)
			give_up("the memory map has too many entries");
		copy(to, at, sizeof(*to));
		if (to->type != MEMORY_RAM)
			to->type = MEMORY_RESERVED;
		low.start.memory_map_count++;
	}
	low.start.memory_map = (uint32_t)low.memory;
}

// The newer of two pointers, whichever comes first.
static void read_rsdp(const struct tag *tag)
{
	uint32_t size = tag->size - (uint32_t)sizeof(*tag);

	if (size > RSDP_BYTES_MAX || (low.start.rsdp && tag->type == TAG_RSDP_OLD))
		return;
	copy(low.rsdp, tag + 1, size);
	low.start.rsdp = (uint32_t)low.rsdp;
}

// protocol/framebuffer.h.
static void read_framebuffer(const struct tag_framebuffer *f)
{
	const uint32_t numbers[] = {f->width, f->height, f->pitch, f->bits, f->red, f->green, f->blue};

	if (f->type != FRAMEBUFFER_RGB || f->red_bits != 8 || f->green_bits != 8 || f->blue_bits != 8)
		return;
	text_add(&line, " framebuffer=");
	text_add_hex(&line, f->address);
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		text_add(&line, ",");
		text_add_hex(&line, numbers[i]);
	}
}

static void read_tag(const struct tag *tag)
{
	switch (tag->type) {
	case TAG_LINE:
		text_add(&line, (const char *)(tag + 1));
		break;
	case TAG_MODULE:
		read_module((const struct tag_module *)tag);
		break;
	case TAG_MEMORY:
		read_memory((const struct tag_memory *)tag);
		break;
	case TAG_FRAMEBUFFER:
		read_framebuffer((const struct tag_framebuffer *)tag);
		break;
	case TAG_RSDP_OLD:
	case TAG_RSDP_NEW:
		read_rsdp(tag);
		break;
	}
}

static void load_segment(const struct elf_segment *segment)
{
	uint64_t to = segment->physical + segment->memory_size;
	char *at = (char *)(uint32_t)segment->physical;

	if (segment->type != SEGMENT_LOAD)
		return;
	if (segment->offset + segment->file_size > kernel->to - kernel->from)
		give_up("the kernel's file is cut short");
	if (segment->physical < (uint32_t)kernel_place || to > (uint32_t)kernel_place_end)
		give_up("the kernel does not fit its place");
	copy(at, (const char *)kernel->from + segment->offset, (uint32_t)segment->file_size);
	zero(at + segment->file_size, (uint32_t)(segment->memory_size - segment->file_size));
}

static uint32_t load_kernel(void)
{
	const struct elf *elf = (const struct elf *)kernel->from;
	const struct elf_segment *segments;

	if (kernel->to - kernel->from < sizeof(*elf) || elf->magic[1] != 'E' ||
	    elf->class != ELF_CLASS_64 || elf->machine != ELF_X86_64)
		give_up("the first module is no kernel");
	segments = (const struct elf_segment *)(kernel->from + (uint32_t)elf->segments);
	for (unsigned i = 0; i < elf->segment_count; i++)
		load_segment(&segments[i]);
	return (uint32_t)elf->entry;
}

void multiboot_main(uint32_t magic, const struct tag *info)
{
	const struct tag *tag = info + 1;

	if (magic != BOOT_MAGIC)
		give_up("not started by a Multiboot2 boot loader");
	zero(&low, sizeof(low));
	for (; tag->type != TAG_END; tag = (const struct tag *)((uint32_t)tag + ((tag->size + 7) & ~7u)))
		read_tag(tag);
	if (!kernel || !low.start.module_count)
		give_up("two modules are needed: the kernel, then the boot image");
	low.start.magic = START_MAGIC;
	low.start.version = 1;
	low.start.command_line = (uint32_t)low.line;
	kernel_enter(load_kernel(), &low.start);
}
