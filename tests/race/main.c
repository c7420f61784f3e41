// Cores as threads of the host, for ThreadSanitizer: race CORES SECONDS SEED.
//
// Each core makes random calls on what all of them share, and takes the others' interrupts between them. From
// time to time all stop, the invariants of docs/spec/invariants.md are checked, and the first task destroys
// everything. ThreadSanitizer says what two cores touch without a lock, or an answered request, between them.
//
// The fast path is not run: ThreadSanitizer does not see assembly.
#define sched_yield host_sched_yield  // the kernel has one, too
#include <pthread.h>
#undef sched_yield
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"

#define STEPS_A_ROUND 4000
#define HANGS_SECONDS 60  // after its time

enum phase {
	SERVING,   // cores make no calls, and take interrupts
	RUNNING,
	STOPPED,   // nobody is in the kernel
	OVER,
};

static unsigned phase, round_number;
static unsigned seen[RACE_CORES_MAX];  // the phase that the core is in
static unsigned long steps;

static unsigned load(const unsigned *what) { return __atomic_load_n(what, __ATOMIC_ACQUIRE); }

static void step(void)
{
	core_step();
	if (__atomic_add_fetch(&steps, 1, __ATOMIC_RELAXED) % 64 == 0)
		arch_relax();
}

// Until the phase is another one.
static void perform(unsigned now)
{
	if (now == RUNNING)
		seed = (round_number * RACE_CORES_MAX + host_core) * 7919u;
	__atomic_store_n(&seen[host_core], now, __ATOMIC_RELEASE);
	while (load(&phase) == now) {
		if (now == RUNNING) {
			step();
		} else {
			if (now == SERVING)
				host_poll();
			arch_relax();
		}
	}
}

static void *core_run(void *number)
{
	unsigned now;

	host_core = (unsigned)(uintptr_t)number;
	while ((now = load(&phase)) != OVER)
		perform(now);
	return NULL;
}

// Core 0 goes into a phase with all others.
static void go(unsigned next)
{
	bool all = false;

	__atomic_store_n(&phase, next, __ATOMIC_RELEASE);
	__atomic_store_n(&seen[0], next, __ATOMIC_RELEASE);
	while (!all) {
		host_poll();
		arch_relax();
		all = true;
		for (unsigned i = 1; i < kernel.cores; i++)
			all = all && load(&seen[i]) == next;
	}
}

static void play_round(void)
{
	unsigned long end = __atomic_load_n(&steps, __ATOMIC_RELAXED) + STEPS_A_ROUND * kernel.cores;

	world_make();
	seed = round_number * RACE_CORES_MAX * 7919u;
	go(RUNNING);
	while (__atomic_load_n(&steps, __ATOMIC_RELAXED) < end)
		step();
	go(SERVING);
	go(STOPPED);
	check_now();
	go(SERVING);
	world_end();
	go(STOPPED);
	check_now();
	go(SERVING);
}

static void report(void)
{
	uint64_t waits = 0, requests = 0, crossings = 0;

	for (unsigned i = 0; i < kernel.cores; i++) {
		waits += kernel.core[i].counters.waits;
		requests += kernel.core[i].counters.requests;
		crossings += kernel.core[i].counters.crossings;
	}
	printf("race: %u cores, %u rounds, %lu calls, %lu broken off, %lu touches of memory, %lu waits for a lock, "
	       "%lu requests, %lu threads woken from afar\n", kernel.cores, round_number, calls, broken, touched,
	       waits, requests, crossings);
}

// Nothing ended in time: say in which phase each core is, and what was done until then. It looks where it should not.
__attribute__((no_sanitize("thread"))) static void hang(int number)
{
	(void)number;
	for (unsigned i = 0; i < kernel.cores; i++)
		printf("core %u: phase %u of %u, lock %u, request %u\n", i, seen[i], phase, kernel.core[i].lock.held,
		       kernel.core[i].mail.request);
	fflush(stdout);
	_exit(3);
}

int main(int count_of_words, char **word)
{
	pthread_t other[RACE_CORES_MAX];
	time_t end;

	if (count_of_words != 4)
		return 2;
	host.cores = (unsigned)atoi(word[1]);
	end = time(NULL) + atoi(word[2]);
	round_number = (unsigned)atoi(word[3]) * 1000;
	host_no_fast = true;
	signal(SIGALRM, hang);
	alarm((unsigned)atoi(word[2]) + HANGS_SECONDS);
	machine_setup(NULL);
	check_off = true;
	for (unsigned i = 1; i < kernel.cores; i++)
		if (pthread_create(&other[i], NULL, core_run, (void *)(uintptr_t)i))
			return 2;
	for (unsigned first = round_number; time(NULL) < end || round_number == first; round_number++)
		play_round();
	__atomic_store_n(&phase, OVER, __ATOMIC_RELEASE);
	for (unsigned i = 1; i < kernel.cores; i++)
		pthread_join(other[i], NULL);
	report();
	return 0;
}
