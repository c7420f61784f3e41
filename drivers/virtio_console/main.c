// The virtio console with the machine's four ports (abi/control.h), as a device of the console class
// (protocol/console.def).
//
// The region "dma" holds the rings, which the consumer maps too, and behind them the virtqueues and
// buffers, which it does not. Nothing here waits for the consumer: what it does not take stays where
// it is, and the device stops.
#include <errno.h>
#include <string.h>

#include "abi/control.h"
#include "abi/gen/stubs.h"
#include "drivers/virtio_console/control.h"
#include "drivers/virtio_console/port.h"
#include "lib/drv/mmio.h"
#include "lib/msg/server.h"
#include "lib/rt/component.h"
#include "lib/rt/rt.h"
#include "protocol/console.h"
#include "protocol/gen/console.h"

#define FEATURE_MULTIPORT (1ull << 1)  // section 5.3.3
#define CONFIG_MAX_PORTS 4             // section 5.3.4

#define SIGNAL_DEVICE 1
#define SIGNAL_CONSUMER 2

// The private part of the region.
#define AT_QUEUES CONSOLE_SIZE
#define AT_CONTROL (CONSOLE_SIZE + 0x2000u)
#define AT_INPUT (CONSOLE_SIZE + 0x4000u)
#define INPUT_BYTES 4096u
#define INPUT_COUNT 8
#define AT_FRAMES (AT_INPUT + INPUT_COUNT * INPUT_BYTES)
#define FRAMES_BYTES 2048u
#define FRAMES_COUNT 4
#define DMA_SIZE (AT_FRAMES + FRAMES_COUNT * FRAMES_BYTES)

static struct {
	struct virtio device;
	struct control control;
	struct input in, frames_in;
	struct output out, err, frames_out;
	uint8_t *memory;
	uint64_t physical;
	cap_t frame, shared;          // the region, and the part that the consumer has mapped
	cap_t interrupt, wake;        // wake: what the consumer signals
	cap_t consumer, arriving;     // notification of the consumer; where the next one arrives
	uint16_t queues;
} console;

static _Noreturn void give_up(const char *why)
{
	rt_log("%s", why);
	rt_exit(1);
}

static void ring_place(struct ring_end *end, unsigned number, bool is_producer)
{
	const struct console_place *place = &console_places[number];
	struct ring *ring = (void *)(console.memory + place->head);

	ring_init(ring);
	ring_open(end, ring, console.memory + place->bytes, place->size, is_producer);
}

static void queue_place(struct virtio_queue *queue, uint16_t number)
{
	uint32_t at = AT_QUEUES + console.queues++ * (uint32_t)VIRTIO_QUEUE_BYTES;

	if (!virtio_queue_make(&console.device, queue, number, console.memory + at,
			       console.physical + at))
		give_up("the device lacks a queue");
}

// Queues of port n: 2n + 2 to the guest, 2n + 3 to the host (section 5.3.2; port 0 has 0 and 1).
static void output_place(struct output *output, uint16_t port, unsigned ring)
{
	ring_place(&output->ring, ring, false);
	output->physical = console.physical + console_places[ring].bytes;
	queue_place(&output->queue, (uint16_t)(2 * port + 3));
}

static void input_place(struct input *input, uint16_t port, unsigned ring, uint32_t at)
{
	ring_place(&input->ring, ring, true);
	input->buffers = console.memory + at;
	input->physical = console.physical + at;
	queue_place(&input->queue, (uint16_t)(2 * port + 2));
}

static void memory_init(void)
{
	const struct component_region *dma = component_find_region("dma");

	if (!dma || dma->size < DMA_SIZE)
		give_up("no region named dma, or too small");
	console.memory = (uint8_t *)(uintptr_t)dma->address;
	console.frame = dma->frame;
	if (frame_info(dma->frame, NULL, NULL, &console.physical) || !console.physical)
		give_up("the physical address of dma is not known");
	memset(console.memory, 0, PAGE_SIZE);  // the rings' heads
	memset(console.memory + AT_QUEUES, 0, AT_INPUT - AT_QUEUES);
}

// Vector 0 of the MSI-X table (PCI Local Bus 3.0, section 6.8.2) is for all queues.
static void interrupt_init(const struct pci_device *pci)
{
	static const char *const bars[] = {"bar0", "bar1", "bar2", "bar3", "bar4", "bar5"};
	const struct component_region *bar =
		pci->msix.bar < 6 ? component_find_region(bars[pci->msix.bar]) : NULL;
	volatile uint8_t *entry;
	uint64_t address, data;

	if (!bar || !pci->msix.extra || bar->size < 16 || pci->msix.offset > bar->size - 16)
		give_up("the device has no MSI-X table");
	if (interrupt_info(console.interrupt, &address, &data))
		give_up("no interrupt");
	entry = (volatile uint8_t *)(uintptr_t)(bar->address + pci->msix.offset);
	mmio_write32(entry, (uint32_t)address);
	mmio_write32(entry + 4, (uint32_t)(address >> 32));
	mmio_write32(entry + 8, (uint32_t)data);
	mmio_write32(entry + 12, 0);  // not masked
}

static cap_t signal_make(uint64_t bits)
{
	cap_t cnode = component_get_cap("cnode");
	cap_t slot = slot_alloc();

	if (!slot || cnode_derive(cnode, slot, cnode, component_get_cap("notification"),
				  NOTIFICATION_SIGNAL, bits, 0))
		give_up("no notification");
	return slot;
}

static void capabilities_init(void)
{
	console.interrupt = component_get_cap("irq");
	console.wake = signal_make(SIGNAL_CONSUMER);
	console.shared = slot_alloc();
	console.arriving = slot_alloc();
	msg_set_receive(console.arriving, 1);
	if (thread_bind(component_get_cap("thread"), component_get_cap("notification")) ||
	    interrupt_bind(console.interrupt, signal_make(SIGNAL_DEVICE)))
		give_up("no interrupt");
}

static void queues_init(void)
{
	console.in.count = INPUT_COUNT;
	console.in.buffer_bytes = INPUT_BYTES;
	console.frames_in.count = FRAMES_COUNT;
	console.frames_in.buffer_bytes = FRAMES_BYTES;
	console.control.memory = console.memory + AT_CONTROL;
	console.control.physical = console.physical + AT_CONTROL;
	queue_place(&console.control.in, CONTROL_QUEUE_IN);
	queue_place(&console.control.out, CONTROL_QUEUE_OUT);
	input_place(&console.in, CONTROL_PORT_IN, CONSOLE_IN, AT_INPUT);
	output_place(&console.out, CONTROL_PORT_OUT, CONSOLE_OUT);
	output_place(&console.err, CONTROL_PORT_ERR, CONSOLE_ERR);
	input_place(&console.frames_in, CONTROL_PORT_CONTROL, CONSOLE_CONTROL_IN, AT_FRAMES);
	output_place(&console.frames_out, CONTROL_PORT_CONTROL, CONSOLE_CONTROL_OUT);
}

static void device_init(void)
{
	const struct component_region *region = component_find_region("pci");
	const struct pci_device *pci;
	const char *missing;
	uint64_t features;

	if (!region || region->size < sizeof(*pci))
		give_up("no region named pci");
	pci = (const struct pci_device *)(uintptr_t)region->address;
	if (!virtio_find(&console.device, pci, &missing)) {
		rt_log("the device has no %s", missing);
		rt_exit(1);
	}
	interrupt_init(pci);
	if (!virtio_start(&console.device, FEATURE_MULTIPORT, &features) ||
	    !(features & FEATURE_MULTIPORT))
		give_up("the device does not know virtio 1 or several ports");
	if (console.device.config_bytes < 8 ||
	    mmio_read32(console.device.config + CONFIG_MAX_PORTS) <= CONTROL_PORT_CONTROL)
		give_up("the device has too few ports");
	queues_init();
	virtio_ready(&console.device);
	(void)interrupt_ack(console.interrupt);
	input_fill(&console.in);
	input_fill(&console.frames_in);
	control_start(&console.control);
}

static void pump(void)
{
	bool wake = false;

	control_pump(&console.control);
	wake |= output_pump(&console.out);
	wake |= output_pump(&console.err);
	wake |= output_pump(&console.frames_out);
	wake |= input_pump(&console.in);
	wake |= input_pump(&console.frames_in);
	if (wake && console.consumer)
		(void)sys_signal(console.consumer);
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

static void consumer_remove(void)
{
	cap_t cnode = component_get_cap("cnode");

	(void)cnode_delete(cnode, console.shared, 1);  // and the mapping with it
	if (console.consumer) {
		(void)cnode_delete(cnode, console.consumer, 1);
		slot_free(console.consumer);
	}
	console.consumer = 0;
	ring_adopt(&console.in.ring, 0);
	ring_adopt(&console.frames_in.ring, 0);
	ring_adopt(&console.out.ring, console.out.flying);
	ring_adopt(&console.err.ring, console.err.flying);
	ring_adopt(&console.frames_out.ring, console.frames_out.flying);
}

// A capability that came with a message that is not for it would block the place.
static void stray_delete(const struct msg *m)
{
	if (msg_get_cap(m, 0))
		(void)cnode_delete(component_get_cap("cnode"), console.arriving, 1);
}

// To signal a notification never waits; another thing would, perhaps for ever.
static bool is_notification(cap_t slot)
{
	uint64_t type = 0;

	return slot && !cnode_info(component_get_cap("cnode"), slot, &type, NULL, NULL, NULL) &&
	       type == TYPE_NOTIFICATION;
}

static void attach(struct msg *m)
{
	cap_t next = slot_alloc();
	uint64_t address = m->words[0];

	if (!is_notification(msg_get_cap(m, 0)) || !next) {
		slot_free(next);
		stray_delete(m);
		*m = (struct msg){.tag = TAG(0, 1), .words = {(uint64_t)-EINVAL}};
		return;
	}
	consumer_remove();
	console.consumer = console.arriving;
	console.arriving = next;
	msg_set_receive(next, 1);
	msg_set_cap(0, console.wake);
	sys_block()->items[0] = (struct abi_map_item){
		.source = console.frame,
		.dest = console.shared,
		.address = address,
		.count = CONSOLE_SIZE / PAGE_SIZE,
		.rights = FRAME_READ | FRAME_WRITE,
	};
	*m = (struct msg){.tag = TAG(0, 1) | TAG_CAPS(1) | TAG_ITEMS(1)};
	pump();
}

static void handle(struct server *server, struct msg *m)
{
	(void)server;
	if (tag_kind(m->tag) == KIND_NOTIFICATION) {
		if (m->badge & SIGNAL_DEVICE)
			(void)interrupt_ack(console.interrupt);
		pump();
	} else if (tag_kind(m->tag) == KIND_MESSAGE && tag_label(m->tag) == CONSOLE_ATTACH) {
		attach(m);
	} else {
		stray_delete(m);
		*m = (struct msg){.tag = TAG(0, 1), .words = {(uint64_t)-ENOSYS}};
	}
}

int main(void)
{
	struct server server;
	uint32_t count;
	cap_t replies = component_find_cap("replies", &count);

	memory_init();
	capabilities_init();
	device_init();
	if (!server_make(&server, component_get_cap("endpoint"), replies, count))
		return 1;
	server_run(&server, handle);
}
