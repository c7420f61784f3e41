// Deadlines: the notification that a context signals when the counter reaches a time.
#define CATEGORY "timeouts"
#include "tests/conform/conform.h"

#define SOON 100000ull

struct alarm {
	cap_t context, n;
};

static struct alarm alarm_new(uint64_t badge)
{
	struct alarm a = {make(TYPE_SCHEDCONTEXT, 0), make(TYPE_NOTIFICATION, 0)};

	WORKS(schedcontext_bind_notification(a.context, derive(a.n, ALL, badge, 0)));
	return a;
}

static err_t set(const struct alarm *a, uint64_t time) { return schedcontext_set_deadline(a->context, time, NULL); }

CASE(a_deadline_signals_with_the_badge)
{
	struct alarm a = alarm_new(4);
	uint64_t bits = 0, time = now() + SOON;

	WORKS(set(&a, time));
	WORKS(sys_wait(a.n, &bits));
	EQ(bits, 4);
	TRUE(now() >= time);
}
CASE(a_deadline_that_has_passed_signals_at_once)
{
	struct alarm a = alarm_new(4);
	uint64_t bits = 0;

	WORKS(set(&a, 1));
	WORKS(sys_wait(a.n, &bits));
	EQ(bits, 4);
}
CASE(a_deadline_signals_once)
{
	struct alarm a = alarm_new(1);
	uint64_t bits;
	struct msg m;

	WORKS(set(&a, now() + SOON));
	WORKS(sys_wait(a.n, &bits));
	EQ(take(a.n, 0, &m), ERR_NOT_READY);
}
CASE(a_deadline_that_is_taken_away_does_not_signal)
{
	struct alarm a = alarm_new(1), b = alarm_new(1);
	uint64_t bits;
	struct msg m;

	WORKS(set(&a, now() + SOON));
	WORKS(set(&b, now() + 2 * SOON));
	WORKS(set(&a, 0));
	WORKS(sys_wait(b.n, &bits));
	EQ(take(a.n, 0, &m), ERR_NOT_READY);
}
CASE(a_new_deadline_replaces_the_one_before_and_tells_it)
{
	struct alarm a = alarm_new(1);
	uint64_t before = 9, far = now() + (1ull << 50);

	WORKS(schedcontext_set_deadline(a.context, far, &before));
	EQ(before, 0);
	WORKS(schedcontext_set_deadline(a.context, far + 1, &before));
	EQ(before, far);
	WORKS(schedcontext_set_deadline(a.context, 0, &before));
	EQ(before, far + 1);
	WORKS(schedcontext_set_deadline(a.context, 0, &before));
	EQ(before, 0);
}
CASE(a_deadline_that_has_signalled_is_told_no_more)
{
	struct alarm a = alarm_new(1);
	uint64_t before = 9, bits;

	WORKS(set(&a, 1));
	WORKS(sys_wait(a.n, &bits));
	WORKS(schedcontext_set_deadline(a.context, 0, &before));
	EQ(before, 0);
}
CASE(deadlines_come_in_the_order_of_their_times)
{
	struct alarm a[12];
	cap_t n = make(TYPE_NOTIFICATION, 0);
	uint64_t base = now() + 20 * SOON, seen = 0, bits;

	for (unsigned i = 0; i < 12; i++) {
		a[i] = alarm_new(1);
		WORKS(schedcontext_bind_notification(a[i].context, derive(n, ALL, 1u << i, 0)));
		WORKS(set(&a[i], base + (i * 5 % 12) * SOON));
	}
	while (seen != 0xfff) {
		WORKS(sys_wait(n, &bits));
		for (unsigned i = 0; i < 12; i++)
			for (unsigned j = 0; j < 12 && (bits >> i & 1); j++)
				if (j * 5 % 12 < i * 5 % 12)
					TRUE((seen | bits) >> j & 1);
		seen |= bits;
	}
}
CASE(twenty_deadlines_at_one_time_all_signal)
{
	cap_t n = make(TYPE_NOTIFICATION, 0);
	uint64_t time = now() + 20 * SOON, seen = 0, bits;

	for (unsigned i = 0; i < 20; i++) {
		cap_t context = make(TYPE_SCHEDCONTEXT, 0);

		WORKS(schedcontext_bind_notification(context, derive(n, ALL, 1u << i, 0)));
		WORKS(schedcontext_set_deadline(context, time, NULL));
	}
	while (seen != 0xfffff) {
		WORKS(sys_wait(n, &bits));
		seen |= bits;
	}
}
CASE(a_deadline_without_a_notification_passes_silently)
{
	cap_t context = make(TYPE_SCHEDCONTEXT, 0);
	struct alarm a = alarm_new(1);
	uint64_t bits, before = 9;

	WORKS(schedcontext_set_deadline(context, now() + SOON, NULL));
	WORKS(set(&a, now() + 2 * SOON));
	WORKS(sys_wait(a.n, &bits));
	WORKS(schedcontext_set_deadline(context, 0, &before));
	EQ(before, 0);
}
CASE(a_destroyed_context_has_no_deadline)
{
	struct alarm a = alarm_new(1), b = alarm_new(1);
	uint64_t bits;
	struct msg m;

	WORKS(set(&a, now() + SOON));
	WORKS(set(&b, now() + 2 * SOON));
	WORKS(delete(a.context));
	WORKS(sys_wait(b.n, &bits));
	EQ(take(a.n, 0, &m), ERR_NOT_READY);
}
CASE(a_destroyed_notification_takes_nothing_along)
{
	struct alarm a = alarm_new(1), b = alarm_new(1);
	uint64_t bits;

	WORKS(set(&a, now() + SOON));
	WORKS(set(&b, now() + 2 * SOON));
	WORKS(revoke(a.n));
	WORKS(delete(a.n));
	WORKS(sys_wait(b.n, &bits));
}
CASE(a_bound_notification_may_be_taken_away)
{
	struct alarm a = alarm_new(1), b = alarm_new(1);
	uint64_t bits;
	struct msg m;

	WORKS(schedcontext_bind_notification(a.context, 0));
	WORKS(set(&a, now() + SOON));
	WORKS(set(&b, now() + 2 * SOON));
	WORKS(sys_wait(b.n, &bits));
	EQ(take(a.n, 0, &m), ERR_NOT_READY);
}
CASE(a_context_signals_a_notification)
{
	REFUSED(ERR_CAP_TYPE, 1, make(TYPE_SCHEDCONTEXT, 0), METHOD_SCHEDCONTEXT_BIND_NOTIFICATION, CNODE);
}
CASE(the_last_possible_time_is_a_deadline)
{
	struct alarm a = alarm_new(1);
	uint64_t before = 0;

	WORKS(set(&a, ~0ull));
	WORKS(schedcontext_set_deadline(a.context, 0, &before));
	TRUE(before >= ~0ull - 1);
}
CASE(a_deadline_interrupts_a_thread_that_computes)
{
	struct worker *w = worker_new(ELSEWHERE, LOW);
	struct alarm a = alarm_new(1);
	uint64_t bits;

	WORKS(thread_suspend(w->thread));
	WORKS(set(&a, now() + SOON));
	WORKS(sys_wait(a.n, &bits));
	EQ(bits, 1);
}
CASE(no_call_waits_with_a_timeout_but_a_bound_deadline_ends_a_wait)
{
	struct alarm a = alarm_new(2);
	struct worker *r = worker_new(HERE, MIDDLE);

	WORKS(thread_bind(r->thread, a.n));
	start_recv(r, make(TYPE_ENDPOINT, 0));
	WORKS(set(&a, 1));
	rest();
	rest();
	RETURNED(r, OK);
	EQ(r->m.badge, 2);
}
