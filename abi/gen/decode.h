// Made by tools/gen.py from abi/abi.def. Do not edit.
// The kernel's method table: what each method needs before its handler sees it.
#ifndef ABI_GEN_DECODE_H
#define ABI_GEN_DECODE_H

err_t untyped_retype(struct invocation *call);
err_t untyped_reset(struct invocation *call);
err_t untyped_info(struct invocation *call);
err_t cnode_derive(struct invocation *call);
err_t cnode_copy(struct invocation *call);
err_t cnode_move(struct invocation *call);
err_t cnode_delete(struct invocation *call);
err_t cnode_revoke(struct invocation *call);
err_t cnode_info(struct invocation *call);
err_t cnode_compare(struct invocation *call);
err_t cnode_revoke_run(struct invocation *call);
err_t frame_map(struct invocation *call);
err_t frame_unmap(struct invocation *call);
err_t frame_protect(struct invocation *call);
err_t frame_info(struct invocation *call);
err_t vspace_supply(struct invocation *call);
err_t vspace_clone(struct invocation *call);
err_t vspace_unmap_range(struct invocation *call);
err_t vspace_restrict(struct invocation *call);
err_t vspace_map(struct invocation *call);
err_t thread_set_space(struct invocation *call);
err_t thread_set_block(struct invocation *call);
err_t thread_bind(struct invocation *call);
err_t thread_read(struct invocation *call);
err_t thread_write(struct invocation *call);
err_t thread_suspend(struct invocation *call);
err_t thread_resume(struct invocation *call);
err_t thread_set_redirect(struct invocation *call);
err_t thread_upcall(struct invocation *call);
err_t thread_cancel(struct invocation *call);
err_t thread_set_timeout(struct invocation *call);
err_t schedcontext_bind(struct invocation *call);
err_t schedcontext_bind_notification(struct invocation *call);
err_t schedcontext_set_deadline(struct invocation *call);
err_t schedcontext_consumed(struct invocation *call);
err_t schedcontext_bind_reserve(struct invocation *call);
err_t schedcontext_watch(struct invocation *call);
err_t schedcontext_yield_to(struct invocation *call);
err_t schedcontrol_configure(struct invocation *call);
err_t schedcontrol_set_budget(struct invocation *call);
err_t schedcontrol_counters(struct invocation *call);
err_t interrupt_bind(struct invocation *call);
err_t interrupt_ack(struct invocation *call);
err_t interrupt_info(struct invocation *call);
err_t irqcontrol_line(struct invocation *call);
err_t irqcontrol_message(struct invocation *call);
err_t ioport_in(struct invocation *call);
err_t ioport_out(struct invocation *call);

static const struct method methods[] = {
	{TYPE_UNTYPED, METHOD_UNTYPED_RETYPE, UNTYPED_RETYPE, 5, 1, {{3, TYPE_CNODE, CNODE_DERIVE}}, untyped_retype},
	{TYPE_UNTYPED, METHOD_UNTYPED_RESET, UNTYPED_RETYPE, 0, 0, {}, untyped_reset},
	{TYPE_UNTYPED, METHOD_UNTYPED_INFO, 0, 0, 0, {}, untyped_info},
	{TYPE_CNODE, METHOD_CNODE_DERIVE, CNODE_DERIVE, 6, 1, {{1, TYPE_CNODE, CNODE_DERIVE}}, cnode_derive},
	{TYPE_CNODE, METHOD_CNODE_COPY, CNODE_DERIVE, 4, 1, {{1, TYPE_CNODE, CNODE_DERIVE}}, cnode_copy},
	{TYPE_CNODE, METHOD_CNODE_MOVE, CNODE_MOVE, 4, 1, {{1, TYPE_CNODE, CNODE_MOVE}}, cnode_move},
	{TYPE_CNODE, METHOD_CNODE_DELETE, CNODE_DELETE, 2, 0, {}, cnode_delete},
	{TYPE_CNODE, METHOD_CNODE_REVOKE, CNODE_REVOKE, 1, 0, {}, cnode_revoke},
	{TYPE_CNODE, METHOD_CNODE_INFO, 0, 1, 0, {}, cnode_info},
	{TYPE_CNODE, METHOD_CNODE_COMPARE, 0, 3, 1, {{1, TYPE_CNODE, 0}}, cnode_compare},
	{TYPE_CNODE, METHOD_CNODE_REVOKE_RUN, CNODE_REVOKE, 2, 0, {}, cnode_revoke_run},
	{TYPE_FRAME, METHOD_FRAME_MAP, 0, 3, 1, {{0, TYPE_VSPACE, VSPACE_MAP}}, frame_map},
	{TYPE_FRAME, METHOD_FRAME_UNMAP, 0, 0, 0, {}, frame_unmap},
	{TYPE_FRAME, METHOD_FRAME_PROTECT, 0, 1, 0, {}, frame_protect},
	{TYPE_FRAME, METHOD_FRAME_INFO, 0, 0, 0, {}, frame_info},
	{TYPE_VSPACE, METHOD_VSPACE_SUPPLY, VSPACE_MAP, 1, 1, {{0, TYPE_UNTYPED, UNTYPED_RETYPE}}, vspace_supply},
	{TYPE_VSPACE, METHOD_VSPACE_CLONE, VSPACE_MAP, 6, 2, {{0, TYPE_CNODE, CNODE_DERIVE | CNODE_DELETE}, {3, TYPE_CNODE, CNODE_DERIVE}}, vspace_clone},
	{TYPE_VSPACE, METHOD_VSPACE_UNMAP_RANGE, VSPACE_MAP, 3, 0, {}, vspace_unmap_range},
	{TYPE_VSPACE, METHOD_VSPACE_RESTRICT, VSPACE_RESTRICT, 3, 0, {}, vspace_restrict},
	{TYPE_VSPACE, METHOD_VSPACE_MAP, VSPACE_MAP, 1, 0, {}, vspace_map},
	{TYPE_THREAD, METHOD_THREAD_SET_SPACE, THREAD_CONTROL, 3, 2, {{0, TYPE_CNODE, 0}, {1, TYPE_VSPACE, VSPACE_MAP}}, thread_set_space},
	{TYPE_THREAD, METHOD_THREAD_SET_BLOCK, THREAD_CONTROL, 2, 1, {{0, TYPE_FRAME, FRAME_READ | FRAME_WRITE}}, thread_set_block},
	{TYPE_THREAD, METHOD_THREAD_BIND, THREAD_CONTROL, 1, 0, {}, thread_bind},
	{TYPE_THREAD, METHOD_THREAD_READ, THREAD_CONTROL, 0, 0, {}, thread_read},
	{TYPE_THREAD, METHOD_THREAD_WRITE, THREAD_CONTROL, 1, 0, {}, thread_write},
	{TYPE_THREAD, METHOD_THREAD_SUSPEND, THREAD_CONTROL, 0, 0, {}, thread_suspend},
	{TYPE_THREAD, METHOD_THREAD_RESUME, THREAD_CONTROL, 0, 0, {}, thread_resume},
	{TYPE_THREAD, METHOD_THREAD_SET_REDIRECT, THREAD_CONTROL, 6, 0, {}, thread_set_redirect},
	{TYPE_THREAD, METHOD_THREAD_UPCALL, THREAD_CONTROL, 1, 0, {}, thread_upcall},
	{TYPE_THREAD, METHOD_THREAD_CANCEL, THREAD_CONTROL, 0, 0, {}, thread_cancel},
	{TYPE_THREAD, METHOD_THREAD_SET_TIMEOUT, THREAD_CONTROL, 1, 0, {}, thread_set_timeout},
	{TYPE_SCHEDCONTEXT, METHOD_SCHEDCONTEXT_BIND, SCHEDCONTEXT_CONTROL, 1, 0, {}, schedcontext_bind},
	{TYPE_SCHEDCONTEXT, METHOD_SCHEDCONTEXT_BIND_NOTIFICATION, SCHEDCONTEXT_CONTROL, 1, 0, {}, schedcontext_bind_notification},
	{TYPE_SCHEDCONTEXT, METHOD_SCHEDCONTEXT_SET_DEADLINE, SCHEDCONTEXT_DEADLINE, 1, 0, {}, schedcontext_set_deadline},
	{TYPE_SCHEDCONTEXT, METHOD_SCHEDCONTEXT_CONSUMED, 0, 0, 0, {}, schedcontext_consumed},
	{TYPE_SCHEDCONTEXT, METHOD_SCHEDCONTEXT_BIND_RESERVE, SCHEDCONTEXT_CONTROL, 1, 0, {}, schedcontext_bind_reserve},
	{TYPE_SCHEDCONTEXT, METHOD_SCHEDCONTEXT_WATCH, SCHEDCONTEXT_CONTROL, 1, 0, {}, schedcontext_watch},
	{TYPE_SCHEDCONTEXT, METHOD_SCHEDCONTEXT_YIELD_TO, SCHEDCONTEXT_CONTROL, 0, 0, {}, schedcontext_yield_to},
	{TYPE_SCHEDCONTROL, METHOD_SCHEDCONTROL_CONFIGURE, SCHEDCONTROL_CONFIGURE, 3, 1, {{0, TYPE_SCHEDCONTEXT, SCHEDCONTEXT_CONTROL}}, schedcontrol_configure},
	{TYPE_SCHEDCONTROL, METHOD_SCHEDCONTROL_SET_BUDGET, SCHEDCONTROL_CONFIGURE, 4, 1, {{0, TYPE_SCHEDCONTEXT, SCHEDCONTEXT_CONTROL}}, schedcontrol_set_budget},
	{TYPE_SCHEDCONTROL, METHOD_SCHEDCONTROL_COUNTERS, 0, 0, 0, {}, schedcontrol_counters},
	{TYPE_INTERRUPT, METHOD_INTERRUPT_BIND, INTERRUPT_HANDLE, 1, 0, {}, interrupt_bind},
	{TYPE_INTERRUPT, METHOD_INTERRUPT_ACK, INTERRUPT_HANDLE, 0, 0, {}, interrupt_ack},
	{TYPE_INTERRUPT, METHOD_INTERRUPT_INFO, 0, 0, 0, {}, interrupt_info},
	{TYPE_IRQCONTROL, METHOD_IRQCONTROL_LINE, IRQCONTROL_MAKE, 4, 1, {{2, TYPE_CNODE, CNODE_DERIVE}}, irqcontrol_line},
	{TYPE_IRQCONTROL, METHOD_IRQCONTROL_MESSAGE, IRQCONTROL_MAKE, 2, 1, {{0, TYPE_CNODE, CNODE_DERIVE}}, irqcontrol_message},
	{TYPE_IOPORT, METHOD_IOPORT_IN, IOPORT_IN, 2, 0, {}, ioport_in},
	{TYPE_IOPORT, METHOD_IOPORT_OUT, IOPORT_OUT, 3, 0, {}, ioport_out},
};

// By type: its first method in the table, and how many it has (numbered from 1 in order).
static const struct { uint8_t first, count; } method_index[TYPE_COUNT] = {
	[TYPE_UNTYPED] = {0, 3},
	[TYPE_CNODE] = {3, 8},
	[TYPE_FRAME] = {11, 4},
	[TYPE_VSPACE] = {15, 5},
	[TYPE_THREAD] = {20, 11},
	[TYPE_SCHEDCONTEXT] = {31, 7},
	[TYPE_SCHEDCONTROL] = {38, 3},
	[TYPE_ENDPOINT] = {41, 0},
	[TYPE_REPLY] = {41, 0},
	[TYPE_NOTIFICATION] = {41, 0},
	[TYPE_INTERRUPT] = {41, 3},
	[TYPE_IRQCONTROL] = {44, 2},
	[TYPE_IOPORT] = {46, 2},
};

#endif
