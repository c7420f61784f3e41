// Who runs: priorities, turns, slices, and what was run on whose time.
#include "kernel_machine.h"

static struct player player_at(unsigned priority, uint64_t slice)
{
	struct player p = player_in(CNODE, VSPACE, 0, priority);

	assert_int_equal(configure(p.context, priority, slice), OK);
	return p;
}

static struct thread *current(void) { return kernel.core[0].current; }

// The first task leaves the processor to the others until the notification is signalled.
static cap_t doorbell, ring;

static void task_waits(void)
{
	doorbell = make(TYPE_NOTIFICATION, 0);
	ring = derive(doorbell, NOTIFICATION_SIGNAL, 1, 0);
	native(task, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
}

static void yield(void)
{
	struct thread *thread = current();

	*regs_cap(&thread->regs) = 0;
	host_syscall_once(SYSCALL_YIELD);
	check_now();
}

static void the_highest_priority_runs(void **state)
{
	struct player low = player_at(3, 0), high = player_at(40, 0), middle = player_at(20, 0);

	(void)state;
	task_waits();
	assert_ptr_equal(current(), high.thread);
	native(high.thread, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
	assert_ptr_equal(current(), middle.thread);
	native(middle.thread, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
	assert_ptr_equal(current(), low.thread);
	// A wake preempts at once: the first that waited is the first task.
	native(low.thread, SYSCALL_SEND, ring, 0, 0, NO_WORDS);
	assert_ptr_equal(current(), task);
}

static void nobody_is_idle(void **state)
{
	(void)state;
	task_waits();
	assert_null(current());
	check_now();
	host_advance(100);
	check_now();
	assert_null(current());
}

static void equals_take_turns_by_yield(void **state)
{
	struct player p[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		p[i] = player_at(10, 0);
	task_waits();
	for (unsigned n = 0; n < 12; n++) {
		assert_ptr_equal(current(), p[n % 4].thread);
		yield();
	}
}

static void yield_does_not_let_lower_ones_in(void **state)
{
	struct player high = player_at(10, 0);

	(void)state;
	player_at(9, 0);
	task_waits();
	yield();
	assert_ptr_equal(current(), high.thread);
}

static void slices_end(void **state)
{
	struct player p[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		p[i] = player_at(10, 100);
	task_waits();
	for (unsigned n = 0; n < 9; n++) {
		assert_ptr_equal(current(), p[n % 3].thread);
		assert_int_equal(host.core[0].timer, host.time + 100);
		host_advance(99);
		assert_ptr_equal(current(), p[n % 3].thread);
		host_advance(1);
		check_now();
	}
	// Alone there is no timer.
	native(current(), SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
	native(current(), SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
	assert_true(host.core[0].timer == ~0ull);
}

static void a_slice_of_zero_lasts(void **state)
{
	struct player p = player_at(10, 0);

	(void)state;
	player_at(10, 0);
	task_waits();
	assert_true(host.core[0].timer == ~0ull);
	host_advance(100000);
	assert_ptr_equal(current(), p.thread);
}

static void time_is_accounted(void **state)
{
	struct player p = player_at(10, 100), q = player_at(10, 100);
	uint64_t run[2];

	(void)state;
	task_waits();
	host_advance(100);
	host_advance(100);
	host_advance(30);
	native(current(), SYSCALL_SEND, ring, 0, 0, NO_WORDS);
	run[0] = method(task, p.context, METHOD_SCHEDCONTEXT_CONSUMED, 0, NO_WORDS).word[0];
	run[1] = method(task, q.context, METHOD_SCHEDCONTEXT_CONSUMED, 0, NO_WORDS).word[0];
	assert_int_equal(run[0], 130);
	assert_int_equal(run[1], 100);
}

static void lent_time_is_accounted_to_its_owner(void **state)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct player a = player_at(10, 0), b = player_at(10, 0);

	(void)state;
	native(b.thread->state == THREAD_READY ? task : task, SYSCALL_YIELD, 0, 0, 0, NO_WORDS);
	task_waits();
	if (current() == a.thread)
		yield();
	native(b.thread, SYSCALL_RECV, e, reply, 0, NO_WORDS);
	assert_ptr_equal(current(), a.thread);
	native(a.thread, SYSCALL_SEND, ring, 0, 0, NO_WORDS);
	assert_int_equal(context_bind(b.context, 0), OK);
	uint64_t before = method(task, a.context, METHOD_SCHEDCONTEXT_CONSUMED, 0, NO_WORDS).word[0];

	native(task, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
	host.time += 7;
	native(a.thread, SYSCALL_CALL, e, 0, 0, NO_WORDS);
	assert_ptr_equal(current(), b.thread);
	host.time += 50;
	native(b.thread, SYSCALL_REPLY_RECV, e, reply, 0, NO_WORDS);
	assert_ptr_equal(current(), a.thread);
	native(a.thread, SYSCALL_SEND, ring, 0, 0, NO_WORDS);
	assert_int_equal(method(task, a.context, METHOD_SCHEDCONTEXT_CONSUMED, 0, NO_WORDS).word[0], before + 57);
}

static void priorities_change_at_once(void **state)
{
	struct player p = player_at(10, 0), q = player_at(20, 0);

	(void)state;
	assert_int_equal(configure(p.context, 30, 0), OK);
	task_waits();
	assert_ptr_equal(current(), p.thread);
	native(p.thread, SYSCALL_CALL, BOOT_SLOT_SCHEDCONTROL, 0, TAG(METHOD_SCHEDCONTROL_CONFIGURE, 3), WORDS(p.context, 5, 0));
	assert_ptr_equal(current(), q.thread);
}

static void schedcontrol_bounds_priority(void **state)
{
	cap_t c = make(TYPE_SCHEDCONTEXT, 0);

	(void)state;
	assert_int_equal(configure(c, PRIORITY_MAX + 1, 0), ERR_RANGE);
	assert_int_equal(configure(c, ~0ull, 0), ERR_RANGE);
	assert_int_equal(configure(VSPACE, 1, 0), ERR_CAP_TYPE);
	assert_int_equal(configure(derive(c, SCHEDCONTEXT_DEADLINE, 0, 0), 1, 0), ERR_CAP_RIGHTS);
}

static void contexts_are_bound_to_one_thread(void **state)
{
	cap_t c = make(TYPE_SCHEDCONTEXT, 0), t = make(TYPE_THREAD, 0), u = make(TYPE_THREAD, 0);

	(void)state;
	assert_int_equal(context_bind(c, t), ERR_STATE);  // not configured
	assert_int_equal(configure(c, 1, 0), OK);
	assert_int_equal(context_bind(c, t), OK);
	assert_int_equal(context_bind(c, t), ERR_BUSY);
	assert_int_equal(context_bind(c, u), OK);  // moved over
	assert_null(((struct thread *)object_of(t))->own);
	assert_int_equal(context_bind(c, VSPACE), ERR_CAP_TYPE);
	assert_int_equal(context_bind(c, 3000), ERR_CAP_TYPE);
	assert_int_equal(context_bind(c, 0), OK);
	assert_int_equal(context_bind(c, 0), OK);
}

static void a_deadline_wakes_its_waiter(void **state)
{
	cap_t n = make(TYPE_NOTIFICATION, 0), signal = derive(n, NOTIFICATION_SIGNAL, 8, 0);
	struct player p = player_at(50, 0), busy = player_at(10, 0);

	(void)state;
	assert_int_equal(method(task, p.context, METHOD_SCHEDCONTEXT_BIND_NOTIFICATION, 1, WORDS(signal)).err, OK);
	task_waits();
	assert_ptr_equal(current(), p.thread);
	native(p.thread, SYSCALL_CALL, p.context, 0, TAG(METHOD_SCHEDCONTEXT_SET_DEADLINE, 1), WORDS(host.time + 500));
	native(p.thread, SYSCALL_RECV, n, 0, 0, NO_WORDS);
	assert_ptr_equal(current(), busy.thread);
	host_advance(499);
	assert_ptr_equal(current(), busy.thread);
	host_advance(1);
	assert_ptr_equal(current(), p.thread);
	assert_int_equal(result_of(p.thread).badge, 8);
}

static void an_interrupt_wakes_its_driver(void **state)
{
	cap_t n = make(TYPE_NOTIFICATION, 0), signal = derive(n, NOTIFICATION_SIGNAL, 2, 0), irq = slots_new(1);
	struct player driver = player_at(50, 0);

	(void)state;
	assert_int_equal(method(task, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_LINE, 4, WORDS(4, 0, CNODE, irq)).err, OK);
	unsigned vector = host.line_vector[4];

	assert_int_equal(method(task, irq, METHOD_INTERRUPT_BIND, 1, WORDS(signal)).err, OK);
	task_waits();
	native(driver.thread, SYSCALL_RECV, n, 0, 0, NO_WORDS);
	assert_null(current());
	assert_true(host_raise(vector));
	check_now();
	assert_ptr_equal(current(), driver.thread);
	assert_int_equal(result_of(driver.thread).badge, 2);
	assert_false(host_raise(vector));  // shut until it is acknowledged
	native(driver.thread, SYSCALL_CALL, irq, 0, TAG(METHOD_INTERRUPT_ACK, 0), NO_WORDS);
	assert_true(host_raise(vector));
	assert_int_equal(native_now(driver.thread, SYSCALL_RECV, n, 0, 0, NO_WORDS).badge, 2);
}

// A message-signalled one that comes again before the acknowledgement comes once more after it.
static void messages_are_not_lost(void **state)
{
	cap_t n = make(TYPE_NOTIFICATION, 0), signal = derive(n, NOTIFICATION_SIGNAL, 2, 0), irq = slots_new(1);
	struct result r = method(task, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_MESSAGE, 2, WORDS(CNODE, irq));

	(void)state;
	assert_int_equal(r.err, OK);
	r = method(task, irq, METHOD_INTERRUPT_INFO, 0, NO_WORDS);
	assert_int_equal(r.word[0], 0xfee00000);
	unsigned vector = (unsigned)r.word[1];

	assert_int_equal(method(task, irq, METHOD_INTERRUPT_BIND, 1, WORDS(signal)).err, OK);
	for (unsigned i = 0; i < 3; i++)
		host_raise(vector);
	assert_int_equal(native_now(task, SYSCALL_NB_RECV, n, 0, 0, NO_WORDS).badge, 2);
	assert_int_equal(native_now(task, SYSCALL_NB_RECV, n, 0, 0, NO_WORDS).err, ERR_NOT_READY);
	assert_int_equal(method(task, irq, METHOD_INTERRUPT_ACK, 0, NO_WORDS).err, OK);
	assert_int_equal(native_now(task, SYSCALL_NB_RECV, n, 0, 0, NO_WORDS).badge, 2);
	assert_int_equal(method(task, irq, METHOD_INTERRUPT_ACK, 0, NO_WORDS).err, OK);
	assert_int_equal(native_now(task, SYSCALL_NB_RECV, n, 0, 0, NO_WORDS).err, ERR_NOT_READY);
}

static void vectors_run_out_and_come_back(void **state)
{
	cap_t first = slots_new(300);
	unsigned n = 0;

	(void)state;
	check_off = true;
	while (n < 300 && !method(task, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_MESSAGE, 2, WORDS(CNODE, first + n)).err)
		n++;
	assert_int_equal(n, VECTOR_COUNT - HOST_VECTOR_FIRST);
	assert_int_equal(method(task, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_MESSAGE, 2, WORDS(CNODE, first + n)).err, ERR_BUSY);
	assert_int_equal(delete_many(first, n), OK);
	check_now();
	assert_int_equal(method(task, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_MESSAGE, 2, WORDS(CNODE, first)).err, OK);
	assert_int_equal(method(task, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_LINE, 4, WORDS(256, 0, CNODE, first + 1)).err, ERR_RANGE);
	assert_int_equal(method(task, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_LINE, 4, WORDS(1, 4, CNODE, first + 1)).err, ERR_RANGE);
	assert_int_equal(method(task, BOOT_SLOT_IRQCONTROL, METHOD_IRQCONTROL_LINE, 4, WORDS(100, 0, CNODE, first + 1)).err, ERR_BUSY);
}

static void ports_are_read_and_written_in_range(void **state)
{
	cap_t few = derive(BOOT_SLOT_IOPORT, ALL, 0x3f8, 8), in = derive(few, IOPORT_IN, 0, 0);
	static const struct {
		uint64_t port, size;
		err_t err;
	} bad[] = {{8, 1, ERR_RANGE}, {7, 2, ERR_RANGE}, {5, 4, ERR_RANGE}, {~0ull, 1, ERR_RANGE}, {0, 3, ERR_ARGUMENT},
		   {0, 0, ERR_ARGUMENT}, {0, 8, ERR_ARGUMENT}, {0, ~0ull, ERR_ARGUMENT}};

	(void)state;
	assert_int_equal(method(task, few, METHOD_IOPORT_OUT, 3, WORDS(4, 4, 0x11223344)).err, OK);
	assert_int_equal(host.port[0x3fc], 0x44);
	assert_int_equal(method(task, in, METHOD_IOPORT_IN, 2, WORDS(6, 2)).word[0], 0x1122);
	assert_int_equal(method(task, in, METHOD_IOPORT_OUT, 3, WORDS(0, 1, 1)).err, ERR_CAP_RIGHTS);
	for (unsigned i = 0; i < ARRAY_LENGTH(bad); i++)
		assert_int_equal(method(task, few, METHOD_IOPORT_IN, 2, WORDS(bad[i].port, bad[i].size)).err, bad[i].err);
}

// A server without time answers one caller and takes the next: from then on it runs on that one's time.
static void the_next_callers_time_is_charged_from_when_it_is_lent(void **state)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct player server = player(), a = player(), b = player();

	(void)state;
	native(server.thread, SYSCALL_RECV, e, reply, 0, NO_WORDS);
	assert_int_equal(context_bind(server.context, 0), OK);
	native(a.thread, SYSCALL_CALL, e, 0, TAG(1, 0), NO_WORDS);
	native(b.thread, SYSCALL_CALL, e, 0, TAG(2, 0), NO_WORDS);
	host_advance(1000);
	native(server.thread, SYSCALL_REPLY_RECV, e, reply, 0, NO_WORDS);
	assert_int_equal(tag_label(result_of(server.thread).tag), 2);
	as(server.thread);
	host_advance(500);
	as(task);
	check_now();
	assert_true(context_consumed(&kernel.core[0], object_of(b.context)) < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_highest_priority_runs),
		TEST(nobody_is_idle),
		TEST(equals_take_turns_by_yield),
		TEST(yield_does_not_let_lower_ones_in),
		TEST(slices_end),
		TEST(a_slice_of_zero_lasts),
		TEST(time_is_accounted),
		TEST(lent_time_is_accounted_to_its_owner),
		TEST(priorities_change_at_once),
		TEST(schedcontrol_bounds_priority),
		TEST(contexts_are_bound_to_one_thread),
		TEST(a_deadline_wakes_its_waiter),
		TEST(an_interrupt_wakes_its_driver),
		TEST(messages_are_not_lost),
		TEST(vectors_run_out_and_come_back),
		TEST(ports_are_read_and_written_in_range),
		TEST(the_next_callers_time_is_charged_from_when_it_is_lent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
