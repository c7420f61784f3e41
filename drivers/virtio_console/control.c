#include <string.h>

#include "abi/control.h"
#include "drivers/virtio_console/control.h"
#include "lib/rt/component.h"

#define EVENT_DEVICE_READY 0
#define EVENT_PORT_ADD 1
#define EVENT_PORT_READY 3
#define EVENT_PORT_OPEN 6
#define EVENT_PORT_NAME 7

#define IN_BYTES 96   // of a buffer for messages from the device: 8 and a name
#define OUT_BYTES 8
#define OUT_AT 1536   // buffers to the device, behind those from it
_Static_assert(IN_BYTES * VIRTIO_QUEUE_MAX <= OUT_AT, "buffers fit");
_Static_assert(OUT_AT + OUT_BYTES * VIRTIO_QUEUE_MAX <= CONTROL_MEMORY, "buffers fit");

struct message {
	uint32_t port;
	uint16_t event;
	uint16_t value;
};
_Static_assert(sizeof(struct message) == OUT_BYTES, "section 5.3.6.1");

static const char *const names[] = {
	NULL, CONTROL_NAME_IN, CONTROL_NAME_OUT, CONTROL_NAME_ERR, CONTROL_NAME_CONTROL,
};

static void message_queue(struct control *c, uint32_t port, uint16_t event)
{
	struct message message = {port, event, 1};

	if ((uint16_t)(c->next - c->first) == 64) {
		rt_log("the device asks for more than can be answered");
		return;
	}
	memcpy(&c->waiting[c->next++ % 64], &message, sizeof(message));
}

static void message_send(struct control *c)
{
	uint32_t id, written;

	while (virtio_queue_take(&c->out, &id, &written))
		if (id < c->out.size)
			c->busy[id] = false;
	for (uint16_t i = 0; i < c->out.size && c->first != c->next; i++) {
		uint32_t at = OUT_AT + i * (uint32_t)OUT_BYTES;

		if (c->busy[i])
			continue;
		c->busy[i] = true;
		memcpy(c->memory + at, &c->waiting[c->first++ % 64], OUT_BYTES);
		virtio_queue_add(&c->out, i, c->physical + at, OUT_BYTES, false);
	}
	virtio_queue_notify(&c->out);
}

// QEMU sends a port's name as it is given; the ports are meant to be found by number as well.
static void name_check(uint32_t port, const char *name, uint32_t length)
{
	size_t expected = strlen(names[port]);

	if (length < expected || memcmp(name, names[port], expected) ||
	    (length > expected && name[expected]))
		rt_log("port %u is not named %s", (unsigned)port, names[port]);
}

static void message_handle(struct control *c, const uint8_t *buffer, uint32_t length)
{
	struct message message;

	if (length < sizeof(message))
		return;
	memcpy(&message, buffer, sizeof(message));
	if (message.event == EVENT_PORT_ADD) {
		bool is_ours = message.port >= CONTROL_PORT_IN && message.port <= CONTROL_PORT_CONTROL;

		message_queue(c, message.port, EVENT_PORT_READY);
		if (is_ours)
			message_queue(c, message.port, EVENT_PORT_OPEN);
	}
	if (message.event == EVENT_PORT_NAME && message.port >= CONTROL_PORT_IN &&
	    message.port <= CONTROL_PORT_CONTROL)
		name_check(message.port, (const char *)buffer + 8, length - 8);
}

static void buffer_post(struct control *c, uint32_t i)
{
	virtio_queue_add(&c->in, (uint16_t)i, c->physical + i * IN_BYTES, IN_BYTES, true);
}

void control_start(struct control *c)
{
	for (uint32_t i = 0; i < c->in.size; i++)
		buffer_post(c, i);
	virtio_queue_notify(&c->in);
	message_queue(c, 0, EVENT_DEVICE_READY);
	message_send(c);
}

void control_pump(struct control *c)
{
	uint32_t id, written;

	while (virtio_queue_take(&c->in, &id, &written)) {
		if (id >= c->in.size)
			continue;
		message_handle(c, c->memory + id * IN_BYTES, written < IN_BYTES ? written : IN_BYTES);
		buffer_post(c, id);
	}
	virtio_queue_notify(&c->in);
	message_send(c);
}
