// Types and constants of the ABI that are the same on every architecture.
// Kernel and user mode both include this; there is no code here but accessors.
#ifndef ABI_TYPES_H
#define ABI_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/gen/numbers.h"

typedef uint32_t err_t;  // ERR_*, OK is 0
typedef uint32_t cap_t;  // index in the caller's CSpace; 0 is never a capability
typedef uint64_t tag_t;  // see TAG_*

// Message tag: label 0-30, interruptible 31, words 32-38, capabilities 39-41, map items 42-44,
// kind 48-55. A tag >> 32 that is at most 8 is a message that travels in registers alone.
#define TAG_LABEL_BITS 31
#define TAG_LABEL_MASK 0x7fffffffu
#define TAG_INTERRUPTIBLE (1ull << 31)  // of a call; the receiver sees it, too
#define TAG_WORDS_SHIFT 32
#define TAG_WORDS_MASK 0x7fu
#define TAG_CAPS_SHIFT 39
#define TAG_CAPS_MASK 0x7u
#define TAG_ITEMS_SHIFT 42
#define TAG_ITEMS_MASK 0x7u
#define TAG_KIND_SHIFT 48
#define TAG_KIND_MASK 0xffu

#define TAG(label, words) ((tag_t)(label) | (tag_t)(words) << TAG_WORDS_SHIFT)
#define TAG_CAPS(n) ((tag_t)(n) << TAG_CAPS_SHIFT)
#define TAG_ITEMS(n) ((tag_t)(n) << TAG_ITEMS_SHIFT)

static inline uint32_t tag_label(tag_t tag) { return (uint32_t)tag & TAG_LABEL_MASK; }
static inline uint32_t tag_words(tag_t tag) { return (uint32_t)(tag >> TAG_WORDS_SHIFT) & TAG_WORDS_MASK; }
static inline uint32_t tag_caps(tag_t tag) { return (uint32_t)(tag >> TAG_CAPS_SHIFT) & TAG_CAPS_MASK; }
static inline uint32_t tag_items(tag_t tag) { return (uint32_t)(tag >> TAG_ITEMS_SHIFT) & TAG_ITEMS_MASK; }
static inline uint32_t tag_kind(tag_t tag) { return (uint32_t)(tag >> TAG_KIND_SHIFT) & TAG_KIND_MASK; }

// Kinds of message. Non-zero ones come from the kernel only.
#define KIND_MESSAGE 0
#define KIND_FAULT 1         // badge: of the thread's fault endpoint; label: FAULT_*
#define KIND_NOTIFICATION 2  // badge: the bits of the bound notification
#define KIND_NO_SENDERS 3    // badge: of the watched slot; word 0: its mint count

#define MSG_WORDS_REGISTERS 8
#define MSG_WORDS_MAX 64
#define MSG_CAPS_MAX 4
#define MSG_ITEMS_MAX 4

// Labels of fault messages, and their words.
#define FAULT_PAGE 1       // ip, address, access (FAULT_ACCESS_*), sp
#define FAULT_EXCEPTION 2  // ip, vector, error code, sp
#define FAULT_SYSCALL 3    // ip after the instruction, number, sp, and the first five arguments
#define FAULT_TIMEOUT 4    // ip, the data of the context that is used up, the time run on it; see schedcontrol
#define FAULT_ACCESS_WRITE 1
#define FAULT_ACCESS_EXECUTE 2
#define FAULT_ACCESS_PRESENT 4  // a mapping is there and forbids it

// Labels of the reply to a fault. It may carry map items.
#define FAULT_REPLY_RESUME 0  // the instruction runs again
#define FAULT_REPLY_JUMP 1    // word 0: continue there

// A map item of a reply: derive a window from a Frame of the replier and map it for the caller.
struct abi_map_item {
	uint32_t source;   // Frame slot in the replier's CSpace
	uint32_t dest;     // empty slot in the replier's CSpace for the derived Frame; equal to source: map
			   // the source itself, whole
	uint64_t address;  // page aligned address in the caller's VSpace
	uint32_t first;    // first page, relative to the source's window
	uint32_t count;    // pages
	uint32_t rights;   // FRAME_READ...
	uint32_t flags;    // MAP_ITEM_*
};

// Pages that are mapped there are no obstacle (large ones are): the new ones take their place, and the
// mappings that they belonged to go on without them. A Frame in `dest` is deleted first.
#define MAP_ITEM_OVER 1u
#define FRAME_MAP_OVER 0x100  // with the rights of frame_map: as MAP_ITEM_OVER
#define THREAD_WRITE_FRESH (1ull << 63)  // in the mask of thread_write: all else as in a new thread

// The block: one page shared by the kernel and one thread.
struct abi_block {
	// Stored by the kernel when a foreign call is redirected or an upcall entered, never read back.
	uint64_t redirect_ip;
	uint64_t redirect_flags;
	uint64_t self;  // user mode's own: where the block is mapped
	uint64_t reserved[5];
	// The message beyond the registers. Read by the kernel when sending, written when receiving.
	uint64_t words[MSG_WORDS_MAX - MSG_WORDS_REGISTERS];
	uint32_t caps[MSG_CAPS_MAX];  // to send: CSpace indices
	// Written by the thread before it receives: where arriving capabilities and windows may go.
	uint32_t recv_first;  // first of a run of slots of its own CSpace; used ones are skipped
	uint32_t recv_count;  // how many
	uint64_t window_base;   // map items of a reply to a call must lie in here
	uint64_t window_pages;  // 0: none accepted
	struct abi_map_item items[MSG_ITEMS_MAX];  // to send with a reply
	uint32_t received[MSG_CAPS_MAX];  // written by the kernel: the slot that each capability went to
	uint8_t kernel_reserved[1024 - 8 * 8 - 8 * (MSG_WORDS_MAX - MSG_WORDS_REGISTERS) - 16 - 8 - 16 -
				32 * MSG_ITEMS_MAX - 16];
	uint8_t user[3072];  // never touched by the kernel
};
_Static_assert(sizeof(struct abi_map_item) == 32, "map item is ABI");
_Static_assert(sizeof(struct abi_block) == 4096, "the block is one page");

#define PRIORITY_MAX 63
#define BUDGET_MIN 1000            // ticks; and what a context is watched for (schedcontext_watch):
#define CONTEXT_BLOCKED 1u
#define CONTEXT_UNBLOCKED 2u
#define CONTEXT_USED_UP 4u
#define RETYPE_RAW 0x100  // with size_bits of a frame: not zeroed, needs UNTYPED_RAW

// Sizes of objects, log2 of bytes; of a CNode 6 more than the log2 of its slots.
#define SIZE_BITS_VSPACE 16        // the top table and 14 tables included
#define SIZE_BITS_THREAD 12
#define SIZE_BITS_SCHEDCONTEXT 8
#define SIZE_BITS_ENDPOINT 9
#define SIZE_BITS_REPLY 6
#define SIZE_BITS_NOTIFICATION 7
#define CNODE_BITS_MAX 20
#define CNODE_BITS_MIN 1

// CSpace slots of the first task, and what lies in them.
#define BOOT_SLOT_CNODE 1
#define BOOT_SLOT_VSPACE 2
#define BOOT_SLOT_THREAD 3
#define BOOT_SLOT_CONTEXT 4
#define BOOT_SLOT_IRQCONTROL 5
#define BOOT_SLOT_IOPORT 6
#define BOOT_SLOT_DEVICE 7  // Frame over all physical addresses that are not RAM below 4 GiB; device memory
#define BOOT_SLOT_IMAGE 8   // Frame over the boot image
#define BOOT_SLOT_SCHEDCONTROL 16  // one for each core
#define BOOT_SLOT_UNTYPED 64       // one for each entry of boot_info.untyped
#define BOOT_SLOT_MEMORY 128  // Frames over the first task's own segments, stack, block, heap
#define BOOT_SLOT_FREE 160    // from here on the CSpace is empty
#define BOOT_CNODE_BITS 12
#define BOOT_UNTYPED_MAX 64

struct abi_boot_untyped {
	uint64_t base;
	uint32_t size_bits;
	uint32_t slot;
};

// What the kernel tells the first task: a page, its address in the first argument register.
struct abi_boot_info {
	uint64_t magic;           // ABI_BOOT_MAGIC
	uint64_t ticks_per_second; // of the counter that deadlines use
	uint64_t ticks_at_boot;   // the counter when the kernel was entered
	uint64_t image_pages;     // size of the boot image
	uint64_t device_first;    // first page of the device Frame's window (physical page number)
	uint64_t device_pages;
	uint64_t block;           // address of the first task's block
	uint64_t heap, heap_size; // memory mapped for its C library
	uint32_t cores;
	uint32_t untyped_count;
	struct abi_boot_untyped untyped[BOOT_UNTYPED_MAX];
	char command_line[1024];  // as the boot loader gave it
	uint64_t rsdp;            // physical address of the ACPI root pointer, or 0
};
#define ABI_BOOT_MAGIC 0x544f4f4248544950ull
_Static_assert(sizeof(struct abi_boot_info) <= 4096, "boot info is one page");

#endif
