#include <stdio.h>

#include "lib/drv/mmio.h"
#include "lib/drv/virtio.h"
#include "lib/rt/component.h"

// Section 4.1.4.3: the common configuration.
#define COMMON_FEATURE_SELECT 0
#define COMMON_FEATURE 4
#define COMMON_GUEST_SELECT 8
#define COMMON_GUEST 12
#define COMMON_MSIX_CONFIG 16
#define COMMON_STATUS 20
#define COMMON_QUEUE_SELECT 22
#define COMMON_QUEUE_SIZE 24
#define COMMON_QUEUE_MSIX 26
#define COMMON_QUEUE_ENABLE 28
#define COMMON_QUEUE_NOTIFY 30
#define COMMON_QUEUE_DESC 32
#define COMMON_QUEUE_AVAIL 40
#define COMMON_QUEUE_USED 48
#define COMMON_BYTES 56

#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER 2
#define STATUS_DRIVER_OK 4
#define STATUS_FEATURES_OK 8
#define STATUS_FAILED 128

#define NO_VECTOR 0xffff
#define DESC_WRITE 2
#define USED_NO_NOTIFY 1

// Parts of the queue's memory.
#define AT_AVAIL 256
#define AT_USED 512
_Static_assert(sizeof(struct virtio_desc) * VIRTIO_QUEUE_MAX <= AT_AVAIL, "descriptors fit");
_Static_assert(sizeof(struct virtio_avail) <= AT_USED - AT_AVAIL, "available ring fits");
_Static_assert(sizeof(struct virtio_used) <= VIRTIO_QUEUE_BYTES - AT_USED, "used ring fits");

static volatile uint8_t *part_find(const struct pci_part *part, uint32_t needed)
{
	char name[8];
	const struct component_region *region;

	if (part->length < needed || part->bar > 5)
		return NULL;
	snprintf(name, sizeof(name), "bar%u", (unsigned)part->bar);
	region = component_find_region(name);
	if (!region || part->offset > region->size || part->length > region->size - part->offset)
		return NULL;
	return (volatile uint8_t *)(uintptr_t)(region->address + part->offset);
}

bool virtio_find(struct virtio *device, const struct pci_device *pci, const char **missing)
{
	*device = (struct virtio){0};
	*missing = "common configuration";
	device->common = part_find(&pci->common, COMMON_BYTES);
	if (!device->common)
		return false;
	*missing = "notification registers";
	device->notify = part_find(&pci->notify, 2);
	device->notify_bytes = pci->notify.length;
	device->notify_multiplier = pci->notify.extra;
	if (!device->notify)
		return false;
	device->config = part_find(&pci->device_config, 0);
	device->config_bytes = device->config ? pci->device_config.length : 0;
	return true;
}

static void status_add(struct virtio *device, uint8_t bits)
{
	volatile uint8_t *status = device->common + COMMON_STATUS;

	mmio_write8(status, (uint8_t)(mmio_read8(status) | bits));
}

static uint64_t features_offered(struct virtio *device)
{
	uint64_t low;

	mmio_write32(device->common + COMMON_FEATURE_SELECT, 0);
	low = mmio_read32(device->common + COMMON_FEATURE);
	mmio_write32(device->common + COMMON_FEATURE_SELECT, 1);
	return low | (uint64_t)mmio_read32(device->common + COMMON_FEATURE) << 32;
}

static void features_accept(struct virtio *device, uint64_t features)
{
	mmio_write32(device->common + COMMON_GUEST_SELECT, 0);
	mmio_write32(device->common + COMMON_GUEST, (uint32_t)features);
	mmio_write32(device->common + COMMON_GUEST_SELECT, 1);
	mmio_write32(device->common + COMMON_GUEST, (uint32_t)(features >> 32));
}

// Section 3.1.1.
bool virtio_start(struct virtio *device, uint64_t wanted, uint64_t *agreed)
{
	mmio_write8(device->common + COMMON_STATUS, 0);
	for (unsigned i = 0; mmio_read8(device->common + COMMON_STATUS); i++)
		if (i == 1000000)
			return false;
	status_add(device, STATUS_ACKNOWLEDGE);
	status_add(device, STATUS_DRIVER);
	*agreed = features_offered(device) & (wanted | VIRTIO_F_VERSION_1);
	if (!(*agreed & VIRTIO_F_VERSION_1))
		return false;
	features_accept(device, *agreed);
	status_add(device, STATUS_FEATURES_OK);
	if (!(mmio_read8(device->common + COMMON_STATUS) & STATUS_FEATURES_OK))
		return false;
	mmio_write16(device->common + COMMON_MSIX_CONFIG, NO_VECTOR);
	return true;
}

static void address_write(struct virtio *device, unsigned at, uint64_t address)
{
	mmio_write32(device->common + at, (uint32_t)address);
	mmio_write32(device->common + at + 4, (uint32_t)(address >> 32));
}

bool virtio_queue_make(struct virtio *device, struct virtio_queue *queue, uint16_t number,
		       void *memory, uint64_t physical)
{
	volatile uint8_t *common = device->common;
	uint16_t size;
	uint64_t notify;

	*queue = (struct virtio_queue){.number = number};
	mmio_write16(common + COMMON_QUEUE_SELECT, number);
	size = mmio_read16(common + COMMON_QUEUE_SIZE);
	if (!size)
		return false;
	if (size > VIRTIO_QUEUE_MAX)
		size = VIRTIO_QUEUE_MAX;
	mmio_write16(common + COMMON_QUEUE_SIZE, size);
	notify = (uint64_t)mmio_read16(common + COMMON_QUEUE_NOTIFY) * device->notify_multiplier;
	if (notify + 2 > device->notify_bytes)
		return false;
	mmio_write16(common + COMMON_QUEUE_MSIX, 0);
	if (mmio_read16(common + COMMON_QUEUE_MSIX) != 0)
		return false;
	address_write(device, COMMON_QUEUE_DESC, physical);
	address_write(device, COMMON_QUEUE_AVAIL, physical + AT_AVAIL);
	address_write(device, COMMON_QUEUE_USED, physical + AT_USED);
	mmio_write16(common + COMMON_QUEUE_ENABLE, 1);
	queue->desc = memory;
	queue->avail = (void *)((uint8_t *)memory + AT_AVAIL);
	queue->used = (void *)((uint8_t *)memory + AT_USED);
	queue->notify = (volatile uint16_t *)(volatile void *)(device->notify + notify);
	queue->size = size;
	return true;
}

void virtio_ready(struct virtio *device)
{
	status_add(device, STATUS_DRIVER_OK);
}

void virtio_fail(struct virtio *device)
{
	status_add(device, STATUS_FAILED);
}

void virtio_queue_add(struct virtio_queue *queue, uint16_t i, uint64_t address, uint32_t length,
		      bool writes)
{
	queue->desc[i].address = address;
	queue->desc[i].length = length;
	queue->desc[i].flags = writes ? DESC_WRITE : 0;
	queue->desc[i].next = 0;
	queue->avail->ring[queue->added & (queue->size - 1)] = i;
	queue->added++;
	dma_fence();
	queue->avail->index = queue->added;
}

void virtio_queue_notify(struct virtio_queue *queue)
{
	if (queue->notified == queue->added)
		return;
	queue->notified = queue->added;
	dma_fence();
	if (!(queue->used->flags & USED_NO_NOTIFY))
		mmio_write16(queue->notify, queue->number);
}

bool virtio_queue_take(struct virtio_queue *queue, uint32_t *i, uint32_t *written)
{
	uint16_t slot = queue->seen & (uint16_t)(queue->size - 1);

	if (!queue->size || queue->seen == queue->used->index)
		return false;
	dma_fence();
	*i = queue->used->ring[slot].id;
	*written = queue->used->ring[slot].length;
	queue->seen++;
	return true;
}
