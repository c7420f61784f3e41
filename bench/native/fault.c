// Faults: to a handler and back, and a page served with a map item.
#include "bench/native/native.h"

#define PAGE_AT 0x50000000ull

static cap_t endpoint, handler_reply, fault_cap;

static void fault_for_ever(struct worker *w)
{
	for (;;) {
		w->probe = (struct probe){0};
		probe_fault(&w->probe);
		w->last = w->probe.end;
	}
}

static void touch_when_told(struct worker *w)
{
	uint64_t bits;

	for (;;) {
		w->probe = (struct probe){.reply = PAGE_AT};
		probe_touch(&w->probe);
		(void)sys_wait(w->notification, &bits);
	}
}

static void handle(struct probe *p, unsigned number, tag_t tag, uint64_t word)
{
	*p = (struct probe){.number = SYSCALL_BASE + number, .cap = endpoint, .reply = handler_reply,
			    .tag = tag, .words = {word}};
	probe_call(p);
	must((err_t)p->err, "handler");
	if (tag_kind(p->tag) != KIND_FAULT)
		must(ERR_TAG, "no fault");
}

static void exceptions(void)
{
	struct worker *w = worker_make(fault_for_ever, ELSEWHERE, PRIORITY_MIDDLE, 0, fault_cap);
	struct probe p;

	handle(&p, SYSCALL_RECV, 0, 0);
	for (unsigned i = 0; i < TIMES; i++) {
		handle(&p, SYSCALL_REPLY_RECV, TAG(FAULT_REPLY_JUMP, 1), (uint64_t)(uintptr_t)probe_fault_end);
		row_add("fault.call", w->probe.start, p.end);
		row_add("fault.reply", p.start, w->last);
	}
	worker_end(w);
}

static void pages(void)
{
	struct worker *w = worker_make(touch_when_told, ELSEWHERE, PRIORITY_MIDDLE, 0, fault_cap);
	cap_t frame = make(TYPE_FRAME, 16), dest = slot_alloc();
	struct probe p;

	handle(&p, SYSCALL_RECV, 0, 0);
	for (unsigned i = 0; i < TIMES; i++) {
		uint64_t to_handler = p.end - w->probe.start - row_pair();

		sys_block()->items[0] = (struct abi_map_item){.source = frame, .dest = dest, .address = PAGE_AT,
							      .first = 1, .count = 1, .rights = FRAME_READ};
		p = (struct probe){.number = SYSCALL_BASE + SYSCALL_SEND, .cap = handler_reply,
				   .tag = TAG(FAULT_REPLY_RESUME, 0) | TAG_ITEMS(1)};
		probe_call(&p);
		must((err_t)p.err, "map item");
		row_add("pagefault.reply_map", p.start, p.end);
		row_add_value("pagefault.served", to_handler + p.end - p.start - row_pair());
		row_add_value("pagefault.call", to_handler);
		rest();
		must(cnode_delete(BOOT_SLOT_CNODE, dest, 1), "delete");
		must(sys_signal(w->bell), "signal");
		handle(&p, SYSCALL_RECV, 0, 0);
	}
	worker_end(w);
}

void fault_rows(void)
{
	endpoint = make(TYPE_ENDPOINT, 0);
	handler_reply = make(TYPE_REPLY, 0);
	fault_cap = slot_alloc();
	must(cnode_derive(BOOT_SLOT_CNODE, fault_cap, BOOT_SLOT_CNODE, endpoint, ENDPOINT_SEND | ENDPOINT_GRANT,
			  7, 0), "fault");
	exceptions();
	pages();
}
