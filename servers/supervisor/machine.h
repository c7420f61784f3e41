// What the supervisor does with the PC itself: the serial port when nobody else writes to it, the
// battery clock, power, and PCI devices.
#ifndef SERVERS_SUPERVISOR_MACHINE_H
#define SERVERS_SUPERVISOR_MACHINE_H

#include "abi/types.h"
#include "lib/drv/pci.h"

// Where the lines of rt_log go: an endpoint of the log protocol, or 0: the port. When the driver does
// not wait for a line, settle gives it time.
void machine_log_to(cap_t endpoint, void (*settle)(void));

// Whether the log driver, if there is one, seems to have nothing left to send.
bool machine_log_is_idle(void);

// Nanoseconds since 1970 now, by the battery clock, taken as UTC. 0: it does not run.
uint64_t machine_clock(void);

_Noreturn void machine_power_off(void);
_Noreturn void machine_restart(void);

// A BAR that is memory.
struct machine_bar {
	uint64_t address, size;  // size 0: none
};

// Find a device by vendor << 16 | device, switch its memory, bus mastering and MSI-X on, and describe it.
bool machine_pci_find(uint32_t id, struct pci_device *device, struct machine_bar bars[6]);

#endif
