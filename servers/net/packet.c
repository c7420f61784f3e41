// Packets: a message, or a piece of a stream; and the queues that they wait in.
//
// Memory of small ones is kept for the next. What a message counts for is like Linux's count: the data
// and a fixed amount for the rest, in steps.
#include <stdlib.h>

#include "servers/net/socket.h"

#define SMALL 256u
#define SPARE_MAX 64u

static struct packet *spare;
static uint32_t spare_count;

uint32_t packet_charge(uint32_t size) { return (size + 320 + 255) / 256 * 256 + 256; }

static struct packet *memory_get(uint32_t size)
{
	struct packet *packet = spare;

	if (size > SMALL)
		return malloc(sizeof(*packet) + size);
	if (!packet)
		return malloc(sizeof(*packet) + SMALL);
	spare = packet->next;
	spare_count--;
	return packet;
}

static void memory_put(struct packet *packet)
{
	if (packet->room > SMALL || spare_count >= SPARE_MAX) {
		free(packet);
		return;
	}
	packet->next = spare;
	spare = packet;
	spare_count++;
}

struct packet *packet_make(struct socket *owner, uint32_t size)
{
	uint32_t charge = packet_charge(size);
	struct packet *packet;

	if (!user_bytes_add(owner->user, charge))
		return NULL;
	packet = memory_get(size);
	if (!packet) {
		user_bytes_remove(owner->user, charge);
		return NULL;
	}
	packet->next = NULL;
	packet->owner = owner;
	packet->user = owner->user;
	packet->rights = NULL;
	packet->has_cred = false;
	packet->references = 1;
	packet->size = size;
	packet->offset = 0;
	packet->charge = charge;
	packet->room = size > SMALL ? size : SMALL;
	socket_hold(owner);
	owner->charge += charge;
	return packet;
}

void packet_put(struct packet *packet)
{
	struct socket *owner = packet->owner;

	if (--packet->references)
		return;
	if (packet->rights)
		rights_free(packet->rights);
	user_bytes_remove(packet->user, packet->charge);
	owner->charge -= packet->charge;
	if (owner->is_open && (owner->write_queue || owner->armings))
		socket_changed(owner);
	memory_put(packet);
	socket_put(owner);
}

void queue_append(struct socket *to, struct packet *packet)
{
	packet->next = NULL;
	if (to->first)
		to->last->next = packet;
	else
		to->first = packet;
	to->last = packet;
	to->packet_count++;
	to->byte_count += packet->size;
	socket_changed(to);
}

struct packet *queue_take(struct socket *s)
{
	struct packet *packet = s->first;

	s->first = packet->next;
	s->packet_count--;
	s->byte_count -= packet->size - packet->offset;
	if (s->type == SOCK_DGRAM && s->packet_count == s->backlog)
		socket_room_changed(s);
	return packet;
}

void queue_purge(struct socket *s)
{
	while (s->first)
		packet_put(queue_take(s));
}
