// Stride scheduling (Waldspurger): every client has tickets, and a pass that grows by what it ran, divided by its
// tickets; the smallest pass is next. A client that blocks gives its turn back early.
#include <stdio.h>

#include "tests/native/schedule/schedule.h"
#include "lib/rt/rt.h"

#define CLIENTS 4
#define QUANTUM 40000ull     // ticks
#define LASTS 40000000ull
#define SCALE 840u           // divisible by all tickets

struct client {
	struct worker *worker;
	uint64_t tickets, pass, begun;
};

static struct client clients[CLIENTS] = {{.tickets = 1}, {.tickets = 2}, {.tickets = 3}, {.tickets = 4}};
static struct worker *scheduler;
static cap_t over;
static bool is_default;

static void spin(struct worker *w)
{
	uint64_t bits;

	must(sys_wait(w->notification, &bits), "client");
	probe_spin(&w->last);
}

static uint64_t consumed(const struct client *client)
{
	uint64_t ticks;

	must(schedcontext_consumed(client->worker->context, &ticks), "consumed");
	return ticks;
}

static struct client *client_next(void)
{
	struct client *next = clients;

	for (struct client *c = clients + 1; c < clients + CLIENTS; c++)
		if (c->pass < next->pass)
			next = c;
	return next;
}

static void schedule(struct worker *w)
{
	uint64_t end = now() + LASTS;

	while (now() < end) {
		struct client *next = client_next();
		uint64_t before = consumed(next);

		if (!is_default)
			must(schedcontext_yield_to(next->worker->context, NULL), "yield");
		(void)wait_until(w, is_default ? end : now() + QUANTUM);
		next->pass += (consumed(next) - before) * SCALE / next->tickets;
	}
	must(sys_signal(over), "over");
	for (;;)
		(void)wait_until(w, 0);
}

// Each client's share of what all ran, in 1/10000.
static void experiment(const char *kind, bool is_alone)
{
	static const char *const names[] = {"tickets1", "tickets2", "tickets3", "tickets4"};
	uint64_t bits, all = 0;
	char name[32];

	is_default = is_alone;
	for (struct client *c = clients; c < clients + CLIENTS; c++) {
		must(schedcontrol_configure(BOOT_SLOT_SCHEDCONTROL, c->worker->context, PRIORITY_MIDDLE,
					    is_alone ? SLICE : 0), "configure");
		worker_restart(c->worker);
		rest();
		c->pass = 0;
		c->begun = consumed(c);
	}
	for (struct client *c = clients; c < clients + CLIENTS; c++)
		must(sys_signal(c->worker->bell), "begin");
	worker_restart(scheduler);
	must(sys_wait(over, &bits), "experiment");
	for (struct client *c = clients; c < clients + CLIENTS; c++) {
		worker_end(c->worker);
		all += consumed(c) - c->begun;
	}
	for (unsigned i = 0; i < CLIENTS; i++) {
		snprintf(name, sizeof(name), "%s.%s", kind, names[i]);
		row_add_value(name, (consumed(&clients[i]) - clients[i].begun) * 10000 / all);
	}
}

static void sleep(struct worker *w)
{
	for (;;)
		(void)wait_until(w, 0);
}

void stride_rows(void)
{
	over = badge(make(TYPE_NOTIFICATION, 0));
	scheduler = worker_make(sleep, HERE, PRIORITY_SCHEDULER, 0, 0);
	scheduler->run = schedule;
	hear(scheduler, scheduler, BIT_TIMER);
	for (struct client *c = clients; c < clients + CLIENTS; c++)
		c->worker = worker_make(spin, HERE, PRIORITY_MIDDLE, 0, 0);
	experiment("stride", false);
	experiment("slices", true);
	worker_end(scheduler);
}
