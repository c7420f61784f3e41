// System calls: which capability they take, what they leave in the registers, and how methods are found.
#define CATEGORY "system calls"
#include "tests/conform/conform.h"

static struct raw raw(unsigned number, uint64_t cap, tag_t tag, uint64_t reply)
{
	struct raw r = {.rax = SYSCALL_BASE + number, .rdi = cap, .rsi = tag, .rdx = reply, .r8 = 8, .r9 = 9,
			.r10 = 10, .rbx = 11, .r12 = 12, .r13 = 13, .r14 = 14, .r15 = 15, .rbp = 16};

	raw_call(&r);
	return r;
}

static void refuses(unsigned number, cap_t cap, err_t err)
{
	struct raw r = raw(number, cap, 0, 0);

	EQ(r.rax, err);
	EQ(r.rdi, 0);
}

CASE(call_of_no_capability_fails) { refuses(SYSCALL_CALL, 0, ERR_CAP_INVALID); }
CASE(call_of_an_empty_slot_fails) { refuses(SYSCALL_CALL, slots_new(1), ERR_CAP_INVALID); }
CASE(call_beyond_the_cspace_fails) { refuses(SYSCALL_CALL, 1u << BOOT_CNODE_BITS, ERR_CAP_INVALID); }
CASE(send_to_an_empty_slot_fails) { refuses(SYSCALL_SEND, slots_new(1), ERR_CAP_INVALID); }
CASE(send_beyond_the_cspace_fails) { refuses(SYSCALL_SEND, ~0u, ERR_CAP_INVALID); }
CASE(recv_from_an_empty_slot_fails) { refuses(SYSCALL_RECV, slots_new(1), ERR_CAP_INVALID); }
CASE(recv_beyond_the_cspace_fails) { refuses(SYSCALL_RECV, ~0u, ERR_CAP_INVALID); }
CASE(nb_send_to_an_empty_slot_fails) { refuses(SYSCALL_NB_SEND, slots_new(1), ERR_CAP_INVALID); }
CASE(nb_recv_from_an_empty_slot_fails) { refuses(SYSCALL_NB_RECV, slots_new(1), ERR_CAP_INVALID); }
CASE(reply_recv_on_an_empty_slot_fails) { refuses(SYSCALL_REPLY_RECV, slots_new(1), ERR_CAP_INVALID); }
CASE(send_to_what_is_no_endpoint_fails) { refuses(SYSCALL_SEND, CNODE, ERR_CAP_TYPE); }
CASE(nb_send_to_what_is_no_endpoint_fails) { refuses(SYSCALL_NB_SEND, VSPACE, ERR_CAP_TYPE); }
CASE(recv_from_what_is_no_endpoint_fails) { refuses(SYSCALL_RECV, BOOT_SLOT_THREAD, ERR_CAP_TYPE); }
CASE(nb_recv_from_what_is_no_endpoint_fails) { refuses(SYSCALL_NB_RECV, make(TYPE_REPLY, 0), ERR_CAP_TYPE); }
CASE(reply_recv_on_what_is_no_endpoint_fails) { refuses(SYSCALL_REPLY_RECV, VSPACE, ERR_CAP_TYPE); }

CASE(a_number_of_the_window_that_is_no_call_is_refused)
{
	for (unsigned n = SYSCALL_COUNT; n < SYSCALL_WINDOW; n++)
		refuses(n, CNODE, ERR_SYSCALL);
}

CASE(all_64_bits_of_a_capability_number_count)
{
	struct raw r = raw(SYSCALL_CALL, 1ull << 32 | CNODE, TAG(METHOD_CNODE_INFO, 1), 0);

	EQ(r.rax, ERR_CAP_INVALID);
}

CASE(an_error_leaves_no_value_in_a_message_register)
{
	struct raw r = raw(SYSCALL_CALL, 0, TAG(1, 8), 77);

	EQ(r.rax, ERR_CAP_INVALID);
	EQ(r.rsi | r.rdi | r.rdx, 0);
	EQ(r.r8 | r.r9 | r.r10 | r.rbx | r.r12 | r.r13 | r.r14 | r.r15, 0);
}

CASE(the_stack_pointer_comes_back)
{
	EQ(raw(SYSCALL_CALL, CNODE, TAG(METHOD_CNODE_INFO, 1), 0).sp_moved, 0);
	EQ(raw(SYSCALL_YIELD, 0, 0, 0).sp_moved, 0);
}

CASE(the_users_flags_come_back)
{
	struct raw r = {.rax = SYSCALL_BASE + SYSCALL_YIELD, .flags = 0xcd5 | 0x202};  // DF OF SF ZF AF PF CF

	raw_call(&r);
	EQ(r.flags & 0xcd5, 0xcd5);
}

CASE(a_methods_answer_has_zeros_behind_its_words)
{
	struct raw r = raw(SYSCALL_CALL, CNODE, TAG(METHOD_CNODE_COMPARE, 3), 0);

	r = raw(SYSCALL_CALL, case_untyped(), TAG(METHOD_UNTYPED_INFO, 0), 0);
	EQ(r.rax, OK);
	EQ(r.rsi, TAG(0, 3));
	EQ(r.rbx | r.r12 | r.r13 | r.r14 | r.r15, 0);
}

CASE(yield_alone_returns)
{
	struct raw r = raw(SYSCALL_YIELD, 0, 0, 0);

	EQ(r.rax, OK);
}

CASE(yield_needs_no_capability)
{
	EQ(raw(SYSCALL_YIELD, ~0ull, ~0ull, ~0ull).rax, OK);
}

// --- methods

// One capability of each type that has methods.
struct sample {
	cap_t cap;
	unsigned last;    // the highest method
	uint16_t needed;  // bit n: method n has an argument
};

#define SAMPLES 11

static void samples_make(struct sample s[SAMPLES])
{
	cap_t irq = slots_new(1);

	WORKS(irqcontrol_message(BOOT_SLOT_IRQCONTROL, CNODE, irq));
	s[0] = (struct sample){block_new(12), 3, 1 << 1};
	s[1] = (struct sample){make(TYPE_CNODE, 2), 8, 0x1fe};
	s[2] = (struct sample){make(TYPE_FRAME, 12), 4, 1 << 1 | 1 << 3};
	s[3] = (struct sample){make(TYPE_VSPACE, 0), 3, 0xe};
	s[4] = (struct sample){make(TYPE_THREAD, 0), 10, 1 << 1 | 1 << 2 | 1 << 3 | 1 << 8 | 1 << 9};
	s[5] = (struct sample){make(TYPE_SCHEDCONTEXT, 0), 3, 0xe};
	s[6] = (struct sample){BOOT_SLOT_SCHEDCONTROL, 1, 2};
	s[7] = (struct sample){irq, 3, 2};
	s[8] = (struct sample){BOOT_SLOT_IRQCONTROL, 2, 6};
	s[9] = (struct sample){BOOT_SLOT_IOPORT, 2, 6};
	s[10] = (struct sample){make(TYPE_CNODE, 3), 8, 0x1fe};
}

CASE(no_object_has_a_method_0)
{
	struct sample s[SAMPLES];

	samples_make(s);
	for (unsigned i = 0; i < SAMPLES; i++)
		EQ(method(s[i].cap, 0, 8, WORDS(0)).err, ERR_METHOD);
}

CASE(no_object_has_a_method_beyond_its_last)
{
	struct sample s[SAMPLES];

	samples_make(s);
	for (unsigned i = 0; i < SAMPLES; i++) {
		EQ(method(s[i].cap, 100, 8, WORDS(0)).err, ERR_METHOD);
		EQ(method(s[i].cap, TAG_LABEL_MASK, 8, WORDS(0)).err, ERR_METHOD);
	}
}

CASE(endpoints_replies_and_notifications_have_no_methods)
{
	EQ(method(make(TYPE_REPLY, 0), 1, 0, WORDS(0)).err, ERR_METHOD);
	EQ(method(make(TYPE_NOTIFICATION, 0), 1, 0, WORDS(0)).err, ERR_METHOD);
}

CASE(a_method_wants_all_its_words)
{
	struct sample s[SAMPLES];

	samples_make(s);
	for (unsigned i = 0; i < SAMPLES; i++)
		for (unsigned label = 1; label <= s[i].last; label++)
			if (s[i].needed >> label & 1)
				EQ(method(s[i].cap, label, 0, WORDS(0)).err, ERR_TAG);
}

CASE(a_missing_words_error_says_how_many_are_wanted)
{
	struct answer a = method(CNODE, METHOD_CNODE_DERIVE, 2, WORDS(1, 2));

	EQ(a.err, ERR_TAG);
	EQ(a.words[1], 6);
}

static err_t tagged(tag_t more)
{
	struct msg m = {.tag = TAG(METHOD_CNODE_INFO, 1) | more, .words = {CNODE}};

	return sys_call(CNODE, &m);
}

CASE(a_method_with_a_kind_is_refused) { EQ(tagged((tag_t)KIND_FAULT << TAG_KIND_SHIFT), ERR_TAG); }
CASE(a_method_with_capabilities_is_refused) { EQ(tagged(TAG_CAPS(1)), ERR_TAG); }
CASE(a_method_with_map_items_is_refused) { EQ(tagged(TAG_ITEMS(1)), ERR_TAG); }
CASE(a_method_with_65_words_is_refused) { EQ(tagged(TAG(0, 64) ), ERR_TAG); }
CASE(a_method_may_be_interruptible) { WORKS(tagged(TAG_INTERRUPTIBLE)); }
CASE(a_method_ignores_words_that_it_does_not_know)
{
	EQ(method(CNODE, METHOD_CNODE_INFO, 8, WORDS(CNODE, 1, 2, 3, 4, 5, 6, 7)).err, OK);
}

CASE(an_argument_that_is_no_capability_is_named)
{
	REFUSED(ERR_CAP_INVALID, 1, make(TYPE_FRAME, 12), METHOD_FRAME_MAP, slots_new(1), FREE_AT, FRAME_READ);
	REFUSED(ERR_CAP_INVALID, 4, case_untyped(), METHOD_UNTYPED_RETYPE, TYPE_REPLY, 0, 1, ~0u, 1);
}

CASE(an_argument_of_the_wrong_type_is_named_and_the_type_told)
{
	struct answer a = method(make(TYPE_FRAME, 12), METHOD_FRAME_MAP, 3, WORDS(CNODE, FREE_AT, FRAME_READ));

	EQ(a.err, ERR_CAP_TYPE);
	EQ(a.words[0], 1);
	EQ(a.words[1], TYPE_VSPACE);
}

CASE(send_to_a_kernel_object_is_refused)
{
	cap_t frame = make(TYPE_FRAME, 12);
	struct msg m = {.tag = TAG(METHOD_FRAME_INFO, 0)};

	EQ(sys_send(frame, &m), ERR_CAP_TYPE);
}
