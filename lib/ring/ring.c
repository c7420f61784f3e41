#include <string.h>

#include "lib/ring/ring.h"

void ring_init(struct ring *ring)
{
	memset(ring, 0, sizeof(*ring));
}

void ring_open(struct ring_end *end, struct ring *ring, void *bytes, uint32_t size,
	       bool is_producer)
{
	*end = (struct ring_end){ring, bytes, size, 0, is_producer};
	end->own = atomic_load(is_producer ? &ring->head : &ring->tail);
}

// Bytes in the ring: what the peer claims, cut to what is possible. A producer that is lied to sees
// a full ring, a consumer sees a full one.
static uint32_t ring_used(const struct ring_end *end)
{
	struct ring *ring = end->ring;
	uint32_t used;

	if (end->is_producer)
		used = end->own - atomic_load_explicit(&ring->tail, memory_order_acquire);
	else
		used = atomic_load_explicit(&ring->head, memory_order_acquire) - end->own;
	return used < end->size ? used : end->size;
}

uint32_t ring_room(const struct ring_end *end)
{
	uint32_t used = ring_used(end);

	return end->is_producer ? end->size - used : used;
}

uint32_t ring_room_max(const struct ring_end *end, uint32_t limit)
{
	uint32_t room = ring_room(end);

	return room < limit ? room : limit;
}

bool ring_is_empty(const struct ring_end *end)
{
	return ring_used(end) == 0;
}

uint8_t *ring_piece(const struct ring_end *end, uint32_t offset, uint32_t *length)
{
	uint32_t at = (end->own + offset) & (end->size - 1);

	if (*length > end->size - at)
		*length = end->size - at;
	return end->bytes + at;
}

void ring_store(struct ring_end *end, uint32_t offset, const void *from, uint32_t length)
{
	uint32_t first = length;
	uint8_t *to = ring_piece(end, offset, &first);

	memcpy(to, from, first);
	memcpy(end->bytes, (const uint8_t *)from + first, length - first);
}

void ring_load(const struct ring_end *end, uint32_t offset, void *to, uint32_t length)
{
	uint32_t first = length;
	const uint8_t *from = ring_piece(end, offset, &first);

	memcpy(to, from, first);
	memcpy((uint8_t *)to + first, end->bytes, length - first);
}

void ring_advance(struct ring_end *end, uint32_t count)
{
	end->own += count;
	atomic_store_explicit(end->is_producer ? &end->ring->head : &end->ring->tail, end->own,
			      memory_order_release);
}

static void sleep_announce(struct ring_end *end)
{
	atomic_store(end->is_producer ? &end->ring->producer_sleeps : &end->ring->consumer_sleeps, 1);
	atomic_thread_fence(memory_order_seq_cst);
}

bool ring_sleep(struct ring_end *end, uint32_t needed)
{
	sleep_announce(end);
	return ring_room(end) < needed;
}

bool ring_sleep_drain(struct ring_end *end)
{
	sleep_announce(end);
	return !ring_is_empty(end);
}

bool ring_wake(struct ring_end *end)
{
	_Atomic uint32_t *sleeps =
		end->is_producer ? &end->ring->consumer_sleeps : &end->ring->producer_sleeps;

	atomic_thread_fence(memory_order_seq_cst);
	return atomic_load_explicit(sleeps, memory_order_relaxed) && atomic_exchange(sleeps, 0);
}
