// A part of kernel_check.h: no two objects overlap.
#ifndef TESTS_UNIT_KERNEL_CHECK_MEMORY_H
#define TESTS_UNIT_KERNEL_CHECK_MEMORY_H

// Take [from, to) for one user; nobody has it yet.
#undef INVARIANT
#define INVARIANT 4
static inline void check_take(uint64_t from, uint64_t to)
{
	for (uint64_t unit = from / 64; unit < to / 64;) {
		if (unit % 8 == 0 && to / 64 - unit >= 8) {
			CHECK(!check.is_taken[unit / 8]);
			check.is_taken[unit / 8] = 0xff;
			unit += 8;
			continue;
		}
		CHECK(!(check.is_taken[unit / 8] >> (unit % 8) & 1));
		check.is_taken[unit / 8] |= (uint8_t)(1u << (unit % 8));
		unit++;
	}
}

static inline uint64_t check_size(const struct object *object)
{
	switch (object->type) {
	case TYPE_CNODE:
		return BIT(object->bits + 6);
	case TYPE_VSPACE:
		return BIT(SIZE_BITS_VSPACE);
	case TYPE_THREAD:
		return BIT(SIZE_BITS_THREAD);
	case TYPE_SCHEDCONTEXT:
		return BIT(SIZE_BITS_SCHEDCONTEXT);
	case TYPE_ENDPOINT:
		return BIT(SIZE_BITS_ENDPOINT);
	case TYPE_REPLY:
		return BIT(SIZE_BITS_REPLY);
	case TYPE_NOTIFICATION:
		return BIT(SIZE_BITS_NOTIFICATION);
	default:
		return 0;
	}
}

// The block of a Frame is taken once, by the first of its capabilities.
static inline void check_take_frame(const struct slot *frame)
{
	const struct slot *parent = slot_find_parent((struct slot *)(uintptr_t)frame);
	uint64_t size = BIT(frame->size_bits);

	if ((frame->flags & SLOT_DEVICE) || !parent || parent->type != TYPE_UNTYPED)
		return;
	for (const struct slot *s = frame; !(s->flags & SLOT_FIRST);) {
		s = slot_at(s->prev);
		if (s->type == TYPE_FRAME && s->data == frame->data)
			return;
	}
	check_take(frame->data, frame->data + size);
}

static inline void check_memory(void)
{
	__builtin_memset(check.is_taken, 0, sizeof check.is_taken);
	for (unsigned i = 0; i < check.slots; i++) {
		const struct slot *s = check.slot[i];

		if (s->type == TYPE_UNTYPED && (s->flags & SLOT_POOL))
			check_take(s->object, s->object + BIT(s->size_bits));
		else if (s->type == TYPE_UNTYPED && !(s->flags & SLOT_DEVICE))
			check_take(s->object + s->data, s->object + BIT(s->size_bits));
		else if (s->type == TYPE_FRAME)
			check_take_frame(s);
	}
	for (unsigned i = 0; i < check.objects; i++) {
		uint64_t size = check_size(check.object[i]), at = arch_virt_to_phys(check.object[i]);

		check_take(align_down(at, size ? size : 64), size ? align_down(at, size) + size : 0);
	}
}

#endif
