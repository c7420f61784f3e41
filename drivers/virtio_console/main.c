// The virtio console with the machine's four ports (abi/control.h), as a device of the console class
// (protocol/console.def).
//
// The region "dma" holds the rings, which the consumer maps too, and behind them the virtqueues and
// buffers, which it does not. Nothing here waits for the consumer: what it does not take stays where
// it is, and the device stops.
#include <string.h>

#include "abi/control.h"
#include "abi/gen/stubs.h"
#include "drivers/virtio_console/control.h"
#include "drivers/virtio_console/port.h"
#include "lib/drv/console.h"
#include "lib/drv/mmio.h"
#include "lib/msg/server.h"
#include "lib/rt/component.h"
#include "lib/rt/rt.h"

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
	struct console_service service;
	uint8_t *memory;
	uint64_t physical;
	cap_t interrupt;
	uint16_t queues;
} console;

static _Noreturn void give_up(const char *why)
{
	rt_log("%s", why);
	rt_exit(1);
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
	console_place_ring(&console.service, ring, &output->ring, false);
	output->physical = console.physical + console_places[ring].bytes;
	queue_place(&output->queue, (uint16_t)(2 * port + 3));
}

static void input_place(struct input *input, uint16_t port, unsigned ring, uint32_t at)
{
	console_place_ring(&console.service, ring, &input->ring, true);
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
	if (!console_init(&console.service, console.memory, dma->frame, SIGNAL_CONSUMER))
		give_up("no slots");
	if (frame_info(dma->frame, NULL, NULL, &console.physical) || !console.physical)
		give_up("the physical address of dma is not known");
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

static void interrupt_take(void)
{
	console.interrupt = component_get_cap("irq");
	if (thread_bind(component_get_cap("thread"), component_get_cap("notification")) ||
	    interrupt_bind(console.interrupt, console_signal_make(SIGNAL_DEVICE)))
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
	if (wake)
		console_wake(&console.service);
}

static uint32_t flying(unsigned ring)
{
	const struct output *const outputs[CONSOLE_RINGS] = {
		[CONSOLE_OUT] = &console.out, [CONSOLE_ERR] = &console.err,
		[CONSOLE_CONTROL_OUT] = &console.frames_out,
	};

	return outputs[ring] ? outputs[ring]->flying : 0;
}

static void handle(struct server *server, struct msg *m)
{
	(void)server;
	if (tag_kind(m->tag) == KIND_NOTIFICATION) {
		if (m->badge & SIGNAL_DEVICE)
			(void)interrupt_ack(console.interrupt);
		pump();
	} else {
		console_serve(&console.service, m);
	}
}

int main(void)
{
	struct server server;
	uint32_t count;
	cap_t replies = component_find_cap("replies", &count);

	memory_init();
	console.service.flying = flying;
	console.service.pump = pump;
	interrupt_take();
	device_init();
	if (!server_make(&server, component_get_cap("endpoint"), replies, count))
		return 1;
	server_run(&server, handle);
}
