#include "lib/drv/console.h"

#include <errno.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "protocol/gen/console.h"

cap_t console_signal_make(uint64_t bits)
{
	cap_t cnode = component_get_cap("cnode");
	cap_t slot = slot_alloc();

	if (!slot || cnode_derive(cnode, slot, cnode, component_get_cap("notification"),
				  NOTIFICATION_SIGNAL, bits, 0))
		return 0;
	return slot;
}

bool console_init(struct console_service *service, void *memory, cap_t frame, uint64_t bits)
{
	service->memory = memory;
	service->frame = frame;
	service->wake = console_signal_make(bits);
	service->shared = slot_alloc();
	service->arriving = slot_alloc();
	msg_set_receive(service->arriving, 1);
	memset(memory, 0, PAGE_SIZE);  // the rings' heads
	return service->wake && service->shared && service->arriving;
}

void console_place_ring(struct console_service *service, unsigned number, struct ring_end *end,
			bool is_producer)
{
	const struct console_place *place = &console_places[number];
	struct ring *ring = (void *)(service->memory + place->head);

	ring_init(ring);
	ring_open(end, ring, service->memory + place->bytes, place->size, is_producer);
	service->rings[number] = end;
}

void console_wake(const struct console_service *service)
{
	if (service->consumer)
		(void)sys_signal(service->consumer);
}

// What a consumer left in the shared memory, put right for the next.
static void ring_adopt(struct ring_end *end, uint32_t flying)
{
	struct ring *ring = end->ring;

	if (end->is_producer) {
		atomic_store(&ring->head, end->own);
		if (end->own - atomic_load(&ring->tail) > end->size)
			atomic_store(&ring->tail, end->own);
	} else {
		atomic_store(&ring->tail, end->own);
		atomic_store(&ring->head, end->own + flying);
	}
}

static void consumer_remove(struct console_service *service)
{
	cap_t cnode = component_get_cap("cnode");

	(void)cnode_delete(cnode, service->shared, 1);  // and the mapping with it
	if (service->consumer) {
		(void)cnode_delete(cnode, service->consumer, 1);
		slot_free(service->consumer);
	}
	service->consumer = 0;
	for (unsigned i = 0; i < CONSOLE_RINGS; i++)
		ring_adopt(service->rings[i], service->flying ? service->flying(i) : 0);
}

// A capability that came with a message that is not for it would block the place.
static void stray_delete(const struct console_service *service, const struct msg *m)
{
	if (msg_get_cap(m, 0))
		(void)cnode_delete(component_get_cap("cnode"), service->arriving, 1);
}

// To signal a notification never waits; another thing would, perhaps for ever.
static bool is_notification(cap_t slot)
{
	uint64_t type = 0;

	return slot && !cnode_info(component_get_cap("cnode"), slot, &type, NULL, NULL, NULL) &&
	       type == TYPE_NOTIFICATION;
}

static void attach(struct console_service *service, struct msg *m)
{
	cap_t next = slot_alloc();
	uint64_t address = m->words[0];

	if (!is_notification(msg_get_cap(m, 0)) || !next) {
		slot_free(next);
		stray_delete(service, m);
		*m = (struct msg){.tag = TAG(0, 1), .words = {(uint64_t)-EINVAL}};
		return;
	}
	consumer_remove(service);
	service->consumer = service->arriving;
	service->arriving = next;
	msg_set_receive(next, 1);
	msg_set_cap(0, service->wake);
	sys_block()->items[0] = (struct abi_map_item){
		.source = service->frame,
		.dest = service->shared,
		.address = address,
		.count = CONSOLE_SIZE / PAGE_SIZE,
		.rights = FRAME_READ | FRAME_WRITE,
	};
	*m = (struct msg){.tag = TAG(0, 1) | TAG_CAPS(1) | TAG_ITEMS(1)};
	service->pump();
}

void console_serve(struct console_service *service, struct msg *m)
{
	if (tag_kind(m->tag) == KIND_MESSAGE && tag_label(m->tag) == CONSOLE_ATTACH) {
		attach(service, m);
		return;
	}
	stray_delete(service, m);
	*m = (struct msg){.tag = TAG(0, 1), .words = {(uint64_t)-ENOSYS}};
}
