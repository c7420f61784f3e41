// Tests of several cores, the first task of an image of its own: what they share.
#ifndef TESTS_CORES_CORES_H
#define TESTS_CORES_CORES_H

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "lib/rt/rt.h"

#define PRIORITY_WORKER 20
#define PRIORITY_MAIN PRIORITY_MAX  // of the first task

// A thread, with an endpoint, a Reply and a notification of its own.
struct worker {
	void (*run)(struct worker *w);
	cap_t thread, context, endpoint, reply, notification;
	struct abi_block *block;
	unsigned number;
	_Atomic uint64_t count;          // how far it has come
	_Atomic uint64_t wrong;          // what it found amiss
	_Atomic bool stop;               // it is to end
	struct worker *peer;
	volatile uint64_t *memory;
	char stack[8192] __attribute__((aligned(16)));
};

void world_init(void);
unsigned world_cores(void);

// One line to COM1.
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
// A call that has to succeed: else the test is failed and the machine stops there.
void must(err_t err, const char *what);
// A test: its name, and whether it holds.
void check(bool holds, const char *test, const char *what);
void test_end(const char *test);

cap_t make(uint64_t type, uint64_t size_bits);
void drop(cap_t slot);
cap_t badge(cap_t notification, uint64_t bits);

// A thread of the first task's address space (or of `space`), not started yet, on a core.
struct worker *worker_make(void (*run)(struct worker *), unsigned core, cap_t space, cap_t fault);
void worker_start(struct worker *w);
void worker_move(struct worker *w, unsigned core);
void worker_destroy(struct worker *w);
// It ends by itself when its `stop` is set.
_Noreturn void worker_rest(struct worker *w);
// Wait until its count has grown by so much.
void worker_await(struct worker *w, uint64_t more);

// The next page of addresses that nothing uses.
uint64_t address_take(void);

// A second address space with the program's memory at the same addresses; a page in both.
cap_t space_make(void);
void space_map(cap_t space, cap_t frame, uint64_t address);

#endif
