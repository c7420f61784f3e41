// Notifications, and who runs next.
#include "bench/native/native.h"

static void wait_for_ever(struct worker *w)
{
	for (;;) {
		w->probe = (struct probe){.number = SYSCALL_BASE + SYSCALL_RECV, .cap = w->notification};
		probe_call(&w->probe);
	}
}

static void signal_for_ever(struct worker *w)
{
	uint64_t bits;

	(void)sys_wait(w->notification, &bits);
	for (;;) {
		w->probe = (struct probe){.number = SYSCALL_BASE + SYSCALL_SEND, .cap = w->bell};
		probe_call(&w->probe);
		w->last = w->probe.end;
	}
}

static void measure(const char *name, unsigned number, cap_t cap)
{
	struct probe p = {.number = SYSCALL_BASE + number, .cap = cap};

	probe_call(&p);
	must((err_t)p.err, name);
	row_add(name, p.start, p.end);
}

static void to_lower(void)
{
	struct worker *w = worker_make(wait_for_ever, ELSEWHERE, PRIORITY_MIDDLE, 0, 0);
	cap_t alone = make(TYPE_NOTIFICATION, 0), bell = badge(alone);

	for (unsigned i = 0; i < TIMES; i++) {
		rest();
		measure("signal.lower", SYSCALL_SEND, w->bell);
		measure("signal.none", SYSCALL_SEND, bell);
		measure("wait.pending", SYSCALL_RECV, alone);
	}
}

// A thread below signals, this one above waits, in turn: each wait lets the one below return.
static void to_higher(void)
{
	struct worker *w = worker_make(signal_for_ever, ELSEWHERE, PRIORITY_MIDDLE, 0, 0);

	must(sys_signal(w->bell), "signal");
	for (unsigned i = 0; i < TIMES; i++) {
		struct probe p = {.number = SYSCALL_BASE + SYSCALL_RECV, .cap = w->notification};

		probe_call(&p);
		must((err_t)p.err, "wait");
		if (i < 2)
			continue;
		row_add("signal.higher", w->probe.start, p.end);
		row_add("wait.blocking", p.start, w->last);
	}
	worker_end(w);
}

// A thread of the same priority that always yields back.
static void yield_for_ever(struct worker *w)
{
	for (;;) {
		w->probe = (struct probe){.number = SYSCALL_BASE + SYSCALL_YIELD};
		probe_call(&w->probe);
	}
}

static void yields(void)
{
	struct worker *w = worker_make(yield_for_ever, ELSEWHERE, 0, 0, 0);

	must(schedcontrol_configure(BOOT_SLOT_SCHEDCONTROL, w->context, PRIORITY_MAX, 0), "configure");
	for (unsigned i = 0; i < TIMES; i++) {
		struct probe p = {.number = SYSCALL_BASE + SYSCALL_YIELD};

		probe_call(&p);
		if (i)
			row_add("yield.switch", w->probe.start, p.end);
	}
	worker_end(w);
}

void signal_rows(void)
{
	to_lower();
	to_higher();
	yields();
}
