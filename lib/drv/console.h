// The driver's side of the console class (protocol/console.def): the rings, which a consumer maps, and
// who that consumer is. A driver moves bytes between the rings and its device.
#ifndef LIB_DRV_CONSOLE_H
#define LIB_DRV_CONSOLE_H

#include "lib/ring/ring.h"
#include "lib/sys/msg.h"
#include "protocol/console.h"

struct console_service {
	uint8_t *memory;        // CONSOLE_SIZE bytes and what the driver keeps behind them
	cap_t frame, shared;    // over it, and the part that the consumer has mapped
	cap_t wake;             // what the consumer signals
	cap_t consumer, arriving;  // notification of the consumer; where the next one arrives
	struct ring_end *rings[CONSOLE_RINGS];
	// Bytes of a ring that the device has and has not given back; null: never any.
	uint32_t (*flying)(unsigned ring);
	void (*pump)(void);     // called when there is a new consumer
};

// Make the heads of the rings new. `bits` is what the driver's notification gets when the consumer
// signals. False: no slots.
bool console_init(struct console_service *service, void *memory, cap_t frame, uint64_t bits);

void console_place_ring(struct console_service *service, unsigned number, struct ring_end *end,
			bool is_producer);

// Tell the consumer, if there is one, that a ring has changed.
void console_wake(const struct console_service *service);

// Answer a message: the class's own, or -ENOSYS; *m becomes the reply.
void console_serve(struct console_service *service, struct msg *m);

// A capability of the driver's own notification (component "notification") with these bits; 0: none.
cap_t console_signal_make(uint64_t bits);

#endif
