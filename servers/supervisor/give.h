// What a component is given: capabilities in its CSpace and memory in its address space, each under
// the name that the component asks for.
#ifndef SERVERS_SUPERVISOR_GIVE_H
#define SERVERS_SUPERVISOR_GIVE_H

#include "servers/supervisor/component.h"

// Derive a capability of the supervisor's into a slot. The next one is the next free slot; name null:
// one more of the run that the last name began. False: logged.
bool give_at(struct component *c, const char *name, uint32_t slot, cap_t source, uint64_t rights,
	     uint64_t data);
bool give_next(struct component *c, const char *name, cap_t source, uint64_t rights, uint64_t data);

bool give_objects(struct component *c);
bool give_devices(struct component *c);
bool give_regions(struct component_world *world, struct component *c);
bool give_uses(struct component_world *world, struct component *c);
bool give_memory(struct component *c, uint64_t free_bytes);
bool give_untyped(struct component *c, uint64_t free_bytes);

#endif
