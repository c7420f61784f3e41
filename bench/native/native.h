// The benchmark of the kernel: one program, the first task of a boot image of its own. It makes threads
// in its own address space and in a copy of it, and measures with rdtsc under QEMU's -icount, where the
// counter counts instructions.
#ifndef BENCH_NATIVE_NATIVE_H
#define BENCH_NATIVE_NATIVE_H

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"

#define TIMES 6  // each reading is taken so often; the least counts
#define PRIORITY_LOW 20
#define PRIORITY_MIDDLE 30
#define PRIORITY_HIGH 62

// A message in, a message out, and two readings of the counter: probe.S knows the layout.
struct probe {
	uint64_t start, end;
	uint64_t number, cap, reply, tag;
	uint64_t words[MSG_WORDS_REGISTERS];
	uint64_t err, badge;
};

void probe_empty(struct probe *p);
void probe_call(struct probe *p);
void probe_nops(struct probe *p);
void probe_foreign(struct probe *p);
void probe_fault(struct probe *p);
void probe_touch(struct probe *p);
void probe_fpu(struct probe *p);
_Noreturn void probe_spin(uint64_t *last);
void fpu_use(uint64_t value);
extern const char probe_redirected[], probe_fault_end[];

// A thread of the benchmark, with an endpoint, a Reply and a notification of its own.
struct worker {
	void (*run)(struct worker *w);
	struct probe probe;
	cap_t thread, context, endpoint, reply, notification;
	cap_t bell;  // the notification, to signal it
	struct abi_block *block;
	bool uses_fpu;
	unsigned number;
	uint64_t last;  // when the probe before ended; of probe_spin: its last reading
	char stack[8192] __attribute__((aligned(16)));
};

enum where { HERE, ELSEWHERE };

// Make a thread and let it run until it waits. slice 0: unbudgeted. fault: endpoint, or 0.
struct worker *worker_make(void (*run)(struct worker *), enum where where, unsigned priority, uint64_t slice,
			   cap_t fault);
// Take its scheduling context away: it runs on what callers lend.
void worker_make_passive(struct worker *w);
void worker_end(struct worker *w);
// Begin anew at `run`.
void worker_restart(struct worker *w);

// Wait until every other thread waits.
void rest(void);

void world_init(void);
cap_t world_untyped(void);
cap_t make(uint64_t type, uint64_t size_bits);
cap_t badge(cap_t notification);  // to signal it, with bit 0
void must(err_t err, const char *what);

// One reading of a row, from `start` to `end` less the empty pair. The least is printed in the end.
void row_add(const char *name, uint64_t start, uint64_t end);
void row_add_value(const char *name, uint64_t value);
uint64_t row_pair(void);
void row_print_all(void);

// A call of a kernel object, measured. Returns its instructions.
uint64_t invoke(const char *name, cap_t cap, unsigned label, unsigned count,
		const uint64_t words[MSG_WORDS_REGISTERS]);
#define WORDS(...) ((const uint64_t[MSG_WORDS_REGISTERS]){__VA_ARGS__})

void message_rows(void);
void signal_rows(void);
void fault_rows(void);
void object_rows(void);
void time_rows(void);

#endif
