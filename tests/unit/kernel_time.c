// Budgets and their end, reserves, timeout faults, events of contexts, directed yield.
#include "kernel_machine.h"

#define BUDGET 10000ull
#define PERIOD 50000ull

static cap_t doorbell, ring;

static struct thread *current(void) { return kernel.core[0].current; }
static struct sched_context *context_at(cap_t cap) { return object_of(cap); }

static err_t set_budget(cap_t context, uint64_t budget, uint64_t period)
{
	return method(task, BOOT_SLOT_SCHEDCONTROL, METHOD_SCHEDCONTROL_SET_BUDGET, 4,
		      WORDS(context, budget, period, 77)).err;
}

static err_t bind_reserve(cap_t context, cap_t thread)
{
	return method(task, context, METHOD_SCHEDCONTEXT_BIND_RESERVE, 1, WORDS(thread)).err;
}

static uint64_t watch(struct thread *by, cap_t context, uint64_t events)
{
	struct result r = method(by, context, METHOD_SCHEDCONTEXT_WATCH, 1, WORDS(events));

	assert_int_equal(r.err, OK);
	return r.word[0];
}

static struct player player_limited(unsigned priority, uint64_t budget, uint64_t period)
{
	struct player p = player_in(CNODE, VSPACE, 0, priority);

	assert_int_equal(set_budget(p.context, budget, period), OK);
	return p;
}

static void task_waits(void)
{
	doorbell = make(TYPE_NOTIFICATION, 0);
	ring = derive(doorbell, NOTIFICATION_SIGNAL, 1, 0);
	native(task, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
}

static void advance(uint64_t ticks)
{
	host_advance(ticks);
	check_now();
}

// To the next time that the timer is set to.
static void advance_to_timer(void)
{
	assert_true(host.core[0].timer != ~0ull);
	advance(host.core[0].timer > host.time ? host.core[0].timer - host.time : 0);
}

static void a_budget_ends_and_comes_back(void **state)
{
	struct player p = player_limited(20, BUDGET, PERIOD), low = player_in(CNODE, VSPACE, 0, 10);
	uint64_t start;

	(void)state;
	task_waits();
	start = host.time;
	for (unsigned n = 0; n < 4; n++) {
		assert_ptr_equal(current(), p.thread);
		assert_int_equal(host.core[0].timer, start + n * PERIOD + BUDGET);
		advance(BUDGET - 1);
		assert_ptr_equal(current(), p.thread);
		advance(1);
		assert_ptr_equal(current(), low.thread);
		advance(PERIOD - BUDGET - 1);
		assert_ptr_equal(current(), low.thread);
		advance(1);
	}
	assert_int_equal(context_consumed(&kernel.core[0], context_at(p.context)), 4 * BUDGET);
}

// Nobody runs more than k + 1 budgets in k periods, however it spends them.
static void no_window_holds_more_than_its_budgets(void **state)
{
	struct player p = player_limited(20, BUDGET, PERIOD);
	static bool ran[40 * PERIOD / 1000];
	unsigned at = 0, in_window = 0, seed = 1;

	(void)state;
	player_in(CNODE, VSPACE, 0, 10);
	task_waits();
	check_off = true;
	while (at < ARRAY_LENGTH(ran)) {
		if (current() == p.thread && (seed = seed * 1103515245 + 12345) >> 16 & 1)
			native(p.thread, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
		else if (p.thread->state == THREAD_WAITING)
			native(current(), SYSCALL_SEND, ring, 0, 0, NO_WORDS);
		if (task->state == THREAD_READY)
			native(task, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
		ran[at++] = current() == p.thread;
		host_advance(1000);
		while (host.core[0].timer <= host.time)
			host_advance(0);
	}
	check_now();
	for (unsigned i = 0; i < ARRAY_LENGTH(ran); i++) {
		in_window += ran[i];
		if (i >= 4 * PERIOD / 1000)
			in_window -= ran[i - 4 * PERIOD / 1000];
		assert_true(in_window <= 5 * BUDGET / 1000);
	}
}

static void a_budget_bounds_priorities_not_each_other(void **state)
{
	struct player a = player_limited(20, BUDGET, PERIOD), b = player_limited(20, 2 * BUDGET, PERIOD);

	(void)state;
	task_waits();
	assert_ptr_equal(current(), a.thread);
	advance(BUDGET);
	assert_ptr_equal(current(), b.thread);
	advance(2 * BUDGET);
	assert_null(current());
	advance(PERIOD - 3 * BUDGET);
	assert_non_null(current());
	while (host.time < 2 * PERIOD)
		advance_to_timer();
	assert_int_equal(context_consumed(&kernel.core[0], context_at(a.context)), 2 * BUDGET);
	assert_int_equal(context_consumed(&kernel.core[0], context_at(b.context)), 4 * BUDGET);
}

static void budgets_are_checked(void **state)
{
	cap_t c = make(TYPE_SCHEDCONTEXT, 0);

	(void)state;
	assert_int_equal(set_budget(BOOT_SLOT_SCHEDCONTROL, 1, 1), ERR_CAP_TYPE);
	assert_int_equal(set_budget(c, BUDGET_MIN - 1, PERIOD), ERR_RANGE);
	assert_int_equal(set_budget(c, PERIOD + 1, PERIOD), ERR_RANGE);
	assert_int_equal(set_budget(c, PERIOD, 1ull << 62), ERR_RANGE);
	assert_int_equal(set_budget(c, BUDGET_MIN, BUDGET_MIN), OK);
	assert_int_equal(set_budget(c, 0, 0), OK);
	assert_int_equal(set_budget(derive(c, SCHEDCONTEXT_DEADLINE, 0, 0), 0, 0), ERR_CAP_RIGHTS);
}

static void a_budget_taken_away_lets_run(void **state)
{
	struct player p = player_limited(20, BUDGET, PERIOD), q = player_in(CNODE, VSPACE, 0, 10);

	(void)state;
	task_waits();
	advance(BUDGET);
	assert_ptr_equal(current(), q.thread);
	native(q.thread, SYSCALL_SEND, ring, 0, 0, NO_WORDS);
	assert_int_equal(set_budget(p.context, 0, 0), OK);
	native(task, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
	assert_ptr_equal(current(), p.thread);
	advance(10 * PERIOD);
	assert_ptr_equal(current(), p.thread);
}

// --- lending

struct pair {
	struct player client, server;
	cap_t endpoint, reply;
};

// A server without time of its own, called by a client with a budget.
static struct pair pair_make(void)
{
	struct pair s = {.endpoint = make(TYPE_ENDPOINT, 0), .reply = make(TYPE_REPLY, 0), .server = player()};

	native(s.server.thread, SYSCALL_RECV, s.endpoint, s.reply, 0, NO_WORDS);
	assert_int_equal(context_bind(s.server.context, 0), OK);
	s.client = player_limited(20, BUDGET, PERIOD);
	return s;
}

static void called(const struct pair *s)
{
	task_waits();
	native(s->client.thread, SYSCALL_CALL, s->endpoint, 0, TAG(1, 0), NO_WORDS);
	assert_ptr_equal(current(), s->server.thread);
}

static void lent_time_that_is_used_up_comes_back(void **state)
{
	struct pair s = pair_make();

	(void)state;
	called(&s);
	advance(BUDGET);
	assert_null(current());
	assert_ptr_equal(s.server.thread->running, object_of(s.client.context));
	advance(PERIOD - BUDGET);
	assert_ptr_equal(current(), s.server.thread);
	native(s.server.thread, SYSCALL_REPLY_RECV, s.endpoint, s.reply, 0, NO_WORDS);
	assert_ptr_equal(current(), s.client.thread);
	assert_int_equal(result_of(s.client.thread).err, OK);
}

static void a_reserve_takes_over_when_lent_time_is_used_up(void **state)
{
	struct pair s = pair_make();
	cap_t e = s.endpoint;

	(void)state;
	assert_int_equal(bind_reserve(s.server.context, s.server.cap), OK);
	assert_null(s.server.thread->running);
	called(&s);
	assert_ptr_equal(s.server.thread->running, object_of(s.client.context));
	advance(BUDGET);
	assert_ptr_equal(current(), s.server.thread);
	assert_ptr_equal(s.server.thread->running, object_of(s.server.context));
	// It answers: the client is ready but has no time, and the reserve is put away.
	native(s.server.thread, SYSCALL_REPLY_RECV, e, s.reply, 0, NO_WORDS);
	assert_null(current());
	assert_int_equal(s.client.thread->state, THREAD_READY);
	assert_null(s.server.thread->running);
	advance(PERIOD - BUDGET);
	assert_ptr_equal(current(), s.client.thread);
	native(s.client.thread, SYSCALL_CALL, e, 0, TAG(1, 0), NO_WORDS);
	assert_ptr_equal(s.server.thread->running, object_of(s.client.context));
}

// Whatever takes the lent time away in the middle: the server goes on with its reserve, and serves the next.
static void a_server_with_a_reserve_is_never_stranded(void **state)
{
	enum { CANCEL, KILL_CLIENT, KILL_CONTEXT, UNBIND, WAYS };

	(void)state;
	for (unsigned way = CANCEL; way < WAYS; way++) {
		machine_setup(NULL);
		struct pair s = pair_make();
		struct player second = player_in(CNODE, VSPACE, 0, 15);

		assert_int_equal(bind_reserve(s.server.context, s.server.cap), OK);
		task_waits();
		native(s.client.thread, SYSCALL_CALL, s.endpoint, 0, TAG(1, 0) | TAG_INTERRUPTIBLE, NO_WORDS);
		native(s.server.thread, SYSCALL_SEND, ring, 0, 0, NO_WORDS);
		if (way == CANCEL)
			assert_int_equal(cancel(s.client.cap), 1);
		else if (way == UNBIND)
			assert_int_equal(context_bind(s.client.context, 0), OK);
		else
			assert_int_equal(delete(way == KILL_CLIENT ? s.client.cap : s.client.context), OK);
		assert_ptr_equal(s.server.thread->running, object_of(s.server.context));
		native(task, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
		assert_ptr_equal(current(), s.server.thread);
		native(s.server.thread, SYSCALL_REPLY_RECV, s.endpoint, s.reply, 0, NO_WORDS);
		if (way <= KILL_CLIENT) {  // nobody is there to be answered: it receives again
			assert_true(result_of(s.server.thread).err == ERR_CANCELLED);
			native(s.server.thread, SYSCALL_RECV, s.endpoint, s.reply, 0, NO_WORDS);
		}
		assert_null(s.server.thread->running);
		if (way == CANCEL)
			native(s.client.thread, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
		assert_ptr_equal(current(), second.thread);
		native(second.thread, SYSCALL_CALL, s.endpoint, 0, TAG(1, 0), NO_WORDS);
		assert_ptr_equal(current(), s.server.thread);
		native(s.server.thread, SYSCALL_REPLY_RECV, s.endpoint, s.reply, 0, NO_WORDS);
		assert_int_equal(result_of(second.thread).err, OK);
	}
}

static void a_dying_server_gives_time_and_caller_back(void **state)
{
	struct pair s = pair_make();

	(void)state;
	called(&s);
	native(s.server.thread, SYSCALL_SEND, ring, 0, 0, NO_WORDS);
	assert_int_equal(delete(s.server.cap), OK);
	assert_int_equal(delete(s.reply), OK);
	native(task, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
	assert_ptr_equal(current(), s.client.thread);
	assert_int_equal(result_of(s.client.thread).err, ERR_DEAD);
	assert_ptr_equal(s.client.thread->running, object_of(s.client.context));
	advance(BUDGET);
	assert_null(current());
}

// A reserve also serves what brings no time: a send, a signal.
static void a_reserve_runs_for_messages_without_time(void **state)
{
	struct pair s = pair_make();
	cap_t n = make(TYPE_NOTIFICATION, 0), signal = derive(n, NOTIFICATION_SIGNAL, 4, 0);

	(void)state;
	assert_int_equal(bind_reserve(s.server.context, s.server.cap), OK);
	assert_int_equal(method(task, s.server.cap, METHOD_THREAD_BIND, 1, WORDS(n)).err, OK);
	native(task, SYSCALL_SEND, signal, 0, 0, NO_WORDS);
	task_waits();
	assert_ptr_equal(current(), s.server.thread);
	assert_int_equal(result_of(s.server.thread).badge, 4);
	native(s.server.thread, SYSCALL_RECV, s.endpoint, s.reply, 0, NO_WORDS);
	assert_null(s.server.thread->running);
}

// --- timeout faults

static void a_timeout_is_heard_by_the_handler(void **state)
{
	cap_t faults = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	cap_t badged = derive(faults, ENDPOINT_SEND | ENDPOINT_GRANT, 9, 0);
	struct player p = player_in(CNODE, VSPACE, badged, 20), handler = player_in(CNODE, VSPACE, 0, 30);
	struct result r;

	(void)state;
	assert_int_equal(set_budget(p.context, BUDGET, PERIOD), OK);
	assert_int_equal(method(task, p.cap, METHOD_THREAD_SET_TIMEOUT, 1, WORDS(2)).err, ERR_RANGE);
	assert_int_equal(method(task, p.cap, METHOD_THREAD_SET_TIMEOUT, 1, WORDS(1)).err, OK);
	task_waits();
	native(handler.thread, SYSCALL_RECV, faults, reply, 0, NO_WORDS);
	assert_ptr_equal(current(), p.thread);
	advance(BUDGET);
	assert_ptr_equal(current(), handler.thread);
	r = result_of(handler.thread);
	assert_int_equal(r.badge, 9);
	assert_int_equal(tag_kind(r.tag), KIND_FAULT);
	assert_int_equal(tag_label(r.tag), FAULT_TIMEOUT);
	assert_int_equal(r.word[1], 77);
	assert_int_equal(r.word[2], BUDGET);
	// More budget, and it goes on where it was.
	native(handler.thread, SYSCALL_CALL, BOOT_SLOT_SCHEDCONTROL, 0, TAG(METHOD_SCHEDCONTROL_SET_BUDGET, 4),
	       WORDS(p.context, 3 * BUDGET, PERIOD, 78));
	native(handler.thread, SYSCALL_REPLY_RECV, faults, reply, TAG(FAULT_REPLY_RESUME, 0), NO_WORDS);
	assert_ptr_equal(current(), p.thread);
	advance(3 * BUDGET);
	assert_int_equal(result_of(handler.thread).word[1], 78);
}

static void without_a_handler_a_timeout_only_waits(void **state)
{
	struct player p = player_limited(20, BUDGET, PERIOD);

	(void)state;
	assert_int_equal(method(task, p.cap, METHOD_THREAD_SET_TIMEOUT, 1, WORDS(1)).err, OK);
	task_waits();
	advance(BUDGET);
	assert_null(current());
	assert_int_equal(p.thread->state, THREAD_READY);
	advance(PERIOD - BUDGET);
	assert_ptr_equal(current(), p.thread);
}

// The handler of a server that is out of lent time gives it other time to end the request with.
static void a_handler_lends_a_hand(void **state)
{
	cap_t faults = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0), e = make(TYPE_ENDPOINT, 0),
	      answer = make(TYPE_REPLY, 0), spare = make(TYPE_SCHEDCONTEXT, 0);
	struct player handler = player_in(CNODE, VSPACE, 0, 30), client = player_limited(20, BUDGET, PERIOD),
		      server = player_in(CNODE, VSPACE, faults, PRIORITY_MAX);

	(void)state;
	native(server.thread, SYSCALL_RECV, e, answer, 0, NO_WORDS);
	assert_int_equal(context_bind(server.context, 0), OK);
	assert_int_equal(configure(spare, 25, 0), OK);
	assert_int_equal(method(task, server.cap, METHOD_THREAD_SET_TIMEOUT, 1, WORDS(1)).err, OK);
	task_waits();
	native(handler.thread, SYSCALL_RECV, faults, reply, 0, NO_WORDS);
	native(client.thread, SYSCALL_CALL, e, 0, TAG(1, 0), NO_WORDS);
	advance(BUDGET);
	assert_ptr_equal(current(), handler.thread);
	native(handler.thread, SYSCALL_CALL, spare, 0, TAG(METHOD_SCHEDCONTEXT_BIND, 1), WORDS(server.cap));
	assert_int_equal(result_of(handler.thread).err, OK);
	assert_ptr_equal(server.thread->running, object_of(spare));
	assert_ptr_equal(client.thread->running, object_of(client.context));
	native(handler.thread, SYSCALL_REPLY_RECV, faults, reply, TAG(FAULT_REPLY_RESUME, 0), NO_WORDS);
	assert_ptr_equal(current(), server.thread);
	native(server.thread, SYSCALL_REPLY_RECV, e, answer, 0, NO_WORDS);
	assert_null(current());
	advance(PERIOD);
	assert_ptr_equal(current(), client.thread);
	assert_int_equal(result_of(client.thread).err, OK);
}

// --- events

static void events_are_told(void **state)
{
	cap_t n = make(TYPE_NOTIFICATION, 0), signal = derive(n, NOTIFICATION_SIGNAL, 16, 0);
	struct player owner = player_in(CNODE, VSPACE, 0, 30), p = player_limited(20, BUDGET, PERIOD);

	(void)state;
	assert_int_equal(method(task, p.context, METHOD_SCHEDCONTEXT_BIND_NOTIFICATION, 1, WORDS(signal)).err, OK);
	assert_int_equal(method(task, p.context, METHOD_SCHEDCONTEXT_WATCH, 1, WORDS(8)).err, ERR_RANGE);
	assert_int_equal(watch(task, p.context, CONTEXT_BLOCKED | CONTEXT_UNBLOCKED | CONTEXT_USED_UP), 0);
	task_waits();
	native(owner.thread, SYSCALL_RECV, n, 0, 0, NO_WORDS);
	assert_ptr_equal(current(), p.thread);
	native(p.thread, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
	assert_null(current());
	advance_to_timer();
	assert_ptr_equal(current(), owner.thread);
	assert_int_equal(result_of(owner.thread).badge, 16);
	assert_int_equal(watch(owner.thread, p.context, 7), CONTEXT_BLOCKED);
	assert_int_equal(watch(owner.thread, p.context, 7), 0);
	// The first task waits in front of it.
	native(owner.thread, SYSCALL_SEND, ring, 0, 0, NO_WORDS);
	native(task, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
	native(owner.thread, SYSCALL_SEND, ring, 0, 0, NO_WORDS);
	native(owner.thread, SYSCALL_RECV, n, 0, 0, NO_WORDS);
	advance_to_timer();
	assert_ptr_equal(current(), owner.thread);
	assert_int_equal(watch(owner.thread, p.context, 7), CONTEXT_UNBLOCKED);
	native(owner.thread, SYSCALL_RECV, n, 0, 0, NO_WORDS);
	assert_ptr_equal(current(), p.thread);
	advance_to_timer();
	assert_ptr_equal(current(), owner.thread);
	assert_int_equal(watch(owner.thread, p.context, 0), CONTEXT_USED_UP);
}

// A watched thread's calls all go where its blocking is seen.
static void a_watched_call_is_seen(void **state)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);
	struct player server = player_in(CNODE, VSPACE, 0, 40), client = player_in(CNODE, VSPACE, 0, 20);

	(void)state;
	assert_int_equal(watch(task, client.context, CONTEXT_BLOCKED | CONTEXT_UNBLOCKED), 0);
	task_waits();
	native(server.thread, SYSCALL_RECV, e, reply, 0, NO_WORDS);
	native(client.thread, SYSCALL_CALL, e, 0, TAG(1, 0), NO_WORDS);
	native(server.thread, SYSCALL_REPLY_RECV, e, reply, 0, NO_WORDS);
	assert_ptr_equal(current(), client.thread);
	assert_int_equal(watch(client.thread, client.context, 0), CONTEXT_BLOCKED | CONTEXT_UNBLOCKED);
}

// More contexts have news than one entry handles.
static void news_of_many_come_in_pieces(void **state)
{
	enum { MANY = 20 };
	struct player p[MANY];
	cap_t n = make(TYPE_NOTIFICATION, 0);
	struct player owner = player_in(CNODE, VSPACE, 0, 5);
	uint64_t seen = 0;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		cap_t signal = derive(n, NOTIFICATION_SIGNAL, 1ull << i, 0);

		p[i] = player_in(CNODE, VSPACE, 0, 20);
		assert_int_equal(method(task, p[i].context, METHOD_SCHEDCONTEXT_BIND_NOTIFICATION, 1, WORDS(signal)).err, OK);
		watch(task, p[i].context, CONTEXT_BLOCKED);
	}
	task_waits();
	for (unsigned i = 0; i < MANY; i++)
		native(current(), SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
	assert_ptr_equal(current(), owner.thread);
	for (unsigned round = 0; round < 3; round++) {
		advance(0);
		seen |= native_now(owner.thread, SYSCALL_NB_RECV, n, 0, 0, NO_WORDS).badge;
		assert_int_equal(__builtin_popcountll(seen), round < 2 ? 8 * (round + 1) : MANY);
	}
}

// --- directed yield

static uint64_t yield_to(struct thread *by, cap_t context)
{
	native(by, SYSCALL_CALL, context, 0, TAG(METHOD_SCHEDCONTEXT_YIELD_TO, 0), NO_WORDS);
	return *regs_word(&by->regs, 0);
}

static void a_scheduler_says_who_is_next(void **state)
{
	struct player s = player_in(CNODE, VSPACE, 0, 30), p[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		p[i] = player_in(CNODE, VSPACE, 0, 10);
	task_waits();
	for (unsigned i = 0; i < 9; i++) {
		unsigned next = i * 7 % 3;

		assert_int_equal(yield_to(s.thread, p[next].context), 1);
		assert_ptr_equal(current(), s.thread);
		native(s.thread, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
		assert_ptr_equal(current(), p[next].thread);
		native(p[next].thread, SYSCALL_SEND, ring, 0, 0, NO_WORDS);  // the first task
		native(task, SYSCALL_SEND, ring, 0, 0, NO_WORDS);
		native(task, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
	}
	native(s.thread, SYSCALL_SEND, ring, 0, 0, NO_WORDS);
	assert_int_equal(context_bind(p[0].context, 0), OK);
	assert_int_equal(yield_to(task, p[0].context), 0);
}

static void yield_to_an_equal_runs_it(void **state)
{
	struct player p[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		p[i] = player_in(CNODE, VSPACE, 0, 10);
	task_waits();
	assert_int_equal(yield_to(p[0].thread, p[2].context), 1);
	assert_ptr_equal(current(), p[2].thread);
	assert_int_equal(yield_to(p[2].thread, p[2].context), 1);
	assert_ptr_equal(current(), p[2].thread);
	assert_int_equal(yield_to(p[2].thread, p[3].context), 1);
	assert_ptr_equal(current(), p[3].thread);
	native(p[3].thread, SYSCALL_RECV, doorbell, 0, 0, NO_WORDS);
	assert_ptr_equal(current(), p[1].thread);
	assert_int_equal(yield_to(p[1].thread, p[3].context), 0);
	assert_ptr_equal(current(), p[1].thread);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_budget_ends_and_comes_back),
		TEST(no_window_holds_more_than_its_budgets),
		TEST(a_budget_bounds_priorities_not_each_other),
		TEST(budgets_are_checked),
		TEST(a_budget_taken_away_lets_run),
		TEST(lent_time_that_is_used_up_comes_back),
		TEST(a_reserve_takes_over_when_lent_time_is_used_up),
		TEST(a_server_with_a_reserve_is_never_stranded),
		TEST(a_dying_server_gives_time_and_caller_back),
		TEST(a_reserve_runs_for_messages_without_time),
		TEST(a_timeout_is_heard_by_the_handler),
		TEST(without_a_handler_a_timeout_only_waits),
		TEST(a_handler_lends_a_hand),
		TEST(events_are_told),
		TEST(a_watched_call_is_seen),
		TEST(news_of_many_come_in_pieces),
		TEST(a_scheduler_says_who_is_next),
		TEST(yield_to_an_equal_runs_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
