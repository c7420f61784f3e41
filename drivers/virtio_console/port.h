// The data queues of the console: one direction of one port each, between a ring that is shared with
// the consumer and a virtqueue.
#ifndef DRIVERS_VIRTIO_CONSOLE_PORT_H
#define DRIVERS_VIRTIO_CONSOLE_PORT_H

#include "lib/drv/virtio.h"
#include "lib/ring/ring.h"

// Guest to host. The device reads the ring's own memory; what it has taken is consumed in order.
struct output {
	struct virtio_queue queue;
	struct ring_end ring;
	uint64_t physical;  // of the ring's bytes
	uint32_t flying;    // bytes that the device has and has not given back
	uint16_t first, next;  // descriptors in flight, free running
	uint32_t length[VIRTIO_QUEUE_MAX];
	bool done[VIRTIO_QUEUE_MAX];
};

// Host to guest. Buffers come back partly filled, so their bytes are copied; a buffer that does not
// fit the ring waits, and the device with it.
struct input {
	struct virtio_queue queue;
	struct ring_end ring;
	uint8_t *buffers;
	uint64_t physical;      // of the buffers
	uint32_t buffer_bytes;
	uint16_t count;         // buffers
	uint16_t first, next;   // filled buffers, free running, in the order of the stream
	uint16_t waiting[VIRTIO_QUEUE_MAX];
	uint32_t length[VIRTIO_QUEUE_MAX];  // by buffer
	uint32_t taken;         // bytes copied of the first one
	bool posted[VIRTIO_QUEUE_MAX];      // by buffer: the device has it
};

// Move what can be moved. True: the consumer has to be signalled.
bool output_pump(struct output *output);
bool input_pump(struct input *input);

// Give all buffers to the device.
void input_fill(struct input *input);

#endif
