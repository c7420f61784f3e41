// Destroying every object in each state of its peers, and news of watched slots without children.
#include "kernel_machine.h"

static cap_t endpoint, sender_cap, reply;
static struct player a, b;

static void setup_pair(void)
{
	endpoint = make(TYPE_ENDPOINT, 0);
	sender_cap = derive(endpoint, ENDPOINT_SEND | ENDPOINT_GRANT, 77, 0);
	reply = make(TYPE_REPLY, 0);
	a = player();
	b = player();
}

static void recv(struct player *p, cap_t from, cap_t with) { native(p->thread, SYSCALL_RECV, from, with, 0, NO_WORDS); }
static void call(struct player *p, unsigned label) { native(p->thread, SYSCALL_CALL, sender_cap, 0, TAG(label, 0), NO_WORDS); }
static void answer(struct player *p, unsigned label) { native(p->thread, SYSCALL_SEND, reply, 0, TAG(label, 0), NO_WORDS); }

static void destroy(cap_t cap)
{
	assert_int_equal(revoke(cap), OK);
	assert_int_equal(delete(cap), OK);
}

static void destroy_endpoint_with_senders(void **state)
{
	(void)state;
	setup_pair();
	struct player c = player(), f = player_in(CNODE, VSPACE, sender_cap, PRIORITY_MAX);

	call(&a, 1);
	native(c.thread, SYSCALL_SEND, sender_cap, 0, 0, NO_WORDS);
	as(f.thread);
	host_fault(0x10, 0);
	destroy(endpoint);
	assert_int_equal(result_of(a.thread).err, ERR_DEAD);
	assert_int_equal(result_of(c.thread).err, ERR_DEAD);
	assert_int_equal(f.thread->state, THREAD_STOPPED);
	assert_true(slot_is_empty(&f.thread->fault));
	assert_int_equal(resume(f.cap), OK);
	as(f.thread);
	host_fault(0x10, 0);
	assert_int_equal(f.thread->state, THREAD_STOPPED);
}

static void destroy_endpoint_with_receivers(void **state)
{
	(void)state;
	setup_pair();
	recv(&b, endpoint, reply);
	recv(&a, endpoint, 0);
	destroy(endpoint);
	assert_int_equal(result_of(a.thread).err, ERR_DEAD);
	assert_int_equal(result_of(b.thread).err, ERR_DEAD);
	assert_int_equal(((struct reply *)object_of(reply))->state, REPLY_IDLE);
}

// What was received is answered though the endpoint is gone.
static void destroy_endpoint_while_an_answer_is_due(void **state)
{
	(void)state;
	setup_pair();
	recv(&b, endpoint, reply);
	call(&a, 1);
	destroy(endpoint);
	answer(&b, 5);
	assert_true(result_of(a.thread).tag == TAG(5, 0));
}

static void destroy_reply_in_each_state(void **state)
{
	(void)state;
	setup_pair();
	delete(reply);  // idle
	reply = make(TYPE_REPLY, 0);
	recv(&b, endpoint, reply);
	delete(reply);  // offered
	assert_int_equal(result_of(b.thread).err, ERR_DEAD);
	reply = make(TYPE_REPLY, 0);
	recv(&b, endpoint, reply);
	call(&a, 1);
	delete(reply);  // pending
	assert_int_equal(result_of(a.thread).err, ERR_DEAD);
	reply = make(TYPE_REPLY, 0);
	native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG_INTERRUPTIBLE, NO_WORDS);
	recv(&b, endpoint, reply);
	assert_int_equal(cancel(a.cap), 1);
	delete(reply);  // cancelled
	struct player f = player_in(CNODE, VSPACE, sender_cap, PRIORITY_MAX);

	reply = make(TYPE_REPLY, 0);
	recv(&b, endpoint, reply);
	as(f.thread);
	host_fault(0x10, 0);
	delete(reply);  // pending on a fault
	assert_int_equal(f.thread->state, THREAD_STOPPED);
	assert_int_equal(f.thread->flags & (THREAD_FAULTED | THREAD_CALL), 0);
}

static void destroy_reply_gives_lent_time_back(void **state)
{
	(void)state;
	setup_pair();
	recv(&b, endpoint, reply);
	assert_int_equal(context_bind(b.context, 0), OK);
	call(&a, 1);
	assert_ptr_equal(b.thread->running, a.thread->own);
	delete(reply);
	assert_int_equal(result_of(a.thread).err, ERR_DEAD);
	assert_ptr_equal(a.thread->running, a.thread->own);
	assert_null(b.thread->running);
}

static void destroy_notification_with_everything(void **state)
{
	cap_t n, irq = slots_new(1);

	(void)state;
	setup_pair();
	n = make(TYPE_NOTIFICATION, 0);
	assert_int_equal(method(task, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_MESSAGE, 2, WORDS(CNODE, irq)).err, OK);
	assert_int_equal(method(task, irq, METHOD_INTERRUPT_BIND, 1, WORDS(n)).err, OK);
	assert_int_equal(method(task, a.context, METHOD_SCHEDCONTEXT_BIND_NOTIFICATION, 1, WORDS(n)).err, OK);
	assert_int_equal(method(task, a.cap, METHOD_THREAD_BIND, 1, WORDS(n)).err, OK);
	assert_int_equal(method(task, a.context, METHOD_SCHEDCONTEXT_SET_DEADLINE, 1, WORDS(500)).err, OK);
	recv(&b, n, 0);
	delete(n);
	assert_int_equal(result_of(b.thread).err, ERR_DEAD);
	assert_null(a.thread->bound);
	host_advance(1000);
	check_now();
	assert_true(host_raise(HOST_VECTOR_FIRST));
	check_now();
	assert_int_equal(delete(irq), OK);
	assert_false(host.vector_used[HOST_VECTOR_FIRST]);
}

static void destroy_interrupt_with_its_notification(void **state)
{
	cap_t n = make(TYPE_NOTIFICATION, 0), irqs = slots_new(3), child;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(method(task, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_LINE, 4, WORDS(i, 0, CNODE, irqs + i)).err, OK);
		assert_int_equal(method(task, irqs + i, METHOD_INTERRUPT_BIND, 1, WORDS(n)).err, OK);
	}
	assert_int_equal(method(task, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_LINE, 4, WORDS(1, 0, CNODE, slots_new(1))).err, ERR_BUSY);
	child = derive(irqs + 1, ALL, 0, 0);
	assert_int_equal(delete(irqs + 1), OK);  // the child keeps it
	assert_true(host.line_vector[1] != 0);
	assert_int_equal(delete(child), OK);
	assert_int_equal(host.line_vector[1], 0);
	assert_int_equal(delete_many(irqs, 3), OK);
	assert_true(list_is_empty(&((struct notification *)object_of(n))->sources));
}

static void destroy_thread_in_each_state(void **state)
{
	cap_t n;

	(void)state;
	setup_pair();
	n = make(TYPE_NOTIFICATION, 0);
	for (unsigned s = 0; s < 7; s++) {
		struct player p = player();

		recv(&b, endpoint, reply);  // b serves, with its Reply
		switch (s) {
		case 0:
			assert_int_equal(suspend(p.cap), OK);
			break;
		case 1:  // ready
			break;
		case 2:
			call(&p, 1);  // waits for the answer
			break;
		case 3:
			assert_int_equal(suspend(b.cap), OK);
			call(&p, 1);  // waits to be received
			break;
		case 4:
			native(p.thread, SYSCALL_RECV, endpoint, 0, 0, NO_WORDS);
			break;
		case 5:
			native(p.thread, SYSCALL_RECV, n, 0, 0, NO_WORDS);
			break;
		case 6:
			assert_int_equal(method(task, p.cap, METHOD_THREAD_BIND, 1, WORDS(n)).err, OK);
		}
		assert_int_equal(delete(p.cap), OK);
		assert_null(((struct sched_context *)object_of(p.context))->user);
		assert_int_equal(context_bind(p.context, 0), OK);
		if (s == 2)
			assert_int_equal(((struct reply *)object_of(reply))->state, REPLY_CANCELLED);
		if (b.thread->state == THREAD_STOPPED)
			assert_int_equal(resume(b.cap), OK);
		else if (b.thread->state != THREAD_READY)
			assert_int_equal(suspend(b.cap) | resume(b.cap), OK);
		reply = make(TYPE_REPLY, 0);
	}
}

static void a_server_dies_with_its_replies(void **state)
{
	cap_t block;
	cap_t thread = slots_new(1);

	(void)state;
	setup_pair();
	block = make(TYPE_UNTYPED, 16);
	reply = slots_new(1);
	assert_int_equal(retype_in(block, TYPE_REPLY, 0, 1, CNODE, reply), OK);
	assert_int_equal(retype_in(block, TYPE_THREAD, 0, 1, CNODE, thread), OK);
	assert_int_equal(method(task, thread, METHOD_THREAD_SET_SPACE, 3, WORDS(CNODE, VSPACE, 0)).err, OK);
	struct player s = {.thread = object_of(thread), .cap = thread};

	assert_int_equal(context_bind(b.context, 0), OK);
	assert_int_equal(context_bind(b.context, thread), OK);
	assert_int_equal(resume(thread), OK);
	recv(&s, endpoint, reply);
	call(&a, 1);
	assert_int_equal(revoke(block), OK);
	assert_int_equal(result_of(a.thread).err, ERR_DEAD);
}

static void a_thread_destroys_itself(void **state)
{
	(void)state;
	setup_pair();
	as(a.thread);
	native(a.thread, SYSCALL_CALL, CNODE, 0, TAG(METHOD_CNODE_DELETE, 2), WORDS(a.cap, 1));
	assert_true(kernel.core[0].current != a.thread);
	check_now();
	assert_true(slot_is_empty(slot_of(a.cap)));
	assert_int_equal(method(task, main_untyped, METHOD_UNTYPED_RETYPE, 5, WORDS(TYPE_REPLY, 0, 1, CNODE, slots_new(1))).err, OK);
	assert_true(kernel.dying_first == 0);
}

static void a_thread_destroys_its_own_cspace(void **state)
{
	cap_t c = make(TYPE_CNODE, 8);

	(void)state;
	setup_pair();
	struct player p = player_in(c, VSPACE, 0, PRIORITY_MAX);

	assert_int_equal(derive_to(c, 1, c, ALL, 0, 0), OK);
	assert_int_equal(derive_to(c, 2, p.cap, ALL, 0, 0), OK);
	assert_int_equal(derive_to(c, 3, CNODE, ALL, 0, 0), OK);
	// Through the capability on the outer CNode, everything that names its own.
	native(p.thread, SYSCALL_CALL, 3, 0, TAG(METHOD_CNODE_REVOKE, 1), WORDS(c));
	check_now();
	assert_int_equal(delete(c), OK);
	check_now();
}

// A CNode that holds the only capability for itself.
static void a_cnode_that_contains_itself(void **state)
{
	cap_t block = make(TYPE_UNTYPED, 16), c = slots_new(1);

	(void)state;
	for (unsigned way = 0; way < 3; way++) {
		assert_int_equal(retype_in(block, TYPE_CNODE, 6, 1, CNODE, c), OK);
		assert_int_equal(derive_to(c, 5, c, ALL, 0, 0), OK);
		assert_int_equal(derive_to(c, 6, c, ALL, 8, 4), OK);
		assert_int_equal(derive_to(c, 7, VSPACE, ALL, 0, 0), OK);
		if (way == 0) {
			assert_int_equal(revoke(c), OK);
			assert_int_equal(delete(c), OK);
		} else if (way == 1) {
			assert_int_equal(delete(c), OK);  // it keeps itself: the Untyped has it still
			assert_true(slot_has_children(slot_of(block)));
			assert_int_equal(method(task, block, METHOD_UNTYPED_RESET, 0, NO_WORDS).err, ERR_HAS_CHILDREN);
		}
		assert_int_equal(revoke(block), OK);
		assert_false(slot_has_children(slot_of(block)));
		assert_int_equal(method(task, block, METHOD_UNTYPED_RESET, 0, NO_WORDS).err, OK);
	}
}

// Everything of a task, in one Untyped: threads, spaces, CNodes in each other, mappings, messages under way.
static void revoke_of_a_whole_task(void **state)
{
	cap_t block = make(TYPE_UNTYPED, 22), c = slots_new(1), v = slots_new(1), t = slots_new(4);
	cap_t f = slots_new(2), x = slots_new(4), e = slots_new(1), r = slots_new(2), n = slots_new(1);

	(void)state;
	setup_pair();
	for (unsigned round = 0; round < 3; round++) {
		assert_int_equal(retype_in(block, TYPE_CNODE, 10, 1, CNODE, c), OK);
		assert_int_equal(retype_in(block, TYPE_VSPACE, 0, 1, CNODE, v), OK);
		assert_int_equal(retype_in(block, TYPE_THREAD, 0, 4, CNODE, t), OK);
		assert_int_equal(retype_in(block, TYPE_SCHEDCONTEXT, 0, 4, CNODE, x), OK);
		assert_int_equal(retype_in(block, TYPE_ENDPOINT, 0, 1, CNODE, e), OK);
		assert_int_equal(retype_in(block, TYPE_REPLY, 0, 2, CNODE, r), OK);
		assert_int_equal(retype_in(block, TYPE_NOTIFICATION, 0, 1, CNODE, n), OK);
		assert_int_equal(retype_in(block, TYPE_FRAME, 20, 2, CNODE, f), OK);
		assert_int_equal(map(f, v, 0x10000000, FRAME_READ | FRAME_WRITE), OK);
		for (unsigned i = 1; i < 200; i++)
			assert_int_equal(derive_to(c, i, i % 2 ? f + 1 : e, ALL, i % 2 ? 1 : i, i % 2), OK);
		assert_int_equal(derive_to(c, 300, c, ALL, 0, 0), OK);
		assert_int_equal(derive_to(c, 301, e, ALL, 0, 0), OK);
		assert_int_equal(derive_to(c, 302, n, ALL, 0, 0), OK);
		assert_int_equal(move(c + 0, c + 0), ERR_SLOT_USED);
		struct player p[4];

		for (unsigned i = 0; i < 4; i++) {
			p[i] = (struct player){.thread = object_of(t + i), .cap = t + i};
			assert_int_equal(method(task, t + i, METHOD_THREAD_SET_SPACE, 3, WORDS(c, v, e)).err, OK);
			assert_int_equal(configure(x + i, PRIORITY_MAX, 10), OK);
			assert_int_equal(context_bind(x + i, t + i), OK);
			assert_int_equal(resume(t + i), OK);
		}
		recv(&b, e, r);
		native(p[0].thread, SYSCALL_CALL, 301, 0, 0, NO_WORDS);   // b owes an answer
		native(p[1].thread, SYSCALL_CALL, 301, 0, 0, NO_WORDS);   // not received
		native(p[2].thread, SYSCALL_RECV, 302, 0, 0, NO_WORDS);
		as(p[3].thread);
		check_off = true;
		assert_int_equal(method(task, CNODE, METHOD_CNODE_REVOKE, 1, WORDS(block)).err, OK);
		check_off = false;
		check_now();
		assert_true(last_entries > 4);
		assert_false(slot_has_children(slot_of(block)));
		assert_int_equal(method(task, block, METHOD_UNTYPED_RESET, 0, NO_WORDS).err, OK);
		assert_int_equal(b.thread->state, THREAD_READY);
	}
}

// The revoked Untyped holds the thread that revokes it, its CSpace and its VSpace.
static void a_task_revokes_itself(void **state)
{
	cap_t block = make(TYPE_UNTYPED, 20), c = slots_new(1), v = slots_new(1), t = slots_new(1), x = slots_new(1);

	(void)state;
	setup_pair();
	assert_int_equal(retype_in(block, TYPE_CNODE, 8, 1, CNODE, c), OK);
	assert_int_equal(retype_in(block, TYPE_VSPACE, 0, 1, CNODE, v), OK);
	assert_int_equal(retype_in(block, TYPE_THREAD, 0, 1, CNODE, t), OK);
	assert_int_equal(retype_in(block, TYPE_SCHEDCONTEXT, 0, 1, CNODE, x), OK);
	assert_int_equal(method(task, t, METHOD_THREAD_SET_SPACE, 3, WORDS(c, v, 0)).err, OK);
	assert_int_equal(configure(x, PRIORITY_MAX, 0), OK);
	assert_int_equal(context_bind(x, t), OK);
	assert_int_equal(derive_to(c, 1, CNODE, ALL, 0, 0), OK);
	for (unsigned i = 2; i < 250; i++)
		assert_int_equal(derive_to(c, i, endpoint, ALL, i, 0), OK);
	assert_int_equal(resume(t), OK);
	struct player p = {.thread = object_of(t)};

	native(p.thread, SYSCALL_CALL, 1, 0, TAG(METHOD_CNODE_REVOKE, 1), WORDS(block));
	check_now();
	assert_int_equal(revoke(block), OK);  // what it could not finish
	assert_false(slot_has_children(slot_of(block)));
	assert_int_equal(method(task, block, METHOD_UNTYPED_RESET, 0, NO_WORDS).err, OK);
}

static void vspace_dies_while_in_use(void **state)
{
	cap_t v = make(TYPE_VSPACE, 0), f = make(TYPE_FRAME, 14);

	(void)state;
	setup_pair();
	struct player p = player_in(CNODE, v, 0, PRIORITY_MAX);

	assert_int_equal(map(f, v, 0x400000, FRAME_READ), OK);
	as(p.thread);
	assert_int_equal(kernel.core[0].loaded_top, ((struct vspace *)object_of(v))->top_physical);
	unsigned rights;

	host_touch(0x400000, &rights);
	assert_int_equal(rights, FRAME_READ);
	native(p.thread, SYSCALL_CALL, CNODE, 0, TAG(METHOD_CNODE_REVOKE, 1), WORDS(v));
	if (p.thread->state == THREAD_READY && kernel.core[0].current == p.thread)
		assert_true(false);  // it has no address space to run in
	assert_int_equal(delete(v), OK);
	check_now();
	assert_false(slot_of(f)->flags & SLOT_MAPPED);
	assert_int_equal(map(f, VSPACE, 0x40000000, FRAME_READ), OK);
	assert_int_equal(unmap(f), OK);
	assert_int_equal(resume(p.cap), ERR_STATE);
}

static void long_destroys_come_in_bounded_pieces(void **state)
{
	cap_t c = make(TYPE_CNODE, 12);

	(void)state;
	setup_pair();
	check_off = true;
	for (unsigned i = 1; i < 4096; i++)
		assert_int_equal(derive_to(c, i, endpoint, ALL, i, 0), OK);
	assert_int_equal(delete(c), OK);
	assert_in_range(last_entries, 4095 / 48, 4095 / 16);
	check_now();
	for (unsigned i = 0; i < 200; i++) {
		cap_t slot = slots_new(1);

		assert_int_equal(derive_to(CNODE, slot, endpoint, ENDPOINT_SEND, 0, 0), OK);
	}
	assert_int_equal(revoke(endpoint), OK);
	assert_in_range(last_entries, 201 / 48, 201 / 16);
	check_now();
}

static void contexts_die_in_each_state(void **state)
{
	(void)state;
	setup_pair();
	struct player p = player();

	as(p.thread);
	assert_int_equal(delete(p.context), OK);  // of a thread that is ready
	assert_null(p.thread->running);
	assert_int_equal(p.thread->state, THREAD_READY);
	p = player();
	native(p.thread, SYSCALL_CALL, CNODE, 0, TAG(METHOD_CNODE_DELETE, 2), WORDS(p.context, 1));  // its own
	assert_true(kernel.core[0].current != p.thread);
	assert_int_equal(context_bind(a.context, 0), OK);
	assert_int_equal(context_bind(a.context, p.cap), OK);  // it goes on with another
	as(p.thread);
}

// The context that a passive server runs on goes away, and only then does it answer.
static void a_lent_context_dies(void **state)
{
	(void)state;
	setup_pair();
	recv(&b, endpoint, reply);
	assert_int_equal(context_bind(b.context, 0), OK);
	call(&a, 1);
	assert_int_equal(delete(a.context), OK);
	assert_null(b.thread->running);
	assert_false(((struct reply *)object_of(reply))->is_lent);
	assert_int_equal(context_bind(b.context, b.cap), OK);
	answer(&b, 2);
	assert_null(a.thread->running);
	check_now();
}

static void a_lent_context_is_taken_away(void **state)
{
	(void)state;
	setup_pair();
	struct player c = player_passive();

	recv(&b, endpoint, reply);
	assert_int_equal(context_bind(b.context, 0), OK);
	call(&a, 1);
	assert_int_equal(context_bind(a.context, 0), OK);
	assert_int_equal(context_bind(a.context, c.cap), OK);
	assert_int_equal(context_bind(b.context, b.cap), OK);
	answer(&b, 2);
	assert_ptr_equal(c.thread->running, c.thread->own);  // not taken from whom it was given to
	assert_null(a.thread->running);
}

// a calls b, which calls c, both on a's time. Then a's Reply dies: its time comes back, for good.
static void time_lent_twice_comes_back_once(void **state)
{
	cap_t inner, inner_reply;

	(void)state;
	setup_pair();
	inner = make(TYPE_ENDPOINT, 0);
	inner_reply = make(TYPE_REPLY, 0);
	struct player c = player();

	recv(&b, endpoint, reply);
	recv(&c, inner, inner_reply);
	assert_int_equal(context_bind(b.context, 0), OK);
	assert_int_equal(context_bind(c.context, 0), OK);
	call(&a, 1);
	native(b.thread, SYSCALL_CALL, inner, 0, 0, NO_WORDS);
	assert_ptr_equal(c.thread->running, a.thread->own);
	assert_int_equal(delete(reply), OK);
	assert_int_equal(result_of(a.thread).err, ERR_DEAD);
	assert_ptr_equal(a.thread->running, a.thread->own);
	assert_null(c.thread->running);
	assert_int_equal(context_bind(c.context, c.cap), OK);
	native(c.thread, SYSCALL_SEND, inner_reply, 0, TAG(3, 0), NO_WORDS);
	assert_ptr_equal(a.thread->running, a.thread->own);
	assert_null(b.thread->running);
}

static void time_lent_twice_comes_back_in_turn(void **state)
{
	cap_t inner, inner_reply;

	(void)state;
	setup_pair();
	inner = make(TYPE_ENDPOINT, 0);
	inner_reply = make(TYPE_REPLY, 0);
	struct player c = player();

	recv(&b, endpoint, reply);
	recv(&c, inner, inner_reply);
	assert_int_equal(context_bind(b.context, 0), OK);
	assert_int_equal(context_bind(c.context, 0), OK);
	call(&a, 1);
	native(b.thread, SYSCALL_CALL, inner, 0, 0, NO_WORDS);
	assert_int_equal(delete(inner_reply), OK);
	assert_ptr_equal(b.thread->running, a.thread->own);
	assert_int_equal(result_of(b.thread).err, ERR_DEAD);
	answer(&b, 1);
	assert_ptr_equal(a.thread->running, a.thread->own);
}

// The caller is destroyed while its server runs on its time: the server keeps what the context is bound
// to, or nothing; nobody refers to the dead.
static void a_caller_that_lent_its_time_dies(void **state)
{
	(void)state;
	setup_pair();
	recv(&b, endpoint, reply);
	assert_int_equal(context_bind(b.context, 0), OK);
	call(&a, 1);
	assert_int_equal(delete(a.cap), OK);
	assert_false(((struct reply *)object_of(reply))->is_lent);
	assert_int_equal(context_bind(b.context, b.cap) & ~(err_t)ERR_BUSY, 0);
	check_now();
}

static void a_passive_server_dies_on_lent_time(void **state)
{
	(void)state;
	setup_pair();
	recv(&b, endpoint, reply);
	assert_int_equal(context_bind(b.context, 0), OK);
	call(&a, 1);
	assert_int_equal(delete(b.cap), OK);
	assert_int_equal(a.thread->state, THREAD_ANSWER);
	assert_int_equal(delete(reply), OK);
	assert_int_equal(result_of(a.thread).err, ERR_DEAD);
	as(a.thread);
}

static void a_cancelled_caller_gets_its_time_back(void **state)
{
	(void)state;
	setup_pair();
	recv(&b, endpoint, reply);
	assert_int_equal(context_bind(b.context, 0), OK);
	native(a.thread, SYSCALL_CALL, sender_cap, 0, TAG_INTERRUPTIBLE, NO_WORDS);
	assert_int_equal(cancel(a.cap), 1);
	assert_ptr_equal(a.thread->running, a.thread->own);
	as(a.thread);
	assert_int_equal(context_bind(b.context, b.cap), OK);
	assert_int_equal(native_now(b.thread, SYSCALL_SEND, reply, 0, 0, NO_WORDS).err, ERR_CANCELLED);
}

// --- no senders

static cap_t watched_new(uint64_t badge) { return derive(endpoint, ENDPOINT_SEND | ENDPOINT_GRANT | ENDPOINT_WATCH, badge, 0); }

static void expect_no_senders(uint64_t badge, uint64_t minted)
{
	native(b.thread, SYSCALL_NB_RECV, endpoint, reply, 0, NO_WORDS);
	struct result r = result_of(b.thread);

	assert_int_equal(r.err, OK);
	assert_true(r.tag == (TAG(0, 1) | (tag_t)KIND_NO_SENDERS << TAG_KIND_SHIFT));
	assert_int_equal(r.badge, badge);
	assert_int_equal(r.word[0], minted);
}

static void expect_nothing(void)
{
	assert_int_equal(native_now(b.thread, SYSCALL_NB_RECV, endpoint, reply, 0, NO_WORDS).err, ERR_NOT_READY);
}

static void no_senders_in_order_with_mint_counts(void **state)
{
	cap_t w[4], child[4][3];

	(void)state;
	setup_pair();
	for (unsigned i = 0; i < 4; i++) {
		w[i] = watched_new(100 + i);
		for (unsigned k = 0; k < 3; k++)
			child[i][k] = derive(w[i], ALL, 0, 0);
		assert_false(slot_of(child[i][0])->rights & ENDPOINT_WATCH);
	}
	expect_nothing();
	for (unsigned n = 0; n < 4; n++) {
		unsigned i = (n * 3 + 1) % 4;  // 1 0 3 2

		assert_int_equal(delete(child[i][1]), OK);
		assert_int_equal(delete(child[i][0]), OK);
		assert_int_equal(delete(child[i][2]), OK);
	}
	// Before any caller.
	call(&a, 1);
	expect_no_senders(101, 3);
	expect_no_senders(100, 3);
	expect_no_senders(103, 3);
	expect_no_senders(102, 3);
	native(b.thread, SYSCALL_NB_RECV, endpoint, reply, 0, NO_WORDS);
	assert_int_equal(tag_kind(result_of(b.thread).tag), KIND_MESSAGE);
	// A new child is a new round; the count goes on.
	cap_t again = derive(w[2], ALL, 0, 0);

	assert_int_equal(delete(again), OK);
	assert_int_equal(native_now(b.thread, SYSCALL_SEND, reply, 0, 0, NO_WORDS).err, OK);
	expect_no_senders(102, 4);
	expect_nothing();
}

static void a_waiting_receiver_hears_of_it_at_once(void **state)
{
	(void)state;
	setup_pair();
	cap_t w = watched_new(9), child = derive(w, ENDPOINT_SEND, 0, 0);

	recv(&b, endpoint, reply);
	assert_int_equal(delete(child), OK);
	struct result r = result_of(b.thread);

	assert_int_equal(tag_kind(r.tag), KIND_NO_SENDERS);
	assert_int_equal(r.badge, 9);
	assert_int_equal(((struct reply *)object_of(reply))->state, REPLY_IDLE);
}

static void grandchildren_and_copies_count_as_children(void **state)
{
	(void)state;
	setup_pair();
	cap_t w = watched_new(9), child = derive(w, ENDPOINT_SEND, 0, 0), deep = derive(child, ALL, 0, 0), side = slots_new(1);

	assert_int_equal(copy(side, child), OK);
	assert_int_equal(delete(child), OK);
	expect_nothing();
	assert_int_equal(delete(side), OK);
	expect_nothing();
	assert_int_equal(delete(deep), OK);
	expect_no_senders(9, 1);  // one derivation from the slot itself
	assert_int_equal(copy(side, w), ERR_CAP_TYPE);  // a watched parent has no copies
}

static void deriving_again_takes_it_off_the_list(void **state)
{
	(void)state;
	setup_pair();
	cap_t w[3], child;

	for (unsigned i = 0; i < 3; i++) {
		w[i] = watched_new(20 + i);
		assert_int_equal(delete(derive(w[i], ALL, 0, 0)), OK);
	}
	child = derive(w[1], ALL, 0, 0);
	expect_no_senders(20, 1);
	expect_no_senders(22, 1);
	expect_nothing();
	assert_int_equal(delete(child), OK);
	expect_no_senders(21, 2);
}

static void a_dead_slot_may_be_moved_or_deleted(void **state)
{
	(void)state;
	setup_pair();
	cap_t w[5];

	for (unsigned i = 0; i < 5; i++) {
		w[i] = watched_new(30 + i);
		assert_int_equal(delete(derive(w[i], ALL, 0, 0)), OK);
	}
	for (unsigned i = 0; i < 5; i += 2) {
		cap_t to = slots_new(1);

		assert_int_equal(move(to, w[i]), OK);
		w[i] = to;
	}
	assert_int_equal(delete(w[1]), OK);
	assert_int_equal(delete(w[4]), OK);
	expect_no_senders(30, 1);
	expect_no_senders(32, 1);
	expect_no_senders(33, 1);
	expect_nothing();
}

static void an_endpoint_dies_with_dead_slots(void **state)
{
	(void)state;
	setup_pair();
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(delete(derive(watched_new(30 + i), ALL, 0, 0)), OK);
	destroy(endpoint);
	check_now();
}

// Children in the CSpace of a task that dies, and in messages.
static void a_dying_client_is_noticed(void **state)
{
	cap_t c = make(TYPE_CNODE, 6);

	(void)state;
	setup_pair();
	cap_t w = watched_new(50);

	for (unsigned i = 1; i < 60; i++)
		assert_int_equal(derive_to(c, i, w, ALL, 0, 0), OK);
	recv(&b, endpoint, reply);
	assert_int_equal(delete(c), OK);
	assert_int_equal(result_of(b.thread).badge, 50);
	assert_int_equal(result_of(b.thread).word[0], 59);
	// A thread's own slot (its fault endpoint) is a child like others.
	struct player f = player_in(CNODE, VSPACE, w, PRIORITY_MAX);

	assert_int_equal(delete(f.cap), OK);
	expect_no_senders(50, 60);
}

// The one who deletes loses the capability that it deletes with, in the middle: the timer goes on.
static void what_dies_is_emptied_without_the_one_who_deletes(void **state)
{
	cap_t space = make(TYPE_CNODE, 7), way = slots_new(1);
	struct player p = player_in(space, VSPACE, 0, PRIORITY_MAX), q = player();
	struct result r;

	(void)state;
	assert_int_equal(retype_in(main_untyped, TYPE_ENDPOINT, 0, 47, space, 1), OK);
	assert_int_equal(derive_to(space, 48, space, ALL, 0, 0), OK);
	assert_int_equal(method(task, CNODE, METHOD_CNODE_COPY, 4, WORDS(way, space, 47, 1)).err, OK);
	native(q.thread, SYSCALL_CALL, way, 0, 0, NO_WORDS);
	assert_int_equal(delete(way), OK);
	assert_true(is_blocked(q.thread));
	native(p.thread, SYSCALL_CALL, 48, 0, TAG(METHOD_CNODE_DELETE, 2), WORDS(1, 60));
	assert_true(is_blocked(q.thread));
	for (unsigned i = 0; i < 8 && kernel.dying_first; i++)
		host_advance(HOST_TICKS_PER_SECOND / 1000);
	assert_int_equal(kernel.dying_first, 0);
	r = result_of(q.thread);
	assert_int_equal(r.err, ERR_DEAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_dies_is_emptied_without_the_one_who_deletes),
		TEST(destroy_endpoint_with_senders),
		TEST(destroy_endpoint_with_receivers),
		TEST(destroy_endpoint_while_an_answer_is_due),
		TEST(destroy_reply_in_each_state),
		TEST(destroy_reply_gives_lent_time_back),
		TEST(destroy_notification_with_everything),
		TEST(destroy_interrupt_with_its_notification),
		TEST(destroy_thread_in_each_state),
		TEST(a_server_dies_with_its_replies),
		TEST(a_thread_destroys_itself),
		TEST(a_thread_destroys_its_own_cspace),
		TEST(a_cnode_that_contains_itself),
		TEST(revoke_of_a_whole_task),
		TEST(a_task_revokes_itself),
		TEST(vspace_dies_while_in_use),
		TEST(long_destroys_come_in_bounded_pieces),
		TEST(contexts_die_in_each_state),
		TEST(a_lent_context_dies),
		TEST(a_lent_context_is_taken_away),
		TEST(time_lent_twice_comes_back_once),
		TEST(time_lent_twice_comes_back_in_turn),
		TEST(a_caller_that_lent_its_time_dies),
		TEST(a_passive_server_dies_on_lent_time),
		TEST(a_cancelled_caller_gets_its_time_back),
		TEST(no_senders_in_order_with_mint_counts),
		TEST(a_waiting_receiver_hears_of_it_at_once),
		TEST(grandchildren_and_copies_count_as_children),
		TEST(deriving_again_takes_it_off_the_list),
		TEST(a_dead_slot_may_be_moved_or_deleted),
		TEST(an_endpoint_dies_with_dead_slots),
		TEST(a_dying_client_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
