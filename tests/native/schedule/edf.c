// Earliest deadline first. Three jobs with periods of 10, 14 and 19 units ask for 90% of the processor; a job is
// to be done when its next period begins. Fixed priorities cannot do that: by the rate-monotonic order the third
// needs 20.1 units when all three begin at once.
#include "tests/native/schedule/schedule.h"
#include "lib/rt/rt.h"

#define JOBS 3
#define UNIT 50000ull  // ticks
#define ROUNDS 400     // units that an experiment lasts

struct job {
	struct worker *worker;
	uint64_t period, work;                // ticks
	volatile uint64_t released, done;     // how often
	uint64_t late;
};

enum how { EDF, RATE_MONOTONIC, TURNS };

static struct job jobs[JOBS];
static struct worker *scheduler;
static uint64_t start;
static enum how how;
static cap_t over;

// An iteration is two instructions, and a tick each.
static void work(uint64_t ticks)
{
	uint64_t n = ticks / 2;

	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(n));
}

static uint64_t due(const struct job *job) { return start + (job->done + 1) * job->period; }

static void job_run(struct worker *w)
{
	struct job *job = jobs;
	uint64_t bits;

	while (job->worker && job->worker != w)
		job++;
	for (;;) {
		must(sys_wait(w->notification, &bits), "job");
		while (job->done < job->released) {
			work(job->work);
			job->late += now() > due(job);
			job->done++;
		}
	}
}

// Release what is due. Returns when the next will be.
static uint64_t release(void)
{
	uint64_t next = ~0ull;

	for (struct job *job = jobs; job < jobs + JOBS; job++) {
		if (start + job->released * job->period <= now()) {
			job->released++;
			must(sys_signal(job->worker->bell), "release");
		}
		if (start + job->released * job->period < next)
			next = start + job->released * job->period;
	}
	return next;
}

static void run_earliest(void)
{
	struct job *first = NULL;

	for (struct job *job = jobs; job < jobs + JOBS; job++)
		if (job->done < job->released && (!first || due(job) < due(first)))
			first = job;
	if (first)
		must(schedcontext_yield_to(first->worker->context, NULL), "yield");
}

static void schedule(struct worker *w)
{
	uint64_t end = start + ROUNDS * UNIT;

	for (struct job *job = jobs; job < jobs + JOBS; job++)
		must(schedcontext_watch(job->worker->context, how == EDF ? CONTEXT_BLOCKED : 0, NULL), "watch");
	while (now() < end) {
		uint64_t next = release();

		if (how == EDF)
			run_earliest();
		(void)wait_until(w, next);
	}
	must(sys_signal(over), "over");
	for (;;)
		(void)wait_until(w, 0);
}

static void experiment(const char *late, const char *count, enum how way)
{
	static const uint64_t periods[JOBS] = {10 * UNIT, 14 * UNIT, 19 * UNIT};
	uint64_t bits, lates = 0, dones = 0;

	how = way;
	for (unsigned i = 0; i < JOBS; i++) {
		struct job *job = &jobs[i];

		job->period = periods[i];
		job->work = periods[i] * 3 / 10;
		job->released = job->done = job->late = 0;
		must(schedcontrol_configure(BOOT_SLOT_SCHEDCONTROL, job->worker->context,
					    way == RATE_MONOTONIC ? PRIORITY_MIDDLE + JOBS - i : PRIORITY_MIDDLE,
					    way == TURNS ? SLICE : 0), "configure");
	}
	start = now() + UNIT;
	worker_restart(scheduler);
	must(sys_wait(over, &bits), "experiment");
	rest();  // what was released is done
	for (unsigned i = 0; i < JOBS; i++) {
		lates += jobs[i].late;
		dones += jobs[i].done;
	}
	row_add_value(late, lates);
	row_add_value(count, dones);
}

static void sleep(struct worker *w)
{
	for (;;)
		(void)wait_until(w, 0);
}

void edf_rows(void)
{
	over = badge(make(TYPE_NOTIFICATION, 0));
	scheduler = worker_make(sleep, HERE, PRIORITY_SCHEDULER, 0, 0);
	scheduler->run = schedule;
	hear(scheduler, scheduler, BIT_TIMER);
	for (unsigned i = 0; i < JOBS; i++) {
		jobs[i].worker = worker_make(job_run, HERE, PRIORITY_MIDDLE, 0, 0);
		hear(scheduler, jobs[i].worker, i);
	}
	experiment("edf.late", "edf.jobs", EDF);
	experiment("rate_monotonic.late", "rate_monotonic.jobs", RATE_MONOTONIC);
	experiment("turns.late", "turns.jobs", TURNS);
	worker_end(scheduler);
}
