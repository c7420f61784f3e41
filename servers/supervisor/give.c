#include <stdio.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "protocol/framebuffer.h"
#include "servers/supervisor/block.h"
#include "servers/supervisor/give.h"
#include "servers/supervisor/image.h"
#include "servers/supervisor/machine.h"

#define REGION_ALIGN 0x200000ull
#define MEMORY_FRAMES_MAX 8
#define MEMORY_BITS_MIN 18
#define UNTYPED_MAX 12
#define UNTYPED_BITS_MIN 16

static bool cap_name(struct component *c, const char *name, uint32_t slot, uint32_t count)
{
	struct component_cap *cap = &c->info.caps[c->info.cap_count];

	if (!name) {
		c->info.caps[c->info.cap_count - 1].count += count;
		return true;
	}
	if (c->info.cap_count == COMPONENT_CAPS_MAX)
		return component_failed(c, "it has too many capabilities", ERR_RANGE);
	snprintf(cap->name, sizeof(cap->name), "%s", name);
	cap->slot = slot;
	cap->count = count;
	c->info.cap_count++;
	return true;
}

static bool derive(struct component *c, uint32_t slot, cap_t source, uint64_t rights, uint64_t data,
		   uint64_t count)
{
	err_t err = slot < c->entry->slots
			    ? cnode_derive(c->cnode, slot, BOOT_SLOT_CNODE, source, rights, data, count)
			    : ERR_RANGE;

	return !err || component_failed(c, "a capability", err);
}

bool give_at(struct component *c, const char *name, uint32_t slot, cap_t source, uint64_t rights,
	     uint64_t data)
{
	return derive(c, slot, source, rights, data, 0) && cap_name(c, name, slot, 1);
}

bool give_next(struct component *c, const char *name, cap_t source, uint64_t rights, uint64_t data)
{
	return give_at(c, name, c->next_slot++, source, rights, data);
}

// Make `count` objects in the component's own CSpace.
static bool make_run(struct component *c, const char *name, uint64_t type, unsigned bits,
		     unsigned size, uint32_t count)
{
	cap_t block = block_alloc(c->number, bits);
	err_t err = ERR_NO_MEMORY;

	if (block && c->next_slot + count <= c->entry->slots)
		err = untyped_retype(block, type, size, count, c->cnode, c->next_slot, NULL);
	if (err)
		return component_failed(c, name ? name : "an object", err);
	if (!cap_name(c, name, c->next_slot, count))
		return false;
	c->next_slot += count;
	return true;
}

bool give_objects(struct component *c)
{
	uint32_t replies = c->entry->replies;

	if (c->endpoint && !give_next(c, "endpoint", c->endpoint, ENDPOINT_RIGHTS, 0))
		return false;
	if (replies && !make_run(c, "replies", TYPE_REPLY,
				 bits_up((uint64_t)replies << SIZE_BITS_REPLY), 0, replies))
		return false;
	if (c->entry->has_notification &&
	    !make_run(c, "notification", TYPE_NOTIFICATION, 12, 0, 1))
		return false;
	return !c->entry->has_schedcontrol ||
	       give_next(c, "schedcontrol", BOOT_SLOT_SCHEDCONTROL, SCHEDCONTROL_RIGHTS, 0);
}

// Map a Frame at the next region's address, `skew` bytes beyond an aligned one, and list it. The
// component gets a capability on it.
static bool region_give(struct component *c, const char *name, cap_t frame, uint64_t bytes,
			uint64_t skew, uint64_t rights)
{
	struct component_region *region = &c->info.regions[c->info.region_count];
	uint64_t address = c->next_region + skew;
	uint32_t slot = c->next_slot++;
	err_t err;

	if (c->info.region_count == COMPONENT_REGIONS_MAX)
		return component_failed(c, "it has too many regions", ERR_RANGE);
	if (!derive(c, slot, frame, rights, 0, 0))
		return false;
	err = frame_map(frame, c->vspace, address, rights & (FRAME_READ | FRAME_WRITE));
	if (err)
		return component_failed(c, name, err);
	snprintf(region->name, sizeof(region->name), "%s", name);
	region->address = address;
	region->size = bytes;
	region->frame = slot;
	c->info.region_count++;
	c->next_region = (address + bytes + 2 * REGION_ALIGN - 1) & ~(REGION_ALIGN - 1);
	return true;
}

// A window of a Frame of the supervisor's as a region.
static bool window_give(struct component *c, const char *name, cap_t source, uint64_t first,
			uint64_t pages, uint64_t rights)
{
	cap_t slot = slot_alloc();
	uint64_t physical = 0;
	err_t err = cnode_derive(BOOT_SLOT_CNODE, slot, BOOT_SLOT_CNODE, source,
				 rights | FRAME_PHYSICAL, first, pages);

	if (!slot || err)
		return component_failed(c, name, err);
	(void)frame_info(slot, NULL, NULL, &physical);  // aligned alike, it is mapped by large pages
	return region_give(c, name, slot, pages * PAGE_SIZE, physical % REGION_ALIGN, rights);
}

static bool interrupt_give(struct component *c, const char *name, err_t err)
{
	if (err)
		return component_failed(c, "its interrupt", err);
	return cap_name(c, name, c->next_slot++, 1);
}

static bool bars_give(struct component *c, const struct machine_bar *bars, uint64_t first,
		      uint64_t pages)
{
	for (unsigned i = 0; i < 6; i++) {
		uint64_t page = bars[i].address / PAGE_SIZE;
		uint64_t count = (bars[i].size + PAGE_SIZE - 1) / PAGE_SIZE;
		char name[8];

		if (!bars[i].size)
			continue;
		snprintf(name, sizeof(name), "bar%u", i);
		if (bars[i].address % PAGE_SIZE || page < first || page - first > pages ||
		    count > pages - (page - first)) {
			rt_log("%s: %s lies at 0x%llx, out of reach", c->entry->name, name,
			       (unsigned long long)bars[i].address);
			continue;
		}
		if (!window_give(c, name, BOOT_SLOT_DEVICE, page - first, count,
				 FRAME_READ | FRAME_WRITE))
			return false;
	}
	return true;
}

// A page that is written once, for one component to read.
static bool page_give(struct component *c, const char *name, const void *data, size_t size)
{
	cap_t frame = component_frame(c, PAGE_BITS, 0);
	void *page = frame ? scratch_map(frame, 0, 1) : NULL;

	if (!page)
		return component_failed(c, name, ERR_NO_MEMORY);
	memcpy(page, data, size);
	scratch_unmap();
	return region_give(c, name, frame, PAGE_SIZE, 0, FRAME_READ);
}

static bool pci_give(struct component_world *world, struct component *c)
{
	struct pci_device device;
	struct machine_bar bars[6];

	if (!machine_pci_find(c->entry->pci, &device, bars))
		return component_failed(c, "there is no such PCI device", ERR_CAP_INVALID);
	return page_give(c, "pci", &device, sizeof(device)) &&
	       bars_give(c, bars, world->boot->device_first, world->boot->device_pages) &&
	       interrupt_give(c, "irq", irqcontrol_message(BOOT_SLOT_IRQCONTROL, c->cnode, c->next_slot));
}

// The framebuffer that the command line describes, as long as it lies among the devices. Without one
// the component has no such region.
static bool framebuffer_give(const struct abi_boot_info *boot, struct component *c)
{
	struct framebuffer screen;
	uint64_t first, count;

	if (!framebuffer_parse(boot->command_line, &screen))
		return true;
	first = screen.address / PAGE_SIZE;
	count = (screen.address % PAGE_SIZE + framebuffer_bytes(&screen) + PAGE_SIZE - 1) / PAGE_SIZE;
	if (first < boot->device_first || first - boot->device_first > boot->device_pages ||
	    count > boot->device_pages - (first - boot->device_first)) {
		rt_log("%s: the framebuffer lies at 0x%llx, out of reach", c->entry->name,
		       (unsigned long long)screen.address);
		return true;
	}
	return window_give(c, "framebuffer", BOOT_SLOT_DEVICE, first - boot->device_first, count,
			   FRAME_READ | FRAME_WRITE);
}

bool give_devices(struct component *c)
{
	const struct manifest_component *e = c->entry;

	for (uint32_t i = 0; i < e->ports_count; i++) {
		uint32_t slot = c->next_slot++;

		if (!derive(c, slot, BOOT_SLOT_IOPORT, IOPORT_RIGHTS, e->ports[i].first,
			    e->ports[i].count) ||
		    !cap_name(c, i ? NULL : "ioport", slot, 1))
			return false;
	}
	for (uint32_t i = 0; i < e->irq_count; i++)
		if (!interrupt_give(c, i ? NULL : "irq",
				    irqcontrol_line(BOOT_SLOT_IRQCONTROL, e->irqs[i], 0, c->cnode,
						    c->next_slot)))
			return false;
	return true;
}

static bool file_give(struct component *c)
{
	struct image_file file;

	if (!image_find(c->entry->file, &file))
		return component_failed(c, c->entry->file, ERR_CAP_INVALID);
	return window_give(c, c->entry->file_name, BOOT_SLOT_IMAGE, file.page,
			   (file.size + PAGE_SIZE - 1) / PAGE_SIZE, FRAME_READ | FRAME_EXECUTE);
}

static bool dma_give(struct component *c)
{
	cap_t frame = component_frame(c, bits_up(c->entry->dma), RETYPE_RAW);

	return frame ? region_give(c, "dma", frame, c->entry->dma, 0,
				   FRAME_READ | FRAME_WRITE | FRAME_PHYSICAL)
		     : component_failed(c, "dma memory", ERR_NO_MEMORY);
}

bool give_regions(struct component_world *world, struct component *c)
{
	const struct manifest_component *e = c->entry;

	if (e->pci && !pci_give(world, c))
		return false;
	if (e->has_command_line && !page_give(c, "command_line", world->boot->command_line,
					      sizeof(world->boot->command_line)))
		return false;
	if (e->has_framebuffer && !framebuffer_give(world->boot, c))
		return false;
	if (e->dma && !dma_give(c))
		return false;
	if (e->has_names && !window_give(c, "names", world->names_frame, 0, 1, FRAME_READ))
		return false;
	if (e->has_image && !window_give(c, "image", BOOT_SLOT_IMAGE, 0, world->boot->image_pages,
					 FRAME_READ | FRAME_EXECUTE))
		return false;
	return !e->file[0] || file_give(c);
}

bool give_uses(struct component_world *world, struct component *c)
{
	for (uint32_t i = 0; i < c->entry->use_count; i++) {
		const struct manifest_use *use = &c->entry->uses[i];
		int server = manifest_find(world->manifest, use->server);
		uint64_t watch = use->badge ? 0 : ENDPOINT_WATCH;

		if (!give_next(c, use->name, world->components[server].endpoint,
			       ENDPOINT_SEND | ENDPOINT_GRANT | watch, use->badge))
			return false;
	}
	return true;
}

// free_bytes 0: the fixed amounts; else the shares of that.
static uint64_t amount_bytes(const struct manifest_amount *amount, uint64_t free_bytes)
{
	uint64_t share = free_bytes / 100 * amount->percent;

	if (!amount->percent || !free_bytes)
		return amount->percent || free_bytes ? 0 : amount->bytes;
	share = share < amount->bytes ? amount->bytes : share;
	return amount->most && share > amount->most ? amount->most : share;
}

// Cut an amount into power-of-two pieces, the largest first, as far as there are blocks.
static bool pieces_give(struct component *c, uint64_t bytes, unsigned max, unsigned bits_min,
			bool (*piece)(struct component *c, unsigned bits, unsigned index))
{
	unsigned index = 0;

	for (unsigned bits = bits_down(bytes); bits >= bits_min && index < max;) {
		if (bytes >> bits && piece(c, bits, index)) {
			bytes -= 1ull << bits;
			index++;
		} else {
			bits--;
		}
	}
	return index || component_failed(c, "memory", ERR_NO_MEMORY);
}

static bool frame_piece(struct component *c, unsigned bits, unsigned index)
{
	cap_t frame = component_frame(c, bits, RETYPE_RAW);

	(void)index;
	return frame && region_give(c, "memory", frame, 1ull << bits, 0,
				    FRAME_READ | FRAME_WRITE | FRAME_EXECUTE);
}

static bool untyped_piece(struct component *c, unsigned bits, unsigned index)
{
	cap_t block = block_alloc(c->number, bits);

	if (!block || c->next_slot >= c->entry->slots ||
	    untyped_retype(block, TYPE_UNTYPED, bits, 1, c->cnode, c->next_slot, NULL))
		return false;
	return cap_name(c, index ? NULL : "untyped", c->next_slot++, 1);
}

bool give_memory(struct component *c, uint64_t free_bytes)
{
	uint64_t bytes = amount_bytes(&c->entry->memory, free_bytes);

	return !bytes || pieces_give(c, bytes, MEMORY_FRAMES_MAX, MEMORY_BITS_MIN, frame_piece);
}

bool give_untyped(struct component *c, uint64_t free_bytes)
{
	uint64_t bytes = amount_bytes(&c->entry->untyped, free_bytes);

	return !bytes || pieces_give(c, bytes, UNTYPED_MAX, UNTYPED_BITS_MIN, untyped_piece);
}
