// Messages: every way of sending and receiving, in both orders of arrival.
#include "kernel_machine.h"

static cap_t endpoint, sender_cap, reply;
static struct player a, b;  // b serves

static void setup_pair(void)
{
	endpoint = make(TYPE_ENDPOINT, 0);
	sender_cap = derive(endpoint, ENDPOINT_SEND | ENDPOINT_GRANT, 77, 0);
	reply = make(TYPE_REPLY, 0);
	a = player();
	b = player();
}

static void recv(struct player *p, cap_t from, cap_t with) { native(p->thread, SYSCALL_RECV, from, with, 0, NO_WORDS); }

static void expect_message(const struct player *p, uint64_t badge, tag_t tag, const uint64_t *words, unsigned count)
{
	struct result r = result_of(p->thread);

	assert_int_equal(r.err, OK);
	assert_int_equal(r.badge, badge);
	assert_true(r.tag == tag);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(r.word[i], words[i]);
}

static const uint64_t eight[] = {11, 22, 33, 44, 55, 66, 77, 88};

static void call_both_orders(void **state)
{
	(void)state;
	setup_pair();
	for (unsigned order = 0; order < 2; order++) {
		if (order == 0)
			recv(&b, endpoint, reply);
		native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG(5, 8), eight);
		if (order == 1) {
			assert_int_equal(a.thread->state, THREAD_SENDING);
			recv(&b, endpoint, reply);
		}
		expect_message(&b, 77, TAG(5, 8), eight, 8);
		assert_int_equal(a.thread->state, THREAD_ANSWER);
		native(b.thread, SYSCALL_REPLY_RECV, endpoint, reply, TAG(9, 2), WORDS(1, 2));
		expect_message(&a, 0, TAG(9, 2), WORDS(1, 2), 8);
		assert_int_equal(b.thread->state, THREAD_RECEIVING);
		assert_int_equal(suspend(b.cap), OK);
		assert_int_equal(resume(b.cap), OK);
		assert_int_equal(result_of(b.thread).err, ERR_CANCELLED);
	}
}

static void send_both_orders(void **state)
{
	(void)state;
	setup_pair();
	recv(&b, endpoint, reply);
	struct result r = native_now(a.thread, SYSCALL_SEND, sender_cap, 0, TAG(1, 3), eight);

	assert_int_equal(r.err, OK);
	assert_int_equal(r.word[0] | r.badge | r.tag, 0);
	expect_message(&b, 77, TAG(1, 3), eight, 3);
	native(a.thread, SYSCALL_SEND, sender_cap, 0, TAG(2, 1), eight);
	assert_int_equal(a.thread->state, THREAD_SENDING);
	recv(&b, endpoint, reply);
	expect_message(&b, 77, TAG(2, 1), eight, 1);
	assert_int_equal(result_of(a.thread).err, OK);
	// Nothing pends on the Reply of a send.
	assert_int_equal(native_now(b.thread, SYSCALL_SEND, reply, 0, 0, NO_WORDS).err, ERR_NO_REPLY);
}

static void nb_variants_do_not_wait(void **state)
{
	(void)state;
	setup_pair();
	assert_int_equal(native_now(a.thread, SYSCALL_NB_SEND, sender_cap, 0, 0, NO_WORDS).err, ERR_NOT_READY);
	assert_int_equal(native_now(b.thread, SYSCALL_NB_RECV, endpoint, reply, 0, NO_WORDS).err, ERR_NOT_READY);
	recv(&b, endpoint, reply);
	assert_int_equal(native_now(a.thread, SYSCALL_NB_SEND, sender_cap, 0, TAG(3, 1), eight).err, OK);
	expect_message(&b, 77, TAG(3, 1), eight, 1);
	native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG(4, 1), eight);
	native(b.thread, SYSCALL_NB_RECV, endpoint, reply, 0, NO_WORDS);
	expect_message(&b, 77, TAG(4, 1), eight, 1);
	assert_int_equal(native_now(b.thread, SYSCALL_NB_SEND, reply, 0, TAG(6, 0), NO_WORDS).err, OK);
	assert_true(result_of(a.thread).tag == TAG(6, 0));
}

static void messages_of_every_length(void **state)
{
	(void)state;
	setup_pair();
	for (unsigned n = 0; n <= MSG_WORDS_MAX; n++) {
		uint64_t words[MSG_WORDS_REGISTERS] = {0};

		for (unsigned i = 0; i < MSG_WORDS_MAX; i++) {
			uint64_t value = i < n ? i * 3 + n : 0;

			if (i < MSG_WORDS_REGISTERS)
				words[i] = value;
			else
				a.page->words[i - MSG_WORDS_REGISTERS] = value;
		}
		memset(b.page->words, 0x5a, sizeof b.page->words);
		if (n % 2)
			recv(&b, endpoint, reply);
		native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG(n, n), words);
		if (!(n % 2))
			recv(&b, endpoint, reply);
		expect_message(&b, 77, TAG(n, n), words, 8);
		for (unsigned i = MSG_WORDS_REGISTERS; i < MSG_WORDS_MAX; i++)
			assert_true(b.page->words[i - MSG_WORDS_REGISTERS] ==
				    (i < n ? i * 3 + n : 0x5a5a5a5a5a5a5a5aull));
		assert_int_equal(native_now(b.thread, SYSCALL_SEND, reply, 0, TAG(n, n), words).err, OK);
		assert_true(result_of(a.thread).tag == TAG(n, n));
	}
}

static void a_receiver_without_block_gets_eight_words(void **state)
{
	(void)state;
	setup_pair();
	assert_int_equal(delete(b.block), OK);  // the thread's own slot lives on
	assert_non_null(b.thread->block);
	cap_t t = make(TYPE_THREAD, 0), c = make(TYPE_SCHEDCONTEXT, 0);
	struct player bare = {.thread = object_of(t), .cap = t, .context = c};

	assert_int_equal(method(task, t, METHOD_THREAD_SET_SPACE, 3, WORDS(CNODE, VSPACE, 0)).err, OK);
	assert_int_equal(configure(c, PRIORITY_MAX, 0), OK);
	assert_int_equal(context_bind(c, t), OK);
	assert_int_equal(resume(t), OK);
	recv(&bare, endpoint, reply);
	native(a.thread, SYSCALL_SEND, sender_cap, 0, TAG(1, 20), eight);
	expect_message(&bare, 77, TAG(1, 8), eight, 8);
	assert_int_equal(native_now(bare.thread, SYSCALL_SEND, sender_cap, 0, TAG(1, 9), eight).err, ERR_BLOCK);
	a.page->caps[0] = endpoint;
	recv(&bare, endpoint, reply);
	native(a.thread, SYSCALL_SEND, sender_cap, 0, TAG(1, 0) | TAG_CAPS(1), eight);
	assert_int_equal(tag_caps(result_of(bare.thread).tag), 0);
}

static void capabilities_go_into_free_slots(void **state)
{
	cap_t window = slots_new(8), gifts;

	(void)state;
	setup_pair();
	gifts = make_many(TYPE_ENDPOINT, 0, 4);
	assert_int_equal(copy(window + 1, endpoint), OK);  // used: is skipped
	for (unsigned i = 0; i < 4; i++)
		a.page->caps[i] = gifts + i;
	b.page->recv_first = window;
	b.page->recv_count = 4;
	recv(&b, endpoint, reply);
	native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG(1, 0) | TAG_CAPS(4), NO_WORDS);
	struct result r = result_of(b.thread);

	assert_int_equal(tag_caps(r.tag), 3);  // the fourth found no slot
	assert_int_equal(b.page->received[0], window);
	assert_int_equal(b.page->received[1], window + 2);
	assert_int_equal(b.page->received[2], window + 3);
	assert_true(slot_find_parent(slot_of(window)) == slot_of(gifts));
	// Back the other way, and a partial window at the end of the CSpace.
	b.page->caps[0] = window;
	a.page->recv_first = (1u << BOOT_CNODE_BITS) - 1;
	a.page->recv_count = 0xffffffff;
	assert_int_equal(native_now(b.thread, SYSCALL_SEND, reply, 0, TAG_CAPS(1), NO_WORDS).err, OK);
	assert_int_equal(tag_caps(result_of(a.thread).tag), 1);
	assert_int_equal(a.page->received[0], (1u << BOOT_CNODE_BITS) - 1);
	a.page->recv_first = 0xffffffff;
	a.page->recv_count = 0xffffffff;
	recv(&b, endpoint, reply);
	native(a.thread, SYSCALL_CALL, sender_cap, 0, 0, NO_WORDS);
	assert_int_equal(native_now(b.thread, SYSCALL_SEND, reply, 0, TAG_CAPS(1), NO_WORDS).err, OK);
	assert_int_equal(tag_caps(result_of(a.thread).tag), 0);
}

static void what_cannot_be_derived_does_not_travel(void **state)
{
	cap_t window = slots_new(4);

	(void)state;
	setup_pair();
	a.page->caps[0] = reply;
	a.page->caps[1] = endpoint;
	b.page->recv_first = window;
	b.page->recv_count = 4;
	recv(&b, endpoint, reply);
	native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG_CAPS(2), NO_WORDS);
	assert_int_equal(tag_caps(result_of(b.thread).tag), 1);
	assert_int_equal(b.page->received[0], window);
	assert_int_equal(slot_of(window)->type, TYPE_ENDPOINT);
}

static void a_queued_sender_whose_slot_emptied_sends_less(void **state)
{
	cap_t gift, window = slots_new(4);

	(void)state;
	setup_pair();
	gift = make(TYPE_ENDPOINT, 0);
	a.page->caps[0] = gift;
	b.page->recv_first = window;
	b.page->recv_count = 4;
	native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG_CAPS(1), NO_WORDS);
	assert_int_equal(delete(gift), OK);
	recv(&b, endpoint, reply);
	assert_int_equal(tag_caps(result_of(b.thread).tag), 0);
}

// The block is user memory: it may change while the sender waits.
static void a_queued_sender_may_scribble_over_its_block(void **state)
{
	(void)state;
	setup_pair();
	a.page->caps[0] = endpoint;
	native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG(1, 64) | TAG_CAPS(4), eight);
	assert_int_equal(result_of(a.thread).err, ERR_CAP_INVALID);
	for (unsigned i = 0; i < 4; i++)
		a.page->caps[i] = endpoint;
	native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG(1, 64) | TAG_CAPS(4), eight);
	memset(a.page, 0xff, sizeof *a.page);
	memset(b.page, 0xff, sizeof *b.page);
	recv(&b, endpoint, reply);
	assert_int_equal(tag_caps(result_of(b.thread).tag), 0);
	assert_int_equal(tag_words(result_of(b.thread).tag), 64);
}

static void malformed_tags(void **state)
{
	static const struct {
		tag_t tag;
		err_t err;
	} bad[] = {
		{TAG(0, 65), ERR_TAG}, {TAG(0, 127), ERR_TAG}, {TAG_CAPS(5), ERR_TAG}, {TAG_CAPS(7), ERR_TAG},
		{TAG_ITEMS(1), ERR_TAG}, {TAG_ITEMS(7), ERR_TAG}, {1ull << TAG_KIND_SHIFT, ERR_TAG},
		{0xffull << TAG_KIND_SHIFT, ERR_TAG}, {~0ull, ERR_TAG},
	};

	(void)state;
	setup_pair();
	for (unsigned i = 0; i < ARRAY_LENGTH(bad); i++) {
		assert_int_equal(native_now(a.thread, SYSCALL_CALL, sender_cap, 0, bad[i].tag, eight).err, bad[i].err);
		assert_int_equal(native_now(a.thread, SYSCALL_SEND, sender_cap, 0, bad[i].tag, eight).err, bad[i].err);
		assert_int_equal(native_now(a.thread, SYSCALL_CALL, CNODE, 0, bad[i].tag, eight).err, bad[i].err);
	}
}

static void rights_of_endpoints(void **state)
{
	(void)state;
	setup_pair();
	cap_t send = derive(endpoint, ENDPOINT_SEND, 0, 0), receive = derive(endpoint, ENDPOINT_RECV, 0, 0);

	a.page->caps[0] = endpoint;
	assert_int_equal(native_now(a.thread, SYSCALL_CALL, receive, 0, 0, NO_WORDS).err, ERR_CAP_RIGHTS);
	assert_int_equal(native_now(a.thread, SYSCALL_SEND, receive, 0, 0, NO_WORDS).err, ERR_CAP_RIGHTS);
	assert_int_equal(native_now(a.thread, SYSCALL_SEND, send, 0, TAG_CAPS(1), NO_WORDS).err, ERR_CAP_RIGHTS);
	assert_int_equal(native_now(a.thread, SYSCALL_RECV, send, reply, 0, NO_WORDS).err, ERR_CAP_RIGHTS);
	assert_int_equal(native_now(a.thread, SYSCALL_REPLY_RECV, send, reply, 0, NO_WORDS).err, ERR_CAP_RIGHTS);
	assert_int_equal(native_now(a.thread, SYSCALL_RECV, endpoint, CNODE, 0, NO_WORDS).err, ERR_CAP_TYPE);
	assert_int_equal(native_now(a.thread, SYSCALL_RECV, endpoint, 4000, 0, NO_WORDS).err, ERR_CAP_INVALID);
	assert_int_equal(native_now(a.thread, SYSCALL_REPLY_RECV, endpoint, 0, 0, NO_WORDS).err, ERR_CAP_INVALID);
	assert_int_equal(native_now(a.thread, SYSCALL_RECV, CNODE, reply, 0, NO_WORDS).err, ERR_CAP_TYPE);
	assert_int_equal(native_now(a.thread, SYSCALL_SEND, CNODE, 0, 0, NO_WORDS).err, ERR_CAP_TYPE);
	for (unsigned n = 0; n < SYSCALL_YIELD; n++)
		assert_int_equal(native_now(a.thread, n, 0, reply, 0, NO_WORDS).err, ERR_CAP_INVALID);
	for (unsigned n = 0; n < SYSCALL_YIELD; n++)
		assert_int_equal(native_now(a.thread, n, 0xffffffff, reply, 0, NO_WORDS).err, ERR_CAP_INVALID);
}

static void a_reply_in_use_cannot_be_offered_again(void **state)
{
	(void)state;
	setup_pair();
	struct player c = player();

	recv(&b, endpoint, reply);
	assert_int_equal(native_now(c.thread, SYSCALL_RECV, endpoint, reply, 0, NO_WORDS).err, ERR_BUSY);
	native(a.thread, SYSCALL_CALL, sender_cap, 0, 0, NO_WORDS);
	assert_int_equal(native_now(b.thread, SYSCALL_RECV, endpoint, reply, 0, NO_WORDS).err, ERR_BUSY);
	// Another thread that has the Reply may answer.
	assert_int_equal(native_now(c.thread, SYSCALL_SEND, reply, 0, TAG(8, 0), NO_WORDS).err, OK);
	assert_true(result_of(a.thread).tag == TAG(8, 0));
	assert_int_equal(native_now(c.thread, SYSCALL_SEND, reply, 0, TAG(8, 0), NO_WORDS).err, ERR_NO_REPLY);
	assert_int_equal(native_now(c.thread, SYSCALL_REPLY_RECV, endpoint, reply, 0, NO_WORDS).err, ERR_NO_REPLY);
}

static void a_call_to_a_receiver_without_reply_fails(void **state)
{
	(void)state;
	setup_pair();
	recv(&b, endpoint, 0);
	assert_int_equal(native_now(a.thread, SYSCALL_CALL, sender_cap, 0, TAG(1, 1), eight).err, ERR_DEAD);
	expect_message(&b, 77, TAG(1, 1), eight, 1);
	native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG(1, 1), eight);
	recv(&b, endpoint, 0);
	assert_int_equal(result_of(a.thread).err, ERR_DEAD);
}

static void a_passive_server_runs_on_its_callers_time(void **state)
{
	(void)state;
	setup_pair();
	recv(&b, endpoint, reply);
	assert_int_equal(context_bind(b.context, 0), OK);
	struct sched_context *lent = a.thread->running;

	native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG(1, 0), NO_WORDS);
	assert_ptr_equal(b.thread->running, lent);
	assert_null(a.thread->running);
	native(b.thread, SYSCALL_REPLY_RECV, endpoint, reply, TAG(2, 0), NO_WORDS);
	assert_ptr_equal(a.thread->running, lent);
	assert_null(b.thread->running);
	assert_true(result_of(a.thread).tag == TAG(2, 0));
	// Callers in turn, each on its own.
	struct player c = player();

	native(c.thread, SYSCALL_CALL, sender_cap, 0, TAG(3, 0), NO_WORDS);
	assert_ptr_equal(b.thread->running, c.thread->own);
	native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG(4, 0), NO_WORDS);
	assert_int_equal(a.thread->state, THREAD_SENDING);
	native(b.thread, SYSCALL_REPLY_RECV, endpoint, reply, TAG(5, 0), NO_WORDS);
	assert_true(result_of(c.thread).tag == TAG(5, 0));
	assert_int_equal(a.thread->state, THREAD_ANSWER);
	assert_ptr_equal(b.thread->running, a.thread->own);
	assert_true(result_of(b.thread).tag == TAG(4, 0));
}

static void notification_both_orders(void **state)
{
	cap_t n, one, two;

	(void)state;
	setup_pair();
	n = make(TYPE_NOTIFICATION, 0);
	one = derive(n, NOTIFICATION_SIGNAL, 1, 0);
	two = derive(n, NOTIFICATION_SIGNAL, 2, 0);
	assert_int_equal(native_now(a.thread, SYSCALL_SEND, one, 0, 0, NO_WORDS).err, OK);
	assert_int_equal(native_now(a.thread, SYSCALL_NB_SEND, two, 0, 0, NO_WORDS).err, OK);
	recv(&b, n, 0);
	expect_message(&b, 3, (tag_t)KIND_NOTIFICATION << TAG_KIND_SHIFT, NO_WORDS, 8);
	recv(&b, n, 0);
	assert_int_equal(b.thread->state, THREAD_WAITING);
	native(a.thread, SYSCALL_SEND, two, 0, 0, NO_WORDS);
	expect_message(&b, 2, (tag_t)KIND_NOTIFICATION << TAG_KIND_SHIFT, NO_WORDS, 8);
	assert_int_equal(native_now(b.thread, SYSCALL_NB_RECV, n, 0, 0, NO_WORDS).err, ERR_NOT_READY);
	assert_int_equal(native_now(b.thread, SYSCALL_RECV, one, 0, 0, NO_WORDS).err, ERR_CAP_RIGHTS);
	assert_int_equal(native_now(b.thread, SYSCALL_NB_SEND, derive(n, NOTIFICATION_WAIT, 5, 0), 0, 0, NO_WORDS).err,
			 ERR_CAP_RIGHTS);
	// A signal without bits wakes nobody.
	recv(&b, n, 0);
	native(a.thread, SYSCALL_SEND, derive(n, NOTIFICATION_SIGNAL, 0, 0), 0, 0, NO_WORDS);
	assert_int_equal(b.thread->state, THREAD_WAITING);
}

static void bound_notification_is_heard_by_every_receive(void **state)
{
	cap_t n, one;

	(void)state;
	setup_pair();
	n = make(TYPE_NOTIFICATION, 0);
	one = derive(n, NOTIFICATION_SIGNAL, 1, 0);
	assert_int_equal(method(task, b.cap, METHOD_THREAD_BIND, 1, WORDS(n)).err, OK);
	assert_int_equal(method(task, a.cap, METHOD_THREAD_BIND, 1, WORDS(n)).err, ERR_BUSY);
	native(a.thread, SYSCALL_SEND, one, 0, 0, NO_WORDS);
	recv(&b, endpoint, reply);
	expect_message(&b, 1, (tag_t)KIND_NOTIFICATION << TAG_KIND_SHIFT, NO_WORDS, 8);
	recv(&b, endpoint, reply);
	native(a.thread, SYSCALL_SEND, one, 0, 0, NO_WORDS);
	expect_message(&b, 1, (tag_t)KIND_NOTIFICATION << TAG_KIND_SHIFT, NO_WORDS, 8);
	// The Reply that was offered is free again.
	recv(&b, endpoint, reply);
	native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG(1, 0), NO_WORDS);
	native(task, SYSCALL_SEND, one, 0, 0, NO_WORDS);
	native(b.thread, SYSCALL_REPLY_RECV, endpoint, reply, TAG(2, 0), NO_WORDS);
	expect_message(&b, 1, (tag_t)KIND_NOTIFICATION << TAG_KIND_SHIFT, NO_WORDS, 8);
	assert_true(result_of(a.thread).tag == TAG(2, 0));
	assert_int_equal(method(task, b.cap, METHOD_THREAD_BIND, 1, WORDS(0)).err, OK);
	native(a.thread, SYSCALL_SEND, one, 0, 0, NO_WORDS);
	assert_int_equal(native_now(b.thread, SYSCALL_NB_RECV, endpoint, reply, 0, NO_WORDS).err, ERR_NOT_READY);
}

// Binding a notification that was signalled before, to a thread that receives already.
static void binding_late_loses_no_signal(void **state)
{
	cap_t n, one;

	(void)state;
	setup_pair();
	n = make(TYPE_NOTIFICATION, 0);
	one = derive(n, NOTIFICATION_SIGNAL, 1, 0);
	recv(&b, endpoint, reply);
	native(a.thread, SYSCALL_SEND, one, 0, 0, NO_WORDS);
	assert_int_equal(method(task, b.cap, METHOD_THREAD_BIND, 1, WORDS(n)).err, OK);
	expect_message(&b, 1, (tag_t)KIND_NOTIFICATION << TAG_KIND_SHIFT, NO_WORDS, 8);
}

static void faults_are_heard_and_answered(void **state)
{
	cap_t fault;

	(void)state;
	setup_pair();
	fault = derive(endpoint, ENDPOINT_SEND | ENDPOINT_GRANT, 5, 0);
	struct player f = player_in(CNODE, VSPACE, fault, PRIORITY_MAX);

	for (unsigned order = 0; order < 2; order++) {
		if (order == 0)
			recv(&b, endpoint, reply);
		as(f.thread);
		f.thread->regs.ip = USER_CODE;
		f.thread->regs.sp = 0x5000;
		*regs_word(&f.thread->regs, 0) = 4711;
		host_fault(0x1234, FAULT_ACCESS_WRITE);
		if (order == 1)
			recv(&b, endpoint, reply);
		expect_message(&b, 5, TAG(FAULT_PAGE, 4) | (tag_t)KIND_FAULT << TAG_KIND_SHIFT,
			       WORDS(USER_CODE, 0x1234, FAULT_ACCESS_WRITE, 0x5000), 8);
		assert_int_equal(f.thread->state, THREAD_ANSWER);
		if (order == 0) {
			assert_int_equal(native_now(b.thread, SYSCALL_SEND, reply, 0, TAG(FAULT_REPLY_RESUME, 0), NO_WORDS).err, OK);
			assert_int_equal(f.thread->regs.ip, USER_CODE);
		} else {
			assert_int_equal(native_now(b.thread, SYSCALL_SEND, reply, 0, TAG(FAULT_REPLY_JUMP, 1),
						    WORDS(USER_END)).err, ERR_RANGE);
			assert_int_equal(native_now(b.thread, SYSCALL_SEND, reply, 0, TAG(FAULT_REPLY_JUMP, 1),
						    WORDS(0x777000)).err, OK);
			assert_int_equal(f.thread->regs.ip, 0x777000);
		}
		assert_int_equal(f.thread->state, THREAD_READY);
		assert_int_equal(*regs_word(&f.thread->regs, 0), 4711);  // no register but the ip changed
		assert_true(f.thread->flags & THREAD_FULL);
	}
	as(f.thread);
	host_exception(13, 99);
	recv(&b, endpoint, reply);
	expect_message(&b, 5, TAG(FAULT_EXCEPTION, 4) | (tag_t)KIND_FAULT << TAG_KIND_SHIFT,
		       WORDS(0x777000, 13, 99, 0x5000), 8);
	assert_int_equal(native_now(b.thread, SYSCALL_SEND, reply, 0, 0, NO_WORDS).err, OK);
	as(f.thread);
	host_foreign(39);
	recv(&b, endpoint, reply);
	struct result r = result_of(b.thread);

	assert_int_equal(tag_label(r.tag), FAULT_SYSCALL);
	assert_int_equal(r.word[0], 0x777002);
	assert_int_equal(r.word[1], 39);
}

static void a_fault_without_endpoint_stops_the_thread(void **state)
{
	(void)state;
	setup_pair();
	as(a.thread);
	host_fault(0x10, 0);
	check_now();
	assert_int_equal(a.thread->state, THREAD_STOPPED);
	// A receiver without a Reply: nobody could answer.
	struct player f = player_in(CNODE, VSPACE, sender_cap, PRIORITY_MAX);

	recv(&b, endpoint, 0);
	as(f.thread);
	host_fault(0x10, 0);
	check_now();
	assert_int_equal(f.thread->state, THREAD_STOPPED);
	assert_int_equal(tag_kind(result_of(b.thread).tag), KIND_FAULT);
}

static void senders_are_served_in_order(void **state)
{
	struct player p[6];

	(void)state;
	setup_pair();
	for (unsigned i = 0; i < 6; i++) {
		p[i] = player();
		native(p[i].thread, i % 2 ? SYSCALL_CALL : SYSCALL_SEND, sender_cap, 0, TAG(i, 0), NO_WORDS);
	}
	for (unsigned i = 0; i < 6; i++) {
		recv(&b, endpoint, reply);
		assert_int_equal(tag_label(result_of(b.thread).tag), i);
		if (i % 2)
			native(b.thread, SYSCALL_SEND, reply, 0, 0, NO_WORDS);
	}
}

static void no_register_leaks(void **state)
{
	(void)state;
	setup_pair();
	memset(&b.thread->regs.rax, 0x77, offsetof(struct arch_registers, fs) - offsetof(struct arch_registers, rax));
	recv(&b, endpoint, reply);
	native(a.thread, SYSCALL_SEND, sender_cap, 0, TAG(0, 0), WORDS(0));
	struct result r = result_of(b.thread);

	for (unsigned i = 0; i < MSG_WORDS_REGISTERS; i++)
		assert_int_equal(r.word[i], 0);
	assert_int_equal(*regs_reply(&b.thread->regs), 0);
	// A call's error leaves none of the words that were sent in.
	r = native_now(a.thread, SYSCALL_CALL, 4000, 0, TAG(0, 8), eight);
	for (unsigned i = 0; i < MSG_WORDS_REGISTERS; i++)
		assert_int_equal(r.word[i], 0);
}

static void interruptible_calls_can_be_cancelled(void **state)
{
	(void)state;
	setup_pair();
	// While it waits for a receiver.
	native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG(1, 0) | TAG_INTERRUPTIBLE, NO_WORDS);
	assert_int_equal(cancel(a.cap), 1);
	assert_int_equal(result_of(a.thread).err, ERR_CANCELLED);
	// While it waits for the answer: the server hears of it when it answers.
	recv(&b, endpoint, reply);
	native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG(1, 0) | TAG_INTERRUPTIBLE, NO_WORDS);
	assert_int_equal(cancel(a.cap), 1);
	assert_int_equal(result_of(a.thread).err, ERR_CANCELLED);
	assert_int_equal(native_now(b.thread, SYSCALL_SEND, reply, 0, 0, NO_WORDS).err, ERR_CANCELLED);
	assert_int_equal(native_now(b.thread, SYSCALL_SEND, reply, 0, 0, NO_WORDS).err, ERR_NO_REPLY);
	// With nothing under way: the next one fails, once.
	assert_int_equal(cancel(a.cap), 0);
	assert_int_equal(native_now(a.thread, SYSCALL_CALL, sender_cap, 0, TAG(1, 0) | TAG_INTERRUPTIBLE, NO_WORDS).err,
			 ERR_CANCELLED);
	native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG(1, 0) | TAG_INTERRUPTIBLE, NO_WORDS);
	assert_int_equal(a.thread->state, THREAD_SENDING);
	assert_int_equal(cancel(a.cap), 1);
	// A call that is not interruptible goes on; the cancel waits for one that is.
	native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG(1, 0), NO_WORDS);
	assert_int_equal(cancel(a.cap), 0);
	recv(&b, endpoint, reply);
	native(b.thread, SYSCALL_SEND, reply, 0, TAG(3, 0), NO_WORDS);
	assert_true(result_of(a.thread).tag == TAG(3, 0));
	assert_int_equal(native_now(a.thread, SYSCALL_CALL, sender_cap, 0, TAG_INTERRUPTIBLE, NO_WORDS).err, ERR_CANCELLED);
}

static void an_interruptible_wait_can_be_cancelled(void **state)
{
	cap_t n;

	(void)state;
	setup_pair();
	n = make(TYPE_NOTIFICATION, 0);
	native(a.thread, SYSCALL_RECV, n, 0, TAG_INTERRUPTIBLE, NO_WORDS);
	assert_int_equal(cancel(a.cap), 1);
	assert_int_equal(result_of(a.thread).err, ERR_CANCELLED);
	native(a.thread, SYSCALL_RECV, n, 0, 0, NO_WORDS);
	assert_int_equal(cancel(a.cap), 0);
	assert_int_equal(a.thread->state, THREAD_WAITING);
	native(task, SYSCALL_SEND, derive(n, ALL, 1, 0), 0, 0, NO_WORDS);
	assert_int_equal(result_of(a.thread).err, OK);
	assert_int_equal(native_now(a.thread, SYSCALL_RECV, n, 0, TAG_INTERRUPTIBLE, NO_WORDS).err, ERR_CANCELLED);
}

// reply_recv to a caller that was cancelled says so, and receives nothing.
static void reply_recv_that_fails_receives_nothing(void **state)
{
	(void)state;
	setup_pair();
	struct player c = player();

	recv(&b, endpoint, reply);
	native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG_INTERRUPTIBLE, NO_WORDS);
	native(c.thread, SYSCALL_CALL, sender_cap, 0, TAG(6, 0), NO_WORDS);
	assert_int_equal(cancel(a.cap), 1);
	assert_int_equal(native_now(b.thread, SYSCALL_REPLY_RECV, endpoint, reply, 0, NO_WORDS).err, ERR_CANCELLED);
	assert_int_equal(c.thread->state, THREAD_SENDING);
	recv(&b, endpoint, reply);
	assert_int_equal(tag_label(result_of(b.thread).tag), 6);
	// A tag that is wrong leaves the Reply pending.
	assert_int_equal(native_now(b.thread, SYSCALL_REPLY_RECV, endpoint, reply, TAG(0, 65), NO_WORDS).err, ERR_TAG);
	assert_int_equal(c.thread->state, THREAD_ANSWER);
	native(b.thread, SYSCALL_REPLY_RECV, endpoint, reply, TAG(7, 0), NO_WORDS);
	assert_true(result_of(c.thread).tag == TAG(7, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(call_both_orders),
		TEST(send_both_orders),
		TEST(nb_variants_do_not_wait),
		TEST(messages_of_every_length),
		TEST(a_receiver_without_block_gets_eight_words),
		TEST(capabilities_go_into_free_slots),
		TEST(what_cannot_be_derived_does_not_travel),
		TEST(a_queued_sender_whose_slot_emptied_sends_less),
		TEST(a_queued_sender_may_scribble_over_its_block),
		TEST(malformed_tags),
		TEST(rights_of_endpoints),
		TEST(a_reply_in_use_cannot_be_offered_again),
		TEST(a_call_to_a_receiver_without_reply_fails),
		TEST(a_passive_server_runs_on_its_callers_time),
		TEST(notification_both_orders),
		TEST(bound_notification_is_heard_by_every_receive),
		TEST(binding_late_loses_no_signal),
		TEST(faults_are_heard_and_answered),
		TEST(a_fault_without_endpoint_stops_the_thread),
		TEST(senders_are_served_in_order),
		TEST(no_register_leaks),
		TEST(interruptible_calls_can_be_cancelled),
		TEST(an_interruptible_wait_can_be_cancelled),
		TEST(reply_recv_that_fails_receives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
