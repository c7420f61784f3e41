// Page tables of x86-64 (Intel SDM volume 3, 4.5), and the kernel's own part of the address space:
// all of RAM at PHYS_BASE, the image at KERNEL_BASE with its text read-only.
#include "base/print.h"
#include "base/string.h"
#include "cpu.h"

#define LARGE_SIZE 0x200000ull
#define GIB 0x40000000ull

extern uint64_t boot_pml4[512], boot_pdpt[512], boot_pdpt_high[512], boot_pd[4 * 512];
extern char text_start[], text_end[], rodata_end[], kernel_end[];

static uint64_t image_pd[512] __attribute__((aligned(4096)));
static uint64_t image_pt[512] __attribute__((aligned(4096)));

void arch_zero(void *address, size_t size)
{
	size_t count = size / 8;

	__asm__ volatile("rep stosq" : "+D"(address), "+c"(count) : "a"(0) : "memory");
}

void arch_copy(void *to, const void *from, size_t size)
{
	size_t count = size / 8;

	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

void arch_table_init_top(uint64_t *table)
{
	table[256] = boot_pml4[256];
	table[511] = boot_pml4[511];
}

void arch_flush(struct core *core, uint64_t address, unsigned pages)
{
	(void)core;
	if (!pages)
		write_cr3(read_cr3());
	for (; pages; pages--, address += PAGE_SIZE)
		__asm__ volatile("invlpg (%0)" ::"r"(address) : "memory");
}

void mmu_load_kernel(struct core *core)
{
	core->loaded_top = arch_virt_to_phys(boot_pml4);
	write_cr3(core->loaded_top);
}

static void map_image(void)
{
	for (uint64_t i = 0; i < 512; i++) {
		uint64_t physical = i * PAGE_SIZE, address = physical + KERNEL_BASE, entry = 0;

		if (address >= (uint64_t)text_start && address < (uint64_t)text_end)
			entry = physical | PTE_PRESENT;
		else if (address >= (uint64_t)text_end && address < (uint64_t)rodata_end)
			entry = physical | PTE_PRESENT | PTE_NO_EXECUTE;
		else if (address >= (uint64_t)rodata_end && address < (uint64_t)kernel_end)
			entry = physical | PTE_PRESENT | PTE_WRITE | PTE_NO_EXECUTE;
		image_pt[i] = entry;
	}
	ASSERT((uint64_t)kernel_end <= STUB_BASE);
	image_pd[0] = arch_virt_to_phys(image_pt) | PTE_PRESENT | PTE_WRITE;
	boot_pdpt_high[510] = arch_virt_to_phys(image_pd) | PTE_PRESENT | PTE_WRITE;
}

// The devices' pages near the top of the first 4 GiB are not cached; nothing at PHYS_BASE executes.
static void map_low(void)
{
	for (uint64_t i = 0; i < 4 * 512; i++) {
		boot_pd[i] |= PTE_NO_EXECUTE;
		if (i * LARGE_SIZE >= 0xfe000000)
			boot_pd[i] |= PTE_NO_CACHE;
	}
}

bool mmu_map_ram(uint64_t from, uint64_t to, uint64_t (*take_page)(void))
{
	for (uint64_t gib = max_u64(align_down(from, GIB), 4 * GIB); gib < to; gib += GIB) {
		if (gib / GIB >= 512)
			return false;
		uint64_t page = take_page();
		uint64_t *pd = arch_phys_to_virt(page);

		for (uint64_t i = 0; i < 512; i++)
			pd[i] = (gib + i * LARGE_SIZE) | PTE_PRESENT | PTE_WRITE | PTE_LARGE | PTE_NO_EXECUTE;
		boot_pdpt[gib / GIB] = page | PTE_PRESENT | PTE_WRITE;
	}
	return true;
}

void mmu_init(void)
{
	map_image();
	map_low();
	boot_pml4[0] = 0;
	mmu_load_kernel(arch_core());
}

void mmu_map_stub(unsigned number, const void *page)
{
	image_pt[(STUB_BASE - KERNEL_BASE) / PAGE_SIZE + number] = arch_virt_to_phys(page) | PTE_PRESENT;
}
