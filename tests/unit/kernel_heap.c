// The heap of deadlines against a sorted array, through set_deadline and the timer.
#include "kernel_machine.h"

#define CONTEXTS 60
#define STEPS 4000

static uint64_t seed = 3;
static cap_t contexts;
static uint64_t want[CONTEXTS];  // 0: none

static unsigned any(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 33) % n;
}

static struct result set(cap_t context, uint64_t time)
{
	struct result r = method(task, context, METHOD_SCHEDCONTEXT_SET_DEADLINE, 1, WORDS(time));

	assert_int_equal(r.err, OK);
	return r;
}

static uint64_t earliest(void)
{
	uint64_t best = ~0ull;

	for (unsigned i = 0; i < CONTEXTS; i++)
		if (want[i] && want[i] < best)
			best = want[i];
	return best;
}

static void expire(void)
{
	for (unsigned i = 0; i < CONTEXTS; i++)
		if (want[i] && want[i] <= host.time)
			want[i] = 0;
}

static void compare(void)
{
	uint64_t first = earliest();

	assert_int_equal(host.core[0].timer, first);
	assert_true(first == ~0ull ? !kernel.core[0].deadlines : kernel.core[0].deadlines->deadline == first);
	for (unsigned i = 0; i < CONTEXTS; i++) {
		const struct sched_context *c = object_of(contexts + i);

		assert_true(c->deadline == (want[i] ? want[i] : ~0ull));
	}
}

static void random_deadlines_match_a_sorted_array(void **state)
{
	(void)state;
	check_off = true;
	contexts = make_many(TYPE_SCHEDCONTEXT, 0, CONTEXTS);
	memset(want, 0, sizeof want);
	for (unsigned n = 0; n < STEPS; n++) {
		unsigned i = any(CONTEXTS);

		if (any(8) == 0) {
			// As many as an entry handles at once, and more: the timer comes again.
			host_advance(any(300));
			while (host.core[0].timer <= host.time)
				host_advance(0);
			expire();
		} else {
			uint64_t time = any(4) ? host.time + 1 + any(2000) : 0;
			struct result r = set(contexts + i, time);

			assert_int_equal(r.word[0], want[i]);
			want[i] = time;
		}
		compare();
		if (n % 16 == 0)
			check_now();
	}
}

static void all_at_one_time_expire(void **state)
{
	cap_t n = make(TYPE_NOTIFICATION, 0);

	(void)state;
	contexts = make_many(TYPE_SCHEDCONTEXT, 0, 40);
	for (unsigned i = 0; i < 40; i++) {
		cap_t badge = derive(n, NOTIFICATION_SIGNAL, 1ull << i, 0);

		assert_int_equal(method(task, contexts + i, METHOD_SCHEDCONTEXT_BIND_NOTIFICATION, 1, WORDS(badge)).err, OK);
		set(contexts + i, host.time + 100);
	}
	host_advance(99);
	assert_int_equal(((struct notification *)object_of(n))->bits, 0);
	host_advance(1);
	while (host.core[0].timer <= host.time)
		host_advance(0);
	assert_true(((struct notification *)object_of(n))->bits == (1ull << 40) - 1);
	assert_null(kernel.core[0].deadlines);
}

static void a_destroyed_context_leaves_the_heap(void **state)
{
	(void)state;
	contexts = make_many(TYPE_SCHEDCONTEXT, 0, 20);
	for (unsigned i = 0; i < 20; i++)
		set(contexts + i, host.time + 100 + (i * 7) % 20);
	for (unsigned i = 0; i < 20; i += 2)
		assert_int_equal(delete(contexts + i), OK);
	for (unsigned i = 1; i < 20; i += 2)
		assert_int_equal(delete(contexts + i), OK);
	assert_null(kernel.core[0].deadlines);
}

static void a_deadline_in_the_past_comes_at_once(void **state)
{
	cap_t n = make(TYPE_NOTIFICATION, 0), c = make(TYPE_SCHEDCONTEXT, 0);
	cap_t signal = derive(n, NOTIFICATION_SIGNAL, 4, 0);

	(void)state;
	host.time = 1000;
	assert_int_equal(method(task, c, METHOD_SCHEDCONTEXT_BIND_NOTIFICATION, 1, WORDS(signal)).err, OK);
	set(c, 5);
	assert_int_equal(host.core[0].timer, 5);
	host_advance(0);
	assert_int_equal(((struct notification *)object_of(n))->bits, 4);
	assert_int_equal(set(c, 0).word[0], 0);
}

static void the_greatest_time_is_a_deadline(void **state)
{
	cap_t c = make(TYPE_SCHEDCONTEXT, 0);

	(void)state;
	set(c, ~0ull);
	assert_true(((struct sched_context *)object_of(c))->deadline == ~0ull - 1);
	assert_true(set(c, 0).word[0] == ~0ull - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_deadlines_match_a_sorted_array),
		TEST(all_at_one_time_expire),
		TEST(a_destroyed_context_leaves_the_heap),
		TEST(a_deadline_in_the_past_comes_at_once),
		TEST(the_greatest_time_is_a_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
