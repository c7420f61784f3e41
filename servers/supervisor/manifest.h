// The manifest: which components there are, and what each of them may touch. The file
// servers/supervisor/manifest explains its own language.
#ifndef SERVERS_SUPERVISOR_MANIFEST_H
#define SERVERS_SUPERVISOR_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MANIFEST_COMPONENTS_MAX 24
#define MANIFEST_USES_MAX 8
#define MANIFEST_NAME_MAX 24
#define MANIFEST_PATH_MAX 64
#define MANIFEST_LINES_MAX 4

// An amount of memory: bytes, or a share of what is there.
struct manifest_amount {
	uint64_t bytes;
	uint32_t percent;  // not 0: of the memory, between bytes and most when these are given
	uint64_t most;
};

struct manifest_use {
	char server[MANIFEST_NAME_MAX];
	char name[MANIFEST_NAME_MAX];
	uint32_t badge;  // 0: any
};

struct manifest_ports {
	uint32_t first, count;
};

struct manifest_component {
	char name[MANIFEST_NAME_MAX];
	char program[MANIFEST_PATH_MAX];
	uint32_t line;
	uint32_t priority, slots, replies, contexts;
	uint32_t more_slots;  // 0: none; the size of the CSpace where there is much memory
	struct manifest_amount heap, memory, untyped;
	uint64_t dma;
	bool has_endpoint, has_notification, has_image, has_names, has_schedcontrol;
	bool has_command_line, has_framebuffer;
	bool takes_log;
	bool may_power_off, is_dispensable;
	char file[MANIFEST_PATH_MAX];  // region of one file of the image
	char file_name[MANIFEST_NAME_MAX];
	struct manifest_ports ports[MANIFEST_LINES_MAX];
	uint32_t ports_count;
	uint32_t irqs[MANIFEST_LINES_MAX];
	uint32_t irq_count;
	uint32_t pci;  // vendor << 16 | device; 0: none
	struct manifest_use uses[MANIFEST_USES_MAX];
	uint32_t use_count;
};

struct manifest {
	struct manifest_component components[MANIFEST_COMPONENTS_MAX];
	uint32_t count;
};

struct manifest_error {
	uint32_t line;
	const char *text;
};

// Read it. False: *error says where and why.
bool manifest_parse(const char *text, size_t length, struct manifest *manifest,
		    struct manifest_error *error);

// The number of the component of that name, or -1.
int manifest_find(const struct manifest *manifest, const char *name);

// The number of the component that takes the log's lines, or -1.
int manifest_find_log(const struct manifest *manifest);

#endif
