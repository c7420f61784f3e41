// Redirected system calls and upcalls.
#define CATEGORY "threads"
#include "tests/conform/conform.h"
#include "tests/conform/stopped.h"

CASE(redirection_needs_a_block) { EQ(thread_set_redirect(make(TYPE_THREAD, 0), 0x1000, 0, 0, 0, 0, 0), ERR_BLOCK); }
CASE(redirection_to_nowhere_needs_none) { WORKS(thread_set_redirect(make(TYPE_THREAD, 0), 0, 0, 0, 0, 0, 0)); }
CASE(every_address_of_a_redirection_is_checked)
{
	struct abi_block *page;
	cap_t thread = stopped(&page);

	REFUSED(ERR_RANGE, 1, thread, METHOD_THREAD_SET_REDIRECT, USER_END, 0, 0, 0, 0, 0);
	REFUSED(ERR_RANGE, 6, thread, METHOD_THREAD_SET_REDIRECT, 0x1000, 0, 0, 0, 0, USER_END);
	for (unsigned i = 0; i < 6; i++) {
		uint64_t words[8] = {0};

		words[i] = ~0ull;
		EQ(method(thread, METHOD_THREAD_SET_REDIRECT, 6, words).words[0], i + 1);
	}
	WORKS(thread_set_redirect(thread, 0x1000, 0, USER_END, 0, USER_END, 0));
}

static void foreign(struct worker *w)
{
	w->seen[0] = raw_foreign(0x1234, 5);
	worker_finish(w);
}

CASE_EACH(a_foreign_call_goes_on_at_the_entry_with_its_number)
{
	struct worker *w = worker_new(where, MIDDLE);

	WORKS(thread_set_redirect(w->thread, (uintptr_t)raw_foreign_entry, 0, 0, 0, 0, 0));
	worker_run(w, foreign);
	EQ(w->done, true);
	EQ(w->seen[0], 0x1234 + 5);
	EQ(w->block->redirect_ip, (uintptr_t)raw_foreign_entry - 1);
	EQ(w->block->redirect_flags & 0x202, 0x202);
}

// --- upcalls

CASE(an_upcall_outside_the_library_enters)
{
	struct abi_block *page;
	cap_t thread = stopped(&page);
	uint64_t entered = 9;

	WORKS(write_one(thread, REGISTER_IP, 0x5000));
	WORKS(thread_upcall(thread, 0x9000, &entered));
	EQ(entered, 1);
	EQ(read_one(thread, REGISTER_IP), 0x9000);
	EQ(page->redirect_ip, 0x5000);
}
CASE(an_upcall_inside_the_library_does_nothing)
{
	struct abi_block *page;
	cap_t thread = stopped(&page);
	uint64_t entered = 9;

	WORKS(thread_set_redirect(thread, 0x4000, 0x5000, 0x6000, 0, 0, 0));
	WORKS(write_one(thread, REGISTER_IP, 0x5000));
	WORKS(thread_upcall(thread, 0x9000, &entered));
	EQ(entered, 0);
	EQ(read_one(thread, REGISTER_IP), 0x5000);
	WORKS(write_one(thread, REGISTER_IP, 0x6000));
	WORKS(thread_upcall(thread, 0x9000, &entered));
	EQ(entered, 1);
}
CASE(an_upcall_in_the_exit_range_takes_the_slow_exit)
{
	struct abi_block *page;
	cap_t thread = stopped(&page);
	uint64_t entered = 9;

	WORKS(thread_set_redirect(thread, 0x4000, 0x5000, 0x6000, 0x5800, 0x5810, 0x5900));
	WORKS(write_one(thread, REGISTER_IP, 0x5808));
	WORKS(thread_upcall(thread, 0x9000, &entered));
	EQ(entered, 0);
	EQ(read_one(thread, REGISTER_IP), 0x5900);
}
CASE(an_upcall_goes_to_a_user_address)
{
	struct abi_block *page;

	REFUSED(ERR_RANGE, 1, stopped(&page), METHOD_THREAD_UPCALL, USER_END);
}
CASE(an_upcall_needs_a_block) { EQ(thread_upcall(make(TYPE_THREAD, 0), 0x1000, NULL), ERR_BLOCK); }
CASE(an_upcall_keeps_every_register)
{
	struct abi_block *page;
	cap_t thread = stopped(&page);

	WORKS(write_one(thread, REGISTER_RAX, 77));
	WORKS(write_one(thread, REGISTER_RCX, 78));
	WORKS(thread_upcall(thread, 0x9000, NULL));
	EQ(read_one(thread, REGISTER_RAX), 77);
	EQ(read_one(thread, REGISTER_RCX), 78);
}
