// The conformance suite of the kernel: one program, the first task of a boot image of its own. It asks
// everything that the ABI promises of the kernel itself, on the machine, through the system calls alone.
//
// A case is a function. Whatever it makes comes from one Untyped and lies in one range of slots; after
// the case the Untyped is revoked and reset and the range is deleted, so no case sees another's traces.
// The suite runs at the highest priority. `rest` lets everything below run until all of it waits.
#ifndef TESTS_CONFORM_CONFORM_H
#define TESTS_CONFORM_CONFORM_H

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"

#define CNODE BOOT_SLOT_CNODE
#define VSPACE BOOT_SLOT_VSPACE
#define ALL 0xff
#define LOW 20
#define MIDDLE 30
#define HIGH 50
#define FREE_AT 0x50000000ull  // nothing is mapped from here on to FREE_END in either space
#define FREE_END 0x58000000ull

struct test_case {
	const char *category, *name;
	void (*run)(void);
};

// A case named for what it shows. The file defines CATEGORY.
#define CASE(title) \
	static void title(void); \
	static const struct test_case case_##title \
		__attribute__((section("cases"), used, aligned(8))) = {CATEGORY, #title, title}; \
	static void title(void)

// A case for both places where the other thread may run on this core: two names.
#define CASE_BOTH(title) \
	static void title(enum where where); \
	static void title##_in_one_space(void) { title(HERE); } \
	static void title##_between_spaces(void) { title(ELSEWHERE); } \
	static const struct test_case case_##title[2] __attribute__((section("cases"), used, aligned(8))) = { \
		{CATEGORY, #title " in one space", title##_in_one_space}, \
		{CATEGORY, #title " between spaces", title##_between_spaces}}; \
	static void title(enum where where)

// The same, and on another core: there it is of the category "cores", which a machine with one has not.
#define CASE_EACH(title) \
	CASE_BOTH(title); \
	static void title##_with_another_core(void) { title(AFAR); } \
	static const struct test_case case_far_##title __attribute__((section("cases"), used, aligned(8))) = { \
		CATEGORY_CORES, #title " with another core", title##_with_another_core}; \
	static void title(enum where where)
#define CATEGORY_CORES "cores"

// --- checks: a case goes on after a failed one

void check_equal(uint64_t is, uint64_t want, const char *what, const char *file, int line);
#define EQ(is, want) check_equal((uint64_t)(is), (uint64_t)(want), #is, __FILE_NAME__, __LINE__)
#define TRUE(x) EQ(!!(x), 1)
#define WORKS(x) EQ(x, OK)

// Does a method fail so, with the number of the argument that was wrong?
void check_refused(err_t err, unsigned wrong, cap_t cap, unsigned label, unsigned count, const uint64_t *words,
		   const char *file, int line);
#define REFUSED(err, wrong, cap, label, ...) \
	check_refused(err, wrong, cap, label, sizeof((uint64_t[]){__VA_ARGS__}) / 8, \
		      (uint64_t[MSG_WORDS_REGISTERS]){__VA_ARGS__}, __FILE_NAME__, __LINE__)

// --- objects of the case

enum where { HERE, ELSEWHERE, AFAR };  // AFAR: in the first task's space, on core 1

cap_t slots_new(unsigned count);
cap_t make(uint64_t type, uint64_t size_bits);
cap_t make_many(uint64_t type, uint64_t size_bits, unsigned count);
// A child with these rights and this badge (or window).
cap_t derive(cap_t source, uint64_t rights, uint64_t data, uint64_t count);
cap_t block_new(unsigned size_bits);  // an Untyped of the case's own
bool is_there(cap_t slot);
err_t delete(cap_t slot);
err_t revoke(cap_t slot);
cap_t space_other(void);  // the second address space: the same memory at the same addresses
cap_t case_untyped(void);
err_t configure(cap_t context, uint64_t priority, uint64_t slice);
err_t configure_on(unsigned core, cap_t context, uint64_t priority);
uint64_t now(void);

// --- messages

// A method's answer: error, and the words of the reply.
struct answer {
	err_t err;
	uint64_t words[MSG_WORDS_REGISTERS];
};
struct answer method(cap_t cap, unsigned label, unsigned count, const uint64_t words[MSG_WORDS_REGISTERS]);
#define WORDS(...) ((const uint64_t[MSG_WORDS_REGISTERS]){__VA_ARGS__})

// --- threads: each does one system call after the other, as it is told

struct worker {
	unsigned number;              // what it does
	cap_t cap, reply_cap;
	struct msg m;                 // what it sends, and what arrived
	err_t err;
	volatile bool done;           // the call has returned
	cap_t thread, context, bell, ring;  // ring: to signal the bell
	cap_t reply;                  // a Reply of its own
	struct abi_block *block;
	unsigned index, priority;
	volatile uint64_t seen[4];    // for functions that cases bring
	void (*run)(struct worker *w);
	char stack[8192] __attribute__((aligned(16)));
};

struct worker *worker_new(enum where where, unsigned priority);
struct worker *worker_with_fault(enum where where, unsigned priority, cap_t fault);
// Let it run a function of the case's instead, from its beginning; it must be stopped or waiting.
void worker_run(struct worker *w, void (*run)(struct worker *));
// As worker_run, but it is left stopped: thread_resume lets it begin.
void worker_prepare(struct worker *w, void (*run)(struct worker *));
// The end of such a function.
_Noreturn void worker_finish(struct worker *w);
// Take its context away: it runs on what callers lend.
void worker_make_passive(struct worker *w);
void worker_space(struct worker *w, cap_t cspace, cap_t vspace, cap_t fault);

// Tell it to do a call, and let all others come to rest.
void start(struct worker *w, unsigned number, cap_t cap, cap_t reply, tag_t tag, uint64_t word0);
void start_call(struct worker *w, cap_t cap, tag_t tag, uint64_t word0);
void start_send(struct worker *w, cap_t cap, tag_t tag, uint64_t word0);
void start_recv(struct worker *w, cap_t endpoint);
void start_wait(struct worker *w, cap_t notification);
// Is it in the middle of its call?
#define WAITS(w) EQ((w)->done, false)
// Has its call returned so?
#define RETURNED(w, error) \
	do { \
		EQ((w)->done, true); \
		EQ((w)->err, error); \
	} while (0)

void rest(void);  // of this core, and of the other one once the case has a thread there
void wait_ticks(uint64_t ticks);  // of the counter; others run meanwhile
// What arrives at once, without waiting.
err_t take(cap_t from, cap_t reply, struct msg *m);
err_t answer(cap_t reply, tag_t tag, uint64_t word0);

// --- raw.S: instructions that C does not write

// All registers of a system call, in and out.
struct raw {
	uint64_t rax, rdi, rsi, rdx, r8, r9, r10, rbx, r12, r13, r14, r15, rbp, flags, sp_moved;
};
void raw_call(struct raw *r);
uint64_t raw_foreign(uint64_t number, uint64_t argument);
extern const char raw_foreign_entry[];
uint64_t raw_load(uint64_t address);
void raw_store(uint64_t address, uint64_t value);
void raw_jump(uint64_t address);
void raw_divide(void);
void raw_illegal(void);
void raw_breakpoint(void);
void raw_privileged(void);
void raw_port(uint64_t port);
extern const char raw_load_end[], raw_illegal_end[];
extern const char raw_code[], raw_code_end[];  // may be copied anywhere: returns 7
void fpu_set(uint64_t value);
uint64_t fpu_get(void);
void fpu_set_all(const uint64_t values[32]);  // the sixteen SSE registers
void fpu_get_all(uint64_t values[32]);
void x87_set(uint64_t value);
uint64_t x87_get(void);
void mxcsr_set(uint32_t value);
uint32_t mxcsr_get(void);
void fs_set(uint64_t base);
uint64_t fs_get(void);
void gs_set(uint64_t base);
uint64_t gs_get(void);
uint64_t flags_get(void);
_Noreturn void spin(volatile uint64_t *count);

#endif
