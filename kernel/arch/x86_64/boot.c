// From the boot loader's tables to kernel_boot. PVH: Xen, include/public/arch-x86/hvm/start_info.h.
#include "boot.h"

#include "base/print.h"
#include "cpu.h"

#define START_MAGIC 0x336ec578
#define MEMORY_RAM 1
#define LOW_END 0x100000ull      // what firmware may use
#define DEVICE_END 0x100000000ull
#define RAM_MAX (256ull << 30)   // slots lie in the first 256 GiB

struct start_info {
	uint32_t magic, version, flags, module_count;
	uint64_t modules, command_line, rsdp;
	uint64_t memory_map;
	uint32_t memory_map_count, reserved;
};

struct module {
	uint64_t address, size, command_line, reserved;
};

struct memory {
	uint64_t address, size;
	uint32_t type, reserved;
};

extern char kernel_end[];

void boot_main(uint32_t start);
void core_start(struct core *core);

static struct boot boot;
static char command_line[1024];
static char first_stacks[STACKS_SIZE] __attribute__((aligned(16)));

static void add_range(uint64_t from, uint64_t to)
{
	from = align_up(from, PAGE_SIZE);
	to = align_down(to, PAGE_SIZE);
	if (from < to && boot.ram_count < BOOT_RANGES_MAX)
		boot.ram[boot.ram_count++] = (struct boot_range){from, to};
}

// Add RAM without [from, to) of what is taken: the kernel, then the image.
static void add_ram(uint64_t from, uint64_t to)
{
	uint64_t kernel_to = arch_virt_to_phys(kernel_end);
	const struct boot_range *image = &boot.image;

	from = max_u64(from, kernel_to);  // the kernel lies at the beginning of what counts as RAM
	if (image->to > from && image->from < to) {
		add_range(from, max_u64(from, image->from));
		add_range(max_u64(from, image->to), to);
	} else {
		add_range(from, to);
	}
}

static uint64_t take(uint64_t size)
{
	for (unsigned i = 0; i < boot.ram_count; i++) {
		struct boot_range *range = &boot.ram[i];

		if (range->from + size <= min_u64(range->to, DEVICE_END)) {
			range->from += size;
			return range->from - size;
		}
	}
	panic("no memory for the kernel's own page tables and stacks");
}

static uint64_t take_page(void) { return take(PAGE_SIZE); }

// The other processors start with the tables that boot.S made, so before those are dropped.
static void start_cores(void)
{
	boot.cores = smp_start(boot.rsdp, take);
	mmu_init();
	for (unsigned i = 0; i < boot.cores; i++) {
		void *page = arch_phys_to_virt(take_page());

		smp_stub(i, page);
		mmu_map_stub(i, page);
	}
}

static void read_memory(const struct start_info *info)
{
	const struct memory *map = arch_phys_to_virt(info->memory_map);
	uint64_t low_end = LOW_END, ram_end = 0;

	for (unsigned i = 0; i < info->memory_map_count; i++) {
		uint64_t from = map[i].address, to = min_u64(from + map[i].size, RAM_MAX);

		if (map[i].type != MEMORY_RAM || from >= to)
			continue;
		add_ram(max_u64(from, LOW_END), to);
		ram_end = max_u64(ram_end, to);
		if (from < DEVICE_END)
			low_end = max_u64(low_end, min_u64(to, DEVICE_END));
	}
	boot.device = (struct boot_range){align_up(low_end, PAGE_SIZE), DEVICE_END};
	mmu_map_ram(0, ram_end, take_page);
}

static void read_module(const struct start_info *info)
{
	const struct module *module = arch_phys_to_virt(info->modules);

	if (info->module_count == 0)
		panic("no boot image (give build/pith.img with -initrd)");
	if (!is_aligned(module->address, PAGE_SIZE))
		panic("the boot image is not page aligned: %lx", module->address);
	boot.image.from = module->address;
	boot.image.to = align_up(module->address + module->size, PAGE_SIZE);
}

static void read_command_line(const struct start_info *info)
{
	const char *from = arch_phys_to_virt(info->command_line);

	for (unsigned i = 0; info->command_line && from[i] && i < sizeof command_line - 1; i++)
		command_line[i] = from[i];
	boot.command_line = command_line;
}

void boot_main(uint32_t start)
{
	const struct start_info *info = arch_phys_to_virt(start);
	struct core *core = &kernel.core[0];

	boot.entered = rdtsc();
	console_init();
	idt_init();
	cpu_tables(core, first_stacks);
	cpu_init(core);
	if (info->magic != START_MAGIC || info->version < 1)
		panic("not started by a PVH boot loader");
	fpu_init();
	boot.rsdp = info->rsdp;
	read_command_line(info);
	read_module(info);
	read_memory(info);
	apic_init();
	start_cores();
	kernel_boot(&boot);
	smp_release();
	core_start(core);
	panic("core_start returned");
}
