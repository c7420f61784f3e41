#include "servers/process/vdso.h"

#include <string.h>

#include "lib/rt/component.h"
#include "lib/rt/random.h"

#define NS_PER_SECOND 1000000000ull
#define PAGES 2u                // variables, image
#define PLACE_SIZE 0x200000ull  // the stack's last page table serves it, too

extern const uint8_t vdso_image[], vdso_image_end[];

static uint32_t first_page = PAGE_NONE;

bool vdso_make(void)
{
	const struct component_info *info = component_get();
	uint64_t rate = info->ticks_per_second ? info->ticks_per_second : NS_PER_SECOND;
	struct linux_vvar *vvar;

	first_page = store_run(PAGES);
	if (first_page == PAGE_NONE)
		return false;
	vvar = (struct linux_vvar *)store_at(first_page);
	memset(vvar, 0, PAGE_SIZE);
	*vvar = (struct linux_vvar){
		.ticks_at_boot = info->ticks_at_boot,
		.epoch_ns = info->epoch_ns,
		.multiplier = (uint64_t)(((unsigned __int128)NS_PER_SECOND << VVAR_SHIFT) / rate),
	};
	memset(store_at(first_page + 1), 0, PAGE_SIZE);
	memcpy(store_at(first_page + 1), vdso_image, (size_t)(vdso_image_end - vdso_image));
	return true;
}

// A page that somebody else has, too: a write makes a copy.
static bool page_put(struct space *space, uint64_t address, uint32_t page)
{
	struct chunk *chunk = chunk_find(space, address, true);

	if (!chunk || !page_share(&store_pages, page))
		return false;
	chunk->entries[address / PAGE_SIZE % CHUNK_PAGES].page = page;
	space->resident++;
	return true;
}

static uint64_t place_find(uint64_t stack_top)
{
	uint64_t end = (stack_top + PLACE_SIZE - 1) / PLACE_SIZE * PLACE_SIZE;
	uint64_t choices = (end - stack_top) / PAGE_SIZE, number = 0;

	// The stack ends at the region's end, or nearly: what lies above is as good.
	if (choices < PAGES)
		return stack_top;
	rt_random(&number, sizeof number);
	return stack_top + number % (choices - PAGES + 1) * PAGE_SIZE;
}

void vdso_add(struct space *space, uint64_t stack_top)
{
	uint64_t start = place_find(stack_top);
	struct vma vma = {.start = start,
			  .end = start + PAGES * PAGE_SIZE,
			  .prot = VMA_READ | VMA_EXECUTE};

	if (first_page == PAGE_NONE || !vma_reserve(&space->vmas, 1))
		return;
	for (uint32_t i = 0; i < PAGES; i++)
		if (!page_put(space, start + i * PAGE_SIZE, first_page + i)) {
			space_drop(space, vma.start, vma.end);
			return;
		}
	vma_insert(&space->vmas, &vma);
	space->vdso = start + PAGE_SIZE;
}

uint64_t vdso_address(const struct space *space) { return space->vdso; }
