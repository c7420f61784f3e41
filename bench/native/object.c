// The kernel's objects: mapping, making, deriving, destroying.
#include "bench/native/native.h"

#define AT 0x50000000ull

static const char *const map_names[3][3] = {
	{"map.1", "protect.1", "unmap.1"},
	{"map.16", "protect.16", "unmap.16"},
	{"map.512", "protect.512", "unmap.512"},
};

static void map_rows(void)
{
	static const unsigned bits[] = {12, 16, 21};

	for (unsigned i = 0; i < 3; i++) {
		cap_t frame = make(TYPE_FRAME, bits[i]);
		// Not aligned to the frame's size: pages of 4 KiB.
		uint64_t address = AT + PAGE_SIZE;

		for (unsigned n = 0; n < TIMES; n++) {
			invoke(map_names[i][0], frame, METHOD_FRAME_MAP, 3,
			       WORDS(BOOT_SLOT_VSPACE, address, FRAME_READ | FRAME_WRITE));
			invoke(map_names[i][1], frame, METHOD_FRAME_PROTECT, 1, WORDS(FRAME_READ));
			invoke(map_names[i][2], frame, METHOD_FRAME_UNMAP, 0, WORDS(0));
		}
	}
}

// The block was used before: what it holds is zeroed when it is made into objects again.
static void retype_rows(void)
{
	static const struct {
		const char *make, *destroy;
		uint64_t type, bits;
	} kinds[] = {
		{"retype.untyped", "destroy.untyped", TYPE_UNTYPED, 12},
		{"retype.cnode64", "destroy.cnode64", TYPE_CNODE, 6},
		{"retype.frame", "destroy.frame", TYPE_FRAME, 12},
		{"retype.vspace", "destroy.vspace", TYPE_VSPACE, 0},
		{"retype.thread", "destroy.thread", TYPE_THREAD, 0},
		{"retype.schedcontext", "destroy.schedcontext", TYPE_SCHEDCONTEXT, 0},
		{"retype.endpoint", "destroy.endpoint", TYPE_ENDPOINT, 0},
		{"retype.reply", "destroy.reply", TYPE_REPLY, 0},
		{"retype.notification", "destroy.notification", TYPE_NOTIFICATION, 0},
	};
	cap_t block = world_untyped(), slot = slot_alloc();

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (unsigned n = 0; n < TIMES; n++) {
			uint64_t cost = invoke("reset", block, METHOD_UNTYPED_RESET, 0, WORDS(0));

			cost += invoke(kinds[i].make, block, METHOD_UNTYPED_RETYPE, 5,
				       WORDS(kinds[i].type, kinds[i].bits, 1, BOOT_SLOT_CNODE, slot));
			if (kinds[i].type == TYPE_FRAME)
				row_add_value("reset_retype.frame", cost);
			invoke(kinds[i].destroy, BOOT_SLOT_CNODE, METHOD_CNODE_DELETE, 2, WORDS(slot, 1));
		}
	}
}

static void derive_rows(void)
{
	cap_t endpoint = make(TYPE_ENDPOINT, 0), slot = slot_alloc(), many = slot_alloc_run(1000);

	for (unsigned n = 0; n < TIMES; n++) {
		invoke("derive", BOOT_SLOT_CNODE, METHOD_CNODE_DERIVE, 6,
		       WORDS(slot, BOOT_SLOT_CNODE, endpoint, ENDPOINT_SEND, 5, 0));
		invoke("delete", BOOT_SLOT_CNODE, METHOD_CNODE_DELETE, 2, WORDS(slot, 1));
		invoke("copy", BOOT_SLOT_CNODE, METHOD_CNODE_COPY, 4, WORDS(slot, BOOT_SLOT_CNODE, endpoint, 1));
		must(cnode_delete(BOOT_SLOT_CNODE, slot, 1), "delete");
		must(cnode_derive(BOOT_SLOT_CNODE, slot, BOOT_SLOT_CNODE, endpoint, ENDPOINT_SEND, 5, 0), "derive");
		invoke("revoke.1", BOOT_SLOT_CNODE, METHOD_CNODE_REVOKE, 1, WORDS(endpoint));
	}
	for (unsigned i = 0; i < 1000; i++)
		must(cnode_derive(BOOT_SLOT_CNODE, many + i, BOOT_SLOT_CNODE, endpoint, ENDPOINT_SEND, 5, 0), "derive");
	invoke("revoke.1000", BOOT_SLOT_CNODE, METHOD_CNODE_REVOKE, 1, WORDS(endpoint));
}

// From retype to resume: all the calls that a thread takes, the instructions between them left out.
static void thread_rows(void)
{
	cap_t block = world_untyped(), frame = make(TYPE_FRAME, PAGE_BITS), first = slot_alloc_run(2);
	cap_t thread = first, context = first + 1;

	for (unsigned n = 0; n < TIMES; n++) {
		must(untyped_reset(block), "reset");
		uint64_t sum = 0;
		struct probe p;

#define STEP(to, label, count, ...) \
	do { \
		p = (struct probe){.number = SYSCALL_BASE + SYSCALL_CALL, .cap = (to), \
				   .tag = TAG(label, count), .words = {__VA_ARGS__}}; \
		probe_call(&p); \
		must((err_t)p.err, "thread"); \
		sum += p.end - p.start - row_pair(); \
	} while (0)
		STEP(block, METHOD_UNTYPED_RETYPE, 5, TYPE_THREAD, 0, 1, BOOT_SLOT_CNODE, thread);
		STEP(block, METHOD_UNTYPED_RETYPE, 5, TYPE_SCHEDCONTEXT, 0, 1, BOOT_SLOT_CNODE, context);
		STEP(thread, METHOD_THREAD_SET_SPACE, 3, BOOT_SLOT_CNODE, BOOT_SLOT_VSPACE, 0);
		STEP(thread, METHOD_THREAD_SET_BLOCK, 2, frame, AT);
		STEP(BOOT_SLOT_SCHEDCONTROL, METHOD_SCHEDCONTROL_CONFIGURE, 3, context, 0, 0);
		STEP(context, METHOD_SCHEDCONTEXT_BIND, 1, thread);
		STEP(thread, METHOD_THREAD_WRITE, 1 + REGISTER_COUNT, 7, AT, AT, 0x202);
		STEP(thread, METHOD_THREAD_RESUME, 0, 0);
		row_add_value("thread.create", sum);
		sum = 0;
		STEP(BOOT_SLOT_CNODE, METHOD_CNODE_DELETE, 2, first, 2);
		row_add_value("thread.destroy", sum);
#undef STEP
	}
}

void object_rows(void)
{
	map_rows();
	retype_rows();
	derive_rows();
	thread_rows();
}
