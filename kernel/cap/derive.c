#include "cap/derive.h"

#include "cap/slot.h"
#include "cap/watch.h"

static err_t fail(err_t err, unsigned *wrong, uint64_t *limit, unsigned which, uint64_t value)
{
	*wrong = which;
	*limit = value;
	return err;
}

static bool can_derive(const struct slot *source)
{
	return source->type != TYPE_NONE && source->type != TYPE_UNTYPED && source->type != TYPE_REPLY;
}

// Narrow a window of `size` to `count` from `first` on (count 0: to its end).
static err_t narrow(uint64_t size, uint64_t first, uint64_t *count, unsigned *wrong, uint64_t *limit)
{
	if (first >= size)
		return fail(ERR_RANGE, wrong, limit, 2, size);
	if (*count == 0)
		*count = size - first;
	if (*count > size - first)
		return fail(ERR_RANGE, wrong, limit, 3, size - first);
	return OK;
}

static err_t derive_window(const struct slot *source, uint64_t first, uint64_t count, struct slot *made,
			   unsigned *wrong, uint64_t *limit)
{
	bool is_frame = source->type == TYPE_FRAME;
	err_t err = narrow(is_frame ? source->count : source->data, first, &count, wrong, limit);

	if (err)
		return err;
	if (is_frame) {
		made->object = source->object + first;
		made->count = (uint32_t)count;
	} else if (source->type == TYPE_CNODE) {
		made->count = source->count + (uint32_t)first;
		made->data = count;
		made->address = source->address + first * sizeof(struct slot);
	} else {
		made->object = source->object + first;
		made->data = count;
	}
	return OK;
}

static err_t derive_badge(const struct slot *source, uint64_t badge, struct slot *made, unsigned *wrong,
			  uint64_t *limit)
{
	if (badge && source->data)
		return fail(ERR_ARGUMENT, wrong, limit, 2, source->data);
	if (badge)
		made->data = badge;
	return OK;
}

err_t derive_check(struct slot *source, unsigned rights, uint64_t data, uint64_t count,
		   struct derivation *out, unsigned *wrong, uint64_t *limit)
{
	if (!can_derive(source))
		return fail(ERR_CAP_TYPE, wrong, limit, 0, 0);
	struct slot *made = &out->made;

	out->source = source;
	*made = *source;
	made->flags = source->flags & SLOT_DEVICE;
	made->rights = (uint8_t)(source->rights & rights);
	if (source->type == TYPE_ENDPOINT && (source->rights & ENDPOINT_WATCH) && source->data)
		made->rights &= (uint8_t)~ENDPOINT_WATCH;
	if (!slot_has_fixed_address(source))
		made->address = 0;
	made->vspace = made->map_pages = 0;
	made->list_prev = made->list_next = 0;
	switch (source->type) {
	case TYPE_FRAME:
	case TYPE_CNODE:
	case TYPE_IOPORT:
		return derive_window(source, data, count, made, wrong, limit);
	case TYPE_ENDPOINT:
	case TYPE_NOTIFICATION:
		return derive_badge(source, data, made, wrong, limit);
	default:
		return OK;
	}
}

err_t derive_check_whole(struct slot *source, struct derivation *out)
{
	unsigned wrong;
	uint64_t limit;

	return derive_check(source, 0xff, 0, 0, out, &wrong, &limit);
}

void derive_commit(const struct derivation *derivation, struct slot *dest)
{
	struct slot *source = derivation->source;

	*dest = derivation->made;
	slot_add_child(source, dest);
	if (source->type == TYPE_ENDPOINT) {
		source->address++;
		watch_remove(source);
	}
}

bool copy_is_possible(const struct slot *source)
{
	if (source->type == TYPE_ENDPOINT && (source->rights & ENDPOINT_WATCH) && source->data)
		return false;
	return can_derive(source);
}

void copy_commit(struct slot *source, struct slot *dest)
{
	*dest = *source;
	dest->flags = source->flags & SLOT_DEVICE;
	if (!slot_has_fixed_address(source))
		dest->address = 0;
	dest->vspace = dest->map_pages = 0;
	dest->list_prev = dest->list_next = 0;
	slot_add_sibling(source, dest);
}
