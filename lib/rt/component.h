// What a native component finds when it starts, and how it asks for it by name.
//
// The supervisor maps one page, struct component_info, and passes its address in the first argument
// register to rt_start, which prepares the C library and calls main(). Everything that the component
// may touch is listed there: capabilities (slots of its CSpace) and regions (memory mapped for it).
#ifndef LIB_RT_COMPONENT_H
#define LIB_RT_COMPONENT_H

#include "abi/types.h"

#define COMPONENT_MAGIC 0x544e454e4f504d43ull
#define COMPONENT_NAME_MAX 24
#define COMPONENT_CAPS_MAX 48
#define COMPONENT_REGIONS_MAX 16

struct component_cap {
	char name[COMPONENT_NAME_MAX];
	cap_t slot;
	uint32_t count;  // a run of capabilities: slot, slot + 1, ...
};

struct component_region {
	char name[COMPONENT_NAME_MAX];
	uint64_t address;
	uint64_t size;
	cap_t frame;  // the Frame capability over it, in the component's CSpace, or 0
	uint32_t reserved;
};

struct component_info {
	uint64_t magic;
	char name[COMPONENT_NAME_MAX];
	uint64_t ticks_per_second;
	uint64_t ticks_at_boot;
	uint64_t epoch_ns;   // nanoseconds since 1970 when the counter was ticks_at_boot
	uint64_t block;      // the first thread's block
	uint64_t heap;       // the C library's memory
	uint64_t heap_size;
	uint32_t free_first; // first slot of the CSpace that is the component's own to use
	uint32_t free_count;
	uint32_t cap_count;
	uint32_t region_count;
	struct component_cap caps[COMPONENT_CAPS_MAX];
	struct component_region regions[COMPONENT_REGIONS_MAX];
};
_Static_assert(sizeof(struct component_info) <= 4096, "component info is one page");

// Capabilities that every component has, by name: "cnode" (its own CSpace, all rights), "vspace",
// "thread", "context" (its SchedContext), "log" (endpoint for rt_log). Others are what its manifest
// entry says: "endpoint" (its own, all rights), "replies" (a run), "notification", "untyped" (a run), ...

// The page itself.
const struct component_info *component_get(void);

// The capability of that name; 0 when there is none.
cap_t component_find_cap(const char *name, uint32_t *count);

// The capability of that name; logs and exits when there is none.
cap_t component_get_cap(const char *name);

// The region of that name; null when there is none.
const struct component_region *component_find_region(const char *name);

// A slot of the own CSpace that is free (0: none left), and its return. Thread-safe.
cap_t slot_alloc(void);
cap_t slot_alloc_run(uint32_t count);
void slot_free(cap_t slot);

// One line to the log, at most 400 bytes, with the component's name before it. Never blocks for long;
// dropped when the log driver is gone. printf-like. stdout and stderr of a component go there too.
void rt_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
