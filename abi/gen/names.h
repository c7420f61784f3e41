// Made by tools/gen.py from abi/abi.def. Do not edit.
// Names for logs and traces.
#ifndef ABI_GEN_NAMES_H
#define ABI_GEN_NAMES_H

static inline const char *error_name(unsigned err)
{
	static const char *const names[] = {
		"OK",
		"CAP_INVALID",
		"CAP_TYPE",
		"CAP_RIGHTS",
		"METHOD",
		"ARGUMENT",
		"RANGE",
		"ALIGN",
		"SLOT_USED",
		"NO_MEMORY",
		"NOT_READY",
		"CANCELLED",
		"DEAD",
		"TAG",
		"MAPPED",
		"NOT_MAPPED",
		"HAS_CHILDREN",
		"STATE",
		"SYSCALL",
		"NO_REPLY",
		"BLOCK",
		"BUSY",
	};

	return err < sizeof names / sizeof names[0] ? names[err] : "?";
}

static inline const char *type_name(unsigned type)
{
	switch (type) {
	case 1:
		return "untyped";
	case 2:
		return "cnode";
	case 3:
		return "frame";
	case 4:
		return "vspace";
	case 5:
		return "thread";
	case 6:
		return "schedcontext";
	case 7:
		return "schedcontrol";
	case 8:
		return "endpoint";
	case 9:
		return "reply";
	case 10:
		return "notification";
	case 11:
		return "interrupt";
	case 12:
		return "irqcontrol";
	case 13:
		return "ioport";
	default:
		return "?";
	}
}

static inline const char *method_name(unsigned type, unsigned label)
{
	switch (type << 8 | label) {
	case 1 << 8 | 1:
		return "untyped_retype";
	case 1 << 8 | 2:
		return "untyped_reset";
	case 1 << 8 | 3:
		return "untyped_info";
	case 2 << 8 | 1:
		return "cnode_derive";
	case 2 << 8 | 2:
		return "cnode_copy";
	case 2 << 8 | 3:
		return "cnode_move";
	case 2 << 8 | 4:
		return "cnode_delete";
	case 2 << 8 | 5:
		return "cnode_revoke";
	case 2 << 8 | 6:
		return "cnode_info";
	case 2 << 8 | 7:
		return "cnode_compare";
	case 2 << 8 | 8:
		return "cnode_revoke_run";
	case 3 << 8 | 1:
		return "frame_map";
	case 3 << 8 | 2:
		return "frame_unmap";
	case 3 << 8 | 3:
		return "frame_protect";
	case 3 << 8 | 4:
		return "frame_info";
	case 4 << 8 | 1:
		return "vspace_supply";
	case 4 << 8 | 2:
		return "vspace_clone";
	case 4 << 8 | 3:
		return "vspace_unmap_range";
	case 4 << 8 | 4:
		return "vspace_restrict";
	case 4 << 8 | 5:
		return "vspace_map";
	case 5 << 8 | 1:
		return "thread_set_space";
	case 5 << 8 | 2:
		return "thread_set_block";
	case 5 << 8 | 3:
		return "thread_bind";
	case 5 << 8 | 4:
		return "thread_read";
	case 5 << 8 | 5:
		return "thread_write";
	case 5 << 8 | 6:
		return "thread_suspend";
	case 5 << 8 | 7:
		return "thread_resume";
	case 5 << 8 | 8:
		return "thread_set_redirect";
	case 5 << 8 | 9:
		return "thread_upcall";
	case 5 << 8 | 10:
		return "thread_cancel";
	case 5 << 8 | 11:
		return "thread_set_timeout";
	case 6 << 8 | 1:
		return "schedcontext_bind";
	case 6 << 8 | 2:
		return "schedcontext_bind_notification";
	case 6 << 8 | 3:
		return "schedcontext_set_deadline";
	case 6 << 8 | 4:
		return "schedcontext_consumed";
	case 6 << 8 | 5:
		return "schedcontext_bind_reserve";
	case 6 << 8 | 6:
		return "schedcontext_watch";
	case 6 << 8 | 7:
		return "schedcontext_yield_to";
	case 7 << 8 | 1:
		return "schedcontrol_configure";
	case 7 << 8 | 2:
		return "schedcontrol_set_budget";
	case 7 << 8 | 3:
		return "schedcontrol_counters";
	case 11 << 8 | 1:
		return "interrupt_bind";
	case 11 << 8 | 2:
		return "interrupt_ack";
	case 11 << 8 | 3:
		return "interrupt_info";
	case 12 << 8 | 1:
		return "irqcontrol_line";
	case 12 << 8 | 2:
		return "irqcontrol_message";
	case 13 << 8 | 1:
		return "ioport_in";
	case 13 << 8 | 2:
		return "ioport_out";
	default:
		return "?";
	}
}

#endif
