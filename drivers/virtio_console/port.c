#include "drivers/virtio_console/port.h"

#define PIECE_MAX 16384u  // bytes in one descriptor

static void output_reclaim(struct output *o)
{
	uint16_t mask = (uint16_t)(o->queue.size - 1);
	uint32_t id, written;

	while (virtio_queue_take(&o->queue, &id, &written))
		if (id < o->queue.size)
			o->done[id] = true;
	while (o->first != o->next && o->done[o->first & mask]) {
		ring_advance(&o->ring, o->length[o->first & mask]);
		o->flying -= o->length[o->first & mask];
		o->first++;
	}
}

static void output_submit(struct output *o)
{
	uint16_t mask = (uint16_t)(o->queue.size - 1);
	uint32_t ready = ring_room(&o->ring);

	while (ready > o->flying && (uint16_t)(o->next - o->first) < o->queue.size) {
		uint32_t length = ready - o->flying < PIECE_MAX ? ready - o->flying : PIECE_MAX;
		uint8_t *piece = ring_piece(&o->ring, o->flying, &length);
		uint16_t i = o->next++ & mask;

		o->done[i] = false;
		o->length[i] = length;
		o->flying += length;
		virtio_queue_add(&o->queue, i, o->physical + (uint64_t)(piece - o->ring.bytes),
				 length, false);
	}
}

bool output_pump(struct output *o)
{
	bool is_full;

	if (!o->queue.size)
		return false;
	output_reclaim(o);
	do {
		output_submit(o);
		is_full = (uint16_t)(o->next - o->first) == o->queue.size;
	} while (!is_full && !ring_sleep(&o->ring, o->flying + 1));
	virtio_queue_notify(&o->queue);
	return ring_wake(&o->ring);
}

static void input_post(struct input *in, uint16_t i)
{
	in->posted[i] = true;
	virtio_queue_add(&in->queue, i, in->physical + (uint64_t)i * in->buffer_bytes,
			 in->buffer_bytes, true);
}

void input_fill(struct input *in)
{
	for (uint16_t i = 0; i < in->count && i < in->queue.size; i++)
		input_post(in, i);
	virtio_queue_notify(&in->queue);
}

// The device may name a buffer that it does not have, or claim too many bytes.
static void input_take(struct input *in)
{
	uint32_t id, written;

	while (virtio_queue_take(&in->queue, &id, &written)) {
		if (id >= in->count || !in->posted[id])
			continue;
		in->posted[id] = false;
		in->length[id] = written < in->buffer_bytes ? written : in->buffer_bytes;
		in->waiting[in->next++ % VIRTIO_QUEUE_MAX] = (uint16_t)id;
	}
}

// Copy as much of the first waiting buffer as fits. False: the ring is full.
static bool input_copy(struct input *in)
{
	uint16_t i = in->waiting[in->first % VIRTIO_QUEUE_MAX];
	uint32_t left = in->length[i] - in->taken;
	uint32_t room = ring_room(&in->ring);
	uint32_t count = left < room ? left : room;

	ring_store(&in->ring, 0, in->buffers + (uint64_t)i * in->buffer_bytes + in->taken, count);
	ring_advance(&in->ring, count);
	in->taken += count;
	if (count < left)
		return false;
	in->taken = 0;
	in->first++;
	input_post(in, i);
	return true;
}

bool input_pump(struct input *in)
{
	if (!in->queue.size)
		return false;
	input_take(in);
	while (in->first != in->next)
		if (!input_copy(in) && ring_sleep(&in->ring, 1))
			break;
	virtio_queue_notify(&in->queue);
	return ring_wake(&in->ring);
}
