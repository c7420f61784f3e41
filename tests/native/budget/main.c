// Budgets, lent time, reserves and timeout faults on the real timer: the first task of an image of its own
// (tests/system/schedule.py). Rows that count failures are 0 when all is well.
#include "bench/native/native.h"
#include "lib/rt/rt.h"

#define BUDGET 20000ull  // ticks
#define PERIOD 100000ull
#define LASTS 10000000ull
#define DATA 77

static struct worker *server, *handler, *client;
static cap_t timer, alarm_context;
static volatile uint64_t answers, timeouts, wrong;

static uint64_t now(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

// The first task, which stands above all, is away for a time.
static void away(uint64_t ticks)
{
	uint64_t bits;

	must(schedcontext_set_deadline(alarm_context, now() + ticks, NULL), "deadline");
	must(sys_wait(timer, &bits), "away");
}

static uint64_t consumed(const struct worker *w)
{
	uint64_t ticks;

	must(schedcontext_consumed(w->context, &ticks), "consumed");
	return ticks;
}

static void spin(struct worker *w)
{
	uint64_t bits;

	must(sys_wait(w->notification, &bits), "spin");
	probe_spin(&w->last);
}

// Two that compute: the higher one has a fifth of the time, the lower one the rest. In 1/10000.
static void shares(void)
{
	struct worker *high = worker_make(spin, HERE, PRIORITY_MIDDLE, 0, 0), *low = worker_make(spin, HERE, PRIORITY_LOW, 0, 0);
	uint64_t begun[2] = {consumed(high), consumed(low)};

	must(schedcontrol_set_budget(BOOT_SLOT_SCHEDCONTROL, high->context, BUDGET, PERIOD, DATA), "budget");
	must(sys_signal(high->bell), "begin");
	must(sys_signal(low->bell), "begin");
	away(LASTS);
	row_add_value("budget.share", (consumed(high) - begun[0]) * 10000 / LASTS);
	row_add_value("budget.rest", (consumed(low) - begun[1]) * 10000 / LASTS);
	worker_end(high);
	worker_end(low);
}

// Computes for longer than its caller's budget lasts, and answers.
static void serve(struct worker *w)
{
	struct probe p = {.number = SYSCALL_BASE + SYSCALL_RECV};

	for (;;) {
		p.cap = w->endpoint;
		p.reply = w->reply;
		p.tag = 0;
		probe_call(&p);
		p.number = SYSCALL_BASE + (p.err ? SYSCALL_RECV : SYSCALL_REPLY_RECV);
		for (volatile unsigned i = 0; i < BUDGET; i++)
			;
	}
}

static void ask(struct worker *w)
{
	for (;;) {
		struct probe p = {.number = SYSCALL_BASE + SYSCALL_CALL, .cap = server->endpoint,
				  .tag = TAG(1, 0) | TAG_INTERRUPTIBLE};

		(void)w;
		probe_call(&p);
		answers += !p.err;
	}
}

// Raises the budget of whoever ran out of it.
static void handle(struct worker *w)
{
	struct probe p = {.number = SYSCALL_BASE + SYSCALL_RECV};

	for (;;) {
		p.cap = w->endpoint;
		p.reply = w->reply;
		p.tag = 0;
		probe_call(&p);
		p.number = SYSCALL_BASE + SYSCALL_REPLY_RECV;
		if (tag_kind(p.tag) != KIND_FAULT || tag_label(p.tag) != FAULT_TIMEOUT || p.words[1] != DATA)
			wrong++;
		timeouts++;
		must(schedcontrol_set_budget(BOOT_SLOT_SCHEDCONTROL, client->context, BUDGET, PERIOD, DATA), "refill");
	}
}

static uint64_t asked(uint64_t ticks)
{
	uint64_t before = answers;

	away(ticks);
	return answers - before;
}

// A server without time of its own is called by a client whose budget ends in every call.
static void lending(void)
{
	handler = worker_make(handle, HERE, PRIORITY_HIGH, 0, 0);
	server = worker_make(serve, ELSEWHERE, PRIORITY_HIGH, 0, handler->endpoint);
	worker_make_passive(server);
	client = worker_make(spin, HERE, PRIORITY_MIDDLE, 0, 0);
	must(schedcontrol_set_budget(BOOT_SLOT_SCHEDCONTROL, client->context, BUDGET, PERIOD, DATA), "budget");
	client->run = ask;
	worker_restart(client);
	row_add_value("lent.answers", asked(LASTS));
	// Each time a handler hears it, and gives more.
	must(thread_set_timeout(server->thread, 1), "timeout");
	row_add_value("timeout.answers", asked(LASTS));
	row_add_value("timeout.heard", timeouts);
	row_add_value("timeout.wrong", wrong);
	must(thread_set_timeout(server->thread, 0), "timeout");
}

// The client is cancelled in the middle of every call: the server goes on with its reserve.
static void reserve(void)
{
	uint64_t cancelled, hits = 0;

	must(schedcontext_bind_reserve(server->context, server->thread), "reserve");
	row_add_value("reserve.answers", asked(LASTS));
	for (unsigned i = 0; i < 100; i++) {
		away(BUDGET / 2 + i * 997);
		must(thread_cancel(client->thread, &cancelled), "cancel");
		hits += cancelled;
	}
	row_add_value("reserve.cancelled", hits);
	row_add_value("reserve.answers_after", asked(LASTS));
}

int main(void)
{
	cap_t signal;

	world_init();
	timer = make(TYPE_NOTIFICATION, 0);
	alarm_context = make(TYPE_SCHEDCONTEXT, 0);
	signal = badge(timer);
	must(schedcontext_bind_notification(alarm_context, signal), "alarm");
	shares();
	lending();
	reserve();
	row_print_all();
	for (;;)
		away(LASTS);
}
