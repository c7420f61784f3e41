// Armings: threads that want to be signalled once a handle would not wait (file_arm).
//
// An arming is known by the token of its thread's window, but stays when the window is taken back for
// another thread: its own may still sleep. The notification was checked when it came: to signal one
// never waits. It vanishes from its slot with the program that it belongs to.
#include <errno.h>
#include <poll.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "servers/terminal/terminal.h"

#define ARMING_MAX 128

static struct {
	const struct handle *handle;  // null: free
	uint64_t token;
	uint64_t events;
	cap_t notification;
} armings[ARMING_MAX];

static unsigned count;
static cap_t receive;

static uint64_t slot_type(cap_t slot)
{
	uint64_t type = 0;

	return cnode_info(component_find_cap("cnode", NULL), slot, &type, NULL, NULL, NULL) ? 0 : type;
}

static void slot_empty(cap_t slot) { (void)cnode_delete(component_find_cap("cnode", NULL), slot, 1); }

void arming_receive(void)
{
	if (!receive)
		receive = slot_alloc();
	msg_set_receive(receive, receive ? 1 : 0);
}

void arming_arrived_drop(cap_t arrived)
{
	if (arrived && arrived == receive)
		slot_empty(receive);
}

static void arming_free(unsigned i)
{
	slot_empty(armings[i].notification);
	slot_free(armings[i].notification);
	armings[i].handle = NULL;
	count--;
}

// Whose programs are gone.
static void sweep(void)
{
	for (unsigned i = 0; i < ARMING_MAX; i++)
		if (armings[i].handle && slot_type(armings[i].notification) != TYPE_NOTIFICATION)
			arming_free(i);
}

static int free_find(void)
{
	for (unsigned i = 0; i < ARMING_MAX; i++)
		if (!armings[i].handle)
			return (int)i;
	return -1;
}

void arming_clear(const struct handle *h, uint64_t token)
{
	for (unsigned i = 0; count && i < ARMING_MAX; i++)
		if (armings[i].handle && (!h || armings[i].handle == h) &&
		    (!token || armings[i].token == token))
			arming_free(i);
}

static int64_t arming_set(const struct handle *h, uint64_t token, uint64_t events, cap_t arrived)
{
	int i = free_find();

	if (!arrived || arrived != receive || slot_type(arrived) != TYPE_NOTIFICATION)
		return -EINVAL;
	if (i < 0) {
		sweep();
		i = free_find();
	}
	if (i < 0)
		return -ENOSPC;

	cap_t next = slot_alloc();

	if (!next)
		return -ENOMEM;
	armings[i].handle = h;
	armings[i].token = token;
	armings[i].events = events;
	armings[i].notification = arrived;
	count++;
	receive = next;
	arming_receive();
	return 0;
}

void arming_handle(const struct handle *h, struct msg *m, cap_t arrived)
{
	uint64_t token = m->words[0], events = m->words[1];
	int64_t result;

	if (!window_find(token)) {
		result_set(m, -EFAULT);
		return;
	}
	arming_clear(h, token);
	result = events ? poll_bits(h, events) : 0;
	if (!result && events)
		result = arming_set(h, token, events, arrived);
	result_set(m, result);
}

// Nothing may be lost between a look and the driver's next signal: so who waits for room says so
// before it looks. (For input this server always does.)
static bool is_ready(const struct handle *h, uint64_t events)
{
	if (events & (POLLOUT | POLLWRNORM))
		stream_room_want(handle_stream(h));
	return poll_bits(h, events) != 0;
}

void arming_pump(void)
{
	for (unsigned i = 0; count && i < ARMING_MAX; i++) {
		if (!armings[i].handle || !is_ready(armings[i].handle, armings[i].events))
			continue;
		(void)sys_signal(armings[i].notification);
		arming_free(i);
	}
}
