// PCI devices, through configuration mechanism 1 (PCI Local Bus 3.0, section 3.2.2.3).
#include <string.h>

#include "abi/gen/stubs.h"
#include "servers/supervisor/machine.h"

#define PORT_ADDRESS 0xcf8
#define PORT_DATA 0xcfc

#define CONFIG_COMMAND 0x04
#define CONFIG_HEADER 0x0c
#define CONFIG_BAR 0x10
#define CONFIG_CAPABILITIES 0x34
#define COMMAND_MEMORY 2u
#define COMMAND_MASTER 4u
#define COMMAND_NO_LINE 0x400u
#define STATUS_CAPABILITIES 0x100000u

#define CAPABILITY_VENDOR 9
#define CAPABILITY_MSIX 17
#define MSIX_ENABLE 0x80000000u
#define MSIX_MASKED 0x40000000u

// Virtio 1.2, section 4.1.4.
#define VIRTIO_COMMON 1
#define VIRTIO_NOTIFY 2
#define VIRTIO_ISR 3
#define VIRTIO_DEVICE 4

static uint32_t config_read(uint32_t address, uint32_t at)
{
	uint64_t value = 0;

	(void)ioport_out(BOOT_SLOT_IOPORT, PORT_ADDRESS, 4, 0x80000000u | address << 8 | (at & 0xfc));
	(void)ioport_in(BOOT_SLOT_IOPORT, PORT_DATA, 4, &value);
	return (uint32_t)value;
}

static void config_write(uint32_t address, uint32_t at, uint32_t value)
{
	(void)ioport_out(BOOT_SLOT_IOPORT, PORT_ADDRESS, 4, 0x80000000u | address << 8 | (at & 0xfc));
	(void)ioport_out(BOOT_SLOT_IOPORT, PORT_DATA, 4, value);
}

// Only while the device's memory is off: its size is found by writing ones.
static struct machine_bar bar_read(uint32_t address, unsigned *number)
{
	uint32_t at = CONFIG_BAR + 4 * *number;
	uint32_t low = config_read(address, at);
	bool is_wide = (low & 6) == 4 && *number < 5;
	uint64_t base = low & ~15u, mask;

	if (low & 1)
		return (struct machine_bar){0};
	config_write(address, at, ~0u);
	mask = config_read(address, at) & ~15u;
	config_write(address, at, low);
	if (is_wide) {
		uint32_t high = config_read(address, at + 4);

		config_write(address, at + 4, ~0u);
		mask |= (uint64_t)config_read(address, at + 4) << 32;
		config_write(address, at + 4, high);
		base |= (uint64_t)high << 32;
		++*number;
	} else {
		mask |= mask ? 0xffffffffull << 32 : 0;
	}
	return (struct machine_bar){base, mask ? ~mask + 1 : 0};
}

static void bars_read(uint32_t address, struct machine_bar bars[6])
{
	memset(bars, 0, 6 * sizeof(*bars));
	for (unsigned i = 0; i < 6; i++) {
		unsigned number = i;
		struct machine_bar bar = bar_read(address, &number);

		bars[i] = bar;
		i = number;
	}
}

static void vendor_capability(uint32_t address, uint32_t at, struct pci_device *device)
{
	uint32_t type = config_read(address, at) >> 24;
	struct pci_part part = {
		.bar = config_read(address, at + 4) & 0xff,
		.offset = config_read(address, at + 8),
		.length = config_read(address, at + 12),
	};
	struct pci_part *const parts[] = {
		[VIRTIO_COMMON] = &device->common, [VIRTIO_NOTIFY] = &device->notify,
		[VIRTIO_ISR] = &device->isr, [VIRTIO_DEVICE] = &device->device_config,
	};

	if (type < VIRTIO_COMMON || type > VIRTIO_DEVICE || parts[type]->length)
		return;  // of several, the device prefers the first
	if (type == VIRTIO_NOTIFY)
		part.extra = config_read(address, at + 16);
	*parts[type] = part;
}

static void msix_capability(uint32_t address, uint32_t at, struct pci_device *device)
{
	uint32_t control = config_read(address, at);
	uint32_t table = config_read(address, at + 4);

	device->msix.bar = table & 7;
	device->msix.offset = table & ~7u;
	device->msix.extra = (control >> 16 & 0x7ff) + 1;
	device->msix.length = device->msix.extra * 16;
	config_write(address, at, (control | MSIX_ENABLE) & ~MSIX_MASKED);
}

static void capabilities_read(uint32_t address, struct pci_device *device)
{
	uint32_t at;

	if (!(config_read(address, CONFIG_COMMAND) & STATUS_CAPABILITIES))
		return;
	at = config_read(address, CONFIG_CAPABILITIES) & 0xfc;
	for (unsigned n = 0; at >= 0x40 && n < 48; n++) {
		uint32_t first = config_read(address, at);

		if ((first & 0xff) == CAPABILITY_VENDOR)
			vendor_capability(address, at, device);
		if ((first & 0xff) == CAPABILITY_MSIX)
			msix_capability(address, at, device);
		at = first >> 8 & 0xfc;
	}
}

static void device_enable(uint32_t address, struct pci_device *device, struct machine_bar bars[6])
{
	uint32_t command = config_read(address, CONFIG_COMMAND) & 0xffff;

	config_write(address, CONFIG_COMMAND, command & ~(COMMAND_MEMORY | COMMAND_MASTER));
	bars_read(address, bars);
	config_write(address, CONFIG_COMMAND,
		     command | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_NO_LINE);
	capabilities_read(address, device);
}

// The first function with that id on any bus; empty slots answer with all ones.
static bool function_find(uint32_t id, uint32_t *address)
{
	uint32_t wanted = id << 16 | id >> 16;
	uint32_t functions = 1;

	for (uint32_t a = 0; a < 0x10000; a++) {
		uint32_t value;

		if (a % 8 >= functions && a % 8)
			continue;
		value = config_read(a, 0);
		if (a % 8 == 0)
			functions = value == ~0u ? 0 : config_read(a, CONFIG_HEADER) >> 23 & 1 ? 8 : 1;
		*address = a;
		if (value == wanted)
			return true;
	}
	return false;
}

bool machine_pci_find(uint32_t id, struct pci_device *device, struct machine_bar bars[6])
{
	uint32_t address;

	if (!function_find(id, &address))
		return false;
	*device = (struct pci_device){
		.vendor = (uint16_t)(id >> 16),
		.device = (uint16_t)id,
		.address = (uint16_t)address,
	};
	device_enable(address, device, bars);
	return true;
}
