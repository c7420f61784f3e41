// Making components, and taking them apart.
#ifndef SERVERS_SUPERVISOR_COMPONENT_H
#define SERVERS_SUPERVISOR_COMPONENT_H

#include "lib/rt/component.h"
#include "protocol/names.h"
#include "servers/supervisor/manifest.h"

// Badges on the supervisor's own endpoint: the component's number, and for calls these bits.
#define BADGE_NUMBER 0xffu
#define BADGE_LIFE 0x100u
#define BADGE_POWER_OFF 0x200u

#define SLOT_SUPERVISOR 6  // of a component's CSpace: its capability on the supervisor

struct component {
	const struct manifest_component *entry;
	unsigned number;      // from 1 on: owner of blocks, badge
	bool is_alive;
	cap_t endpoint;       // the supervisor's own capability on it; outlives the component
	cap_t cnode, vspace, thread, fault;
	uint32_t next_slot;   // of its CSpace
	uint64_t next_region; // address
	uint64_t ip, sp;
	cap_t info_frame;
	struct component_info info;
};

// What all components are made from.
struct component_world {
	const struct abi_boot_info *boot;
	const struct manifest *manifest;
	struct component components[MANIFEST_COMPONENTS_MAX];
	cap_t own_endpoint;
	cap_t names_frame;
	uint64_t epoch_ns;
};

// Endpoints of all, so that each can be given the others'.
bool component_make_endpoints(struct component_world *world);

// All that has a fixed size; then what is a share of the rest; then let it run. False: logged.
bool component_make(struct component_world *world, struct component *c);
bool component_make_amounts(struct component *c, uint64_t free_bytes);
bool component_run(struct component_world *world, struct component *c);

// Destroy its thread, its memory and its endpoint: whoever waits for it hears ERR_DEAD.
void component_destroy(struct component *c);

// For the parts of making one, each logged with the component's name when it fails.
bool component_failed(const struct component *c, const char *what, err_t err);
cap_t component_frame(struct component *c, unsigned bits, uint64_t flags);
void *scratch_map(cap_t frame, uint64_t first, uint64_t pages);
void scratch_unmap(void);

// Load the program into the component (elf.c).
bool component_load(struct component *c);

#endif
