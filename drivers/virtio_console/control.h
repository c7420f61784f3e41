// The control queues of a console with several ports (Virtio 1.2, section 5.3.6).
#ifndef DRIVERS_VIRTIO_CONSOLE_CONTROL_H
#define DRIVERS_VIRTIO_CONSOLE_CONTROL_H

#include "lib/drv/virtio.h"

#define CONTROL_QUEUE_IN 2
#define CONTROL_QUEUE_OUT 3
#define CONTROL_MEMORY 2048  // bytes for its buffers

struct control {
	struct virtio_queue in, out;
	uint8_t *memory;
	uint64_t physical;
	uint16_t first, next;    // messages that wait to be sent, free running
	uint64_t waiting[64];
	bool busy[VIRTIO_QUEUE_MAX];
};

// Offer buffers, and tell the device that the driver is ready.
void control_start(struct control *control);

// Answer the device's messages and send what waits.
void control_pump(struct control *control);

#endif
