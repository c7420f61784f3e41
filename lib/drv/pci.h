// What the supervisor tells a driver about its PCI device: region "pci". Base address register n, as
// far as it is memory, is the region "bar0" to "bar5". The configuration space stays the supervisor's.
#ifndef LIB_DRV_PCI_H
#define LIB_DRV_PCI_H

#include <stdint.h>

// A part of a BAR that a capability in the configuration space points to; length 0: absent.
struct pci_part {
	uint32_t bar;
	uint32_t offset;
	uint32_t length;
	uint32_t extra;  // virtio notify: the multiplier; MSI-X: entries of the table
};

struct pci_device {
	uint16_t vendor, device;
	uint16_t address;  // bus << 8 | device << 3 | function
	uint16_t reserved;
	struct pci_part msix;  // the table; the driver writes it, the supervisor has enabled MSI-X
	struct pci_part common, notify, isr, device_config;  // of virtio 1.x, section 4.1.4
};

#endif
