// A ring of bytes in shared memory, with one producer and one consumer that need not trust each other.
//
// Each side keeps its own index to itself and only publishes it. The other side's index is read and
// clamped, so a hostile peer can spoil the bytes and stop the flow, but never make this side touch
// memory beyond the ring.
//
// Sleeping. A side that finds nothing to do calls ring_sleep: it announces that it wants to be woken
// and looks once more. A side that has moved its index calls ring_wake: true means that the peer
// announced a sleep, and has to be signalled. Announcing and looking, and moving and asking, are each
// separated by a full fence: one of the two sides sees the other, and no wake-up is lost.
#ifndef LIB_RING_RING_H
#define LIB_RING_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

// The shared part. What one side writes has a cache line of its own.
struct ring {
	_Atomic uint32_t head;  // bytes ever produced
	_Atomic uint32_t producer_sleeps;
	uint32_t pad0[14];
	_Atomic uint32_t tail;  // bytes ever consumed
	_Atomic uint32_t consumer_sleeps;
	uint32_t pad1[14];
};
_Static_assert(sizeof(struct ring) == 128, "two cache lines");

// One side's view.
struct ring_end {
	struct ring *ring;
	uint8_t *bytes;
	uint32_t size;      // a power of two
	uint32_t own;       // head for the producer, tail for the consumer
	bool is_producer;
};

// Make the shared part new. Before either side uses it.
void ring_init(struct ring *ring);

// A view that continues where the ring says that this side is.
void ring_open(struct ring_end *end, struct ring *ring, void *bytes, uint32_t size,
	       bool is_producer);

// Producer: bytes that can be put. Consumer: bytes that can be taken.
uint32_t ring_room(const struct ring_end *end);

// The same, at most `limit`: one look, so that what the peer does meanwhile cannot make it more.
uint32_t ring_room_max(const struct ring_end *end, uint32_t limit);

// All put was taken, as far as the producer can see; the consumer: nothing is there.
bool ring_is_empty(const struct ring_end *end);

// The longest piece from `offset` bytes beyond the own index that does not wrap.
uint8_t *ring_piece(const struct ring_end *end, uint32_t offset, uint32_t *length);

// Copy in or out, at `offset` bytes beyond the own index, without publishing. The caller has looked
// at ring_room.
void ring_store(struct ring_end *end, uint32_t offset, const void *from, uint32_t length);
void ring_load(const struct ring_end *end, uint32_t offset, void *to, uint32_t length);

// Publish that `count` bytes were put or taken.
void ring_advance(struct ring_end *end, uint32_t count);

// Announce a sleep. False: `needed` bytes can be put or taken by now, do not sleep.
bool ring_sleep(struct ring_end *end, uint32_t needed);

// As ring_sleep, for a producer that waits until everything is taken.
bool ring_sleep_drain(struct ring_end *end);

// After ring_advance: true when the peer has to be signalled.
bool ring_wake(struct ring_end *end);

#endif
