// A walk over the program's buffers: one, or a vector in its memory.
#ifndef ENV_LINUX_SEGMENT_H
#define ENV_LINUX_SEGMENT_H

#include "env/linux/library.h"

struct segments {
	uint64_t vector;  // next entry in the program's memory
	uint64_t left;    // entries there; both 0: base and size are all, and a good range
	uint64_t base, size;
};

// The buffer in hand is the next one that is not empty. 0: there is one; 1: no more; -EFAULT.
int64_t segment_next(struct segments *s);

// Copy between the buffers and memory of the environment: bytes done.
uint64_t segments_copy(struct segments *s, char *memory, uint64_t size, bool is_write);

// Look at a vector as Linux does before it moves anything: total bytes, cut at IO_MAX, or -errno.
int64_t vector_size(uint64_t vector, uint64_t count);
// Reading consumes: what cannot be written is found before the server is asked. 0 or -EFAULT.
int64_t segments_probe(struct segments s, uint64_t size);
void segments_advance(struct segments *s, uint64_t size);

// The same as segments_copy, quicker where there is one buffer.
static inline uint64_t segments_copy_piece(struct segments *s, char *memory, uint64_t size, bool is_write)
{
	void *base = (void *)s->base;
	uint64_t not;

	if (s->vector || s->left || size > s->size)
		return segments_copy(s, memory, size, is_write);
	not = is_write ? ucopy_bytes(memory, base, size)
		       : ucopy_bytes(base, memory, size);
	s->base += size - not;
	s->size -= size - not;
	return size - not;
}

// device.c: the devices that the library is itself; `io`: IO_DEVICE...
static inline bool is_device(uint8_t io) { return io >= IO_DEVICE && io < IO_DEVICE_END; }
int64_t device_read(uint8_t io, uint64_t buffer, uint64_t size);  // of a good range
int64_t device_write(uint8_t io, uint64_t size);
int64_t device_move(uint8_t io, struct segments *s, uint64_t size, bool is_write);

#endif
