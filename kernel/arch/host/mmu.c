// Page tables as arrays, and their walk in software. A translation buffer of the loaded address space
// keeps what was touched until the kernel flushes it, so that a missing flush shows.
#include "host.h"

#define ENTRY_ADDRESS 0x000ffffffffff000ull
#define KERNEL_ENTRY 511  // of a top table: the kernel's own part

static bool is_in_kernel(const void *address)
{
	return (uintptr_t)address - (uintptr_t)&kernel < sizeof kernel;
}

void *arch_phys_to_virt(uint64_t physical)
{
	if (physical - HOST_KERNEL < sizeof kernel)
		return (char *)&kernel + (physical - HOST_KERNEL);
	return (void *)(uintptr_t)(HOST_RAM + physical);
}

uint64_t arch_virt_to_phys(const void *address)
{
	if (is_in_kernel(address))
		return HOST_KERNEL + ((uintptr_t)address - (uintptr_t)&kernel);
	return (uintptr_t)address - HOST_RAM;
}

void arch_zero(void *address, size_t size) { __builtin_memset(address, 0, size); }

void arch_copy(void *to, const void *from, size_t size) { __builtin_memcpy(to, from, size); }

uint64_t arch_entry_page(uint64_t physical, unsigned level, unsigned rights, bool device)
{
	return physical | HOST_PRESENT | (level ? HOST_LARGE : 0) | (device ? HOST_IS_DEVICE : 0) |
	       (rights & FRAME_WRITE ? HOST_WRITE | HOST_GAVE_WRITE : 0) |
	       (rights & FRAME_EXECUTE ? HOST_EXECUTE | HOST_GAVE_EXECUTE : 0);
}

uint64_t arch_entry_read_only(uint64_t entry) { return entry & ~(uint64_t)(HOST_WRITE | HOST_GAVE_WRITE); }

uint64_t arch_entry_restrict(uint64_t entry, unsigned rights)
{
	entry &= ~(uint64_t)(HOST_WRITE | HOST_EXECUTE | HOST_HIDDEN);
	if (!(rights & FRAME_READ))
		return entry | HOST_HIDDEN;
	return entry | (rights & FRAME_WRITE && entry & HOST_GAVE_WRITE ? HOST_WRITE : 0) |
	       (rights & FRAME_EXECUTE && entry & HOST_GAVE_EXECUTE ? HOST_EXECUTE : 0);
}

uint64_t arch_entry_table(uint64_t physical) { return physical | HOST_PRESENT; }
bool arch_entry_is_present(uint64_t entry) { return entry & HOST_PRESENT; }
bool arch_entry_is_table(uint64_t entry, unsigned level) { return level > 0 && !(entry & HOST_LARGE); }
uint64_t arch_entry_physical(uint64_t entry) { return entry & ENTRY_ADDRESS; }
bool arch_entry_is_of(uint64_t entry, uint64_t physical)
{
	return arch_entry_is_present(entry) && arch_entry_physical(entry) == physical;
}
uint64_t arch_entry_next(uint64_t entry) { return entry + PAGE_SIZE; }
void arch_table_init_top(uint64_t *table) { table[KERNEL_ENTRY] = HOST_PRESENT | HOST_LARGE; }

// A processor walks the tables while another one writes them, on purpose: what it finds may be old until that
// one's flush is answered. ThreadSanitizer looks at what is done with the memory that is found instead.
#ifdef __SANITIZE_THREAD__
__attribute__((no_sanitize("thread"), noinline))
#endif
static uint64_t find_entry(uint64_t top_physical, uint64_t address, unsigned *level)
{
	uint64_t physical = top_physical;

	for (*level = TABLE_LEVELS - 1;; --*level) {
		const uint64_t *table = arch_phys_to_virt(physical);
		unsigned shift = PAGE_BITS + *level * TABLE_INDEX_BITS;
		uint64_t entry = table[(address >> shift) & ((1u << TABLE_INDEX_BITS) - 1)];

		if (!(entry & HOST_PRESENT) || !arch_entry_is_table(entry, *level))
			return entry & HOST_PRESENT ? entry : 0;
		physical = entry & ENTRY_ADDRESS;
	}
}

static uint64_t entry_meaning(uint64_t entry, unsigned level, uint64_t address, unsigned *rights)
{
	uint64_t size = 1ull << (PAGE_BITS + level * TABLE_INDEX_BITS);

	*rights = (entry & (HOST_PRESENT | HOST_HIDDEN)) == HOST_PRESENT ? FRAME_READ : 0;
	if (!*rights)
		return ~0ull;
	*rights |= (entry & HOST_WRITE ? FRAME_WRITE : 0) | (entry & HOST_EXECUTE ? FRAME_EXECUTE : 0);
	return (entry & ENTRY_ADDRESS) + (address & (size - 1));
}

uint64_t host_translate(const struct vspace *vspace, uint64_t address, unsigned *rights)
{
	unsigned level;
	uint64_t entry = find_entry(vspace->top_physical, address, &level);

	return entry_meaning(entry, level, address, rights);
}

static struct host_core *own(void) { return &host.core[host_core]; }

static struct host_translation *tlb_find(uint64_t address)
{
	for (unsigned i = 0; i < HOST_TLB_MAX; i++) {
		struct host_translation *t = &own()->tlb[i];

		if (t->entry && (t->page ^ address) >> (PAGE_BITS + t->level * TABLE_INDEX_BITS) == 0)
			return t;
	}
	return NULL;
}

uint64_t host_touch(uint64_t address, unsigned *rights)
{
	struct host_translation *t = tlb_find(address);

	if (!t) {
		unsigned level;
		uint64_t entry = find_entry(arch_core()->loaded_top, address, &level);

		t = &own()->tlb[own()->tlb_next++ % HOST_TLB_MAX];
		*t = (struct host_translation){address, entry, level};
	}
	return entry_meaning(t->entry, t->level, address, rights);
}

bool host_tlb_is_true(unsigned core)
{
	unsigned level;

	for (unsigned i = 0; i < HOST_TLB_MAX; i++) {
		const struct host_translation *t = &host.core[core].tlb[i];

		if (t->entry && (find_entry(kernel.core[core].loaded_top, t->page, &level) != t->entry ||
				 level != t->level))
			return false;
	}
	return true;
}

static void tlb_clear(void)
{
	for (unsigned i = 0; i < HOST_TLB_MAX; i++)
		own()->tlb[i].entry = 0;
}

void arch_flush(struct core *core, uint64_t address, unsigned pages)
{
	(void)core;
	if (!pages)
		tlb_clear();
	for (; pages; pages--, address += PAGE_SIZE) {
		struct host_translation *t = tlb_find(address);

		if (t)
			t->entry = 0;
	}
}

void arch_core_leave(struct core *core)
{
	core->loaded = NULL;
	core->loaded_top = 0;
	tlb_clear();
}

void host_switched(struct core *core)
{
	uint64_t top = core->current->vspace.address;

	core->loaded = core->current;
	if (core->loaded_top != top)
		tlb_clear();
	core->loaded_top = top;
}

void arch_thread_switch(struct core *core, struct thread *from, struct thread *to)
{
	uint64_t top = to->vspace.address;

	(void)from;
	if (core->loaded_top == top)
		return;
	core->loaded_top = top;
	tlb_clear();
}
