// Rights: what each one gives, what its lack refuses, and that they only shrink.
#define CATEGORY "rights"
#include "tests/conform/conform.h"

static uint64_t rights_of(cap_t cap)
{
	uint64_t rights = ~0ull;

	WORKS(cnode_info(CNODE, cap, NULL, &rights, NULL, NULL));
	return rights;
}

static cap_t without(cap_t cap, unsigned right) { return derive(cap, ALL & ~right, 0, 0); }

CASE(rights_only_shrink_on_the_way_down)
{
	cap_t of[] = {make(TYPE_CNODE, 2), make(TYPE_FRAME, 12), make(TYPE_VSPACE, 0), make(TYPE_THREAD, 0),
		      make(TYPE_SCHEDCONTEXT, 0), make(TYPE_ENDPOINT, 0), make(TYPE_NOTIFICATION, 0),
		      BOOT_SLOT_IRQCONTROL, BOOT_SLOT_IOPORT, BOOT_SLOT_SCHEDCONTROL};

	for (unsigned i = 0; i < sizeof of / sizeof of[0]; i++) {
		uint64_t all = rights_of(of[i]);

		for (unsigned right = 1; right < 0x100; right <<= 1) {
			cap_t child = derive(of[i], right, 0, 0);

			EQ(rights_of(child), all & right);
			EQ(rights_of(derive(child, ALL, 0, 0)), all & right);
			WORKS(revoke(child));
			WORKS(delete(child));
		}
	}
}

CASE(a_new_object_has_every_right)
{
	EQ(rights_of(make(TYPE_UNTYPED, 12)), UNTYPED_RIGHTS);
	EQ(rights_of(make(TYPE_CNODE, 2)), CNODE_RIGHTS);
	EQ(rights_of(make(TYPE_FRAME, 12)), FRAME_RIGHTS);
	EQ(rights_of(make(TYPE_VSPACE, 0)), VSPACE_RIGHTS);
	EQ(rights_of(make(TYPE_THREAD, 0)), THREAD_RIGHTS);
	EQ(rights_of(make(TYPE_SCHEDCONTEXT, 0)), SCHEDCONTEXT_RIGHTS);
	EQ(rights_of(make(TYPE_ENDPOINT, 0)), ENDPOINT_RIGHTS);
	EQ(rights_of(make(TYPE_REPLY, 0)), REPLY_RIGHTS);
	EQ(rights_of(make(TYPE_NOTIFICATION, 0)), NOTIFICATION_RIGHTS);
}

// --- CNode

static cap_t cnode_without(unsigned right)
{
	cap_t cnode = make(TYPE_CNODE, 3);

	WORKS(cnode_derive(cnode, 1, CNODE, make(TYPE_ENDPOINT, 0), ALL, 0, 0));
	return without(cnode, right);
}

CASE(without_derive_nothing_is_derived_into_a_cnode)
{
	REFUSED(ERR_CAP_RIGHTS, 0, cnode_without(CNODE_DERIVE), METHOD_CNODE_DERIVE, 2, CNODE, CNODE, ALL, 0, 0);
}
CASE(without_derive_nothing_is_derived_from_a_cnode)
{
	cap_t cnode = cnode_without(CNODE_DERIVE);

	REFUSED(ERR_CAP_RIGHTS, 2, CNODE, METHOD_CNODE_DERIVE, slots_new(1), cnode, 1, ALL, 0, 0);
}
CASE(without_derive_nothing_is_copied_into_a_cnode)
{
	REFUSED(ERR_CAP_RIGHTS, 0, cnode_without(CNODE_DERIVE), METHOD_CNODE_COPY, 2, CNODE, CNODE, 1);
}
CASE(without_derive_nothing_is_copied_from_a_cnode)
{
	cap_t cnode = cnode_without(CNODE_DERIVE);

	REFUSED(ERR_CAP_RIGHTS, 2, CNODE, METHOD_CNODE_COPY, slots_new(1), cnode, 1, 1);
}
CASE(without_derive_nothing_is_retyped_into_a_cnode)
{
	REFUSED(ERR_CAP_RIGHTS, 4, case_untyped(), METHOD_UNTYPED_RETYPE, TYPE_REPLY, 0, 1,
		cnode_without(CNODE_DERIVE), 2);
}
CASE(without_derive_no_interrupt_is_made_in_a_cnode)
{
	REFUSED(ERR_CAP_RIGHTS, 1, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_MESSAGE, cnode_without(CNODE_DERIVE), 2);
}
CASE(without_move_nothing_is_moved_into_a_cnode)
{
	REFUSED(ERR_CAP_RIGHTS, 0, cnode_without(CNODE_MOVE), METHOD_CNODE_MOVE, 2, CNODE, CNODE, 1);
}
CASE(without_move_nothing_is_moved_out_of_a_cnode)
{
	cap_t cnode = cnode_without(CNODE_MOVE);

	REFUSED(ERR_CAP_RIGHTS, 2, CNODE, METHOD_CNODE_MOVE, slots_new(1), cnode, 1, 1);
}
CASE(without_delete_nothing_is_deleted)
{
	REFUSED(ERR_CAP_RIGHTS, 0, cnode_without(CNODE_DELETE), METHOD_CNODE_DELETE, 1, 1);
}
CASE(without_revoke_nothing_is_revoked)
{
	cap_t cnode = cnode_without(CNODE_REVOKE);

	REFUSED(ERR_CAP_RIGHTS, 0, cnode, METHOD_CNODE_REVOKE, 1);
	REFUSED(ERR_CAP_RIGHTS, 0, cnode, METHOD_CNODE_REVOKE_RUN, 1, 1);
}
CASE(cnode_info_and_compare_need_no_right)
{
	cap_t cnode = cnode_without(ALL);

	EQ(method(cnode, METHOD_CNODE_INFO, 1, WORDS(1)).words[0], TYPE_ENDPOINT);
	EQ(method(cnode, METHOD_CNODE_COMPARE, 3, WORDS(1, cnode, 1)).words[0], 1);
}

// --- Untyped

CASE(without_retype_nothing_is_made_and_nothing_reset)
{
	cap_t parent = block_new(14), child = slots_new(1), cnode = make(TYPE_CNODE, 2);

	// An Untyped cannot be derived: the one way to less is a CNode that hands it out by move.
	WORKS(untyped_retype(parent, TYPE_UNTYPED, 13, 1, CNODE, child, NULL));
	EQ(rights_of(child), UNTYPED_RIGHTS);
	REFUSED(ERR_CAP_TYPE, 3, cnode, METHOD_CNODE_DERIVE, 1, CNODE, child, 0, 0, 0);
}
CASE(an_untyped_made_of_an_untyped_has_its_rights)
{
	cap_t parent = block_new(14), child = slots_new(1);

	WORKS(untyped_retype(parent, TYPE_UNTYPED, 13, 1, CNODE, child, NULL));
	EQ(rights_of(child), rights_of(parent));
}

// --- Frame

CASE(a_frame_without_read_cannot_be_mapped)
{
	cap_t frame = without(make(TYPE_FRAME, 12), FRAME_READ);

	REFUSED(ERR_CAP_RIGHTS, 3, frame, METHOD_FRAME_MAP, VSPACE, FREE_AT, FRAME_READ | FRAME_WRITE);
}
CASE(a_mapping_that_asks_for_no_read_is_refused)
{
	REFUSED(ERR_CAP_RIGHTS, 3, make(TYPE_FRAME, 12), METHOD_FRAME_MAP, VSPACE, FREE_AT, FRAME_WRITE);
}
CASE(protect_cannot_take_read_away)
{
	cap_t frame = make(TYPE_FRAME, 12);

	WORKS(frame_map(frame, VSPACE, FREE_AT, FRAME_READ));
	REFUSED(ERR_CAP_RIGHTS, 1, frame, METHOD_FRAME_PROTECT, 0);
}
CASE(without_physical_the_address_is_not_told)
{
	cap_t frame = make(TYPE_FRAME, 12);
	uint64_t physical = 0;

	WORKS(frame_info(frame, NULL, NULL, &physical));
	TRUE(physical);
	WORKS(frame_info(without(frame, FRAME_PHYSICAL), NULL, NULL, &physical));
	EQ(physical, 0);
}

// --- VSpace and Thread

CASE(without_map_nothing_is_mapped_into_a_vspace)
{
	REFUSED(ERR_CAP_RIGHTS, 1, make(TYPE_FRAME, 12), METHOD_FRAME_MAP, without(VSPACE, VSPACE_MAP), FREE_AT,
		FRAME_READ);
}
CASE(without_map_a_vspace_takes_no_tables)
{
	REFUSED(ERR_CAP_RIGHTS, 0, without(make(TYPE_VSPACE, 0), VSPACE_MAP), METHOD_VSPACE_SUPPLY, block_new(16));
}
CASE(without_map_a_vspace_is_not_cloned_into)
{
	REFUSED(ERR_CAP_RIGHTS, 0, without(make(TYPE_VSPACE, 0), VSPACE_MAP), METHOD_VSPACE_CLONE, CNODE, 1, 0,
		CNODE, 1, 0);
}
CASE(without_map_no_range_is_unmapped)
{
	REFUSED(ERR_CAP_RIGHTS, 0, without(make(TYPE_VSPACE, 0), VSPACE_MAP), METHOD_VSPACE_UNMAP_RANGE, FREE_AT,
		FREE_END, 0);
}
CASE(without_map_no_item_is_mapped)
{
	REFUSED(ERR_CAP_RIGHTS, 0, without(make(TYPE_VSPACE, 0), VSPACE_MAP), METHOD_VSPACE_MAP, 0);
}
CASE(without_map_a_vspace_is_no_threads)
{
	REFUSED(ERR_CAP_RIGHTS, 2, make(TYPE_THREAD, 0), METHOD_THREAD_SET_SPACE, CNODE, without(VSPACE, VSPACE_MAP),
		0);
}
CASE(without_control_a_thread_is_out_of_reach)
{
	cap_t thread = without(make(TYPE_THREAD, 0), THREAD_CONTROL);

	for (unsigned label = METHOD_THREAD_SET_SPACE; label <= METHOD_THREAD_CANCEL; label++)
		EQ(method(thread, label, 8, WORDS(CNODE, VSPACE)).err, ERR_CAP_RIGHTS);
}
CASE(a_block_needs_read_and_write)
{
	cap_t thread = make(TYPE_THREAD, 0), frame = make(TYPE_FRAME, 12);

	REFUSED(ERR_CAP_RIGHTS, 1, thread, METHOD_THREAD_SET_BLOCK, without(frame, FRAME_READ), 0);
	REFUSED(ERR_CAP_RIGHTS, 1, thread, METHOD_THREAD_SET_BLOCK, without(frame, FRAME_WRITE), 0);
}
CASE(a_fault_endpoint_needs_send_and_grant)
{
	cap_t thread = make(TYPE_THREAD, 0), endpoint = make(TYPE_ENDPOINT, 0);

	REFUSED(ERR_CAP_RIGHTS, 3, thread, METHOD_THREAD_SET_SPACE, CNODE, VSPACE, without(endpoint, ENDPOINT_SEND));
	REFUSED(ERR_CAP_RIGHTS, 3, thread, METHOD_THREAD_SET_SPACE, CNODE, VSPACE, without(endpoint, ENDPOINT_GRANT));
	WORKS(thread_set_space(thread, CNODE, VSPACE, without(endpoint, ENDPOINT_RECV)));
}
CASE(a_bound_notification_needs_wait)
{
	REFUSED(ERR_CAP_RIGHTS, 1, make(TYPE_THREAD, 0), METHOD_THREAD_BIND,
		without(make(TYPE_NOTIFICATION, 0), NOTIFICATION_WAIT));
}

// --- time

CASE(without_control_a_context_is_not_bound)
{
	cap_t context = without(make(TYPE_SCHEDCONTEXT, 0), SCHEDCONTEXT_CONTROL);

	REFUSED(ERR_CAP_RIGHTS, 0, context, METHOD_SCHEDCONTEXT_BIND, 0);
	REFUSED(ERR_CAP_RIGHTS, 0, context, METHOD_SCHEDCONTEXT_BIND_NOTIFICATION, 0);
}
CASE(without_deadline_none_is_set)
{
	REFUSED(ERR_CAP_RIGHTS, 0, without(make(TYPE_SCHEDCONTEXT, 0), SCHEDCONTEXT_DEADLINE),
		METHOD_SCHEDCONTEXT_SET_DEADLINE, 0);
}
CASE(a_context_is_bound_to_a_thread_with_control_only)
{
	cap_t context = make(TYPE_SCHEDCONTEXT, 0), thread = without(make(TYPE_THREAD, 0), THREAD_CONTROL);

	WORKS(configure(context, LOW, 0));
	REFUSED(ERR_CAP_RIGHTS, 1, context, METHOD_SCHEDCONTEXT_BIND, thread);
}
CASE(a_context_signals_with_the_right_to_signal_only)
{
	REFUSED(ERR_CAP_RIGHTS, 1, make(TYPE_SCHEDCONTEXT, 0), METHOD_SCHEDCONTEXT_BIND_NOTIFICATION,
		without(make(TYPE_NOTIFICATION, 0), NOTIFICATION_SIGNAL));
}
CASE(without_configure_no_context_is_configured)
{
	EQ(schedcontrol_configure(without(BOOT_SLOT_SCHEDCONTROL, SCHEDCONTROL_CONFIGURE), make(TYPE_SCHEDCONTEXT, 0),
				  LOW, 0), ERR_CAP_RIGHTS);
}
CASE(only_a_context_with_control_is_configured)
{
	EQ(configure(without(make(TYPE_SCHEDCONTEXT, 0), SCHEDCONTEXT_CONTROL), LOW, 0), ERR_CAP_RIGHTS);
}

// --- messages

CASE(without_send_nothing_is_sent)
{
	cap_t endpoint = without(make(TYPE_ENDPOINT, 0), ENDPOINT_SEND);
	struct msg m = {0};

	EQ(sys_call(endpoint, &m), ERR_CAP_RIGHTS);
	EQ(sys_send(endpoint, &m), ERR_CAP_RIGHTS);
	EQ(sys_nb_send(endpoint, &m), ERR_CAP_RIGHTS);
}
CASE(without_recv_nothing_is_received)
{
	cap_t endpoint = without(make(TYPE_ENDPOINT, 0), ENDPOINT_RECV), reply = make(TYPE_REPLY, 0);
	struct msg m = {0};

	EQ(sys_recv(endpoint, reply, &m), ERR_CAP_RIGHTS);
	EQ(sys_nb_recv(endpoint, reply, &m), ERR_CAP_RIGHTS);
	EQ(sys_reply_recv(endpoint, reply, &m), ERR_CAP_RIGHTS);
}
CASE(without_grant_no_capability_goes_along)
{
	cap_t endpoint = without(make(TYPE_ENDPOINT, 0), ENDPOINT_GRANT);
	struct msg m = {.tag = TAG_CAPS(1)};

	msg_set_cap(0, CNODE);
	EQ(sys_nb_send(endpoint, &m), ERR_CAP_RIGHTS);
}
CASE(watch_is_not_inherited_by_a_child_of_a_badged_slot)
{
	cap_t watched = derive(make(TYPE_ENDPOINT, 0), ALL, 5, 0);

	TRUE(rights_of(watched) & ENDPOINT_WATCH);
	EQ(rights_of(derive(watched, ALL, 0, 0)) & ENDPOINT_WATCH, 0);
}
CASE(without_signal_a_notification_is_not_signalled)
{
	EQ(sys_signal(without(make(TYPE_NOTIFICATION, 0), NOTIFICATION_SIGNAL)), ERR_CAP_RIGHTS);
}
CASE(without_wait_a_notification_is_not_waited_for)
{
	cap_t n = without(make(TYPE_NOTIFICATION, 0), NOTIFICATION_WAIT);
	struct msg m = {0};

	EQ(sys_recv(n, 0, &m), ERR_CAP_RIGHTS);
	EQ(sys_nb_recv(n, 0, &m), ERR_CAP_RIGHTS);
}

// --- devices

CASE(without_handle_an_interrupt_is_not_bound_or_acknowledged)
{
	cap_t irq = slots_new(1), less;

	WORKS(irqcontrol_message(BOOT_SLOT_IRQCONTROL, CNODE, irq));
	less = without(irq, INTERRUPT_HANDLE);
	REFUSED(ERR_CAP_RIGHTS, 0, less, METHOD_INTERRUPT_BIND, 0);
	REFUSED(ERR_CAP_RIGHTS, 0, less, METHOD_INTERRUPT_ACK);
	WORKS(interrupt_info(less, NULL, NULL));
}
CASE(an_interrupt_signals_with_the_right_to_signal_only)
{
	cap_t irq = slots_new(1);

	WORKS(irqcontrol_message(BOOT_SLOT_IRQCONTROL, CNODE, irq));
	REFUSED(ERR_CAP_RIGHTS, 1, irq, METHOD_INTERRUPT_BIND,
		without(make(TYPE_NOTIFICATION, 0), NOTIFICATION_SIGNAL));
}
CASE(without_make_no_interrupt_is_made)
{
	cap_t control = without(BOOT_SLOT_IRQCONTROL, IRQCONTROL_MAKE);

	REFUSED(ERR_CAP_RIGHTS, 0, control, METHOD_IRQCONTROL_LINE, 5, 0, CNODE, slots_new(1));
	REFUSED(ERR_CAP_RIGHTS, 0, control, METHOD_IRQCONTROL_MESSAGE, CNODE, slots_new(1));
}
CASE(without_in_a_port_is_not_read)
{
	REFUSED(ERR_CAP_RIGHTS, 0, without(BOOT_SLOT_IOPORT, IOPORT_IN), METHOD_IOPORT_IN, 0x80, 1);
}
CASE(without_out_a_port_is_not_written)
{
	REFUSED(ERR_CAP_RIGHTS, 0, without(BOOT_SLOT_IOPORT, IOPORT_OUT), METHOD_IOPORT_OUT, 0x80, 1, 0);
}
