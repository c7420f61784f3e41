// Virtio 1.2 over PCI: device start-up and split virtqueues. Section numbers are those of the
// specification ("Virtual I/O Device (VIRTIO) Version 1.2").
#ifndef LIB_DRV_VIRTIO_H
#define LIB_DRV_VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/drv/pci.h"

#define VIRTIO_QUEUE_MAX 16  // entries that this library uses of a queue
#define VIRTIO_QUEUE_BYTES 1024

#define VIRTIO_F_VERSION_1 (1ull << 32)  // section 6

// Section 2.7.5.
struct virtio_desc {
	uint64_t address;
	uint32_t length;
	uint16_t flags;
	uint16_t next;
};

struct virtio_avail {
	uint16_t flags;
	uint16_t index;
	uint16_t ring[VIRTIO_QUEUE_MAX];
};

struct virtio_used {
	uint16_t flags;
	uint16_t index;
	struct {
		uint32_t id;
		uint32_t length;
	} ring[VIRTIO_QUEUE_MAX];
};

// A queue whose every message is one buffer; buffer i is descriptor i.
struct virtio_queue {
	volatile struct virtio_desc *desc;
	volatile struct virtio_avail *avail;
	volatile struct virtio_used *used;
	volatile uint16_t *notify;
	uint16_t size;       // entries, a power of two; 0: the device has no such queue
	uint16_t number;
	uint16_t added;      // avail index
	uint16_t seen;       // used index
	uint16_t notified;   // avail index at the last notification
};

struct virtio {
	volatile uint8_t *common, *notify, *config;
	uint32_t config_bytes;
	uint32_t notify_bytes, notify_multiplier;
};

// Find the registers in the regions that the supervisor mapped. False, with *missing: what is not there.
bool virtio_find(struct virtio *device, const struct pci_device *pci, const char **missing);

// Reset, and agree on features: `wanted` that are offered, VERSION_1 among them. False: refused.
bool virtio_start(struct virtio *device, uint64_t wanted, uint64_t *agreed);

// Set up a queue in zeroed memory of VIRTIO_QUEUE_BYTES at `physical`; its interrupt is vector 0.
// Between start and ready. False: the device has no queue of that number or refuses.
bool virtio_queue_make(struct virtio *device, struct virtio_queue *queue, uint16_t number,
		       void *memory, uint64_t physical);

// Let the device run.
void virtio_ready(struct virtio *device);

// Tell the device that it failed, as section 2.1 asks.
void virtio_fail(struct virtio *device);

// Offer buffer `i` (below size) to the device: it reads it, or writes it when `writes`.
void virtio_queue_add(struct virtio_queue *queue, uint16_t i, uint64_t address, uint32_t length,
		      bool writes);

// Tell the device of what was added since the last time, if it wants to hear.
void virtio_queue_notify(struct virtio_queue *queue);

// Take one used buffer: *i, and the bytes that the device wrote. False: none. What the device says is
// not believed: *i may be beyond the queue's size or not in use.
bool virtio_queue_take(struct virtio_queue *queue, uint32_t *i, uint32_t *written);

#endif
