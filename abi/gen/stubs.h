// Made by tools/gen.py from abi/abi.def. Do not edit.
// How user mode calls the kernel's objects. Every stub blocks until the kernel has answered,
// returns OK or an ERR_*, and takes null for an output that is not wanted.
#ifndef ABI_GEN_STUBS_H
#define ABI_GEN_STUBS_H

#include "lib/sys/msg.h"

// Make `count` objects of one type in consecutive empty slots. Memory is zeroed as it is handed
// out, in bounded pieces. When it fails part of the way, word 2 of the reply is the first slot
// that was not filled.
// type: object type (TYPE_*)
// size_bits: log2 of the size: bytes for untyped (6 at least) and frame (12 at least; with
// RETYPE_RAW added: not zeroed), slots for cnode; otherwise 0
// count: how many, 1 at least
// cnode: where the new capabilities go
// first: index of the first slot in the CNode's window
// *next: the slot after the last one filled
static inline err_t untyped_retype(cap_t untyped, uint64_t type, uint64_t size_bits, uint64_t count, cap_t cnode, uint64_t first, uint64_t *next)
{
	struct msg m = {.tag = TAG(METHOD_UNTYPED_RETYPE, 5), .words = {type, size_bits, count, cnode, first}};
	err_t err = sys_call(untyped, &m);

	if (next)
		*next = m.words[0];
	return err;
}

// Make all of the block available again. Fails with HAS_CHILDREN while anything derived from it
// exists.
static inline err_t untyped_reset(cap_t untyped)
{
	struct msg m = {.tag = TAG(METHOD_UNTYPED_RESET, 0)};
	err_t err = sys_call(untyped, &m);

	return err;
}

// What the block is.
// *base: physical address
// *size_bits: log2 of its bytes
// *used: bytes handed out
static inline err_t untyped_info(cap_t untyped, uint64_t *base, uint64_t *size_bits, uint64_t *used)
{
	struct msg m = {.tag = TAG(METHOD_UNTYPED_INFO, 0)};
	err_t err = sys_call(untyped, &m);

	if (base)
		*base = m.words[0];
	if (size_bits)
		*size_bits = m.words[1];
	if (used)
		*used = m.words[2];
	return err;
}

// Make a child of the source in slot `dest` of the invoked CNode. Rights only shrink.
// dest: empty slot
// source_cnode: CNode of the source
// source: slot of the source
// rights: rights wanted; those that the source lacks are dropped
// data: endpoint, notification: badge (the source's must be 0, else 0 keeps it); frame, cnode,
// ioport: first page, slot or port, relative to the source's window
// count: frame, cnode, ioport: pages, slots or ports; 0 keeps the rest of the window
static inline err_t cnode_derive(cap_t cnode, uint64_t dest, cap_t source_cnode, uint64_t source, uint64_t rights, uint64_t data, uint64_t count)
{
	struct msg m = {.tag = TAG(METHOD_CNODE_DERIVE, 6), .words = {dest, source_cnode, source, rights, data, count}};
	err_t err = sys_call(cnode, &m);

	return err;
}

// Copy capabilities as siblings, same rights and badge, one for each set bit. A Frame's copy is
// unmapped; Untyped and Reply cannot be copied. Word 0 of the reply: the bits not yet done.
// dest: slot for bit 0
// source_cnode: CNode of the sources
// source: slot for bit 0
// bitmap: bit i copies slot source + i to slot dest + i
// *left: the bits not done: 0 when all went well
static inline err_t cnode_copy(cap_t cnode, uint64_t dest, cap_t source_cnode, uint64_t source, uint64_t bitmap, uint64_t *left)
{
	struct msg m = {.tag = TAG(METHOD_CNODE_COPY, 4), .words = {dest, source_cnode, source, bitmap}};
	err_t err = sys_call(cnode, &m);

	if (left)
		*left = m.words[0];
	return err;
}

// Move capabilities, with everything derived from them and their mappings. Word 0 of the reply:
// how many are left.
// dest: first empty slot
// source_cnode: CNode of the sources
// source: first slot; empty slots in the range are skipped
// count: how many slots
// *left: how many slots of the range were not moved: 0 when all went well
static inline err_t cnode_move(cap_t cnode, uint64_t dest, cap_t source_cnode, uint64_t source, uint64_t count, uint64_t *left)
{
	struct msg m = {.tag = TAG(METHOD_CNODE_MOVE, 4), .words = {dest, source_cnode, source, count}};
	err_t err = sys_call(cnode, &m);

	if (left)
		*left = m.words[0];
	return err;
}

// Delete the capabilities in a range of slots. What was derived from them stays, one generation
// up. An object whose last capability goes is destroyed.
// first: first slot
// count: how many slots; empty ones are fine
static inline err_t cnode_delete(cap_t cnode, uint64_t first, uint64_t count)
{
	struct msg m = {.tag = TAG(METHOD_CNODE_DELETE, 2), .words = {first, count}};
	err_t err = sys_call(cnode, &m);

	return err;
}

// Delete everything that was derived from a slot, and nothing else.
// slot: the slot
static inline err_t cnode_revoke(cap_t cnode, uint64_t slot)
{
	struct msg m = {.tag = TAG(METHOD_CNODE_REVOKE, 1), .words = {slot}};
	err_t err = sys_call(cnode, &m);

	return err;
}

// What a slot holds.
// slot: the slot
// *type: TYPE_*, 0 when empty
// *rights: its rights
// *data: badge, window or size, by type
// *children: 0: nothing was derived from it; 1: one capability, and nothing from that; 2: more
static inline err_t cnode_info(cap_t cnode, uint64_t slot, uint64_t *type, uint64_t *rights, uint64_t *data, uint64_t *children)
{
	struct msg m = {.tag = TAG(METHOD_CNODE_INFO, 1), .words = {slot}};
	err_t err = sys_call(cnode, &m);

	if (type)
		*type = m.words[0];
	if (rights)
		*rights = m.words[1];
	if (data)
		*data = m.words[2];
	if (children)
		*children = m.words[3];
	return err;
}

// Do two slots hold capabilities of one type for the same object? (For a Frame: overlapping
// windows.) A server that is handed a capability learns so whether it is one of those that it
// trusts.
// slot: a slot of the invoked CNode
// other_cnode: CNode of the other
// other: its slot
// *same: 1: the same object, 0: not
static inline err_t cnode_compare(cap_t cnode, uint64_t slot, cap_t other_cnode, uint64_t other, uint64_t *same)
{
	struct msg m = {.tag = TAG(METHOD_CNODE_COMPARE, 3), .words = {slot, other_cnode, other}};
	err_t err = sys_call(cnode, &m);

	if (same)
		*same = m.words[0];
	return err;
}

// As revoke, for each slot of a range; empty ones are fine.
// first: first slot
// count: how many slots
static inline err_t cnode_revoke_run(cap_t cnode, uint64_t first, uint64_t count)
{
	struct msg m = {.tag = TAG(METHOD_CNODE_REVOKE_RUN, 2), .words = {first, count}};
	err_t err = sys_call(cnode, &m);

	return err;
}

// Map the whole window. A Frame slot holds at most one mapping.
// vspace: where
// address: virtual address, page aligned, in user space
// rights: READ, WRITE, EXECUTE; those that the capability lacks are dropped; READ must remain.
// With FRAME_MAP_OVER small pages take the place of small pages that are mapped there
static inline err_t frame_map(cap_t frame, cap_t vspace, uint64_t address, uint64_t rights)
{
	struct msg m = {.tag = TAG(METHOD_FRAME_MAP, 3), .words = {vspace, address, rights}};
	err_t err = sys_call(frame, &m);

	return err;
}

// Remove the mapping that this slot holds.
static inline err_t frame_unmap(cap_t frame)
{
	struct msg m = {.tag = TAG(METHOD_FRAME_UNMAP, 0)};
	err_t err = sys_call(frame, &m);

	return err;
}

// Change the rights of the mapping that this slot holds. A second word says how many of its
// first pages are done already: a long call that is made again has it.
// rights: as in map
static inline err_t frame_protect(cap_t frame, uint64_t rights)
{
	struct msg m = {.tag = TAG(METHOD_FRAME_PROTECT, 1), .words = {rights}};
	err_t err = sys_call(frame, &m);

	return err;
}

// What the window is.
// *pages: its pages
// *address: where it is mapped, 0 when it is not
// *physical: physical address of the first page; 0 without PHYSICAL
static inline err_t frame_info(cap_t frame, uint64_t *pages, uint64_t *address, uint64_t *physical)
{
	struct msg m = {.tag = TAG(METHOD_FRAME_INFO, 0)};
	err_t err = sys_call(frame, &m);

	if (pages)
		*pages = m.words[0];
	if (address)
		*address = m.words[1];
	if (physical)
		*physical = m.words[2];
	return err;
}

// Give an Untyped of 64 KiB for page tables. The capability moves into the VSpace; it must be
// without children.
// untyped: what is given
static inline err_t vspace_supply(cap_t vspace, cap_t untyped)
{
	struct msg m = {.tag = TAG(METHOD_VSPACE_SUPPLY, 1), .words = {untyped}};
	err_t err = sys_call(vspace, &m);

	return err;
}

// Map what another VSpace maps, at the same addresses: each Frame that the bitmap names is
// copied as a sibling, and the copy is mapped in the invoked VSpace where its source is mapped.
// The right to write is taken from both mappings, but for the bits of `keep` (copy-on-write,
// for fork). Holes in a mapping stay holes. When it fails, word 2 of the reply is the bits not
// yet done; called again with them, it goes on.
// source_cnode: CNode of the mapped Frames
// source: slot for bit 0
// bitmap: bit i copies slot source + i to slot dest + i
// dest_cnode: where the copies go
// dest: empty slot for bit 0
// keep: bit i: this one's mappings keep their rights
// *left: the bits not done: 0 when all went well
static inline err_t vspace_clone(cap_t vspace, cap_t source_cnode, uint64_t source, uint64_t bitmap, cap_t dest_cnode, uint64_t dest, uint64_t keep, uint64_t *left)
{
	struct msg m = {.tag = TAG(METHOD_VSPACE_CLONE, 6), .words = {source_cnode, source, bitmap, dest_cnode, dest, keep}};
	err_t err = sys_call(vspace, &m);

	if (left)
		*left = m.words[0];
	return err;
}

// Drop every mapping that reaches into the range, whoever made it (the Frame capabilities
// stay), and give the page tables that are empty back to the pool.
// start: page aligned
// end: page aligned; at most the end of user space
// keep: a CNode capability: mappings by Frames in its window stay; or 0
static inline err_t vspace_unmap_range(cap_t vspace, uint64_t start, uint64_t end, uint64_t keep)
{
	struct msg m = {.tag = TAG(METHOD_VSPACE_UNMAP_RANGE, 3), .words = {start, end, keep}};
	err_t err = sys_call(vspace, &m);

	return err;
}

// Let each page that is mapped in the range be used for those of the given rights that its
// mapping gave (frame.map, frame.protect, a map item, clone), and nothing else. Without READ it
// cannot be touched. What is not mapped is passed over.
// start: page aligned; a long call that is made again has what is left
// end: page aligned; at most the end of user space; not inside a large page
// rights: READ, WRITE, EXECUTE, or 0
static inline err_t vspace_restrict(cap_t vspace, uint64_t start, uint64_t end, uint64_t rights)
{
	struct msg m = {.tag = TAG(METHOD_VSPACE_RESTRICT, 3), .words = {start, end, rights}};
	err_t err = sys_call(vspace, &m);

	return err;
}

// Do what the map items in the caller's block say, in this VSpace and anywhere: derive a window
// from a Frame, and map it. When it fails, word 2 of the reply is how many were done; nothing
// of the next is.
// count: items, MSG_ITEMS_MAX at most
static inline err_t vspace_map(cap_t vspace, uint64_t count)
{
	struct msg m = {.tag = TAG(METHOD_VSPACE_MAP, 1), .words = {count}};
	err_t err = sys_call(vspace, &m);

	return err;
}

// Give it a CSpace, a VSpace and a fault endpoint. The thread's slots become children of the
// given ones.
// cspace: its CSpace
// vspace: its VSpace
// fault: index of an endpoint capability with SEND and GRANT that hears its faults, or 0
static inline err_t thread_set_space(cap_t thread, cap_t cspace, cap_t vspace, uint64_t fault)
{
	struct msg m = {.tag = TAG(METHOD_THREAD_SET_SPACE, 3), .words = {cspace, vspace, fault}};
	err_t err = sys_call(thread, &m);

	return err;
}

// Give it its block: one page of RAM that the kernel and the thread both use.
// frame: a Frame; its first page is the block. The page must not be device memory
// address: where the thread sees it: kept for user mode, not checked
static inline err_t thread_set_block(cap_t thread, cap_t frame, uint64_t address)
{
	struct msg m = {.tag = TAG(METHOD_THREAD_SET_BLOCK, 2), .words = {frame, address}};
	err_t err = sys_call(thread, &m);

	return err;
}

// Bind a notification, so that a receive on any endpoint hears it too. 0 unbinds.
// notification: index of a notification capability with WAIT, or 0
static inline err_t thread_bind(cap_t thread, uint64_t notification)
{
	struct msg m = {.tag = TAG(METHOD_THREAD_BIND, 1), .words = {notification}};
	err_t err = sys_call(thread, &m);

	return err;
}

// Read the registers of a thread that is not running: REGISTER_COUNT words.
// *values: word 0 on: in the order of REGISTER_*
static inline err_t thread_read(cap_t thread, uint64_t *values)
{
	struct msg m = {.tag = TAG(METHOD_THREAD_READ, 0)};
	err_t err = sys_call(thread, &m);

	if (!err)
		msg_get_words(&m, 0, values, REGISTER_COUNT);
	return err;
}

// Write the registers of a thread that is not running. Bad flags are masked; the instruction
// pointer must be a user address.
// mask: bit i: write register i; bit 63 (THREAD_WRITE_FRESH): other registers and the FPU are
// as in a new thread, and no cancel is remembered
// values: word 1 on: the values, in the order of REGISTER_*
static inline err_t thread_write(cap_t thread, uint64_t mask, const uint64_t *values)
{
	struct msg m = {.tag = TAG(METHOD_THREAD_WRITE, 1 + REGISTER_COUNT), .words = {mask}};
	msg_set_words(&m, 1, values, REGISTER_COUNT);
	err_t err = sys_call(thread, &m);

	return err;
}

// Stop it. A call under way is broken off: it fails with CANCELLED when the thread is resumed.
static inline err_t thread_suspend(cap_t thread)
{
	struct msg m = {.tag = TAG(METHOD_THREAD_SUSPEND, 0)};
	err_t err = sys_call(thread, &m);

	return err;
}

// Let it run.
static inline err_t thread_resume(cap_t thread)
{
	struct msg m = {.tag = TAG(METHOD_THREAD_RESUME, 0)};
	err_t err = sys_call(thread, &m);

	return err;
}

// Where its foreign system calls continue (0: they are faults), and what thread_upcall must
// know of the library.
// entry: user address of the entry, or 0
// library_start: the library's code
// exit_start: the part of it that is between the last look at the work word and the program
// slow_exit: where a thread in that part is moved
static inline err_t thread_set_redirect(cap_t thread, uint64_t entry, uint64_t library_start, uint64_t library_end, uint64_t exit_start, uint64_t exit_end, uint64_t slow_exit)
{
	struct msg m = {.tag = TAG(METHOD_THREAD_SET_REDIRECT, 6), .words = {entry, library_start, library_end, exit_start, exit_end, slow_exit}};
	err_t err = sys_call(thread, &m);

	return err;
}

// Send it to `entry` when it next runs program code. Inside the library nothing happens, but a
// thread in the exit range is moved to the slow exit. Word 0 of the reply: 1 when it will
// enter.
// entry: user address
// *entered: 1: it was outside the library and enters
static inline err_t thread_upcall(cap_t thread, uint64_t entry, uint64_t *entered)
{
	struct msg m = {.tag = TAG(METHOD_THREAD_UPCALL, 1), .words = {entry}};
	err_t err = sys_call(thread, &m);

	if (entered)
		*entered = m.words[0];
	return err;
}

// Break off an interruptible call or wait (TAG_INTERRUPTIBLE in its tag), or remember it for
// the next one. Word 0 of the reply: 1 when a call was broken off.
// *cancelled: 1: a call was under way and now fails with CANCELLED
static inline err_t thread_cancel(cap_t thread, uint64_t *cancelled)
{
	struct msg m = {.tag = TAG(METHOD_THREAD_CANCEL, 0)};
	err_t err = sys_call(thread, &m);

	if (cancelled)
		*cancelled = m.words[0];
	return err;
}

// Does it fault (FAULT_TIMEOUT) when the budget that it runs on is used up, and it has no
// reserve? Without a fault endpoint it only waits.
// faults: 1: yes, 0: no
static inline err_t thread_set_timeout(cap_t thread, uint64_t faults)
{
	struct msg m = {.tag = TAG(METHOD_THREAD_SET_TIMEOUT, 1), .words = {faults}};
	err_t err = sys_call(thread, &m);

	return err;
}

// Give it to a thread; 0 takes it away. A thread that runs on lent time gives that back.
// thread: index of a thread capability with CONTROL, or 0
static inline err_t schedcontext_bind(cap_t schedcontext, uint64_t thread)
{
	struct msg m = {.tag = TAG(METHOD_SCHEDCONTEXT_BIND, 1), .words = {thread}};
	err_t err = sys_call(schedcontext, &m);

	return err;
}

// The notification that the deadline and the events of `watch` signal, with the capability's
// badge; 0 for none.
// notification: index of a notification capability with SIGNAL, or 0
static inline err_t schedcontext_bind_notification(cap_t schedcontext, uint64_t notification)
{
	struct msg m = {.tag = TAG(METHOD_SCHEDCONTEXT_BIND_NOTIFICATION, 1), .words = {notification}};
	err_t err = sys_call(schedcontext, &m);

	return err;
}

// Signal the notification once the core's counter reaches `time`; replaces the deadline before.
// 0 takes it away.
// time: the counter's value (x86: the time-stamp counter)
// *before: the deadline that was set and had not passed, or 0
static inline err_t schedcontext_set_deadline(cap_t schedcontext, uint64_t time, uint64_t *before)
{
	struct msg m = {.tag = TAG(METHOD_SCHEDCONTEXT_SET_DEADLINE, 1), .words = {time}};
	err_t err = sys_call(schedcontext, &m);

	if (before)
		*before = m.words[0];
	return err;
}

// The time that was run on it, in counter ticks.
// *ticks: since it was made
static inline err_t schedcontext_consumed(cap_t schedcontext, uint64_t *ticks)
{
	struct msg m = {.tag = TAG(METHOD_SCHEDCONTEXT_CONSUMED, 0)};
	err_t err = sys_call(schedcontext, &m);

	if (ticks)
		*ticks = m.words[0];
	return err;
}

// As bind, but the thread runs on it only while it has no lent time: a server that is called
// without time of its own keeps one in reserve for the case that its caller's is withdrawn or
// used up. It leaves the reserve when it waits in a receive.
// thread: index of a thread capability with CONTROL, or 0
static inline err_t schedcontext_bind_reserve(cap_t schedcontext, uint64_t thread)
{
	struct msg m = {.tag = TAG(METHOD_SCHEDCONTEXT_BIND_RESERVE, 1), .words = {thread}};
	err_t err = sys_call(schedcontext, &m);

	return err;
}

// Which events signal the notification, as soon as the timer can interrupt; and which of them
// happened since the last time this was asked.
// events: CONTEXT_BLOCKED (who ran on it blocks), CONTEXT_UNBLOCKED (its thread can run again),
// CONTEXT_USED_UP (its budget has ended); 0: none
// *happened: the same bits
static inline err_t schedcontext_watch(cap_t schedcontext, uint64_t events, uint64_t *happened)
{
	struct msg m = {.tag = TAG(METHOD_SCHEDCONTEXT_WATCH, 1), .words = {events}};
	err_t err = sys_call(schedcontext, &m);

	if (happened)
		*happened = m.words[0];
	return err;
}

// Put it before all others of its priority. Who yields to one of its own priority goes to the
// end of that queue.
// *ready: 1: its thread can run; 0: it blocks, or has used up its budget
static inline err_t schedcontext_yield_to(cap_t schedcontext, uint64_t *ready)
{
	struct msg m = {.tag = TAG(METHOD_SCHEDCONTEXT_YIELD_TO, 0)};
	err_t err = sys_call(schedcontext, &m);

	if (ready)
		*ready = m.words[0];
	return err;
}

// Give a context its priority and time slice on this core.
// context: the context
// priority: 0 (lowest) to PRIORITY_MAX; at most the highest that this capability carries
// slice: counter ticks before the next of the same priority has its turn; 0: until it blocks
static inline err_t schedcontrol_configure(cap_t schedcontrol, cap_t context, uint64_t priority, uint64_t slice)
{
	struct msg m = {.tag = TAG(METHOD_SCHEDCONTROL_CONFIGURE, 3), .words = {context, priority, slice}};
	err_t err = sys_call(schedcontrol, &m);

	return err;
}

// Let a context run for `budget` ticks in a period. The period begins when the budget is full;
// when it has passed, the budget is full again. Who has used it up waits for that, or runs on
// its reserve; a thread with set_timeout faults. So in any k periods it runs for at most k + 1
// budgets.
// context: the context
// budget: counter ticks; 0: no limit
// period: counter ticks; at least the budget
// data: told in word 1 of a timeout fault
static inline err_t schedcontrol_set_budget(cap_t schedcontrol, cap_t context, uint64_t budget, uint64_t period, uint64_t data)
{
	struct msg m = {.tag = TAG(METHOD_SCHEDCONTROL_SET_BUDGET, 4), .words = {context, budget, period, data}};
	err_t err = sys_call(schedcontrol, &m);

	return err;
}

// What other cores cost this one; work on one core alone adds nothing to them.
// *waits: times that it found a lock taken
// *requests: requests of other cores served: to flush translations, to let go of a thread
// *crossings: threads that other cores made ready here: messages, signals, threads that move
static inline err_t schedcontrol_counters(cap_t schedcontrol, uint64_t *waits, uint64_t *requests, uint64_t *crossings)
{
	struct msg m = {.tag = TAG(METHOD_SCHEDCONTROL_COUNTERS, 0)};
	err_t err = sys_call(schedcontrol, &m);

	if (waits)
		*waits = m.words[0];
	if (requests)
		*requests = m.words[1];
	if (crossings)
		*crossings = m.words[2];
	return err;
}

// The notification that it signals, with the capability's badge; 0 for none.
// notification: index of a notification capability with SIGNAL, or 0
static inline err_t interrupt_bind(cap_t interrupt, uint64_t notification)
{
	struct msg m = {.tag = TAG(METHOD_INTERRUPT_BIND, 1), .words = {notification}};
	err_t err = sys_call(interrupt, &m);

	return err;
}

// Let it come again.
static inline err_t interrupt_ack(cap_t interrupt)
{
	struct msg m = {.tag = TAG(METHOD_INTERRUPT_ACK, 0)};
	err_t err = sys_call(interrupt, &m);

	return err;
}

// What a device must write to raise it, when it is message signalled.
// *address: address of the message
// *data: value of the message
static inline err_t interrupt_info(cap_t interrupt, uint64_t *address, uint64_t *data)
{
	struct msg m = {.tag = TAG(METHOD_INTERRUPT_INFO, 0)};
	err_t err = sys_call(interrupt, &m);

	if (address)
		*address = m.words[0];
	if (data)
		*data = m.words[1];
	return err;
}

// An Interrupt for a line of the interrupt controller.
// line: x86: the global system interrupt
// flags: bit 0: level triggered, bit 1: active low
// cnode: where the capability goes
// slot: empty slot
static inline err_t irqcontrol_line(cap_t irqcontrol, uint64_t line, uint64_t flags, cap_t cnode, uint64_t slot)
{
	struct msg m = {.tag = TAG(METHOD_IRQCONTROL_LINE, 4), .words = {line, flags, cnode, slot}};
	err_t err = sys_call(irqcontrol, &m);

	return err;
}

// An Interrupt for a message-signalled vector.
// cnode: where the capability goes
// slot: empty slot
static inline err_t irqcontrol_message(cap_t irqcontrol, cap_t cnode, uint64_t slot)
{
	struct msg m = {.tag = TAG(METHOD_IRQCONTROL_MESSAGE, 2), .words = {cnode, slot}};
	err_t err = sys_call(irqcontrol, &m);

	return err;
}

// Read a port.
// port: relative to the range
// size: 1, 2 or 4 bytes
static inline err_t ioport_in(cap_t ioport, uint64_t port, uint64_t size, uint64_t *value)
{
	struct msg m = {.tag = TAG(METHOD_IOPORT_IN, 2), .words = {port, size}};
	err_t err = sys_call(ioport, &m);

	if (value)
		*value = m.words[0];
	return err;
}

// Write a port.
// port: relative to the range
// size: 1, 2 or 4 bytes
static inline err_t ioport_out(cap_t ioport, uint64_t port, uint64_t size, uint64_t value)
{
	struct msg m = {.tag = TAG(METHOD_IOPORT_OUT, 3), .words = {port, size, value}};
	err_t err = sys_call(ioport, &m);

	return err;
}

#endif
